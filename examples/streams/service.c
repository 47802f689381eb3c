/* service.c — the server functions of the note service, one pair for each kind of stream. */
#include "notes.pv.h"
#include "protos/runtime/reasons.h"

/* --- many in, one out --- */

typedef struct sum {
    uint32_t notes;
    uint64_t bytes;
} sum;

static sum *sum_of(pv_call *call)
{
    if (call->state == NULL) { call->state = pv_arena_zalloc(call->arena, 1, sizeof(sum)); }
    return call->state;
}

pv_status notes_v1_note_service_add_receive(pv_call *call, const notes_v1_add_request *request)
{
    sum *so_far = sum_of(call);
    if (so_far == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    so_far->notes++;
    so_far->bytes += strlen(request->text);
    return pv_ok();
}

pv_status notes_v1_note_service_add_finish(pv_call *call, notes_v1_add_response *response)
{
    const sum *all = sum_of(call); /* zero when no note has come */
    if (all == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    response->notes = all->notes;
    response->bytes = all->bytes;
    return pv_ok();
}

/* --- many both ways --- */

/* What was received has gone when `next` runs, so the line is kept here. */
typedef struct line {
    bool pending;
    char text[64];
} line;

pv_status notes_v1_note_service_chat_receive(pv_call *call, const notes_v1_chat_request *request)
{
    if (call->state == NULL) { call->state = pv_arena_zalloc(call->arena, 1, sizeof(line)); }
    line *kept = call->state;
    if (kept == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    size_t size = strlen(request->text) + 1;
    if (size > sizeof kept->text) {
        return pv_refuse(&call->error, &pv_reason_invalid_field, "a line of %zu bytes is too long",
                         size - 1);
    }
    memcpy(kept->text, request->text, size);
    kept->pending = true;
    return pv_ok();
}

pv_status notes_v1_note_service_chat_next(pv_call *call, notes_v1_chat_response *response,
                                          pv_step *ret_step)
{
    line *kept = call->state;
    *ret_step = PV_STEP_IDLE;
    if (kept == NULL || !kept->pending) { return pv_ok(); }
    kept->pending = false;
    response->text = kept->text;
    *ret_step = PV_STEP_MESSAGE;
    return pv_ok();
}

/* --- one that waits --- */

typedef struct ticking {
    uint32_t sent;
    bool waited;
} ticking;

pv_status notes_v1_note_service_tick_next(pv_call *call, const notes_v1_tick_request *request,
                                          notes_v1_tick_response *response, pv_step *ret_step)
{
    if (call->state == NULL) { call->state = pv_arena_zalloc(call->arena, 1, sizeof(ticking)); }
    ticking *state = call->state;
    if (state == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    state->waited = !state->waited;
    if (state->waited) {
        call->wake_after_ms = request->every_ms;
        *ret_step = PV_STEP_IDLE;
        return pv_ok();
    }
    response->number = ++state->sent;
    *ret_step = PV_STEP_MESSAGE;
    return pv_ok();
}
