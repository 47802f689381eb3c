/* server.h — a gRPC server for C, on the gRPC C core. It knows no domain: it carries calls of any
 * generated service (protos/runtime/call.h) and asks the application, through four hooks, who may
 * call and on which thread a step runs.
 *
 * Threads: one polling thread does all transport work and owns every call; the hooks `admit`,
 * `release` and `finished` run on it. `run` is called on it too and must not block: it either does
 * the step at once (reads) or hands the call to another thread, which does the step and calls
 * pv_rpc_done. The functions marked "any thread" may be called from anywhere; all others of a call
 * only by whoever has the call between `run` and pv_rpc_done, or inside a hook.
 *
 * A call is answered in this order: unknown method, server full, deadline passed, `admit`; only
 * then is a byte of its payload read; size, compression, missing message; then the steps.
 *
 * Limits: server/rpc/limits.h. The process's SIGPIPE must be ignored by the application. */
#ifndef PV_SERVER_RPC_SERVER_H
#define PV_SERVER_RPC_SERVER_H

#include "protos/runtime/step.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_rpc_server pv_rpc_server;

/* What became of a call, for the access log. Valid during the hook. */
typedef struct pv_rpc_summary {
    const char *method; /* path, or "unknown": what a peer invented is not repeated */
    pv_code code;       /* as sent, or CANCELLED when the peer had gone before the answer */
    const char *reason; /* ErrorInfo.reason; "" when there is none */
    uint64_t bytes_in;  /* packed messages */
    uint64_t bytes_out;
    uint32_t messages_in;
    uint32_t messages_out;
    int64_t microseconds; /* from the arrival of the call to its end */
} pv_rpc_summary;

typedef struct pv_rpc_hooks {
    void *app;
    /* Says who calls and whether they may; sets call->context. Called once the method is known
     * and before any byte of a message is read, and again, with the context that it set, before
     * the steps of a stream that has waited for its peer, for a topic or for its heartbeat, so
     * that a revocation holds on open streams too. NULL: everybody may call everything (tests). */
    pv_status (*admit)(void *app, pv_call *call);
    /* Runs one step: decides the thread, calls pv_rpc_step there and then, exactly once and from
     * any thread, pv_rpc_done. An application that has the answer already sets call->reply
     * instead of calling pv_rpc_step. NULL: every step runs on the polling thread. */
    void (*run)(void *app, pv_call *call);
    /* The call is over: forget the context. Called once for every call that was shown to
     * `admit`, after `finished`. */
    void (*release)(void *app, pv_call *call);
    /* One line per call, refused ones too. call->method is NULL for an unknown method. */
    void (*finished)(void *app, const pv_call *call, const pv_rpc_summary *summary);
} pv_rpc_hooks;

/* PEM texts, borrowed for the call they are given to. `ca` holds the roots that client
 * certificates are verified against; a client without a certificate is refused in the handshake. */
typedef struct pv_rpc_tls {
    const char *ca;
    const char *certificate; /* the server's chain, leaf first */
    const char *key;
} pv_rpc_tls;

/* What a front, which ends TLS before the server, knows of one of its connections. */
typedef struct pv_rpc_front_peer {
    char address[64];      /* of the client */
    char server_name[256]; /* that it asked for in TLS; "" if none */
    bool has_certificate;
    uint8_t certificate_sha256[32];
} pv_rpc_front_peer;

/* The front itself. Its connections come in over a UNIX socket that nobody else may use, each from a socket with a
 * name of its own. */
typedef struct pv_rpc_front {
    void *app;
    /* Who is behind the socket of this name, as the core writes it ("unix-abstract:..."); false: nobody that the front
     * knows, and the connection's calls are answered UNAUTHENTICATED. Asked on the polling thread, once for each
     * connection, at its first call. */
    bool (*find)(void *app, const char *name, pv_rpc_front_peer *ret_peer);
} pv_rpc_front;

typedef struct pv_rpc_config {
    const char *address; /* "127.0.0.1:20443", "unix:PATH"; port 0 takes a free one */
    /* NULL: connections come from clients. Else `tls` is NULL, and `address` a UNIX socket. */
    const pv_rpc_front *front;
    const pv_rpc_tls
        *tls; /* NULL: plaintext, on loopback addresses only; for tests and benchmarks */
    /* With TLS: clients are asked for no certificate, `tls->ca` is not used and may be NULL. For
     * services that everybody may call, or that know their callers by other means. */
    bool without_client_certificates;
    const char *error_domain; /* ErrorInfo.domain */
    size_t arena_bytes;       /* ceiling of a call's memory; 0: PV_RPC_ARENA_BYTES_DEFAULT */
    size_t calls_max;         /* 0: PV_RPC_CALLS_MAX */
    size_t request_bytes_max; /* of methods that do not say; 0: PV_RPC_REQUEST_BYTES_DEFAULT */
    /* A client that is silent so long is pinged, and has so long to answer before its connection is
     * closed. 0: PV_RPC_ARG_KEEPALIVE_MS, PV_RPC_ARG_KEEPALIVE_TIMEOUT_MS. */
    size_t keepalive_ms;
    size_t keepalive_timeout_ms;
    bool health;     /* serve grpc.health.v1 */
    bool reflection; /* serve grpc.reflection.v1 and v1alpha */
    /* Files that reflection serves beside those of the services and their imports. */
    const pv_file_info *const *reflection_files;
    size_t reflection_file_count;
} pv_rpc_config;

/* Makes a server and takes its port; calls are accepted from pv_rpc_server_start on. Everything
 * that `config` and `hooks` point to is copied or used only here, except `hooks.app`, the error
 * domain's text and the services, which must outlive the server. On failure `error` (in its
 * arena) says why. */
pv_status pv_rpc_server_create(const pv_rpc_config *config, const pv_service *const *services,
                               size_t service_count, const pv_rpc_hooks *hooks, pv_error *error,
                               pv_rpc_server **ret_server);

/* The port that was taken; 0 for addresses without one. */
int pv_rpc_server_port(const pv_rpc_server *server);

/* Starts the polling thread. */
void pv_rpc_server_start(pv_rpc_server *server);

/* For a program that is this server: starts it, waits for SIGINT or SIGTERM, and drains it. Ignores
 * SIGPIPE. The thread that calls it should be the one that made the server, and other threads of
 * the program must have the two signals blocked. */
void pv_rpc_server_run(pv_rpc_server *server, int64_t grace_ms);

/* Ends gracefully: health answers NOT_SERVING, connections are told to go (GOAWAY), new calls
 * are refused, idle streams get a last look and end with UNAVAILABLE; calls at work have
 * `grace_ms` to finish, the rest is cancelled. Connections whose peer does not go are closed when
 * there has been no call for a second. Returns when no call is left. Any thread but the polling
 * one; once. */
void pv_rpc_server_drain(pv_rpc_server *server, int64_t grace_ms);

/* Frees the server, after draining it with no grace if that was not done. NULL is permitted. */
void pv_rpc_server_destroy(pv_rpc_server *server);

/* New certificates for connections from now on; open ones stay. Any thread. The texts must have
 * been found good by the caller: the core keeps the old ones, with a line in the log, if it
 * cannot read these. */
void pv_rpc_server_set_tls(pv_rpc_server *server, const pv_rpc_tls *tls);

/* What health answers for a service by its full name, or for the server and all its services under
 * the name ""; true from the start. False: there is no such service. Any thread. */
bool pv_rpc_server_set_serving(pv_rpc_server *server, const char *service, bool serving);

/* Wakes the idle streams that wait on this topic. Any thread; cheap, and safe at any moment before
 * pv_rpc_server_destroy. A wake that comes while a stream's step is running is not lost. */
void pv_rpc_wake(pv_rpc_server *server, const uint8_t topic[16]);

/* Runs the step: pv_call_step under its name among the hooks. Any thread. */
static inline pv_status pv_rpc_step(pv_call *call)
{
    return pv_call_step(call);
}

/* Ends the step. call->reply, when the step answers, must be valid until this returns: it is
 * copied here. call->error tells the client why the status is not OK. Any thread, exactly once
 * per `run`; the call must not be touched afterwards. */
void pv_rpc_done(pv_call *call, pv_status status);

/* Adds trailing metadata, e.g. "revision"; sent with the status. Both texts are ASCII and are
 * copied; at most PV_RPC_TRAILERS_MAX, false beyond. */
bool pv_rpc_trailer(pv_call *call, const char *key, const char *value);

/* The same with any bytes if the key ends in "-bin", else printable ASCII. */
bool pv_rpc_trailer_bytes(pv_call *call, const char *key, pv_view value);

/* Adds initial metadata, from `admit` or from a step before the call's first answer: false when a
 * stream has answered or its headers have gone out, which they do when its peer has sent a message
 * and nothing is produced for it at once. Values and copies as above; at most
 * PV_RPC_HEADERS_MAX. */
bool pv_rpc_header(pv_call *call, const char *key, pv_view value);

/* A value of the request's metadata by its lower-case key; empty when absent. Bytes as the peer
 * sent them: they may hold anything. Valid for the life of the call. */
pv_view pv_rpc_metadata(const pv_call *call, const char *key);

#ifdef __cplusplus
}
#endif
#endif
