/* Groups: rights of an account under a name. */
#include "purvey/account/v1/group_service.pv.h"

#include "server/flows/account/grants.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

static account_grants permissions_of(const pv_group *group)
{
    return (account_grants){group->permissions, group->n_permissions};
}

pv_status pv_group_service_create_group(pv_call *call, const pv_create_group_request *request,
                                        pv_create_group_response *response)
{
    pv_account *account = NULL;
    PV_TRY(account_find(call, request->account_id, &account));
    pv_group *group = NULL;
    PV_TRY(pv_make(call, &pv_group__object, &group));
    pv_take(&request->base, &pv_group__info, &group->base);
    group->account_id = account->id;
    group->operator_id = account->operator_id;
    PV_TRY(account_grants_check(call, permissions_of(group)));
    PV_TRY(pv_move(call, &pv_group__object, group, PV_GROUP_STATE_ACTIVE));
    pv_rights rights = {{0}};
    pv_rights_add_group(&rights, group);
    PV_TRY(account_demand_rights(call, &rights));
    response->group = group;
    return pv_save(call, &pv_group__object, group);
}

pv_status pv_group_service_get_group(pv_call *call, const pv_get_group_request *request,
                                     pv_get_group_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_group__object, request->group_id);
}

pv_status pv_group_service_list_groups(pv_call *call, const pv_list_groups_request *request,
                                       pv_list_groups_response *response)
{
    (void)response;
    pv_condition of_account = pv_where(&pv_group__object, "account_id", request->account_id);
    return pv_answer_list(call, &pv_group__object, &request->base, &of_account,
                          pv_is_empty(request->account_id) ? 0 : 1);
}

static pv_status refuse_fixed(pv_call *call, const pv_group *group)
{
    pv_error_note(&call->error, "group", "%s", group->id);
    return pv_refuse(&call->error, &pv_error_reason_group_is_fixed, NULL);
}

/* The caller must hold what the group gains; what it loses, anybody may take who manages the account. */
static pv_status check_permissions(pv_call *call, const pv_group *old, const pv_group *changed)
{
    PV_TRY(account_grants_check(call, permissions_of(changed)));
    pv_rights before = {{0}};
    pv_rights after = {{0}};
    pv_rights_add(&before, old->permissions, old->n_permissions);
    pv_rights_add(&after, changed->permissions, changed->n_permissions);
    if (old->administrators && memcmp(&before, &after, sizeof before) != 0) {
        return refuse_fixed(call, old);
    }
    for (size_t module = 0; module < PV_MODULES_MAX; module++) {
        if (after.grants[module] <= before.grants[module]) { after.grants[module] = 0; }
    }
    return account_demand_rights(call, &after);
}

pv_status pv_group_service_update_group(pv_call *call, const pv_update_group_request *request,
                                        pv_update_group_response *response)
{
    pv_group *group = NULL;
    PV_TRY(pv_begin(call, &pv_group__object, request->group_id, request->etag, &group));
    pv_group changed = *group;
    pv_group source = PV_GROUP__INIT;
    pv_take(&request->base, &pv_group__info, &source.base);
    PV_TRY(pv_change(call, &pv_group__object, request->update_mask, &source.base, &changed.base));
    PV_TRY(pv_demand_text(call, "name", changed.name));
    PV_TRY(check_permissions(call, group, &changed));
    *group = changed;
    response->group = group;
    return pv_save(call, &pv_group__object, group);
}

pv_status pv_group_service_delete_group(pv_call *call, const pv_delete_group_request *request,
                                        pv_delete_group_response *response)
{
    pv_group *group = NULL;
    PV_TRY(pv_begin(call, &pv_group__object, request->group_id, request->etag, &group));
    if (group->administrators) { return refuse_fixed(call, group); }
    PV_TRY(pv_text(call, "", &group->external_id));
    response->group = group;
    return pv_move_and_save(call, &pv_group__object, group, PV_GROUP_STATE_DELETED);
}
