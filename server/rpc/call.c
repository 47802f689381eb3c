/* call.c — a call from its arrival to its first step, and its end. What happens in between is
 * decided in drive.c. Every event of a call comes in here, on the polling thread. */
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"

#include <grpc/byte_buffer.h>
#include <grpc/support/time.h>

void pv_rpc_call_batch(pv_rpc_call *call, const grpc_op *ops, size_t count, pv_rpc_tag *tag)
{
    grpc_call_error error = grpc_call_start_batch(call->grpc, ops, count, tag, NULL);
    PV_ASSERT(error == GRPC_CALL_OK);
    call->pending++;
}

/* By address: the bytes of a short slice are inside it. */
static pv_view view_of(const grpc_slice *slice)
{
    return pv_view_of(GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

/* --- events --- */

static void on_received(void *owner, bool ok)
{
    pv_rpc_call *call = (pv_rpc_call *)owner;
    (void)ok; /* a receive that failed leaves no message */
    call->pending--;
    call->receiving = false;
    call->waited = true;
    if (call->inbox != NULL) {
        call->inbox_full = true;
    } else if (grpc_call_failed_before_recv_message(call->grpc) != 0) {
        /* A client that has gone looks like one that has finished, but for this flag. */
        call->broken = true;
    } else {
        pv_rpc_base(call)->half_closed = true;
        call->pull = call->pull || call->method->info.kind == PV_METHOD_BIDI_STREAM;
    }
    pv_rpc_call_drive(call);
}

static void on_sent(void *owner, bool ok)
{
    pv_rpc_call *call = (pv_rpc_call *)owner;
    (void)ok; /* if the peer has gone, the close event says so */
    call->pending--;
    call->sending = false;
    pv_rpc_call_drive(call);
}

static void on_closed(void *owner, bool ok)
{
    pv_rpc_call *call = (pv_rpc_call *)owner;
    (void)ok; /* RECV_CLOSE always succeeds */
    call->pending--;
    call->closed = true;
    pv_rpc_call_drive(call);
}

static void on_final(void *owner, bool ok)
{
    pv_rpc_call *call = (pv_rpc_call *)owner;
    (void)ok;
    call->pending--;
    pv_rpc_call_drive(call);
}

void pv_rpc_call_receive(pv_rpc_call *call)
{
    PV_ASSERT(!call->receiving && !call->inbox_full);
    grpc_op op;
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &call->inbox;
    call->receiving = true;
    pv_rpc_call_batch(call, &op, 1, &call->on_received);
}

/* Streams want to hear of a cancellation at once; a unary call asks with its answer. */
static void watch_close(pv_rpc_call *call)
{
    grpc_op op;
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    op.data.recv_close_on_server.cancelled = &call->close_cancelled;
    call->close_posted = true;
    pv_rpc_call_batch(call, &op, 1, &call->on_closed);
}

/* --- arrival --- */

static void set_deadline(pv_rpc_call *call, int64_t now_ns)
{
    static const int64_t year_s = 365 * 24 * 3600;
    call->deadline_ns = INT64_MAX;
    gpr_timespec deadline = gpr_convert_clock_type(call->details.deadline, GPR_CLOCK_MONOTONIC);
    if (deadline.tv_sec > now_ns / PV_NS_PER_S + year_s) { return; }
    call->deadline_ns = deadline.tv_sec < 0 ? 0 : deadline.tv_sec * PV_NS_PER_S + deadline.tv_nsec;
    pv_rpc_base(call)->deadline.utc_ns = pv_time_now().utc_ns + (call->deadline_ns - now_ns);
}

static void set_peer(pv_rpc_call *call)
{
    pv_call *base = pv_rpc_base(call);
    pv_view authority = view_of(&call->details.host);
    call->peer = pv_rpc_peers_take(call->server->peers, call->grpc, authority);
    base->peer = &call->peer->peer;
    if (pv_view_equal(authority, pv_view_text(call->peer->peer.server_name))) { return; }
    call->own_peer = call->peer->peer;
    call->own_peer.server_name = pv_arena_dup(base->arena, authority);
    if (call->own_peer.server_name == NULL) { call->own_peer.server_name = ""; }
    base->peer = &call->own_peer;
}

/* What is refused before the application is asked. */
static pv_status screen(pv_rpc_call *call, int64_t now_ns)
{
    const pv_rpc_server *server = call->server;
    pv_error *error = &pv_rpc_base(call)->error;
    if (!call->peer->known) { return pv_refuse(error, &pv_reason_unauthenticated_peer, NULL); }
    if (call->method == NULL) { return pv_refuse(error, &pv_reason_unimplemented_method, NULL); }
    if (pv_rpc_draining(server)) { return pv_refuse(error, &pv_reason_server_draining, NULL); }
    if (server->calls_open > server->calls_max) {
        error->retry_after_ms = PV_RPC_OVERLOAD_RETRY_MS;
        return pv_refuse(error, &pv_reason_queue_full, NULL);
    }
    if (call->peer->calls > PV_RPC_CALLS_PER_CONNECTION_MAX) {
        error->retry_after_ms = PV_RPC_OVERLOAD_RETRY_MS;
        return pv_refuse(error, &pv_reason_queue_full, "this connection has %d open calls already",
                         PV_RPC_CALLS_PER_CONNECTION_MAX);
    }
    if (call->deadline_ns <= now_ns) {
        return pv_refuse(error, &pv_reason_deadline_exceeded, NULL);
    }
    return pv_ok();
}

static void begin(pv_rpc_call *call)
{
    pv_rpc_server *server = call->server;
    __atomic_add_fetch(&server->calls_open, 1, __ATOMIC_RELAXED);
    call->started_ns = pv_time_monotonic_ns();
    call->method = pv_rpc_dispatch_find(server->dispatch, view_of(&call->details.method));
    call->summary.method = call->method == NULL ? "unknown" : call->method->info.path;
    pv_arena *arena = pv_rpc_pool_take_arena(server);
    pv_arena *scratch = pv_rpc_is_stream(call) ? pv_rpc_pool_take_arena(server) : arena;
    pv_exchange_init(&call->exchange, call->method == NULL ? NULL : &call->method->info,
                     call->method == NULL ? NULL : call->method->handler, arena, scratch);
    set_peer(call);
    set_deadline(call, call->started_ns);

    pv_status status = screen(call, call->started_ns);
    if (pv_is_ok(status)) {
        call->admitted = true;
        call->admitted_ns = call->started_ns;
        if (server->hooks.admit != NULL) {
            status = server->hooks.admit(server->hooks.app, pv_rpc_base(call));
        }
    }
    if (!pv_is_ok(status)) {
        pv_rpc_call_end(call, status);
        pv_rpc_call_drive(call);
        return;
    }
    if (pv_rpc_is_stream(call)) { watch_close(call); }
    pv_rpc_call_receive(call);
}

static void on_new(void *owner, bool ok)
{
    pv_rpc_call *call = (pv_rpc_call *)owner;
    if (!ok) { /* the server is shutting down */
        grpc_call_details_destroy(&call->details);
        grpc_metadata_array_destroy(&call->metadata);
        pv_rpc_pool_give(call);
        return;
    }
    /* First of all, so that no call ever waits inside the core. */
    pv_rpc_call_arm(call->server);
    begin(call);
}

void pv_rpc_call_arm(pv_rpc_server *server)
{
    pv_rpc_call *call = pv_rpc_pool_take(server);
    call->on_new.fire = on_new;
    call->on_received.fire = on_received;
    call->on_sent.fire = on_sent;
    call->on_closed.fire = on_closed;
    call->on_final.fire = on_final;
    call->on_new.owner = call->on_received.owner = call->on_sent.owner = call;
    call->on_closed.owner = call->on_final.owner = call;
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    grpc_call_error error =
        grpc_server_request_call(server->grpc, &call->grpc, &call->details, &call->metadata,
                                 server->queue, server->queue, &call->on_new);
    PV_ASSERT(error == GRPC_CALL_OK);
}

/* --- end --- */

void pv_rpc_call_end(pv_rpc_call *call, pv_status status)
{
    PV_ASSERT(!call->ending && !call->running);
    call->ending = true;
    call->status = status;
    pv_rpc_idle_remove(call);
}

static void summarise(pv_rpc_call *call)
{
    const pv_reason *reason = pv_rpc_base(call)->error.reason;
    bool unheard = call->close_cancelled != 0 && call->status.code != PV_CODE_DEADLINE_EXCEEDED;
    call->summary.code = unheard ? PV_CODE_CANCELLED : call->status.code;
    call->summary.reason = reason == NULL || pv_is_ok(call->status) ? "" : reason->name;
    call->summary.microseconds = (pv_time_monotonic_ns() - call->started_ns) / 1000;
}

void pv_rpc_call_over(pv_rpc_call *call)
{
    pv_rpc_server *server = call->server;
    pv_call *base = pv_rpc_base(call);
    base->cancelled = base->cancelled || call->close_cancelled != 0;
    summarise(call);
    const pv_rpc_hooks *hooks = &server->hooks;
    if (hooks->finished != NULL) { hooks->finished(hooks->app, base, &call->summary); }
    if (call->admitted && hooks->release != NULL) { hooks->release(hooks->app, base); }

    pv_rpc_call_close_inbox(call);
    if (call->inbox != NULL) { grpc_byte_buffer_destroy(call->inbox); }
    if (call->answer != NULL) { grpc_byte_buffer_destroy(call->answer); }
    if (call->held != NULL) { grpc_byte_buffer_destroy(call->held); }
    bool own_scratch = base->scratch != NULL && base->scratch != base->arena;
    if (own_scratch) { pv_rpc_pool_give_arena(server, base->scratch); }
    pv_rpc_pool_give_arena(server, base->arena);
    pv_rpc_peers_give(server->peers, call->peer);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    grpc_call_unref(call->grpc);
    __atomic_sub_fetch(&server->calls_open, 1, __ATOMIC_RELAXED);
    pv_rpc_pool_give(call);
    pv_rpc_server_check_stopped(server);
}
