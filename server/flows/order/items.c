#include "server/flows/order/items.h"

#include "base/decimal.h"
#include "server/flows/make.h"
#include "server/flows/order/kinds.h"

static pv_decimal number_of(const pv_common_decimal *decimal)
{
    pv_decimal number = {0};
    if (decimal == NULL) { return number; }
    bool read = pv_decimal_parse(pv_view_text(decimal->value), &number);
    PV_ASSERT(read); /* checked with the request, or written by us */
    return number;
}

/* A decimal message; NULL for zero. */
static pv_status decimal_of(pv_call *call, pv_decimal number, pv_common_decimal **ret_decimal)
{
    *ret_decimal = NULL;
    if (number.units == 0) { return pv_ok(); }
    pv_common_decimal *decimal = NULL;
    PV_TRY(pv_make_part(call, &pv_common_decimal__info, &decimal));
    char text[PV_DECIMAL_TEXT_SIZE];
    (void)pv_decimal_format(number, text);
    PV_TRY(pv_text(call, text, &decimal->value));
    *ret_decimal = decimal;
    return pv_ok();
}

static pv_status unknown(pv_call *call, const pv_order *order, const char *key)
{
    pv_error_note(&call->error, "item", "%s", key);
    return pv_refuse(&call->error, &pv_error_reason_item_unknown,
                     "Version %u of the product has no item %s.", order->product_version, key);
}

/* What an input is checked against. */
typedef struct merge {
    pv_call *call;
    const pv_product *product;
    const pv_create_order_request *request;
    pv_order *order;
    bool *seen; /* one for each entry of order->items */
} merge;

/* The item that the input names, if it is in the product version. */
static pv_status find_item(const merge *run, const pv_order_item_input *input, pv_item **ret_item)
{
    bool by_id = !pv_is_empty(input->item_id);
    PV_TRY(pv_if_any(by_id ? pv_item_find(run->call, run->product, input->item_id, ret_item)
                           : pv_item_find_by_mpn(run->call, run->product, input->mpn, ret_item)));
    if (*ret_item == NULL || !pv_item_in_version(*ret_item, run->order->product_version)) {
        return unknown(run->call, run->order, by_id ? input->item_id : input->mpn);
    }
    return pv_ok();
}

__attribute__((format(printf, 3, 4))) static pv_status
refuse_quantity(pv_call *call, const pv_item *item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    pv_error_note(&call->error, "item", "%s", item->id);
    return pv_refuse(&call->error, &pv_error_reason_quantity_invalid, "Item %s %s.", item->mpn,
                     text == NULL ? "" : text);
}

/* A pay-as-you-go item is ordered without a quantity, everything else with one. */
static pv_status check_quantity(pv_call *call, const pv_item *item,
                                const pv_order_item_input *input, bool purchase)
{
    if (item->type == PV_ITEM_TYPE_PAY_AS_YOU_GO) {
        if (input->quantity != NULL) {
            return refuse_quantity(
                call, item, "is paid as you go: order it with `unlimited`, without a quantity");
        }
        if (purchase && !input->unlimited) {
            return refuse_quantity(call, item, "is paid as you go: set `unlimited` to order it");
        }
        return pv_ok();
    }
    if (input->unlimited || input->quantity == NULL) {
        return refuse_quantity(call, item,
                               "is ordered in advance and needs a quantity, not `unlimited`");
    }
    pv_decimal quantity = number_of(input->quantity);
    if (quantity.units < 0) {
        return refuse_quantity(call, item, "needs a quantity of at least zero");
    }
    if (purchase && quantity.units == 0) {
        return refuse_quantity(call, item, "needs a quantity above zero");
    }
    if (pv_decimal_scale(quantity) > item->quantity_scale) {
        return refuse_quantity(call, item, "takes quantities with at most %u decimals",
                               item->quantity_scale);
    }
    return pv_ok();
}

static pv_order_item *find_entry(const pv_order *order, const char *item_id)
{
    for (size_t i = 0; i < order->n_items; i++) {
        if (strcmp(order->items[i]->item_id, item_id) == 0) { return order->items[i]; }
    }
    return NULL;
}

/* The entry of the item, made if there is none; `items` has room for it. */
static pv_status entry_of(pv_call *call, pv_order *order, const pv_item *item,
                          pv_order_item **ret_entry)
{
    pv_order_item *entry = find_entry(order, item->id);
    if (entry == NULL) {
        PV_TRY(pv_make_part(call, &pv_order_item__info, &entry));
        entry->item_id = item->id;
        order->items[order->n_items++] = entry;
    }
    entry->mpn = item->mpn;
    *ret_entry = entry;
    return pv_ok();
}

static bool same(const pv_order_item *entry)
{
    return entry->unlimited == entry->old_unlimited &&
           number_of(entry->quantity).units == number_of(entry->old_quantity).units;
}

static bool is_had(const pv_order_item *entry)
{
    return entry->unlimited || entry->quantity != NULL;
}

static pv_status merge_one(merge *run, size_t index)
{
    pv_call *call = run->call;
    pv_order *order = run->order;
    const pv_order_item_input *input = run->request->items[index];
    if (pv_is_empty(input->item_id) == pv_is_empty(input->mpn)) {
        return pv_order_input_invalid(call, order->kind, "items",
                                      "item %zu must be named by either id or mpn", index);
    }
    pv_item *item = NULL;
    PV_TRY(find_item(run, input, &item));
    PV_TRY(check_quantity(call, item, input, order->kind == PV_ORDER_KIND_PURCHASE));
    pv_order_item *entry = NULL;
    PV_TRY(entry_of(call, order, item, &entry));
    size_t position = 0;
    while (order->items[position] != entry) { position++; }
    if (run->seen[position]) {
        return pv_order_input_invalid(call, order->kind, "items", "%s is given twice", item->mpn);
    }
    run->seen[position] = true;
    entry->unlimited = input->unlimited;
    return decimal_of(call, number_of(input->quantity), &entry->quantity);
}

pv_status pv_items_merge(pv_call *call, const pv_product *product,
                         const pv_create_order_request *request, pv_order *order, bool *ret_changed)
{
    size_t room = order->n_items + request->n_items;
    pv_order_item **items = pv_arena_zalloc(call->arena, room, sizeof(pv_order_item *));
    merge run = {call, product, request, order, pv_arena_zalloc(call->arena, room, sizeof(bool))};
    if (items == NULL || run.seen == NULL) { return pv_out_of_memory(call); }
    if (order->n_items > 0) {
        memcpy(items, order->items, order->n_items * sizeof(pv_order_item *));
    }
    order->items = items;
    for (size_t i = 0; i < request->n_items; i++) { PV_TRY(merge_one(&run, i)); }
    bool changed = false;
    size_t kept = 0;
    size_t had = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        pv_order_item *entry = order->items[i];
        changed = changed || !same(entry);
        had += is_had(entry) ? 1 : 0;
        if (!same(entry) || is_had(entry)) { order->items[kept++] = entry; }
    }
    order->n_items = kept;
    if (had == 0) {
        return pv_order_input_invalid(
            call, order->kind, "items",
            "nothing would be left; end the subscription with an order of kind CANCEL");
    }
    if (kept > PV_ORDER_ITEMS_MAX) {
        return pv_order_input_invalid(call, order->kind, "items",
                                      "a subscription has at most %d items", PV_ORDER_ITEMS_MAX);
    }
    *ret_changed = changed;
    return pv_ok();
}

pv_status pv_items_start(pv_call *call, const pv_subscription *subscription, pv_order *order)
{
    order->items = pv_arena_zalloc(call->arena, subscription->n_items, sizeof(pv_order_item *));
    if (order->items == NULL) { return pv_out_of_memory(call); }
    order->n_items = subscription->n_items;
    for (size_t i = 0; i < subscription->n_items; i++) {
        const pv_order_item *had = subscription->items[i];
        pv_order_item *entry = NULL;
        PV_TRY(pv_make_part(call, &pv_order_item__info, &entry));
        entry->item_id = had->item_id;
        entry->mpn = had->mpn;
        entry->quantity = had->quantity;
        entry->old_quantity = had->quantity;
        entry->unlimited = had->unlimited;
        entry->old_unlimited = had->unlimited;
        order->items[i] = entry;
    }
    return pv_ok();
}

pv_status pv_items_apply(pv_call *call, const pv_order *order, pv_subscription *subscription)
{
    subscription->n_items = 0;
    subscription->items = pv_arena_zalloc(call->arena, order->n_items, sizeof(pv_order_item *));
    if (subscription->items == NULL) { return pv_out_of_memory(call); }
    for (size_t i = 0; i < order->n_items; i++) {
        const pv_order_item *ordered = order->items[i];
        if (!is_had(ordered)) { continue; }
        pv_order_item *entry = NULL;
        PV_TRY(pv_make_part(call, &pv_order_item__info, &entry));
        entry->item_id = ordered->item_id;
        entry->mpn = ordered->mpn;
        entry->quantity = ordered->quantity;
        entry->unlimited = ordered->unlimited;
        subscription->items[subscription->n_items++] = entry;
    }
    return pv_ok();
}
