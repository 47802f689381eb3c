/* error.c — from the status and its details (google.rpc) back to a pv_error that people and
 * programs can read. What the server does not say stays empty; unknown details are passed over. */
#include "client/rpc/internal.h"

#include "google/rpc/error_details.pv.h"
#include "google/rpc/status.pv.h"
#include "protos/runtime/message.h"

/* The message of a server's bytes, wire-checked like every answer. NULL: no such message, or no memory. */
static ProtobufCMessage *unpack(const pv_message_info *info, pv_view bytes, pv_arena *arena)
{
    pv_error why; /* nobody to tell: what cannot be read is passed over */
    pv_error_init(&why, arena);
    ProtobufCMessage *message = NULL;
    pv_status status = pv_message_decode(info, bytes, arena, &why, &message);
    return pv_is_ok(status) ? message : NULL;
}

static void read_info(pv_error *error, pv_reason *reason, const Google__Rpc__ErrorInfo *info)
{
    if (info->reason[0] != '\0') { reason->name = info->reason; }
    for (size_t i = 0; i < info->n_metadata && i < PV_ERROR_METADATA_MAX; i++) {
        error->metadata[i].key = info->metadata[i]->key;
        error->metadata[i].value = info->metadata[i]->value;
        error->metadata_count = i + 1;
    }
}

static void add_violation(pv_error *error, pv_violation_kind kind, const char *type,
                          const char *subject, const char *description)
{
    if (error->violation_count > 0 && error->violation_kind != kind) { return; }
    pv_error_violate(error, kind, type, subject, "%s", description);
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
        pv_error_resource(error, resource->resource_type, resource->resource_name);
    } else if (detail->descriptor == &google__rpc__retry_info__descriptor) {
        error->retry_after_ms = delay_ms(((const Google__Rpc__RetryInfo *)detail)->retry_delay);
    } else {
        read_violations(error, detail);
    }
}

static const pv_message_info *const known_details[] = {
    &google_rpc_error_info__info,           &google_rpc_bad_request__info,
    &google_rpc_precondition_failure__info, &google_rpc_quota_failure__info,
    &google_rpc_resource_info__info,        &google_rpc_retry_info__info,
};

/* The type behind a type URL, whatever stands before the last slash; NULL: not one of ours. */
static const pv_message_info *find_type(const char *type_url)
{
    const char *slash = strrchr(type_url, '/');
    const char *name = slash == NULL ? type_url : slash + 1;
    for (size_t i = 0; i < sizeof known_details / sizeof known_details[0]; i++) {
        if (strcmp(known_details[i]->descriptor->name, name) == 0) { return known_details[i]; }
    }
    return NULL;
}

void pv_client_error_read(pv_error *error, pv_arena *arena, pv_code code, pv_view text,
                          pv_view details)
{
    pv_error_init(error, arena);
    pv_reason *reason = (pv_reason *)pv_arena_zalloc(arena, 1, sizeof *reason);
    error->message = pv_arena_dup(arena, text);
    if (reason == NULL) { return; }
    reason->name = pv_code_name(code);
    reason->code = code;
    reason->text = error->message == NULL ? "" : error->message;
    reason->next_step = "";
    error->reason = reason;
    const Google__Rpc__Status *status =
        (const Google__Rpc__Status *)unpack(&google_rpc_status__info, details, arena);
    if (status == NULL) { return; }
    for (size_t i = 0; i < status->n_details; i++) {
        const Google__Protobuf__Any *any = status->details[i];
        const pv_message_info *type = find_type(any->type_url);
        if (type == NULL) { continue; }
        const ProtobufCMessage *detail =
            unpack(type, pv_view_of(any->value.data, any->value.len), arena);
        if (detail != NULL) { read_detail(error, reason, detail); }
    }
}
