#include "client/demo/upload.h"

#include "protos/runtime/timestamp.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
    BATCH = 100,
    BAR_WIDTH = 30,
    ARENA_BYTES = 16 * 1024 * 1024,
    RESUMES_MAX = 3,
    CRASH_TRIES = 1000,
    SCRATCH_BYTES = 4 * 1024 * 1024
};

/* The records of one message, with the texts they point to. */
typedef struct batch {
    pv_usage_record records[BATCH];
    pv_usage_record *list[BATCH];
    Google__Protobuf__Timestamp times[2 * BATCH];
    size_t count;
    uint64_t first_number;
    pv_arena *arena; /* of the texts; reset with each message */
} batch;

static void show_progress(const upload *of, uint64_t sent, bool end)
{
    const survey_report *report = &of->chain->survey->reports[of->report];
    if (of->chain->quiet || (!isatty(STDERR_FILENO) && !end)) { return; }
    char bar[BAR_WIDTH + 1];
    size_t full = report->rows == 0 ? BAR_WIDTH : (size_t)(sent * BAR_WIDTH / report->rows);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', full > BAR_WIDTH ? BAR_WIDTH : full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "%s  uploading [%s] %" PRIu64 "/%zu records of %s%s",
            isatty(STDERR_FILENO) ? "\r" : "", bar, sent, report->rows,
            of->chain->survey->vendors[report->vendor].name, end ? "\n" : "");
}

static bool is_refused(const survey *seen, uint64_t row_number)
{
    for (size_t i = 0; i < seen->refusal_count; i++) {
        if (seen->refusals[i].number == row_number) { return true; }
    }
    return false;
}

/* The next row of the file that belongs to the report and was not refused; false at the end. */
static bool next_row(const upload *of, pv_focus *focus, pv_focus_row *ret_row)
{
    bool found = false;
    while (pv_is_ok(pv_focus_next(focus, &found, ret_row)) && found) {
        size_t report = 0;
        if (ret_row->refusal.kind == PV_FOCUS_ACCEPTED &&
            survey_report_of(of->chain->survey, ret_row, &report) && report == of->report &&
            !is_refused(of->chain->survey, ret_row->number)) {
            return true;
        }
    }
    return false;
}

static pv_focus *open_rows(const upload *of, pv_arena *arena)
{
    pv_focus *focus = NULL;
    if (!pv_is_ok(pv_focus_open(arena, of->chain->survey->path, &focus))) {
        fprintf(stderr, "demo: %s: %s\n", of->chain->survey->path, pv_focus_fault_of(focus));
        pv_focus_close(focus);
        return NULL;
    }
    return focus;
}

bool upload_row_of(const upload *of, uint64_t record_number, pv_focus_row *ret_row)
{
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_focus *focus = open_rows(of, arena);
    bool found = focus != NULL;
    for (uint64_t i = 0; found && i < record_number; i++) { found = next_row(of, focus, ret_row); }
    pv_focus_close(focus);
    pv_arena_destroy(arena);
    return found;
}

static char *decimal_text(pv_arena *arena, pv_decimal value)
{
    char *text = pv_arena_alloc(arena, PV_DECIMAL_TEXT_SIZE);
    PV_ASSERT(text != NULL);
    pv_decimal_format(value, text);
    return text;
}

static char *copy_of(pv_arena *arena, const char *text)
{
    char *copy = pv_arena_dup(arena, pv_view_text(text));
    PV_ASSERT(copy != NULL);
    return copy;
}

static void add_record(batch *to, const pv_focus_row *row)
{
    pv_usage_record *record = &to->records[to->count];
    *record = (pv_usage_record)PV_USAGE_RECORD__INIT;
    record->record_id = copy_of(to->arena, row->record_id);
    record->mpn = pv_arena_printf(to->arena, "%s/%s", row->sku_id, row->consumed_unit);
    record->subscription_external_id = copy_of(to->arena, row->sub_account_id);
    record->quantity = decimal_text(to->arena, row->consumed_quantity);
    record->amount = decimal_text(to->arena, row->billed_cost);
    record->currency = copy_of(to->arena, row->billing_currency);
    Google__Protobuf__Timestamp *times = &to->times[2 * to->count];
    times[0] = pv_timestamp_of(row->charge_period_start);
    times[1] = pv_timestamp_of(row->charge_period_end);
    record->start_time = &times[0];
    record->end_time = &times[1];
    to->list[to->count++] = record;
}

static pv_status send_batch(const upload *of, pv_client_call *call, batch *full, bool first,
                            bool resumed)
{
    const actor *who = &of->chain->vendors[of->chain->survey->reports[of->report].vendor];
    pv_upload_usage_records_request request = PV_UPLOAD_USAGE_RECORDS_REQUEST__INIT;
    if (first) {
        request.report_id = text_of(of->chain->survey->reports[of->report].report_id);
        request.truncate = !resumed;
        request.request_id = actor_request_id(who);
    }
    request.first_number = full->first_number;
    request.records = full->list;
    request.n_records = full->count;
    pv_status status = pv_usage_report_client_upload_usage_records_send(call, &request);
    full->first_number += full->count;
    full->count = 0;
    pv_arena_reset(full->arena);
    return status;
}

/* How many records the server has. */
static bool ask_stored(const upload *of, uint64_t *ret_stored)
{
    const actor *who = &of->chain->vendors[of->chain->survey->reports[of->report].vendor];
    pv_get_usage_upload_request request = PV_GET_USAGE_UPLOAD_REQUEST__INIT;
    pv_get_usage_upload_response *response = NULL;
    request.report_id = text_of(of->chain->survey->reports[of->report].report_id);
    ASK(who, pv_usage_report_client_get_usage_upload, &request, &response);
    *ret_stored = response->records;
    return true;
}

/* Kills the server once it has stored some of what was sent: messages are stored behind the sender's back. */
static void crash(upload *of)
{
    uint64_t stored = 0;
    of->crash_at = 0;
    for (int tries = 0; tries < CRASH_TRIES && stored == 0; tries++) {
        if (!ask_stored(of, &stored)) { break; }
    }
    platform_stop(of->chain->platform, SIGKILL);
    chain_tell(of->chain, "  -- the server is killed (kill -9) in the middle of the upload --");
}

/* Sends the rows behind the first `stored` ones over one stream. */
static pv_status send_rows(upload *of, pv_client_call *call, pv_focus *focus, uint64_t stored)
{
    batch *full = pv_arena_zalloc(of->chain->platform->arena, 1, sizeof *full);
    PV_ASSERT(full != NULL);
    full->arena = pv_arena_create(SCRATCH_BYTES);
    full->first_number = stored + 1;
    pv_status status = pv_ok();
    pv_focus_row row;
    uint64_t seen = 0;
    bool first = true;
    bool more = true;
    while (pv_is_ok(status) && more) {
        more = next_row(of, focus, &row);
        if (more && seen++ >= stored) { add_record(full, &row); }
        if (full->count == BATCH || (!more && (full->count > 0 || first))) {
            status = send_batch(of, call, full, first, stored > 0);
            first = false;
            show_progress(of, full->first_number - 1, !more);
        }
        if (of->crash_at != 0 && full->first_number > of->crash_at) { crash(of); }
    }
    pv_arena_destroy(full->arena);
    return status;
}

static pv_status attempt(upload *of, uint64_t stored, pv_error *error,
                         pv_upload_usage_records_response **ret_response)
{
    const actor *who = &of->chain->vendors[of->chain->survey->reports[of->report].vendor];
    pv_client_call *call = NULL;
    PV_TRY(pv_usage_report_client_upload_usage_records_open(who->client, who->arena, NULL, &call,
                                                            error));
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_focus *focus = open_rows(of, arena);
    PV_ASSERT(focus != NULL); /* the survey has read the same file */
    /* When sending fails the end of the call says why. */
    pv_status sent = send_rows(of, call, focus, stored);
    pv_focus_close(focus);
    pv_arena_destroy(arena);
    pv_status status =
        pv_usage_report_client_upload_usage_records_finish(call, who->arena, ret_response);
    return pv_is_ok(status) ? sent : status;
}

bool upload_run(upload *of, pv_upload_usage_records_response **ret_response)
{
    const actor *who = &of->chain->vendors[of->chain->survey->reports[of->report].vendor];
    uint64_t stored = 0;
    for (int resumes = 0;; resumes++) {
        pv_error error;
        pv_error_init(&error, who->arena);
        pv_status status = attempt(of, stored, &error, ret_response);
        if (pv_is_ok(status)) { return true; }
        bool broken = status.code == PV_CODE_UNAVAILABLE || of->chain->platform->process == 0;
        if (!broken || resumes == RESUMES_MAX) {
            return actor_refused(who, "upload", status, &error);
        }
        if (of->chain->platform->process == 0 &&
            (!platform_start(of->chain->platform) || !chain_reconnect(of->chain))) {
            return false;
        }
        if (!ask_stored(of, &stored)) { return false; }
        chain_tell(of->chain,
                   "  -- started again: %" PRIu64 " records are stored, the upload is resumed --",
                   stored);
    }
}
