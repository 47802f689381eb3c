/* client.h — a blocking gRPC client for C, on the gRPC C core. It implements protos/runtime/stub.h,
 * on which the generated stubs stand, and knows no domain: with a pv_method_info from a table any
 * method can be called.
 *
 * Threads: a pv_client may be used from many threads, each call waits on a queue of its own; a
 * pv_client_call belongs to one thread at a time, except for pv_client_cancel.
 * Time: every call has a deadline, its own or the client's default; nothing blocks beyond it.
 * Trust: answers are wire-checked like requests.
 * Streams: a send after the server has ended the call gives the server's status, but for a bidi
 * call ABORTED, because messages may lie before the status: pv_client_receive and
 * pv_client_finish come to it. */
#ifndef PV_CLIENT_RPC_CLIENT_H
#define PV_CLIENT_RPC_CLIENT_H

#include "protos/runtime/stub.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_CLIENT_DEADLINE_MS_DEFAULT = 30 * 1000,
    PV_CLIENT_RESPONSE_BYTES_DEFAULT = 4 * 1024 * 1024,
    PV_CLIENT_METADATA_MAX = 16
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

struct pv_client_options {
    int64_t deadline_ms;            /* from now; 0: the client's default */
    const pv_client_pair *metadata; /* sent with the call; at most PV_CLIENT_METADATA_MAX */
    size_t metadata_count;
    bool
        wait_for_ready; /* wait for a connection, within the deadline, instead of failing at once */
    pv_client_metadata *ret_metadata; /* filled at the end of the call; NULL: not wanted */
};

/* Makes a client. The connection is made by the first call and again when it is lost. */
pv_status pv_client_create(const pv_client_config *config, pv_error *error, pv_client **ret_client);

/* Closes the connection. No call may be open. NULL is permitted. */
void pv_client_destroy(pv_client *client);

/* Cancels an open call: functions that wait return, pv_client_finish answers CANCELLED. Any
 * thread, while the call is open. */
void pv_client_cancel(pv_client_call *call);

#ifdef __cplusplus
}
#endif
#endif
