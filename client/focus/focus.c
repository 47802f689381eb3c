#include "client/focus/focus.h"

#include "base/utf8.h"
#include "client/focus/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
    REQUIRED_COUNT = PV_FOCUS_CHARGE_PERIOD_END + 1,
    QUOTED_BYTES_MAX = 60, /* of a value that is repeated in a reason */
    NUMBER_TEXT_SIZE = 24
};

static const char *const column_names[PV_FOCUS_COLUMN_COUNT] = {
    [PV_FOCUS_CHARGE_CATEGORY] = "ChargeCategory",
    [PV_FOCUS_BILLED_COST] = "BilledCost",
    [PV_FOCUS_CONSUMED_QUANTITY] = "ConsumedQuantity",
    [PV_FOCUS_PROVIDER_NAME] = "ProviderName",
    [PV_FOCUS_SUB_ACCOUNT_ID] = "SubAccountId",
    [PV_FOCUS_SKU_ID] = "SkuId",
    [PV_FOCUS_CONSUMED_UNIT] = "ConsumedUnit",
    [PV_FOCUS_BILLING_CURRENCY] = "BillingCurrency",
    [PV_FOCUS_BILLING_PERIOD_START] = "BillingPeriodStart",
    [PV_FOCUS_BILLING_PERIOD_END] = "BillingPeriodEnd",
    [PV_FOCUS_CHARGE_PERIOD_START] = "ChargePeriodStart",
    [PV_FOCUS_CHARGE_PERIOD_END] = "ChargePeriodEnd",
    [PV_FOCUS_SUB_ACCOUNT_NAME] = "SubAccountName",
    [PV_FOCUS_SERVICE_NAME] = "ServiceName",
    [PV_FOCUS_ID] = "Id",
};

struct pv_focus {
    pv_csv *csv; /* NULL: the file could not be opened */
    int descriptor;
    bool close_descriptor;
    uint64_t row_number;
    size_t
        fields[PV_FOCUS_COLUMN_COUNT]; /* number of the column in the file, from 1; 0: not there */
    char number_text[NUMBER_TEXT_SIZE];
    char reason[PV_FOCUS_REASON_TEXT_SIZE];
    char fault[PV_FOCUS_FAULT_TEXT_SIZE];
};

const char *pv_focus_column_name(pv_focus_column column)
{
    PV_ASSERT(column < PV_FOCUS_COLUMN_COUNT);
    return column_names[column];
}

static const char no_memory[] = "There is not enough memory to read the file.";

const char *pv_focus_fault_of(const pv_focus *focus)
{
    return focus == NULL ? no_memory : focus->fault;
}

uint64_t pv_focus_offset(const pv_focus *focus)
{
    return focus->csv == NULL ? 0 : pv_csv_offset(focus->csv);
}

void pv_focus_close(pv_focus *focus)
{
    if (focus == NULL || !focus->close_descriptor) { return; }
    (void)close(focus->descriptor); /* read only: nothing can be lost */
    focus->close_descriptor = false;
}

__attribute__((format(printf, 3, 4))) static pv_status fail(pv_focus *focus, pv_code code,
                                                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(focus->fault, sizeof focus->fault, format, arguments);
    va_end(arguments);
    PV_ASSERT(length > 0); /* a path that is too long is cut, which is harmless in a sentence */
    return pv_status_of(code);
}

static pv_status fail_as_csv(pv_focus *focus, pv_status status)
{
    const pv_csv_fault *fault = pv_csv_fault_of(focus->csv);
    return fail(focus, status.code, "Line %" PRIu64 ", column %" PRIu64 ": %s", fault->line,
                fault->column, fault->text);
}

static pv_status find_columns(pv_focus *focus, const pv_csv_record *header)
{
    for (size_t i = 0; i < header->field_count; i++) {
        for (size_t column = 0; column < PV_FOCUS_COLUMN_COUNT; column++) {
            if (!pv_view_equal(header->fields[i], pv_view_text(column_names[column]))) { continue; }
            if (focus->fields[column] != 0) {
                return fail(focus, PV_CODE_INVALID_ARGUMENT,
                            "The column %s occurs twice, as columns %zu and %zu.",
                            column_names[column], focus->fields[column], i + 1);
            }
            focus->fields[column] = i + 1;
        }
    }
    return pv_ok();
}

/* All missing columns are named at once: a person wants to mend the export once. */
static pv_status check_columns(pv_focus *focus)
{
    size_t used = 0;
    for (size_t column = 0; column < REQUIRED_COUNT; column++) {
        if (focus->fields[column] != 0) { continue; }
        int length = snprintf(
            focus->fault + used, sizeof focus->fault - used, "%s%s",
            used == 0 ? "These columns of FOCUS 1.0 are missing from the first row: " : ", ",
            column_names[column]);
        PV_ASSERT(length > 0 && (size_t)length < sizeof focus->fault - used);
        used += (size_t)length;
    }
    if (used == 0) { return pv_ok(); }
    PV_ASSERT(used + 2 <= sizeof focus->fault);
    focus->fault[used] = '.';
    focus->fault[used + 1] = '\0';
    return pv_status_of(PV_CODE_INVALID_ARGUMENT);
}

static pv_status open_file(pv_focus *focus, const char *path)
{
    focus->descriptor = STDIN_FILENO;
    if (strcmp(path, "-") == 0) { return pv_ok(); }
    focus->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (focus->descriptor < 0) {
        return fail(focus, PV_CODE_UNAVAILABLE, "%s cannot be opened: %s.", path, strerror(errno));
    }
    focus->close_descriptor = true;
    return pv_ok();
}

pv_status pv_focus_open(pv_arena *arena, const char *path, pv_focus **ret_focus)
{
    PV_ASSERT(path != NULL);
    pv_focus *focus = pv_arena_zalloc(arena, 1, sizeof *focus);
    *ret_focus = focus;
    if (focus == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    PV_TRY(open_file(focus, path));
    if (!pv_is_ok(pv_csv_open(arena, pv_csv_source_of(&focus->descriptor), &focus->csv))) {
        return fail(focus, PV_CODE_RESOURCE_EXHAUSTED, "%s", no_memory);
    }
    pv_csv_record header;
    bool found = false;
    pv_status status = pv_csv_next(focus->csv, &found, &header);
    if (!pv_is_ok(status)) { return fail_as_csv(focus, status); }
    PV_ASSERT(found); /* an empty file is a fault */
    PV_TRY(find_columns(focus, &header));
    return check_columns(focus);
}

/* Refuses the row unless it already is. */
__attribute__((format(printf, 5, 6))) static void refuse(pv_focus *focus, pv_focus_row *row,
                                                         pv_focus_refusal_kind kind,
                                                         pv_focus_column column, const char *format,
                                                         ...)
{
    if (row->refusal.kind != PV_FOCUS_ACCEPTED) { return; }
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(focus->reason, sizeof focus->reason, format, arguments);
    va_end(arguments);
    PV_ASSERT(length > 0 && (size_t)length < sizeof focus->reason);
    row->refusal = (pv_focus_refusal){.kind = kind,
                                      .column = column,
                                      .field = (unsigned)focus->fields[column],
                                      .reason = focus->reason};
}

/* Bytes of the value that go into a reason: whole characters only. */
static int quoted_size(const char *value)
{
    pv_view text = pv_view_text(value);
    if (text.size <= QUOTED_BYTES_MAX) { return (int)text.size; }
    size_t size = QUOTED_BYTES_MAX;
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) { size--; }
    return (int)size;
}

static const char *value_of(const pv_focus *focus, const pv_csv_record *record,
                            pv_focus_column column)
{
    if (focus->fields[column] == 0) { return ""; }
    PV_ASSERT(focus->fields[column] <= record->field_count);
    const char *value = (const char *)record->fields[focus->fields[column] - 1].data;
    return strcmp(value, "NULL") == 0 ? "" : value;
}

static void read_texts(pv_focus *focus, const pv_csv_record *record, pv_focus_row *row)
{
    row->charge_category = value_of(focus, record, PV_FOCUS_CHARGE_CATEGORY);
    row->provider_name = value_of(focus, record, PV_FOCUS_PROVIDER_NAME);
    row->sub_account_id = value_of(focus, record, PV_FOCUS_SUB_ACCOUNT_ID);
    row->sub_account_name = value_of(focus, record, PV_FOCUS_SUB_ACCOUNT_NAME);
    row->sku_id = value_of(focus, record, PV_FOCUS_SKU_ID);
    row->consumed_unit = value_of(focus, record, PV_FOCUS_CONSUMED_UNIT);
    row->service_name = value_of(focus, record, PV_FOCUS_SERVICE_NAME);
    row->billing_currency = value_of(focus, record, PV_FOCUS_BILLING_CURRENCY);
    row->record_id = value_of(focus, record, PV_FOCUS_ID);
    if (row->record_id[0] == '\0') {
        int length =
            snprintf(focus->number_text, sizeof focus->number_text, "%" PRIu64, row->number);
        PV_ASSERT(length > 0 && (size_t)length < sizeof focus->number_text);
        row->record_id = focus->number_text;
    }
}

static void require(pv_focus *focus, pv_focus_row *row, pv_focus_column column, const char *value)
{
    if (value[0] == '\0') {
        refuse(focus, row, PV_FOCUS_REFUSED_MISSING, column, "There is no value.");
    }
}

/* What identifies something: must be there, unless `optional`, and must fit. */
static void check_name(pv_focus *focus, pv_focus_row *row, pv_focus_column column,
                       const char *value, bool optional)
{
    if (!optional) { require(focus, row, column, value); }
    if (pv_utf8_count(pv_view_text(value)) > PV_FOCUS_NAME_MAX) {
        refuse(focus, row, PV_FOCUS_REFUSED_TOO_LONG, column,
               "The value has more than %d characters.", PV_FOCUS_NAME_MAX);
    }
}

static void read_number(pv_focus *focus, const pv_csv_record *record, pv_focus_row *row,
                        pv_focus_column column, pv_decimal *ret_value)
{
    const char *value = value_of(focus, record, column);
    require(focus, row, column, value);
    if (row->refusal.kind != PV_FOCUS_ACCEPTED) { return; }
    switch (pv_focus_number_parse(pv_view_text(value), ret_value)) {
    case PV_FOCUS_NUMBER_OK:
        if (ret_value->units < 0) {
            refuse(focus, row, PV_FOCUS_REFUSED_NEGATIVE, column,
                   "%.*s is below zero: credits and refunds are not usage.", quoted_size(value),
                   value);
        }
        break;
    case PV_FOCUS_NUMBER_MALFORMED:
        refuse(focus, row, PV_FOCUS_REFUSED_NOT_A_NUMBER, column, "\"%.*s\" is not a number.",
               quoted_size(value), value);
        break;
    case PV_FOCUS_NUMBER_TOO_MANY_DECIMALS:
        refuse(focus, row, PV_FOCUS_REFUSED_TOO_MANY_DECIMALS, column,
               "%.*s has more than %d decimals.", quoted_size(value), value, PV_DECIMAL_SCALE);
        break;
    case PV_FOCUS_NUMBER_TOO_LARGE:
        refuse(focus, row, PV_FOCUS_REFUSED_TOO_LARGE, column,
               "%.*s has more than %d digits before the point.", quoted_size(value), value,
               PV_DECIMAL_INTEGER_DIGITS);
        break;
    }
}

static void read_time(pv_focus *focus, const pv_csv_record *record, pv_focus_row *row,
                      pv_focus_column column, pv_time *ret_time)
{
    const char *value = value_of(focus, record, column);
    require(focus, row, column, value);
    if (row->refusal.kind == PV_FOCUS_ACCEPTED && !pv_time_parse(pv_view_text(value), ret_time)) {
        refuse(focus, row, PV_FOCUS_REFUSED_NOT_A_TIME, column,
               "\"%.*s\" is not a time like 2024-09-30T22:00:00Z.", quoted_size(value), value);
    }
}

static void read_period(pv_focus *focus, const pv_csv_record *record, pv_focus_row *row,
                        pv_focus_column start, pv_focus_column end, pv_time *ret_start,
                        pv_time *ret_end)
{
    read_time(focus, record, row, start, ret_start);
    read_time(focus, record, row, end, ret_end);
    if (row->refusal.kind == PV_FOCUS_ACCEPTED && ret_end->utc_ns <= ret_start->utc_ns) {
        refuse(focus, row, PV_FOCUS_REFUSED_END_BEFORE_START, end,
               "The period does not end after %s, %s.", column_names[start],
               value_of(focus, record, start));
    }
}

static bool is_currency(const char *value)
{
    size_t size = 0;
    while (value[size] >= 'A' && value[size] <= 'Z') { size++; }
    return size == 3 && value[3] == '\0';
}

/* Checks in order of pv_focus_column, which is the promise of pv_focus_refusal. */
static void read_row(pv_focus *focus, const pv_csv_record *record, pv_focus_row *row)
{
    read_texts(focus, record, row);
    require(focus, row, PV_FOCUS_CHARGE_CATEGORY, row->charge_category);
    if (strcmp(row->charge_category, "Usage") != 0) {
        refuse(focus, row, PV_FOCUS_REFUSED_NOT_USAGE, PV_FOCUS_CHARGE_CATEGORY,
               "\"%.*s\" is not Usage, and only usage is reported.",
               quoted_size(row->charge_category), row->charge_category);
    }
    read_number(focus, record, row, PV_FOCUS_BILLED_COST, &row->billed_cost);
    read_number(focus, record, row, PV_FOCUS_CONSUMED_QUANTITY, &row->consumed_quantity);
    check_name(focus, row, PV_FOCUS_PROVIDER_NAME, row->provider_name, false);
    check_name(focus, row, PV_FOCUS_SUB_ACCOUNT_ID, row->sub_account_id, false);
    check_name(focus, row, PV_FOCUS_SKU_ID, row->sku_id, false);
    check_name(focus, row, PV_FOCUS_CONSUMED_UNIT, row->consumed_unit, false);
    require(focus, row, PV_FOCUS_BILLING_CURRENCY, row->billing_currency);
    if (!is_currency(row->billing_currency)) {
        refuse(focus, row, PV_FOCUS_REFUSED_NOT_A_CURRENCY, PV_FOCUS_BILLING_CURRENCY,
               "\"%.*s\" is not a currency code of three capital letters.",
               quoted_size(row->billing_currency), row->billing_currency);
    }
    read_period(focus, record, row, PV_FOCUS_BILLING_PERIOD_START, PV_FOCUS_BILLING_PERIOD_END,
                &row->billing_period_start, &row->billing_period_end);
    read_period(focus, record, row, PV_FOCUS_CHARGE_PERIOD_START, PV_FOCUS_CHARGE_PERIOD_END,
                &row->charge_period_start, &row->charge_period_end);
    check_name(focus, row, PV_FOCUS_ID, row->record_id, true);
}

pv_status pv_focus_next(pv_focus *focus, bool *ret_found, pv_focus_row *ret_row)
{
    pv_csv_record record;
    bool found = false;
    pv_status status = pv_csv_next(focus->csv, &found, &record);
    if (!pv_is_ok(status)) { return fail_as_csv(focus, status); }
    *ret_found = found;
    if (!found) { return pv_ok(); }
    focus->row_number++;
    pv_focus_row row = {.number = focus->row_number, .line = record.line};
    read_row(focus, &record, &row);
    *ret_row = row;
    return pv_ok();
}
