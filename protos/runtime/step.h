/* step.h — one step of a call, without a transport: decode the request once, check its fields, run
 * the handler's function, encode what it answered. The gRPC runtime and the tests carry calls with
 * the same functions, so that an application's hooks behave the same under both.
 *
 * A carrier owns a pv_exchange, fills in the phase and the packed request, and has somebody call
 * pv_call_step. After a step that answers, call->reply holds the packed answer: the application may
 * store it in the same transaction, and the carrier sends it.
 *
 * Threads: one user at a time; a carrier may hand the exchange from thread to thread between its
 * calls. Memory: the request is decoded into call->arena for unary and server-stream calls and
 * into call->scratch for messages of client streams; answers are built and packed in
 * call->scratch. */
#ifndef PV_PROTOS_RUNTIME_STEP_H
#define PV_PROTOS_RUNTIME_STEP_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which function of the handler a step runs. */
typedef enum pv_phase {
    PV_PHASE_UNARY = 0,   /* unary: request in, answer out */
    PV_PHASE_RECEIVE = 1, /* client and bidi streams: one message in */
    PV_PHASE_FINISH = 2,  /* client stream: the client has half-closed, answer out */
    PV_PHASE_NEXT = 3     /* server and bidi streams: pulled for a message */
} pv_phase;

/* A call with what a carrier keeps beside it. `call` is the first member: the pv_call that
 * handlers and hooks see is always the head of a pv_exchange. */
typedef struct pv_exchange {
    pv_call call;
    const pv_handler *handler;
    pv_phase phase;            /* set by the carrier before the step */
    pv_view request_bytes;     /* packed request; valid until the step is over */
    ProtobufCMessage *request; /* decoded, once; NULL before */
    pv_step step; /* what `next` found; MESSAGE after unary and finish, IDLE after receive */
} pv_exchange;

static inline pv_exchange *pv_exchange_of(pv_call *call)
{
    return (pv_exchange *)(void *)call;
}

/* Prepares an exchange for a call of `method`. `scratch` is `arena` for unary calls. The
 * deadline is "none" and the peer NULL until the carrier sets them. */
void pv_exchange_init(pv_exchange *exchange, const pv_method_info *method,
                      const pv_handler *handler, pv_arena *arena, pv_arena *scratch);

/* Hands in the next packed request: it is decoded by the next step (or by pv_call_decode). The
 * bytes are borrowed until that step is over. */
void pv_exchange_receive(pv_exchange *exchange, pv_phase phase, pv_view bytes);

/* The request of this step, decoded, wire-checked and held against its field rules; the work is
 * done at most once per message. `ret_request` is borrowed from the call's memory. Refuses with
 * the reasons of protos/runtime/reasons.h for malformed messages, wrong fields and an exhausted
 * arena. */
pv_status pv_call_decode(pv_call *call, const ProtobufCMessage **ret_request);

/* Runs the function that `phase` names. May be run again for the same message when a transaction
 * has to be repeated: the result of the last run counts, and the request is not decoded again.
 * When the status is OK and the step answers, call->reply is the packed answer, never with NULL
 * data. */
pv_status pv_call_step(pv_call *call);

#ifdef __cplusplus
}
#endif
#endif
