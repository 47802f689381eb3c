#include "server/flows/reply.h"

#include "server/flows/flow.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH_DELIMITED = 2, VARINT_BYTES_MAX = 10 };

static void append_varint(pv_buffer *reply, uint64_t number)
{
    uint8_t bytes[VARINT_BYTES_MAX];
    size_t size = 0;
    do {
        bytes[size] = (uint8_t)(number & 0x7f);
        number >>= 7;
        if (number != 0) { bytes[size] |= 0x80; }
        size++;
    } while (number != 0);
    pv_buffer_append(reply, pv_view_of(bytes, size));
}

void pv_reply_bytes(pv_buffer *reply, unsigned number, pv_view bytes)
{
    append_varint(reply, (uint64_t)number << 3 | WIRE_LENGTH_DELIMITED);
    append_varint(reply, bytes.size);
    pv_buffer_append(reply, bytes);
}

void pv_reply_number(pv_buffer *reply, unsigned number, uint64_t value)
{
    append_varint(reply, (uint64_t)number << 3 | WIRE_VARINT);
    append_varint(reply, value);
}

pv_status pv_reply_send(pv_call *call, const pv_buffer *reply)
{
    if (reply->overflow) { return pv_out_of_memory(call); }
    /* An empty reply is an answer too: its data must not be NULL. */
    call->reply = reply->size == 0 ? pv_view_of("", 0) : pv_buffer_view(reply);
    return pv_ok();
}
