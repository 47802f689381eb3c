/* Storing an object, with what every change leaves behind: its event in the feed of every party and its
 * entry in the audit trail, all in the transaction of the change. */
#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/event/v1/event.pv.h"
#include "server/flows/flow.h"
#include "server/flows/state.h"
#include "server/flows/trail.h"
#include "storage/feed.h"

/* One change of one object. */
typedef struct change {
    const pv_object_info *object;
    const ProtobufCMessage *stored;  /* before; NULL: it is new */
    const ProtobufCMessage *message; /* after, or of a deleted object what it was */
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
    if (context->touched_count == PV_TOUCHED_MAX) {
        context->touched_more = true;
        return;
    }
    context->touched[context->touched_count++] = account;
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
    if (pv_caller_of(call) != NULL) {
        event.actor_account_id = (char *)(uintptr_t)pv_caller_of(call)->account_id;
        event.actor_user_id = (char *)(uintptr_t)pv_caller_of(call)->user_id;
    }
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

/* The account that owns the object; of an object between several parties the first one. */
static pv_id owner_of(const pv_row *row)
{
    pv_id first = {{0}};
    for (uint8_t i = 0; i < row->party_count; i++) {
        if (row->party_roles[i] == PV_PARTY_ANY) { return row->parties[i]; }
        if (pv_id_is_zero(first)) { first = row->parties[i]; }
    }
    return first;
}

static bool has_owner(const pv_row *row)
{
    for (uint8_t i = 0; i < row->party_count; i++) {
        if (row->party_roles[i] == PV_PARTY_ANY) { return true; }
    }
    return false;
}

/* In the trail of the account that acted, and in that of the object's owner. Who acts without being anybody yet, as one
 * who enrols, leaves its entry with the owner alone. */
static pv_status file(pv_call *call, const pv_row *row, pv_audit_entry *entry)
{
    pv_txn *txn = call->context->txn;
    const pv_caller *caller = pv_caller_of(call);
    pv_id owner = owner_of(row);
    if (caller != NULL) {
        PV_TRY(pv_store_refused(call, pv_trail_file(txn, call->arena, caller->account, entry)));
        if (!has_owner(row) || pv_id_equal(owner, caller->account)) { return pv_ok(); }
    }
    return pv_store_refused(call, pv_trail_file(txn, call->arena, owner, entry));
}

static pv_audit_kind kind_of(const change *made)
{
    return made->deleted          ? PV_AUDIT_KIND_DELETED
           : made->stored == NULL ? PV_AUDIT_KIND_CREATED
                                  : PV_AUDIT_KIND_CHANGED;
}

static pv_status append_audit(pv_call *call, const change *made, const pv_row *row)
{
    struct pv_context *context = call->context;
    const pv_caller *caller = context->caller;
    Google__Protobuf__Timestamp time = pv_timestamp_of(context->now);
    char *request_id = pv_arena_dup(call->arena, context->request_id);
    if (request_id == NULL) { return pv_out_of_memory(call); }
    pv_audit_entry entry = PV_AUDIT_ENTRY__INIT;
    entry.time = &time;
    entry.kind = kind_of(made);
    if (caller != NULL) {
        entry.account_id = (char *)(uintptr_t)caller->account_id;
        entry.user_id = (char *)(uintptr_t)caller->user_id;
        entry.certificate_id = (char *)(uintptr_t)caller->certificate_id;
    }
    entry.peer_address = (char *)(uintptr_t)call->peer->address;
    entry.method = (char *)(uintptr_t)(call->method->path + 1);
    entry.request_id = request_id;
    entry.object_type = (char *)(uintptr_t)made->object->name;
    entry.object_id = (char *)(uintptr_t)id_of(made);
    entry.previous_state = (char *)(uintptr_t)made->previous_state;
    entry.state = (char *)(uintptr_t)made->state;
    entry.revision = made->revision;
    if (module_of(call->method) == PV_MODULE_ACCOUNT &&
        !pv_trail_tell_changes(made->object, made->stored, made->deleted ? NULL : made->message,
                               call->arena, &entry)) {
        return pv_out_of_memory(call);
    }
    return file(call, row, &entry);
}

/* The object as stored now, and its state; NULL and "" if it is new. */
static pv_status load_stored(pv_call *call, pv_id id, change *made)
{
    ProtobufCMessage *stored = NULL;
    made->previous_state = "";
    pv_status status =
        pv_object_load(call->context->txn, made->object, id, call->arena, &stored, NULL);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    made->stored = stored;
    made->previous_state = pv_state_name(made->object, pv_state_of(made->object, stored));
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
    PV_TRY(load_stored(call, id, &made));
    PV_TRY(put(call, object, message));
    pv_row row;
    PV_TRY(pv_store_refused(call, pv_object_get(call->context->txn, object, id, &row)));
    made.state = pv_state_name(object, pv_state_of(object, message));
    made.revision = row.revision;
    PV_TRY(append_events(call, &made, &row));
    return append_audit(call, &made, &row);
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
    PV_TRY(load_stored(call, id, &made));
    pv_row row;
    PV_TRY(pv_store_refused(call, pv_object_get(call->context->txn, object, id, &row)));
    made.revision = pv_txn_revision(call->context->txn);
    PV_TRY(append_events(call, &made, &row));
    PV_TRY(append_audit(call, &made, &row));
    return pv_store_refused(call, pv_object_delete(call->context->txn, object, id));
}
