/* drive.c — what a call does next. Every event sets what it has learnt and calls pv_rpc_call_drive,
 * which goes on until something outside has to happen: a message, room for one, a topic, the
 * application.
 *
 * Back-pressure: `next` is pulled only when no message is with the core, and at most one more is
 * held; the next message is asked for only when the last one has been dealt with. */
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"

#include <grpc/byte_buffer.h>

enum { READMIT_NS = 1000 * 1000 * 1000 };

/* Which step can be run now; false: none. */
static bool next_phase(const pv_rpc_call *call, pv_phase *ret_phase)
{
    const pv_call *base = &call->exchange.call;
    switch (call->method->info.kind) {
    case PV_METHOD_UNARY: *ret_phase = PV_PHASE_UNARY; return call->inbox_full;
    case PV_METHOD_SERVER_STREAM:
        *ret_phase = PV_PHASE_NEXT;
        return (call->inbox_full || call->pull) && !call->sending;
    case PV_METHOD_CLIENT_STREAM:
        *ret_phase = call->inbox_full ? PV_PHASE_RECEIVE : PV_PHASE_FINISH;
        return call->inbox_full || base->half_closed;
    case PV_METHOD_BIDI_STREAM:
        *ret_phase = call->pull ? PV_PHASE_NEXT : PV_PHASE_RECEIVE;
        return call->pull ? !call->sending : call->inbox_full;
    }
    return false;
}

/* A unary or server-stream call whose client has half-closed without a message. */
static bool misses_message(const pv_rpc_call *call)
{
    pv_method_kind kind = call->method->info.kind;
    return (kind == PV_METHOD_UNARY || kind == PV_METHOD_SERVER_STREAM) &&
           call->exchange.call.half_closed && call->summary.messages_in == 0;
}

/* Time has passed, in which the caller may have been revoked. */
static pv_status admit_again(pv_rpc_call *call)
{
    const pv_rpc_hooks *hooks = &call->server->hooks;
    bool waited = call->waited && pv_rpc_is_stream(call) && call->summary.messages_in > 0;
    int64_t now_ns = pv_time_monotonic_ns();
    if (call->deadline_ns <= now_ns) {
        return pv_refuse(&pv_rpc_base(call)->error, &pv_reason_deadline_exceeded, NULL);
    }
    if (!waited && now_ns - call->admitted_ns < READMIT_NS) { return pv_ok(); }
    call->admitted_ns = now_ns;
    call->waited = false;
    if (hooks->admit == NULL) { return pv_ok(); }
    pv_error_init(&pv_rpc_base(call)->error, pv_rpc_base(call)->arena);
    return hooks->admit(hooks->app, pv_rpc_base(call));
}

/* Everything between the choice of a step and its run. */
static pv_status prepare(pv_rpc_call *call, pv_phase phase)
{
    pv_call *base = pv_rpc_base(call);
    PV_TRY(admit_again(call));
    /* The handler may name another topic from here on. */
    pv_rpc_idle_remove(call);
    if (base->scratch == NULL) {
        base->scratch = pv_rpc_pool_take_arena(call->server);
    } else if (base->scratch != base->arena) {
        pv_arena_reset(base->scratch);
    }
    if (call->inbox_full && phase != PV_PHASE_FINISH) {
        PV_TRY(pv_rpc_call_open_inbox(call));
        pv_view bytes =
            pv_view_of(GRPC_SLICE_START_PTR(call->request), GRPC_SLICE_LENGTH(call->request));
        pv_exchange_receive(&call->exchange, phase, bytes);
        call->pull = phase == PV_PHASE_NEXT;
    }
    call->exchange.phase = phase;
    base->reply = pv_view_of(NULL, 0);
    return pv_ok();
}

/* The result of a `next`. */
static void after_next(pv_rpc_call *call)
{
    switch (call->exchange.step) {
    case PV_STEP_MESSAGE:
        if (call->held != NULL) { pv_rpc_call_send_held(call, true); }
        call->held = call->answer;
        call->answer = NULL;
        call->headers_closed = true;
        return;
    case PV_STEP_IDLE: call->pull = false; return;
    case PV_STEP_END: pv_rpc_call_end(call, pv_ok()); return;
    }
}

/* Takes over what the step has found. */
static void apply(pv_rpc_call *call)
{
    pv_rpc_call_close_inbox(call);
    if (!pv_is_ok(call->step_status)) {
        pv_rpc_call_end(call, call->step_status);
        return;
    }
    switch (call->exchange.phase) {
    case PV_PHASE_UNARY:
    case PV_PHASE_FINISH:
        call->held = call->answer;
        call->answer = NULL;
        pv_rpc_call_end(call, pv_ok());
        return;
    case PV_PHASE_RECEIVE: call->pull = call->method->info.kind == PV_METHOD_BIDI_STREAM; return;
    case PV_PHASE_NEXT: after_next(call); return;
    }
}

/* False: the step is with the application. */
static bool run(pv_rpc_call *call)
{
    pv_rpc_server *server = call->server;
    pv_call *base = pv_rpc_base(call);
    call->running = true;
    call->stepped = false;
    call->wake_epoch = server->wake_epoch;
    server->current = call;
    if (server->hooks.run == NULL || call->method->builtin) {
        pv_rpc_done(base, pv_rpc_step(base));
    } else {
        server->hooks.run(server->hooks.app, base);
    }
    server->current = NULL;
    if (!call->stepped) { return false; }
    call->running = false;
    apply(call);
    return true;
}

/* A bidi stream whose client has finished and whose handler names nothing to wait for is
 * complete. */
static bool nothing_can_come(const pv_rpc_call *call)
{
    static const uint8_t no_topic[16] = {0};
    const pv_call *base = &call->exchange.call;
    return call->method->info.kind == PV_METHOD_BIDI_STREAM && base->half_closed &&
           base->wake_after_ms <= 0 && memcmp(base->wake_topic, no_topic, sizeof no_topic) == 0;
}

/* A stream's `next` has nothing now. True: look again at once. */
static bool go_idle(pv_rpc_call *call)
{
    if (call->exchange.step != PV_STEP_IDLE || call->exchange.phase != PV_PHASE_NEXT ||
        call->idle) {
        return false;
    }
    if (call->wake_epoch != call->server->wake_epoch) {
        /* A topic was woken while the step ran elsewhere; it may have been this stream's. */
        call->wake_epoch = call->server->wake_epoch;
        call->pull = true;
        return true;
    }
    if (call->server->leaving) {
        pv_rpc_call_end(call,
                        pv_refuse(&pv_rpc_base(call)->error, &pv_reason_server_draining, NULL));
        return true;
    }
    if (nothing_can_come(call)) {
        pv_rpc_call_end(call, pv_ok());
        return true;
    }
    pv_rpc_idle_add(call);
    /* What waits, perhaps for hours, keeps no memory that its next step would forget anyway. */
    pv_rpc_pool_give_arena(call->server, pv_rpc_base(call)->scratch);
    pv_rpc_base(call)->scratch = NULL;
    return false;
}

/* No step can be run: sees to it that something can happen. True: look again at once. */
static bool wait(pv_rpc_call *call)
{
    pv_method_kind kind = call->method->info.kind;
    if (kind == PV_METHOD_UNARY) { return false; }
    if (call->held != NULL && !call->sending) { pv_rpc_call_send_held(call, false); }
    bool from_client = kind == PV_METHOD_CLIENT_STREAM || kind == PV_METHOD_BIDI_STREAM;
    if (from_client && !call->receiving && !call->inbox_full && !pv_rpc_base(call)->half_closed &&
        !call->pull) {
        pv_rpc_call_receive(call);
    }
    if (call->pull || !go_idle(call)) {
        /* Clients wait for headers to know that a stream is accepted. */
        if (!call->metadata_sent && !call->sending && call->summary.messages_in > 0) {
            pv_rpc_call_send_metadata(call);
        }
        return false;
    }
    return true;
}

/* The status is decided: sends it once the way is free, and frees the call when the core has let
 * go. */
static void conclude(pv_rpc_call *call)
{
    if (!call->final_sent) {
        /* A message that is with the core completes, or fails because the peer has gone. */
        if (!call->sending) { pv_rpc_call_send_final(call); }
        return;
    }
    if (call->pending == 0) { pv_rpc_call_over(call); }
}

static void refuse_cancelled(pv_rpc_call *call)
{
    pv_call *base = pv_rpc_base(call);
    pv_error_init(&base->error, base->arena);
    bool late = call->deadline_ns <= pv_time_monotonic_ns();
    pv_rpc_call_end(
        call,
        pv_refuse(&base->error, late ? &pv_reason_deadline_exceeded : &pv_reason_cancelled, NULL));
}

void pv_rpc_call_drive(pv_rpc_call *call)
{
    pv_call *base = pv_rpc_base(call);
    for (;;) {
        if (call->running) { return; } /* the application has the call: nothing of it is touched */
        base->cancelled =
            base->cancelled || call->broken || (call->closed && call->close_cancelled != 0);
        if (call->ending) {
            conclude(call);
            return;
        }
        if (base->cancelled) {
            refuse_cancelled(call);
            continue;
        }
        if (misses_message(call)) {
            pv_rpc_call_end(call, pv_refuse(&base->error, &pv_reason_cardinality_violation, NULL));
            continue;
        }
        pv_phase phase;
        if (!next_phase(call, &phase)) {
            if (wait(call)) { continue; }
            return;
        }
        pv_status status = prepare(call, phase);
        if (!pv_is_ok(status)) {
            pv_rpc_call_end(call, status);
            continue;
        }
        if (!run(call)) {
            /* The step takes its time: what was produced before must not wait for it. */
            if (call->held != NULL && !call->sending) { pv_rpc_call_send_held(call, false); }
            return;
        }
    }
}

void pv_rpc_call_stepped(pv_rpc_call *call)
{
    PV_ASSERT(call->running);
    call->running = false;
    apply(call);
    pv_rpc_call_drive(call);
}

/* Copies the answer while the application's memory still holds it. */
static pv_status take_answer(pv_rpc_call *call, pv_status status)
{
    pv_call *base = pv_rpc_base(call);
    bool from_step = call->exchange.phase == PV_PHASE_NEXT
                         ? call->exchange.step == PV_STEP_MESSAGE
                         : call->exchange.phase != PV_PHASE_RECEIVE;
    if (!pv_is_ok(status) || !from_step) { return status; }
    PV_ASSERT(base->reply.data != NULL);
    if (base->reply.size > PV_RPC_RESPONSE_BYTES_MAX) {
        return pv_refuse(&base->error, &pv_reason_message_too_large,
                         "the answer has %zu bytes; one message may have %d", base->reply.size,
                         PV_RPC_RESPONSE_BYTES_MAX);
    }
    call->answer = pv_rpc_buffer_of(base->reply);
    return status;
}

void pv_rpc_done(pv_call *base, pv_status status)
{
    pv_rpc_call *call = pv_rpc_call_of(base);
    pv_rpc_server *server = call->server;
    call->step_status = take_answer(call, status);
    base->reply = pv_view_of(NULL, 0);
    if (pthread_equal(pthread_self(), server->poller) != 0 && server->current == call) {
        call->stepped = true;
        return;
    }
    pv_rpc_mailbox_post(server, call);
}
