/* The first certificate: for who holds an invitation, and has no other proof of who it is. */
#include "purvey/account/v1/enrolment_service.pv.h"

#include "server/flows/account/invitations.h"
#include "server/flows/account/issuing.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

/* From here on the call acts for the member, who may do nothing but what this handler does for it. */
static pv_status act_for(pv_call *call, const pv_membership *membership, const pv_user *user)
{
    pv_account *account = NULL;
    PV_TRY(pv_fetch(call, &pv_account__object, membership->account_id, &account));
    pv_caller *caller = pv_arena_zalloc(call->arena, 1, sizeof *caller);
    if (caller == NULL) { return pv_out_of_memory(call); }
    caller->account = pv_id_of(&pv_account__object, account->id);
    caller->membership = pv_id_of(&pv_membership__object, membership->id);
    caller->user = pv_id_of(&pv_user__object, user->id);
    pv_id_format(pv_account__object.id_prefix, caller->account, caller->account_id);
    pv_id_format(pv_membership__object.id_prefix, caller->membership, caller->membership_id);
    pv_id_format(pv_user__object.id_prefix, caller->user, caller->user_id);
    caller->role = (uint8_t)account->type;
    call->context->caller = caller;
    return pv_ok();
}

/* Who joins is the user of the account with the invited address, or a new one. */
static pv_status user_to_join(pv_call *call, const pv_membership *membership, pv_user **ret_user)
{
    const pv_object_info *object = &pv_user__object;
    pv_user *user = NULL;
    if (!pv_is_empty(membership->email)) {
        const pv_condition conditions[] = {pv_where(object, "email", membership->email),
                                           pv_where(object, "account_id", membership->account_id)};
        PV_TRY(
            pv_if_any(pv_lookup(call, object, pv_id_of(&pv_account__object, membership->account_id),
                                conditions, 2, &user)));
    }
    if (user == NULL) {
        PV_TRY(pv_make(call, object, &user));
        user->account_id = membership->account_id;
        user->operator_id = membership->operator_id;
        user->name = membership->name;
        user->email = membership->email;
        user->kind =
            membership->kind == PV_USER_KIND_UNSPECIFIED ? PV_USER_KIND_PERSON : membership->kind;
    }
    *ret_user = user;
    return pv_ok();
}

static pv_status join(pv_call *call, pv_membership *membership)
{
    pv_user *user = NULL;
    pv_membership *existing = NULL;
    PV_TRY(user_to_join(call, membership, &user));
    PV_TRY(act_for(call, membership, user));
    PV_TRY(pv_if_any(member_of(call, membership->account_id, user->id, &existing)));
    if (existing != NULL) { return member_refuse_existing(call, existing); }
    if (user->state == PV_USER_STATE_UNSPECIFIED) {
        PV_TRY(pv_move_and_save(call, &pv_user__object, user, PV_USER_STATE_ACTIVE));
    }
    return member_join(call, membership, user);
}

/* Takes the open invitation: the member joins if it has not, and what it will get is stored. */
static pv_status take(pv_call *call, const pv_enroll_request *request, char *sha256, pv_view csr,
                      pv_certificate **ret_certificate)
{
    pv_membership *membership = NULL;
    issuing what = {.label = request->label, .invitation_sha256 = sha256, .csr = csr};
    PV_TRY(invitation_find(call, sha256, &membership));
    const account_grants agreed = {membership->certificate_scopes,
                                   membership->n_certificate_scopes};
    PV_TRY(issuing_cut(call, membership, agreed, &what.scopes));
    what.lifetime_days = membership->certificate_lifetime_days;
    what.membership = membership;
    invitation_close(membership);
    if (membership->state == PV_MEMBERSHIP_STATE_INVITED) {
        PV_TRY(join(call, membership));
    } else {
        pv_user *user = NULL;
        PV_TRY(pv_fetch(call, &pv_user__object, membership->user_id, &user));
        PV_TRY(act_for(call, membership, user));
        PV_TRY(
            pv_move_and_save(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_JOINED));
    }
    return issuing_plan(call, &what, ret_certificate);
}

/* The certificate that this invitation was used for, if it was. Then only the same key gets it again; of a token that
 * counts no more nothing else is told. */
static pv_status find_enrolled(pv_call *call, const char *sha256, pv_view csr,
                               pv_certificate **ret_certificate)
{
    const pv_object_info *object = &pv_certificate__object;
    pv_condition condition = pv_where(object, "invitation_sha256", sha256);
    pv_certificate *certificate = NULL;
    char *key = NULL;
    pv_id platform;
    PV_TRY(account_operator(call, &platform));
    PV_TRY(pv_if_any(pv_lookup(call, object, platform, &condition, 1, &certificate)));
    if (certificate == NULL) { return pv_ok(); }
    bool same = pv_is_ok(issuing_key(call, csr, &key)) && strcmp(key, certificate->key_sha256) == 0;
    if (!same || (certificate->state != PV_CERTIFICATE_STATE_PENDING &&
                  certificate->state != PV_CERTIFICATE_STATE_ACTIVE)) {
        return invitation_refuse(call);
    }
    *ret_certificate = certificate;
    return pv_ok();
}

static pv_status resume(pv_call *call, const pv_certificate *certificate,
                        pv_membership **ret_membership)
{
    pv_user *user = NULL;
    PV_TRY(pv_fetch(call, &pv_membership__object, certificate->membership_id, ret_membership));
    PV_TRY(pv_fetch(call, &pv_user__object, certificate->user_id, &user));
    PV_TRY(act_for(call, *ret_membership, user));
    return issuing_check_owner(call, *ret_membership);
}

pv_status pv_enrolment_service_enroll(pv_call *call, const pv_enroll_request *request,
                                      pv_enroll_response *response)
{
    pv_certificate *certificate = NULL;
    pv_account *account = NULL;
    char *sha256 = NULL;
    pv_view csr;
    PV_TRY(issuing_request(call, request->csr_der, request->csr_pem, &csr));
    PV_TRY(invitation_digest(call, request->invitation_token, &sha256));
    PV_TRY(find_enrolled(call, sha256, csr, &certificate));
    if (certificate == NULL) { PV_TRY(take(call, request, sha256, csr, &certificate)); }
    PV_TRY(resume(call, certificate, &response->membership));
    if (certificate->state == PV_CERTIFICATE_STATE_PENDING && !request->validate_only) {
        PV_TRY(issuing_sign(call, certificate, csr));
    }
    PV_TRY(pv_fetch(call, &pv_account__object, certificate->account_id, &account));
    response->certificate = certificate;
    response->certificate_pem = certificate->certificate_pem;
    response->chain_pem = certificate->chain_pem;
    response->account_name = account->name;
    return issuing_show(call, call->arena, certificate);
}
