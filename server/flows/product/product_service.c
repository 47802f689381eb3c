/* Products: define, show, end their sale. Publishing: publish.c. */
#include "purvey/product/v1/product_service.pv.h"

#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"
#include "server/flows/product/internal.h"
#include "server/flows/product/products.h"

pv_status pv_product_service_create_product(pv_call *call, const pv_create_product_request *request,
                                            pv_create_product_response *response)
{
    const pv_caller *caller = pv_caller_of(call);
    pv_contract *contract = NULL;
    pv_status status =
        pv_contract_find_any(call, PV_AGREEMENT_TYPE_DISTRIBUTION, caller->account_id, &contract);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(&call->error, &pv_error_reason_distribution_contract_missing,
                         "A vendor makes products when it has an active distribution contract.");
    }
    PV_TRY(status);
    pv_product *product = NULL;
    PV_TRY(pv_make(call, &pv_product__object, &product));
    PV_TRY(pv_text(call, caller->account_id, &product->vendor_id));
    product->name = request->name;
    product->external_id = request->external_id;
    product->short_description = request->short_description;
    product->detailed_description = request->detailed_description;
    product->category = request->category;
    product->capabilities = request->capabilities;
    if (product->capabilities == NULL) {
        PV_TRY(pv_make_part(call, &pv_product_capabilities__info, &product->capabilities));
    }
    response->product = product;
    return pv_move_and_save(call, &pv_product__object, product, PV_PRODUCT_STATE_DRAFT);
}

/* Others than the vendor are shown the texts of the newest version, and not the vendor's own key. */
static pv_status show_as_published(pv_call *call, pv_product *product)
{
    pv_product_version *version = NULL;
    PV_TRY(pv_product_version_load(call, product, product->latest_version, &version));
    product->name = version->name;
    product->short_description = version->short_description;
    product->detailed_description = version->detailed_description;
    product->category = version->category;
    return pv_text(call, "", &product->external_id);
}

pv_status pv_product_service_get_product(pv_call *call, const pv_get_product_request *request,
                                         pv_get_product_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_product_visible(call, request->product_id, &product));
    if (strcmp(product->vendor_id, pv_caller_of(call)->account_id) != 0) {
        PV_TRY(show_as_published(call, product));
    }
    response->product = product;
    return pv_ok();
}

pv_status pv_product_service_list_products(pv_call *call, const pv_list_products_request *request,
                                           pv_list_products_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_product__object, &request->base, NULL, 0);
}

static pv_usage_schema schema_of(const pv_product *product)
{
    return product->capabilities == NULL ? PV_USAGE_SCHEMA_UNSPECIFIED
                                         : product->capabilities->usage_schema;
}

bool pv_product_takes_usage(const pv_product *product)
{
    return schema_of(product) != PV_USAGE_SCHEMA_UNSPECIFIED;
}

static pv_status refuse_frozen(pv_call *call, const char *why)
{
    pv_error_note(&call->error, "capability", "usage_schema");
    return pv_refuse(&call->error, &pv_error_reason_capability_frozen,
                     "The usage schema cannot be changed: %s.", why);
}

/* Reports and charges made under a schema, and items paid by use, would lose their meaning without it. */
static pv_status check_schema_change(pv_call *call, const pv_product *product, pv_usage_schema old)
{
    if (old == PV_USAGE_SCHEMA_UNSPECIFIED || old == schema_of(product)) { return pv_ok(); }
    if (product->latest_version > 0) {
        return refuse_frozen(call, "the product has been published");
    }
    if (schema_of(product) != PV_USAGE_SCHEMA_UNSPECIFIED) { return pv_ok(); }
    const pv_condition conditions[] = {
        pv_where(&pv_item__object, "product_id", product->id),
        pv_where_number(&pv_item__object, "type", PV_ITEM_TYPE_PAY_AS_YOU_GO),
    };
    pv_item *item = NULL;
    PV_TRY(pv_if_any(
        pv_lookup(call, &pv_item__object, pv_caller_of(call)->account, conditions, 2, &item)));
    return item == NULL ? pv_ok() : refuse_frozen(call, "the product has pay-as-you-go items");
}

pv_status pv_product_service_update_product(pv_call *call, const pv_update_product_request *request,
                                            pv_update_product_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_begin(call, &pv_product__object, request->product_id, request->etag, &product));
    pv_usage_schema old = schema_of(product);
    pv_product source = PV_PRODUCT__INIT;
    source.name = request->name;
    source.external_id = request->external_id;
    source.short_description = request->short_description;
    source.detailed_description = request->detailed_description;
    source.category = request->category;
    source.capabilities = request->capabilities;
    PV_TRY(
        pv_change(call, &pv_product__object, request->update_mask, &source.base, &product->base));
    PV_TRY(pv_demand_text(call, "name", product->name));
    PV_TRY(check_schema_change(call, product, old));
    response->product = product;
    return pv_save(call, &pv_product__object, product);
}

static pv_status check_replacement(pv_call *call, const pv_product *product,
                                   const char *replacement_id)
{
    if (pv_is_empty(replacement_id)) { return pv_ok(); }
    pv_product *replacement = NULL;
    PV_TRY(pv_find(call, &pv_product__object, replacement_id, &replacement));
    if (strcmp(replacement->id, product->id) != 0 &&
        replacement->state == PV_PRODUCT_STATE_PUBLISHED) {
        return pv_ok();
    }
    pv_error_note(&call->error, "replacement", "%s", replacement_id);
    return pv_refuse(&call->error, &pv_error_reason_replacement_invalid, NULL);
}

static pv_status save_and_tell(pv_call *call, pv_product *product)
{
    PV_TRY(pv_save(call, &pv_product__object, product));
    return pv_product_tell_listings(call, product);
}

pv_status pv_product_service_end_product_sale(pv_call *call,
                                              const pv_end_product_sale_request *request,
                                              pv_end_product_sale_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_begin(call, &pv_product__object, request->product_id, request->etag, &product));
    PV_TRY(check_replacement(call, product, request->replacement_product_id));
    product->replacement_product_id = request->replacement_product_id;
    product->end_of_sale_note = request->note;
    PV_TRY(pv_move(call, &pv_product__object, product, PV_PRODUCT_STATE_END_OF_SALE));
    response->product = product;
    return save_and_tell(call, product);
}

pv_status pv_product_service_resume_product_sale(pv_call *call,
                                                 const pv_resume_product_sale_request *request,
                                                 pv_resume_product_sale_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_begin(call, &pv_product__object, request->product_id, request->etag, &product));
    PV_TRY(pv_text(call, "", &product->replacement_product_id));
    PV_TRY(pv_text(call, "", &product->end_of_sale_note));
    PV_TRY(pv_move(call, &pv_product__object, product, PV_PRODUCT_STATE_PUBLISHED));
    response->product = product;
    return save_and_tell(call, product);
}

/* Removes all objects of one kind that belong to the product. */
static pv_status remove_parts(pv_call *call, const pv_product *product,
                              const pv_object_info *object)
{
    pv_condition condition = pv_where(object, "product_id", product->id);
    ProtobufCMessage **parts = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, object, pv_caller_of(call)->account, &condition, 1,
                      PV_PUBLISH_ITEMS_MAX, &parts, &count));
    for (size_t i = 0; i < count; i++) { PV_TRY(pv_remove(call, object, parts[i])); }
    return pv_ok();
}

/* A draft was never listed: nobody but its vendor has seen it, and nothing else stands on it. */
pv_status pv_product_service_delete_product(pv_call *call, const pv_delete_product_request *request,
                                            pv_delete_product_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_begin(call, &pv_product__object, request->product_id, request->etag, &product));
    PV_TRY(remove_parts(call, product, &pv_item__object));
    PV_TRY(remove_parts(call, product, &pv_parameter__object));
    PV_TRY(remove_parts(call, product, &pv_template__object));
    response->product = product;
    return pv_remove(call, &pv_product__object, product);
}
