/* Accounts: made and switched by the operator, kept by their own administrators. */
#include "purvey/account/v1/account_service.pv.h"

#include "server/flows/make.h"

pv_status pv_account_service_create_account(pv_call *call, const pv_create_account_request *request,
                                            pv_create_account_response *response)
{
    if (request->type == PV_ACCOUNT_TYPE_OPERATOR) {
        return pv_refuse(&call->error, &pv_error_reason_operator_is_fixed,
                         "A second operator cannot be made; the platform has one from its start.");
    }
    pv_account *account = NULL;
    PV_TRY(pv_make(call, &pv_account__object, &account));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &account->operator_id));
    account->type = request->type;
    account->name = request->name;
    account->external_id = request->external_id;
    account->countries = request->countries;
    account->n_countries = request->n_countries;
    response->account = account;
    return pv_move_and_save(call, &pv_account__object, account, PV_ACCOUNT_STATE_ACTIVE);
}

pv_status pv_account_service_get_account(pv_call *call, const pv_get_account_request *request,
                                         pv_get_account_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_account__object, request->account_id);
}

pv_status pv_account_service_list_accounts(pv_call *call, const pv_list_accounts_request *request,
                                           pv_list_accounts_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_account__object, &request->base, NULL, 0);
}

pv_status pv_account_service_update_account(pv_call *call, const pv_update_account_request *request,
                                            pv_update_account_response *response)
{
    pv_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_account__object, request->account_id, request->etag, &account));
    pv_account changed = *account;
    pv_account source = PV_ACCOUNT__INIT;
    source.name = request->name;
    source.external_id = request->external_id;
    source.countries = request->countries;
    source.n_countries = request->n_countries;
    PV_TRY(pv_change(call, &pv_account__object, request->update_mask, &source.base, &changed.base));
    PV_TRY(pv_demand_text(call, "name", changed.name));
    if (pv_caller_of(call)->role != PV_ACCOUNT_TYPE_OPERATOR &&
        strcmp(changed.external_id, account->external_id) != 0) {
        pv_error_note(&call->error, "field", "external_id");
        return pv_refuse(
            &call->error, &pv_error_reason_update_mask_invalid,
            "external_id is the operator's key of the account; only the operator changes it.");
    }
    *account = changed;
    response->account = account;
    return pv_save(call, &pv_account__object, account);
}

pv_status pv_account_service_activate_account(pv_call *call,
                                              const pv_activate_account_request *request,
                                              pv_activate_account_response *response)
{
    pv_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_account__object, request->account_id, request->etag, &account));
    response->account = account;
    return pv_move_and_save(call, &pv_account__object, account, PV_ACCOUNT_STATE_ACTIVE);
}

pv_status pv_account_service_deactivate_account(pv_call *call,
                                                const pv_deactivate_account_request *request,
                                                pv_deactivate_account_response *response)
{
    pv_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_account__object, request->account_id, request->etag, &account));
    if (account->type == PV_ACCOUNT_TYPE_OPERATOR) {
        return pv_refuse(
            &call->error, &pv_error_reason_operator_is_fixed,
            "The operator's own account stays active: nobody could activate it again.");
    }
    response->account = account;
    return pv_move_and_save(call, &pv_account__object, account, PV_ACCOUNT_STATE_INACTIVE);
}
