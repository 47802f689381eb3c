/* receive.c — from the core's byte buffer to the packed message of a step. */
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>

/* The message in one piece. A small one arrives as one slice, which is read in place. */
static grpc_slice contiguous(grpc_byte_buffer *buffer)
{
    const grpc_slice_buffer *slices = &buffer->data.raw.slice_buffer;
    if (slices->count == 1) { return grpc_slice_ref(slices->slices[0]); }
    grpc_byte_buffer_reader reader;
    if (grpc_byte_buffer_reader_init(&reader, buffer) == 0) { return grpc_empty_slice(); }
    grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return all;
}

pv_status pv_rpc_call_open_inbox(pv_rpc_call *call)
{
    pv_call *base = pv_rpc_base(call);
    grpc_byte_buffer *buffer = call->inbox;
    PV_ASSERT(buffer != NULL && !call->request_held);
    if (buffer->type != GRPC_BB_RAW || buffer->data.raw.compression != GRPC_COMPRESS_NONE) {
        return pv_refuse(&base->error, &pv_reason_compression_unsupported, NULL);
    }
    size_t size = grpc_byte_buffer_length(buffer);
    size_t size_max = call->method->request_bytes_max;
    if (size > size_max) {
        return pv_refuse(&base->error, &pv_reason_message_too_large,
                         "the message has %zu bytes; this method takes at most %zu", size,
                         size_max);
    }
    call->summary.bytes_in += size;
    call->summary.messages_in++;
    call->request = contiguous(buffer);
    call->request_held = true;
    grpc_byte_buffer_destroy(buffer);
    call->inbox = NULL;
    call->inbox_full = false;
    return pv_ok();
}

void pv_rpc_call_close_inbox(pv_rpc_call *call)
{
    if (!call->request_held) { return; }
    grpc_slice_unref(call->request);
    call->request_held = false;
    call->exchange.request_bytes = pv_view_of(NULL, 0);
}
