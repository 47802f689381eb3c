#include "server/flows/reply.h"

#include "server/flows/flow.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH_DELIMITED = 2, VARINT_BYTES_MAX = 10 };

/* Writes to a place with room for VARINT_BYTES_MAX; gives the number of bytes. */
static size_t put_varint(uint8_t *to, uint64_t number)
{
    size_t size = 0;
    for (; number >= 0x80; number >>= 7) { to[size++] = (uint8_t)(number | 0x80); }
    to[size++] = (uint8_t)number;
    return size;
}

/* A tag and the number behind it. */
static size_t put_head(uint8_t head[2 * VARINT_BYTES_MAX], unsigned number, unsigned wire_type,
                       uint64_t value)
{
    size_t size = put_varint(head, (uint64_t)number << 3 | wire_type);
    return size + put_varint(head + size, value);
}

void pv_reply_bytes(pv_buffer *reply, unsigned number, pv_view bytes)
{
    uint8_t head[2 * VARINT_BYTES_MAX];
    size_t head_size = put_head(head, number, WIRE_LENGTH_DELIMITED, bytes.size);
    uint8_t *to = pv_buffer_grow(reply, head_size + bytes.size);
    if (to == NULL) { return; }
    memcpy(to, head, head_size);
    if (bytes.size > 0) { memcpy(to + head_size, bytes.data, bytes.size); }
}

void pv_reply_number(pv_buffer *reply, unsigned number, uint64_t value)
{
    uint8_t head[2 * VARINT_BYTES_MAX];
    size_t size = put_head(head, number, WIRE_VARINT, value);
    pv_buffer_append(reply, pv_view_of(head, size));
}

pv_status pv_reply_send(pv_call *call, const pv_buffer *reply)
{
    if (reply->overflow) { return pv_out_of_memory(call); }
    /* An empty reply is an answer too: its data must not be NULL. */
    call->reply = reply->size == 0 ? pv_view_of("", 0) : pv_buffer_view(reply);
    return pv_ok();
}
