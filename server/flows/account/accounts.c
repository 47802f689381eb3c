#include "server/flows/account/accounts.h"

#include "server/flows/account/grants.h"
#include "server/flows/account/invitations.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

/* The group that may do everything. Its permissions are those of this release; what comes later is in its rights
 * too (server/identity/rights.c). */
static pv_status make_administrators(pv_call *call, pv_account *account)
{
    pv_group *group = NULL;
    PV_TRY(pv_make(call, &pv_group__object, &group));
    PV_TRY(pv_text(call, PV_ADMINISTRATORS, &group->name));
    group->account_id = account->id;
    group->operator_id = account->operator_id;
    group->administrators = true;
    PV_TRY(pv_move(call, &pv_group__object, group, PV_GROUP_STATE_ACTIVE));
    pv_rights everything = {{0}};
    account_grants permissions;
    pv_rights_add_group(&everything, group);
    PV_TRY(account_grants_of(call, &everything, &permissions));
    group->permissions = permissions.items;
    group->n_permissions = permissions.count;
    account->administrators_group_id = group->id;
    return pv_save(call, &pv_group__object, group);
}

pv_status pv_account_found(pv_call *call, pv_account *account)
{
    pv_id platform;
    char operator_id[PV_ID_TEXT_SIZE];
    PV_TRY(account_operator(call, &platform));
    pv_id_format(pv_account__object.id_prefix, platform, operator_id);
    PV_TRY(pv_text(call, operator_id, &account->operator_id));
    PV_TRY(make_administrators(call, account));
    return pv_move_and_save(call, &pv_account__object, account, PV_ACCOUNT_STATE_ACTIVE);
}

static pv_status open_and_save(pv_call *call, pv_membership *membership, int32_t lifetime_hours,
                               char **ret_token)
{
    PV_TRY(invitation_open(call, membership, lifetime_hours, ret_token));
    PV_TRY(pv_move(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_INVITED));
    return member_save(call, membership, NULL);
}

pv_status pv_account_invite(pv_call *call, const pv_account *account, char *name, char *email,
                            int32_t lifetime_hours, pv_membership **ret_membership,
                            char **ret_token)
{
    pv_membership *membership = NULL;
    PV_TRY(pv_make(call, &pv_membership__object, &membership));
    membership->account_id = account->id;
    membership->operator_id = account->operator_id;
    membership->name = name;
    membership->email = email;
    membership->kind = PV_USER_KIND_PERSON;
    membership->group_ids = pv_arena_zalloc(call->arena, 1, sizeof *membership->group_ids);
    if (membership->group_ids == NULL) { return pv_out_of_memory(call); }
    membership->group_ids[membership->n_group_ids++] = account->administrators_group_id;
    *ret_membership = membership;
    return open_and_save(call, membership, lifetime_hours, ret_token);
}

pv_status pv_account_invite_again(pv_call *call, const pv_account *account, int32_t lifetime_hours,
                                  pv_membership **ret_membership, char **ret_token)
{
    static const pv_membership_state states[] = {
        PV_MEMBERSHIP_STATE_JOINED, PV_MEMBERSHIP_STATE_INVITED, PV_MEMBERSHIP_STATE_EXPIRED};
    const pv_object_info *object = &pv_membership__object;
    pv_membership *membership = NULL;
    for (size_t i = 0; membership == NULL && i < sizeof states / sizeof *states; i++) {
        const pv_condition conditions[] = {pv_where(object, "account_id", account->id),
                                           pv_where_number(object, "state", states[i])};
        PV_TRY(pv_if_any(pv_lookup(call, object, pv_id_of(&pv_account__object, account->id),
                                   conditions, 2, &membership)));
    }
    if (membership == NULL || membership->state == PV_MEMBERSHIP_STATE_JOINED) {
        return pv_refuse(&call->error, &pv_error_reason_partner_manages_itself, NULL);
    }
    *ret_membership = membership;
    return open_and_save(call, membership, lifetime_hours, ret_token);
}
