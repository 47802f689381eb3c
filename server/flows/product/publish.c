/* Versions of products: publishing freezes the texts and the set of items under the next number. */
#include "purvey/product/v1/product_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"
#include "server/flows/product/internal.h"
#include "server/flows/product/products.h"

pv_status pv_product_version_load(pv_call *call, const pv_product *product, uint32_t number,
                                  pv_product_version **ret_version)
{
    const pv_object_info *object = &pv_product_version__object;
    const pv_condition conditions[] = {
        pv_where(object, "product_id", product->id),
        pv_where_number(object, "number", number),
    };
    pv_id vendor = pv_id_of(&pv_account__object, product->vendor_id);
    pv_status status = pv_lookup(call, object, vendor, conditions, 2, ret_version);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    return pv_refuse(&call->error, &pv_error_reason_data_damaged,
                     "Version %u of product %s is not in the store.", number, product->id);
}

pv_status pv_product_tell_listings(pv_call *call, const pv_product *product)
{
    const pv_object_info *object = &pv_listing__object;
    pv_condition condition = pv_where(object, "product_id", product->id);
    pv_listing **listings = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, object, pv_caller_of(call)->account, &condition, 1,
                      PV_PRODUCT_LISTINGS_MAX, &listings, &count));
    for (size_t i = 0; i < count; i++) {
        listings[i]->latest_version = product->latest_version;
        listings[i]->product_state = product->state;
        PV_TRY(pv_save(call, object, listings[i]));
    }
    return pv_ok();
}

pv_status pv_product_demand_unpublished(pv_call *call, const char *product_id)
{
    pv_product *product = NULL;
    PV_TRY(pv_fetch(call, &pv_product__object, product_id, &product));
    if (product->latest_version == 0) { return pv_ok(); }
    pv_error_note(&call->error, "product", "%s", product_id);
    return pv_refuse(&call->error, &pv_error_reason_product_published, NULL);
}

pv_status pv_product_answer_parts(pv_call *call, const pv_object_info *object,
                                  const char *product_id, const ProtobufCMessage *request)
{
    pv_product *product = NULL;
    PV_TRY(pv_product_visible(call, product_id, &product));
    pv_condition fixed = pv_where(object, "product_id", product->id);
    pv_id vendor = pv_id_of(&pv_account__object, product->vendor_id);
    return pv_answer_list_of(call, object, vendor, request, &fixed, 1);
}

static pv_status check_complete(pv_call *call, const pv_product *product)
{
    if (pv_is_empty(product->category)) {
        pv_violate(call, "COMPLETE", product->id, "category is empty");
    }
    if (pv_is_empty(product->short_description) && pv_is_empty(product->detailed_description)) {
        pv_violate(call, "COMPLETE", product->id,
                   "short_description and detailed_description are empty");
    }
    pv_item *item = NULL;
    pv_condition condition = pv_where(&pv_item__object, "product_id", product->id);
    PV_TRY(pv_if_any(
        pv_lookup(call, &pv_item__object, pv_caller_of(call)->account, &condition, 1, &item)));
    if (item == NULL) { pv_violate(call, "COMPLETE", product->id, "the product has no items"); }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_product_incomplete, NULL);
}

/* Publishes the drafts with the product's newest version. */
static pv_status publish_items(pv_call *call, const pv_product *product, uint32_t *ret_count)
{
    const pv_object_info *object = &pv_item__object;
    const pv_condition conditions[] = {
        pv_where(object, "product_id", product->id),
        pv_where_number(object, "state", PV_ITEM_STATE_DRAFT),
    };
    pv_item **drafts = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, object, pv_caller_of(call)->account, conditions, 2,
                      PV_PUBLISH_ITEMS_MAX, &drafts, &count));
    for (size_t i = 0; i < count; i++) {
        drafts[i]->published_version = product->latest_version;
        PV_TRY(pv_move_and_save(call, object, drafts[i], PV_ITEM_STATE_PUBLISHED));
    }
    *ret_count = (uint32_t)count;
    return pv_ok();
}

/* The working copy, frozen under the product's newest number. */
static pv_status freeze(pv_call *call, const pv_product *product, uint32_t new_item_count,
                        char *change_note, pv_product_version **ret_version)
{
    pv_product_version *version = NULL;
    PV_TRY(pv_make(call, &pv_product_version__object, &version));
    version->vendor_id = product->vendor_id;
    version->product_id = product->id;
    version->number = product->latest_version;
    version->change_note = change_note;
    version->name = product->name;
    version->short_description = product->short_description;
    version->detailed_description = product->detailed_description;
    version->category = product->category;
    version->new_item_count = new_item_count;
    version->item_count = new_item_count;
    if (version->number > 1) {
        pv_product_version *previous = NULL;
        PV_TRY(pv_product_version_load(call, product, version->number - 1, &previous));
        version->item_count += previous->item_count;
    }
    PV_TRY(pv_save(call, &pv_product_version__object, version));
    *ret_version = version;
    return pv_ok();
}

pv_status pv_product_service_publish_product(pv_call *call,
                                             const pv_publish_product_request *request,
                                             pv_publish_product_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_begin(call, &pv_product__object, request->product_id, request->etag, &product));
    PV_TRY(check_complete(call, product));
    product->latest_version++;
    uint32_t item_count = 0;
    PV_TRY(publish_items(call, product, &item_count));
    PV_TRY(freeze(call, product, item_count, request->change_note, &response->product_version));
    PV_TRY(pv_move_and_save(call, &pv_product__object, product, PV_PRODUCT_STATE_PUBLISHED));
    response->product = product;
    return pv_product_tell_listings(call, product);
}

pv_status pv_product_service_get_product_version(pv_call *call,
                                                 const pv_get_product_version_request *request,
                                                 pv_get_product_version_response *response)
{
    bool is_own = false;
    return pv_product_part_visible(call, &pv_product_version__object, request->product_version_id,
                                   &response->product_version, &is_own);
}

pv_status pv_product_service_list_product_versions(pv_call *call,
                                                   const pv_list_product_versions_request *request,
                                                   pv_list_product_versions_response *response)
{
    (void)response;
    return pv_product_answer_parts(call, &pv_product_version__object, request->product_id,
                                   &request->base);
}
