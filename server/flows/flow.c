#include "server/flows/flow.h"

#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"
#include "server/flows/state.h"

pv_status pv_out_of_memory(pv_call *call)
{
    return pv_refuse(&call->error, &pv_reason_arena_exhausted, NULL);
}

pv_status pv_run_again(pv_call *call, const char *note)
{
    call->context->again = true;
    call->context->note = note;
    return pv_ok();
}

pv_status pv_store_refused(pv_call *call, pv_status status)
{
    if (pv_is_ok(status)) { return status; }
    if (status.code == PV_CODE_RESOURCE_EXHAUSTED || status.code == PV_CODE_OUT_OF_RANGE) {
        return pv_refuse(&call->error, &pv_error_reason_store_full, NULL);
    }
    return pv_refuse(&call->error, &pv_error_reason_data_damaged, NULL);
}

pv_status pv_new_id(pv_call *call, const pv_object_info *object, char **ret_id)
{
    char *text = pv_arena_alloc(call->arena, PV_ID_TEXT_SIZE);
    if (text == NULL) { return pv_out_of_memory(call); }
    pv_id_format(object->id_prefix, pv_id_next(call->context->ids, call->context->now), text);
    *ret_id = text;
    return pv_ok();
}

pv_status pv_text(pv_call *call, const char *text, char **ret_text)
{
    char *copy = pv_arena_dup(call->arena, pv_view_text(text));
    if (copy == NULL) { return pv_out_of_memory(call); }
    *ret_text = copy;
    return pv_ok();
}

pv_id pv_id_of(const pv_object_info *object, const char *id)
{
    pv_id parsed;
    bool canonical = pv_id_parse(object->id_prefix, pv_view_text(id), &parsed);
    PV_ASSERT(canonical);
    return parsed;
}

pv_status pv_not_found(pv_call *call, const pv_object_info *object, const char *id)
{
    pv_error_resource(&call->error, object->name, id);
    return pv_refuse(&call->error, &pv_error_reason_not_found,
                     "There is no %s %s visible to this account.", strrchr(object->name, '.') + 1,
                     id);
}

pv_status pv_or_not_found(pv_call *call, const pv_object_info *object, const char *id,
                          pv_status status)
{
    return status.code == PV_CODE_NOT_FOUND ? pv_not_found(call, object, id) : status;
}

/* As what the caller's account is a party of the row; 0 if it is none. */
static unsigned party_role(const pv_call *call, const pv_row *row)
{
    uint8_t role = 0;
    if (!pv_row_party(row, pv_caller_of(call)->account, &role)) { return 0; }
    return role == PV_PARTY_ANY ? pv_caller_of(call)->role : role;
}

pv_status pv_see(pv_call *call, const pv_object_info *object, const char *id, pv_row *ret_row)
{
    pv_id parsed;
    if (!pv_id_parse(object->id_prefix, pv_view_text(id), &parsed)) {
        return pv_not_found(call, object, id);
    }
    pv_row row;
    pv_status status = pv_object_get(call->context->txn, object, parsed, &row);
    if (status.code == PV_CODE_NOT_FOUND || (pv_is_ok(status) && party_role(call, &row) == 0)) {
        return pv_not_found(call, object, id);
    }
    PV_TRY(pv_store_refused(call, status));
    *ret_row = row;
    return pv_ok();
}

pv_status pv_fetch(pv_call *call, const pv_object_info *object, const char *id, void *ret_message)
{
    ProtobufCMessage *message = NULL;
    PV_TRY(pv_store_refused(call, pv_object_load(call->context->txn, object, pv_id_of(object, id),
                                                 call->arena, &message, NULL)));
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

pv_status pv_find(pv_call *call, const pv_object_info *object, const char *id, void *ret_message)
{
    pv_row row;
    PV_TRY(pv_see(call, object, id, &row));
    return pv_fetch(call, object, id, ret_message);
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
    const pv_caller *caller = pv_caller_of(call);
    bool is_party = pv_row_party(&row, caller->account, NULL);
    if (!is_party && (object->shown_to >> caller->role & 1) == 0) {
        return pv_status_of(PV_CODE_NOT_FOUND);
    }
    memcpy(ret_message, &message, sizeof message);
    *ret_is_party = is_party;
    return pv_ok();
}

/* "VENDOR, DISTRIBUTOR" for people. */
static const char *roles_text(uint64_t roles, pv_arena *arena)
{
    static const char prefix[] = "ACCOUNT_TYPE_";
    pv_buffer text = pv_buffer_of(arena);
    const ProtobufCEnumDescriptor *types = &purvey__common__v1__account_type__descriptor;
    for (unsigned i = 0; i < types->n_values; i++) {
        if ((roles >> types->values[i].value & 1) != 0) {
            pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : ", ",
                             types->values[i].name + sizeof prefix - 1);
        }
    }
    return pv_buffer_text(&text);
}

static pv_status refuse_party(pv_call *call, unsigned role, uint64_t roles)
{
    const char *allowed = roles_text(roles, call->arena);
    const char *mine = roles_text(UINT64_C(1) << role, call->arena);
    pv_error_note(&call->error, "method", "%s", call->method->name);
    pv_error_note(&call->error, "role", "%s", mine);
    pv_error_note(&call->error, "roles", "%s", allowed);
    return pv_refuse(&call->error, &pv_error_reason_party_may_not,
                     "%s is for the %s of the object; you are its %s.", call->method->name, allowed,
                     mine);
}

/* Names of the methods that could move the object from this state when called by the caller. */
static const char *allowed_methods(const pv_call *call, const pv_object_info *object, unsigned role,
                                   int state)
{
    pv_buffer text = pv_buffer_of(call->arena);
    const struct pv_context *context = call->context;
    for (size_t i = 0; i < context->service_count; i++) {
        for (size_t j = 0; j < context->services[i]->method_count; j++) {
            const pv_method_info *method = &context->services[i]->methods[j];
            bool callable = (method->roles >> pv_caller_of(call)->role & 1) != 0;
            if (callable && state > 0 && (pv_method_from(method, object, role) >> state & 1) != 0) {
                pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : ", ", method->name);
            }
        }
    }
    return pv_buffer_text(&text);
}

static pv_status refuse_state(pv_call *call, const pv_object_info *object,
                              const ProtobufCMessage *message, unsigned role)
{
    int state = pv_state_of(object, message);
    const char *id =
        pv_field_string(message, &object->message->descriptor->fields[object->id_field]);
    const char *needed =
        pv_state_set_text(object, pv_method_from(call->method, object, role), call->arena);
    const char *methods = allowed_methods(call, object, role, state);
    pv_error_note(&call->error, "state", "%s", pv_state_name(object, state));
    pv_error_note(&call->error, "allowed_states", "%s", needed);
    pv_error_note(&call->error, "allowed_methods", "%s", methods);
    pv_violate(call, "STATE", id, "is %s; %s needs %s", pv_state_name(object, state),
               call->method->name, needed);
    return pv_refuse(&call->error, &pv_error_reason_state_forbids, "%s is %s; %s needs %s.", id,
                     pv_state_name(object, state), call->method->name, needed);
}

static pv_status check_etag(pv_call *call, const pv_object_info *object,
                            const ProtobufCMessage *message, const char *etag)
{
    if (etag == NULL || *etag == '\0') { return pv_ok(); }
    const char *current =
        pv_field_string(message, &object->message->descriptor->fields[object->etag_field]);
    if (strcmp(etag, current) == 0) { return pv_ok(); }
    pv_error_note(&call->error, "etag", "%s", current);
    return pv_refuse(&call->error, &pv_error_reason_etag_mismatch,
                     "The object's etag is now %s, not %s.", current, etag);
}

pv_status pv_begin(pv_call *call, const pv_object_info *object, const char *id, const char *etag,
                   void *ret_message)
{
    pv_row row;
    PV_TRY(pv_see(call, object, id, &row));
    unsigned role = party_role(call, &row);
    uint64_t parties = pv_method_parties(call->method, object);
    if (parties != 0 && (parties >> role & 1) == 0) { return refuse_party(call, role, parties); }
    ProtobufCMessage *message = NULL;
    PV_TRY(pv_fetch(call, object, id, &message));
    PV_TRY(check_etag(call, object, message, etag));
    if (object->state_field >= 0) {
        int state = pv_state_of(object, message);
        if ((pv_method_from(call->method, object, role) >> state & 1) == 0) {
            return refuse_state(call, object, message, role);
        }
    }
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

pv_status pv_move(pv_call *call, const pv_object_info *object, void *message, int state)
{
    PV_ASSERT(object->state_field >= 0);
    int from = pv_state_of(object, message);
    unsigned role = pv_caller_of(call)->role;
    if (!pv_method_moves(call->method, object, role, from, state)) {
        /* A target that the method never declares is a fault of the flow, not of the caller. */
        PV_ASSERT(from == 0 || (pv_method_from(call->method, object, role) >> from & 1) == 0);
        return refuse_state(call, object, message, role);
    }
    pv_field_set_integer(message, &object->message->descriptor->fields[object->state_field], state);
    return pv_ok();
}

pv_status pv_resolve(pv_call *call, const char *name, pv_resolved *ret_resolved)
{
    PV_ASSERT(call->method->kind == PV_METHOD_UNARY &&
              (call->method->flags & PV_METHOD_WRITES) != 0);
    pv_question *question = &call->context->question;
    if (question->name == NULL) {
        question->name = pv_arena_dup(call->arena, pv_view_text(name));
        return question->name == NULL ? pv_out_of_memory(call) : pv_status_of(PV_CODE_UNAVAILABLE);
    }
    PV_ASSERT(question->answered && strcmp(question->name, name) == 0);
    *ret_resolved = question->answer;
    return pv_ok();
}

pv_status pv_demand_role(pv_call *call, pv_account_type type)
{
    unsigned role = pv_caller_of(call)->role;
    return role == (unsigned)type ? pv_ok() : refuse_party(call, role, UINT64_C(1) << type);
}

void pv_note_existing(pv_call *call, const pv_object_info *object, const char *id)
{
    pv_error_note(&call->error, "existing_id", "%s", id);
    pv_error_resource(&call->error, object->name, id);
}

void pv_violate(pv_call *call, const char *type, const char *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    pv_error_violate(&call->error, PV_VIOLATION_PRECONDITION, type, subject, "%s",
                     text == NULL ? "" : text);
}
