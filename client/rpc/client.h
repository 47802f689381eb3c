/* client.h — a gRPC client for C, on the gRPC C core. It implements protos/runtime/stub.h, on which
 * the generated stubs stand, and knows no domain: with a pv_method_info from a table any method can
 * be called.
 *
 * Calls wait, or complete. Without a loop in its options a call's functions wait for what they do.
 * With one they return at once, and pv_client_loop_next tells which of the loop's calls can go on:
 * one thread keeps thousands of calls open.
 *
 * Threads: a pv_client may be used from many threads; a pv_client_call belongs to one thread at a
 * time, except for pv_client_cancel; a loop belongs to one thread together with all its calls.
 * Time: every call has a deadline, its own or the client's default; nothing blocks beyond it.
 * Trust: answers are wire-checked like requests.
 * Streams: a send after the server has ended the call gives the server's status, but for a bidi
 * call ABORTED, because messages may lie before the status: pv_client_receive and
 * pv_client_finish come to it. */
#ifndef PV_CLIENT_RPC_CLIENT_H
#define PV_CLIENT_RPC_CLIENT_H

#include "base/time.h"
#include "protos/runtime/stub.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_CLIENT_DEADLINE_MS_DEFAULT = 30 * 1000,
    PV_CLIENT_RESPONSE_BYTES_DEFAULT = 4 * 1024 * 1024,
    PV_CLIENT_METADATA_MAX = 16,
    /* A server that has gone without a word is noticed after both, while a call is open: after so
     * long a silence it is pinged, and has so long to answer. */
    PV_CLIENT_KEEPALIVE_MS = 60 * 1000,
    PV_CLIENT_KEEPALIVE_TIMEOUT_MS = 20 * 1000
};

/* PEM texts, used only by pv_client_create. */
typedef struct pv_client_tls {
    const char *ca;          /* roots the server's certificate is verified against */
    const char *certificate; /* the client's chain, leaf first; NULL: none */
    const char *key;
    const char
        *server_name; /* expected in the certificate instead of the target's host; NULL: the host */
} pv_client_tls;

typedef struct pv_client_config {
    const char *target;        /* "host:port" */
    const pv_client_tls *tls;  /* NULL: plaintext */
    int64_t deadline_ms;       /* default of calls; 0: PV_CLIENT_DEADLINE_MS_DEFAULT */
    size_t response_bytes_max; /* 0: PV_CLIENT_RESPONSE_BYTES_DEFAULT */
    const char *user_agent;    /* put in front of the core's own; NULL: none */
    /* 0: PV_CLIENT_KEEPALIVE_MS and PV_CLIENT_KEEPALIVE_TIMEOUT_MS. Calls of a server that does not
     * answer end UNAVAILABLE. Servers send clients away that ping too often: ours permits it every
     * PV_RPC_ARG_PING_INTERVAL_MS, most others every five minutes. */
    int64_t keepalive_ms;
    int64_t keepalive_timeout_ms;
} pv_client_config;

typedef struct pv_client_pair {
    const char *key; /* lower case */
    pv_view value;   /* any bytes if the key ends in "-bin", else printable ASCII */
} pv_client_pair;

/* What the server sent beside its messages; in the call's arena. */
typedef struct pv_client_metadata {
    pv_client_pair *initial;
    size_t initial_count;
    pv_client_pair *trailing;
    size_t trailing_count;
} pv_client_metadata;

/* Where calls complete. */
typedef struct pv_client_loop pv_client_loop;

struct pv_client_options {
    int64_t deadline_ms; /* from now; 0: the client's default */
    /* An instant that the call does not outlast either; 0: none. A server passes on its pv_call's,
     * so that its own calls end with the one that they are made for. */
    pv_time deadline;
    const pv_client_pair *metadata; /* sent with the call; at most PV_CLIENT_METADATA_MAX */
    size_t metadata_count;
    bool
        wait_for_ready; /* wait for a connection, within the deadline, instead of failing at once */
    pv_client_metadata *ret_metadata; /* filled at the end of the call; NULL: not wanted */
    pv_client_loop *loop;             /* where the call completes; NULL: its functions wait */
    void *app;                        /* comes back with the call's events */
};

/* What a call on a loop can do now without waiting. */
typedef enum pv_client_event_kind {
    PV_CLIENT_MESSAGE, /* X_receive: a message of a stream is here. The next one is asked for by it,
                          so that a stream that is not read holds its server back */
    PV_CLIENT_ROOM,    /* X_send: the last one, or the opening, has gone out */
    PV_CLIENT_ENDED    /* X_finish or pv_client_finish. The last event of a call */
} pv_client_event_kind;

typedef struct pv_client_event {
    pv_client_event_kind kind;
    pv_client_call *call;
    void *app; /* of the call's options */
} pv_client_event;

/* Makes a client. The connection is made by the first call and again when it is lost. */
pv_status pv_client_create(const pv_client_config *config, pv_error *error, pv_client **ret_client);

/* Closes the connection. No call may be open. NULL is permitted. */
void pv_client_destroy(pv_client *client);

/* Cancels an open call: functions that wait return, pv_client_finish answers CANCELLED. Any
 * thread, while the call is open. */
void pv_client_cancel(pv_client_call *call);

/* --- calls that complete --- */

pv_client_loop *pv_client_loop_create(void);

/* Frees it. All its calls must have been finished. NULL is permitted. */
void pv_client_loop_destroy(pv_client_loop *loop);

/* Waits for the next event of the loop's calls, at most `wait_ms` (0: looks only; negative: as long
 * as it takes, which the deadlines of the calls bound). False: none came in time, or no call is
 * open.
 *
 * A function that is called before its event waits for it, as without a loop; events of other calls
 * that come meanwhile are kept. What has been dealt with is not told any more. */
bool pv_client_loop_next(pv_client_loop *loop, int64_t wait_ms, pv_client_event *ret_event);

#ifdef __cplusplus
}
#endif
#endif
