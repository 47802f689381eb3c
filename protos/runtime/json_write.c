#include "base/time.h"
#include "protos/runtime/json_forms.h"
#include "protos/runtime/limits.h"
#include "protos/runtime/reasons.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* One pv_json_of_message. Every function that makes a value gives NULL when it has refused. */
typedef struct writer {
    const pv_json_options *options;
    pv_error *error;
} writer;

static json_t *no_memory(const writer *out)
{
    (void)pv_refuse(out->error, &pv_reason_arena_exhausted, "no memory to write JSON");
    return NULL;
}

static json_t *checked(const writer *out, json_t *value)
{
    return value != NULL ? value : no_memory(out);
}

#define INVALID(out, step, ...)                                                        \
    (pv_json_fault((out)->error, NULL, (step), &pv_reason_invalid_field, __VA_ARGS__), \
     (json_t *)NULL)

static json_t *write_message(const writer *out, const pv_json_step *at, const pv_message_info *info,
                             const ProtobufCMessage *message);

static json_t *write_real(const writer *out, double value)
{
    if (isnan(value)) { return checked(out, json_string("NaN")); }
    if (isinf(value)) { return checked(out, json_string(value > 0 ? "Infinity" : "-Infinity")); }
    return checked(out, json_real(value));
}

/* The shortest decimal number that reads as the same float, so that 0.1f is not
 * 0.10000000149011612; but none above the greatest float, which some readers refuse. */
static json_t *write_float(const writer *out, float value)
{
    char text[32];
    for (int digits = FLT_DIG; isfinite(value) && digits <= FLT_DECIMAL_DIG; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        double number = strtod(text, NULL);
        bool same = fabs(number) <= (double)FLT_MAX && (float)number == value;
        if (same) { return write_real(out, number); }
    }
    return write_real(out, (double)value);
}

static json_t *write_bytes(const writer *out, const ProtobufCBinaryData *bytes)
{
    const char *text = pv_base64_format(pv_view_of(bytes->data, bytes->len), out->error->arena);
    return text == NULL ? no_memory(out) : checked(out, json_string(text));
}

static json_t *write_enum(const writer *out, const pv_field *field, int32_t number)
{
    const ProtobufCEnumDescriptor *type = (const ProtobufCEnumDescriptor *)field->descriptor;
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    return checked(out, value == NULL ? json_integer(number) : json_string(value->name));
}

/* One value of the field: the singular one, or an element. `info` is that of a message field. */
static json_t *write_value(const writer *out, const pv_json_step *at, const pv_field *field,
                           const pv_message_info *info, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return checked(out, json_sprintf("%" PRId64, *(const int64_t *)value));
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return checked(out, json_sprintf("%" PRIu64, *(const uint64_t *)value));
    case PROTOBUF_C_TYPE_FLOAT: return write_float(out, *(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE: return write_real(out, *(const double *)value);
    case PROTOBUF_C_TYPE_BOOL: return json_boolean(*(const protobuf_c_boolean *)value);
    case PROTOBUF_C_TYPE_ENUM: return write_enum(out, field, *(const int32_t *)value);
    case PROTOBUF_C_TYPE_STRING: {
        json_t *text = json_string(*(char *const *)value);
        return text != NULL ? text : INVALID(out, at, "is not UTF-8");
    }
    case PROTOBUF_C_TYPE_BYTES: return write_bytes(out, (const ProtobufCBinaryData *)value);
    case PROTOBUF_C_TYPE_MESSAGE:
        return write_message(out, at, info, *(ProtobufCMessage *const *)value);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return checked(out, json_integer(pv_value_integer(field, value)));
    }
    return NULL;
}

/* --- messages with a form of their own --- */

static json_t *write_time(const writer *out, const pv_json_step *at, int64_t seconds, int64_t nanos)
{
    char text[PV_TIME_TEXT_SIZE];
    if (!pv_instant_format(seconds, nanos, text)) {
        return INVALID(out, at, "is not a time in the years 1 to 9999");
    }
    return checked(out, json_string(text));
}

static json_t *write_duration(const writer *out, const pv_json_step *at, int64_t seconds,
                              int64_t nanos)
{
    char text[PV_DURATION_TEXT_SIZE];
    if (!pv_duration_format(seconds, nanos, text)) {
        return INVALID(out, at, "is not a well-formed duration");
    }
    return checked(out, json_string(text));
}

/* Paths of a mask in lowerCamelCase, joined by commas. */
static json_t *write_mask(const writer *out, const ProtobufCMessage *message)
{
    const pv_field *paths = &message->descriptor->fields[0];
    pv_buffer text = pv_buffer_of(out->error->arena);
    for (size_t i = 0; i < pv_field_count(message, paths); i++) {
        if (i > 0) { pv_buffer_append(&text, pv_view_text(",")); }
        const char *path = pv_field_string_at(message, paths, i);
        for (; *path != '\0'; path++) {
            bool hump = path[0] == '_' && path[1] >= 'a' && path[1] <= 'z';
            if (hump) { path++; }
            char letter = hump ? (char)(*path - 'a' + 'A') : *path;
            pv_buffer_append(&text, pv_view_of(&letter, 1));
        }
    }
    if (text.overflow) { return no_memory(out); }
    return checked(out, text.size == 0 ? json_string("")
                                       : json_stringn((const char *)text.data, text.size));
}

static bool write_fields(const writer *out, const pv_json_step *at, const pv_message_info *info,
                         const ProtobufCMessage *message, json_t *object);

/* {"@type": url, ...fields}, or {"@type": url, "value": form} for a message with a form of its
 * own; {} for one that holds nothing. */
static json_t *write_any(const writer *out, const pv_json_step *at, const ProtobufCMessage *message)
{
    const char *url = pv_field_string(message, &message->descriptor->fields[0]);
    const ProtobufCBinaryData *bytes =
        (const ProtobufCBinaryData *)pv_field_data(message, &message->descriptor->fields[1]);
    if (*url == '\0' && bytes->len == 0) { return checked(out, json_object()); }
    const pv_message_info *info = pv_json_find_type(out->options, url);
    if (info == NULL) {
        return INVALID(out, at, "holds a message of the unknown type \"%.128s\"", url);
    }
    ProtobufCMessage *inner;
    if (!pv_message_unpack(info, pv_view_of(bytes->data, bytes->len), out->error->arena, &inner)) {
        return INVALID(out, at, "does not hold a %s", info->descriptor->name);
    }
    json_t *object = json_object();
    bool good = object != NULL && json_object_set_new(object, "@type", json_string(url)) == 0;
    if (good &&
        (pv_json_kind_of(info) == PV_JSON_PLAIN || pv_json_kind_of(info) == PV_JSON_DECIMAL)) {
        good = write_fields(out, at, info, inner, object);
    } else if (good) {
        good = json_object_set_new(object, "value", write_message(out, at, info, inner)) == 0;
    }
    if (good) { return object; }
    json_decref(object);
    return out->error->reason != NULL ? NULL : no_memory(out);
}

static json_t *write_plain(const writer *out, const pv_json_step *at, const pv_message_info *info,
                           const ProtobufCMessage *message)
{
    json_t *object = json_object();
    if (object == NULL) { return no_memory(out); }
    if (write_fields(out, at, info, message, object)) { return object; }
    json_decref(object);
    return NULL;
}

static json_t *write_message(const writer *out, const pv_json_step *at, const pv_message_info *info,
                             const ProtobufCMessage *message)
{
    PV_ASSERT(info != NULL); /* only message fields lead here, and those have one */
    if (at->depth >= PV_WIRE_DEPTH_MAX) {
        return INVALID(out, at, "is nested deeper than %d messages", PV_WIRE_DEPTH_MAX);
    }
    pv_json_step inner = *at;
    inner.depth++;
    const pv_field *fields = info->descriptor->fields;
    switch (pv_json_kind_of(info)) {
    case PV_JSON_TIMESTAMP:
        return write_time(out, at, pv_field_integer(message, &fields[0]),
                          pv_field_integer(message, &fields[1]));
    case PV_JSON_DURATION:
        return write_duration(out, at, pv_field_integer(message, &fields[0]),
                              pv_field_integer(message, &fields[1]));
    case PV_JSON_MASK: return write_mask(out, message);
    case PV_JSON_WRAPPER:
        return write_value(out, at, &fields[0], NULL, pv_field_data(message, &fields[0]));
    case PV_JSON_ANY: return write_any(out, &inner, message);
    case PV_JSON_UNSUPPORTED:
        return INVALID(out, at, "is a %s, which is not supported", info->descriptor->name);
    case PV_JSON_PLAIN:
    case PV_JSON_DECIMAL: return write_plain(out, &inner, info, message);
    }
    return NULL;
}

/* --- fields --- */

/* The text of a map's key. */
static void format_key(const pv_field *key, const ProtobufCMessage *entry, char *ret_text,
                       size_t size)
{
    int64_t number = pv_field_integer(entry, key);
    bool wide = key->type == PROTOBUF_C_TYPE_UINT64 || key->type == PROTOBUF_C_TYPE_FIXED64;
    if (key->type == PROTOBUF_C_TYPE_BOOL) {
        snprintf(ret_text, size, "%s", number != 0 ? "true" : "false");
    } else if (wide) {
        snprintf(ret_text, size, "%" PRIu64, (uint64_t)number);
    } else {
        snprintf(ret_text, size, "%" PRId64, number);
    }
}

static json_t *write_entry(const writer *out, const pv_json_step *at, const pv_message_info *info,
                           const ProtobufCMessage *entry)
{
    const pv_field *value = &entry->descriptor->fields[1];
    const pv_message_info *value_info = info->fields[1].message;
    if (value->type != PROTOBUF_C_TYPE_MESSAGE || pv_field_is_set(entry, value)) {
        return write_value(out, at, value, value_info, pv_field_data(entry, value));
    }
    /* An entry without value holds an empty message. */
    ProtobufCMessage *empty = pv_message_new(value_info, out->error->arena);
    return empty == NULL ? no_memory(out) : write_message(out, at, value_info, empty);
}

static json_t *write_map(const writer *out, const pv_json_step *at, const pv_field *field,
                         const pv_message_info *info, const ProtobufCMessage *message)
{
    json_t *object = json_object();
    bool good = object != NULL;
    for (size_t i = 0; good && i < pv_field_count(message, field); i++) {
        const ProtobufCMessage *entry = pv_field_message_at(message, field, i);
        const pv_field *key_field = &entry->descriptor->fields[0];
        char number[32];
        const char *key = number;
        if (key_field->type == PROTOBUF_C_TYPE_STRING) {
            key = pv_field_string(entry, key_field);
        } else {
            format_key(key_field, entry, number, sizeof number);
        }
        pv_json_step step = {.parent = at, .kind = PV_JSON_KEY, .key = key, .depth = at->depth};
        json_t *value = write_entry(out, &step, info, entry);
        good = value != NULL && json_object_set_new(object, key, value) == 0;
    }
    if (good) { return object; }
    json_decref(object);
    return out->error->reason != NULL ? NULL : no_memory(out);
}

static json_t *write_list(const writer *out, const pv_json_step *at, const pv_field *field,
                          const pv_message_info *info, const ProtobufCMessage *message)
{
    json_t *array = json_array();
    bool good = array != NULL;
    size_t size = pv_field_value_size(field);
    const uint8_t *data = (const uint8_t *)pv_field_data(message, field);
    for (size_t i = 0; good && i < pv_field_count(message, field); i++) {
        pv_json_step step = {.parent = at, .kind = PV_JSON_ELEMENT, .index = i, .depth = at->depth};
        json_t *value = write_value(out, &step, field, info, data + i * size);
        good = value != NULL && json_array_append_new(array, value) == 0;
    }
    if (good) { return array; }
    json_decref(array);
    return out->error->reason != NULL ? NULL : no_memory(out);
}

/* True when a field that holds its default is written all the same. */
static bool writes_default(const writer *out, const pv_field *field)
{
    if (out->options == NULL || !out->options->defaults) { return false; }
    bool oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    return !oneof && (repeated || field->type != PROTOBUF_C_TYPE_MESSAGE);
}

static json_t *write_field(const writer *out, const pv_json_step *at, const pv_field *field,
                           const pv_field_info *info, const ProtobufCMessage *message)
{
    bool sensitive = info->rule != NULL && (info->rule->flags & PV_RULE_SENSITIVE) != 0;
    if (sensitive && out->options != NULL && out->options->redact &&
        pv_field_is_set(message, field)) {
        return checked(out, json_string("(hidden)"));
    }
    if (info->is_map) { return write_map(out, at, field, info->message, message); }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return write_list(out, at, field, info->message, message);
    }
    return write_value(out, at, field, info->message, pv_field_data(message, field));
}

static bool write_fields(const writer *out, const pv_json_step *at, const pv_message_info *info,
                         const ProtobufCMessage *message, json_t *object)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field *field = &info->descriptor->fields[i];
        if (!pv_field_is_set(message, field) && !writes_default(out, field)) { continue; }
        bool camel_case = out->options != NULL && out->options->json_names;
        const char *name = camel_case ? info->fields[i].json_name : field->name;
        pv_json_step step = {.parent = at,
                             .kind = PV_JSON_FIELD,
                             .name = field->name,
                             .key = name,
                             .depth = at->depth};
        json_t *value = write_field(out, &step, field, &info->fields[i], message);
        if (value == NULL) { return false; }
        if (json_object_set_new(object, name, value) != 0) {
            (void)no_memory(out);
            return false;
        }
    }
    return true;
}

pv_status pv_json_of_message(const pv_message_info *info, const ProtobufCMessage *message,
                             const pv_json_options *options, pv_error *error, json_t **ret_value)
{
    PV_ASSERT(message->descriptor == info->descriptor);
    const writer out = {options, error};
    const pv_json_step root = {.kind = PV_JSON_ROOT};
    json_t *value = write_message(&out, &root, info, message);
    if (value == NULL) { return pv_status_of(error->reason->code); }
    *ret_value = value;
    return pv_ok();
}
