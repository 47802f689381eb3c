#include "server/flows/usage/resolve.h"

#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"
#include "server/flows/order/params.h"
#include "server/flows/product/products.h"
#include "server/flows/usage/table.h"

/* Ended subscriptions with the same external id that are looked at. */
enum { ENDED_MAX = 200 };

/* How a record names a thing; part of what is remembered. */
typedef enum way { BY_ID = 0, BY_KEY = 1, BY_PARAMETER = 2 } way;

typedef struct item_entry {
    way named;
    pv_view key;
    usage_item item;
} item_entry;

typedef struct subscription_entry {
    way named;
    pv_view name; /* of the parameter */
    pv_view key;
    usage_subscription subscription;
} subscription_entry;

struct usage_resolver {
    pv_arena *arena; /* of the stream */
    uint64_t seed;
    pv_product *product;
    const char *contract_id;
    pv_id vendor;
    item_entry *items;
    usage_table item_table;
    subscription_entry *subscriptions;
    usage_table subscription_table;
};

int64_t usage_utc_ns(const Google__Protobuf__Timestamp *time)
{
    pv_time instant;
    return pv_time_of(time, &instant) ? instant.utc_ns : INT64_MIN;
}

pv_status usage_resolver_create(pv_call *call, const pv_usage_report *report, uint64_t seed,
                                usage_resolver **ret_resolver)
{
    usage_resolver *resolver = pv_arena_zalloc(call->arena, 1, sizeof *resolver);
    if (resolver == NULL) { return pv_out_of_memory(call); }
    resolver->arena = call->arena;
    resolver->seed = seed;
    resolver->contract_id = report->contract_id;
    resolver->vendor = pv_id_of(&pv_account__object, report->vendor_id);
    PV_TRY(pv_fetch(call, &pv_product__object, report->product_id, &resolver->product));
    resolver->items = pv_arena_zalloc(call->arena, USAGE_ITEMS_REMEMBERED, sizeof(item_entry));
    resolver->subscriptions =
        pv_arena_zalloc(call->arena, USAGE_SUBSCRIPTIONS_REMEMBERED, sizeof(subscription_entry));
    if (resolver->items == NULL || resolver->subscriptions == NULL ||
        !usage_table_init(&resolver->item_table, call->arena, USAGE_ITEMS_REMEMBERED) ||
        !usage_table_init(&resolver->subscription_table, call->arena,
                          USAGE_SUBSCRIPTIONS_REMEMBERED)) {
        return pv_out_of_memory(call);
    }
    *ret_resolver = resolver;
    return pv_ok();
}

/* --- items --- */

typedef struct item_search {
    const item_entry *entries;
    way named;
    pv_view key;
} item_search;

static bool same_item(const void *context, uint32_t index)
{
    const item_search *wanted = context;
    const item_entry *entry = &wanted->entries[index];
    return entry->named == wanted->named && pv_view_equal(entry->key, wanted->key);
}

static void remember_item(usage_resolver *resolver, const item_search *wanted, uint32_t slot,
                          const usage_item *item)
{
    if (resolver->item_table.count == resolver->item_table.limit) { return; }
    const char *key = pv_arena_dup(resolver->arena, wanted->key);
    if (key == NULL) { return; } /* then it is looked up again */
    uint32_t index = resolver->item_table.count;
    resolver->items[index] = (item_entry){wanted->named, pv_view_of(key, wanted->key.size), *item};
    usage_table_add(&resolver->item_table, slot, index);
}

/* Decodes into the memory of this step. */
static pv_status lookup_item(pv_call *call, const usage_resolver *resolver,
                             const pv_usage_record *record, way named, usage_item *ret_item)
{
    pv_item *item = NULL;
    pv_arena *stream = call->arena;
    call->arena = call->scratch;
    pv_status status = named == BY_ID
                           ? pv_item_find(call, resolver->product, record->item_id, &item)
                           : pv_item_find_by_mpn(call, resolver->product, record->mpn, &item);
    call->arena = stream;
    PV_TRY(status);
    ret_item->id = pv_id_of(&pv_item__object, item->id);
    pv_id_format(pv_item__object.id_prefix, ret_item->id, ret_item->id_text);
    ret_item->quantity_scale = item->quantity_scale;
    ret_item->metered = item->type == PV_ITEM_TYPE_PAY_AS_YOU_GO;
    return pv_ok();
}

pv_status usage_resolve_item(pv_call *call, usage_resolver *resolver, const pv_usage_record *record,
                             usage_found *ret_found, usage_item *ret_item)
{
    way named = pv_is_empty(record->item_id) ? BY_KEY : BY_ID;
    item_search wanted = {resolver->items, named,
                          pv_view_text(named == BY_ID ? record->item_id : record->mpn)};
    uint64_t hash = usage_hash(resolver->seed + (uint64_t)named, wanted.key);
    uint32_t slot = 0;
    uint32_t index = usage_table_find(&resolver->item_table, hash, same_item, &wanted, &slot);
    *ret_found = USAGE_FOUND;
    if (index != USAGE_TABLE_NONE) {
        *ret_item = resolver->items[index].item;
        return pv_ok();
    }
    pv_status status = lookup_item(call, resolver, record, named, ret_item);
    if (status.code == PV_CODE_NOT_FOUND) {
        *ret_found = USAGE_UNKNOWN;
        return pv_ok();
    }
    PV_TRY(status);
    remember_item(resolver, &wanted, slot, ret_item);
    return pv_ok();
}

/* --- subscriptions --- */

typedef struct subscription_search {
    const subscription_entry *entries;
    way named;
    pv_view name;
    pv_view key;
} subscription_search;

static bool same_subscription(const void *context, uint32_t index)
{
    const subscription_search *wanted = context;
    const subscription_entry *entry = &wanted->entries[index];
    return entry->named == wanted->named && pv_view_equal(entry->key, wanted->key) &&
           pv_view_equal(entry->name, wanted->name);
}

static void remember_subscription(usage_resolver *resolver, const subscription_search *wanted,
                                  uint32_t slot, const usage_subscription *subscription)
{
    if (resolver->subscription_table.count == resolver->subscription_table.limit) { return; }
    const char *name = pv_arena_dup(resolver->arena, wanted->name);
    const char *key = pv_arena_dup(resolver->arena, wanted->key);
    if (name == NULL || key == NULL) { return; }
    uint32_t index = resolver->subscription_table.count;
    resolver->subscriptions[index] =
        (subscription_entry){wanted->named, pv_view_of(name, wanted->name.size),
                             pv_view_of(key, wanted->key.size), *subscription};
    usage_table_add(&resolver->subscription_table, slot, index);
}

/* The live one, or the one that has ended if there is only one. */
static pv_status by_external_id(pv_call *call, const usage_resolver *resolver,
                                const pv_usage_record *record, usage_found *ret_found,
                                pv_subscription **ret_subscription)
{
    const pv_object_info *object = &pv_subscription__object;
    pv_condition conditions[] = {
        pv_where(object, "contract_id", resolver->contract_id),
        pv_where(object, "product_id", resolver->product->id),
        pv_where(object, "external_id", record->subscription_external_id),
        pv_where_number(object, "state", PV_SUBSCRIPTION_STATE_TERMINATED),
    };
    const size_t count = sizeof conditions / sizeof conditions[0];
    conditions[count - 1].comparison = PV_LESS;
    pv_status status =
        pv_lookup(call, object, resolver->vendor, conditions, count, ret_subscription);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    conditions[count - 1].comparison = PV_EQUAL;
    pv_subscription **ended = NULL;
    size_t ended_count = 0;
    PV_TRY(pv_collect(call, object, resolver->vendor, conditions, count, ENDED_MAX, &ended,
                      &ended_count));
    size_t fitting = 0;
    for (size_t i = 0; i < ended_count; i++) {
        if (ended[i]->activate_time == NULL) { continue; } /* a purchase that failed */
        *ret_subscription = ended[i];
        fitting++;
    }
    if (fitting != 1) { *ret_found = fitting == 0 ? USAGE_UNKNOWN : USAGE_AMBIGUOUS; }
    return pv_ok();
}

static pv_status by_parameter(pv_call *call, const usage_resolver *resolver,
                              const pv_usage_record *record, usage_found *ret_found,
                              pv_subscription **ret_subscription)
{
    pv_parameter *parameter = NULL;
    PV_TRY(pv_if_any(
        pv_parameter_find(call, resolver->product, record->subscription_parameter, &parameter)));
    if (parameter == NULL || parameter->constraints == NULL || !parameter->constraints->unique) {
        *ret_found = USAGE_NOT_UNIQUE;
        return pv_ok();
    }
    return pv_params_holder(call, resolver->product->id, parameter->name,
                            record->subscription_parameter_value, ret_subscription);
}

static pv_status lookup_subscription(pv_call *call, const usage_resolver *resolver,
                                     const pv_usage_record *record, way named,
                                     usage_found *ret_found, pv_subscription **ret_subscription)
{
    bool is_party = false;
    switch (named) {
    case BY_ID:
        return pv_peek(call, &pv_subscription__object, record->subscription_id, ret_subscription,
                       &is_party);
    case BY_KEY: return by_external_id(call, resolver, record, ret_found, ret_subscription);
    case BY_PARAMETER: return by_parameter(call, resolver, record, ret_found, ret_subscription);
    }
    return pv_status_of(PV_CODE_NOT_FOUND);
}

static void describe(const pv_subscription *subscription, usage_subscription *ret_subscription)
{
    ret_subscription->id = pv_id_of(&pv_subscription__object, subscription->id);
    pv_id_format(pv_subscription__object.id_prefix, ret_subscription->id,
                 ret_subscription->id_text);
    ret_subscription->was_active = subscription->activate_time != NULL;
    int64_t end_ns = usage_utc_ns(subscription->terminate_time);
    ret_subscription->terminate_utc_ns = end_ns == INT64_MIN ? INT64_MAX : end_ns;
}

/* Looks the subscription up in the memory of this step. */
static pv_status find_subscription(pv_call *call, const usage_resolver *resolver,
                                   const pv_usage_record *record, way named, usage_found *ret_found,
                                   usage_subscription *ret_subscription)
{
    pv_subscription *subscription = NULL;
    *ret_found = USAGE_FOUND;
    pv_arena *stream = call->arena;
    call->arena = call->scratch;
    pv_status status = lookup_subscription(call, resolver, record, named, ret_found, &subscription);
    call->arena = stream;
    if (status.code == PV_CODE_NOT_FOUND) {
        *ret_found = USAGE_UNKNOWN;
        return pv_ok();
    }
    PV_TRY(status);
    if (*ret_found != USAGE_FOUND) { return pv_ok(); }
    bool covered = strcmp(subscription->contract_id, resolver->contract_id) == 0 &&
                   strcmp(subscription->product_id, resolver->product->id) == 0;
    if (!covered) {
        *ret_found = USAGE_UNKNOWN;
        return pv_ok();
    }
    describe(subscription, ret_subscription);
    return pv_ok();
}

pv_status usage_resolve_subscription(pv_call *call, usage_resolver *resolver,
                                     const pv_usage_record *record, usage_found *ret_found,
                                     usage_subscription *ret_subscription)
{
    subscription_search wanted = {resolver->subscriptions, BY_ID, pv_view_of(NULL, 0),
                                  pv_view_text(record->subscription_id)};
    if (!pv_is_empty(record->subscription_parameter)) {
        wanted.named = BY_PARAMETER;
        wanted.name = pv_view_text(record->subscription_parameter);
        wanted.key = pv_view_text(record->subscription_parameter_value);
    } else if (!pv_is_empty(record->subscription_external_id)) {
        wanted.named = BY_KEY;
        wanted.key = pv_view_text(record->subscription_external_id);
    }
    uint64_t hash =
        usage_hash(usage_hash(resolver->seed + (uint64_t)wanted.named, wanted.name), wanted.key);
    uint32_t slot = 0;
    uint32_t index =
        usage_table_find(&resolver->subscription_table, hash, same_subscription, &wanted, &slot);
    *ret_found = USAGE_FOUND;
    if (index != USAGE_TABLE_NONE) {
        *ret_subscription = resolver->subscriptions[index].subscription;
        return pv_ok();
    }
    PV_TRY(find_subscription(call, resolver, record, wanted.named, ret_found, ret_subscription));
    if (*ret_found == USAGE_FOUND) {
        remember_subscription(resolver, &wanted, slot, ret_subscription);
    }
    return pv_ok();
}
