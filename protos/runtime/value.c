#include "protos/runtime/value.h"

#include "base/digest.h"
#include "base/time.h"
#include "protos/runtime/message.h"

#include <inttypes.h>

size_t pv_value_enum_prefix(const ProtobufCEnumDescriptor *descriptor)
{
    const char *first = descriptor->values[0].name;
    size_t shared = strlen(first);
    for (unsigned i = 1; i < descriptor->n_values; i++) {
        const char *name = descriptor->values[i].name;
        size_t same = 0;
        while (same < shared && name[same] == first[same]) { same++; }
        shared = same;
    }
    if (descriptor->n_values == 1) { return 0; }
    while (shared > 0 && first[shared - 1] != '_') { shared--; }
    return shared;
}

const char *pv_value_enum_text(const ProtobufCEnumDescriptor *descriptor, int value,
                               pv_arena *arena)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (known == NULL) { return pv_arena_printf(arena, "%d", value); }
    return known->name + pv_value_enum_prefix(descriptor);
}

static const char *time_text(const ProtobufCMessage *message, pv_arena *arena)
{
    const ProtobufCFieldDescriptor *fields = message->descriptor->fields;
    int64_t seconds = pv_field_integer(message, &fields[0]);
    int64_t nanos = pv_field_integer(message, &fields[1]);
    pv_time time = {0};
    if (__builtin_mul_overflow(seconds, PV_NS_PER_S, &time.utc_ns) ||
        __builtin_add_overflow(time.utc_ns, nanos, &time.utc_ns)) {
        return pv_arena_printf(arena, "%" PRId64 "s", seconds);
    }
    char text[PV_TIME_TEXT_SIZE];
    size_t size = pv_time_format(time, text);
    return pv_arena_dup(arena, pv_view_of(text, size));
}

static const char *duration_text(const ProtobufCMessage *message, pv_arena *arena)
{
    const ProtobufCFieldDescriptor *fields = message->descriptor->fields;
    int64_t seconds = pv_field_integer(message, &fields[0]);
    int64_t nanos = pv_field_integer(message, &fields[1]);
    bool negative = seconds < 0 || nanos < 0;
    if (nanos == 0) { return pv_arena_printf(arena, "%" PRId64 "s", seconds); }
    return pv_arena_printf(arena, "%s%" PRIu64 ".%09" PRId64 "s", negative ? "-" : "",
                           seconds < 0 ? 0 - (uint64_t)seconds : (uint64_t)seconds,
                           nanos < 0 ? -nanos : nanos);
}

static bool is_type(const ProtobufCMessage *message, const char *name)
{
    return strcmp(message->descriptor->name, name) == 0;
}

/* Messages that are a number in a wrapper (Decimal), or a currency and such a number (Money), are
 * known by their form: the client knows no domain. */
static const char *number_text(const ProtobufCMessage *message, pv_arena *arena)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    if (descriptor->n_fields == 1 && descriptor->fields[0].type == PROTOBUF_C_TYPE_STRING &&
        strcmp(descriptor->fields[0].name, "value") == 0) {
        return pv_field_string(message, &descriptor->fields[0]);
    }
    if (descriptor->n_fields == 2 && strcmp(descriptor->fields[0].name, "currency") == 0 &&
        strcmp(descriptor->fields[1].name, "amount") == 0 &&
        descriptor->fields[1].type == PROTOBUF_C_TYPE_MESSAGE) {
        return pv_arena_printf(arena, "%s %s", pv_field_string(message, &descriptor->fields[0]),
                               pv_value_text(message, &descriptor->fields[1], arena));
    }
    return NULL;
}

const char *pv_value_message_text(const ProtobufCMessage *message, pv_arena *arena)
{
    if (is_type(message, "google.protobuf.Timestamp")) { return time_text(message, arena); }
    if (is_type(message, "google.protobuf.Duration")) { return duration_text(message, arena); }
    if (is_type(message, "google.protobuf.FieldMask")) {
        return pv_value_text(message, &message->descriptor->fields[0], arena);
    }
    return number_text(message, arena);
}

static const char *bytes_text(const ProtobufCBinaryData *bytes, pv_arena *arena)
{
    char *text = pv_arena_alloc(arena, bytes->len * 2 + 1);
    if (text != NULL) { pv_hex_format(pv_view_of(bytes->data, bytes->len), text); }
    return text;
}

/* One value of the field's type that lies at `data`. */
static const char *one_text(const ProtobufCFieldDescriptor *field, const void *data,
                            pv_arena *arena)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return *(const char *const *)data == NULL ? "" : *(const char *const *)data;
    case PROTOBUF_C_TYPE_BYTES: return bytes_text(data, arena);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *message = *(const ProtobufCMessage *const *)data;
        const char *text = message == NULL ? "" : pv_value_message_text(message, arena);
        return text == NULL ? "{...}" : text;
    }
    case PROTOBUF_C_TYPE_ENUM:
        return pv_value_enum_text(field->descriptor, *(const int *)data, arena);
    case PROTOBUF_C_TYPE_BOOL: return *(const protobuf_c_boolean *)data ? "true" : "false";
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return pv_arena_printf(arena, "%" PRId32, *(const int32_t *)data);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return pv_arena_printf(arena, "%" PRIu32, *(const uint32_t *)data);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return pv_arena_printf(arena, "%" PRId64, *(const int64_t *)data);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return pv_arena_printf(arena, "%" PRIu64, *(const uint64_t *)data);
    case PROTOBUF_C_TYPE_FLOAT: return pv_arena_printf(arena, "%.9g", (double)*(const float *)data);
    case PROTOBUF_C_TYPE_DOUBLE: return pv_arena_printf(arena, "%.17g", *(const double *)data);
    }
    return "";
}

static const char *repeated_text(const ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field, pv_arena *arena)
{
    size_t count = pv_field_count(message, field);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) { return pv_arena_printf(arena, "%zu", count); }
    const uint8_t *data = pv_field_data(message, field);
    size_t size = pv_field_value_size(field);
    pv_buffer text = pv_buffer_of(arena);
    for (size_t i = 0; i < count; i++) {
        const char *one = one_text(field, data + i * size, arena);
        if (one == NULL) { return NULL; }
        pv_buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", one);
    }
    pv_buffer_append(&text, pv_view_of("", 1));
    return text.overflow ? NULL : (const char *)text.data;
}

const char *pv_value_text(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          pv_arena *arena)
{
    if (!pv_field_is_set(message, field)) { return ""; }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) { return repeated_text(message, field, arena); }
    return one_text(field, pv_field_data(message, field), arena);
}

static void append(pv_buffer *text, const char *separator, const char *more)
{
    text->overflow = text->overflow || more == NULL;
    if (more == NULL || *more == '\0') { return; }
    pv_buffer_printf(text, "%s%s", text->size == 0 ? "" : separator, more);
}

static const char *parts_of(const ProtobufCMessage *message, pv_arena *arena)
{
    if (message == NULL) { return ""; }
    const char *whole = pv_value_message_text(message, arena);
    if (whole != NULL) { return whole; }
    pv_buffer text = pv_buffer_of(arena);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        append(&text, ":", pv_value_parts(message, &message->descriptor->fields[i], arena));
    }
    return pv_buffer_text(&text);
}

const char *pv_value_parts(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           pv_arena *arena)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) { return pv_value_text(message, field, arena); }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return parts_of(pv_field_message(message, field), arena);
    }
    pv_buffer text = pv_buffer_of(arena);
    for (size_t i = 0; i < pv_field_count(message, field); i++) {
        append(&text, ", ", parts_of(pv_field_message_at(message, field, i), arena));
    }
    return pv_buffer_text(&text);
}
