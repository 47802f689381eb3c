/* Items of products. */
#include "purvey/product/v1/item_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"
#include "server/flows/product/internal.h"
#include "server/flows/product/products.h"

/* The commitments in years, as a bit set, that a reservation of each period may have beside none. */
static unsigned commitments_of(pv_item_period period)
{
    enum { ONE_TO_SIX = 0x7e, FOUR_OR_SIX = 1 << 4 | 1 << 6, SIX = 1 << 6 };
    if (period == PV_ITEM_PERIOD_MONTHLY || period == PV_ITEM_PERIOD_YEARLY) { return ONE_TO_SIX; }
    if (period == PV_ITEM_PERIOD_YEARS_2) { return FOUR_OR_SIX; }
    return period == PV_ITEM_PERIOD_YEARS_3 ? SIX : 0;
}

static void check_reservation(pv_call *call, const pv_item *item)
{
    if (item->quantity_scale != 0) {
        pv_violate(call, "QUANTITY_SCALE", item->mpn, "a RESERVATION has quantity_scale 0");
    }
    uint32_t years = item->commitment_years;
    if (years != 0 && (commitments_of(item->period) >> years & 1) == 0) {
        pv_violate(call, "COMMITMENT", item->mpn, "commitment_years %u does not go with the period",
                   years);
    }
}

static void check_pay_as_you_go(pv_call *call, const pv_item *item)
{
    if (item->period != PV_ITEM_PERIOD_MONTHLY) {
        pv_violate(call, "PERIOD", item->mpn, "a PAY_AS_YOU_GO item has the period MONTHLY");
    }
    if (item->commitment_years != 0) {
        pv_violate(call, "COMMITMENT", item->mpn, "a PAY_AS_YOU_GO item has no commitment");
    }
}

/* Whether type, period, commitment and scale fit together, and the product can have the item. */
static pv_status check_rules(pv_call *call, const pv_product *product, const pv_item *item)
{
    if (item->type == PV_ITEM_TYPE_RESERVATION) {
        check_reservation(call, item);
    } else {
        check_pay_as_you_go(call, item);
    }
    if (call->error.violation_count > 0) {
        return pv_refuse(&call->error, &pv_error_reason_item_rules, NULL);
    }
    if (item->type == PV_ITEM_TYPE_RESERVATION || pv_product_takes_usage(product)) {
        return pv_ok();
    }
    pv_error_note(&call->error, "capability", "usage_schema");
    return pv_refuse(&call->error, &pv_error_reason_capability_missing,
                     "Product %s has no usage schema, so it cannot have pay-as-you-go items.",
                     product->id);
}

static pv_status check_mpn_free(pv_call *call, const pv_item *item)
{
    const pv_condition conditions[] = {
        pv_where(&pv_item__object, "product_id", item->product_id),
        pv_where(&pv_item__object, "mpn", item->mpn),
    };
    pv_item *existing = NULL;
    PV_TRY(pv_if_any(
        pv_lookup(call, &pv_item__object, pv_caller_of(call)->account, conditions, 2, &existing)));
    if (existing == NULL || strcmp(existing->id, item->id) == 0) { return pv_ok(); }
    pv_note_existing(call, &pv_item__object, existing->id);
    return pv_refuse(&call->error, &pv_error_reason_mpn_exists, "Item %s has the mpn %s.",
                     existing->id, item->mpn);
}

pv_status pv_item_service_create_item(pv_call *call, const pv_create_item_request *request,
                                      pv_create_item_response *response)
{
    pv_product *product = NULL;
    PV_TRY(pv_find(call, &pv_product__object, request->product_id, &product));
    pv_item *item = NULL;
    PV_TRY(pv_make(call, &pv_item__object, &item));
    item->vendor_id = product->vendor_id;
    item->product_id = product->id;
    item->mpn = request->mpn;
    item->name = request->name;
    item->description = request->description;
    item->type = request->type;
    item->period = request->period;
    item->commitment_years = request->commitment_years;
    item->unit = request->unit;
    item->quantity_scale = request->quantity_scale;
    PV_TRY(check_rules(call, product, item));
    PV_TRY(check_mpn_free(call, item));
    response->item = item;
    return pv_move_and_save(call, &pv_item__object, item, PV_ITEM_STATE_DRAFT);
}

pv_status pv_item_service_get_item(pv_call *call, const pv_get_item_request *request,
                                   pv_get_item_response *response)
{
    pv_item *item = NULL;
    bool is_own = false;
    PV_TRY(pv_product_part_visible(call, &pv_item__object, request->item_id, &item, &is_own));
    if (!is_own && item->state == PV_ITEM_STATE_DRAFT) {
        return pv_not_found(call, &pv_item__object, request->item_id);
    }
    response->item = item;
    return pv_ok();
}

pv_status pv_item_service_list_items(pv_call *call, const pv_list_items_request *request,
                                     pv_list_items_response *response)
{
    (void)response;
    const pv_object_info *object = &pv_item__object;
    pv_product *product = NULL;
    PV_TRY(pv_product_visible(call, request->product_id, &product));
    pv_condition fixed[] = {
        pv_where(object, "product_id", product->id),
        pv_where_number(object, "published_version", 0),
        pv_where_number(object, "published_version", request->product_version),
    };
    fixed[1].comparison = PV_GREATER; /* no drafts */
    fixed[2].comparison = PV_LESS_EQUAL;
    pv_id vendor = pv_id_of(&pv_account__object, product->vendor_id);
    size_t count = pv_id_equal(vendor, pv_caller_of(call)->account) ? 1 : 2;
    if (request->product_version != 0) { count = 3; }
    return pv_answer_list_of(call, object, vendor, &request->base, fixed, count);
}

static pv_status refuse_frozen(pv_call *call, const char *field)
{
    pv_error_note(&call->error, "field", "%s", field);
    return pv_refuse(&call->error, &pv_error_reason_item_frozen,
                     "%s of a published item cannot be changed.", field);
}

/* What orders and usage stand on never changes once the item is published. */
static pv_status check_frozen(pv_call *call, const pv_item *before, const pv_item *after)
{
    if (before->state == PV_ITEM_STATE_DRAFT) { return pv_ok(); }
    if (before->type != after->type) { return refuse_frozen(call, "type"); }
    if (before->period != after->period) { return refuse_frozen(call, "period"); }
    if (before->commitment_years != after->commitment_years) {
        return refuse_frozen(call, "commitment_years");
    }
    if (strcmp(before->unit, after->unit) != 0) { return refuse_frozen(call, "unit"); }
    if (before->quantity_scale != after->quantity_scale) {
        return refuse_frozen(call, "quantity_scale");
    }
    return pv_ok();
}

/* What a mask can empty but an item cannot be without. */
static pv_status check_filled(pv_call *call, const pv_item *item)
{
    PV_TRY(pv_demand_text(call, "mpn", item->mpn));
    PV_TRY(pv_demand_text(call, "name", item->name));
    PV_TRY(pv_demand_text(call, "unit", item->unit));
    if (item->type == PV_ITEM_TYPE_UNSPECIFIED) {
        return pv_refuse_field(call, "type", "cannot be made empty");
    }
    if (item->period == PV_ITEM_PERIOD_UNSPECIFIED) {
        return pv_refuse_field(call, "period", "cannot be made empty");
    }
    return pv_ok();
}

pv_status pv_item_service_update_item(pv_call *call, const pv_update_item_request *request,
                                      pv_update_item_response *response)
{
    pv_item *item = NULL;
    PV_TRY(pv_begin(call, &pv_item__object, request->item_id, request->etag, &item));
    const pv_item before = *item;
    pv_item source = PV_ITEM__INIT;
    source.mpn = request->mpn;
    source.name = request->name;
    source.description = request->description;
    source.type = request->type;
    source.period = request->period;
    source.commitment_years = request->commitment_years;
    source.unit = request->unit;
    source.quantity_scale = request->quantity_scale;
    PV_TRY(pv_change(call, &pv_item__object, request->update_mask, &source.base, &item->base));
    PV_TRY(check_filled(call, item));
    PV_TRY(check_frozen(call, &before, item));
    pv_product *product = NULL;
    PV_TRY(pv_fetch(call, &pv_product__object, item->product_id, &product));
    PV_TRY(check_rules(call, product, item));
    PV_TRY(check_mpn_free(call, item));
    response->item = item;
    return pv_save(call, &pv_item__object, item);
}

static pv_status check_replacement(pv_call *call, const pv_item *item, const char *replacement_id)
{
    if (pv_is_empty(replacement_id)) { return pv_ok(); }
    pv_item *replacement = NULL;
    PV_TRY(pv_find(call, &pv_item__object, replacement_id, &replacement));
    if (strcmp(replacement->id, item->id) != 0 &&
        strcmp(replacement->product_id, item->product_id) == 0 &&
        replacement->state == PV_ITEM_STATE_PUBLISHED) {
        return pv_ok();
    }
    pv_error_note(&call->error, "replacement", "%s", replacement_id);
    return pv_refuse(&call->error, &pv_error_reason_replacement_invalid, NULL);
}

pv_status pv_item_service_end_item_sale(pv_call *call, const pv_end_item_sale_request *request,
                                        pv_end_item_sale_response *response)
{
    pv_item *item = NULL;
    PV_TRY(pv_begin(call, &pv_item__object, request->item_id, request->etag, &item));
    PV_TRY(check_replacement(call, item, request->replacement_item_id));
    item->replacement_item_id = request->replacement_item_id;
    item->end_of_sale_note = request->note;
    response->item = item;
    return pv_move_and_save(call, &pv_item__object, item, PV_ITEM_STATE_END_OF_SALE);
}

pv_status pv_item_service_resume_item_sale(pv_call *call,
                                           const pv_resume_item_sale_request *request,
                                           pv_resume_item_sale_response *response)
{
    pv_item *item = NULL;
    PV_TRY(pv_begin(call, &pv_item__object, request->item_id, request->etag, &item));
    PV_TRY(pv_text(call, "", &item->replacement_item_id));
    PV_TRY(pv_text(call, "", &item->end_of_sale_note));
    response->item = item;
    return pv_move_and_save(call, &pv_item__object, item, PV_ITEM_STATE_PUBLISHED);
}

pv_status pv_item_service_delete_item(pv_call *call, const pv_delete_item_request *request,
                                      pv_delete_item_response *response)
{
    pv_item *item = NULL;
    PV_TRY(pv_begin(call, &pv_item__object, request->item_id, request->etag, &item));
    response->item = item;
    return pv_remove(call, &pv_item__object, item);
}
