#include "server/flows/usage/blocks.h"

#include "storage/record.h"

enum {
    TAG_RECORD = 0x0a,    /* field 1, length-delimited */
    TAG_NUMBER = 0x08,    /* field 1 of a record, varint */
    TAG_RECORD_ID = 0x12, /* field 2 of a record, length-delimited */
    VARINT_MAX = 10,
    FRAME_HEAD_MAX = 1 + VARINT_MAX
};

static pv_status damaged(pv_call *call)
{
    return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
}

usage_writer usage_writer_of(pv_call *call, pv_id report, const usage_ledger *ledger)
{
    usage_writer writer = {.call = call,
                           .owner = usage_block_owner(report, ledger->generation),
                           .next_block = ledger->blocks,
                           .block = pv_buffer_of(call->scratch)};
    return writer;
}

static pv_status flush(usage_writer *writer)
{
    if (writer->block.size == 0) { return pv_ok(); }
    pv_call *call = writer->call;
    PV_TRY(
        pv_store_refused(call, pv_block_put(call->context->txn, writer->owner, writer->next_block,
                                            pv_buffer_view(&writer->block))));
    writer->next_block++;
    writer->block.size = 0; /* the same memory again */
    return pv_ok();
}

static size_t put_varint(uint8_t *to, uint64_t number)
{
    size_t size = 0;
    for (; number >= 0x80; number >>= 7) { to[size++] = (uint8_t)(number | 0x80); }
    to[size++] = (uint8_t)number;
    return size;
}

pv_status usage_writer_add(usage_writer *writer, const pv_usage_record *record)
{
    uint8_t head[FRAME_HEAD_MAX] = {TAG_RECORD};
    size_t size = protobuf_c_message_get_packed_size(&record->base);
    size_t head_size = 1 + put_varint(head + 1, size);
    bool fits = writer->block.size + head_size + size <= PV_STORE_BLOCK_MAX;
    if (!fits) { PV_TRY(flush(writer)); }
    pv_buffer_append(&writer->block, pv_view_of(head, head_size));
    uint8_t *to = pv_buffer_grow(&writer->block, size);
    if (writer->block.overflow) { return pv_out_of_memory(writer->call); }
    (void)protobuf_c_message_pack(&record->base, to);
    return pv_ok();
}

pv_status usage_writer_end(usage_writer *writer, usage_ledger *ledger)
{
    PV_TRY(flush(writer));
    ledger->blocks = writer->next_block;
    return pv_ok();
}

static bool take_varint(pv_view *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < rest->size && i < VARINT_MAX; i++) {
        number |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
        if ((rest->data[i] & 0x80) == 0) {
            *rest = pv_view_of(rest->data + i + 1, rest->size - i - 1);
            *ret_number = number;
            return true;
        }
    }
    return false;
}

/* The record id, which follows the number if there is one. */
static pv_view record_id_of(pv_view rest)
{
    pv_view nothing = pv_view_of(NULL, 0);
    if (rest.size == 0 || rest.data[0] != TAG_RECORD_ID) { return nothing; }
    rest = pv_view_of(rest.data + 1, rest.size - 1);
    uint64_t size = 0;
    bool fits = take_varint(&rest, &size) && size <= rest.size;
    return fits ? pv_view_of(rest.data, (size_t)size) : nothing;
}

bool usage_frame_next(pv_view *rest, usage_frame *ret_frame, bool *ret_damaged)
{
    *ret_damaged = false;
    if (rest->size == 0) { return false; }
    pv_view after = pv_view_of(rest->data + 1, rest->size - 1);
    uint64_t size = 0;
    *ret_damaged = true;
    if (rest->data[0] != TAG_RECORD || !take_varint(&after, &size) || size < 2 ||
        size > after.size) {
        return false;
    }
    pv_view body = pv_view_of(after.data, (size_t)size);
    if (body.data[0] != TAG_NUMBER) { return false; }
    pv_view number = pv_view_of(body.data + 1, body.size - 1);
    if (!take_varint(&number, &ret_frame->number)) { return false; }
    const uint8_t *end = body.data + body.size;
    ret_frame->bytes = pv_view_of(rest->data, (size_t)(end - rest->data));
    ret_frame->record_id = record_id_of(number);
    ret_frame->state = (pv_usage_record_state)end[-1];
    *rest = pv_view_of(end, after.size - body.size);
    *ret_damaged = false;
    return true;
}

pv_status usage_block_read(pv_call *call, pv_id report, const usage_ledger *ledger, uint32_t block,
                           pv_view *ret_bytes)
{
    pv_id owner = usage_block_owner(report, ledger->generation);
    return pv_store_refused(call, pv_block_get(call->context->txn, owner, block, ret_bytes));
}

static pv_status first_number(pv_call *call, pv_id report, const usage_ledger *ledger,
                              uint32_t block, uint64_t *ret_number)
{
    pv_view bytes;
    PV_TRY(usage_block_read(call, report, ledger, block, &bytes));
    usage_frame frame;
    bool is_damaged = false;
    if (!usage_frame_next(&bytes, &frame, &is_damaged)) { return damaged(call); }
    *ret_number = frame.number;
    return pv_ok();
}

pv_status usage_block_find(pv_call *call, pv_id report, const usage_ledger *ledger, uint64_t number,
                           uint32_t *ret_block)
{
    PV_ASSERT(number >= 1 && number <= ledger->records);
    uint32_t low = 0; /* begins at or before the number */
    uint32_t high = ledger->blocks;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        uint64_t first = 0;
        PV_TRY(first_number(call, report, ledger, middle, &first));
        if (first <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *ret_block = low;
    return pv_ok();
}

pv_status usage_block_of_record(pv_call *call, pv_id report, const usage_ledger *ledger,
                                uint64_t number, pv_view *ret_bytes, uint64_t *ret_begin,
                                uint64_t *ret_end)
{
    uint32_t block = 0;
    PV_TRY(usage_block_find(call, report, ledger, number, &block));
    PV_TRY(first_number(call, report, ledger, block, ret_begin));
    *ret_end = ledger->records + 1;
    if (block + 1 < ledger->blocks) {
        PV_TRY(first_number(call, report, ledger, block + 1, ret_end));
    }
    return usage_block_read(call, report, ledger, block, ret_bytes);
}

/* State of all records of a report that has been submitted; 0 if it has not. */
static int state_by_report(pv_usage_report_state state)
{
    switch ((int)state) {
    case PV_USAGE_REPORT_STATE_PENDING: return PV_USAGE_RECORD_STATE_PENDING;
    case PV_USAGE_REPORT_STATE_ACCEPTED: return PV_USAGE_RECORD_STATE_ACCEPTED;
    case PV_USAGE_REPORT_STATE_REJECTED: return PV_USAGE_RECORD_STATE_REJECTED;
    case PV_USAGE_REPORT_STATE_CLOSED: return PV_USAGE_RECORD_STATE_CLOSED;
    default: return 0;
    }
}

void usage_frame_append(pv_buffer *reply, const usage_frame *frame, pv_usage_report_state state)
{
    pv_buffer_append(reply, frame->bytes);
    int shown = state_by_report(state);
    /* The state is the last field and its numbers have one byte. */
    if (shown != 0 && !reply->overflow) { reply->data[reply->size - 1] = (uint8_t)shown; }
}
