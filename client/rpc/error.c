/* error.c — from the status and its details (google.rpc) back to a pv_error that people and
 * programs can read. What the server does not say stays empty; unknown details are passed over.
 *
 * Details are not wire-checked like answers: a server that cut one text inside a character would lose
 * all of them, just when somebody wants to know what went wrong. The types do not nest in themselves
 * and metadata is small, so what must be checked is that texts are text, and each is made so alone:
 * bytes that are no UTF-8 become U+FFFD. (A NUL has already ended its text in protobuf-c.) */
#include "client/rpc/internal.h"

#include "base/utf8.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "protos/runtime/reasons.h"

/* protobuf-c's allocator over the arena; nothing is freed alone. */
static void *arena_alloc(void *arena, size_t size)
{
    return pv_arena_alloc((pv_arena *)arena, size);
}

static void arena_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

/* NULL: no such message, or no memory. */
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *descriptor, pv_view bytes,
                                pv_arena *arena)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    static const uint8_t none = 0;
    return protobuf_c_message_unpack(descriptor, &allocator, bytes.size,
                                     bytes.data == NULL ? &none : bytes.data);
}

/* The text itself, or a copy with U+FFFD for each byte that belongs to no character. */
static const char *clean(pv_arena *arena, const char *text)
{
    pv_view bytes = pv_view_text(text);
    size_t position = 0;
    if (pv_utf8_check(bytes, &position)) { return text; }
    pv_buffer copy = pv_buffer_of(arena);
    for (position = 0; position < bytes.size;) {
        size_t start = position;
        uint32_t code_point;
        bool good = pv_utf8_next(bytes, &position, &code_point);
        pv_buffer_append(&copy, good ? pv_view_of(bytes.data + start, position - start)
                                     : pv_view_text("\xEF\xBF\xBD"));
    }
    return pv_buffer_text(&copy);
}

static void read_info(pv_error *error, pv_reason *reason, const Google__Rpc__ErrorInfo *info)
{
    if (info->reason[0] != '\0') { reason->name = clean(error->arena, info->reason); }
    for (size_t i = 0; i < info->n_metadata && i < PV_ERROR_METADATA_MAX; i++) {
        error->metadata[i].key = clean(error->arena, info->metadata[i]->key);
        error->metadata[i].value = clean(error->arena, info->metadata[i]->value);
        error->metadata_count = i + 1;
    }
}

static void add_violation(pv_error *error, pv_violation_kind kind, const char *type,
                          const char *subject, const char *description)
{
    if (error->violation_count > 0 && error->violation_kind != kind) { return; }
    pv_error_violate(error, kind, type == NULL ? NULL : clean(error->arena, type),
                     clean(error->arena, subject), "%s", clean(error->arena, description));
}

static void read_violations(pv_error *error, const ProtobufCMessage *detail)
{
    if (detail->descriptor == &google__rpc__bad_request__descriptor) {
        const Google__Rpc__BadRequest *request = (const Google__Rpc__BadRequest *)detail;
        for (size_t i = 0; i < request->n_field_violations; i++) {
            const Google__Rpc__BadRequest__FieldViolation *one = request->field_violations[i];
            add_violation(error, PV_VIOLATION_FIELD, NULL, one->field, one->description);
        }
    } else if (detail->descriptor == &google__rpc__precondition_failure__descriptor) {
        const Google__Rpc__PreconditionFailure *failure =
            (const Google__Rpc__PreconditionFailure *)detail;
        for (size_t i = 0; i < failure->n_violations; i++) {
            const Google__Rpc__PreconditionFailure__Violation *one = failure->violations[i];
            add_violation(error, PV_VIOLATION_PRECONDITION, one->type, one->subject,
                          one->description);
        }
    } else if (detail->descriptor == &google__rpc__quota_failure__descriptor) {
        const Google__Rpc__QuotaFailure *failure = (const Google__Rpc__QuotaFailure *)detail;
        for (size_t i = 0; i < failure->n_violations; i++) {
            const Google__Rpc__QuotaFailure__Violation *one = failure->violations[i];
            add_violation(error, PV_VIOLATION_QUOTA, NULL, one->subject, one->description);
        }
    }
}

static int64_t delay_ms(const Google__Protobuf__Duration *delay)
{
    /* A day is longer than any honest server asks for. */
    if (delay == NULL || delay->seconds < 0 || delay->nanos < 0) { return 0; }
    if (delay->seconds > 24 * 3600) { return INT64_C(24) * 3600 * 1000; }
    return delay->seconds * 1000 + delay->nanos / 1000000;
}

static void read_detail(pv_error *error, pv_reason *reason, const ProtobufCMessage *detail)
{
    if (detail->descriptor == &google__rpc__error_info__descriptor) {
        read_info(error, reason, (const Google__Rpc__ErrorInfo *)detail);
    } else if (detail->descriptor == &google__rpc__resource_info__descriptor) {
        const Google__Rpc__ResourceInfo *resource = (const Google__Rpc__ResourceInfo *)detail;
        pv_error_resource(error, clean(error->arena, resource->resource_type),
                          clean(error->arena, resource->resource_name));
    } else if (detail->descriptor == &google__rpc__retry_info__descriptor) {
        error->retry_after_ms = delay_ms(((const Google__Rpc__RetryInfo *)detail)->retry_delay);
    } else {
        read_violations(error, detail);
    }
}

static const ProtobufCMessageDescriptor *const known_details[] = {
    &google__rpc__error_info__descriptor,           &google__rpc__bad_request__descriptor,
    &google__rpc__precondition_failure__descriptor, &google__rpc__quota_failure__descriptor,
    &google__rpc__resource_info__descriptor,        &google__rpc__retry_info__descriptor,
};

/* The descriptor of a type URL, whatever stands before the last slash; NULL: not one of ours. */
static const ProtobufCMessageDescriptor *find_type(const char *type_url)
{
    const char *slash = strrchr(type_url, '/');
    const char *name = slash == NULL ? type_url : slash + 1;
    for (size_t i = 0; i < sizeof known_details / sizeof known_details[0]; i++) {
        if (strcmp(known_details[i]->name, name) == 0) { return known_details[i]; }
    }
    return NULL;
}

void pv_client_error_read(pv_error *error, pv_arena *arena, pv_code code, pv_view text,
                          pv_view details)
{
    pv_error_init(error, arena);
    pv_reason *reason = (pv_reason *)pv_arena_zalloc(arena, 1, sizeof *reason);
    const char *message = pv_arena_dup(arena, text);
    if (reason == NULL || message == NULL) {
        error->reason = &pv_reason_arena_exhausted;
        return;
    }
    error->message = clean(arena, message);
    reason->name = pv_code_name(code);
    reason->code = code;
    reason->text = error->message;
    reason->next_step = "";
    error->reason = reason;
    const Google__Rpc__Status *status =
        (const Google__Rpc__Status *)unpack(&google__rpc__status__descriptor, details, arena);
    if (status == NULL) { return; }
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        const ProtobufCMessageDescriptor *type = find_type(any->type_url);
        if (type == NULL) { continue; }
        const ProtobufCMessage *detail =
            unpack(type, pv_view_of(any->value.data, any->value.len), arena);
        if (detail != NULL) { read_detail(error, reason, detail); }
    }
}
