/* echo_service.c — the service that the runtime's tests call. */
#include "base/error.h"
#include "echo.pv.h"

typedef struct echo_state {
    uint32_t number;  /* messages sent, or received */
    uint32_t pending; /* messages still to send */
    uint32_t padding;
    bool waiting; /* the last step said IDLE */
    size_t size;
    char text[256];
} echo_state;

static echo_state *state_of(pv_call *call)
{
    if (call->state == NULL) { call->state = pv_arena_zalloc(call->arena, 1, sizeof(echo_state)); }
    return (echo_state *)call->state;
}

static const pv_reason refusal = {"ECHO_REFUSED", PV_CODE_FAILED_PRECONDITION, "The echo refuses.",
                                  "Ask for less."};
static const pv_reason missing = {"ECHO_MISSING", PV_CODE_NOT_FOUND, "The echo is not here.",
                                  "Ask elsewhere."};

static pv_status refuse(pv_call *call, const pv_echo_request *request)
{
    for (uint32_t i = 0; i < request->count; i++) {
        pv_error_violate(&call->error, PV_VIOLATION_PRECONDITION, "STATE", "subject",
                         "violation %u of %u %s", i + 1, request->count, request->text);
    }
    pv_error_note(&call->error, "wanted", "%u", request->code);
    pv_error_resource(&call->error, "purvey.test.v1.Echo", "echo_1");
    if (request->code == PV_CODE_NOT_FOUND) { return pv_refuse(&call->error, &missing, NULL); }
    call->error.retry_after_ms = 1500;
    return pv_refuse(&call->error, &refusal, "refused as %s asked", "the request");
}

static pv_status fill(pv_call *call, const char *text, uint32_t number, uint32_t padding,
                      pv_echo_response *response)
{
    response->text = pv_arena_dup(call->scratch, pv_view_text(text));
    response->number = number;
    response->padding.data = pv_arena_zalloc(call->scratch, padding, 1);
    response->padding.len = padding;
    if (response->text == NULL || response->padding.data == NULL) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    return pv_ok();
}

pv_status pv_echo_service_echo(pv_call *call, const pv_echo_request *request,
                               pv_echo_response *response)
{
    if (request->code != 0) { return refuse(call, request); }
    return fill(call, request->text, 1, request->padding, response);
}

pv_status pv_echo_service_small(pv_call *call, const pv_echo_request *request,
                                pv_echo_response *response)
{
    return fill(call, request->text, 1, request->padding, response);
}

pv_status pv_echo_service_repeat_next(pv_call *call, const pv_echo_request *request,
                                      pv_echo_response *response, pv_step *ret_step)
{
    echo_state *state = state_of(call);
    bool waits = request->topic != 0 || request->wait_ms != 0;
    if (state->number >= request->count && waits && !state->waiting) {
        memset(call->wake_topic, (int)request->topic, sizeof call->wake_topic);
        call->wake_after_ms = request->wait_ms;
        state->waiting = true;
        *ret_step = PV_STEP_IDLE;
        return pv_ok();
    }
    if (state->number >= request->count && !waits) {
        *ret_step = PV_STEP_END;
        return request->code == 0 ? pv_ok() : refuse(call, request);
    }
    state->waiting = false;
    state->number++;
    *ret_step = PV_STEP_MESSAGE;
    return fill(call, request->text, state->number, request->padding, response);
}

pv_status pv_echo_service_collect_receive(pv_call *call, const pv_echo_request *request)
{
    echo_state *state = state_of(call);
    if (request->code != 0) { return refuse(call, request); }
    size_t size = strlen(request->text);
    if (state->size + size >= sizeof state->text) { size = sizeof state->text - 1 - state->size; }
    memcpy(state->text + state->size, request->text, size);
    state->size += size;
    state->number++;
    return pv_ok();
}

pv_status pv_echo_service_collect_finish(pv_call *call, pv_echo_response *response)
{
    echo_state *state = state_of(call);
    return fill(call, state->text, state->number, 0, response);
}

pv_status pv_echo_service_chat_receive(pv_call *call, const pv_echo_request *request)
{
    echo_state *state = state_of(call);
    if (request->code != 0) { return refuse(call, request); }
    memset(call->wake_topic, (int)request->topic, sizeof call->wake_topic);
    state->pending = request->count;
    state->padding = request->padding;
    size_t size =
        strlen(request->text) < sizeof state->text ? strlen(request->text) : sizeof state->text - 1;
    memcpy(state->text, request->text, size);
    state->text[size] = '\0';
    return pv_ok();
}

pv_status pv_echo_service_chat_next(pv_call *call, pv_echo_response *response, pv_step *ret_step)
{
    echo_state *state = state_of(call);
    *ret_step = PV_STEP_IDLE;
    if (state->pending == 0) { return pv_ok(); }
    state->pending--;
    state->number++;
    *ret_step = PV_STEP_MESSAGE;
    return fill(call, state->text, state->number, state->padding, response);
}
