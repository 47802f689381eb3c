/* stream.c — the calls as the stubs see them. Receiving is asked for as soon as the last message has
 * been taken, so at most one message waits here while the server is held back. Messages are sent
 * without GRPC_WRITE_BUFFER_HINT: whoever sends one and waits for the answer must not have it lie
 * in a buffer. */
#include "client/rpc/internal.h"

#include <grpc/byte_buffer.h>

/* Nothing is with the core that was sent. */
static bool is_sent(const pv_client_call *call)
{
    return !call->sending && !call->closing;
}

static bool has_message_or_end(const pv_client_call *call)
{
    return call->inbox_full || call->drained;
}

/* Without a loop of the caller's, what is sent is waited for. */
static bool is_blocking(const pv_client_call *call)
{
    return call->loop == &call->own_loop;
}

static void add_receive(pv_client_call *call, grpc_op *ops, size_t *count)
{
    ops[*count].op = GRPC_OP_RECV_MESSAGE;
    ops[(*count)++].data.recv_message.recv_message = &call->inbox;
}

static void receive_next(pv_client_call *call)
{
    grpc_op op;
    size_t count = 0;
    memset(&op, 0, sizeof op);
    add_receive(call, &op, &count);
    pv_client_call_batch(call, &op, count, &call->on_received);
}

/* The receiving operations: in the batch of a unary call, else in two of their own. */
static void add_receiving(pv_client_call *call, grpc_op *ops, size_t *count)
{
    ops[*count].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[(*count)++].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    add_receive(call, ops, count);
}

static void add_status(pv_client_call *call, grpc_op *ops, size_t *count)
{
    grpc_op *op = &ops[(*count)++];
    op->op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op->data.recv_status_on_client.trailing_metadata = &call->trailing;
    op->data.recv_status_on_client.status = &call->status;
    op->data.recv_status_on_client.status_details = &call->status_text;
}

static void start(pv_client_call *call, const pv_client_options *options,
                  const ProtobufCMessage *request)
{
    grpc_op ops[6];
    grpc_metadata metadata[PV_CLIENT_METADATA_MAX];
    memset(ops, 0, sizeof ops);
    size_t count = 1;
    size_t metadata_count = pv_client_op_metadata(options, ops, metadata);
    grpc_byte_buffer *buffer = request == NULL ? NULL : pv_client_encode(request);
    if (buffer != NULL) {
        ops[count].op = GRPC_OP_SEND_MESSAGE;
        ops[count++].data.send_message.send_message = buffer;
        ops[count++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
        call->sent_close = true;
    }
    call->sending = true;
    if (call->method->kind == PV_METHOD_UNARY) {
        add_receiving(call, ops, &count);
        add_status(call, ops, &count);
        pv_client_call_batch(call, ops, count, &call->on_status);
    } else {
        pv_client_call_batch(call, ops, count, &call->on_sent);
        memset(ops, 0, sizeof ops);
        count = 0;
        add_receiving(call, ops, &count);
        pv_client_call_batch(call, ops, count, &call->on_received);
        memset(ops, 0, sizeof ops);
        count = 0;
        add_status(call, ops, &count);
        pv_client_call_batch(call, ops, count, &call->on_status);
    }
    /* The core has its own references to what the batch named. */
    if (buffer != NULL) { grpc_byte_buffer_destroy(buffer); }
    pv_client_metadata_drop(metadata, metadata_count);
}

/* The call was refused before it could be used. A server may also end a call well without reading
 * what was sent: its messages and its status are taken like those of any other. */
static bool failed_to_start(pv_client_call *call)
{
    pv_client_call_wait(call, is_sent);
    if (!call->unsendable) { return false; }
    pv_client_call_wait(call, has_message_or_end);
    return !call->inbox_full && !pv_is_ok(pv_client_call_conclude(call));
}

pv_status pv_client_start(pv_client *client, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          pv_client_call **ret_call, pv_error *ret_error)
{
    pv_client_call *call = pv_client_call_create(client, method, arena, options, ret_error);
    start(call, options, request);
    if (is_blocking(call) && method->kind != PV_METHOD_UNARY && failed_to_start(call)) {
        pv_status status = call->result;
        pv_client_call_destroy(call);
        return status;
    }
    *ret_call = call;
    return pv_ok();
}

pv_status pv_client_open(pv_client *client, const pv_method_info *method, pv_arena *arena,
                         const pv_client_options *options, pv_client_call **ret_call,
                         pv_error *ret_error)
{
    return pv_client_start(client, method, arena, options, NULL, ret_call, ret_error);
}

pv_status pv_client_unary(pv_client *client, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          ProtobufCMessage **ret_response, pv_error *ret_error)
{
    pv_client_call *call = NULL;
    PV_TRY(pv_client_start(client, method, arena, options, request, &call, ret_error));
    return pv_client_answer(call, arena, ret_response);
}

/* A send fails when the call is over. The status of a bidi call lies behind messages that the
 * caller may still want: pv_client_receive and pv_client_finish come to it. */
static pv_status ended_by_server(pv_client_call *call)
{
    if (call->method->kind == PV_METHOD_BIDI_STREAM && !pv_client_call_ended(call)) {
        return pv_status_of(PV_CODE_ABORTED);
    }
    return pv_client_call_conclude(call);
}

static pv_status after_send(pv_client_call *call)
{
    if (is_blocking(call)) { pv_client_call_wait(call, is_sent); }
    return call->unsendable ? ended_by_server(call) : pv_ok();
}

pv_status pv_client_send(pv_client_call *call, const ProtobufCMessage *message)
{
    pv_client_call_wait(call, is_sent);
    if (call->unsendable) { return ended_by_server(call); }
    grpc_op op;
    memset(&op, 0, sizeof op);
    grpc_byte_buffer *buffer = pv_client_encode(message);
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = buffer;
    call->sending = true;
    pv_client_call_batch(call, &op, 1, &call->on_sent);
    grpc_byte_buffer_destroy(buffer);
    return after_send(call);
}

pv_status pv_client_close_send(pv_client_call *call)
{
    if (call->sent_close || pv_client_call_ended(call)) { return pv_ok(); }
    call->sent_close = true;
    grpc_op op;
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    call->closing = true;
    pv_client_call_batch(call, &op, 1, &call->on_closed);
    return after_send(call);
}

pv_status pv_client_receive(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_message)
{
    *ret_message = NULL;
    pv_client_call_wait(call, has_message_or_end);
    if (!call->inbox_full) { return pv_ok(); }
    pv_status status = pv_client_call_decode(call, arena, ret_message);
    if (!pv_is_ok(status)) {
        pv_client_cancel(call);
        call->concluded = true; /* what was wrong with the answer stays the call's result */
        call->result = status;
    }
    /* Also after a bad one: only a call whose messages have all been taken ends. */
    if (!call->drained) { receive_next(call); }
    return status;
}

pv_status pv_client_answer(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_message)
{
    (void)pv_client_close_send(call); /* what went wrong is in the status */
    pv_status status = pv_client_call_conclude(call);
    if (pv_is_ok(status)) { status = pv_client_call_decode(call, arena, ret_message); }
    pv_client_call_destroy(call);
    return status;
}

pv_status pv_client_finish(pv_client_call *call)
{
    if (!pv_client_call_ended(call) && !call->drained) { pv_client_cancel(call); }
    pv_status status = pv_client_call_conclude(call);
    pv_client_call_destroy(call);
    return status;
}
