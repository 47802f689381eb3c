#include "server/flows/account/members.h"

#include "server/flows/account/grants.h"
#include "server/flows/make.h"
#include "server/identity/identity.h"
#include "storage/record.h"

pv_status account_find(pv_call *call, const char *account_id, pv_account **ret_account)
{
    bool own = pv_is_empty(account_id);
    return pv_find(call, &pv_account__object, own ? pv_caller_of(call)->account_id : account_id,
                   ret_account);
}

pv_status account_operator(pv_call *call, pv_id *ret_account)
{
    pv_view id;
    PV_TRY(pv_store_refused(call, pv_setting_get(call->context->txn, PV_SETTING_OPERATOR, &id)));
    if (pv_id_parse(pv_account__object.id_prefix, id, ret_account)) { return pv_ok(); }
    return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
}

static pv_status refuse_group(pv_call *call, const pv_group *group, const char *account_id)
{
    bool deleted = group->state != PV_GROUP_STATE_ACTIVE;
    pv_error_note(&call->error, "group", "%s", group->id);
    return pv_refuse(&call->error, &pv_error_reason_groups_invalid, "The group %s %s %s.",
                     group->id, deleted ? "is deleted and gives nothing in" : "is none of",
                     account_id);
}

static bool has_group(const pv_membership *membership, const char *group_id)
{
    for (size_t i = 0; i < membership->n_group_ids; i++) {
        if (strcmp(membership->group_ids[i], group_id) == 0) { return true; }
    }
    return false;
}

pv_status member_give_groups(pv_call *call, pv_membership *membership, char **group_ids,
                             size_t count)
{
    pv_rights gained = {{0}};
    for (size_t i = 0; i < count; i++) {
        pv_group *group = NULL;
        PV_TRY(pv_find(call, &pv_group__object, group_ids[i], &group));
        if (group->state != PV_GROUP_STATE_ACTIVE ||
            strcmp(group->account_id, membership->account_id) != 0) {
            return refuse_group(call, group, membership->account_id);
        }
        if (!has_group(membership, group->id)) { pv_rights_add_group(&gained, group); }
    }
    membership->group_ids = group_ids;
    membership->n_group_ids = count;
    return account_demand_rights(call, &gained);
}

/* The rule of the last administrator is looked at after the change, when the index tells who is left; a refusal
 * takes the change back with the transaction. */
static pv_status demand_administrator(pv_call *call, const pv_membership *left)
{
    const pv_object_info *object = &pv_membership__object;
    const pv_condition conditions[] = {pv_where(object, "account_id", left->account_id),
                                       pv_where_number(object, "administrator", 1)};
    pv_membership *other = NULL;
    pv_id account = pv_id_of(&pv_account__object, left->account_id);
    pv_status status = pv_lookup(call, object, account, conditions, 2, &other);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    pv_violate(call, "LAST_MANAGER", left->account_id, "%s is the account's last administrator.",
               left->id);
    return pv_refuse(&call->error, &pv_error_reason_last_manager,
                     "%s is the last active member of %s at home there and in its group "
                     "Administrators.",
                     left->id, left->account_id);
}

pv_status member_save(pv_call *call, pv_membership *membership, const pv_user *user)
{
    bool was = membership->administrator;
    pv_account *account = NULL;
    PV_TRY(pv_fetch(call, &pv_account__object, membership->account_id, &account));
    membership->administrator = user != NULL && membership->state == PV_MEMBERSHIP_STATE_JOINED &&
                                user->state == PV_USER_STATE_ACTIVE &&
                                strcmp(user->account_id, account->id) == 0 &&
                                has_group(membership, account->administrators_group_id);
    PV_TRY(pv_save(call, &pv_membership__object, membership));
    if (!was || membership->administrator) { return pv_ok(); }
    return demand_administrator(call, membership);
}

pv_status member_join(pv_call *call, pv_membership *membership, const pv_user *user)
{
    membership->user_id = user->id;
    membership->kind = user->kind;
    PV_TRY(pv_stamp(call, &membership->join_time));
    PV_TRY(pv_move(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_JOINED));
    return member_save(call, membership, user);
}

pv_status member_of(pv_call *call, const char *account_id, const char *user_id,
                    pv_membership **ret_membership)
{
    const pv_object_info *object = &pv_membership__object;
    const pv_condition conditions[] = {
        pv_where(object, "user_id", user_id),
        pv_where_number(object, "state", PV_MEMBERSHIP_STATE_JOINED),
        pv_where(object, "account_id", account_id),
    };
    return pv_lookup(call, object, pv_id_of(&pv_account__object, account_id), conditions, 3,
                     ret_membership);
}

pv_status member_of_all(pv_call *call, const char *user_id, size_t limit,
                        pv_membership ***ret_memberships, size_t *ret_count)
{
    const pv_object_info *object = &pv_membership__object;
    const pv_condition conditions[] = {
        pv_where(object, "user_id", user_id),
        pv_where_number(object, "state", PV_MEMBERSHIP_STATE_JOINED),
    };
    pv_id platform;
    PV_TRY(account_operator(call, &platform));
    return pv_collect(call, object, platform, conditions, 2, limit, ret_memberships, ret_count);
}

pv_status member_refuse_existing(pv_call *call, const pv_membership *existing)
{
    pv_note_existing(call, &pv_membership__object, existing->id);
    return pv_refuse(&call->error, &pv_error_reason_membership_exists,
                     "%s is a membership of the account and has not ended.", existing->id);
}

pv_status member_check_email(pv_call *call, const pv_membership *membership)
{
    static const pv_membership_state live[] = {
        PV_MEMBERSHIP_STATE_JOINED, PV_MEMBERSHIP_STATE_INVITED, PV_MEMBERSHIP_STATE_EXPIRED};
    const pv_object_info *object = &pv_membership__object;
    pv_id account = pv_id_of(&pv_account__object, membership->account_id);
    if (pv_is_empty(membership->email)) { return pv_ok(); }
    for (size_t i = 0; i < sizeof live / sizeof *live; i++) {
        const pv_condition conditions[] = {
            pv_where(object, "email", membership->email),
            pv_where_number(object, "state", (uint64_t)live[i]),
            pv_where(object, "account_id", membership->account_id),
        };
        pv_membership *existing = NULL;
        PV_TRY(pv_if_any(pv_lookup(call, object, account, conditions, 3, &existing)));
        if (existing != NULL && strcmp(existing->id, membership->id) != 0) {
            return member_refuse_existing(call, existing);
        }
    }
    return pv_ok();
}
