#include "protos/runtime/step.h"

#include "protos/runtime/fields.h"
#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"

void pv_exchange_init(pv_exchange *exchange, const pv_method_info *method,
                      const pv_handler *handler, pv_arena *arena, pv_arena *scratch)
{
    memset(exchange, 0, sizeof *exchange);
    pv_call *call = &exchange->call;
    call->method = method;
    call->arena = arena;
    call->scratch = scratch;
    call->deadline.utc_ns = INT64_MAX;
    pv_error_init(&call->error, arena);
    exchange->handler = handler;
    exchange->step = PV_STEP_IDLE;
}

void pv_exchange_receive(pv_exchange *exchange, pv_phase phase, pv_view bytes)
{
    exchange->phase = phase;
    exchange->request_bytes = bytes;
    exchange->request = NULL;
}

/* Messages of a client's stream die with their step; the one request of the other kinds stays. */
static pv_arena *request_arena(const pv_exchange *exchange)
{
    return exchange->phase == PV_PHASE_RECEIVE ? exchange->call.scratch : exchange->call.arena;
}

pv_status pv_call_decode(pv_call *call, const ProtobufCMessage **ret_request)
{
    pv_exchange *exchange = pv_exchange_of(call);
    if (exchange->request == NULL) {
        const pv_message_info *info = call->method->request;
        pv_arena *arena = request_arena(exchange);
        ProtobufCMessage *request = NULL;
        PV_TRY(pv_message_decode(info, exchange->request_bytes, arena, &call->error, &request));
        PV_TRY(pv_fields_check(info, request, &call->error));
        exchange->request = request;
    }
    *ret_request = exchange->request;
    return pv_ok();
}

static bool takes_request(const pv_exchange *exchange)
{
    switch (exchange->phase) {
    case PV_PHASE_UNARY:
    case PV_PHASE_RECEIVE: return true;
    case PV_PHASE_FINISH: return false;
    case PV_PHASE_NEXT: return exchange->call.method->kind == PV_METHOD_SERVER_STREAM;
    }
    return false;
}

static pv_status out_of_memory(pv_call *call)
{
    return pv_refuse(&call->error, &pv_reason_arena_exhausted,
                     "the answer needs more memory than a call may use");
}

static pv_status run_handler(pv_exchange *exchange, const ProtobufCMessage *request,
                             ProtobufCMessage *response)
{
    pv_call *call = &exchange->call;
    const pv_handler *handler = exchange->handler;
    switch (exchange->phase) {
    case PV_PHASE_UNARY:
        exchange->step = PV_STEP_MESSAGE;
        return handler->unary(call, request, response);
    case PV_PHASE_RECEIVE: exchange->step = PV_STEP_IDLE; return handler->receive(call, request);
    case PV_PHASE_FINISH: exchange->step = PV_STEP_MESSAGE; return handler->finish(call, response);
    case PV_PHASE_NEXT:
        exchange->step = PV_STEP_END;
        return handler->next(call, request, response, &exchange->step);
    }
    return pv_status_of(PV_CODE_INTERNAL);
}

pv_status pv_call_step(pv_call *call)
{
    pv_exchange *exchange = pv_exchange_of(call);
    /* What an earlier run of the same step left must not be taken for this run's. */
    pv_error_init(&call->error, call->arena);
    call->reply = pv_view_of(NULL, 0);

    const ProtobufCMessage *request = NULL;
    if (takes_request(exchange)) { PV_TRY(pv_call_decode(call, &request)); }
    ProtobufCMessage *response = NULL;
    if (exchange->phase != PV_PHASE_RECEIVE) {
        response = pv_message_new(call->method->response, call->scratch);
        if (response == NULL) { return out_of_memory(call); }
    }
    PV_TRY(run_handler(exchange, request, response));
    if (exchange->step != PV_STEP_MESSAGE || call->reply.data != NULL) { return pv_ok(); }
    if (!pv_message_encode(response, call->scratch, &call->reply)) { return out_of_memory(call); }
    PV_ASSERT(call->reply.data != NULL);
    return pv_ok();
}
