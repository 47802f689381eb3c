#include "storage/row.h"

#include "storage/keys.h"

enum { ROW_FORMAT = 1, ROW_HEADER_SIZE = 1 + 1 + 8, ROW_SLOT_SIZE = 1 + PV_ID_SIZE };

pv_status pv_row_build(const pv_row *header, size_t message_size, pv_arena *arena,
                       pv_view *ret_bytes, uint8_t **ret_message)
{
    PV_ASSERT(header->party_count <= PV_ROW_PARTIES_MAX);
    size_t prefix_size = ROW_HEADER_SIZE + (size_t)header->party_count * ROW_SLOT_SIZE;
    if (message_size > PV_STORE_VALUE_MAX - prefix_size) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    uint8_t *bytes = (uint8_t *)pv_arena_alloc(arena, prefix_size + message_size);
    if (bytes == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    bytes[0] = ROW_FORMAT;
    bytes[1] = header->party_count;
    pv_store_u64(bytes + 2, header->revision);
    uint8_t *slot = bytes + ROW_HEADER_SIZE;
    for (size_t i = 0; i < header->party_count; i++, slot += ROW_SLOT_SIZE) {
        slot[0] = header->party_roles[i];
        memcpy(slot + 1, header->parties[i].bytes, PV_ID_SIZE);
    }
    *ret_bytes = pv_view_of(bytes, prefix_size + message_size);
    *ret_message = slot;
    return pv_ok();
}

pv_status pv_row_read(pv_view bytes, pv_row *ret_row)
{
    if (bytes.size < ROW_HEADER_SIZE || bytes.data[0] != ROW_FORMAT) {
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    pv_row row;
    memset(&row, 0, sizeof row);
    row.party_count = bytes.data[1];
    size_t prefix_size = ROW_HEADER_SIZE + (size_t)row.party_count * ROW_SLOT_SIZE;
    if (row.party_count > PV_ROW_PARTIES_MAX || bytes.size < prefix_size) {
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    row.revision = pv_load_u64(bytes.data + 2);
    const uint8_t *slot = bytes.data + ROW_HEADER_SIZE;
    for (size_t i = 0; i < row.party_count; i++, slot += ROW_SLOT_SIZE) {
        row.party_roles[i] = slot[0];
        memcpy(row.parties[i].bytes, slot + 1, PV_ID_SIZE);
    }
    row.message = pv_view_of(slot, bytes.size - prefix_size);
    *ret_row = row;
    return pv_ok();
}

bool pv_row_party(const pv_row *row, pv_id account, uint8_t *ret_role)
{
    if (pv_id_is_zero(account)) { return false; }
    for (size_t i = 0; i < row->party_count; i++) {
        if (pv_id_equal(row->parties[i], account)) {
            if (ret_role != NULL) { *ret_role = row->party_roles[i]; }
            return true;
        }
    }
    return false;
}

/* --- fields of a packed message (protobuf.dev, "Encoding") --- */

typedef enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5
} wire_type;

static bool read_varint(pv_view *rest, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 10 && i < rest->size; i++) {
        number |= (uint64_t)(rest->data[i] & 0x7f) << (7 * i);
        if ((rest->data[i] & 0x80) == 0) {
            *rest = pv_view_of(rest->data + i + 1, rest->size - i - 1);
            *ret_number = number;
            return true;
        }
    }
    return false;
}

static uint64_t read_little_endian(const uint8_t *data, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i > 0; i--) { number = number << 8 | data[i - 1]; }
    return number;
}

/* One field as it stands in a message. */
typedef struct wire_field {
    uint32_t id;
    uint64_t number; /* of a varint or fixed field */
    pv_view bytes;   /* of a field with a length */
} wire_field;

static bool read_field(pv_view *rest, wire_field *ret_field)
{
    uint64_t tag, size;
    if (!read_varint(rest, &tag) || tag >> 3 > UINT32_MAX) { return false; }
    ret_field->id = (uint32_t)(tag >> 3);
    ret_field->number = 0;
    ret_field->bytes = pv_view_of(NULL, 0);
    switch (tag & 7) {
    case WIRE_VARINT: return read_varint(rest, &ret_field->number);
    case WIRE_FIXED32: size = 4; break;
    case WIRE_FIXED64: size = 8; break;
    case WIRE_BYTES:
        if (!read_varint(rest, &size)) { return false; }
        break;
    default: return false;
    }
    if (size > rest->size) { return false; }
    if ((tag & 7) == WIRE_BYTES) {
        ret_field->bytes = pv_view_of(rest->data, (size_t)size);
    } else {
        ret_field->number = read_little_endian(rest->data, (size_t)size);
    }
    *rest = pv_view_of(rest->data + size, rest->size - (size_t)size);
    return true;
}

/* The last field with this number, as a decoder takes it; with id 0 when there is none. */
static pv_status find_field(pv_view message, uint32_t id, wire_field *ret_field)
{
    memset(ret_field, 0, sizeof *ret_field);
    while (message.size > 0) {
        wire_field field;
        if (!read_field(&message, &field)) { return pv_status_of(PV_CODE_DATA_LOSS); }
        if (field.id == id) { *ret_field = field; }
    }
    return pv_ok();
}

enum {
    TIMESTAMP_SECONDS = 1,
    TIMESTAMP_NANOS = 2
}; /* field numbers in google.protobuf.Timestamp */

/* Nanoseconds since 1970; what no pv_time can hold becomes the greatest or the least one that it can. */
static pv_status pick_timestamp(pv_view message, uint64_t *ret_number)
{
    wire_field seconds, nanos;
    PV_TRY(find_field(message, TIMESTAMP_SECONDS, &seconds));
    PV_TRY(find_field(message, TIMESTAMP_NANOS, &nanos));
    int64_t utc_ns;
    if (__builtin_mul_overflow((int64_t)seconds.number, PV_NS_PER_S, &utc_ns) ||
        __builtin_add_overflow(utc_ns, (int64_t)nanos.number, &utc_ns)) {
        utc_ns = (int64_t)seconds.number < 0 ? INT64_MIN : INT64_MAX;
    }
    *ret_number = (uint64_t)utc_ns;
    return pv_ok();
}

static bool is_timestamp(const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) { return false; }
    const ProtobufCMessageDescriptor *message =
        (const ProtobufCMessageDescriptor *)field->descriptor;
    return strcmp(message->name, "google.protobuf.Timestamp") == 0;
}

bool pv_field_is_indexable(const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) { return false; }
    switch ((int)field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FIXED64: return true;
    default: return is_timestamp(field);
    }
}

uint64_t pv_number_in_order(const ProtobufCFieldDescriptor *field, uint64_t number)
{
    return is_timestamp(field) ? number ^ UINT64_C(1) << 63 : number;
}

pv_status pv_row_pick(const ProtobufCFieldDescriptor *field, pv_view message,
                      pv_field_value *ret_value)
{
    PV_ASSERT(pv_field_is_indexable(field));
    wire_field found;
    PV_TRY(find_field(message, field->id, &found));
    pv_field_value value;
    value.is_text = field->type == PROTOBUF_C_TYPE_STRING;
    value.text = found.bytes;
    value.number = found.number;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        PV_TRY(pick_timestamp(found.bytes, &value.number));
    }
    value.number = pv_number_in_order(field, value.number);
    *ret_value = value;
    return pv_ok();
}

pv_field_value pv_value_of_condition(const ProtobufCFieldDescriptor *field,
                                     const pv_condition *condition)
{
    pv_field_value value;
    value.is_text = field->type == PROTOBUF_C_TYPE_STRING;
    value.text = condition->text;
    value.number = pv_number_in_order(field, condition->number);
    return value;
}

int pv_value_compare(const pv_field_value *a, const pv_field_value *b)
{
    PV_ASSERT(a->is_text == b->is_text);
    if (a->is_text) { return pv_view_compare(a->text, b->text); }
    return a->number < b->number ? -1 : a->number > b->number;
}

bool pv_value_is_empty(const ProtobufCFieldDescriptor *field, const pv_field_value *value)
{
    return value->is_text ? value->text.size == 0 : value->number == pv_number_in_order(field, 0);
}
