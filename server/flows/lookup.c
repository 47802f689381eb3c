/* Finding objects by what they hold, for the business rules of flows. */
#include "server/flows/flow.h"

static uint16_t field_of(const pv_object_info *object, const char *name)
{
    const ProtobufCMessageDescriptor *message = object->message->descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, name);
    PV_ASSERT(field != NULL);
    return (uint16_t)(field - message->fields);
}

pv_condition pv_where(const pv_object_info *object, const char *field, const char *text)
{
    pv_condition condition = {
        .field = field_of(object, field), .comparison = PV_EQUAL, .text = pv_view_text(text)};
    return condition;
}

pv_condition pv_where_number(const pv_object_info *object, const char *field, uint64_t number)
{
    pv_condition condition = {
        .field = field_of(object, field), .comparison = PV_EQUAL, .number = number};
    return condition;
}

static pv_status begin(pv_call *call, const pv_object_info *object, pv_id account,
                       const pv_condition *conditions, size_t count, pv_query_run **ret_run)
{
    pv_query query = {.account = account,
                      .conditions = conditions,
                      .condition_count = count,
                      .role = pv_role_in(call, account)};
    return pv_store_refused(
        call, pv_query_open(call->context->txn, object, call->arena, &query, ret_run));
}

/* The next object of a walk, decoded; NULL at its end. */
static pv_status next(pv_call *call, const pv_object_info *object, pv_query_run *run,
                      ProtobufCMessage **ret_message)
{
    *ret_message = NULL;
    pv_id id;
    pv_row row;
    pv_status status = pv_query_next(run, &id, &row);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    return pv_store_refused(
        call, pv_object_load(call->context->txn, object, id, call->arena, ret_message, NULL));
}

/* Appends to an array in the arena that doubles as it fills. */
static pv_status append(pv_call *call, void *message, void ***messages, size_t count)
{
    if ((count & (count - 1)) == 0) {
        void **larger = pv_arena_zalloc(call->arena, count == 0 ? 1 : 2 * count, sizeof *larger);
        if (larger == NULL) { return pv_out_of_memory(call); }
        if (count > 0) { memcpy(larger, *messages, count * sizeof *larger); }
        *messages = larger;
    }
    (*messages)[count] = message;
    return pv_ok();
}

static pv_status collect(pv_call *call, const pv_object_info *object, pv_query_run *run,
                         size_t limit, void ***ret_messages, size_t *ret_count)
{
    for (size_t count = 0;; count++) {
        ProtobufCMessage *message = NULL;
        PV_TRY(next(call, object, run, &message));
        *ret_count = count;
        if (message == NULL) { return pv_ok(); }
        if (count == limit) {
            return pv_refuse(&call->error, &pv_error_reason_store_full,
                             "There are more than %zu objects to look at.", limit);
        }
        PV_TRY(append(call, message, ret_messages, count));
    }
}

pv_status pv_collect(pv_call *call, const pv_object_info *object, pv_id account,
                     const pv_condition *conditions, size_t count, size_t limit, void *ret_messages,
                     size_t *ret_count)
{
    pv_query_run *run = NULL;
    PV_TRY(begin(call, object, account, conditions, count, &run));
    void **messages = NULL;
    pv_status status = collect(call, object, run, limit, &messages, ret_count);
    pv_query_close(run);
    PV_TRY(status);
    memcpy(ret_messages, &messages, sizeof messages);
    return pv_ok();
}

pv_status pv_lookup(pv_call *call, const pv_object_info *object, pv_id account,
                    const pv_condition *conditions, size_t count, void *ret_message)
{
    pv_query_run *run = NULL;
    PV_TRY(begin(call, object, account, conditions, count, &run));
    ProtobufCMessage *message = NULL;
    pv_status status = next(call, object, run, &message);
    pv_query_close(run);
    PV_TRY(status);
    if (message == NULL) { return pv_status_of(PV_CODE_NOT_FOUND); }
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}
