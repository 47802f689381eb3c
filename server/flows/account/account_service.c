/* Accounts: made and switched by the operator, kept by their own administrators. */
#include "purvey/account/v1/account_service.pv.h"

#include "server/flows/account/accounts.h"
#include "server/flows/make.h"

/* What no field rule can say. */
static pv_status check_profile(pv_call *call, const pv_account *account)
{
    for (size_t i = 0; i < account->n_contacts; i++) {
        const pv_account_contact *contact = account->contacts[i];
        for (size_t j = 0; j < contact->n_tags; j++) {
            if (contact->tags[j] == PV_CONTACT_TAG_UNSPECIFIED) {
                return pv_refuse_field(call, "contacts.tags", "must not be UNSPECIFIED");
            }
        }
    }
    if (!account->sourcing || account->type == PV_ACCOUNT_TYPE_DISTRIBUTOR) { return pv_ok(); }
    return pv_refuse_field(call, "sourcing", "can be set for distributors only");
}

pv_status pv_account_service_create_account(pv_call *call, const pv_create_account_request *request,
                                            pv_create_account_response *response)
{
    if (request->type == PV_ACCOUNT_TYPE_OPERATOR) {
        return pv_refuse(&call->error, &pv_error_reason_operator_is_fixed,
                         "A second operator cannot be made; the platform has one from its start.");
    }
    pv_account *account = NULL;
    PV_TRY(pv_make(call, &pv_account__object, &account));
    pv_take(&request->base, &pv_account__info, &account->base);
    PV_TRY(check_profile(call, account));
    response->account = account;
    return pv_account_found(call, account);
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

/* What the operator says about an account is not the account's to change. */
static pv_status check_operators_fields(pv_call *call, const pv_account *old,
                                        const pv_account *changed)
{
    if (pv_caller_of(call)->role == PV_ACCOUNT_TYPE_OPERATOR) { return pv_ok(); }
    const char *field = NULL;
    if (strcmp(changed->external_id, old->external_id) != 0) { field = "external_id"; }
    if (changed->sourcing != old->sourcing) { field = "sourcing"; }
    if (field == NULL) { return pv_ok(); }
    pv_error_note(&call->error, "field", "%s", field);
    return pv_refuse(&call->error, &pv_error_reason_update_mask_invalid,
                     "%s is what the operator says about the account; only it changes that.",
                     field);
}

pv_status pv_account_service_update_account(pv_call *call, const pv_update_account_request *request,
                                            pv_update_account_response *response)
{
    pv_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_account__object, request->account_id, request->etag, &account));
    pv_account changed = *account;
    pv_account source = PV_ACCOUNT__INIT;
    pv_take(&request->base, &pv_account__info, &source.base);
    PV_TRY(pv_change(call, &pv_account__object, request->update_mask, &source.base, &changed.base));
    PV_TRY(pv_demand_text(call, "name", changed.name));
    PV_TRY(check_profile(call, &changed));
    PV_TRY(check_operators_fields(call, account, &changed));
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
