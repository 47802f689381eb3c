/* Storing an object, with what every change leaves behind: its event in the feed of every party and its
 * entry in the audit trail, all in the transaction of the change. */
#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/event/v1/event.pv.h"
#include "purvey/storage/v1/storage.pv.h"
#include "server/flows/flow.h"
#include "server/flows/state.h"
#include "storage/feed.h"
#include "storage/record.h"

/* One change of one object. */
typedef struct change {
    const pv_object_info *object;
    const ProtobufCMessage *message;
    const char *previous_state;
    const char *state;
    uint64_t revision;
    bool deleted;
} change;

static const char *id_of(const change *made)
{
    return pv_field_string(made->message,
                           &made->object->message->descriptor->fields[made->object->id_field]);
}

static pv_status pack(pv_call *call, const ProtobufCMessage *message, pv_view *ret_bytes)
{
    if (!pv_message_encode(message, call->arena, ret_bytes)) { return pv_out_of_memory(call); }
    return pv_ok();
}

void pv_touch(pv_call *call, pv_id account)
{
    struct pv_context *context = call->context;
    for (uint32_t i = 0; i < context->touched_count; i++) {
        if (pv_id_equal(context->touched[i], account)) { return; }
    }
    if (context->touched_count < PV_TOUCHED_MAX) {
        context->touched[context->touched_count++] = account;
    }
}

static pv_status append_event(pv_call *call, pv_event *event, pv_id account)
{
    struct pv_context *context = call->context;
    PV_TRY(pv_store_refused(call, pv_feed_next_sequence(context->txn, account, &event->sequence)));
    pv_view bytes;
    PV_TRY(pack(call, &event->base, &bytes));
    PV_TRY(pv_store_refused(call, pv_feed_append(context->txn, account, event->sequence, bytes)));
    pv_touch(call, account);
    return pv_ok();
}

/* A write that needs no grant is about who the caller is: it joins or leaves an account. */
static pv_module module_of(const pv_method_info *method)
{
    return method->module == PV_MODULE_UNSPECIFIED ? PV_MODULE_ACCOUNT : (pv_module)method->module;
}

static pv_status append_events(pv_call *call, const change *made, const pv_row *row)
{
    Google__Protobuf__Timestamp time = pv_timestamp_of(call->context->now);
    pv_event event = PV_EVENT__INIT;
    event.time = &time;
    event.module = module_of(call->method);
    event.object_type = (char *)(uintptr_t)made->object->name;
    event.object_id = (char *)(uintptr_t)id_of(made);
    event.state = (char *)(uintptr_t)made->state;
    event.previous_state = (char *)(uintptr_t)made->previous_state;
    event.revision = made->revision;
    event.method = (char *)(uintptr_t)(call->method->path + 1);
    event.actor_account_id = (char *)(uintptr_t)pv_caller_of(call)->account_id;
    event.actor_user_id = (char *)(uintptr_t)pv_caller_of(call)->user_id;
    event.deleted = made->deleted;
    for (uint8_t i = 0; i < row->party_count; i++) {
        bool seen = pv_id_is_zero(row->parties[i]);
        for (uint8_t j = 0; j < i; j++) {
            seen = seen || pv_id_equal(row->parties[i], row->parties[j]);
        }
        if (!seen) { PV_TRY(append_event(call, &event, row->parties[i])); }
    }
    return pv_ok();
}

static pv_status append_audit(pv_call *call, const change *made)
{
    struct pv_context *context = call->context;
    const pv_caller *caller = context->caller;
    Google__Protobuf__Timestamp time = pv_timestamp_of(context->now);
    char *request_id = pv_arena_dup(call->arena, context->request_id);
    if (request_id == NULL) { return pv_out_of_memory(call); }
    pv_audit_entry entry = PV_AUDIT_ENTRY__INIT;
    entry.time = &time;
    entry.account_id = (char *)(uintptr_t)caller->account_id;
    entry.user_id = (char *)(uintptr_t)caller->user_id;
    entry.certificate_id = (char *)(uintptr_t)caller->certificate_id;
    entry.peer_address = (char *)(uintptr_t)call->peer->address;
    entry.method = (char *)(uintptr_t)(call->method->path + 1);
    entry.request_id = request_id;
    entry.object_type = (char *)(uintptr_t)made->object->name;
    entry.object_id = (char *)(uintptr_t)id_of(made);
    entry.previous_state = (char *)(uintptr_t)made->previous_state;
    entry.state = (char *)(uintptr_t)made->state;
    entry.revision = made->revision;
    pv_view bytes;
    PV_TRY(pack(call, &entry.base, &bytes));
    return pv_store_refused(call,
                            pv_audit_put(context->txn, caller->account, context->changes++, bytes));
}

/* State of the object as stored now; "" if it is new. */
static pv_status stored_state(pv_call *call, const pv_object_info *object, pv_id id,
                              const char **ret_state)
{
    *ret_state = "";
    if (object->state_field < 0) { return pv_ok(); }
    ProtobufCMessage *stored = NULL;
    pv_status status = pv_object_load(call->context->txn, object, id, call->arena, &stored, NULL);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    *ret_state = pv_state_name(object, pv_state_of(object, stored));
    return pv_ok();
}

static pv_status put(pv_call *call, const pv_object_info *object, void *message)
{
    struct pv_context *context = call->context;
    pv_id existing;
    pv_status status =
        pv_object_put(context->txn, object, call->arena, context->now, message, &existing);
    if (status.code != PV_CODE_ALREADY_EXISTS) { return pv_store_refused(call, status); }
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(object->id_prefix, existing, text);
    pv_note_existing(call, object, text);
    return pv_refuse(&call->error, &pv_error_reason_external_id_exists,
                     "%s already has this external_id or name.", text);
}

pv_status pv_save(pv_call *call, const pv_object_info *object, void *message)
{
    change made = {.object = object, .message = message};
    pv_id id = pv_id_of(object, id_of(&made));
    PV_TRY(stored_state(call, object, id, &made.previous_state));
    PV_TRY(put(call, object, message));
    pv_row row;
    PV_TRY(pv_store_refused(call, pv_object_get(call->context->txn, object, id, &row)));
    made.state = pv_state_name(object, pv_state_of(object, message));
    made.revision = row.revision;
    PV_TRY(append_events(call, &made, &row));
    return append_audit(call, &made);
}

pv_status pv_move_and_save(pv_call *call, const pv_object_info *object, void *message, int state)
{
    PV_TRY(pv_move(call, object, message, state));
    return pv_save(call, object, message);
}

pv_status pv_remove(pv_call *call, const pv_object_info *object, const void *message)
{
    change made = {.object = object, .message = message, .state = "", .deleted = true};
    pv_id id = pv_id_of(object, id_of(&made));
    PV_TRY(stored_state(call, object, id, &made.previous_state));
    pv_row row;
    PV_TRY(pv_store_refused(call, pv_object_get(call->context->txn, object, id, &row)));
    made.revision = pv_txn_revision(call->context->txn);
    PV_TRY(append_events(call, &made, &row));
    PV_TRY(append_audit(call, &made));
    return pv_store_refused(call, pv_object_delete(call->context->txn, object, id));
}
