/* Users of accounts. An account that has an administrator keeps one. */
#include "purvey/account/v1/user_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/account/grants.h"
#include "server/flows/make.h"

pv_status pv_user_service_create_user(pv_call *call, const pv_create_user_request *request,
                                      pv_create_user_response *response)
{
    bool own = pv_is_empty(request->account_id);
    pv_account *account = NULL;
    PV_TRY(pv_find(call, &pv_account__object,
                   own ? pv_caller_of(call)->account_id : request->account_id, &account));
    PV_TRY(account_grants_check(call, (account_grants){request->grants, request->n_grants}));
    pv_user *user = NULL;
    PV_TRY(pv_make(call, &pv_user__object, &user));
    user->account_id = account->id;
    user->operator_id = account->operator_id;
    user->name = request->name;
    user->email = request->email;
    user->kind = request->kind;
    user->grants = request->grants;
    user->n_grants = request->n_grants;
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_ACTIVE));
    account_set_administrator(user);
    response->user = user;
    return pv_save(call, &pv_user__object, user);
}

pv_status pv_user_service_get_user(pv_call *call, const pv_get_user_request *request,
                                   pv_get_user_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_user__object, request->user_id);
}

pv_status pv_user_service_list_users(pv_call *call, const pv_list_users_request *request,
                                     pv_list_users_response *response)
{
    (void)response;
    pv_condition of_account = pv_where(&pv_user__object, "account_id", request->account_id);
    return pv_answer_list(call, &pv_user__object, &request->base, &of_account,
                          pv_is_empty(request->account_id) ? 0 : 1);
}

/* Stores a changed user. The rule of the last administrator is looked at after the change, when the index tells
 * who is left; a refusal takes the change back with the transaction. */
static pv_status save(pv_call *call, pv_user *user)
{
    bool was = user->administrator;
    account_set_administrator(user);
    PV_TRY(pv_save(call, &pv_user__object, user));
    if (!was || user->administrator) { return pv_ok(); }
    const pv_condition left[] = {pv_where(&pv_user__object, "account_id", user->account_id),
                                 pv_where_number(&pv_user__object, "administrator", 1)};
    pv_user *other = NULL;
    pv_id account = pv_id_of(&pv_account__object, user->account_id);
    pv_status status =
        pv_lookup(call, &pv_user__object, account, left, sizeof left / sizeof left[0], &other);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    pv_violate(call, "LAST_MANAGER", user->account_id, "%s is the account's last administrator.",
               user->id);
    return pv_refuse(&call->error, &pv_error_reason_last_manager,
                     "%s is the last active user of %s with MANAGE of the module ACCOUNT.",
                     user->id, user->account_id);
}

pv_status pv_user_service_update_user(pv_call *call, const pv_update_user_request *request,
                                      pv_update_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    PV_TRY(account_grants_check(call, (account_grants){request->grants, request->n_grants}));
    pv_user source = PV_USER__INIT;
    source.name = request->name;
    source.email = request->email;
    source.grants = request->grants;
    source.n_grants = request->n_grants;
    PV_TRY(pv_change(call, &pv_user__object, request->update_mask, &source.base, &user->base));
    PV_TRY(pv_demand_text(call, "name", user->name));
    response->user = user;
    return save(call, user);
}

pv_status pv_user_service_activate_user(pv_call *call, const pv_activate_user_request *request,
                                        pv_activate_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_ACTIVE));
    response->user = user;
    return save(call, user);
}

pv_status pv_user_service_deactivate_user(pv_call *call, const pv_deactivate_user_request *request,
                                          pv_deactivate_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_INACTIVE));
    response->user = user;
    return save(call, user);
}
