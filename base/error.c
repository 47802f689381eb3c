#include "base/error.h"

void pv_error_init(pv_error *error, pv_arena *arena)
{
    memset(error, 0, sizeof *error);
    error->arena = arena;
}

pv_status pv_refuse(pv_error *error, const pv_reason *reason, const char *format, ...)
{
    PV_ASSERT(reason != NULL);
    PV_ASSERT(reason->code != PV_CODE_OK);
    if (error->reason != NULL) { return pv_status_of(error->reason->code); }
    error->reason = reason;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        error->message = pv_arena_vprintf(error->arena, format, arguments);
        va_end(arguments);
    }
    return pv_status_of(reason->code);
}

/* The place of a key: where it already stands, else the next free one; NULL when all are taken. */
static pv_error_pair *find_pair(pv_error *error, const char *key)
{
    for (size_t i = 0; i < error->metadata_count; i++) {
        if (strcmp(error->metadata[i].key, key) == 0) { return &error->metadata[i]; }
    }
    if (error->metadata_count == PV_ERROR_METADATA_MAX) { return NULL; }
    return &error->metadata[error->metadata_count];
}

void pv_error_note(pv_error *error, const char *key, const char *format, ...)
{
    pv_error_pair *pair = find_pair(error, key);
    if (pair == NULL) { return; }
    va_list arguments;
    va_start(arguments, format);
    const char *value = pv_arena_vprintf(error->arena, format, arguments);
    va_end(arguments);
    if (value == NULL) { return; }
    if (pair == &error->metadata[error->metadata_count]) { error->metadata_count++; }
    pair->key = key;
    pair->value = value;
}

void pv_error_violate(pv_error *error, pv_violation_kind kind, const char *type,
                      const char *subject, const char *format, ...)
{
    PV_ASSERT(error->violation_count == 0 || error->violation_kind == kind);
    if (error->violation_count == PV_ERROR_VIOLATIONS_MAX) {
        error->dropped++;
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const char *description = pv_arena_vprintf(error->arena, format, arguments);
    va_end(arguments);
    const char *subject_copy = pv_arena_dup(error->arena, pv_view_text(subject));
    const char *type_copy = type == NULL ? NULL : pv_arena_dup(error->arena, pv_view_text(type));
    if (description == NULL || subject_copy == NULL || (type != NULL && type_copy == NULL)) {
        error->dropped++;
        return;
    }
    pv_error_violation *violation = &error->violations[error->violation_count++];
    violation->subject = subject_copy;
    violation->description = description;
    violation->type = type_copy;
    error->violation_kind = kind;
}

void pv_error_resource(pv_error *error, const char *type, const char *name)
{
    const char *type_copy = pv_arena_dup(error->arena, pv_view_text(type));
    const char *name_copy = pv_arena_dup(error->arena, pv_view_text(name));
    if (type_copy == NULL || name_copy == NULL) { return; }
    error->resource_type = type_copy;
    error->resource_name = name_copy;
}
