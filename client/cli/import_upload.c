/* import_upload.c — one report's records over the wire: batches on a stream; when the stream
 * breaks, the service is asked how many records it has, and another stream goes on behind them.
 * Records are numbered by their place among the rows of the report, so that none is lost or stored
 * twice. */
#include "base/digest.h"
#include "client/cli/connect.h"
#include "client/cli/failure.h"
#include "client/cli/import.h"
#include "client/cli/progress.h"
#include "client/cli/request.h"
#include "client/cli/retry.h"
#include "protos/runtime/timestamp.h"

#include <inttypes.h>

#define STREAM_MS \
    (INT64_C(60) * 60 * 1000) /* an hour a stream; a longer upload goes on with another */

/* The records of one message and what they point to. */
typedef struct batch {
    pv_usage_record records[PV_IMPORT_BATCH];
    pv_usage_record *list[PV_IMPORT_BATCH];
    Google__Protobuf__Timestamp times[PV_IMPORT_BATCH][2];
    size_t count;
} batch;

/* One stream. */
typedef struct upload {
    pv_import *import;
    pv_import_group *group;
    pv_arena *arena;   /* of the reading */
    pv_arena *scratch; /* of one message */
    pv_client_call *call;
    batch *batch;
    uint64_t sent; /* records that the service has or will have, with what is sent */
    bool begun;    /* the first message, which names the report, is sent */
    pv_progress *progress;
    pv_error *error;
} upload;

static char *copy(pv_arena *arena, const char *text)
{
    char *result = pv_arena_dup(arena, pv_view_text(text));
    PV_ASSERT(result != NULL); /* a batch of rows is far smaller than its arena */
    return result;
}

static char *number_text(pv_arena *arena, pv_decimal value)
{
    char *text = pv_arena_alloc(arena, PV_DECIMAL_TEXT_SIZE);
    PV_ASSERT(text != NULL);
    (void)pv_decimal_format(value, text);
    return text;
}

/* An item is one SKU in one unit; a subscription is known to the vendor as the sub-account. */
static void add_record(upload *self, const pv_focus_row *row)
{
    batch *full = self->batch;
    pv_usage_record *record = &full->records[full->count];
    *record = (pv_usage_record)PV_USAGE_RECORD__INIT;
    record->record_id = copy(self->scratch, row->record_id);
    record->mpn = pv_arena_printf(self->scratch, "%s/%s", row->sku_id, row->consumed_unit);
    PV_ASSERT(record->mpn != NULL);
    record->subscription_external_id = copy(self->scratch, row->sub_account_id);
    record->quantity = number_text(self->scratch, row->consumed_quantity);
    if (self->import->with_amounts) {
        record->amount = number_text(self->scratch, row->billed_cost);
    }
    record->currency = copy(self->scratch, row->billing_currency);
    Google__Protobuf__Timestamp *times = full->times[full->count];
    times[0] = pv_timestamp_of(row->charge_period_start);
    times[1] = pv_timestamp_of(row->charge_period_end);
    record->start_time = &times[0];
    record->end_time = &times[1];
    full->list[full->count++] = record;
}

static pv_status send_batch(upload *self)
{
    pv_upload_usage_records_request request = PV_UPLOAD_USAGE_RECORDS_REQUEST__INIT;
    char uuid[PV_UUID_TEXT_SIZE];
    char *report_id = copy(self->scratch, self->group->report_id);
    if (!self->begun) {
        pv_uuid_random(uuid);
        request.report_id = report_id;
        request.request_id = uuid;
    }
    request.first_number = self->sent + 1;
    request.records = self->batch->list;
    request.n_records = self->batch->count;
    pv_status status = pv_usage_report_client_upload_usage_records_send(self->call, &request);
    self->begun = true;
    self->sent += self->batch->count;
    self->batch->count = 0;
    pv_arena_reset(self->scratch);
    pv_progress_update(self->progress, self->sent, pv_time_monotonic_ns());
    return status;
}

/* The file was whole when it was planned; a fault now means that somebody is changing it. */
static pv_exit tell_fault(const upload *self, const pv_focus *focus)
{
    pv_progress_end(self->progress);
    return pv_cli_fail(self->import->cli, "%s has changed: %s", self->import->path,
                       pv_focus_fault_of(focus));
}

/* Sends the rows behind those that the service has. A sending that fails ends it: the finish tells
 * why. */
static pv_exit send_rows(upload *self, pv_focus *focus)
{
    uint64_t number = 0;
    uint64_t stored = self->sent;
    pv_status status = pv_ok();
    for (;;) {
        pv_focus_row row;
        bool found = false;
        if (!pv_is_ok(pv_focus_next(focus, &found, &row))) { return tell_fault(self, focus); }
        if (!found) { break; }
        if (!pv_import_takes(self->import, self->group, &row) || ++number <= stored) { continue; }
        add_record(self, &row);
        if (self->batch->count == PV_IMPORT_BATCH) { status = send_batch(self); }
        if (!pv_is_ok(status)) { return PV_EXIT_OK; }
    }
    if (self->batch->count > 0 || !self->begun) { (void)send_batch(self); }
    return PV_EXIT_OK;
}

static pv_exit send_file(upload *self)
{
    pv_focus *focus = NULL;
    pv_exit exit = PV_EXIT_OK;
    if (pv_is_ok(pv_focus_open(self->arena, self->import->path, &focus))) {
        exit = send_rows(self, focus);
    } else {
        exit = tell_fault(self, focus);
    }
    pv_focus_close(focus);
    return exit;
}

static void take_answer(upload *self, const pv_upload_usage_records_response *response)
{
    pv_import_group *group = self->group;
    if (response->report != NULL) {
        const ProtobufCEnumValue *state = protobuf_c_enum_descriptor_get_value(
            pv_usage_report__object.states, (int)response->report->state);
        group->state =
            state == NULL ? "UNKNOWN" : state->name + strlen(pv_usage_report__object.state_prefix);
        if (response->report->stats != NULL) {
            group->valid = response->report->stats->valid;
            group->invalid = response->report->stats->invalid;
        }
    }
}

/* --- one stream after the other --- */

static pv_exit run_stream(upload *self, pv_status *ret_status, pv_arena *answer_arena,
                          pv_upload_usage_records_response **ret_response)
{
    self->begun = false;
    self->batch->count = 0;
    pv_arena_reset(self->arena);
    pv_arena_reset(self->scratch);
    *ret_status = pv_usage_report_client_upload_usage_records_open(
        self->import->client, answer_arena, pv_connect_options(answer_arena, STREAM_MS),
        &self->call, self->error);
    if (!pv_is_ok(*ret_status)) { return PV_EXIT_OK; }
    pv_exit exit = send_file(self);
    if (exit != PV_EXIT_OK) {
        (void)pv_client_finish(self->call); /* cancels: what was stored stays, and is continued */
        return exit;
    }
    *ret_status =
        pv_usage_report_client_upload_usage_records_finish(self->call, answer_arena, ret_response);
    return PV_EXIT_OK;
}

static bool may_continue(pv_status status, const pv_error *error)
{
    if (pv_exit_of(status.code) == PV_EXIT_UNAVAILABLE) { return true; }
    return error->reason != NULL && (strcmp(error->reason->name, "UPLOAD_OUT_OF_ORDER") == 0 ||
                                     strcmp(error->reason->name, "UPLOAD_IN_PROGRESS") == 0);
}

/* How many records the service has. */
static pv_status ask_stored(upload *self, pv_arena *arena, uint64_t *ret_stored)
{
    pv_get_usage_upload_request request = PV_GET_USAGE_UPLOAD_REQUEST__INIT;
    pv_get_usage_upload_response *response = NULL;
    request.report_id = copy(arena, self->group->report_id);
    PV_TRY(pv_usage_report_client_get_usage_upload(
        self->import->client, arena, pv_connect_options(arena, self->import->options.deadline_ms),
        &request, &response, self->error));
    *ret_stored = response->records;
    return pv_ok();
}

/* Streams until one ends well, or nothing moves any more. */
static pv_exit run_streams(upload *self, pv_arena *answer_arena)
{
    pv_retry retry = {0};
    uint64_t stored = self->sent;
    for (;;) {
        pv_upload_usage_records_response *response = NULL;
        pv_status status;
        pv_error_init(self->error, answer_arena);
        pv_exit exit = run_stream(self, &status, answer_arena, &response);
        if (exit != PV_EXIT_OK) { return exit; }
        if (pv_is_ok(status)) {
            pv_progress_end(self->progress);
            take_answer(self, response);
            return PV_EXIT_OK;
        }
        while (may_continue(status, self->error) && retry.attempts < PV_IMPORT_ATTEMPTS_MAX) {
            pv_retry_wait(&retry, self->error->retry_after_ms);
            pv_arena_reset(answer_arena);
            pv_error_init(self->error, answer_arena);
            uint64_t now_stored = stored;
            status = ask_stored(self, answer_arena, &now_stored);
            if (!pv_is_ok(status)) { continue; }
            if (now_stored > stored) { pv_retry_reset(&retry); }
            stored = now_stored;
            self->sent = stored;
            break;
        }
        if (pv_is_ok(status)) { continue; }
        pv_progress_end(self->progress);
        fprintf(self->import->cli->err, "to go on where it stopped: --report %s\n",
                self->group->report_id);
        return pv_failure_report(self->import->cli,
                                 PV_USAGE_REPORT_SERVICE_UPLOAD_USAGE_RECORDS__METHOD, status,
                                 self->error, NULL);
    }
}

/* A report that was given by --report may have records already. */
static pv_exit begin(upload *self, pv_arena *arena)
{
    if (self->import->flags.report == NULL) { return PV_EXIT_OK; }
    pv_error_init(self->error, arena);
    pv_status status = ask_stored(self, arena, &self->sent);
    if (pv_is_ok(status)) { return PV_EXIT_OK; }
    return pv_failure_report(self->import->cli, PV_USAGE_REPORT_SERVICE_GET_USAGE_UPLOAD__METHOD,
                             status, self->error, NULL);
}

pv_exit pv_import_upload(pv_import *import, pv_import_group *group)
{
    pv_arena *answer_arena = pv_arena_create(PV_IMPORT_ARENA_BYTES);
    pv_progress progress = {0};
    pv_error error;
    upload self = {.import = import,
                   .group = group,
                   .arena = pv_arena_create(PV_IMPORT_ARENA_BYTES),
                   .scratch = pv_arena_create(PV_IMPORT_ARENA_BYTES),
                   .batch = pv_arena_zalloc(import->cli->arena, 1, sizeof(batch)),
                   .progress = &progress,
                   .error = &error};
    PV_ASSERT(self.batch != NULL);
    pv_exit exit = begin(&self, answer_arena);
    pv_progress_start(&progress, import->cli, "records", self.sent, group->rows,
                      pv_time_monotonic_ns());
    if (exit == PV_EXIT_OK) { exit = run_streams(&self, answer_arena); }
    pv_progress_end(&progress);
    pv_arena_destroy(self.scratch);
    pv_arena_destroy(self.arena);
    pv_arena_destroy(answer_arena);
    return exit;
}
