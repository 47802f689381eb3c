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

/* What a listing repeats of its product. */
typedef struct news {
    pv_call *call;
    const pv_product *product;
} news;

static pv_status tell_listing(void *context, ProtobufCMessage *message)
{
    const news *told = context;
    pv_listing *listing = (pv_listing *)message;
    listing->latest_version = told->product->latest_version;
    listing->product_state = told->product->state;
    return pv_save(told->call, &pv_listing__object, listing);
}

pv_status pv_product_tell_listings(pv_call *call, const pv_product *product)
{
    news told = {.call = call, .product = product};
    pv_condition condition = pv_where(&pv_listing__object, "product_id", product->id);
    return pv_each(call, &pv_listing__object, pv_caller_of(call)->account, &condition, 1,
                   PV_PRODUCT_LISTINGS_MAX, tell_listing, &told);
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
    pv_status status =
        pv_lookup(call, &pv_item__object, pv_caller_of(call)->account, &condition, 1, &item);
    if (status.code == PV_CODE_NOT_FOUND) {
        pv_violate(call, "COMPLETE", product->id, "the product has no items");
    } else {
        PV_TRY(status);
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_product_incomplete, NULL);
}

/* Publishes drafts one by one. */
typedef struct publication {
    pv_call *call;
    uint32_t number;
    uint32_t item_count;
} publication;

static pv_status publish_item(void *context, ProtobufCMessage *message)
{
    publication *run = context;
    pv_item *item = (pv_item *)message;
    item->published_version = run->number;
    run->item_count++;
    PV_TRY(pv_move(run->call, &pv_item__object, item, PV_ITEM_STATE_PUBLISHED));
    return pv_save(run->call, &pv_item__object, item);
}

static pv_status publish_items(pv_call *call, const pv_product *product, publication *run)
{
    const pv_condition conditions[] = {
        pv_where(&pv_item__object, "product_id", product->id),
        pv_where_number(&pv_item__object, "state", PV_ITEM_STATE_DRAFT),
    };
    return pv_each(call, &pv_item__object, pv_caller_of(call)->account, conditions, 2,
                   PV_PUBLISH_ITEMS_MAX, publish_item, run);
}

/* The working copy, frozen. */
static pv_status freeze(pv_call *call, const pv_product *product, const publication *run,
                        char *change_note, pv_product_version **ret_version)
{
    pv_product_version *version = NULL;
    PV_TRY(pv_make(call, &pv_product_version__object, &version));
    version->vendor_id = product->vendor_id;
    version->product_id = product->id;
    version->number = run->number;
    version->change_note = change_note;
    version->name = product->name;
    version->short_description = product->short_description;
    version->detailed_description = product->detailed_description;
    version->category = product->category;
    version->new_item_count = run->item_count;
    version->item_count = run->item_count;
    if (product->latest_version > 0) {
        pv_product_version *previous = NULL;
        PV_TRY(pv_product_version_load(call, product, product->latest_version, &previous));
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
    publication run = {.call = call, .number = product->latest_version + 1};
    PV_TRY(publish_items(call, product, &run));
    PV_TRY(freeze(call, product, &run, request->change_note, &response->product_version));
    product->latest_version = run.number;
    PV_TRY(pv_move(call, &pv_product__object, product, PV_PRODUCT_STATE_PUBLISHED));
    PV_TRY(pv_save(call, &pv_product__object, product));
    PV_TRY(pv_product_tell_listings(call, product));
    response->product = product;
    return pv_ok();
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
