/* call.h — one call as its handler sees it, whoever carries it: the gRPC runtime, or a test. Includes no
 * gRPC. Generated server code includes this header.
 *
 * A handler is a plain function; it returns a must-use status and has said why in call->error. All its
 * memory comes from call->arena and goes back whole when the call ends; for streams that is the life of
 * the stream, while `scratch` is emptied between steps.
 *
 * The four kinds (the generator declares these functions; a service is implemented by writing them):
 *   unary          f(call, request, response)
 *   server stream  f_next(call, request, response, &step)      pulled whenever the peer can take a message
 *   client stream  f_receive(call, request); f_finish(call, response)
 *   bidi stream    f_receive(call, request); f_next(call, response, &step)   pulled after each message and
 *                  after half-close until IDLE or END
 * Flow control is the runtime's business: a function is called only when its result can be sent or the
 * next message is wanted. Functions of one call never run at the same time. */
#ifndef PV_PROTOS_RUNTIME_CALL_H
#define PV_PROTOS_RUNTIME_CALL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What `next` found. */
typedef enum pv_step {
    PV_STEP_MESSAGE = 0, /* response is filled: send it and ask again */
    PV_STEP_IDLE =
        1, /* nothing now: ask again when woken (call->wake_topic) or after wake_after_ms */
    PV_STEP_END = 2 /* the stream is complete: status OK */
} pv_step;

/* Who is at the other end of the connection, as the transport knows it; no domain. */
typedef struct pv_peer {
    const char *address;            /* "ipv4:127.0.0.1:4242", for the log */
    bool has_certificate;           /* TLS verified a client certificate */
    uint8_t certificate_sha256[32]; /* of the leaf's DER */
    const char *server_name;        /* :authority of the call */
    const char *tls_server_name; /* that the client asked for in TLS (SNI); "" if none is known */
} pv_peer;

/* What the application keeps with a call (caller, transaction, ids ...): it defines the struct. */
struct pv_context;

typedef struct pv_call {
    const pv_method_info *method;
    pv_arena *arena;   /* life of the call or stream */
    pv_arena *scratch; /* life of one step; same as arena for unary calls */
    pv_error error;    /* filled by whoever refuses */
    const pv_peer *peer;
    struct pv_context *context;
    void *state;      /* of a streaming handler; starts NULL, lives in `arena` */
    pv_time deadline; /* utc_ns INT64_MAX: none */
    bool half_closed; /* the client has sent its last message */
    bool cancelled;   /* the peer has gone, or the deadline has passed */
    pv_view reply;    /* packed reply built by the handler itself (zero-copy reads); used instead
                               of `response` when data is not NULL. Must live in `scratch`. */
    uint8_t wake_topic[16]; /* for PV_STEP_IDLE */
    int64_t wake_after_ms;  /* for PV_STEP_IDLE: heartbeat; 0: none */
} pv_call;

/* One method's functions with the message types erased; the generator makes typed adapters. */
typedef struct pv_handler {
    pv_status (*unary)(pv_call *call, const ProtobufCMessage *request, ProtobufCMessage *response);
    pv_status (*receive)(pv_call *call, const ProtobufCMessage *request);
    pv_status (*finish)(pv_call *call, ProtobufCMessage *response);
    /* `request` is NULL for bidi streams. */
    pv_status (*next)(pv_call *call, const ProtobufCMessage *request, ProtobufCMessage *response,
                      pv_step *ret_step);
} pv_handler;

/* A service with its implementation: `handlers[i]` serves `info->methods[i]`. Generated. */
typedef struct pv_service {
    const pv_service_info *info;
    const pv_handler *handlers;
} pv_service;

#ifdef __cplusplus
}
#endif
#endif
