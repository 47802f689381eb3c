#include "protos/runtime/wire.h"

#include "base/utf8.h"
#include "protos/runtime/limits.h"
#include "protos/runtime/message.h"
#include "protos/runtime/path.h"
#include "protos/runtime/reasons.h"

#include <stdio.h>

typedef ProtobufCFieldDescriptor field_type;
typedef ProtobufCMessageDescriptor message_type;

/* Wire types, as the protocol numbers them. */
enum {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_GROUP = 3,
    WIRE_GROUP_END = 4,
    WIRE_32 = 5
};

/* What protobuf-c 1.4 and the arena take, to add up what unpacking will. */
enum {
    ALLOCATION_ALIGNMENT = 16, /* sizes are rounded up to it */
    FIELD_NOTE_SIZE = 32,      /* of each field on the wire, kept while a message is unpacked */
    FIELD_NOTES_FIRST = 16     /* on the stack; then twice as many as before, from the arena */
};

/* What is counted over all levels. */
typedef struct checker {
    pv_error *error;
    const uint8_t *begin;
    unsigned elements;
    unsigned unknown;
    size_t memory; /* bytes that unpacking will take */
    size_t memory_max;
} checker;

/* One message on the way to the current field. */
typedef struct frame {
    const struct frame *parent;
    const message_type *type;
    const uint8_t *begin;
    const uint8_t *position; /* next byte to read */
    const uint8_t *end;
    const uint8_t *field_start; /* of the current field's tag */
    const field_type *field;    /* current field; NULL: unknown, or none yet */
    uint32_t number;            /* its number */
    unsigned packed_index;      /* element of the current packed field */
    unsigned depth;             /* 1 for the outermost */
    unsigned notes;             /* fields that there is room to note in the last piece */
    unsigned notes_piece;       /* size of that piece */
    uint64_t seen[PV_WIRE_TYPE_FIELDS_MAX / 64];
} frame;

/* --- reading
 * ------------------------------------------------------------------------------------ */

/* Reads a varint of at most `size_max` bytes and moves `position` behind it. */
static bool read_varint(const uint8_t **position, const uint8_t *end, int size_max,
                        uint64_t *ret_value)
{
    uint64_t value = 0;
    const uint8_t *at = *position;
    for (int i = 0; i < size_max && at < end; i++) {
        uint8_t byte = *at++;
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            /* The last byte that may come holds only what is left of the 32 or 64 bits. */
            uint8_t last_max = size_max == PV_WIRE_TAG_BYTES_MAX ? 0x0F : 0x01;
            if (i == size_max - 1 && byte > last_max) { return false; }
            *position = at;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* Reads the length of a value and checks that the value is there. */
static bool read_length(const uint8_t **position, const uint8_t *end, size_t *ret_length)
{
    uint64_t length;
    if (!read_varint(position, end, PV_WIRE_TAG_BYTES_MAX, &length)) { return false; }
    if (length > (uint64_t)(end - *position)) { return false; }
    *ret_length = (size_t)length;
    return true;
}

/* Moves behind a value of any wire type but groups; false when it is not whole. */
static bool skip_value(const uint8_t **position, const uint8_t *end, unsigned wire)
{
    uint64_t ignored;
    size_t length = wire == WIRE_64 ? 8 : 4;
    if (wire == WIRE_VARINT) {
        return read_varint(position, end, PV_WIRE_VARINT_BYTES_MAX, &ignored);
    }
    if (wire == WIRE_BYTES && !read_length(position, end, &length)) { return false; }
    if (length > (size_t)(end - *position)) { return false; }
    *position += length;
    return true;
}

static unsigned wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM: return WIRE_VARINT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return WIRE_64;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return WIRE_32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return WIRE_BYTES;
    }
    return WIRE_BYTES;
}

static const char *wire_text(unsigned wire)
{
    static const char *const texts[] = {
        "a varint",           "64 bits", "a length and bytes", "a group",
        "the end of a group", "32 bits", "wire type 6",        "wire type 7"};
    return texts[wire & 7];
}

static bool is_repeated(const field_type *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

/* --- telling
 * ------------------------------------------------------------------------------------ */

/* Elements in one occurrence of a repeated field whose tag has been read. */
static size_t elements_of(const field_type *field, unsigned wire, const uint8_t *position,
                          const uint8_t *end)
{
    unsigned element_wire = wire_of(field->type);
    size_t length = 0;
    if (wire != WIRE_BYTES || element_wire == WIRE_BYTES || !read_length(&position, end, &length)) {
        return 1;
    }
    if (element_wire != WIRE_VARINT) { return length / (element_wire == WIRE_64 ? 8 : 4); }
    size_t count = 0;
    for (size_t i = 0; i < length; i++) { count += position[i] < 0x80; }
    return count;
}

/* Index of the current element, counted by reading the message again: only errors pay for it. */
static size_t current_index(const frame *at)
{
    size_t index = at->packed_index;
    const uint8_t *position = at->begin;
    while (position < at->field_start) {
        uint64_t tag;
        if (!read_varint(&position, at->end, PV_WIRE_TAG_BYTES_MAX, &tag)) { break; }
        unsigned wire = (unsigned)(tag & 7);
        if (tag >> 3 == at->number) { index += elements_of(at->field, wire, position, at->end); }
        if (!skip_value(&position, at->end, wire)) { break; }
    }
    return index;
}

static void write_path(const frame *at, pv_path *path)
{
    for (; at != NULL; at = at->parent) {
        if (at->field == NULL) { continue; }
        if (is_repeated(at->field)) { pv_path_prepend_index(path, current_index(at)); }
        pv_path_prepend_name(path, at->field->name);
    }
}

/* Refuses the message for what is wrong at the current field; always false. */
__attribute__((format(printf, 4, 5))) static bool
fault(checker *check, const frame *at, const pv_reason *reason, const char *format, ...)
{
    char problem[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    pv_path path;
    pv_path_init(&path);
    write_path(at, &path);
    const char *subject = pv_path_text(&path);
    if (*subject == '\0') { subject = at->type->name; }
    (void)pv_refuse(check->error, reason, "%s: %s", subject, problem);
    pv_error_violate(check->error, PV_VIOLATION_FIELD, NULL, subject, "%s", problem);
    pv_error_note(check->error, "offset", "%zu", (size_t)(at->field_start - check->begin));
    return false;
}

#define MALFORMED(check, at, ...) fault((check), (at), &pv_reason_malformed_message, __VA_ARGS__)

/* --- checking
 * ----------------------------------------------------------------------------------- */

static bool check_message(checker *check, const frame *parent, const message_type *type,
                          const uint8_t *begin, const uint8_t *end);

/* Adds memory that unpacking will take. */
static bool add_memory(checker *check, const frame *at, size_t size)
{
    check->memory += size;
    return check->memory <= check->memory_max ||
           fault(check, at, &pv_reason_message_too_large,
                 "it takes more than %d times its size to unpack the message",
                 PV_WIRE_EXPANSION_MAX);
}

static bool add_allocation(checker *check, const frame *at, size_t size)
{
    size_t mask = ALLOCATION_ALIGNMENT - 1;
    return add_memory(check, at, (size + mask) & ~mask);
}

/* The decoder's note of one more field of the message. */
static bool add_note(checker *check, frame *at)
{
    if (at->notes == 0) {
        at->notes = at->notes_piece *= 2;
        if (!add_memory(check, at, (size_t)at->notes * FIELD_NOTE_SIZE)) { return false; }
    }
    at->notes--;
    return true;
}

static bool check_unknown(checker *check, frame *at, unsigned wire)
{
    if (++check->unknown > PV_WIRE_UNKNOWN_MAX) {
        return MALFORMED(check, at, "more than %d fields that the message type does not have",
                         PV_WIRE_UNKNOWN_MAX);
    }
    if (!skip_value(&at->position, at->end, wire)) {
        return MALFORMED(check, at, "truncated or overlong value of the unknown field %u",
                         at->number);
    }
    size_t size = (size_t)(at->position - at->field_start);
    return add_allocation(check, at,
                          size + sizeof(ProtobufCMessageUnknownField) + ALLOCATION_ALIGNMENT);
}

static bool count_elements(checker *check, const frame *at, size_t count)
{
    if (count > PV_WIRE_ELEMENTS_MAX - check->elements) {
        return fault(check, at, &pv_reason_message_too_large,
                     "more than %d elements of repeated fields in one message",
                     PV_WIRE_ELEMENTS_MAX);
    }
    check->elements += (unsigned)count;
    return add_memory(check, at, count * pv_field_value_size(at->field));
}

/* The array of a repeated field, which comes in any number of pieces, is rounded up once. */
static bool add_array(checker *check, frame *at)
{
    size_t index = (size_t)(at->field - at->type->fields);
    uint64_t bit = UINT64_C(1) << (index % 64);
    if ((at->seen[index / 64] & bit) != 0) { return true; }
    at->seen[index / 64] |= bit;
    return add_memory(check, at, ALLOCATION_ALIGNMENT);
}

/* A singular field comes once, and of a oneof one member. (Merging what comes twice is what the
 * protocol permits and no encoder does: two readers of one message could see different things in
 * it.) */
static bool check_once(checker *check, frame *at)
{
    size_t index = (size_t)(at->field - at->type->fields);
    uint64_t bit = UINT64_C(1) << (index % 64);
    if ((at->seen[index / 64] & bit) != 0) { return MALFORMED(check, at, "comes a second time"); }
    at->seen[index / 64] |= bit;
    if ((at->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) { return true; }
    for (unsigned i = 0; i < at->type->n_fields; i++) {
        const field_type *other = &at->type->fields[i];
        bool same_oneof = (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                          other->quantifier_offset == at->field->quantifier_offset;
        if (same_oneof && i != index && (at->seen[i / 64] >> (i % 64) & 1) != 0) {
            return MALFORMED(check, at, "comes together with %s, but only one of them may be set",
                             other->name);
        }
    }
    return true;
}

/* A number that its field cannot hold would be cut by the decoder. Negative 32-bit numbers may
 * come as 64 or as 32 bits. */
static bool check_number(checker *check, const frame *at, uint64_t value)
{
    static const uint64_t negative_32 = UINT64_C(0xFFFFFFFF80000000);
    switch (at->field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        return value <= 1 || MALFORMED(check, at, "a bool that is neither 0 nor 1");
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        return value <= UINT32_MAX || MALFORMED(check, at, "a number of more than 32 bits");
    case PROTOBUF_C_TYPE_INT32:
        return value <= UINT32_MAX || value >= negative_32 ||
               MALFORMED(check, at, "a number of more than 32 bits");
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *type =
            (const ProtobufCEnumDescriptor *)at->field->descriptor;
        int number = (int)(uint32_t)value;
        bool fits = value <= UINT32_MAX || value >= negative_32;
        return (fits && protobuf_c_enum_descriptor_get_value(type, number) != NULL) ||
               MALFORMED(check, at, "%lld is no value of the enum %s", (long long)value,
                         type->name);
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return true;
    }
    return true;
}

static bool check_varint(checker *check, frame *at, const uint8_t *end)
{
    uint64_t value;
    if (!read_varint(&at->position, end, PV_WIRE_VARINT_BYTES_MAX, &value)) {
        return MALFORMED(check, at, "a truncated or overlong number");
    }
    return check_number(check, at, value);
}

static bool check_packed(checker *check, frame *at, const uint8_t *end)
{
    unsigned wire = wire_of(at->field->type);
    if (wire == WIRE_VARINT) {
        while (at->position < end) {
            if (!count_elements(check, at, 1) || !check_varint(check, at, end)) { return false; }
            at->packed_index++;
        }
        return true;
    }
    size_t length = (size_t)(end - at->position), element = wire == WIRE_64 ? 8 : 4;
    if (length % element != 0) {
        return MALFORMED(check, at, "%zu bytes are no whole number of elements of %zu bytes",
                         length, element);
    }
    at->position = end;
    return count_elements(check, at, length / element);
}

static bool check_string(checker *check, const frame *at, pv_view text)
{
    size_t bad;
    if (!pv_utf8_check(text, &bad)) {
        return MALFORMED(check, at, "not valid UTF-8 at byte %zu", bad);
    }
    const uint8_t *nul = text.size == 0 ? NULL : (const uint8_t *)memchr(text.data, 0, text.size);
    if (nul != NULL) {
        return MALFORMED(check, at, "a NUL at byte %zu", (size_t)(nul - text.data));
    }
    return true;
}

/* A value with a length: string, bytes, message or packed elements. */
static bool check_bytes(checker *check, frame *at, bool packed)
{
    size_t length;
    if (!read_length(&at->position, at->end, &length)) {
        return MALFORMED(check, at,
                         "truncated: its length reaches behind the end, or is no length");
    }
    const uint8_t *end = at->position + length;
    if (packed) { return check_packed(check, at, end); }
    bool good = true;
    if (at->field->type == PROTOBUF_C_TYPE_STRING) {
        good = check_string(check, at, pv_view_of(at->position, length)) &&
               add_allocation(check, at, length + 1);
    } else if (at->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        good = check_message(check, at, (const message_type *)at->field->descriptor, at->position,
                             end);
    } else {
        good = add_allocation(check, at, length);
    }
    at->position = end;
    return good;
}

static bool check_value(checker *check, frame *at, unsigned wire)
{
    unsigned expected = wire_of(at->field->type);
    bool packed = is_repeated(at->field) && wire == WIRE_BYTES && expected != WIRE_BYTES;
    if (wire != expected && !packed) {
        return MALFORMED(check, at, "%s on the wire where the field needs %s", wire_text(wire),
                         wire_text(expected));
    }
    if (is_repeated(at->field)) {
        if (!add_array(check, at)) { return false; }
        if (!packed && !count_elements(check, at, 1)) { return false; }
    } else if (!check_once(check, at)) {
        return false;
    }
    if (wire == WIRE_VARINT) { return check_varint(check, at, at->end); }
    if (wire == WIRE_BYTES) { return check_bytes(check, at, packed); }
    return skip_value(&at->position, at->end, wire) || MALFORMED(check, at, "a truncated number");
}

/* Fields come in order almost always: the current one again, or the one behind it. */
static const field_type *find_field(const frame *at, uint32_t number)
{
    const message_type *type = at->type;
    if (at->field != NULL) {
        const field_type *behind = at->field + 1;
        if (at->field->id == number) { return at->field; }
        if (behind < type->fields + type->n_fields && behind->id == number) { return behind; }
    }
    return protobuf_c_message_descriptor_get_field(type, number);
}

static bool check_field(checker *check, frame *at)
{
    uint64_t tag;
    at->field_start = at->position;
    at->packed_index = 0;
    if (!read_varint(&at->position, at->end, PV_WIRE_TAG_BYTES_MAX, &tag)) {
        at->field = NULL;
        return MALFORMED(check, at, "a truncated or overlong field tag");
    }
    unsigned wire = (unsigned)(tag & 7);
    at->number = (uint32_t)(tag >> 3);
    at->field = at->number == 0 ? NULL : find_field(at, at->number);
    if (at->number == 0) { return MALFORMED(check, at, "a field with the number 0"); }
    if (wire == WIRE_GROUP || wire == WIRE_GROUP_END || wire > WIRE_32) {
        return MALFORMED(check, at,
                         "%s at field %u; groups and unknown wire types are not accepted",
                         wire_text(wire), at->number);
    }
    if (!add_note(check, at)) { return false; }
    return at->field == NULL ? check_unknown(check, at, wire) : check_value(check, at, wire);
}

static bool check_message(checker *check, const frame *parent, const message_type *type,
                          const uint8_t *begin, const uint8_t *end)
{
    PV_ASSERT(type->n_fields <= PV_WIRE_TYPE_FIELDS_MAX);
    frame at = {.parent = parent,
                .type = type,
                .begin = begin,
                .position = begin,
                .end = end,
                .field_start = begin,
                .depth = parent == NULL ? 1 : parent->depth + 1,
                .notes = FIELD_NOTES_FIRST,
                .notes_piece = FIELD_NOTES_FIRST};
    if (at.depth > PV_WIRE_DEPTH_MAX) {
        return MALFORMED(check, &at, "messages nested deeper than %d levels", PV_WIRE_DEPTH_MAX);
    }
    if (!add_allocation(check, &at, type->sizeof_message)) { return false; }
    while (at.position < end) {
        if (!check_field(check, &at)) { return false; }
    }
    return true;
}

pv_status pv_wire_check(const pv_message_info *info, pv_view bytes, pv_error *error)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *begin = bytes.size == 0 ? nothing : bytes.data;
    checker check = {.error = error,
                     .begin = begin,
                     .memory_max = bytes.size * PV_WIRE_EXPANSION_MAX + PV_WIRE_EXPANSION_FREE};
    if (check_message(&check, NULL, info->descriptor, begin, begin + bytes.size)) {
        return pv_ok();
    }
    return pv_status_of(error->reason->code);
}
