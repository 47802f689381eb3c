/* stream.c — calls of the three streaming kinds. Messages are sent without
 * GRPC_WRITE_BUFFER_HINT: whoever sends one and waits for the answer must not have it lie in a
 * buffer. */
#include "client/rpc/internal.h"

#include <grpc/byte_buffer.h>
#include <stdlib.h>

pv_status pv_client_open(pv_client *client, const pv_method_info *method, pv_arena *arena,
                         const pv_client_options *options, pv_client_call **ret_call,
                         pv_error *ret_error)
{
    pv_client_call *call = (pv_client_call *)malloc(sizeof *call);
    PV_ASSERT(call != NULL);
    grpc_metadata metadata[PV_CLIENT_METADATA_MAX];
    pv_client_call_init(call, client, method, arena, options, ret_error);
    pv_client_metadata_init(options, metadata);
    grpc_op op = pv_client_op_send_metadata(options, metadata);
    bool ok = pv_client_call_run(call, &op, 1);
    pv_client_metadata_deinit(options, metadata);
    if (ok) {
        *ret_call = call;
        return pv_ok();
    }
    pv_status status = pv_client_call_conclude(call);
    if (pv_is_ok(status)) {
        status = pv_status_of(PV_CODE_UNAVAILABLE);
        if (ret_error != NULL) {
            pv_client_error_read(ret_error, arena, status.code,
                                 pv_view_text("the call could not be started"),
                                 pv_view_of(NULL, 0));
        }
    }
    pv_client_call_deinit(call);
    free(call);
    return status;
}

/* A send fails when the call is over. The status of a bidi call lies behind messages that the
 * caller may still want: pv_client_receive and pv_client_finish come to it. */
static pv_status ended_by_server(pv_client_call *call)
{
    if (call->method->kind == PV_METHOD_BIDI_STREAM) { return pv_status_of(PV_CODE_ABORTED); }
    return pv_client_call_conclude(call);
}

pv_status pv_client_send(pv_client_call *call, const ProtobufCMessage *message)
{
    if (call->ended) { return call->result; }
    grpc_op op;
    memset(&op, 0, sizeof op);
    grpc_byte_buffer *buffer = pv_client_encode(message);
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = buffer;
    bool ok = pv_client_call_run(call, &op, 1);
    grpc_byte_buffer_destroy(buffer);
    return ok ? pv_ok() : ended_by_server(call);
}

pv_status pv_client_close_send(pv_client_call *call)
{
    if (call->ended || call->sent_close) { return pv_ok(); }
    call->sent_close = true;
    grpc_op op;
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    return pv_client_call_run(call, &op, 1) ? pv_ok() : ended_by_server(call);
}

/* Waits for a message or the end of the stream, unless one of them is here already. */
static void receive(pv_client_call *call)
{
    if (call->inbox != NULL || call->ended || call->drained) { return; }
    grpc_op ops[2];
    size_t count = 0;
    memset(ops, 0, sizeof ops);
    ops[count].op = GRPC_OP_RECV_MESSAGE;
    ops[count++].data.recv_message.recv_message = &call->inbox;
    if (!call->initial_asked) {
        call->initial_asked = true;
        ops[count].op = GRPC_OP_RECV_INITIAL_METADATA;
        ops[count++].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    }
    (void)pv_client_call_run(call, ops, count); /* without a message it has ended */
    bool one_only = call->method->kind == PV_METHOD_CLIENT_STREAM;
    call->drained = call->inbox == NULL || one_only;
}

pv_status pv_client_receive(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_message)
{
    *ret_message = NULL;
    receive(call);
    if (call->inbox == NULL) { return pv_ok(); }
    pv_status status = pv_client_call_decode(call, arena, ret_message);
    if (!pv_is_ok(status)) {
        pv_client_call_cancel(call);
        call->concluded = true; /* what was wrong with the answer stays the call's result */
        call->result = status;
    }
    return status;
}

void pv_client_cancel(pv_client_call *call)
{
    pv_client_call_cancel(call);
}

pv_status pv_client_finish(pv_client_call *call)
{
    if (!call->ended && !call->drained) { pv_client_call_cancel(call); }
    pv_status status = pv_client_call_conclude(call);
    pv_client_call_deinit(call);
    free(call);
    return status;
}
