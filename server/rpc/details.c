#include "server/rpc/details.h"

#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "protos/runtime/message.h"
#include "server/rpc/limits.h"

enum { DETAILS_MAX = 4, PAIRS_MAX = PV_ERROR_METADATA_MAX + 1 };

/* How much of an error is packed. */
typedef struct portion {
    size_t violations;
    size_t pairs;
    bool resource;
} portion;

/* protobuf-c's strings are not const though it only reads them. */
static char *text_of(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

/* The longest beginning of at most `size_max` bytes that does not end inside a UTF-8 sequence. */
static size_t cut_size(const char *text, size_t size_max)
{
    size_t size = strlen(text);
    if (size <= size_max) { return size; }
    size = size_max;
    while (size > 0 && ((uint8_t)text[size] & 0xC0) == 0x80) { size--; }
    return size;
}

static const char *message_of(const pv_error *error, pv_status status, pv_arena *arena)
{
    const char *text = pv_code_name(status.code);
    if (error->reason != NULL) {
        text = error->message != NULL ? error->message : error->reason->text;
    }
    size_t size = cut_size(text, PV_RPC_MESSAGE_BYTES_MAX);
    const char *copy = pv_arena_dup(arena, pv_view_of(text, size));
    return copy != NULL ? copy : pv_code_name(status.code);
}

/* Wraps a message as an Any at the end of the list. False: no memory. */
static bool add_any(Google__Rpc__Status *status, const ProtobufCMessage *message, pv_arena *arena)
{
    PV_ASSERT(status->n_details < DETAILS_MAX);
    Google__Protobuf__Any *any = (Google__Protobuf__Any *)pv_arena_zalloc(arena, 1, sizeof *any);
    pv_view packed;
    if (any == NULL || !pv_message_encode(message, arena, &packed)) { return false; }
    google__protobuf__any__init(any);
    any->type_url = pv_arena_printf(arena, "type.googleapis.com/%s", message->descriptor->name);
    if (any->type_url == NULL) { return false; }
    any->value.data = (uint8_t *)(uintptr_t)packed.data;
    any->value.len = packed.size;
    status->details[status->n_details] = any;
    status->n_details++;
    return true;
}

static bool add_info(Google__Rpc__Status *status, const pv_error *error, const char *domain,
                     portion part, pv_arena *arena)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry entries[PAIRS_MAX];
    Google__Rpc__ErrorInfo__MetadataEntry *list[PAIRS_MAX];
    size_t count = 0;
    size_t omitted = error->dropped + (error->violation_count - part.violations);
    if (omitted > 0) {
        google__rpc__error_info__metadata_entry__init(&entries[count]);
        entries[count].key = text_of("violations_omitted");
        entries[count].value = pv_arena_printf(arena, "%zu", omitted);
        if (entries[count].value == NULL) { return false; }
        count++;
    }
    for (size_t i = 0; i < part.pairs; i++) {
        google__rpc__error_info__metadata_entry__init(&entries[count]);
        entries[count].key = text_of(error->metadata[i].key);
        entries[count].value = text_of(error->metadata[i].value);
        count++;
    }
    for (size_t i = 0; i < count; i++) { list[i] = &entries[i]; }
    info.reason = text_of(error->reason->name);
    info.domain = text_of(domain);
    info.metadata = list;
    info.n_metadata = count;
    return add_any(status, &info.base, arena);
}

static bool add_fields(Google__Rpc__Status *status, const pv_error *error, size_t count,
                       pv_arena *arena)
{
    Google__Rpc__BadRequest__FieldViolation entries[PV_ERROR_VIOLATIONS_MAX];
    Google__Rpc__BadRequest__FieldViolation *list[PV_ERROR_VIOLATIONS_MAX];
    for (size_t i = 0; i < count; i++) {
        google__rpc__bad_request__field_violation__init(&entries[i]);
        entries[i].field = text_of(error->violations[i].subject);
        entries[i].description = text_of(error->violations[i].description);
        list[i] = &entries[i];
    }
    Google__Rpc__BadRequest detail = GOOGLE__RPC__BAD_REQUEST__INIT;
    detail.field_violations = list;
    detail.n_field_violations = count;
    return add_any(status, &detail.base, arena);
}

static bool add_preconditions(Google__Rpc__Status *status, const pv_error *error, size_t count,
                              pv_arena *arena)
{
    Google__Rpc__PreconditionFailure__Violation entries[PV_ERROR_VIOLATIONS_MAX];
    Google__Rpc__PreconditionFailure__Violation *list[PV_ERROR_VIOLATIONS_MAX];
    for (size_t i = 0; i < count; i++) {
        google__rpc__precondition_failure__violation__init(&entries[i]);
        entries[i].type = text_of(error->violations[i].type);
        entries[i].subject = text_of(error->violations[i].subject);
        entries[i].description = text_of(error->violations[i].description);
        list[i] = &entries[i];
    }
    Google__Rpc__PreconditionFailure detail = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
    detail.violations = list;
    detail.n_violations = count;
    return add_any(status, &detail.base, arena);
}

static bool add_quotas(Google__Rpc__Status *status, const pv_error *error, size_t count,
                       pv_arena *arena)
{
    Google__Rpc__QuotaFailure__Violation entries[PV_ERROR_VIOLATIONS_MAX];
    Google__Rpc__QuotaFailure__Violation *list[PV_ERROR_VIOLATIONS_MAX];
    for (size_t i = 0; i < count; i++) {
        google__rpc__quota_failure__violation__init(&entries[i]);
        entries[i].subject = text_of(error->violations[i].subject);
        entries[i].description = text_of(error->violations[i].description);
        list[i] = &entries[i];
    }
    Google__Rpc__QuotaFailure detail = GOOGLE__RPC__QUOTA_FAILURE__INIT;
    detail.violations = list;
    detail.n_violations = count;
    return add_any(status, &detail.base, arena);
}

static bool add_violations(Google__Rpc__Status *status, const pv_error *error, size_t count,
                           pv_arena *arena)
{
    if (count == 0) { return true; }
    switch (error->violation_kind) {
    case PV_VIOLATION_FIELD: return add_fields(status, error, count, arena);
    case PV_VIOLATION_PRECONDITION: return add_preconditions(status, error, count, arena);
    case PV_VIOLATION_QUOTA: return add_quotas(status, error, count, arena);
    }
    return true;
}

static bool add_resource(Google__Rpc__Status *status, const pv_error *error, portion part,
                         pv_arena *arena)
{
    if (!part.resource || error->resource_type == NULL) { return true; }
    Google__Rpc__ResourceInfo detail = GOOGLE__RPC__RESOURCE_INFO__INIT;
    detail.resource_type = text_of(error->resource_type);
    detail.resource_name = text_of(error->resource_name);
    return add_any(status, &detail.base, arena);
}

static bool add_retry(Google__Rpc__Status *status, const pv_error *error, pv_arena *arena)
{
    if (error->retry_after_ms <= 0) { return true; }
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
    delay.seconds = error->retry_after_ms / 1000;
    delay.nanos = (int32_t)(error->retry_after_ms % 1000) * 1000000;
    Google__Rpc__RetryInfo detail = GOOGLE__RPC__RETRY_INFO__INIT;
    detail.retry_delay = &delay;
    return add_any(status, &detail.base, arena);
}

/* google.rpc.Status with this portion of the error, packed; false: no memory. */
static bool pack(const pv_error *error, pv_status code, const char *message, const char *domain,
                 portion part, pv_arena *arena, pv_view *ret_packed)
{
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    Google__Protobuf__Any *list[DETAILS_MAX];
    status.code = (int32_t)code.code;
    status.message = text_of(message);
    status.details = list;
    return add_info(&status, error, domain, part, arena) &&
           add_violations(&status, error, part.violations, arena) &&
           add_resource(&status, error, part, arena) && add_retry(&status, error, arena) &&
           pv_message_encode(&status.base, arena, ret_packed);
}

/* Takes the next thing away; false: nothing is left to take. */
static bool shrink(portion *part)
{
    if (part->violations > 0) {
        part->violations--;
    } else if (part->pairs > 0) {
        part->pairs--;
    } else if (part->resource) {
        part->resource = false;
    } else {
        return false;
    }
    return true;
}

/* The texts of a portion, without what packing adds. */
static size_t text_size(const pv_error *error, portion part)
{
    size_t size = 0;
    for (size_t i = 0; i < part.violations; i++) {
        const pv_error_violation *violation = &error->violations[i];
        size += strlen(violation->subject) + strlen(violation->description);
        size += violation->type == NULL ? 0 : strlen(violation->type);
    }
    for (size_t i = 0; i < part.pairs; i++) {
        size += strlen(error->metadata[i].key) + strlen(error->metadata[i].value);
    }
    if (part.resource && error->resource_type != NULL) {
        size += strlen(error->resource_type) + strlen(error->resource_name);
    }
    return size;
}

void pv_rpc_details_build(const pv_error *error, pv_status status, const char *domain,
                          pv_arena *arena, pv_rpc_details *ret_details)
{
    ret_details->message = "";
    ret_details->packed = pv_view_of(NULL, 0);
    if (pv_is_ok(status)) { return; }
    ret_details->message = message_of(error, status, arena);
    if (error->reason == NULL) { return; }
    portion part = {error->violation_count, error->metadata_count, true};
    size_t size_max = PV_RPC_DETAILS_BYTES_MAX - strlen(ret_details->message);
    pv_view packed = pv_view_of(NULL, 0);
    /* Only what could fit is packed, so that the attempts below are few. */
    while (text_size(error, part) > size_max && shrink(&part)) {}
    do {
        if (!pack(error, status, ret_details->message, domain, part, arena, &packed)) { return; }
        if (packed.size <= size_max) {
            ret_details->packed = packed;
            return;
        }
    } while (shrink(&part));
}
