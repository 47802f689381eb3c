/* loop.c — the completion loop: takes what the core has completed, lets the call concerned note it, and
 * tells the caller which call can go on. */
#include "client/rpc/internal.h"

#include <grpc/support/time.h>
#include <stdlib.h>

void pv_client_loop_init(pv_client_loop *loop)
{
    memset(loop, 0, sizeof *loop);
    loop->queue = grpc_completion_queue_create_for_next(NULL);
}

void pv_client_loop_deinit(pv_client_loop *loop)
{
    PV_ASSERT(loop->calls == 0);
    grpc_completion_queue_shutdown(loop->queue);
    while (
        grpc_completion_queue_next(loop->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
        GRPC_QUEUE_SHUTDOWN) {}
    grpc_completion_queue_destroy(loop->queue);
}

pv_client_loop *pv_client_loop_create(void)
{
    pv_client_loop *loop = (pv_client_loop *)malloc(sizeof *loop);
    PV_ASSERT(loop != NULL);
    grpc_init();
    pv_client_loop_init(loop);
    return loop;
}

void pv_client_loop_destroy(pv_client_loop *loop)
{
    if (loop == NULL) { return; }
    pv_client_loop_deinit(loop);
    free(loop);
    grpc_shutdown_blocking();
}

static void append(pv_client_loop *loop, pv_client_call *call)
{
    call->before = loop->last;
    call->behind = NULL;
    *(loop->last == NULL ? &loop->first : &loop->last->behind) = call;
    loop->last = call;
}

static void detach(pv_client_loop *loop, pv_client_call *call)
{
    *(call->before == NULL ? &loop->first : &call->before->behind) = call->behind;
    *(call->behind == NULL ? &loop->last : &call->behind->before) = call->before;
}

void pv_client_loop_tell(pv_client_call *call, pv_client_event_kind kind)
{
    if (call->loop == &call->own_loop) { return; }
    if (call->events == 0) { append(call->loop, call); }
    call->events |= 1U << kind;
}

void pv_client_loop_forget(pv_client_call *call)
{
    if (call->events != 0) { detach(call->loop, call); }
    call->events = 0;
}

bool pv_client_loop_pump(pv_client_loop *loop, gpr_timespec until)
{
    grpc_event event = grpc_completion_queue_next(loop->queue, until, NULL);
    if (event.type != GRPC_OP_COMPLETE) { return false; }
    const pv_client_tag *tag = (const pv_client_tag *)event.tag;
    pv_client_call *call = tag->call;
    call->pending--;
    tag->fire(call, event.success != 0);
    if (pv_client_call_ended(call)) { pv_client_loop_tell(call, PV_CLIENT_ENDED); }
    return true;
}

/* False: what was to be told has been dealt with meanwhile. */
static bool holds(const pv_client_call *call, pv_client_event_kind kind)
{
    switch (kind) {
    case PV_CLIENT_MESSAGE: return call->inbox_full;
    case PV_CLIENT_ROOM: return !call->sending && !call->unsendable && !call->sent_close;
    case PV_CLIENT_ENDED: return pv_client_call_ended(call);
    }
    return false;
}

/* The next thing to tell; false: nothing. */
static bool take_event(pv_client_loop *loop, pv_client_event *ret_event)
{
    while (loop->first != NULL) {
        pv_client_call *call = loop->first;
        pv_client_event_kind kind = (pv_client_event_kind)__builtin_ctz(call->events);
        call->events &= call->events - 1;
        detach(loop, call);
        if (call->events != 0) { append(loop, call); }
        if (!holds(call, kind)) { continue; }
        ret_event->kind = kind;
        ret_event->call = call;
        ret_event->app = call->app;
        return true;
    }
    return false;
}

bool pv_client_loop_next(pv_client_loop *loop, int64_t wait_ms, pv_client_event *ret_event)
{
    gpr_timespec until = wait_ms < 0 ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                                     : gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                                    gpr_time_from_millis(wait_ms, GPR_TIMESPAN));
    while (!take_event(loop, ret_event)) {
        if (loop->calls == 0 || !pv_client_loop_pump(loop, until)) { return false; }
    }
    return true;
}
