#include "client/demo/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

enum { CURRENCIES_MAX = 16, PADDED_SIZE = PV_DECIMAL_TEXT_SIZE + PV_DECIMAL_SCALE };

typedef struct total {
    const char *currency;
    pv_decimal amount;
} total;

static size_t sum(const usage_charges *charges, total *totals)
{
    size_t count = 0;
    for (size_t i = 0; i < charges->count; i++) {
        size_t at = 0;
        while (at < count && strcmp(totals[at].currency, charges->rows[i].currency) != 0) { at++; }
        if (at == count) {
            PV_ASSERT(count < CURRENCIES_MAX);
            totals[count++] = (total){.currency = charges->rows[i].currency};
        }
        bool in_range =
            pv_decimal_add(totals[at].amount, charges->rows[i].amount, &totals[at].amount);
        PV_ASSERT(in_range);
    }
    return count;
}

static const char *text_of_amount(pv_decimal amount, char *text)
{
    pv_decimal_format(amount, text);
    return text;
}

/* The amount with its decimals padded with blanks, so that the points of a column stand below each other. */
static const char *padded_amount(pv_decimal amount, unsigned scale, char *text)
{
    size_t size = pv_decimal_format(amount, text);
    unsigned has = pv_decimal_scale(amount);
    for (unsigned i = has == 0 ? 0 : has + 1; i < scale + 1 && size + 1 < PADDED_SIZE; i++) {
        text[size++] = ' ';
    }
    text[size] = '\0';
    return text;
}

static void print_refusals(const survey *seen)
{
    if (seen->refusal_count == 0) { return; }
    printf("\n%zu rows were refused:\n", seen->refusal_count);
    for (size_t i = 0; i < seen->refusal_count; i++) {
        const survey_refusal *refused = &seen->refusals[i];
        printf("  row %" PRIu64 ", line %" PRIu64 ", column %s: %s\n", refused->number,
               refused->line, refused->column, refused->reason);
    }
}

void summary_print(const survey *seen, const usage_charges *charges)
{
    char text[PADDED_SIZE];
    unsigned scale = 0;
    for (size_t i = 0; i < charges->count; i++) {
        unsigned has = pv_decimal_scale(charges->rows[i].amount);
        scale = has > scale ? has : scale;
    }
    printf("\n%-12s %-28s %-8s %8s %24s\n", "VENDOR", "CUSTOMER", "PERIOD", "RECORDS", "AMOUNT");
    for (size_t i = 0; i < charges->count; i++) {
        const usage_charge *charge = &charges->rows[i];
        printf("%-12.12s %-28.28s %-8s %8" PRIu64 " %20s %s\n", seen->vendors[charge->vendor].name,
               charge->customer, charge->period, charge->records,
               padded_amount(charge->amount, scale, text), charge->currency);
    }
    total totals[CURRENCIES_MAX] = {{0}};
    size_t count = sum(charges, totals);
    for (size_t i = 0; i < count; i++) {
        printf("%-12s %-28s %-8s %8zu %20s %s\n", "TOTAL", "", "", seen->accepted,
               padded_amount(totals[i].amount, scale, text), totals[i].currency);
    }
    print_refusals(seen);
}

static json_t *charges_json(const survey *seen, const usage_charges *charges)
{
    json_t *list = json_array();
    char text[PV_DECIMAL_TEXT_SIZE];
    for (size_t i = 0; i < charges->count; i++) {
        const usage_charge *charge = &charges->rows[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "vendor",
                                              seen->vendors[charge->vendor].name, "customer",
                                              charge->customer, "sub_account", charge->sub_account,
                                              "subscription", charge->subscription_id, "period",
                                              charge->period, "currency", charge->currency,
                                              "amount", text_of_amount(charge->amount, text),
                                              "records", (json_int_t)charge->records));
    }
    return list;
}

static json_t *refused_json(const survey *seen)
{
    json_t *list = json_array();
    for (size_t i = 0; i < seen->refusal_count; i++) {
        const survey_refusal *refused = &seen->refusals[i];
        json_array_append_new(list,
                              json_pack("{s:I, s:I, s:s, s:s}", "row", (json_int_t)refused->number,
                                        "line", (json_int_t)refused->line, "column",
                                        refused->column, "reason", refused->reason));
    }
    return list;
}

bool summary_write(const survey *seen, const usage_charges *charges, const char *path)
{
    total totals[CURRENCIES_MAX] = {{0}};
    size_t count = sum(charges, totals);
    json_t *sums = json_object();
    char text[PV_DECIMAL_TEXT_SIZE];
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(sums, totals[i].currency,
                            json_string(text_of_amount(totals[i].amount, text)));
    }
    json_t *whole =
        json_pack("{s:o, s:o, s:I, s:o}", "charges", charges_json(seen, charges), "totals", sums,
                  "accepted_rows", (json_int_t)seen->accepted, "refused", refused_json(seen));
    bool written = whole != NULL && json_dump_file(whole, path, JSON_INDENT(2)) == 0;
    json_decref(whole);
    if (!written) { fprintf(stderr, "demo: %s cannot be written\n", path); }
    return written;
}
