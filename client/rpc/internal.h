/* internal.h — what the files of client/rpc share. */
#ifndef PV_CLIENT_RPC_INTERNAL_H
#define PV_CLIENT_RPC_INTERNAL_H

#include "client/rpc/client.h"

#include <grpc/grpc.h>

struct pv_client {
    grpc_channel *channel;
    int64_t deadline_ms;
};

/* One call of any kind. Batches are waited for one by one on the call's own queue. */
struct pv_client_call {
    pv_client *client;
    const pv_method_info *method;
    pv_arena *arena;
    pv_error *error; /* the caller's, may be NULL */
    pv_client_metadata *ret_metadata;
    grpc_call *grpc;
    grpc_completion_queue *queue;
    grpc_metadata_array initial, trailing;
    bool initial_asked;
    grpc_byte_buffer *inbox;
    grpc_status_code status;
    grpc_slice status_text;
    bool ended;     /* the server's status is known */
    bool concluded; /* `result` and the error are filled */
    bool drained;   /* no further message will come */
    bool sent_close;
    bool cancelled; /* by us; atomic, because pv_client_cancel comes from any thread */
    pv_status result;
};

/* call.c */
void pv_client_call_init(pv_client_call *call, pv_client *client, const pv_method_info *method,
                         pv_arena *arena, const pv_client_options *options, pv_error *error);
void pv_client_call_deinit(pv_client_call *call);
void pv_client_call_cancel(pv_client_call *call);
bool pv_client_call_run(pv_client_call *call, const grpc_op *ops,
                        size_t count); /* starts and waits */
grpc_op pv_client_op_send_metadata(const pv_client_options *options, grpc_metadata *metadata);
grpc_op pv_client_op_status(pv_client_call *call);
pv_status pv_client_call_conclude(pv_client_call *call);
pv_status pv_client_call_decode(pv_client_call *call, pv_arena *arena,
                                ProtobufCMessage **ret_message);
grpc_byte_buffer *pv_client_encode(const ProtobufCMessage *message);
void pv_client_metadata_init(const pv_client_options *options, grpc_metadata *ret_metadata);
void pv_client_metadata_deinit(const pv_client_options *options, grpc_metadata *metadata);

/* error.c */
void pv_client_error_read(pv_error *error, pv_arena *arena, pv_code code, pv_view text,
                          pv_view details);

#endif
