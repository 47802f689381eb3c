/* Reading the records of a report. */
#include "purvey/usage/v1/usage_report_service.pv.h"

#include "server/flows/reply.h"
#include "server/flows/usage/blocks.h"

enum {
    FIELD_NEXT_AFTER_NUMBER = 2,
    PAGE_BLOCKS_MAX = 256, /* blocks that one page looks at when it wants invalid records only */
    EXPORT_BYTES_MAX = 64 << 10 /* a message of an export ends with the block that passes this */
};

static size_t page_size_of(int32_t asked)
{
    if (asked <= 0) { return PV_PAGE_SIZE_DEFAULT; }
    return asked > PV_PAGE_SIZE_MAX ? PV_PAGE_SIZE_MAX : (size_t)asked;
}

/* Walks the records behind a number. */
typedef struct walk {
    pv_call *call;
    pv_id report;
    pv_usage_report_state state;
    usage_ledger ledger;
    uint64_t after; /* the last number that was looked at */
    uint32_t block; /* to be read next */
    pv_view rest;   /* of the block that is being read; borrowed from the transaction */
} walk;

/* Places a walk behind the number, which is that of a stored record, or 0. */
static pv_status place(walk *run)
{
    run->rest = pv_view_of(NULL, 0);
    run->block = run->ledger.blocks;
    if (run->after >= run->ledger.records) { return pv_ok(); }
    return usage_block_find(run->call, run->report, &run->ledger, run->after + 1, &run->block);
}

/* The next record; ret_more is false at the end. */
static pv_status next(walk *run, usage_frame *ret_frame, bool *ret_more)
{
    for (;;) {
        bool damaged = false;
        while (usage_frame_next(&run->rest, ret_frame, &damaged)) {
            if (ret_frame->number <= run->after) { continue; }
            run->after = ret_frame->number;
            *ret_more = true;
            return pv_ok();
        }
        if (damaged) { return pv_store_refused(run->call, pv_status_of(PV_CODE_DATA_LOSS)); }
        if (run->block >= run->ledger.blocks) {
            *ret_more = false;
            return pv_ok();
        }
        PV_TRY(usage_block_read(run->call, run->report, &run->ledger, run->block, &run->rest));
        run->block++;
    }
}

/* A walk over the records of a report that the caller sees, not yet placed. */
static pv_status open(pv_call *call, const char *report_id, uint64_t after, walk *ret_walk)
{
    pv_usage_report *report = NULL;
    pv_arena *stream = call->arena;
    call->arena = call->scratch;
    pv_status status = pv_find(call, &pv_usage_report__object, report_id, &report);
    call->arena = stream;
    PV_TRY(status);
    *ret_walk = (walk){.call = call, .after = after, .state = report->state};
    ret_walk->report = pv_id_of(&pv_usage_report__object, report->id);
    return usage_ledger_load(call, ret_walk->report, &ret_walk->ledger);
}

static pv_status check_number(pv_call *call, const char *report_id, const walk *run)
{
    if (run->after <= run->ledger.records) { return pv_ok(); }
    unsigned long long records = run->ledger.records;
    pv_error_note(&call->error, "records", "%llu", records);
    return pv_refuse(&call->error, &pv_error_reason_record_number_unknown,
                     "%s has %llu records; there is none with number %llu.", report_id, records,
                     (unsigned long long)run->after);
}

pv_status pv_usage_report_service_get_usage_upload(pv_call *call,
                                                   const pv_get_usage_upload_request *request,
                                                   pv_get_usage_upload_response *response)
{
    pv_usage_report *report = NULL;
    PV_TRY(pv_find(call, &pv_usage_report__object, request->report_id, &report));
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, pv_id_of(&pv_usage_report__object, report->id), &ledger));
    response->records = ledger.records;
    response->valid = ledger.valid;
    response->invalid = ledger.records - ledger.valid;
    response->complete = report->state != PV_USAGE_REPORT_STATE_UPLOADING;
    return pv_ok();
}

pv_status pv_usage_report_service_list_usage_records(pv_call *call,
                                                     const pv_list_usage_records_request *request,
                                                     pv_list_usage_records_response *response)
{
    (void)response;
    walk run;
    PV_TRY(open(call, request->report_id, request->after_number, &run));
    PV_TRY(check_number(call, request->report_id, &run));
    PV_TRY(place(&run));
    size_t page_size = page_size_of(request->page_size);
    uint32_t last_block = run.block + PAGE_BLOCKS_MAX;
    pv_buffer reply = pv_buffer_of(call->scratch);
    bool more = true;
    for (size_t count = 0; count < page_size && run.block <= last_block;) {
        usage_frame frame;
        PV_TRY(next(&run, &frame, &more));
        if (!more) { break; }
        if (request->only_invalid && frame.state != PV_USAGE_RECORD_STATE_INVALID) { continue; }
        usage_frame_append(&reply, &frame, run.state);
        count++;
    }
    if (more && run.after < run.ledger.records) {
        pv_reply_number(&reply, FIELD_NEXT_AFTER_NUMBER, run.after);
    }
    return pv_reply_send(call, &reply);
}

/* Where an export is; lives as long as the stream. */
typedef struct export
{
    uint64_t after;
    uint32_t generation;
}
export;

static pv_status resume(pv_call *call, const pv_export_usage_records_request *request,
                        walk *ret_walk, export **ret_export)
{
    export *run = call->state;
    PV_TRY(
        open(call, request->report_id, run == NULL ? request->after_number : run->after, ret_walk));
    if (run == NULL) {
        PV_TRY(check_number(call, request->report_id, ret_walk));
        run = pv_arena_zalloc(call->arena, 1, sizeof *run);
        if (run == NULL) { return pv_out_of_memory(call); }
        run->generation = ret_walk->ledger.generation;
        call->state = run;
    }
    if (run->generation != ret_walk->ledger.generation) {
        pv_error_note(&call->error, "report", "%s", request->report_id);
        return pv_refuse(&call->error, &pv_error_reason_upload_in_progress,
                         "The records of %s have been replaced during the export.",
                         request->report_id);
    }
    *ret_export = run;
    return place(ret_walk);
}

/* The transaction of a step ends with it, so every step finds its place again. */
pv_status pv_usage_report_service_export_usage_records_next(
    pv_call *call, const pv_export_usage_records_request *request,
    pv_export_usage_records_response *response, pv_step *ret_step)
{
    (void)response;
    walk run;
    export *position = NULL;
    PV_TRY(resume(call, request, &run, &position));
    pv_buffer reply = pv_buffer_of(call->scratch);
    bool more = true;
    while (more && reply.size < EXPORT_BYTES_MAX) {
        usage_frame frame;
        PV_TRY(next(&run, &frame, &more));
        if (more) { usage_frame_append(&reply, &frame, run.state); }
    }
    if (reply.size == 0) {
        *ret_step = PV_STEP_END;
        return pv_ok();
    }
    position->after = run.after;
    *ret_step = PV_STEP_MESSAGE;
    return pv_reply_send(call, &reply);
}
