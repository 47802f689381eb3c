#include "server/flows/usage/check.h"

#include "base/utf8.h"
#include "server/flows/make.h"

enum { VALUE_SHOWN_MAX = 100 };

/* Greatest amount of a record: 10^16. */
static pv_decimal amount_max(void)
{
    pv_decimal max = {(__int128)INT64_C(10000000000000000) *
                      (__int128)INT64_C(1000000000000000000)};
    return max;
}

/* One record under examination. */
typedef struct examination {
    pv_call *call;
    const usage_rules *rules;
    const pv_usage_record *given;
    usage_verdict *verdict;
    usage_line line; /* what it would add to the sums */
    bool has_item;
    bool has_subscription;
    bool out_of_memory;
} examination;

/* The beginning of the value as it was sent, whole characters only. */
static char *shown(pv_arena *arena, const char *value)
{
    pv_view text = pv_view_text(value);
    size_t end = 0;
    while (end < text.size) {
        size_t next = end;
        uint32_t code_point = 0;
        (void)pv_utf8_next(text, &next, &code_point);
        if (next > VALUE_SHOWN_MAX) { break; }
        end = next;
    }
    return pv_arena_dup(arena, pv_view_of(text.data, end));
}

/* Adds a problem; those beyond the fourth are not told. */
__attribute__((format(printf, 5, 6))) static pv_usage_problem *
object_to(examination *of, pv_usage_problem_code code, const char *column, const char *value,
          const char *format, ...)
{
    pv_arena *arena = of->call->scratch;
    pv_usage_problem *problem = pv_arena_alloc(arena, sizeof *problem);
    va_list arguments;
    va_start(arguments, format);
    char *message = pv_arena_vprintf(arena, format, arguments);
    va_end(arguments);
    char *name = pv_arena_dup(arena, pv_view_text(column));
    char *sent = shown(arena, value);
    if (problem == NULL || message == NULL || name == NULL || sent == NULL) {
        of->out_of_memory = true;
        return NULL;
    }
    *problem = (pv_usage_problem)PV_USAGE_PROBLEM__INIT;
    problem->code = code;
    problem->column = name;
    problem->message = message;
    problem->value = sent;
    pv_usage_record *record = &of->verdict->record;
    if (record->n_problems < USAGE_PROBLEMS_MAX) {
        of->verdict->problems[record->n_problems++] = problem;
    }
    return problem;
}

static void missing(examination *of, const char *column, const char *why)
{
    (void)object_to(of, PV_USAGE_PROBLEM_CODE_FIELD_MISSING, column, "", "%s is missing: %s.",
                    column, why);
}

static void unexpected(examination *of, const char *column, const char *value, const char *why)
{
    (void)object_to(of, PV_USAGE_PROBLEM_CODE_FIELD_UNEXPECTED, column, value,
                    "%s must be empty: %s.", column, why);
}

/* Reads a number of at least zero. */
static bool take_number(examination *of, const char *column, const char *text,
                        pv_decimal *ret_number)
{
    if (!pv_decimal_parse(pv_view_text(text), ret_number)) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_NUMBER_INVALID, column, text,
                        "%s must be a number with up to 18 digits before and 18 behind the point.",
                        column);
        return false;
    }
    if (ret_number->units < 0) {
        (void)object_to(
            of, PV_USAGE_PROBLEM_CODE_NUMBER_NEGATIVE, column, text,
            "%s must not be below zero; settle credits and refunds outside of the report.", column);
        return false;
    }
    return true;
}

static bool take_amount(examination *of, const char *column, const char *text,
                        pv_decimal *ret_amount)
{
    if (!take_number(of, column, text, ret_amount)) { return false; }
    if (ret_amount->units <= amount_max().units) { return true; }
    (void)object_to(of, PV_USAGE_PROBLEM_CODE_AMOUNT_TOO_LARGE, column, text,
                    "%s must not be above 10^16.", column);
    return false;
}

/* --- record id --- */

static pv_status object_to_duplicate(examination *of, usage_seen first)
{
    char report[PV_ID_TEXT_SIZE];
    pv_id_format(pv_usage_report__object.id_prefix, first.report, report);
    bool here = pv_id_equal(first.report, of->rules->report);
    pv_usage_problem *problem =
        object_to(of, PV_USAGE_PROBLEM_CODE_DUPLICATE, "record_id", of->given->record_id,
                  "This record is already record %llu of %s.", (unsigned long long)first.number,
                  here ? "this report" : report);
    if (problem == NULL) { return pv_ok(); }
    problem->first_number = first.number;
    problem->first_report_id = pv_arena_dup(of->call->scratch, pv_view_text(report));
    return problem->first_report_id == NULL ? pv_out_of_memory(of->call) : pv_ok();
}

static pv_status check_record_id(examination *of, usage_seen first)
{
    const char *id = of->given->record_id;
    if (pv_is_empty(id)) {
        missing(of, "record_id", "a record needs a key that tells it from all others");
    } else if (!usage_record_id_is_valid(pv_view_text(id))) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_TEXT_INVALID, "record_id", id,
                        "record_id must be at most %d characters of one line.",
                        USAGE_RECORD_ID_MAX);
    } else if (!pv_id_is_zero(first.report)) {
        return object_to_duplicate(of, first);
    }
    return pv_ok();
}

/* --- item and quantity --- */

static pv_status check_item(examination *of, usage_resolver *resolver)
{
    const pv_usage_record *given = of->given;
    if (pv_is_empty(given->item_id) && pv_is_empty(given->mpn)) {
        missing(of, "mpn", "name the item by mpn or item_id");
        return pv_ok();
    }
    if (!pv_is_empty(given->item_id) && !pv_is_empty(given->mpn)) {
        unexpected(of, "item_id", given->item_id, "the item is named by mpn");
        return pv_ok();
    }
    const char *column = pv_is_empty(given->item_id) ? "mpn" : "item_id";
    const char *key = pv_is_empty(given->item_id) ? given->mpn : given->item_id;
    usage_found found;
    PV_TRY(usage_resolve_item(of->call, resolver, given, &found, &of->verdict->item));
    if (found != USAGE_FOUND) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_ITEM_UNKNOWN, column, key,
                        "The product has no published item \"%s\".", key);
    } else if (!of->verdict->item.metered) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_ITEM_NOT_METERED, column, key,
                        "Item \"%s\" is ordered in advance; its use is not billed.", key);
    } else {
        of->has_item = true;
    }
    return pv_ok();
}

static void check_quantity(examination *of)
{
    const char *text = of->given->quantity;
    if (pv_is_empty(text)) {
        missing(of, "quantity", "say how much was used");
        return;
    }
    if (!take_number(of, "quantity", text, &of->line.quantity)) { return; }
    unsigned scale = pv_decimal_scale(of->line.quantity);
    if (of->has_item && scale > of->verdict->item.quantity_scale) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_TOO_MANY_DECIMALS, "quantity", text,
                        "quantity has %u decimals; the item has at most %u.", scale,
                        of->verdict->item.quantity_scale);
    }
    (void)pv_decimal_format(of->line.quantity, of->verdict->quantity);
    of->verdict->record.quantity = of->verdict->quantity;
}

/* --- times --- */

static void check_times(examination *of)
{
    const pv_usage_record *given = of->given;
    if (given->start_time == NULL) { missing(of, "start_time", "say since when it was used"); }
    if (given->end_time == NULL) { missing(of, "end_time", "say until when it was used"); }
    if (given->start_time == NULL || given->end_time == NULL) { return; }
    int64_t start_ns = usage_utc_ns(given->start_time);
    int64_t end_ns = usage_utc_ns(given->end_time);
    if (start_ns < of->rules->start_utc_ns) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_OUTSIDE_PERIOD, "start_time", "",
                        "start_time lies before the period of the report.");
    }
    if (end_ns == INT64_MIN || end_ns > of->rules->end_utc_ns) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_OUTSIDE_PERIOD, "end_time", "",
                        "end_time lies behind the period of the report.");
    }
    if (end_ns != INT64_MIN && end_ns <= start_ns) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_TIME_REVERSED, "end_time", "",
                        "end_time must be behind start_time.");
    }
}

/* --- subscription --- */

static pv_status check_subscription(examination *of, usage_resolver *resolver)
{
    const pv_usage_record *given = of->given;
    const char *ways[] = {given->subscription_id, given->subscription_external_id,
                          given->subscription_parameter};
    static const char *const columns[] = {"subscription_id", "subscription_external_id",
                                          "subscription_parameter"};
    size_t named = 0;
    size_t way = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (pv_is_empty(ways[i])) { continue; }
        named++;
        way = i;
    }
    if (named != 1) {
        if (named == 0) {
            missing(of, "subscription_external_id",
                    "name the subscription by id, external id or a parameter");
        } else {
            unexpected(of, columns[way], ways[way], "the subscription is named in another way");
        }
        return pv_ok();
    }
    const char *key = way == 2 ? given->subscription_parameter_value : ways[way];
    usage_found found;
    usage_subscription *subscription = &of->verdict->subscription;
    PV_TRY(usage_resolve_subscription(of->call, resolver, given, &found, subscription));
    if (found == USAGE_FOUND) {
        int64_t start_ns = usage_utc_ns(given->start_time);
        of->has_subscription =
            subscription->was_active && start_ns < subscription->terminate_utc_ns;
        if (!of->has_subscription) {
            (void)object_to(of, PV_USAGE_PROBLEM_CODE_SUBSCRIPTION_NOT_ACTIVE, columns[way], key,
                            subscription->was_active
                                ? "The subscription had ended when the record starts."
                                : "The subscription was never active.");
        }
        return pv_ok();
    }
    pv_usage_problem_code code = found == USAGE_UNKNOWN
                                     ? PV_USAGE_PROBLEM_CODE_SUBSCRIPTION_UNKNOWN
                                     : PV_USAGE_PROBLEM_CODE_SUBSCRIPTION_AMBIGUOUS;
    (void)object_to(of, code, columns[way], key,
                    found == USAGE_UNKNOWN
                        ? "There is no such subscription of the product and contract."
                    : found == USAGE_AMBIGUOUS
                        ? "Several ended subscriptions fit; name one by its id."
                        : "The product has no parameter of this name whose values are unique.");
    return pv_ok();
}

/* --- amounts --- */

static void check_tiers(examination *of)
{
    unsigned seen = 0;
    for (size_t i = 0; i < of->given->n_tier_amounts; i++) {
        const pv_tier_amount *given = of->given->tier_amounts[i];
        if (given->tier >= USAGE_TIERS || (seen >> given->tier & 1U) != 0) {
            unexpected(of, "tier_amounts", given->amount,
                       "tiers are 0, 1 and 2, each at most once");
            return;
        }
        seen |= 1U << given->tier;
        if (!take_amount(of, "tier_amounts", given->amount, &of->line.amounts[given->tier])) {
            return;
        }
    }
}

static void check_amounts(examination *of)
{
    const pv_usage_record *given = of->given;
    bool has_tiers = given->n_tier_amounts > 0;
    bool has_amount = !pv_is_empty(given->amount);
    bool wants_tiers = of->rules->schema == PV_USAGE_SCHEMA_TR;
    bool wants_amount =
        of->rules->schema == PV_USAGE_SCHEMA_CR || of->rules->schema == PV_USAGE_SCHEMA_PR;
    if (!pv_is_empty(given->currency) && strcmp(given->currency, of->rules->currency) != 0) {
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_CURRENCY, "currency", given->currency,
                        "The currency of the report is %s.", of->rules->currency);
    }
    if (has_amount && !wants_amount) {
        unexpected(of, "amount", given->amount, "the usage schema has none");
    }
    if (!has_amount && wants_amount) { missing(of, "amount", "the usage schema needs it"); }
    if (has_amount && wants_amount &&
        take_amount(of, "amount", given->amount, &of->line.amounts[0])) {
        (void)pv_decimal_format(of->line.amounts[0], of->verdict->amount);
        of->verdict->record.amount = of->verdict->amount;
    }
    if (has_tiers && !wants_tiers) {
        unexpected(of, "tier_amounts", "", "the usage schema has none");
    }
    if (!has_tiers && wants_tiers) {
        missing(of, "tier_amounts", "the usage schema needs an amount for each tier");
    }
    if (has_tiers && wants_tiers) { check_tiers(of); }
}

/* --- the whole record --- */

static pv_status add_to_sums(examination *of, usage_sums *sums)
{
    of->line.subscription = of->verdict->subscription.id;
    of->line.item = of->verdict->item.id;
    of->line.records = 1;
    switch (usage_sums_add(sums, &of->line)) {
    case USAGE_SUM_OK: break;
    case USAGE_SUM_MEMORY: return pv_out_of_memory(of->call);
    case USAGE_SUM_FULL:
        (void)object_to(of, PV_USAGE_PROBLEM_CODE_REPORT_FULL, "subscription_id", "",
                        "A report has at most %d subscriptions, %d items for each and %d in all; "
                        "use another report.",
                        USAGE_SUBSCRIPTIONS_MAX, USAGE_CHARGE_LINES_MAX, USAGE_LINES_MAX);
        break;
    case USAGE_SUM_OVERFLOW:
        (void)object_to(
            of, PV_USAGE_PROBLEM_CODE_SUM_TOO_LARGE, "amount", of->given->amount,
            "The sum for the subscription would have more than 18 digits before the point.");
        break;
    }
    return pv_ok();
}

pv_status usage_check(pv_call *call, const usage_rules *rules, usage_resolver *resolver,
                      usage_sums *sums, const pv_usage_record *record, uint64_t number,
                      usage_seen first, usage_verdict *ret_verdict)
{
    pv_usage_record *stored = &ret_verdict->record;
    *stored = *record;
    stored->base.n_unknown_fields = 0;
    stored->number = number;
    stored->n_problems = 0;
    stored->problems = ret_verdict->problems;
    examination of = {.call = call, .rules = rules, .given = record, .verdict = ret_verdict};
    PV_TRY(check_record_id(&of, first));
    PV_TRY(check_item(&of, resolver));
    check_quantity(&of);
    check_times(&of);
    PV_TRY(check_subscription(&of, resolver));
    check_amounts(&of);
    if (stored->n_problems == 0) { PV_TRY(add_to_sums(&of, sums)); }
    if (of.out_of_memory) { return pv_out_of_memory(call); }
    if (of.has_item) { stored->item_id = ret_verdict->item.id_text; }
    if (of.has_subscription) { stored->subscription_id = ret_verdict->subscription.id_text; }
    stored->state =
        stored->n_problems == 0 ? PV_USAGE_RECORD_STATE_VALID : PV_USAGE_RECORD_STATE_INVALID;
    return pv_ok();
}
