/* send.c — batches that send: a message of a stream, and the end of a call. */
#include "server/rpc/details.h"
#include "server/rpc/internal.h"

#include <grpc/byte_buffer.h>

grpc_byte_buffer *pv_rpc_buffer_of(pv_view bytes)
{
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

static grpc_op *add(grpc_op *ops, size_t *count, grpc_op_type type)
{
    grpc_op *op = &ops[*count];
    memset(op, 0, sizeof *op);
    op->op = type;
    (*count)++;
    return op;
}

/* Returns how many entries of `headers` hold references; drop_slices after the batch. */
static size_t add_metadata(pv_rpc_call *call, grpc_op *ops, size_t *count, grpc_metadata *headers)
{
    if (call->metadata_sent) { return 0; }
    call->metadata_sent = true;
    grpc_op *op = add(ops, count, GRPC_OP_SEND_INITIAL_METADATA);
    op->data.send_initial_metadata.metadata = headers;
    op->data.send_initial_metadata.count =
        pv_rpc_pairs_slices(call->headers, call->header_count, headers);
    return call->header_count;
}

/* The batch has taken its own references. */
static void drop_slices(grpc_metadata *slices, size_t count)
{
    for (size_t i = 0; i < count; i++) { grpc_slice_unref(slices[i].value); }
}

static void add_held(pv_rpc_call *call, grpc_op *ops, size_t *count, uint32_t flags)
{
    grpc_op *op = add(ops, count, GRPC_OP_SEND_MESSAGE);
    op->flags = flags;
    op->data.send_message.send_message = call->held;
    call->summary.bytes_out += grpc_byte_buffer_length(call->held);
    call->summary.messages_out++;
}

/* The batch has taken the slices over; the shell is ours. */
static void drop_held(pv_rpc_call *call)
{
    if (call->held != NULL) { grpc_byte_buffer_destroy(call->held); }
    call->held = NULL;
}

void pv_rpc_call_send_metadata(pv_rpc_call *call)
{
    if (call->metadata_sent) { return; }
    grpc_op ops[1];
    grpc_metadata headers[PV_RPC_HEADERS_MAX];
    size_t count = 0;
    size_t header_count = add_metadata(call, ops, &count, headers);
    call->headers_closed = true;
    call->sending = true;
    pv_rpc_call_batch(call, ops, count, &call->on_sent);
    drop_slices(headers, header_count);
}

void pv_rpc_call_send_held(pv_rpc_call *call, bool more)
{
    PV_ASSERT(call->held != NULL && !call->sending);
    /* A hinted message in one batch with the initial metadata is never written: the first one
     * goes without. A hinted message also stays where it is until an unhinted one or the status
     * follows, so the hint is only for messages that have a successor already. */
    uint32_t flags = more && call->metadata_sent ? GRPC_WRITE_BUFFER_HINT : 0;
    grpc_op ops[2];
    grpc_metadata headers[PV_RPC_HEADERS_MAX];
    size_t count = 0;
    size_t header_count = add_metadata(call, ops, &count, headers);
    add_held(call, ops, &count, flags);
    call->sending = true;
    pv_rpc_call_batch(call, ops, count, &call->on_sent);
    drop_held(call);
    drop_slices(headers, header_count);
}

/* Trailers of the application, then the details of the error. Returns how many. */
static size_t make_trailers(pv_rpc_call *call, const pv_rpc_details *details,
                            grpc_metadata *trailers)
{
    size_t count = pv_rpc_pairs_slices(call->trailers, call->trailer_count, trailers);
    if (details->packed.size > 0) {
        memset(&trailers[count], 0, sizeof trailers[count]);
        trailers[count].key = grpc_slice_from_static_string("grpc-status-details-bin");
        trailers[count].value =
            grpc_slice_from_copied_buffer((const char *)details->packed.data, details->packed.size);
        count++;
    }
    return count;
}

void pv_rpc_call_send_final(pv_rpc_call *call)
{
    pv_call *base = pv_rpc_base(call);
    pv_rpc_details details;
    pv_arena_reset(call->server->details_arena);
    pv_rpc_details_build(&base->error, call->status, call->server->error_domain,
                         call->server->details_arena, &details);
    grpc_metadata trailers[PV_RPC_TRAILERS_MAX + 1];
    size_t trailer_count = make_trailers(call, &details, trailers);
    grpc_slice message = grpc_slice_from_copied_string(details.message);

    grpc_op ops[4];
    grpc_metadata headers[PV_RPC_HEADERS_MAX];
    size_t count = 0;
    size_t header_count = add_metadata(call, ops, &count, headers);
    if (call->held != NULL && !base->cancelled) { add_held(call, ops, &count, 0); }
    grpc_op *op = add(ops, &count, GRPC_OP_SEND_STATUS_FROM_SERVER);
    op->data.send_status_from_server.status = (grpc_status_code)call->status.code;
    op->data.send_status_from_server.trailing_metadata = trailers;
    op->data.send_status_from_server.trailing_metadata_count = trailer_count;
    if (!pv_is_ok(call->status)) { op->data.send_status_from_server.status_details = &message; }
    if (!call->close_posted) {
        call->close_posted = true;
        op = add(ops, &count, GRPC_OP_RECV_CLOSE_ON_SERVER);
        op->data.recv_close_on_server.cancelled = &call->close_cancelled;
    }
    call->final_sent = true;
    pv_rpc_call_batch(call, ops, count, &call->on_final);

    /* The core has its own references to what the batch named. */
    drop_held(call);
    grpc_slice_unref(message);
    drop_slices(headers, header_count);
    drop_slices(trailers, trailer_count);
}
