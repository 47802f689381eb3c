/* internal.h — what the files of client/rpc share. */
#ifndef PV_CLIENT_RPC_INTERNAL_H
#define PV_CLIENT_RPC_INTERNAL_H

#include "client/rpc/client.h"

#include <grpc/grpc.h>

struct pv_client {
    grpc_channel *channel;
    int64_t deadline_ms;
};

/* What a completion-queue event points to. */
typedef struct pv_client_tag {
    void (*fire)(pv_client_call *call, bool ok);
    pv_client_call *call;
} pv_client_tag;

/* A queue and the calls that have something to tell. A call without the caller's loop has one of
 * its own, on which it waits and nothing is told. */
struct pv_client_loop {
    grpc_completion_queue *queue;
    size_t calls;                 /* open ones */
    pv_client_call *first, *last; /* with events, oldest first */
};

/* One call of any kind. Every batch is started and then completed by an event of the loop;
 * functions that wait run the loop until what they wait for has come. */
struct pv_client_call {
    pv_client *client;
    const pv_method_info *method;
    pv_arena *arena;
    pv_error *error; /* the caller's, may be NULL */
    pv_client_metadata *ret_metadata;
    void *app; /* of the options */

    pv_client_loop *loop;
    pv_client_loop own_loop;
    pv_client_call *before, *behind; /* in the loop's list */
    unsigned events;                 /* bits of pv_client_event_kind that are to be told */

    grpc_call *grpc;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *inbox; /* written by the core while a receive is with it */
    bool inbox_full;         /* a message waits to be taken */
    grpc_status_code status;
    grpc_slice status_text;
    pv_client_tag on_sent, on_closed, on_received, on_status;
    unsigned pending; /* batches with the core */
    bool sending;     /* metadata or a message is with the core */
    bool unsendable;  /* a send has failed: the server has ended the call */
    bool sent_close;
    bool closing;   /* the half-close is with the core */
    bool drained;   /* no further message will come */
    bool concluded; /* `result` and the error are filled */
    bool cancelled; /* by us; atomic, because pv_client_cancel comes from any thread */
    pv_status result;
};

/* loop.c */
void pv_client_loop_init(pv_client_loop *loop);
void pv_client_loop_deinit(pv_client_loop *loop);
/* Takes one completion from the core; false: none came by `until`. */
bool pv_client_loop_pump(pv_client_loop *loop, gpr_timespec until);
void pv_client_loop_tell(pv_client_call *call, pv_client_event_kind kind);
void pv_client_loop_forget(pv_client_call *call);

/* call.c */
pv_client_call *pv_client_call_create(pv_client *client, const pv_method_info *method,
                                      pv_arena *arena, const pv_client_options *options,
                                      pv_error *error);
void pv_client_call_destroy(pv_client_call *call);
void pv_client_call_batch(pv_client_call *call, const grpc_op *ops, size_t count,
                          const pv_client_tag *tag);
/* Runs the loop until `done` says so. The call's deadline ends every batch, and so the wait. */
void pv_client_call_wait(pv_client_call *call, bool (*done)(const pv_client_call *call));
bool pv_client_call_ended(const pv_client_call *call); /* nothing more can happen to it */
pv_status pv_client_call_conclude(pv_client_call *call);
/* Takes the inbox. */
pv_status pv_client_call_decode(pv_client_call *call, pv_arena *arena,
                                ProtobufCMessage **ret_message);
grpc_byte_buffer *pv_client_encode(const ProtobufCMessage *message);
/* Fills what the batch sends; drop the slices after it. Returns how many there are. */
size_t pv_client_op_metadata(const pv_client_options *options, grpc_op *op,
                             grpc_metadata *metadata);
void pv_client_metadata_drop(grpc_metadata *metadata, size_t count);

/* error.c */
void pv_client_error_read(pv_error *error, pv_arena *arena, pv_code code, pv_view text,
                          pv_view details);

#endif
