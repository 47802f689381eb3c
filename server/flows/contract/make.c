#include "server/flows/contract/make.h"

#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"

pv_status pv_make_part(pv_call *call, const pv_message_info *info, void *ret_message)
{
    ProtobufCMessage *message = pv_message_new(info, call->arena);
    if (message == NULL) { return pv_out_of_memory(call); }
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

pv_status pv_make(pv_call *call, const pv_object_info *object, void *ret_message)
{
    ProtobufCMessage *message = NULL;
    PV_TRY(pv_make_part(call, object->message, &message));
    char *id = NULL;
    PV_TRY(pv_new_id(call, object, &id));
    pv_field_set_string(message, &message->descriptor->fields[object->id_field], id);
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

pv_status pv_peek(pv_call *call, const pv_object_info *object, const char *id, void *ret_message,
                  bool *ret_is_party)
{
    pv_id parsed;
    if (!pv_id_parse(object->id_prefix, pv_view_text(id), &parsed)) {
        return pv_status_of(PV_CODE_NOT_FOUND);
    }
    ProtobufCMessage *message = NULL;
    pv_row row;
    pv_status status =
        pv_object_load(call->context->txn, object, parsed, call->arena, &message, &row);
    if (status.code == PV_CODE_NOT_FOUND) { return status; }
    PV_TRY(pv_store_refused(call, status));
    memcpy(ret_message, &message, sizeof message);
    *ret_is_party = pv_row_party(&row, pv_caller_of(call)->account, NULL);
    return pv_ok();
}

pv_status pv_change(pv_call *call, const pv_object_info *object,
                    const Google__Protobuf__FieldMask *mask, const ProtobufCMessage *source,
                    ProtobufCMessage *target)
{
    char *const *paths = mask == NULL ? NULL : mask->paths;
    size_t count = mask == NULL ? 0 : mask->n_paths;
    pv_status status = pv_mask_apply(object->message, paths, count, "update_mask", source,
                                     call->arena, &call->error, target);
    if (status.code == PV_CODE_INVALID_ARGUMENT) {
        /* The runtime knows only that a field is invalid; clients are told by the business reason. */
        call->error.reason = &pv_error_reason_update_mask_invalid;
        call->error.message = NULL;
        pv_error_note(&call->error, "field", "%s",
                      call->error.violation_count == 0 ? "" : call->error.violations[0].subject);
    }
    return status;
}

pv_status pv_stamp(pv_call *call, Google__Protobuf__Timestamp **ret_time)
{
    Google__Protobuf__Timestamp *time = NULL;
    PV_TRY(pv_make_part(call, &google_protobuf_timestamp__info, &time));
    int64_t utc_ns = call->context->now.utc_ns;
    time->seconds = utc_ns / PV_NS_PER_S;
    time->nanos = (int32_t)(utc_ns % PV_NS_PER_S);
    *ret_time = time;
    return pv_ok();
}

pv_status pv_refuse_field(pv_call *call, const char *field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, field, "%s", text == NULL ? "" : text);
    return pv_refuse(&call->error, &pv_reason_invalid_field, "%s %s.", field,
                     text == NULL ? "is invalid" : text);
}

pv_status pv_demand_text(pv_call *call, const char *field, const char *text)
{
    return pv_is_empty(text) ? pv_refuse_field(call, field, "cannot be made empty") : pv_ok();
}
