#include "server/flows/make.h"

#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"
#include "protos/runtime/timestamp.h"
#include "server/flows/reflect.h"

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

static bool same_type(const pv_field *a, const pv_field *b)
{
    return a->type == b->type && a->descriptor == b->descriptor &&
           (a->label == PROTOBUF_C_LABEL_REPEATED) == (b->label == PROTOBUF_C_LABEL_REPEATED);
}

void pv_take(const ProtobufCMessage *source, const pv_message_info *info, ProtobufCMessage *target)
{
    PV_ASSERT(target->descriptor == info->descriptor);
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field *to = &info->descriptor->fields[i];
        const pv_field_rule *rule = info->fields[i].rule;
        const pv_field *from = pv_field_named(source, to->name);
        if (from == NULL || !same_type(from, to) ||
            (rule != NULL && (rule->flags & PV_RULE_OUTPUT_ONLY) != 0)) {
            continue;
        }
        const void *data = pv_field_data(source, from);
        if (to->label == PROTOBUF_C_LABEL_REPEATED) {
            pv_field_set_elements(target, to, (void *)(uintptr_t)data,
                                  pv_field_count(source, from));
        } else if (pv_field_is_set(source, from)) {
            memcpy(pv_field_place(target, to), data, pv_field_value_size(to));
        }
    }
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
    *ret_time = pv_timestamp_new(call->arena, call->context->now);
    return *ret_time == NULL ? pv_out_of_memory(call) : pv_ok();
}

void pv_violate_field(pv_call *call, const char *field, const char *text)
{
    pv_error_violate(&call->error, PV_VIOLATION_FIELD, NULL, field, "%s", text);
}

void pv_violate_element(pv_call *call, const char *list, size_t index, const char *text)
{
    const char *path = pv_arena_printf(call->arena, "%s[%zu]", list, index);
    pv_violate_field(call, path == NULL ? list : path, text);
}

pv_status pv_refuse_field(pv_call *call, const char *field, const char *text)
{
    pv_violate_field(call, field, text);
    return pv_refuse(&call->error, &pv_reason_invalid_field, "%s %s.", field, text);
}

pv_status pv_demand_text(pv_call *call, const char *field, const char *text)
{
    return pv_is_empty(text) ? pv_refuse_field(call, field, "cannot be made empty") : pv_ok();
}

pv_status pv_demand_own_account(pv_call *call, const char *field, const char *account_id)
{
    if (pv_is_empty(account_id) || strcmp(account_id, pv_caller_of(call)->account_id) == 0) {
        return pv_ok();
    }
    return pv_refuse_field(call, field, "must be empty or the caller's own account");
}
