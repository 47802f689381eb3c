/* internal.h — what the files of server/rpc share; nothing outside includes it. A call record and all
 * tables of the server belong to the polling thread. Two things cross threads, each in one file:
 * finished steps, topics, health and the wish to drain come through mailbox.c, new certificates
 * through listen.c. */
#ifndef PV_SERVER_RPC_INTERNAL_H
#define PV_SERVER_RPC_INTERNAL_H

#include "server/rpc/dispatch.h"
#include "server/rpc/limits.h"
#include "server/rpc/peer.h"
#include "server/rpc/server.h"

#include <grpc/grpc.h>
#include <pthread.h>

/* What a completion-queue event points to. */
typedef struct pv_rpc_tag {
    void (*fire)(void *owner, bool ok);
    void *owner;
} pv_rpc_tag;

/* Metadata of the application, in the call's arena. */
struct pv_rpc_pair {
    const char *key;
    pv_view value;
};

typedef struct pv_rpc_call pv_rpc_call;

/* One call. The first member makes a pv_call* of this runtime a pv_rpc_call*. */
struct pv_rpc_call {
    pv_exchange exchange;
    pv_rpc_server *server;
    const pv_rpc_method *method; /* NULL: unknown */
    pv_rpc_peer *peer;
    pv_peer own_peer;       /* when the call names another server than its connection's first one */
    pv_rpc_call *next;      /* in a pool */
    pv_rpc_call *mail_next; /* in the mailbox */

    grpc_call *grpc;
    grpc_call_details details;
    grpc_metadata_array metadata;
    pv_rpc_tag on_new, on_received, on_sent, on_closed, on_final;
    int close_cancelled; /* written by the core when the call closes */

    /* Receiving. */
    grpc_byte_buffer *inbox; /* written by the core */
    grpc_slice request;      /* the message of the running step, contiguous */
    bool request_held;       /* `request` holds a reference */
    bool inbox_full;         /* a message waits to be processed */
    bool receiving;          /* a RECV_MESSAGE is with the core */
    bool broken;             /* the peer has gone in the middle of the call */

    /* Sending. `held` is the last produced message: it waits until it is known whether another
     * follows at once, in which case it may be buffered (GRPC_WRITE_BUFFER_HINT). */
    grpc_byte_buffer *answer; /* made by pv_rpc_done */
    grpc_byte_buffer *held;
    bool sending;        /* a SEND_MESSAGE is with the core */
    bool metadata_sent;  /* initial metadata */
    bool headers_closed; /* no more can be added; unlike the above never written during a step */

    /* Progress. */
    unsigned pending; /* batches with the core */
    bool admitted;    /* `admit` has seen the call */
    bool waited;      /* something outside was waited for since the last admission */
    bool running;     /* a step is with the application */
    bool stepped;     /* the running step was ended inside `run` */
    bool pull;        /* `next` may have more */
    bool close_posted;
    bool closed; /* the close event of a stream has come */
    bool ending; /* `status` is decided */
    bool final_sent;
    pv_status status;
    pv_status step_status; /* of the last step */
    uint64_t wake_epoch;   /* of the server, when the running step began */

    /* Idle streams (idle.c). */
    bool idle;
    pv_rpc_call *idle_next, **idle_link;
    int64_t heartbeat_ns; /* monotonic */
    size_t heap_index;    /* SIZE_MAX: no heartbeat */

    /* Books. */
    int64_t started_ns; /* monotonic, as the next three */
    int64_t admitted_ns;
    int64_t deadline_ns; /* INT64_MAX: none */
    pv_rpc_summary summary;
    size_t header_count;
    size_t trailer_count;
    struct pv_rpc_pair headers[PV_RPC_HEADERS_MAX];
    struct pv_rpc_pair trailers[PV_RPC_TRAILERS_MAX];
};

typedef struct pv_rpc_mailbox pv_rpc_mailbox;

typedef struct pv_rpc_idle {
    pv_rpc_call *slots[PV_RPC_IDLE_SLOTS];
    pv_rpc_call **heap; /* by heartbeat_ns */
    size_t heap_size;
    size_t heap_capacity;
} pv_rpc_idle;

typedef struct pv_rpc_pool {
    pv_rpc_call *records;
    size_t record_count;
    pv_arena *arenas[PV_RPC_ARENA_POOL];
    size_t arena_count;
} pv_rpc_pool;

typedef struct pv_rpc_listener pv_rpc_listener;
typedef struct pv_rpc_reflection pv_rpc_reflection;

struct pv_rpc_server {
    grpc_server *grpc;
    grpc_completion_queue *queue;
    pthread_t thread; /* of the starter's view */
    pthread_t poller; /* the same, set by the thread itself */
    pv_rpc_hooks hooks;
    const char *error_domain;
    size_t arena_bytes;
    size_t calls_max;
    size_t request_bytes_max;
    int port;
    bool started;

    pv_rpc_dispatch *dispatch;
    pv_rpc_peers *peers;
    pv_rpc_listener *listener;
    pv_rpc_reflection *reflection;     /* NULL: not served */
    const pv_service *const *services; /* the application's, for health and reflection */
    size_t service_count;

    /* Of the polling thread. */
    pv_rpc_pool pool;
    pv_rpc_idle idle;
    pv_arena *details_arena;
    pv_rpc_call *current; /* whose `run` is on the stack */
    size_t calls_open;    /* moved atomically: the one who drains looks at it */
    bool leaving;         /* `draining`, once this thread has seen it */
    bool core_stopped;
    uint64_t wake_epoch; /* counts the batches of topics that were looked at */

    pv_rpc_mailbox *mailbox; /* what other threads have to say */
    pv_rpc_tag on_stopped;
    pthread_mutex_t lock; /* of `stopped` */
    pthread_cond_t changed;
    bool stopped;
};

static inline pv_rpc_call *pv_rpc_call_of(pv_call *call)
{
    return (pv_rpc_call *)(void *)call;
}
static inline pv_call *pv_rpc_base(pv_rpc_call *call)
{
    return &call->exchange.call;
}
static inline bool pv_rpc_is_stream(const pv_rpc_call *call)
{
    return call->method != NULL && call->method->info.kind != PV_METHOD_UNARY;
}

/* server.c */
void pv_rpc_server_check_stopped(pv_rpc_server *server); /* a call has ended */

/* call.c — from the arrival of a call to its first step, and its end. */
void pv_rpc_call_arm(pv_rpc_server *server);
void pv_rpc_call_end(pv_rpc_call *call, pv_status status); /* decides the status */
void pv_rpc_call_over(pv_rpc_call *call); /* nothing is with the core: frees the call */
void pv_rpc_call_batch(pv_rpc_call *call, const grpc_op *ops, size_t count, pv_rpc_tag *tag);
void pv_rpc_call_receive(pv_rpc_call *call);

/* drive.c — what a call does next: the one place that decides. */
void pv_rpc_call_drive(pv_rpc_call *call);
void pv_rpc_call_stepped(pv_rpc_call *call); /* a step that ran elsewhere is over */

/* send.c */
void pv_rpc_call_send_held(pv_rpc_call *call, bool more);
void pv_rpc_call_send_final(pv_rpc_call *call);
void pv_rpc_call_send_metadata(pv_rpc_call *call);
grpc_byte_buffer *pv_rpc_buffer_of(pv_view bytes);

/* metadata.c — slices of the pairs for a batch, each value with a reference of its own. */
size_t pv_rpc_pairs_slices(const struct pv_rpc_pair *pairs, size_t count,
                           grpc_metadata *ret_slices);

/* receive.c */
pv_status pv_rpc_call_open_inbox(pv_rpc_call *call);
void pv_rpc_call_close_inbox(pv_rpc_call *call);

/* pool.c */
pv_rpc_call *pv_rpc_pool_take(pv_rpc_server *server);
void pv_rpc_pool_give(pv_rpc_call *call);
pv_arena *pv_rpc_pool_take_arena(pv_rpc_server *server);
void pv_rpc_pool_give_arena(pv_rpc_server *server, pv_arena *arena);
void pv_rpc_pool_clear(pv_rpc_server *server);

/* mailbox.c */
void pv_rpc_mailbox_open(pv_rpc_server *server);
void pv_rpc_mailbox_close(pv_rpc_server *server);
void pv_rpc_mailbox_post(pv_rpc_server *server, pv_rpc_call *call);
void pv_rpc_mailbox_drain(pv_rpc_server *server);
bool pv_rpc_draining(const pv_rpc_server *server); /* any thread, as the next */
/* What health says of a service, or of the server under the name ""; false: there is no such service. */
bool pv_rpc_serving(const pv_rpc_server *server, const char *service, bool *ret_serving);

/* idle.c */
void pv_rpc_idle_add(pv_rpc_call *call);
void pv_rpc_idle_remove(pv_rpc_call *call);
void pv_rpc_idle_wake(pv_rpc_server *server, const uint8_t topic[16]);
void pv_rpc_idle_wake_all(pv_rpc_server *server);
int64_t pv_rpc_idle_next_ns(const pv_rpc_server *server); /* INT64_MAX: none */
void pv_rpc_idle_beat(pv_rpc_server *server, int64_t now_ns);

/* listen.c — the one place where connections are accepted. */
pv_status pv_rpc_listen(pv_rpc_server *server, const pv_rpc_config *config, pv_error *error);
void pv_rpc_listener_destroy(pv_rpc_listener *listener);

/* health.c, reflection.c */
extern const uint8_t pv_rpc_health_topic[16];
extern const pv_service pv_rpc_reflection_alpha_service;
/* An index over the files of the server's services, of `own` ones and of the configuration. */
pv_rpc_reflection *pv_rpc_reflection_create(const pv_rpc_server *server,
                                            const pv_service *const *own, size_t own_count,
                                            const pv_rpc_config *config);
void pv_rpc_reflection_destroy(pv_rpc_reflection *reflection);

/* core_log.c */
void pv_rpc_core_log_install(void);

#endif
