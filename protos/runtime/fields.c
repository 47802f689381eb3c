#include "protos/runtime/fields.h"

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "base/utf8.h"
#include "protos/runtime/limits.h"
#include "protos/runtime/message.h"
#include "protos/runtime/path.h"
#include "protos/runtime/reasons.h"

#include <stdio.h>

/* One step from the outermost message to the value that is looked at. */
typedef struct step {
    const struct step *parent; /* NULL: the outermost message */
    const pv_field *field;     /* as named in the path */
    const pv_field *value;     /* the type of the value: `field`, or the value of a map's entry */
    const pv_field_info *info;
    size_t index;    /* of a repeated field */
    bool whole;      /* the field itself is meant, not one of its elements */
    const char *key; /* of a map whose keys are texts; else NULL */
    bool sensitive;  /* this or a field above it */
} step;

/* --- telling
 * ------------------------------------------------------------------------------------ */

static void write_path(const step *at, pv_path *path)
{
    pv_path_init(path);
    for (; at->parent != NULL; at = at->parent) {
        if (!at->whole && at->key != NULL) {
            pv_path_prepend_key(path, pv_view_text(at->key));
        } else if (!at->whole && at->field->label == PROTOBUF_C_LABEL_REPEATED) {
            pv_path_prepend_index(path, at->index);
        }
        pv_path_prepend_name(path, at->field->name);
    }
}

__attribute__((format(printf, 3, 4))) static void violate(pv_error *error, const step *at,
                                                          const char *format, ...)
{
    char problem[PV_QUOTED_TEXT_SIZE + 256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    pv_path path;
    write_path(at, &path);
    const char *subject = pv_path_text(&path);
    (void)pv_refuse(error, &pv_reason_invalid_field, "%s %s", subject, problem);
    pv_error_violate(error, PV_VIOLATION_FIELD, NULL, subject, "%s", problem);
}

/* The value in quotes for the end of a sentence; nothing if it must not be shown. */
static const char *shown(const step *at, const char *text, char *ret_text)
{
    char quoted[PV_QUOTED_TEXT_SIZE];
    *ret_text = '\0';
    if (!at->sensitive && *text != '\0') {
        snprintf(ret_text, PV_QUOTED_TEXT_SIZE + 16, ", not \"%s\"",
                 pv_quote(pv_view_text(text), quoted));
    }
    return ret_text;
}

/* --- values
 * ------------------------------------------------------------------------------------- */

/* Bounds of a length; `unit` is "characters" or "bytes". */
static void check_length(pv_error *error, const step *at, size_t length, const char *unit)
{
    const pv_field_rule *rule = at->info->rule;
    if (length < rule->length_min) {
        violate(error, at, "must have %u %s or more; it has %zu", rule->length_min, unit, length);
    } else if (rule->length_max != 0 && length > rule->length_max) {
        violate(error, at, "must have %u %s or fewer; it has %zu", rule->length_max, unit, length);
    }
}

static void check_string(pv_error *error, const step *at, const char *text)
{
    const pv_field_rule *rule = at->info->rule;
    if (rule == NULL) { return; }
    char value[PV_QUOTED_TEXT_SIZE + 16];
    pv_view view = pv_view_text(text);
    pv_id id;
    if (rule->id_prefix != NULL && !pv_id_parse(rule->id_prefix, view, &id)) {
        violate(error, at, "must be an id, \"%s_\" and 26 characters%s", rule->id_prefix,
                shown(at, text, value));
    } else if (!pv_pattern_matches(rule->pattern, view)) {
        violate(error, at, "must be %s%s", pv_pattern_text(rule->pattern), shown(at, text, value));
    } else if (rule->length_min != 0 || rule->length_max != 0) {
        check_length(error, at, pv_utf8_count(view), "characters");
    }
}

static bool is_unsigned(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_FIXED32 ||
           type == PROTOBUF_C_TYPE_UINT64 || type == PROTOBUF_C_TYPE_FIXED64;
}

static void check_integer(pv_error *error, const step *at, int64_t value)
{
    const pv_field_rule *rule = at->info->rule;
    if (rule == NULL || (rule->flags & PV_RULE_RANGE) == 0) { return; }
    /* An unsigned number that wrapped is above every bound. */
    bool wrapped = value < 0 && is_unsigned(at->value->type);
    if (!wrapped && value >= rule->range_min && value <= rule->range_max) { return; }
    char number[32] = "a value that is not shown";
    if (!at->sensitive && wrapped) {
        snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    } else if (!at->sensitive) {
        snprintf(number, sizeof number, "%lld", (long long)value);
    }
    violate(error, at, "must be from %lld to %lld, not %s", (long long)rule->range_min,
            (long long)rule->range_max, number);
}

/* --- messages with a meaning of their own
 * ------------------------------------------------------- */

static void check_decimal(pv_error *error, const step *at, const ProtobufCMessage *message)
{
    const pv_field_rule *rule = at->info->rule;
    PV_ASSERT(message->descriptor->n_fields == 1);
    const char *text = pv_field_string(message, &message->descriptor->fields[0]);
    char value[PV_QUOTED_TEXT_SIZE + 16];
    pv_decimal decimal;
    if (!pv_decimal_parse(pv_view_text(text), &decimal)) {
        violate(error, at, "must be %s%s", pv_pattern_text(PV_PATTERN_DECIMAL),
                shown(at, text, value));
    } else if (decimal.units < 0 && (rule->flags & PV_RULE_NEGATIVE) == 0) {
        violate(error, at, "must not be below zero%s", shown(at, text, value));
    } else if (pv_decimal_scale(decimal) > rule->scale_max) {
        violate(error, at, "must have %u decimals or fewer%s", rule->scale_max,
                shown(at, text, value));
    }
}

/* Fields `seconds` and `nanos` of google.protobuf.Timestamp and Duration. */
static void read_seconds(const ProtobufCMessage *message, int64_t *ret_seconds, int64_t *ret_nanos)
{
    PV_ASSERT(message->descriptor->n_fields == 2);
    *ret_seconds = pv_field_integer(message, &message->descriptor->fields[0]);
    *ret_nanos = pv_field_integer(message, &message->descriptor->fields[1]);
}

static void check_timestamp(pv_error *error, const step *at, const ProtobufCMessage *message)
{
    static const int64_t end = INT64_C(9214646400); /* 2262-01-01T00:00:00Z */
    int64_t seconds, nanos;
    read_seconds(message, &seconds, &nanos);
    if (seconds < 0 || seconds >= end) {
        violate(error, at, "must be a time in the years 1970 to 2261");
    } else if (nanos < 0 || nanos >= PV_NS_PER_S) {
        violate(error, at, "must have nanos from 0 to 999999999, not %lld", (long long)nanos);
    }
}

static void check_duration(pv_error *error, const step *at, const ProtobufCMessage *message)
{
    static const int64_t seconds_max =
        INT64_C(315576000000); /* ten thousand years, as the type's .proto says */
    int64_t seconds, nanos;
    read_seconds(message, &seconds, &nanos);
    bool same_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    if (seconds > seconds_max || seconds < -seconds_max) {
        violate(error, at, "must be a duration of at most 315576000000 seconds");
    } else if (nanos <= -PV_NS_PER_S || nanos >= PV_NS_PER_S || !same_sign) {
        violate(error, at, "must have nanos below a second and of the same sign as its seconds");
    }
}

static void check_message(pv_error *error, const step *parent, const pv_message_info *info,
                          const ProtobufCMessage *message);

static void check_message_value(pv_error *error, const step *at, const ProtobufCMessage *message)
{
    const char *name = message->descriptor->name;
    const pv_field_rule *rule = at->info->rule;
    if (rule != NULL && (rule->flags & PV_RULE_DECIMAL) != 0) {
        check_decimal(error, at, message);
    } else if (strcmp(name, "google.protobuf.Timestamp") == 0) {
        check_timestamp(error, at, message);
    } else if (strcmp(name, "google.protobuf.Duration") == 0) {
        check_duration(error, at, message);
    } else if (at->info->message != NULL) {
        check_message(error, at, at->info->message, message);
    }
}

/* One value of the field: the singular one, or an element. */
static void check_value(pv_error *error, const step *at, const void *value)
{
    switch (at->value->type) {
    case PROTOBUF_C_TYPE_STRING: check_string(error, at, *(char *const *)value); return;
    case PROTOBUF_C_TYPE_BYTES:
        if (at->info->rule != NULL) {
            check_length(error, at, ((const ProtobufCBinaryData *)value)->len, "bytes");
        }
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        check_message_value(error, at, *(ProtobufCMessage *const *)value);
        return;
    case PROTOBUF_C_TYPE_ENUM:
        if (*(const int32_t *)value == 0 && at->info->rule != NULL &&
            (at->info->rule->flags & PV_RULE_REQUIRED) != 0) {
            violate(error, at, "must not be unspecified");
        }
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_BOOL: check_integer(error, at, pv_value_integer(at->value, value)); return;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return; /* no rule is for them: money and quantities are decimals */
    }
}

/* --- repeated fields and maps
 * ------------------------------------------------------------------- */

/* Order of two values of a string or integer field; 0 for equal. */
static int compare_values(const pv_field *field, const void *a, const void *b)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(*(char *const *)a, *(char *const *)b);
    }
    int64_t a_number = pv_value_integer(field, a), b_number = pv_value_integer(field, b);
    return a_number < b_number ? -1 : a_number > b_number;
}

/* Sorts pointers to values by heap sort: in place, and as fast for values chosen by an
 * adversary. */
static void sift_down(const pv_field *field, const void **values, size_t root, size_t count)
{
    for (;;) {
        size_t child = root * 2 + 1;
        if (child >= count) { return; }
        if (child + 1 < count && compare_values(field, values[child], values[child + 1]) < 0) {
            child++;
        }
        if (compare_values(field, values[root], values[child]) >= 0) { return; }
        const void *moved = values[root];
        values[root] = values[child];
        values[child] = moved;
        root = child;
    }
}

static void sort_values(const pv_field *field, const void **values, size_t count)
{
    for (size_t root = count / 2; root > 0; root--) { sift_down(field, values, root - 1, count); }
    for (size_t end = count; end > 1; end--) {
        const void *largest = values[0];
        values[0] = values[end - 1];
        values[end - 1] = largest;
        sift_down(field, values, 0, end - 1);
    }
}

/* Refuses values that are equal. `values` is sorted here. */
static void check_different(pv_error *error, const step *at, const pv_field *value_field,
                            const void **values, size_t count, const char *what)
{
    sort_values(value_field, values, count);
    for (size_t i = 1; i < count; i++) {
        if (compare_values(value_field, values[i - 1], values[i]) != 0) { continue; }
        char value[PV_QUOTED_TEXT_SIZE + 16] = "", quoted[PV_QUOTED_TEXT_SIZE];
        if (!at->sensitive && value_field->type == PROTOBUF_C_TYPE_STRING) {
            snprintf(value, sizeof value, ": \"%s\"",
                     pv_quote(pv_view_text(*(char *const *)values[i]), quoted));
        } else if (!at->sensitive) {
            snprintf(value, sizeof value, ": %lld",
                     (long long)pv_value_integer(value_field, values[i]));
        }
        violate(error, at, "has the same %s more than once%s", what, value);
        return;
    }
}

static const void **new_values(pv_error *error, const step *at, size_t count)
{
    const void **values = (const void **)pv_arena_zalloc(error->arena, count, sizeof(const void *));
    if (values == NULL) {
        (void)pv_refuse(error, &pv_reason_arena_exhausted,
                        "checking %s needs more memory than one call may use", at->field->name);
    }
    return values;
}

/* The generator permits the rule on strings only. */
static void check_unique(pv_error *error, const step *at, const uint8_t *data, size_t count)
{
    const void **values = count < 2 ? NULL : new_values(error, at, count);
    if (values == NULL) { return; }
    size_t size = pv_field_value_size(at->field);
    for (size_t i = 0; i < count; i++) { values[i] = data + i * size; }
    check_different(error, at, at->field, values, count, "element");
}

static void check_map_keys(pv_error *error, const step *at, const uint8_t *data, size_t count)
{
    const void **values = count < 2 ? NULL : new_values(error, at, count);
    if (values == NULL) { return; }
    const pv_field *key = NULL;
    for (size_t i = 0; i < count; i++) {
        const ProtobufCMessage *entry = ((ProtobufCMessage *const *)(const void *)data)[i];
        key = &entry->descriptor->fields[0];
        values[i] = pv_field_data(entry, key);
    }
    check_different(error, at, key, values, count, "key");
}

/* The rules of a map count its entries; keys have one bound for all. */
static void check_map_entry(pv_error *error, step *at, const ProtobufCMessage *entry)
{
    const pv_field *key = &entry->descriptor->fields[0], *value = &entry->descriptor->fields[1];
    if (key->type == PROTOBUF_C_TYPE_STRING) {
        at->key = pv_field_string(entry, key);
        size_t length = pv_utf8_count(pv_view_text(at->key));
        if (length == 0 || length > PV_MAP_KEY_MAX) {
            violate(error, at, "must have a key of 1 to %d characters; it has %zu", PV_MAP_KEY_MAX,
                    length);
        }
    }
    step entry_step = *at; /* the path ends with the key, not with ".value" */
    entry_step.value = value;
    entry_step.info = &at->info->message->fields[1];
    if (value->type == PROTOBUF_C_TYPE_MESSAGE && !pv_field_is_set(entry, value)) {
        violate(error, &entry_step, "must have a value");
        return;
    }
    check_value(error, &entry_step, pv_field_data(entry, value));
}

static void check_repeated(pv_error *error, step *at, const ProtobufCMessage *message)
{
    const pv_field_rule *rule = at->info->rule;
    size_t count = pv_field_count(message, at->field), size = pv_field_value_size(at->field);
    const uint8_t *data = (const uint8_t *)pv_field_data(message, at->field);
    at->whole = true;
    if (rule != NULL && (rule->flags & PV_RULE_REQUIRED) != 0 && count == 0) {
        violate(error, at, "is required");
    } else if (rule != NULL && count < rule->items_min) {
        violate(error, at, "must have %u elements or more; it has %zu", rule->items_min, count);
    }
    if (rule != NULL && rule->items_max != 0 && count > rule->items_max) {
        violate(error, at, "must have %u elements or fewer; it has %zu", rule->items_max, count);
        return; /* as many violations again would tell nothing new */
    }
    if (at->info->is_map) {
        check_map_keys(error, at, data, count);
    } else if (rule != NULL && (rule->flags & PV_RULE_UNIQUE) != 0) {
        check_unique(error, at, data, count);
    }
    at->whole = false;
    for (at->index = 0; at->index < count; at->index++) {
        const void *value = data + at->index * size;
        if (at->info->is_map) {
            check_map_entry(error, at, *(ProtobufCMessage *const *)value);
        } else {
            check_value(error, at, value);
        }
    }
}

/* --- the walk
 * ----------------------------------------------------------------------------------- */

static void check_message(pv_error *error, const step *parent, const pv_message_info *info,
                          const ProtobufCMessage *message)
{
    PV_ASSERT(message->descriptor == info->descriptor);
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field *field = &info->descriptor->fields[i];
        const pv_field_rule *rule = info->fields[i].rule;
        /* Most fields end here: nothing is asked of them, or they are not set and may be. */
        if (rule == NULL && field->type != PROTOBUF_C_TYPE_MESSAGE) { continue; }
        uint32_t flags = rule == NULL ? 0 : rule->flags;
        if ((flags & PV_RULE_OUTPUT_ONLY) != 0) { continue; }
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        bool set = pv_field_is_set(message, field);
        bool demanded = (flags & PV_RULE_REQUIRED) != 0 || (repeated && rule != NULL);
        if (!set && !demanded) { continue; }
        step at = {.parent = parent,
                   .field = field,
                   .value = field,
                   .info = &info->fields[i],
                   .sensitive = parent->sensitive || (flags & PV_RULE_SENSITIVE) != 0};
        if (repeated) {
            check_repeated(error, &at, message);
        } else if (set) {
            check_value(error, &at, pv_field_data(message, field));
        } else {
            violate(error, &at,
                    field->type == PROTOBUF_C_TYPE_ENUM ? "must not be unspecified"
                                                        : "is required");
        }
    }
}

pv_status pv_fields_check(const pv_message_info *info, const ProtobufCMessage *message,
                          pv_error *error)
{
    PV_ASSERT(error->reason == NULL);
    const step outermost = {.parent = NULL};
    check_message(error, &outermost, info, message);
    return error->reason == NULL ? pv_ok() : pv_status_of(error->reason->code);
}
