#include "client/demo/survey.h"

#include <inttypes.h>
#include <stdio.h>

/* A growing array in the arena: doubles and copies; the old ones stay until the arena ends. */
static void *grow(pv_arena *arena, void *array, size_t count, size_t size)
{
    bool is_power = (count & (count - 1)) == 0;
    if (!is_power) { return array; }
    void *larger = pv_arena_zalloc(arena, count == 0 ? 1 : 2 * count, size);
    PV_ASSERT(larger != NULL);
    if (count > 0) { memcpy(larger, array, count * size); }
    return larger;
}

#define GROW(seen, array, count) \
    ((seen)->array = grow((seen)->arena, (seen)->array, (seen)->count, sizeof *(seen)->array))

static const char *keep(survey *seen, const char *text)
{
    const char *copy = pv_arena_dup(seen->arena, pv_view_text(text));
    PV_ASSERT(copy != NULL);
    return copy;
}

static size_t vendor_of(survey *seen, const pv_focus_row *row)
{
    for (size_t i = 0; i < seen->vendor_count; i++) {
        if (strcmp(seen->vendors[i].name, row->provider_name) == 0) { return i; }
    }
    GROW(seen, vendors, vendor_count);
    seen->vendors[seen->vendor_count] = (survey_vendor){.name = keep(seen, row->provider_name)};
    return seen->vendor_count++;
}

static size_t item_of(survey *seen, size_t vendor, const pv_focus_row *row)
{
    for (size_t i = 0; i < seen->item_count; i++) {
        const survey_item *item = &seen->items[i];
        if (item->vendor == vendor && strcmp(item->sku, row->sku_id) == 0 &&
            strcmp(item->unit, row->consumed_unit) == 0) {
            return i;
        }
    }
    GROW(seen, items, item_count);
    const char *mpn = pv_arena_printf(seen->arena, "%s/%s", row->sku_id, row->consumed_unit);
    PV_ASSERT(mpn != NULL);
    seen->items[seen->item_count] = (survey_item){
        .vendor = vendor,
        .sku = keep(seen, row->sku_id),
        .unit = keep(seen, row->consumed_unit),
        .service = keep(seen, *row->service_name == '\0' ? row->sku_id : row->service_name),
        .mpn = mpn,
    };
    return seen->item_count++;
}

static size_t customer_of(survey *seen, const pv_focus_row *row)
{
    for (size_t i = 0; i < seen->customer_count; i++) {
        if (strcmp(seen->customers[i].sub_account, row->sub_account_id) == 0) { return i; }
    }
    GROW(seen, customers, customer_count);
    const char *name = *row->sub_account_name == '\0' ? row->sub_account_id : row->sub_account_name;
    seen->customers[seen->customer_count] =
        (survey_customer){.sub_account = keep(seen, row->sub_account_id), .name = keep(seen, name)};
    return seen->customer_count++;
}

static survey_subscription *subscription_of(survey *seen, size_t vendor, size_t customer)
{
    for (size_t i = 0; i < seen->subscription_count; i++) {
        survey_subscription *known = &seen->subscriptions[i];
        if (known->vendor == vendor && known->customer == customer) { return known; }
    }
    GROW(seen, subscriptions, subscription_count);
    survey_subscription *added = &seen->subscriptions[seen->subscription_count++];
    *added = (survey_subscription){.vendor = vendor, .customer = customer};
    return added;
}

static void use_item(survey *seen, survey_subscription *subscription, size_t item)
{
    for (size_t i = 0; i < subscription->item_count; i++) {
        if (subscription->items[i] == item) { return; }
    }
    subscription->items =
        grow(seen->arena, subscription->items, subscription->item_count, sizeof(size_t));
    subscription->items[subscription->item_count++] = item;
}

static survey_report *report_of(survey *seen, size_t vendor, const pv_focus_row *row)
{
    for (size_t i = 0; i < seen->report_count; i++) {
        survey_report *known = &seen->reports[i];
        if (known->vendor == vendor &&
            known->billing_start.utc_ns == row->billing_period_start.utc_ns &&
            strcmp(known->currency, row->billing_currency) == 0) {
            return known;
        }
    }
    GROW(seen, reports, report_count);
    survey_report *added = &seen->reports[seen->report_count++];
    *added = (survey_report){
        .vendor = vendor,
        .currency = keep(seen, row->billing_currency),
        .billing_start = row->billing_period_start,
        .start = row->billing_period_start,
        .end = row->billing_period_end,
    };
    return added;
}

static void take_accepted(survey *seen, const pv_focus_row *row)
{
    seen->accepted++;
    if (seen->currency == NULL) { seen->currency = keep(seen, row->billing_currency); }
    size_t vendor = vendor_of(seen, row);
    seen->vendors[vendor].rows++;
    size_t item = item_of(seen, vendor, row);
    unsigned scale = pv_decimal_scale(row->consumed_quantity);
    if (scale > seen->items[item].scale) { seen->items[item].scale = scale; }
    use_item(seen, subscription_of(seen, vendor, customer_of(seen, row)), item);
    survey_report *report = report_of(seen, vendor, row);
    report->rows++;
    if (row->charge_period_start.utc_ns < report->start.utc_ns) {
        report->start = row->charge_period_start;
    }
    if (row->charge_period_end.utc_ns > report->end.utc_ns) {
        report->end = row->charge_period_end;
    }
}

static void take_refused(survey *seen, const pv_focus_row *row)
{
    GROW(seen, refusals, refusal_count);
    seen->refusals[seen->refusal_count++] = (survey_refusal){
        .number = row->number,
        .line = row->line,
        .column = pv_focus_column_name(row->refusal.column),
        .reason = keep(seen, row->refusal.reason),
    };
}

bool survey_read(pv_arena *arena, const char *path, survey *ret_survey)
{
    survey seen = {.arena = arena, .path = path};
    pv_focus *focus = NULL;
    pv_focus_row row;
    bool found = false;
    pv_status status = pv_focus_open(arena, path, &focus);
    while (pv_is_ok(status) && pv_is_ok(status = pv_focus_next(focus, &found, &row)) && found) {
        if (row.refusal.kind == PV_FOCUS_ACCEPTED) {
            take_accepted(&seen, &row);
        } else {
            take_refused(&seen, &row);
        }
    }
    if (!pv_is_ok(status)) { fprintf(stderr, "demo: %s: %s\n", path, pv_focus_fault_of(focus)); }
    pv_focus_close(focus);
    if (pv_is_ok(status) && seen.accepted == 0) {
        fprintf(stderr, "demo: %s: no row is plain usage\n", path);
        return false;
    }
    *ret_survey = seen;
    return pv_is_ok(status);
}

bool survey_report_of(const survey *seen, const pv_focus_row *row, size_t *ret_report)
{
    for (size_t i = 0; i < seen->report_count; i++) {
        const survey_report *report = &seen->reports[i];
        if (report->billing_start.utc_ns == row->billing_period_start.utc_ns &&
            strcmp(report->currency, row->billing_currency) == 0 &&
            strcmp(seen->vendors[report->vendor].name, row->provider_name) == 0) {
            *ret_report = i;
            return true;
        }
    }
    return false;
}
