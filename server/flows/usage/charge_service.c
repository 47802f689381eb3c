/* Reading charges; CloseUsageReport makes them. */
#include "purvey/usage/v1/charge_service.pv.h"

#include "purvey/usage/v1/usage_report.pv.h"
#include "server/flows/make.h"
#include "server/flows/reply.h"

enum { FIELD_CHARGE = 1, EXPORT_CHARGES_MAX = 50, EXPORT_BYTES_MAX = 1 << 20 };

pv_status pv_charge_service_get_charge(pv_call *call, const pv_get_charge_request *request,
                                       pv_get_charge_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_charge__object, request->charge_id);
}

pv_status pv_charge_service_list_charges(pv_call *call, const pv_list_charges_request *request,
                                         pv_list_charges_response *response)
{
    (void)response;
    if (pv_is_empty(request->report_id)) {
        return pv_answer_list(call, &pv_charge__object, &request->base, NULL, 0);
    }
    pv_row row;
    PV_TRY(pv_see(call, &pv_usage_report__object, request->report_id, &row));
    pv_condition of_report = pv_where(&pv_charge__object, "report_id", request->report_id);
    return pv_answer_list(call, &pv_charge__object, &request->base, &of_report, 1);
}

/* Where an export is; lives as long as the stream. */
typedef struct export
{
    uint8_t position[PV_STORE_KEY_MAX]; /* of the last charge sent, in its index */
    size_t size;
    bool passed; /* the charge to start behind has been seen */
}
export;

static pv_status start(pv_call *call, const pv_export_charges_request *request, export **ret_export)
{
    export *run = pv_arena_zalloc(call->arena, 1, sizeof *run);
    if (run == NULL) { return pv_out_of_memory(call); }
    run->passed = pv_is_empty(request->after_charge_id);
    call->state = run;
    *ret_export = run;
    return pv_ok();
}

/* Fills a message; charges up to the one to start behind are passed over. */
static pv_status fill(pv_call *call, const pv_export_charges_request *request, export *position,
                      pv_query_run *run, pv_buffer *reply)
{
    pv_id after = {{0}};
    if (!position->passed) { after = pv_id_of(&pv_charge__object, request->after_charge_id); }
    for (size_t count = 0; count < EXPORT_CHARGES_MAX && reply->size < EXPORT_BYTES_MAX;) {
        pv_id id;
        pv_row row;
        pv_status status = pv_query_next(run, &id, &row);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
        PV_TRY(pv_store_refused(call, status));
        pv_view at = pv_query_position(run);
        PV_ASSERT(at.size <= sizeof position->position);
        memcpy(position->position, at.data, at.size);
        position->size = at.size;
        if (!position->passed && memcmp(id.bytes, after.bytes, PV_ID_SIZE) <= 0) { continue; }
        position->passed = true;
        pv_reply_bytes(reply, FIELD_CHARGE, row.message);
        count++;
    }
    return pv_ok();
}

/* The transaction of a step ends with it, so every step opens the query again. */
pv_status pv_charge_service_export_charges_next(pv_call *call,
                                                const pv_export_charges_request *request,
                                                pv_export_charges_response *response,
                                                pv_step *ret_step)
{
    (void)response;
    pv_row row;
    PV_TRY(pv_see(call, &pv_usage_report__object, request->report_id, &row));
    export *position = call->state;
    if (position == NULL) { PV_TRY(start(call, request, &position)); }
    pv_condition of_report = pv_where(&pv_charge__object, "report_id", request->report_id);
    pv_query query = {
        .account = pv_caller_of(call)->account, .conditions = &of_report, .condition_count = 1};
    query.after = pv_view_of(position->position, position->size);
    pv_query_run *run = NULL;
    PV_TRY(pv_store_refused(
        call, pv_query_open(call->context->txn, &pv_charge__object, call->scratch, &query, &run)));
    pv_buffer reply = pv_buffer_of(call->scratch);
    pv_status status = fill(call, request, position, run, &reply);
    pv_query_close(run);
    PV_TRY(status);
    *ret_step = reply.size == 0 ? PV_STEP_END : PV_STEP_MESSAGE;
    return reply.size == 0 ? pv_ok() : pv_reply_send(call, &reply);
}
