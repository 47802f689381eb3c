/* Finding objects by what they hold, for the business rules of flows. */
#include "server/flows/flow.h"

static uint16_t field_of(const pv_object_info *object, const char *name)
{
    const ProtobufCMessageDescriptor *message = object->message->descriptor;
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message, name);
    PV_ASSERT(field != NULL);
    return (uint16_t)(field - message->fields);
}

pv_condition pv_where(const pv_object_info *object, const char *field, const char *text)
{
    pv_condition condition = {.field = field_of(object, field), .comparison = PV_EQUAL, .text = pv_view_text(text)};
    return condition;
}

pv_condition pv_where_number(const pv_object_info *object, const char *field, uint64_t number)
{
    pv_condition condition = {.field = field_of(object, field), .comparison = PV_EQUAL, .number = number};
    return condition;
}

/* Rows of the walk are decoded only after it, because a handler may write in `each`. */
static pv_status collect(pv_call *call, pv_query_run *run, size_t limit, pv_id *ids, size_t *ret_count)
{
    for (size_t count = 0;; count++) {
        pv_id id;
        pv_row row;
        pv_status status = pv_query_next(run, &id, &row);
        if (status.code == PV_CODE_NOT_FOUND) {
            *ret_count = count;
            return pv_ok();
        }
        if (status.code == PV_CODE_OUT_OF_RANGE || (pv_is_ok(status) && count == limit)) {
            return pv_refuse(&call->error, &pv_error_reason_store_full, "There are more than %zu objects to look at.",
                             limit);
        }
        PV_TRY(pv_store_refused(call, status));
        ids[count] = id;
    }
}

pv_status pv_each(pv_call *call, const pv_object_info *object, pv_id account, const pv_condition *conditions, size_t count,
                  size_t limit, pv_status (*each)(void *context, ProtobufCMessage *message), void *context)
{
    pv_query query = {
        .account = account, .conditions = conditions, .condition_count = count, .role = pv_role_in(call, account)};
    pv_id *ids = pv_arena_zalloc(call->arena, limit, sizeof *ids);
    if (ids == NULL) { return pv_out_of_memory(call); }
    pv_query_run *run = NULL;
    PV_TRY(pv_store_refused(call, pv_query_open(call->context->txn, object, call->arena, &query, &run)));
    size_t found = 0;
    pv_status status = collect(call, run, limit, ids, &found);
    pv_query_close(run);
    PV_TRY(status);
    for (size_t i = 0; i < found; i++) {
        ProtobufCMessage *message = NULL;
        PV_TRY(pv_store_refused(call, pv_object_load(call->context->txn, object, ids[i], call->arena, &message, NULL)));
        PV_TRY(each(context, message));
    }
    return pv_ok();
}

pv_status pv_lookup(pv_call *call, const pv_object_info *object, pv_id account, const pv_condition *conditions, size_t count,
                    void *ret_message)
{
    pv_query query = {
        .account = account, .conditions = conditions, .condition_count = count, .role = pv_role_in(call, account)};
    pv_query_run *run = NULL;
    PV_TRY(pv_store_refused(call, pv_query_open(call->context->txn, object, call->arena, &query, &run)));
    pv_id id;
    pv_row row;
    pv_status status = pv_query_next(run, &id, &row);
    pv_query_close(run);
    if (status.code == PV_CODE_NOT_FOUND) { return status; }
    PV_TRY(pv_store_refused(call, status));
    ProtobufCMessage *message = NULL;
    PV_TRY(pv_store_refused(call, pv_object_load(call->context->txn, object, id, call->arena, &message, NULL)));
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}
