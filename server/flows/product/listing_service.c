/* Listings: shown here, changed by proposals. */
#include "purvey/product/v1/listing_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"

/* Whether the caller, who is no party of it, may see the listing (NULL: there is none). OK or NOT_FOUND, no words. */
static pv_status listing_shown(pv_call *call, const pv_listing *listing)
{
    char none[PV_ID_TEXT_SIZE];
    const char *distributor_id = listing == NULL || pv_is_empty(listing->distributor_id)
                                     ? pv_no_id(&pv_account__object, none)
                                     : listing->distributor_id;
    pv_contract *contract = NULL;
    PV_TRY(pv_contract_find_active(call, PV_AGREEMENT_TYPE_SERVICE, distributor_id,
                                   pv_caller_of(call)->account_id, "", &contract));
    bool listed = listing != NULL && listing->state == PV_LISTING_STATE_LISTED;
    return listed ? pv_ok() : pv_status_of(PV_CODE_NOT_FOUND);
}

pv_status pv_listing_service_get_listing(pv_call *call, const pv_get_listing_request *request,
                                         pv_get_listing_response *response)
{
    const pv_object_info *object = &pv_listing__object;
    pv_listing *listing = NULL;
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, object, request->listing_id, &listing, &is_party)));
    if (!is_party) {
        PV_TRY(pv_or_not_found(call, object, request->listing_id, listing_shown(call, listing)));
    }
    PV_ASSERT(listing != NULL);
    response->listing = listing;
    return pv_ok();
}

/* What a distributor has on sale for the calling reseller. */
static pv_status list_for_reseller(pv_call *call, const pv_list_listings_request *request)
{
    if (pv_is_empty(request->distributor_id)) {
        return pv_refuse_field(call, "distributor_id", "is required for resellers");
    }
    pv_contract *contract = NULL;
    PV_TRY(pv_contract_demand_service(call, request->distributor_id, pv_caller_of(call)->account_id,
                                      &contract));
    pv_condition listed = pv_where_number(&pv_listing__object, "state", PV_LISTING_STATE_LISTED);
    pv_id distributor = pv_id_of(&pv_account__object, request->distributor_id);
    return pv_answer_list_of(call, &pv_listing__object, distributor, &request->base, &listed, 1);
}

pv_status pv_listing_service_list_listings(pv_call *call, const pv_list_listings_request *request,
                                           pv_list_listings_response *response)
{
    (void)response;
    if (pv_caller_of(call)->role == PV_ACCOUNT_TYPE_RESELLER) {
        return list_for_reseller(call, request);
    }
    PV_TRY(pv_demand_own_account(call, "distributor_id", request->distributor_id));
    return pv_answer_list(call, &pv_listing__object, &request->base, NULL, 0);
}
