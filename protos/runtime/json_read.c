#include "base/time.h"
#include "protos/runtime/json_forms.h"
#include "protos/runtime/json_reader.h"
#include "protos/runtime/limits.h"
#include "protos/runtime/path.h"
#include "protos/runtime/reasons.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define INVALID(in, step, ...) \
    pv_json_fault((in)->error, &(in)->source, (step), &pv_reason_invalid_field, __VA_ARGS__)

typedef pv_json_reader reader;

static bool no_memory(const reader *in)
{
    (void)pv_refuse(in->error, &pv_reason_arena_exhausted,
                    "the message needs more memory than there is for it");
    return false;
}

static bool read_message(const reader *in, const pv_json_step *at, const pv_message_info *info,
                         json_t *value, ProtobufCMessage **ret_message);

/* --- numbers --- */

static bool is_signed_64(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_INT64 || type == PROTOBUF_C_TYPE_SINT64 ||
           type == PROTOBUF_C_TYPE_SFIXED64;
}

static bool is_unsigned_64(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
}

static bool is_unsigned_32(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32;
}

/* Digits with an optional minus: the magnitude in 64 bits. */
static bool read_digits(const char *text, bool *ret_negative, uint64_t *ret_magnitude)
{
    uint64_t magnitude = 0;
    bool negative = *text == '-';
    if (negative) { text++; }
    if (*text == '\0') { return false; }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)(unsigned char)*text - '0';
        if (digit > 9 || __builtin_mul_overflow(magnitude, UINT64_C(10), &magnitude) ||
            __builtin_add_overflow(magnitude, (uint64_t)digit, &magnitude)) {
            return false;
        }
    }
    *ret_negative = negative;
    *ret_magnitude = magnitude;
    return true;
}

/* A whole number as sign and magnitude: an integer, a text of one, or a real without fraction. */
static bool read_whole(json_t *value, bool *ret_negative, uint64_t *ret_magnitude)
{
    if (json_is_integer(value)) {
        int64_t number = json_integer_value(value);
        *ret_negative = number < 0;
        *ret_magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
        return true;
    }
    if (json_is_string(value)) {
        return read_digits(json_string_value(value), ret_negative, ret_magnitude);
    }
    static const double exact_max = 9007199254740992.0; /* 2^53: reals up to here are exact */
    double real = json_is_real(value) ? json_real_value(value) : NAN;
    if (!(real >= -exact_max && real <= exact_max) || real != trunc(real)) { return false; }
    *ret_negative = real < 0;
    *ret_magnitude = (uint64_t)fabs(real);
    return true;
}

/* Puts an integer into its place if it fits the field's type. */
static bool store_integer(const pv_field *field, bool negative, uint64_t magnitude, void *place)
{
    negative = negative && magnitude != 0;
    if (is_unsigned_64(field->type)) {
        memcpy(place, &magnitude, sizeof magnitude);
        return !negative;
    }
    if (is_unsigned_32(field->type)) {
        uint32_t low = (uint32_t)magnitude;
        memcpy(place, &low, sizeof low);
        return !negative && magnitude <= UINT32_MAX;
    }
    uint64_t max = is_signed_64(field->type) ? (uint64_t)INT64_MAX : (uint64_t)INT32_MAX;
    if (magnitude > max + (negative ? 1 : 0)) { return false; }
    int64_t number = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    if (is_signed_64(field->type)) {
        memcpy(place, &number, sizeof number);
    } else {
        int32_t low = (int32_t)number;
        memcpy(place, &low, sizeof low);
    }
    return true;
}

static const char *integer_text(const pv_field *field)
{
    if (is_unsigned_64(field->type)) { return "a whole number from 0 to 18446744073709551615"; }
    if (is_unsigned_32(field->type)) { return "a whole number from 0 to 4294967295"; }
    if (is_signed_64(field->type)) { return "a whole number of 64 bits"; }
    return "a whole number from -2147483648 to 2147483647";
}

static bool read_integer(const reader *in, const pv_json_step *at, const pv_field *field,
                         json_t *value, void *place)
{
    bool negative;
    uint64_t magnitude;
    if (!read_whole(value, &negative, &magnitude) ||
        !store_integer(field, negative, magnitude, place)) {
        return INVALID(in, at, "must be %s", integer_text(field));
    }
    return true;
}

static bool read_real(const reader *in, const pv_json_step *at, const pv_field *field,
                      json_t *value, void *place)
{
    double number = json_number_value(value);
    bool good = json_is_number(value);
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        char *end = NULL;
        /* strtod also knows "inf", "0x1" and blanks, which the mapping does not. */
        bool named = strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 ||
                     strcmp(text, "-Infinity") == 0;
        good = named || (*text != '\0' && text[strspn(text, "+-0123456789.eE")] == '\0');
        number = good ? strtod(text, &end) : 0;
        good = good && *end == '\0' && (named || isfinite(number));
    }
    if (good && field->type == PROTOBUF_C_TYPE_FLOAT) {
        float narrow = (float)number;
        good = isfinite(narrow) || !isfinite(number);
        memcpy(place, &narrow, sizeof narrow);
    } else if (good) {
        memcpy(place, &number, sizeof number);
    }
    return good || INVALID(in, at, "must be a number");
}

/* --- texts --- */

static bool read_string(const reader *in, const pv_json_step *at, json_t *value, char **ret_text)
{
    if (!json_is_string(value)) { return INVALID(in, at, "must be a text"); }
    size_t size = json_string_length(value);
    if (strlen(json_string_value(value)) != size) { return INVALID(in, at, "must not hold a NUL"); }
    char *text = pv_arena_dup(in->arena, pv_view_of(json_string_value(value), size));
    if (text == NULL) { return no_memory(in); }
    *ret_text = text;
    return true;
}

static bool read_bytes(const reader *in, const pv_json_step *at, json_t *value,
                       ProtobufCBinaryData *ret_bytes)
{
    bool bad = !json_is_string(value);
    if (!bad) {
        pv_view text = pv_view_of(json_string_value(value), json_string_length(value));
        ret_bytes->data = pv_base64_parse(text, in->arena, &ret_bytes->len, &bad);
        if (ret_bytes->data != NULL) { return true; }
    }
    return bad ? INVALID(in, at, "must be base64") : no_memory(in);
}

/* The number of a value by its name, whole or without what all names of the enum begin with. */
static bool find_enum_name(const ProtobufCEnumDescriptor *type, const char *name,
                           int32_t *ret_number)
{
    static const char zero_name[] = "UNSPECIFIED";
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(type, 0);
    const char *unspecified = zero == NULL ? NULL : strstr(zero->name, zero_name);
    size_t prefix = unspecified == NULL ? 0 : (size_t)(unspecified - zero->name);
    for (unsigned i = 0; i < type->n_value_names; i++) {
        const char *full = type->values_by_name[i].name;
        bool shorter = prefix > 0 && zero != NULL && strncmp(full, zero->name, prefix) == 0 &&
                       strcmp(full + prefix, name) == 0;
        if (strcmp(full, name) == 0 || shorter) {
            *ret_number = type->values[type->values_by_name[i].index].value;
            return true;
        }
    }
    return false;
}

static bool read_enum(const reader *in, const pv_json_step *at, const pv_field *field,
                      json_t *value, int32_t *ret_number)
{
    const ProtobufCEnumDescriptor *type = (const ProtobufCEnumDescriptor *)field->descriptor;
    if (json_is_string(value) && find_enum_name(type, json_string_value(value), ret_number)) {
        return true;
    }
    bool in_range = json_is_integer(value) && json_integer_value(value) >= INT32_MIN &&
                    json_integer_value(value) <= INT32_MAX;
    if (in_range &&
        protobuf_c_enum_descriptor_get_value(type, (int)json_integer_value(value)) != NULL) {
        *ret_number = (int32_t)json_integer_value(value);
        return true;
    }
    char quoted[PV_QUOTED_TEXT_SIZE];
    if (json_is_string(value)) {
        return INVALID(in, at, "\"%s\" is no value of the enum %s",
                       pv_quote(pv_view_text(json_string_value(value)), quoted), type->name);
    }
    return INVALID(in, at, "must be the name of a value of the enum %s", type->name);
}

/* --- values --- */

static bool read_value(const reader *in, const pv_json_step *at, const pv_field *field,
                       const pv_message_info *info, json_t *value, void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return read_string(in, at, value, (char **)place);
    case PROTOBUF_C_TYPE_BYTES: return read_bytes(in, at, value, (ProtobufCBinaryData *)place);
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(in, at, info, value, (ProtobufCMessage **)place);
    case PROTOBUF_C_TYPE_ENUM: return read_enum(in, at, field, value, (int32_t *)place);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(value)) { return INVALID(in, at, "must be true or false"); }
        *(protobuf_c_boolean *)place = json_is_true(value);
        return true;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: return read_real(in, at, field, value, place);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: return read_integer(in, at, field, value, place);
    }
    return false;
}

static bool read_list(const reader *in, const pv_json_step *at, const pv_field *field,
                      const pv_message_info *info, json_t *value, ProtobufCMessage *message)
{
    if (!json_is_array(value)) { return INVALID(in, at, "must be a list"); }
    size_t count = json_array_size(value), size = pv_field_value_size(field);
    uint8_t *elements = (uint8_t *)pv_arena_zalloc(in->arena, count, size);
    if (elements == NULL) { return no_memory(in); }
    for (size_t i = 0; i < count; i++) {
        pv_json_step step = {.parent = at, .kind = PV_JSON_ELEMENT, .index = i, .depth = at->depth};
        json_t *element = json_array_get(value, i);
        if (json_is_null(element)) { return INVALID(in, &step, "must not be null"); }
        if (!read_value(in, &step, field, info, element, elements + i * size)) { return false; }
    }
    pv_field_set_elements(message, field, elements, count);
    return true;
}

/* The key of a map entry; keys are texts in JSON whatever their type. */
static bool read_key(const reader *in, const pv_json_step *at, const pv_field *field, void *place)
{
    bool negative;
    uint64_t magnitude;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        *(char **)place = pv_arena_dup(in->arena, pv_view_text(at->key));
        return *(char **)place != NULL || no_memory(in);
    }
    if (field->type == PROTOBUF_C_TYPE_BOOL) {
        bool is_true = strcmp(at->key, "true") == 0;
        *(protobuf_c_boolean *)place = is_true;
        return is_true || strcmp(at->key, "false") == 0 ||
               INVALID(in, at, "must have the key true or false");
    }
    if (!read_digits(at->key, &negative, &magnitude) ||
        !store_integer(field, negative, magnitude, place)) {
        return INVALID(in, at, "must have a key that is %s", integer_text(field));
    }
    return true;
}

static bool read_map(const reader *in, const pv_json_step *at, const pv_field *field,
                     const pv_message_info *info, json_t *value, ProtobufCMessage *message)
{
    if (!json_is_object(value)) { return INVALID(in, at, "must be an object"); }
    const pv_field *key_field = &info->descriptor->fields[0],
                   *value_field = &info->descriptor->fields[1];
    size_t count = json_object_size(value), index = 0;
    ProtobufCMessage **entries =
        (ProtobufCMessage **)pv_arena_zalloc(in->arena, count, sizeof(ProtobufCMessage *));
    if (entries == NULL) { return no_memory(in); }
    const char *key;
    json_t *element;
    json_object_foreach(value, key, element)
    {
        pv_json_step step = {.parent = at, .kind = PV_JSON_KEY, .key = key, .depth = at->depth};
        ProtobufCMessage *entry = pv_message_new(info, in->arena);
        if (entry == NULL) { return no_memory(in); }
        if (json_is_null(element)) { return INVALID(in, &step, "must not be null"); }
        if (!read_key(in, &step, key_field, pv_field_place(entry, key_field)) ||
            !read_value(in, &step, value_field, info->fields[1].message, element,
                        pv_field_place(entry, value_field))) {
            return false;
        }
        entries[index++] = entry;
    }
    pv_field_set_elements(message, field, entries, count);
    return true;
}

/* --- messages with a form of their own --- */

static bool read_time(const reader *in, const pv_json_step *at, json_t *value,
                      ProtobufCMessage *message)
{
    const pv_field *fields = message->descriptor->fields;
    int64_t seconds;
    int32_t nanos;
    if (!json_is_string(value) ||
        !pv_instant_parse(pv_view_text(json_string_value(value)), &seconds, &nanos)) {
        return INVALID(in, at, "must be a time as in RFC 3339, e.g. \"2026-11-22T20:00:00Z\"");
    }
    pv_field_set_integer(message, &fields[0], seconds);
    pv_field_set_integer(message, &fields[1], nanos);
    return true;
}

static bool read_duration(const reader *in, const pv_json_step *at, json_t *value,
                          ProtobufCMessage *message)
{
    const pv_field *fields = message->descriptor->fields;
    int64_t seconds;
    int32_t nanos;
    if (!json_is_string(value) ||
        !pv_duration_parse(pv_view_text(json_string_value(value)), &seconds, &nanos)) {
        return INVALID(in, at, "must be a duration in seconds, e.g. \"3.5s\"");
    }
    pv_field_set_integer(message, &fields[0], seconds);
    pv_field_set_integer(message, &fields[1], nanos);
    return true;
}

/* "fooBar,baz": each path back to the names of the .proto. */
static bool read_mask(const reader *in, const pv_json_step *at, json_t *value,
                      ProtobufCMessage *message)
{
    if (!json_is_string(value)) {
        return INVALID(in, at, "must be a text of field names joined by commas");
    }
    const char *text = json_string_value(value);
    size_t count = *text == '\0' ? 0 : 1;
    for (const char *byte = text; *byte != '\0'; byte++) { count += *byte == ','; }
    char **paths = (char **)pv_arena_zalloc(in->arena, count, sizeof(char *));
    if (paths == NULL) { return no_memory(in); }
    for (size_t i = 0; i < count; i++) {
        pv_buffer path = pv_buffer_of(in->arena);
        for (; *text != ',' && *text != '\0'; text++) {
            bool hump = *text >= 'A' && *text <= 'Z';
            char letters[2] = {'_', hump ? (char)(*text - 'A' + 'a') : *text};
            pv_buffer_append(&path, hump ? pv_view_of(letters, 2) : pv_view_of(letters + 1, 1));
        }
        text++;
        pv_buffer_append(&path, pv_view_of("", 1));
        if (path.overflow) { return no_memory(in); }
        paths[i] = (char *)path.data;
    }
    pv_field_set_elements(message, &message->descriptor->fields[0], paths, count);
    return true;
}

static bool read_fields(const reader *in, const pv_json_step *at, const pv_message_info *info,
                        json_t *object, bool in_any, ProtobufCMessage *message);

static bool read_any(const reader *in, const pv_json_step *at, json_t *value,
                     ProtobufCMessage *message)
{
    if (json_is_object(value) && json_object_size(value) == 0) { return true; }
    const char *url = json_string_value(json_object_get(value, "@type"));
    if (url == NULL) { return INVALID(in, at, "must be an object with \"@type\""); }
    const pv_message_info *info = pv_json_find_type(in->options, url);
    if (info == NULL) { return INVALID(in, at, "has the unknown type \"%.128s\"", url); }
    pv_json_kind kind = pv_json_kind_of(info);
    ProtobufCMessage *inner = NULL;
    if (kind == PV_JSON_PLAIN || kind == PV_JSON_DECIMAL) {
        inner = pv_message_new(info, in->arena);
        if (inner == NULL) { return no_memory(in); }
        if (!read_fields(in, at, info, value, true, inner)) { return false; }
    } else {
        pv_json_step step = {.parent = at,
                             .kind = PV_JSON_FIELD,
                             .name = "value",
                             .key = "value",
                             .depth = at->depth};
        json_t *form = json_object_get(value, "value");
        if (form == NULL || json_object_size(value) != 2) {
            return INVALID(in, at, "must have \"@type\" and \"value\" and nothing else");
        }
        if (!read_message(in, &step, info, form, &inner)) { return false; }
    }
    pv_view packed;
    char *url_copy = pv_arena_dup(in->arena, pv_view_text(url));
    if (url_copy == NULL || !pv_message_encode(inner, in->arena, &packed)) { return no_memory(in); }
    pv_field_set_string(message, &message->descriptor->fields[0], url_copy);
    ProtobufCBinaryData *bytes =
        (ProtobufCBinaryData *)pv_field_place(message, &message->descriptor->fields[1]);
    bytes->data = (uint8_t *)(uintptr_t)packed.data;
    bytes->len = packed.size;
    return true;
}

/* A text or a whole number instead of {"value": "..."}. A number with a fraction has lost digits
 * before it gets here. */
static bool read_decimal(const reader *in, const pv_json_step *at, json_t *value,
                         ProtobufCMessage *message)
{
    const pv_field *field = &message->descriptor->fields[0];
    if (json_is_string(value)) {
        return read_string(in, at, value, (char **)pv_field_place(message, field));
    }
    if (!json_is_integer(value)) {
        return INVALID(in, at, "must be a decimal number in quotes, e.g. \"1.50\"");
    }
    char *text = pv_arena_printf(in->arena, "%" PRId64, (int64_t)json_integer_value(value));
    if (text == NULL) { return no_memory(in); }
    pv_field_set_string(message, field, text);
    return true;
}

static bool read_form(const reader *in, const pv_json_step *at, const pv_message_info *info,
                      json_t *value, ProtobufCMessage *message)
{
    const pv_field *fields = info->descriptor->fields;
    switch (pv_json_kind_of(info)) {
    case PV_JSON_TIMESTAMP: return read_time(in, at, value, message);
    case PV_JSON_DURATION: return read_duration(in, at, value, message);
    case PV_JSON_MASK: return read_mask(in, at, value, message);
    case PV_JSON_WRAPPER:
        return read_value(in, at, &fields[0], NULL, value, pv_field_place(message, &fields[0]));
    case PV_JSON_ANY: return read_any(in, at, value, message);
    case PV_JSON_UNSUPPORTED:
        return INVALID(in, at, "is a %s, which is not supported", info->descriptor->name);
    case PV_JSON_DECIMAL:
        if (!json_is_object(value)) { return read_decimal(in, at, value, message); }
        return read_fields(in, at, info, value, false, message);
    case PV_JSON_PLAIN: return read_fields(in, at, info, value, false, message);
    }
    return false;
}

static bool read_message(const reader *in, const pv_json_step *at, const pv_message_info *info,
                         json_t *value, ProtobufCMessage **ret_message)
{
    if (at->depth >= PV_WIRE_DEPTH_MAX) {
        return INVALID(in, at, "is nested deeper than %d messages", PV_WIRE_DEPTH_MAX);
    }
    pv_json_step inner = *at;
    inner.depth++;
    ProtobufCMessage *message = pv_message_new(info, in->arena);
    if (message == NULL) { return no_memory(in); }
    if (!read_form(in, &inner, info, value, message)) { return false; }
    *ret_message = message;
    return true;
}

/* --- fields --- */

static int find_field(const pv_message_info *info, const char *key)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        if (strcmp(info->descriptor->fields[i].name, key) == 0 ||
            strcmp(info->fields[i].json_name, key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool check_once(const reader *in, const pv_json_step *at, const pv_message_info *info,
                       const pv_field *field, const ProtobufCMessage *message)
{
    if (pv_field_is_set(message, field)) {
        return INVALID(in, at, "comes a second time, under another name");
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) { return true; }
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field *other = &info->descriptor->fields[i];
        bool same = (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                    other->quantifier_offset == field->quantifier_offset;
        if (same && pv_field_is_set(message, other)) {
            return INVALID(in, at, "comes together with %s, but only one of them may be set",
                           other->name);
        }
    }
    return true;
}

static bool read_field(const reader *in, const pv_json_step *at, const pv_message_info *info,
                       size_t index, json_t *value, ProtobufCMessage *message)
{
    const pv_field *field = &info->descriptor->fields[index];
    const pv_field_info *field_info = &info->fields[index];
    if (!check_once(in, at, info, field, message)) { return false; }
    if (field_info->is_map) { return read_map(in, at, field, field_info->message, value, message); }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return read_list(in, at, field, field_info->message, value, message);
    }
    /* Read beside the message: the place of a oneof's member may not be marked before it is
     * filled. */
    union {
        ProtobufCBinaryData bytes;
        uint64_t number;
        void *pointer;
    } place = {.bytes = {0, NULL}};
    if (!read_value(in, at, field, field_info->message, value, &place)) { return false; }
    memcpy(pv_field_place(message, field), &place, pv_field_value_size(field));
    return true;
}

static bool read_fields(const reader *in, const pv_json_step *at, const pv_message_info *info,
                        json_t *object, bool in_any, ProtobufCMessage *message)
{
    if (!json_is_object(object)) {
        return INVALID(in, at, "must be an object (%s)", info->descriptor->short_name);
    }
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (in_any && strcmp(key, "@type") == 0) { continue; }
        int index = find_field(info, key);
        if (index < 0) {
            char quoted[PV_QUOTED_TEXT_SIZE];
            pv_json_step unknown = {
                .parent = at, .kind = PV_JSON_KEY, .key = key, .depth = at->depth};
            return INVALID(in, &unknown, "%s has no field \"%s\"", info->descriptor->short_name,
                           pv_quote(pv_view_text(key), quoted));
        }
        pv_json_step step = {.parent = at,
                             .kind = PV_JSON_FIELD,
                             .name = info->descriptor->fields[index].name,
                             .key = key,
                             .depth = at->depth};
        if (json_is_null(value)) { continue; }
        if (!read_field(in, &step, info, (size_t)index, value, message)) { return false; }
    }
    return true;
}

pv_status pv_json_read_value(const pv_json_reader *in, const pv_message_info *info, json_t *value,
                             ProtobufCMessage **ret_message)
{
    const pv_json_step root = {.kind = PV_JSON_ROOT};
    if (!read_message(in, &root, info, value, ret_message)) {
        return pv_status_of(in->error->reason->code);
    }
    return pv_ok();
}

pv_status pv_json_to_message(const pv_message_info *info, json_t *value,
                             const pv_json_options *options, pv_arena *arena, pv_error *error,
                             ProtobufCMessage **ret_message)
{
    const pv_json_reader in = {.options = options, .arena = arena, .error = error};
    return pv_json_read_value(&in, info, value, ret_message);
}
