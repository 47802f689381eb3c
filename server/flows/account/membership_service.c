/* Memberships: who acts for an account. */
#include "purvey/account/v1/membership_service.pv.h"

#include "protos/runtime/message.h"
#include "server/flows/account/grants.h"
#include "server/flows/account/invitations.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

enum { VIEW_BYTES = 256 * 1024, EXPIRED_MAX = 256 };

pv_status pv_membership_service_invite_membership(pv_call *call,
                                                  const pv_invite_membership_request *request,
                                                  pv_invite_membership_response *response)
{
    pv_account *account = NULL;
    PV_TRY(account_find(call, request->account_id, &account));
    pv_membership *membership = NULL;
    PV_TRY(pv_make(call, &pv_membership__object, &membership));
    membership->account_id = account->id;
    membership->operator_id = account->operator_id;
    membership->name = request->name;
    membership->email = request->email;
    membership->title = request->title;
    membership->external_id = request->external_id;
    membership->kind = request->kind;
    pv_rights rights;
    const invitation_terms terms = {{request->scopes, request->n_scopes},
                                    request->certificate_lifetime_days};
    PV_TRY(member_give_groups(call, membership, request->group_ids, request->n_group_ids));
    PV_TRY(member_check_email(call, membership));
    PV_TRY(account_rights_of_member(call, membership, &rights));
    PV_TRY(invitation_agree(call, membership, &terms, &rights));
    PV_TRY(invitation_open(call, membership, request->lifetime_hours, &response->invitation_token));
    PV_TRY(pv_move(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_INVITED));
    response->membership = membership;
    return member_save(call, membership, NULL);
}

pv_status pv_membership_service_accept_membership(pv_call *call,
                                                  const pv_accept_membership_request *request,
                                                  pv_accept_membership_response *response)
{
    pv_membership *membership = NULL;
    pv_membership *existing = NULL;
    pv_user *user = NULL;
    pv_membership **held = NULL;
    size_t count = 0;
    char *sha256 = NULL;
    PV_TRY(invitation_digest(call, request->invitation_token, &sha256));
    PV_TRY(invitation_find(call, sha256, &membership));
    if (membership->state != PV_MEMBERSHIP_STATE_INVITED) { return invitation_refuse(call); }
    PV_TRY(
        member_of_all(call, pv_caller_of(call)->user_id, MEMBER_ACCOUNTS_MAX - 1, &held, &count));
    PV_TRY(pv_fetch(call, &pv_user__object, pv_caller_of(call)->user_id, &user));
    PV_TRY(pv_if_any(member_of(call, membership->account_id, user->id, &existing)));
    if (existing != NULL) { return member_refuse_existing(call, existing); }
    invitation_close(membership);
    response->membership = membership;
    return member_join(call, membership, user);
}

pv_status pv_membership_service_revoke_membership(pv_call *call,
                                                  const pv_revoke_membership_request *request,
                                                  pv_revoke_membership_response *response)
{
    pv_membership *membership = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    invitation_withdraw(membership);
    response->membership = membership;
    return pv_move_and_save(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_EXPIRED);
}

pv_status pv_membership_service_resend_membership(pv_call *call,
                                                  const pv_resend_membership_request *request,
                                                  pv_resend_membership_response *response)
{
    pv_membership *membership = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    pv_rights rights;
    PV_TRY(account_rights_of_member(call, membership, &rights));
    PV_TRY(account_demand_rights(call, &rights));
    PV_TRY(invitation_open(call, membership, request->lifetime_hours, &response->invitation_token));
    response->membership = membership;
    return pv_move_and_save(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_INVITED);
}

/* One whose time has passed; NULL: there is none. */
static pv_status find_outdated(pv_call *call, pv_membership **ret_membership)
{
    const pv_object_info *object = &pv_membership__object;
    pv_condition conditions[] = {
        pv_where_number(object, "invitation_expire_time", 0),
        pv_where_number(object, "invitation_expire_time", (uint64_t)call->context->now.utc_ns)};
    conditions[0].comparison = PV_GREATER; /* those that have an open one */
    conditions[1].comparison = PV_LESS_EQUAL;
    pv_id platform;
    PV_TRY(account_operator(call, &platform));
    return pv_if_any(pv_lookup(call, object, platform, conditions, 2, ret_membership));
}

pv_status pv_membership_service_expire_invitations(pv_call *call,
                                                   const pv_expire_invitations_request *request,
                                                   pv_expire_invitations_response *response)
{
    (void)request;
    while (response->expired < EXPIRED_MAX) {
        pv_membership *membership = NULL;
        PV_TRY(find_outdated(call, &membership));
        if (membership == NULL) { break; }
        bool waits = membership->state == PV_MEMBERSHIP_STATE_INVITED;
        if (waits) {
            invitation_withdraw(membership);
        } else {
            invitation_close(membership);
        }
        PV_TRY(pv_move_and_save(call, &pv_membership__object, membership,
                                waits ? PV_MEMBERSHIP_STATE_EXPIRED : PV_MEMBERSHIP_STATE_JOINED));
        response->expired++;
    }
    return pv_ok();
}

pv_status pv_membership_service_get_membership(pv_call *call,
                                               const pv_get_membership_request *request,
                                               pv_get_membership_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_membership__object, request->membership_id);
}

/* Only members of one group. A member's groups are in no index: each row is looked at, within the bound of a scan. */
typedef struct group_view {
    const char *group_id;
    pv_arena *arena; /* for one row at a time */
} group_view;

static pv_status show_in_group(pv_call *call, void *context, pv_view *ret_shown)
{
    const group_view *only = context;
    pv_membership *membership = NULL;
    pv_arena_reset(only->arena);
    if (!pv_message_unpack(&pv_membership__info, *ret_shown, only->arena,
                           (ProtobufCMessage **)&membership)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    for (size_t i = 0; i < membership->n_group_ids; i++) {
        if (strcmp(membership->group_ids[i], only->group_id) == 0) { return pv_ok(); }
    }
    *ret_shown = pv_view_of(NULL, 0);
    return pv_ok();
}

pv_status pv_membership_service_list_memberships(pv_call *call,
                                                 const pv_list_memberships_request *request,
                                                 pv_list_memberships_response *response)
{
    (void)response;
    pv_condition of_account = pv_where(&pv_membership__object, "account_id", request->account_id);
    group_view only = {request->group_id, pv_arena_create(VIEW_BYTES)};
    pv_status status =
        pv_answer_list_as(call, &pv_membership__object, &request->base, &of_account,
                          pv_is_empty(request->account_id) ? 0 : 1,
                          pv_is_empty(request->group_id) ? NULL : show_in_group, &only);
    pv_arena_destroy(only.arena);
    return status;
}

/* The user behind a membership; NULL while nobody has joined. */
static pv_status user_of(pv_call *call, const pv_membership *membership, pv_user **ret_user)
{
    if (pv_is_empty(membership->user_id)) { return pv_ok(); }
    return pv_fetch(call, &pv_user__object, membership->user_id, ret_user);
}

pv_status pv_membership_service_update_membership(pv_call *call,
                                                  const pv_update_membership_request *request,
                                                  pv_update_membership_response *response)
{
    pv_membership *membership = NULL;
    pv_user *user = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    pv_membership changed = *membership;
    pv_membership source = PV_MEMBERSHIP__INIT;
    pv_take(&request->base, &pv_membership__info, &source.base);
    PV_TRY(
        pv_change(call, &pv_membership__object, request->update_mask, &source.base, &changed.base));
    PV_TRY(pv_demand_text(call, "name", changed.name));
    if (changed.group_ids != membership->group_ids) {
        PV_TRY(member_give_groups(call, membership, changed.group_ids, changed.n_group_ids));
    }
    *membership = changed;
    PV_TRY(member_check_email(call, membership));
    PV_TRY(user_of(call, membership, &user));
    response->membership = membership;
    return member_save(call, membership, user);
}

static pv_status end(pv_call *call, pv_membership *membership)
{
    pv_user *user = NULL;
    PV_TRY(user_of(call, membership, &user));
    PV_TRY(pv_text(call, "", &membership->external_id));
    invitation_close(membership);
    PV_TRY(pv_stamp(call, &membership->end_time));
    PV_TRY(pv_move(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_REMOVED));
    return member_save(call, membership, user);
}

pv_status pv_membership_service_remove_membership(pv_call *call,
                                                  const pv_remove_membership_request *request,
                                                  pv_remove_membership_response *response)
{
    pv_membership *membership = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    response->membership = membership;
    return end(call, membership);
}

pv_status pv_membership_service_leave_membership(pv_call *call,
                                                 const pv_leave_membership_request *request,
                                                 pv_leave_membership_response *response)
{
    (void)request;
    pv_membership *membership = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, pv_caller_of(call)->membership_id, "", &membership));
    response->membership = membership;
    return end(call, membership);
}
