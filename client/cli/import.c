/* import.c — `purvey usage import FILE.csv`: from a FOCUS 1.0 file to usage reports with their
 * verdicts. */
#include "client/cli/import.h"

#include "base/digest.h"
#include "client/cli/connect.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/request.h"
#include "client/cli/retry.h"
#include "protos/runtime/timestamp.h"
#include "purvey/product/v1/product_service.pv.h"

#include <inttypes.h>
#include <stdlib.h>

static const pv_flag flags[] = {
    {"product", 0, "prd_...", offsetof(pv_import_flags, product),
     "The product that was used. (required)"},
    {"contract", 0, "con_...", offsetof(pv_import_flags, contract),
     "The distribution contract. (required unless --report)"},
    {"provider", 0, "NAME", offsetof(pv_import_flags, provider),
     "Take only rows with this ProviderName. Needed when the file has several."},
    {"name", 0, "TEXT", offsetof(pv_import_flags, name),
     "Name of the reports; the period is added. Default: FOCUS."},
    {"report", 0, "urp_...", offsetof(pv_import_flags, report),
     "Go on with this report, behind the records it has, instead of making one. The file must have "
     "one period."},
    {"submit", 0, NULL, offsetof(pv_import_flags, submit),
     "Submit each report of which all records are valid."},
};

static const pv_client_options *call_options(const pv_import *import)
{
    return pv_connect_options(import->cli->arena, import->options.deadline_ms);
}

static char *copy(const pv_import *import, const char *text)
{
    char *result = pv_arena_dup(import->cli->arena, pv_view_text(text));
    PV_ASSERT(result != NULL); /* the arena of the command is far larger than its texts */
    return result;
}

static char *fresh_request_id(const pv_import *import)
{
    char uuid[PV_UUID_TEXT_SIZE];
    pv_uuid_random(uuid);
    return copy(import, uuid);
}

/* --- what the product wants --- */

/* Amounts go into reports of products that are rated by them; reports by tier need what FOCUS has
 * not. */
static pv_exit read_schema(pv_import *import)
{
    pv_get_product_request request = PV_GET_PRODUCT_REQUEST__INIT;
    pv_get_product_response *response = NULL;
    pv_error error;
    pv_error_init(&error, import->cli->arena);
    request.product_id = copy(import, import->flags.product);
    pv_status status = pv_product_client_get_product(
        import->client, import->cli->arena, call_options(import), &request, &response, &error);
    if (!pv_is_ok(status)) {
        return pv_failure_report(import->cli, PV_PRODUCT_SERVICE_GET_PRODUCT__METHOD, status,
                                 &error, NULL);
    }
    pv_usage_schema schema = PV_USAGE_SCHEMA_UNSPECIFIED;
    if (response->product != NULL && response->product->capabilities != NULL) {
        schema = response->product->capabilities->usage_schema;
    }
    if (schema == PV_USAGE_SCHEMA_TR) {
        return pv_cli_usage(import->cli,
                            "%s is rated by tier, but FOCUS files have one cost for each row.",
                            import->flags.product);
    }
    import->with_amounts = schema == PV_USAGE_SCHEMA_CR || schema == PV_USAGE_SCHEMA_PR;
    return PV_EXIT_OK;
}

/* --- reports --- */

static void period_text(const pv_import_group *group, char ret_text[16])
{
    int year = 0;
    int month = 0;
    int day = 0;
    pv_time_civil(group->billing_start, &year, &month, &day);
    int length = snprintf(ret_text, 16, "%04d-%02d", year, month);
    PV_ASSERT(length > 0 && length < 16);
}

/* A create that got no answer is repeated with its request_id, which makes it once. */
static pv_exit create_report(pv_import *import, pv_import_group *group)
{
    pv_create_usage_report_request request = PV_CREATE_USAGE_REPORT_REQUEST__INIT;
    Google__Protobuf__Timestamp start = pv_timestamp_of(group->start);
    Google__Protobuf__Timestamp end = pv_timestamp_of(group->end);
    char period[16];
    period_text(group, period);
    request.product_id = copy(import, import->flags.product);
    request.contract_id = copy(import, import->flags.contract);
    request.name =
        pv_arena_printf(import->cli->arena, "%s %s",
                        import->flags.name == NULL ? "FOCUS" : import->flags.name, period);
    PV_ASSERT(request.name != NULL);
    request.currency = group->currency;
    request.period_start = &start;
    request.period_end = &end;
    request.request_id = fresh_request_id(import);
    pv_create_usage_report_response *response = NULL;
    pv_retry retry = {0};
    pv_error error;
    pv_status status;
    for (;;) {
        pv_error_init(&error, import->cli->arena);
        status = pv_usage_report_client_create_usage_report(
            import->client, import->cli->arena, call_options(import), &request, &response, &error);
        bool again = pv_exit_of(status.code) == PV_EXIT_UNAVAILABLE &&
                     retry.attempts < PV_IMPORT_ATTEMPTS_MAX;
        if (!again) { break; }
        pv_retry_wait(&retry, error.retry_after_ms);
    }
    if (!pv_is_ok(status)) {
        return pv_failure_report(import->cli, PV_USAGE_REPORT_SERVICE_CREATE_USAGE_REPORT__METHOD,
                                 status, &error, request.request_id);
    }
    group->report_id = response->report->id;
    fprintf(import->cli->err, "%s: %" PRIu64 " rows of %s in %s\n", group->report_id, group->rows,
            period, group->currency);
    return PV_EXIT_OK;
}

static pv_exit submit_report(pv_import *import, pv_import_group *group)
{
    if (!import->flags.submit || strcmp(group->state, "READY") != 0) { return PV_EXIT_OK; }
    pv_submit_usage_report_request request = PV_SUBMIT_USAGE_REPORT_REQUEST__INIT;
    pv_submit_usage_report_response *response = NULL;
    pv_error error;
    pv_error_init(&error, import->cli->arena);
    request.report_id = copy(import, group->report_id);
    request.request_id = fresh_request_id(import);
    pv_status status = pv_usage_report_client_submit_usage_report(
        import->client, import->cli->arena, call_options(import), &request, &response, &error);
    if (!pv_is_ok(status)) {
        return pv_failure_report(import->cli, PV_USAGE_REPORT_SERVICE_SUBMIT_USAGE_REPORT__METHOD,
                                 status, &error, request.request_id);
    }
    group->state = "PENDING";
    return PV_EXIT_OK;
}

static pv_exit send_group(pv_import *import, pv_import_group *group)
{
    group->report_id = import->flags.report;
    group->state = "";
    pv_exit exit = group->report_id == NULL ? create_report(import, group) : PV_EXIT_OK;
    if (exit == PV_EXIT_OK) { exit = pv_import_upload(import, group); }
    if (exit == PV_EXIT_OK) { exit = pv_import_list_refused(import, group); }
    return exit == PV_EXIT_OK ? submit_report(import, group) : exit;
}

/* --- the outcome --- */

static json_t *group_json(const pv_import_group *group)
{
    char cost[PV_DECIMAL_TEXT_SIZE];
    char period[16];
    (void)pv_decimal_format(group->cost, cost);
    period_text(group, period);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "report_id",
                  group->report_id == NULL ? "" : group->report_id, "state", group->state, "period",
                  period, "currency", group->currency, "rows", (json_int_t)group->rows, "valid",
                  (json_int_t)group->valid, "invalid", (json_int_t)group->invalid, "cost", cost);
    PV_ASSERT(object != NULL);
    return object;
}

static void write_json(const pv_import *import)
{
    json_t *reports = json_array();
    for (size_t i = 0; i < import->group_count; i++) {
        PV_ASSERT(json_array_append_new(reports, group_json(&import->groups[i])) == 0);
    }
    json_t *whole =
        json_pack("{s:s, s:I, s:I, s:I, s:o, s:O}", "file", import->path, "rows",
                  (json_int_t)import->rows, "skipped", (json_int_t)import->skipped, "refused",
                  (json_int_t)import->refused, "reports", reports, "refusals", import->refusals);
    PV_ASSERT(whole != NULL);
    size_t style = import->options.output == PV_OUTPUT_JSON ? JSON_INDENT(2) : JSON_COMPACT;
    (void)json_dumpf(whole, import->cli->out,
                     style); /* main tells when standard output cannot be written */
    fputc('\n', import->cli->out);
    json_decref(whole);
}

static void write_table(const pv_import *import)
{
    FILE *out = import->cli->out;
    for (size_t i = 0; i < import->group_count; i++) {
        const pv_import_group *group = &import->groups[i];
        char cost[PV_DECIMAL_TEXT_SIZE];
        char period[16];
        (void)pv_decimal_format(group->cost, cost);
        period_text(group, period);
        fprintf(out, "%s  %s  %s  %" PRIu64 " valid, %" PRIu64 " invalid  %s %s\n",
                group->report_id == NULL ? "(not sent)" : group->report_id, group->state, period,
                group->valid, group->invalid, group->currency, cost);
    }
    fprintf(out, "%" PRIu64 " rows, %" PRIu64 " refused", import->rows, import->refused);
    if (import->skipped > 0) { fprintf(out, ", %" PRIu64 " of other providers", import->skipped); }
    fputc('\n', out);
}

static void write_outcome(const pv_import *import)
{
    switch (import->options.output) {
    case PV_OUTPUT_TABLE: write_table(import); break;
    case PV_OUTPUT_JSON:
    case PV_OUTPUT_JSONL: write_json(import); break;
    case PV_OUTPUT_ID:
        for (size_t i = 0; i < import->group_count; i++) {
            if (import->groups[i].report_id != NULL) {
                fprintf(import->cli->out, "%s\n", import->groups[i].report_id);
            }
        }
        break;
    }
}

/* --- the command --- */

static pv_exit check_flags(const pv_import *import)
{
    pv_cli *cli = import->cli;
    if (import->path == NULL) {
        return pv_cli_usage(cli, "which file? Write: purvey usage import FILE.csv.");
    }
    if (strcmp(import->path, "-") == 0) {
        return pv_cli_usage(cli, "the file is read twice, so it cannot come from standard input.");
    }
    if (import->flags.product == NULL) {
        return pv_cli_usage(cli, "which product? Give --product ID.");
    }
    if (import->flags.contract == NULL && import->flags.report == NULL &&
        !import->options.dry_run) {
        return pv_cli_usage(cli, "under which contract? Give --contract ID.");
    }
    return PV_EXIT_OK;
}

static pv_exit send_all(pv_import *import)
{
    if (import->flags.report != NULL && import->group_count != 1) {
        return pv_cli_usage(import->cli, "--report takes one billing period, but %s has %zu.",
                            import->path, import->group_count);
    }
    pv_exit exit = pv_connect(import->cli, &import->options, &import->client);
    if (exit != PV_EXIT_OK) { return exit; }
    exit = read_schema(import);
    for (size_t i = 0; i < import->group_count && exit == PV_EXIT_OK; i++) {
        exit = send_group(import, &import->groups[i]);
    }
    pv_disconnect(import->client);
    return exit;
}

static pv_exit run(pv_import *import)
{
    pv_exit exit = check_flags(import);
    if (exit == PV_EXIT_OK) { exit = pv_import_plan(import); }
    if (exit != PV_EXIT_OK) { return exit; }
    for (size_t i = 0; i < import->group_count; i++) { import->groups[i].state = ""; }
    if (!import->options.dry_run && import->group_count > 0) { exit = send_all(import); }
    write_outcome(import);
    return exit == PV_EXIT_OK && import->refused > 0 ? PV_EXIT_PARTIAL : exit;
}

static pv_exit run_import(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_import *import = pv_arena_zalloc(cli->arena, 1, sizeof *import);
    pv_arguments words = {0};
    bool done = false;
    if (import == NULL) { return pv_cli_fail(cli, "there is no memory left."); }
    import->cli = cli;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_usage_import, &import->flags, &import->options,
                                  count, arguments, 1, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    import->path = words.words[0];
    bool json =
        import->options.output == PV_OUTPUT_JSON || import->options.output == PV_OUTPUT_JSONL;
    if (json) { import->refusals = json_array(); }
    exit = run(import);
    json_decref(import->refusals);
    return exit;
}

const pv_extra pv_extra_usage_import = {
    .noun = "usage",
    .verb = "import",
    .words = "FILE.csv",
    .text = "Reads usage from a file in the columns of FOCUS 1.0 and reports it: a report for each "
            "billing period "
            "and currency, with one record for each row that is plain usage. The item's mpn is "
            "SkuId/ConsumedUnit, "
            "the subscription's external id is SubAccountId, the record's id is the column Id, "
            "else the row "
            "number. Rows that are refused are told with row, line, column and reason; the exit "
            "code is then 7. "
            "With --dry-run the file is only checked, and nothing is sent. An upload that is "
            "interrupted goes on "
            "by itself, or later with --report.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_import,
};
