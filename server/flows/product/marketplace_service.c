/* Marketplaces. */
#include "purvey/product/v1/marketplace_service.pv.h"

#include "purvey/contract/v1/agreement.pv.h"
#include "purvey/product/v1/hub.pv.h"
#include "server/flows/make.h"
#include "server/flows/product/products.h"

/* The hubs are the owner's own, and nothing comes twice. */
static pv_status check_rules(pv_call *call, const pv_marketplace *marketplace)
{
    for (size_t i = 0; i < marketplace->n_alternative_currencies; i++) {
        if (strcmp(marketplace->alternative_currencies[i], marketplace->currency) == 0) {
            pv_violate_element(call, "alternative_currencies", i, "is the main currency");
        }
    }
    for (size_t i = 0; i < marketplace->n_hubs; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(marketplace->hubs[i]->hub_id, marketplace->hubs[j]->hub_id) == 0) {
                pv_violate_element(call, "hubs", i, "names a hub that is named before");
            }
        }
    }
    if (call->error.violation_count > 0) {
        return pv_refuse(&call->error, &pv_error_reason_marketplace_invalid, NULL);
    }
    for (size_t i = 0; i < marketplace->n_hubs; i++) {
        pv_row hub;
        PV_TRY(pv_see(call, &pv_hub__object, marketplace->hubs[i]->hub_id, &hub));
    }
    return pv_ok();
}

pv_status pv_marketplace_service_create_marketplace(pv_call *call,
                                                    const pv_create_marketplace_request *request,
                                                    pv_create_marketplace_response *response)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_make(call, &pv_marketplace__object, &marketplace));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &marketplace->owner_id));
    marketplace->name = request->name;
    marketplace->description = request->description;
    marketplace->currency = request->currency;
    marketplace->alternative_currencies = request->alternative_currencies;
    marketplace->n_alternative_currencies = request->n_alternative_currencies;
    marketplace->countries = request->countries;
    marketplace->n_countries = request->n_countries;
    marketplace->hubs = request->hubs;
    marketplace->n_hubs = request->n_hubs;
    PV_TRY(check_rules(call, marketplace));
    response->marketplace = marketplace;
    return pv_save(call, &pv_marketplace__object, marketplace);
}

pv_status pv_marketplace_service_get_marketplace(pv_call *call,
                                                 const pv_get_marketplace_request *request,
                                                 pv_get_marketplace_response *response)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_marketplace_visible(call, request->marketplace_id, &marketplace));
    if (strcmp(marketplace->owner_id, pv_caller_of(call)->account_id) != 0) {
        marketplace->n_hubs = 0;
    }
    response->marketplace = marketplace;
    return pv_ok();
}

pv_status pv_marketplace_service_list_marketplaces(pv_call *call,
                                                   const pv_list_marketplaces_request *request,
                                                   pv_list_marketplaces_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_marketplace__object, &request->base, NULL, 0);
}

pv_status pv_marketplace_service_update_marketplace(pv_call *call,
                                                    const pv_update_marketplace_request *request,
                                                    pv_update_marketplace_response *response)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_begin(call, &pv_marketplace__object, request->marketplace_id, request->etag,
                    &marketplace));
    pv_marketplace source = PV_MARKETPLACE__INIT;
    source.name = request->name;
    source.description = request->description;
    source.alternative_currencies = request->alternative_currencies;
    source.n_alternative_currencies = request->n_alternative_currencies;
    source.countries = request->countries;
    source.n_countries = request->n_countries;
    source.hubs = request->hubs;
    source.n_hubs = request->n_hubs;
    PV_TRY(pv_change(call, &pv_marketplace__object, request->update_mask, &source.base,
                     &marketplace->base));
    PV_TRY(pv_demand_text(call, "name", marketplace->name));
    PV_TRY(check_rules(call, marketplace));
    response->marketplace = marketplace;
    return pv_save(call, &pv_marketplace__object, marketplace);
}

/* Listings and contracts all stand on a distribution agreement for the marketplace, and agreements stay. */
static pv_status check_unused(pv_call *call, const pv_marketplace *marketplace)
{
    pv_agreement *agreement = NULL;
    pv_condition condition = pv_where(&pv_agreement__object, "marketplace_id", marketplace->id);
    PV_TRY(pv_if_any(pv_lookup(call, &pv_agreement__object, pv_caller_of(call)->account, &condition,
                               1, &agreement)));
    if (agreement == NULL) { return pv_ok(); }
    pv_error_note(&call->error, "agreement", "%s", agreement->id);
    return pv_refuse(&call->error, &pv_error_reason_marketplace_in_use,
                     "Agreement %s names the marketplace.", agreement->id);
}

pv_status pv_marketplace_service_delete_marketplace(pv_call *call,
                                                    const pv_delete_marketplace_request *request,
                                                    pv_delete_marketplace_response *response)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_begin(call, &pv_marketplace__object, request->marketplace_id, request->etag,
                    &marketplace));
    PV_TRY(check_unused(call, marketplace));
    response->marketplace = marketplace;
    return pv_remove(call, &pv_marketplace__object, marketplace);
}
