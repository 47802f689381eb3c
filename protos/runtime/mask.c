#include "protos/runtime/message.h"
#include "protos/runtime/path.h"
#include "protos/runtime/reasons.h"

#include <stdio.h>

/* One pv_mask_apply. */
typedef struct mask {
    const char *name;
    pv_arena *arena;
    pv_error *error;
    bool exhausted; /* the arena is at its ceiling */
    bool refused;   /* a violation has been told */
} mask;

/* Where in the mask a fault is: `text` is the path, `index` its place. */
typedef struct mask_path {
    mask *mask;
    pv_view text;
    size_t index;
    bool in_mask; /* false: the mask is empty and `text` is the field's name */
} mask_path;

__attribute__((format(printf, 2, 3))) static bool fault(const mask_path *path, const char *format,
                                                        ...)
{
    char problem[256], subject[PV_QUOTED_TEXT_SIZE], quoted[PV_QUOTED_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, sizeof problem, format, arguments);
    va_end(arguments);
    pv_quote(path->text, quoted);
    if (path->in_mask) {
        snprintf(subject, sizeof subject, "%s.paths[%zu]", path->mask->name, path->index);
    } else {
        snprintf(subject, sizeof subject, "%s", quoted);
    }
    pv_error *error = path->mask->error;
    path->mask->refused = true;
    (void)pv_refuse(error, &pv_reason_invalid_field, "%s: \"%s\" %s", subject, quoted, problem);
    pv_error_violate(error, PV_VIOLATION_FIELD, NULL, subject, "\"%s\" %s", quoted, problem);
    return false;
}

static bool has_flag(const pv_field_info *field, uint32_t flag)
{
    return field->rule != NULL && (field->rule->flags & flag) != 0;
}

/* Compares one value of the field in both messages. */
static bool value_equal(mask *in, const pv_field *field, const void *a, const void *b)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return strcmp(*(char *const *)a, *(char *const *)b) == 0;
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *a_bytes = (const ProtobufCBinaryData *)a;
        const ProtobufCBinaryData *b_bytes = (const ProtobufCBinaryData *)b;
        return pv_view_equal(pv_view_of(a_bytes->data, a_bytes->len),
                             pv_view_of(b_bytes->data, b_bytes->len));
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return pv_message_equal(*(ProtobufCMessage *const *)a, *(ProtobufCMessage *const *)b,
                                in->arena);
    }
    return memcmp(a, b, pv_field_value_size(field)) == 0;
}

static bool field_equal(mask *in, const pv_field *field, const ProtobufCMessage *a,
                        const ProtobufCMessage *b)
{
    size_t count = pv_field_count(a, field), size = pv_field_value_size(field);
    if (count != pv_field_count(b, field)) { return false; }
    const uint8_t *a_data = (const uint8_t *)pv_field_data(a, field);
    const uint8_t *b_data = (const uint8_t *)pv_field_data(b, field);
    for (size_t i = 0; i < count; i++) {
        if (!value_equal(in, field, a_data + i * size, b_data + i * size)) { return false; }
    }
    return true;
}

static ProtobufCMessage *shallow_copy(mask *in, const ProtobufCMessage *message)
{
    size_t size = message->descriptor->sizeof_message;
    ProtobufCMessage *copy = (ProtobufCMessage *)pv_arena_alloc(in->arena, size);
    if (copy == NULL) {
        in->exhausted = true;
        return NULL;
    }
    memcpy(copy, message, size);
    return copy;
}

static bool take_field(mask *in, const mask_path *path, const pv_message_info *info, size_t index,
                       const ProtobufCMessage *source, const ProtobufCMessage *old,
                       ProtobufCMessage *target);

/* The message that replaces `old` (NULL: there is none) when a client gives `source`: its own
 * output-only fields are ignored and the old ones stay, its immutable fields must be the old
 * ones. */
static ProtobufCMessage *take_message(mask *in, const mask_path *path, const pv_message_info *info,
                                      const ProtobufCMessage *source, const ProtobufCMessage *old)
{
    ProtobufCMessage *taken = shallow_copy(in, source);
    for (unsigned i = 0; taken != NULL && i < info->descriptor->n_fields; i++) {
        if (!take_field(in, path, info, i, source, old, taken)) { return NULL; }
    }
    return taken;
}

static bool take_elements(mask *in, const mask_path *path, const pv_message_info *info,
                          const pv_field *field, ProtobufCMessage *target)
{
    size_t count = pv_field_count(target, field);
    ProtobufCMessage **elements =
        (ProtobufCMessage **)pv_arena_zalloc(in->arena, count, sizeof(ProtobufCMessage *));
    if (elements == NULL) {
        in->exhausted = true;
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        elements[i] = take_message(in, path, info, pv_field_message_at(target, field, i), NULL);
        if (elements[i] == NULL) { return false; }
    }
    *(ProtobufCMessage ***)(void *)((uint8_t *)target + field->offset) = elements;
    return true;
}

/* Gives the field of `target` the value that it has after the change. */
static bool take_field(mask *in, const mask_path *path, const pv_message_info *info, size_t index,
                       const ProtobufCMessage *source, const ProtobufCMessage *old,
                       ProtobufCMessage *target)
{
    const pv_field *field = &info->descriptor->fields[index];
    const pv_field_info *field_info = &info->fields[index];
    if (has_flag(field_info, PV_RULE_OUTPUT_ONLY)) {
        if (old == NULL) {
            pv_field_clear(target, field);
        } else {
            pv_field_assign(target, old, field);
        }
        return true;
    }
    if (old != NULL && has_flag(field_info, PV_RULE_IMMUTABLE) &&
        !field_equal(in, field, source, old)) {
        return fault(path, "would change the field %s, which is fixed at creation", field->name);
    }
    bool messages = field->type == PROTOBUF_C_TYPE_MESSAGE && pv_field_is_set(source, field);
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    /* Read before the assignment: `old` may be `target`. */
    const ProtobufCMessage *old_value =
        old == NULL || !messages || repeated ? NULL : pv_field_message(old, field);
    pv_field_assign(target, source, field);
    if (!messages) { return true; }
    if (repeated) { return take_elements(in, path, field_info->message, field, target); }
    ProtobufCMessage *taken =
        take_message(in, path, field_info->message, pv_field_message(source, field), old_value);
    if (taken == NULL) { return false; }
    pv_field_set_message(target, field, taken);
    return true;
}

/* Follows the rest of a path from one message to the field it names and takes that. */
static bool apply_path(mask *in, const mask_path *path, pv_view rest, const pv_message_info *info,
                       const ProtobufCMessage *source, ProtobufCMessage *target)
{
    const uint8_t *dot = rest.size == 0 ? NULL : (const uint8_t *)memchr(rest.data, '.', rest.size);
    pv_view name = pv_view_of(rest.data, dot == NULL ? rest.size : (size_t)(dot - rest.data));
    int found = pv_field_find(info->descriptor, name);
    if (found < 0) {
        char quoted[PV_QUOTED_TEXT_SIZE];
        return fault(path, "names no field: %s has no field \"%s\"", info->descriptor->short_name,
                     pv_quote(name, quoted));
    }
    const pv_field *field = &info->descriptor->fields[found];
    const pv_field_info *field_info = &info->fields[found];
    if (has_flag(field_info, PV_RULE_OUTPUT_ONLY)) {
        return fault(path, "cannot be changed: %s is set by the server", field->name);
    }
    if (dot == NULL) { return take_field(in, path, info, (size_t)found, source, target, target); }
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED) {
        return fault(path, "goes on behind %s, which is no single message", field->name);
    }
    const ProtobufCMessage *inner_source = pv_field_message(source, field);
    const ProtobufCMessage *inner_old = pv_field_message(target, field);
    ProtobufCMessage *nothing = pv_message_new(field_info->message, in->arena);
    ProtobufCMessage *inner_target = inner_old == NULL ? nothing : shallow_copy(in, inner_old);
    if (nothing == NULL || inner_target == NULL) {
        in->exhausted = true;
        return false;
    }
    /* Where neither has the message only the rest of the path is checked. */
    if (inner_source != NULL || inner_old != NULL) {
        pv_field_set_message(target, field, inner_target);
    }
    if (inner_source == NULL) { inner_source = pv_message_new(field_info->message, in->arena); }
    if (inner_source == NULL) {
        in->exhausted = true;
        return false;
    }
    pv_view behind = pv_view_of(dot + 1, rest.size - name.size - 1);
    return apply_path(in, path, behind, field_info->message, inner_source, inner_target);
}

static void apply_paths(mask *in, char *const *paths, size_t path_count,
                        const pv_message_info *info, const ProtobufCMessage *source,
                        ProtobufCMessage *target)
{
    for (size_t i = 0; i < path_count && !in->exhausted; i++) {
        mask_path path = {in, pv_view_text(paths[i]), i, true};
        bool twice = false;
        for (size_t j = 0; j < i && !twice; j++) { twice = strcmp(paths[i], paths[j]) == 0; }
        if (twice) {
            (void)fault(&path, "comes twice");
        } else if (strcmp(paths[i], "*") == 0) {
            (void)fault(
                &path,
                "is not accepted: name the fields, or leave the mask empty to change what is set");
        } else {
            (void)apply_path(in, &path, path.text, info, source, target);
        }
    }
}

/* Without a mask: what is set and may be changed by a client. */
static void apply_set_fields(mask *in, const pv_message_info *info, const ProtobufCMessage *source,
                             ProtobufCMessage *target)
{
    for (unsigned i = 0; i < info->descriptor->n_fields && !in->exhausted; i++) {
        const pv_field *field = &info->descriptor->fields[i];
        mask_path path = {in, pv_view_text(field->name), 0, false};
        if (pv_field_is_set(source, field)) {
            (void)take_field(in, &path, info, i, source, target, target);
        }
    }
}

pv_status pv_mask_apply(const pv_message_info *info, char *const *paths, size_t path_count,
                        const char *mask_name, const ProtobufCMessage *source, pv_arena *arena,
                        pv_error *error, ProtobufCMessage *target)
{
    PV_ASSERT(source->descriptor == info->descriptor);
    PV_ASSERT(target->descriptor == info->descriptor);
    mask in = {mask_name, arena, error, false, false};
    ProtobufCMessage *changed = shallow_copy(&in, target);
    if (changed != NULL && path_count > 0) {
        apply_paths(&in, paths, path_count, info, source, changed);
    } else if (changed != NULL) {
        apply_set_fields(&in, info, source, changed);
    }
    if (in.exhausted) {
        return pv_refuse(error, &pv_reason_arena_exhausted,
                         "applying %s needs more memory than one call may use", mask_name);
    }
    if (in.refused) { return pv_status_of(error->reason->code); }
    /* All or nothing: `target` was not touched until here. */
    memcpy(target, changed, info->descriptor->sizeof_message);
    return pv_ok();
}
