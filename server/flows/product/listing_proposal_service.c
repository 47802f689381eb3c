/* Listing proposals: written by the vendor, taken through review and deployment by the distributor. */
#include "purvey/product/v1/listing_proposal_service.pv.h"

#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"
#include "server/flows/product/products.h"

static const pv_object_info *const proposals = &pv_listing_proposal__object;

/* A product that has the version and that its vendor wants to sell. */
static pv_status check_published(pv_call *call, const pv_product *product, uint32_t version)
{
    if (product->state == PV_PRODUCT_STATE_PUBLISHED && version != 0 &&
        version <= product->latest_version) {
        return pv_ok();
    }
    pv_error_note(&call->error, "product", "%s", product->id);
    if (product->state != PV_PRODUCT_STATE_PUBLISHED) {
        return pv_refuse(&call->error, &pv_error_reason_product_not_published,
                         "Product %s is not PUBLISHED.", product->id);
    }
    return pv_refuse(&call->error, &pv_error_reason_product_not_published,
                     "Product %s has no version %u.", product->id, version);
}

/* NEW needs a product that is not on sale there, the other kinds one that is. */
static pv_status check_listing_state(pv_call *call, const pv_listing *listing,
                                     pv_listing_proposal_kind kind)
{
    bool listed = listing != NULL && listing->state == PV_LISTING_STATE_LISTED;
    bool wants_listed = kind != PV_LISTING_PROPOSAL_KIND_NEW;
    if (listed == wants_listed) { return pv_ok(); }
    const char *state = listed ? "LISTED" : "NOT_LISTED";
    pv_error_note(&call->error, "listing", "%s", listing == NULL ? "" : listing->id);
    pv_error_note(&call->error, "state", "%s", state);
    return pv_refuse(&call->error, &pv_error_reason_listing_state,
                     "The listing is %s; this kind of proposal needs it %s.", state,
                     wants_listed ? "LISTED" : "NOT_LISTED");
}

static pv_status check_no_open_proposal(pv_call *call, const pv_listing *listing)
{
    static const pv_listing_proposal_state open[] = {PV_LISTING_PROPOSAL_STATE_DRAFT,
                                                     PV_LISTING_PROPOSAL_STATE_REVIEWING,
                                                     PV_LISTING_PROPOSAL_STATE_DEPLOYING};
    pv_id vendor = pv_caller_of(call)->account;
    pv_listing_proposal *found = NULL;
    for (size_t i = 0; found == NULL && i < sizeof open / sizeof *open; i++) {
        const pv_condition conditions[] = {
            pv_where(proposals, "listing_id", listing->id),
            pv_where_number(proposals, "state", (uint64_t)open[i]),
        };
        PV_TRY(pv_if_any(pv_lookup(call, proposals, vendor, conditions, 2, &found)));
    }
    if (found == NULL) { return pv_ok(); }
    pv_error_note(&call->error, "proposal", "%s", found->id);
    return pv_refuse(&call->error, &pv_error_reason_listing_proposal_open,
                     "Proposal %s of the listing is open.", found->id);
}

/* The listing of a first proposal; its distributor is named when the proposal is submitted. */
static pv_status make_listing(pv_call *call, const pv_product *product, char *marketplace_id,
                              pv_listing **ret_listing)
{
    pv_listing *listing = NULL;
    PV_TRY(pv_make(call, &pv_listing__object, &listing));
    listing->vendor_id = product->vendor_id;
    listing->product_id = product->id;
    listing->marketplace_id = marketplace_id;
    listing->latest_version = product->latest_version;
    listing->product_state = product->state;
    PV_TRY(pv_move(call, &pv_listing__object, listing, PV_LISTING_STATE_NOT_LISTED));
    PV_TRY(pv_save(call, &pv_listing__object, listing));
    *ret_listing = listing;
    return pv_ok();
}

/* The contract that a proposal stands on. A removal needs none: it must be possible after a contract's end. */
static pv_status find_contract(pv_call *call, pv_listing_proposal_kind kind,
                               const char *distributor_id, const char *vendor_id,
                               const char *marketplace_id, char **ret_id)
{
    pv_contract *contract = NULL;
    if (kind != PV_LISTING_PROPOSAL_KIND_REMOVE) {
        PV_TRY(pv_contract_demand_distribution(call, distributor_id, vendor_id, marketplace_id,
                                               &contract));
    } else {
        PV_TRY(
            pv_if_any(pv_contract_find_active(call, PV_AGREEMENT_TYPE_DISTRIBUTION, distributor_id,
                                              vendor_id, marketplace_id, &contract)));
    }
    return pv_text(call, contract == NULL ? "" : contract->id, ret_id);
}

/* The listing that a new proposal is about; NULL if there is none yet. */
static pv_status find_listing(pv_call *call, const pv_product *product, const char *marketplace_id,
                              pv_listing_proposal_kind kind, pv_listing **ret_listing)
{
    pv_listing *listing = NULL;
    PV_TRY(pv_if_any(pv_listing_find(call, product, marketplace_id, &listing)));
    PV_TRY(check_listing_state(call, listing, kind));
    if (listing != NULL) { PV_TRY(check_no_open_proposal(call, listing)); }
    *ret_listing = listing;
    return pv_ok();
}

static uint32_t version_wanted(const pv_create_listing_proposal_request *request,
                               const pv_product *product)
{
    return request->product_version == 0 ? product->latest_version : request->product_version;
}

pv_status pv_listing_proposal_service_create_listing_proposal(
    pv_call *call, const pv_create_listing_proposal_request *request,
    pv_create_listing_proposal_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_find(call, &pv_product__object, request->product_id, &product));
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_marketplace_visible(call, request->marketplace_id, &marketplace));
    bool removes = request->kind == PV_LISTING_PROPOSAL_KIND_REMOVE;
    uint32_t version = version_wanted(request, product);
    if (!removes) { PV_TRY(check_published(call, product, version)); }
    char *contract_id = NULL;
    PV_TRY(find_contract(call, request->kind, marketplace->owner_id, product->vendor_id,
                         marketplace->id, &contract_id));
    pv_listing *listing = NULL;
    PV_TRY(find_listing(call, product, marketplace->id, request->kind, &listing));
    if (listing == NULL) { PV_TRY(make_listing(call, product, marketplace->id, &listing)); }
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_make(call, proposals, &proposal));
    proposal->vendor_id = product->vendor_id;
    proposal->kind = request->kind;
    proposal->listing_id = listing->id;
    proposal->product_id = product->id;
    proposal->marketplace_id = marketplace->id;
    proposal->product_version = removes ? listing->product_version : version;
    proposal->contract_id = contract_id;
    proposal->note = request->note;
    response->listing_proposal = proposal;
    return pv_move_and_save(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_DRAFT);
}

pv_status
pv_listing_proposal_service_get_listing_proposal(pv_call *call,
                                                 const pv_get_listing_proposal_request *request,
                                                 pv_get_listing_proposal_response *response)
{
    (void)response;
    return pv_answer_get(call, proposals, request->listing_proposal_id);
}

pv_status
pv_listing_proposal_service_list_listing_proposals(pv_call *call,
                                                   const pv_list_listing_proposals_request *request,
                                                   pv_list_listing_proposals_response *response)
{
    (void)response;
    return pv_answer_list(call, proposals, &request->base, NULL, 0);
}

/* The first submission makes the distributor a party of the listing, and by that shows it the product. */
static pv_status show_listing(pv_call *call, const pv_listing_proposal *proposal)
{
    pv_listing *listing = NULL;
    PV_TRY(pv_fetch(call, &pv_listing__object, proposal->listing_id, &listing));
    if (!pv_is_empty(listing->distributor_id)) { return pv_ok(); }
    listing->distributor_id = proposal->distributor_id;
    return pv_save(call, &pv_listing__object, listing);
}

pv_status pv_listing_proposal_service_submit_listing_proposal(
    pv_call *call, const pv_submit_listing_proposal_request *request,
    pv_submit_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    if (proposal->kind != PV_LISTING_PROPOSAL_KIND_REMOVE) {
        pv_product *product = NULL;
        PV_TRY(pv_fetch(call, &pv_product__object, proposal->product_id, &product));
        PV_TRY(check_published(call, product, proposal->product_version));
    }
    pv_marketplace *marketplace = NULL;
    PV_TRY(pv_fetch(call, &pv_marketplace__object, proposal->marketplace_id, &marketplace));
    PV_TRY(find_contract(call, proposal->kind, marketplace->owner_id, proposal->vendor_id,
                         marketplace->id, &proposal->contract_id));
    proposal->distributor_id = marketplace->owner_id;
    PV_TRY(show_listing(call, proposal));
    response->listing_proposal = proposal;
    return pv_move_and_save(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_REVIEWING);
}

pv_status pv_listing_proposal_service_refine_listing_proposal(
    pv_call *call, const pv_refine_listing_proposal_request *request,
    pv_refine_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    proposal->distributor_note = request->note;
    response->listing_proposal = proposal;
    return pv_move_and_save(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_DRAFT);
}

pv_status pv_listing_proposal_service_deploy_listing_proposal(
    pv_call *call, const pv_deploy_listing_proposal_request *request,
    pv_deploy_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    response->listing_proposal = proposal;
    return pv_move_and_save(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_DEPLOYING);
}

/* What the proposal was for. */
static pv_status switch_listing(pv_call *call, pv_listing_proposal *proposal, pv_listing *listing)
{
    if (proposal->kind == PV_LISTING_PROPOSAL_KIND_REMOVE) {
        return pv_move(call, &pv_listing__object, listing, PV_LISTING_STATE_NOT_LISTED);
    }
    PV_TRY(find_contract(call, proposal->kind, proposal->distributor_id, proposal->vendor_id,
                         proposal->marketplace_id, &proposal->contract_id));
    listing->product_version = proposal->product_version;
    return pv_move(call, &pv_listing__object, listing, PV_LISTING_STATE_LISTED);
}

pv_status pv_listing_proposal_service_complete_listing_proposal(
    pv_call *call, const pv_complete_listing_proposal_request *request,
    pv_complete_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    pv_listing *listing = NULL;
    PV_TRY(pv_fetch(call, &pv_listing__object, proposal->listing_id, &listing));
    PV_TRY(switch_listing(call, proposal, listing));
    PV_TRY(pv_move(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_COMPLETED));
    PV_TRY(pv_save(call, &pv_listing__object, listing));
    response->listing_proposal = proposal;
    response->listing = listing;
    return pv_save(call, proposals, proposal);
}

pv_status pv_listing_proposal_service_cancel_listing_proposal(
    pv_call *call, const pv_cancel_listing_proposal_request *request,
    pv_cancel_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    proposal->distributor_note = request->note;
    response->listing_proposal = proposal;
    return pv_move_and_save(call, proposals, proposal, PV_LISTING_PROPOSAL_STATE_CANCELED);
}

pv_status pv_listing_proposal_service_delete_listing_proposal(
    pv_call *call, const pv_delete_listing_proposal_request *request,
    pv_delete_listing_proposal_response *response)
{
    pv_listing_proposal *proposal = NULL;
    PV_TRY(pv_begin(call, proposals, request->listing_proposal_id, request->etag, &proposal));
    response->listing_proposal = proposal;
    return pv_remove(call, proposals, proposal);
}
