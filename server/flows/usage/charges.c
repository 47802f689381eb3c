#include "server/flows/usage/charges.h"

#include "purvey/order/v1/subscription.pv.h"
#include "purvey/usage/v1/charge.pv.h"
#include "server/flows/make.h"
#include "server/flows/usage/sums.h"

/* Memory for one charge: a subscription with 400 items and a charge with as many lines, decoded and
 * packed. */
enum { CHARGE_BYTES_MAX = 4 * 1024 * 1024 };

/* The lines of one subscription: neighbours in the sorted list. */
typedef struct group {
    const usage_line *const *lines;
    size_t count;
} group;

/* By subscription, then item: the same list whatever the order of upload. */
static bool comes_before(const usage_line *a, const usage_line *b)
{
    int order = memcmp(a->subscription.bytes, b->subscription.bytes, PV_ID_SIZE);
    if (order == 0) { order = memcmp(a->item.bytes, b->item.bytes, PV_ID_SIZE); }
    return order < 0;
}

static void sift_down(const usage_line **lines, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && comes_before(lines[child], lines[child + 1])) { child++; }
        if (!comes_before(lines[root], lines[child])) { return; }
        const usage_line *line = lines[root];
        lines[root] = lines[child];
        lines[child] = line;
    }
}

/* Heap sort: no memory, and no order of upload makes it slow. */
static void sort(const usage_line **lines, size_t count)
{
    for (size_t i = count / 2; i > 0; i--) { sift_down(lines, i - 1, count); }
    for (size_t end = count; end > 1; end--) {
        const usage_line *line = lines[0];
        lines[0] = lines[end - 1];
        lines[end - 1] = line;
        sift_down(lines, 0, end - 1);
    }
}

static pv_status make_decimal(pv_call *call, pv_decimal number, pv_common_decimal **ret_decimal)
{
    char text[PV_DECIMAL_TEXT_SIZE];
    (void)pv_decimal_format(number, text);
    PV_TRY(pv_make_part(call, &pv_common_decimal__info, ret_decimal));
    return pv_text(call, text, &(*ret_decimal)->value);
}

static pv_status make_tier_amounts(pv_call *call, const pv_decimal amounts[USAGE_TIERS],
                                   size_t *ret_count, pv_tier_amount ***ret_amounts)
{
    *ret_count = USAGE_TIERS;
    *ret_amounts = pv_arena_zalloc(call->arena, USAGE_TIERS, sizeof(pv_tier_amount *));
    if (*ret_amounts == NULL) { return pv_out_of_memory(call); }
    for (uint32_t i = 0; i < USAGE_TIERS; i++) {
        char text[PV_DECIMAL_TEXT_SIZE];
        (void)pv_decimal_format(amounts[i], text);
        PV_TRY(pv_make_part(call, &pv_tier_amount__info, &(*ret_amounts)[i]));
        (*ret_amounts)[i]->tier = i;
        PV_TRY(pv_text(call, text, &(*ret_amounts)[i]->amount));
    }
    return pv_ok();
}

static bool has_amount(pv_usage_schema schema)
{
    return schema == PV_USAGE_SCHEMA_CR || schema == PV_USAGE_SCHEMA_PR;
}

static pv_status make_line(pv_call *call, pv_usage_schema schema, const usage_line *sum,
                           pv_charge_line **ret_line)
{
    pv_charge_line *line = NULL;
    PV_TRY(pv_make_part(call, &pv_charge_line__info, &line));
    char item[PV_ID_TEXT_SIZE];
    pv_id_format("itm", sum->item, item);
    PV_TRY(pv_text(call, item, &line->item_id));
    PV_TRY(make_decimal(call, sum->quantity, &line->quantity));
    line->record_count = sum->records;
    if (has_amount(schema)) { PV_TRY(make_decimal(call, sum->amounts[0], &line->amount)); }
    if (schema == PV_USAGE_SCHEMA_TR) {
        PV_TRY(make_tier_amounts(call, sum->amounts, &line->n_tier_amounts, &line->tier_amounts));
    }
    *ret_line = line;
    return pv_ok();
}

/* The lines and their sums. A sum that leaves the range of a decimal cannot be billed as one
 * charge. */
static pv_status add_lines(pv_call *call, group of, pv_charge *charge)
{
    charge->lines = pv_arena_zalloc(call->arena, of.count, sizeof(pv_charge_line *));
    if (charge->lines == NULL) { return pv_out_of_memory(call); }
    charge->n_lines = of.count;
    pv_decimal totals[USAGE_TIERS] = {{0}};
    for (size_t i = 0; i < of.count; i++) {
        PV_TRY(make_line(call, charge->schema, of.lines[i], &charge->lines[i]));
        charge->record_count += of.lines[i]->records;
        for (size_t tier = 0; tier < USAGE_TIERS; tier++) {
            if (!pv_decimal_add(totals[tier], of.lines[i]->amounts[tier], &totals[tier])) {
                return pv_refuse(&call->error, &pv_error_reason_charge_too_large,
                                 "The charge of %s has more than 18 digits before the point.",
                                 charge->subscription_id);
            }
        }
    }
    if (has_amount(charge->schema)) {
        PV_TRY(pv_make_part(call, &pv_common_money__info, &charge->amount));
        charge->amount->currency = charge->currency;
        PV_TRY(make_decimal(call, totals[0], &charge->amount->amount));
    }
    if (charge->schema == PV_USAGE_SCHEMA_TR) {
        PV_TRY(make_tier_amounts(call, totals, &charge->n_tier_amounts, &charge->tier_amounts));
    }
    return pv_ok();
}

static pv_status make_charge(pv_call *call, const pv_usage_report *report, group of)
{
    char id[PV_ID_TEXT_SIZE];
    pv_id_format(pv_subscription__object.id_prefix, of.lines[0]->subscription, id);
    pv_subscription *subscription = NULL;
    PV_TRY(pv_fetch(call, &pv_subscription__object, id, &subscription));
    pv_charge *charge = NULL;
    PV_TRY(pv_make(call, &pv_charge__object, &charge));
    charge->vendor_id = report->vendor_id;
    charge->distributor_id = report->distributor_id;
    charge->report_id = report->id;
    charge->subscription_id = subscription->id;
    charge->subscription_external_id = subscription->external_id;
    charge->customer_id = subscription->customer_id;
    charge->customer_name = subscription->tiers->customer->name;
    charge->product_id = report->product_id;
    charge->contract_id = report->contract_id;
    charge->period_start = report->period_start;
    charge->period_end = report->period_end;
    charge->schema = report->schema;
    charge->currency = report->currency;
    charge->external_billing_id = report->external_billing_id;
    PV_TRY(add_lines(call, of, charge));
    return pv_save(call, &pv_charge__object, charge);
}

static pv_status sorted_lines(pv_call *call, const pv_usage_report *report,
                              const usage_line ***ret_lines, size_t *ret_count)
{
    pv_id id = pv_id_of(&pv_usage_report__object, report->id);
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, id, &ledger));
    usage_sums *sums = NULL;
    PV_TRY(usage_sums_create(call, 0, &sums));
    PV_TRY(usage_sums_load(call, sums, id, &ledger));
    uint32_t count = usage_sums_count(sums);
    const usage_line **lines = pv_arena_zalloc(call->arena, count, sizeof(usage_line *));
    if (lines == NULL) { return pv_out_of_memory(call); }
    for (uint32_t i = 0; i < count; i++) { lines[i] = usage_sums_at(sums, i); }
    sort(lines, count);
    *ret_lines = lines;
    *ret_count = count;
    return pv_ok();
}

/* A charge needs memory only while it is made; a report has up to a thousand. */
static pv_status make_all(pv_call *call, const pv_usage_report *report,
                          const usage_line *const *lines, size_t count, pv_arena *work,
                          uint32_t *ret_count)
{
    *ret_count = 0;
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count; end++) {
            if (!pv_id_equal(lines[end]->subscription, lines[first]->subscription)) { break; }
        }
        pv_arena *kept = call->arena;
        pv_arena_reset(work);
        call->arena = work;
        pv_status status = make_charge(call, report, (group){lines + first, end - first});
        call->arena = kept;
        PV_TRY(status);
        ++*ret_count;
    }
    return pv_ok();
}

pv_status usage_make_charges(pv_call *call, const pv_usage_report *report, uint32_t *ret_count)
{
    const usage_line **lines = NULL;
    size_t count = 0;
    PV_TRY(sorted_lines(call, report, &lines, &count));
    pv_arena *work = pv_arena_create(CHARGE_BYTES_MAX);
    pv_status status = make_all(call, report, lines, count, work, ret_count);
    pv_arena_destroy(work);
    return status;
}
