/* Uploading usage records: see UsageReportService.UploadUsageRecords. Every message is one
 * transaction; what a message has stored stays stored when the client goes away, and the ledger
 * tells where to go on. */
#include "purvey/usage/v1/usage_report_service.pv.h"

#include "protos/runtime/message.h"
#include "purvey/contract/v1/contract.pv.h"
#include "server/flows/make.h"
#include "server/flows/usage/blocks.h"
#include "server/flows/usage/check.h"

enum {
    REFUSED_MAX = 200, /* records with problems that the answer shows */
    REFUSED_BYTES_MAX =
        32 * 1024 /* and their size, because the answer is kept for replay in one row */
};

/* One upload; lives as long as the stream. */
typedef struct upload {
    pv_id report;
    char *report_id;
    pv_id session;
    uint64_t seed;
    usage_rules rules;
    usage_resolver *resolver;
    usage_sums *sums;
    uint64_t records; /* stored when the sums were right */
    uint64_t before;  /* stored when the upload began */
    pv_usage_record *refused[REFUSED_MAX];
    size_t refused_count;
    size_t refused_bytes;
    bool truncated;
} upload;

static pv_status header_invalid(pv_call *call, const char *why)
{
    return pv_refuse(&call->error, &pv_error_reason_upload_header_invalid, "%s", why);
}

static pv_status make_upload(pv_call *call, const pv_usage_report *report, upload **ret_upload)
{
    upload *run = pv_arena_zalloc(call->arena, 1, sizeof *run);
    if (run == NULL) { return pv_out_of_memory(call); }
    run->report = pv_id_of(&pv_usage_report__object, report->id);
    run->report_id = report->id;
    run->session = pv_id_next(call->context->ids, call->context->now);
    memcpy(&run->seed, run->session.bytes + PV_ID_SIZE - sizeof run->seed, sizeof run->seed);
    run->rules.report = run->report;
    run->rules.contract = pv_id_of(&pv_contract__object, report->contract_id);
    run->rules.schema = report->schema;
    run->rules.currency = report->currency;
    run->rules.start_utc_ns = usage_utc_ns(report->period_start);
    run->rules.end_utc_ns = usage_utc_ns(report->period_end);
    PV_TRY(usage_resolver_create(call, report, run->seed, &run->resolver));
    PV_TRY(usage_sums_create(call, run->seed, &run->sums));
    *ret_upload = run;
    return pv_ok();
}

/* The first message: names the report and makes this upload the one that may go on. */
static pv_status start(pv_call *call, const pv_upload_usage_records_request *request)
{
    if (pv_is_empty(request->report_id)) {
        return header_invalid(call, "The first message must have a report_id.");
    }
    if (pv_is_empty(request->request_id)) {
        return header_invalid(call, "The first message must have a request_id.");
    }
    pv_usage_report *report = NULL;
    PV_TRY(pv_begin(call, &pv_usage_report__object, request->report_id, "", &report));
    upload *run = NULL;
    PV_TRY(make_upload(call, report, &run));
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, run->report, &ledger));
    bool afresh = ledger.generation == 0 || request->truncate ||
                  report->state == PV_USAGE_REPORT_STATE_REJECTED;
    if (afresh) {
        usage_ledger_restart(&ledger);
        report->stats = NULL;
        report->amount = NULL;
    }
    ledger.session = run->session;
    PV_TRY(usage_ledger_sweep(call, run->report, &ledger, USAGE_SWEEP_LARGE));
    PV_TRY(usage_ledger_save(call, run->report, &ledger));
    PV_TRY(usage_sums_load(call, run->sums, run->report, &ledger));
    run->records = ledger.records;
    run->before = ledger.records;
    PV_TRY(
        pv_move_and_save(call, &pv_usage_report__object, report, PV_USAGE_REPORT_STATE_UPLOADING));
    call->state = run;
    return pv_ok();
}

/* The ledger, if this is still the upload that may go on. What was added to in memory by a
 * transaction that did not come about is taken back. */
static pv_status resume(pv_call *call, upload *run, usage_ledger *ret_ledger)
{
    PV_TRY(usage_ledger_load(call, run->report, ret_ledger));
    if (!pv_id_equal(ret_ledger->session, run->session)) {
        pv_error_note(&call->error, "report", "%s", run->report_id);
        return pv_refuse(&call->error, &pv_error_reason_upload_in_progress,
                         "Another upload to %s, or its deletion, has ended this one.",
                         run->report_id);
    }
    if (ret_ledger->records == run->records) { return pv_ok(); }
    run->records = ret_ledger->records;
    while (run->refused_count > 0 && run->refused[run->refused_count - 1]->number > run->records) {
        run->refused_count--;
    }
    return usage_sums_load(call, run->sums, run->report, ret_ledger);
}

/* Whether this message begins the upload. One that began it in a transaction which did not come
 * about does so again: then the ledger does not know the session. */
static pv_status is_fresh(pv_call *call, const pv_upload_usage_records_request *request,
                          bool *ret_fresh)
{
    const upload *run = call->state;
    *ret_fresh = run == NULL;
    if (run == NULL || pv_is_empty(request->report_id)) { return pv_ok(); }
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, run->report, &ledger));
    *ret_fresh = !pv_id_equal(ledger.session, run->session);
    return pv_ok();
}

static pv_status check_order(pv_call *call, const pv_upload_usage_records_request *request,
                             const usage_ledger *ledger)
{
    uint64_t expected = ledger->records + 1;
    if (request->first_number == 0 || request->first_number == expected) { return pv_ok(); }
    pv_error_note(&call->error, "expected", "%llu", (unsigned long long)expected);
    return pv_refuse(&call->error, &pv_error_reason_upload_out_of_order,
                     "The next record of the report is number %llu, not %llu.",
                     (unsigned long long)expected, (unsigned long long)request->first_number);
}

/* Keeps a copy of a record with problems for the answer. */
static pv_status keep_refused(pv_call *call, upload *run, const pv_usage_record *record)
{
    size_t size = protobuf_c_message_get_packed_size(&record->base);
    if (run->refused_count == REFUSED_MAX || run->refused_bytes + size > REFUSED_BYTES_MAX) {
        run->truncated = true;
        return pv_ok();
    }
    pv_usage_record *copy = (pv_usage_record *)pv_message_copy(&record->base, call->arena);
    if (copy == NULL) { return pv_out_of_memory(call); }
    run->refused[run->refused_count++] = copy;
    run->refused_bytes += size;
    return pv_ok();
}

static pv_status store(pv_call *call, upload *run, const pv_upload_usage_records_request *request,
                       usage_ledger *ledger)
{
    if (request->n_records > USAGE_RECORDS_MAX - ledger->records) {
        return pv_refuse(&call->error, &pv_error_reason_store_full,
                         "A report has at most %llu records.",
                         (unsigned long long)USAGE_RECORDS_MAX);
    }
    usage_seen_step *seen = NULL;
    PV_TRY(usage_seen_look(call, run->rules.contract, run->report, ledger, request->records,
                           request->n_records, &seen));
    usage_writer writer = usage_writer_of(call, run->report, ledger);
    for (size_t i = 0; i < request->n_records; i++) {
        usage_verdict verdict;
        PV_TRY(usage_check(call, &run->rules, run->resolver, run->sums, request->records[i],
                           ledger->records + 1, usage_seen_first(seen, i), &verdict));
        bool valid = verdict.record.n_problems == 0;
        if (!valid) { PV_TRY(keep_refused(call, run, &verdict.record)); }
        PV_TRY(usage_writer_add(&writer, &verdict.record));
        ledger->records++;
        ledger->valid += valid ? 1 : 0;
    }
    PV_TRY(usage_writer_end(&writer, ledger));
    PV_TRY(usage_seen_note(seen, ledger));
    PV_TRY(usage_sums_save(call, run->sums, run->report, ledger));
    PV_TRY(usage_ledger_sweep(call, run->report, ledger, USAGE_SWEEP_SMALL));
    PV_TRY(usage_ledger_save(call, run->report, ledger));
    run->records = ledger->records;
    return pv_ok();
}

pv_status
pv_usage_report_service_upload_usage_records_receive(pv_call *call,
                                                     const pv_upload_usage_records_request *request)
{
    bool fresh = false;
    PV_TRY(is_fresh(call, request, &fresh));
    if (fresh) {
        PV_TRY(start(call, request));
    } else if (!pv_is_empty(request->report_id) || !pv_is_empty(request->request_id) ||
               request->truncate) {
        return header_invalid(
            call, "report_id, request_id and truncate belong into the first message only.");
    }
    upload *run = call->state;
    usage_ledger ledger;
    PV_TRY(resume(call, run, &ledger));
    PV_TRY(check_order(call, request, &ledger));
    return store(call, run, request, &ledger);
}

static pv_status set_stats(pv_call *call, const upload *run, const usage_ledger *ledger,
                           pv_usage_report *report)
{
    PV_TRY(pv_make_part(call, &pv_usage_stats__info, &report->stats));
    report->stats->records = ledger->records;
    report->stats->valid = ledger->valid;
    report->stats->invalid = ledger->records - ledger->valid;
    report->stats->subscriptions = ledger->subscriptions;
    report->stats->lines = ledger->lines;
    report->amount = NULL;
    if (report->schema != PV_USAGE_SCHEMA_CR && report->schema != PV_USAGE_SCHEMA_PR) {
        return pv_ok();
    }
    pv_decimal total;
    /* Each sum is in range, but all of them together need not be; then there is no total to
     * show. */
    if (!usage_sums_total(run->sums, &total)) { return pv_ok(); }
    char text[PV_DECIMAL_TEXT_SIZE];
    (void)pv_decimal_format(total, text);
    PV_TRY(pv_make_part(call, &pv_common_money__info, &report->amount));
    PV_TRY(pv_make_part(call, &pv_common_decimal__info, &report->amount->amount));
    report->amount->currency = report->currency;
    return pv_text(call, text, &report->amount->amount->value);
}

static pv_usage_report_state state_of(const usage_ledger *ledger)
{
    if (ledger->records == 0) { return PV_USAGE_REPORT_STATE_DRAFT; }
    return ledger->valid == ledger->records ? PV_USAGE_REPORT_STATE_READY
                                            : PV_USAGE_REPORT_STATE_INVALID;
}

pv_status
pv_usage_report_service_upload_usage_records_finish(pv_call *call,
                                                    pv_upload_usage_records_response *response)
{
    if (call->state == NULL) {
        return header_invalid(call, "An upload needs at least one message.");
    }
    upload *run = call->state;
    usage_ledger ledger;
    PV_TRY(resume(call, run, &ledger));
    pv_usage_report *report = NULL;
    PV_TRY(pv_fetch(call, &pv_usage_report__object, run->report_id, &report));
    PV_TRY(set_stats(call, run, &ledger, report));
    PV_TRY(pv_stamp(call, &report->upload_time));
    PV_TRY(pv_move_and_save(call, &pv_usage_report__object, report, (int)state_of(&ledger)));
    ledger.session = (pv_id){{0}};
    PV_TRY(usage_ledger_sweep(call, run->report, &ledger, USAGE_SWEEP_LARGE));
    PV_TRY(usage_ledger_save(call, run->report, &ledger));
    response->report = report;
    response->stored = ledger.records - run->before;
    response->refused = run->refused;
    response->n_refused = run->refused_count;
    response->truncated = run->truncated;
    return pv_ok();
}
