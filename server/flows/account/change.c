#include "server/flows/account/change.h"

#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"

pv_status account_change(pv_call *call, const pv_object_info *object,
                         const Google__Protobuf__FieldMask *mask, const ProtobufCMessage *source,
                         ProtobufCMessage *target)
{
    char *const *paths = mask == NULL ? NULL : mask->paths;
    size_t count = mask == NULL ? 0 : mask->n_paths;
    pv_status status = pv_mask_apply(object->message, paths, count, "update_mask", source,
                                     call->arena, &call->error, target);
    if (call->error.reason == &pv_reason_invalid_field) {
        /* The runtime knows only that a field is wrong; the API has a reason of its own for masks. */
        call->error.reason = &pv_error_reason_update_mask_invalid;
        pv_error_note(&call->error, "field", "%s",
                      call->error.violation_count == 0 ? "" : call->error.violations[0].subject);
    }
    return status;
}

pv_status account_require_text(pv_call *call, const char *field, const char *text)
{
    if (text[0] != '\0') { return pv_ok(); }
    pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, field, "It cannot be made empty.");
    return pv_refuse(&call->error, &pv_reason_invalid_field, "%s cannot be made empty.", field);
}
