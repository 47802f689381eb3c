/* Brands: what the portals of an account's partners look like. */
#include "purvey/account/v1/brand_service.pv.h"

#include "server/flows/account/members.h"
#include "server/flows/make.h"

/* What no field rule can say. */
static pv_status check(pv_call *call, const pv_brand *brand)
{
    bool of_operator = pv_is_empty(brand->operator_id);
    uint64_t seen = of_operator ? 0 : UINT64_C(1) << PV_ACCOUNT_TYPE_OPERATOR;
    for (size_t i = 0; i < brand->n_portals; i++) {
        uint64_t role = UINT64_C(1) << brand->portals[i]->role;
        if ((seen & role) != 0) {
            return pv_refuse_field(call, "portals",
                                   "must name a role once, and the operator only in its own brand");
        }
        seen |= role;
    }
    return pv_demand_text(call, "name", brand->name);
}

pv_status pv_brand_service_create_brand(pv_call *call, const pv_create_brand_request *request,
                                        pv_create_brand_response *response)
{
    pv_account *account = NULL;
    pv_brand *existing = NULL;
    pv_brand *brand = NULL;
    PV_TRY(account_find(call, "", &account));
    pv_condition own = pv_where(&pv_brand__object, "account_id", account->id);
    PV_TRY(pv_if_any(
        pv_lookup(call, &pv_brand__object, pv_caller_of(call)->account, &own, 1, &existing)));
    if (existing != NULL) {
        pv_note_existing(call, &pv_brand__object, existing->id);
        return pv_refuse(&call->error, &pv_error_reason_brand_exists, NULL);
    }
    PV_TRY(pv_make(call, &pv_brand__object, &brand));
    pv_take(&request->base, &pv_brand__info, &brand->base);
    brand->account_id = account->id;
    brand->operator_id = account->operator_id;
    PV_TRY(check(call, brand));
    response->brand = brand;
    return pv_move_and_save(call, &pv_brand__object, brand, PV_BRAND_STATE_DRAFT);
}

pv_status pv_brand_service_get_brand(pv_call *call, const pv_get_brand_request *request,
                                     pv_get_brand_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_brand__object, request->brand_id);
}

pv_status pv_brand_service_list_brands(pv_call *call, const pv_list_brands_request *request,
                                       pv_list_brands_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_brand__object, &request->base, NULL, 0);
}

pv_status pv_brand_service_update_brand(pv_call *call, const pv_update_brand_request *request,
                                        pv_update_brand_response *response)
{
    pv_brand *brand = NULL;
    PV_TRY(pv_begin(call, &pv_brand__object, request->brand_id, request->etag, &brand));
    pv_brand source = PV_BRAND__INIT;
    pv_take(&request->base, &pv_brand__info, &source.base);
    PV_TRY(pv_change(call, &pv_brand__object, request->update_mask, &source.base, &brand->base));
    PV_TRY(check(call, brand));
    response->brand = brand;
    return pv_save(call, &pv_brand__object, brand);
}

pv_status pv_brand_service_publish_brand(pv_call *call, const pv_publish_brand_request *request,
                                         pv_publish_brand_response *response)
{
    PV_TRY(pv_begin(call, &pv_brand__object, request->brand_id, request->etag, &response->brand));
    return pv_move_and_save(call, &pv_brand__object, response->brand, PV_BRAND_STATE_PUBLISHED);
}

pv_status pv_brand_service_withdraw_brand(pv_call *call, const pv_withdraw_brand_request *request,
                                          pv_withdraw_brand_response *response)
{
    PV_TRY(pv_begin(call, &pv_brand__object, request->brand_id, request->etag, &response->brand));
    return pv_move_and_save(call, &pv_brand__object, response->brand, PV_BRAND_STATE_DRAFT);
}

pv_status pv_brand_service_delete_brand(pv_call *call, const pv_delete_brand_request *request,
                                        pv_delete_brand_response *response)
{
    PV_TRY(pv_begin(call, &pv_brand__object, request->brand_id, request->etag, &response->brand));
    return pv_remove(call, &pv_brand__object, response->brand);
}
