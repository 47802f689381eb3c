#include "server/flows/state.h"

#include "protos/runtime/message.h"

enum { STATES_MAX = 64 };

static uint64_t bit(int state)
{
    PV_ASSERT(state >= 0 && state < STATES_MAX);
    return UINT64_C(1) << state;
}

const char *pv_state_name(const pv_object_info *object, int state)
{
    if (object->states == NULL || state == 0) { return ""; }
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(object->states, state);
    if (value == NULL) { return ""; }
    size_t prefix = strlen(object->state_prefix);
    return strncmp(value->name, object->state_prefix, prefix) == 0 ? value->name + prefix
                                                                   : value->name;
}

int pv_state_of(const pv_object_info *object, const ProtobufCMessage *message)
{
    if (object->state_field < 0) { return 0; }
    return (int)pv_field_integer(message,
                                 &object->message->descriptor->fields[object->state_field]);
}

const char *pv_state_set_text(const pv_object_info *object, uint64_t states, pv_arena *arena)
{
    pv_buffer text = pv_buffer_of(arena);
    for (int state = 1; state < STATES_MAX; state++) {
        if ((states & bit(state)) != 0) {
            pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : ", ",
                             pv_state_name(object, state));
        }
    }
    return pv_buffer_text(&text);
}

static bool applies(const pv_transition *transition, const pv_object_info *object, unsigned role)
{
    if (transition->object != object) { return false; }
    return transition->roles == 0 || (transition->roles >> role & 1) != 0;
}

uint64_t pv_method_from(const pv_method_info *method, const pv_object_info *object, unsigned role)
{
    uint64_t from = 0;
    for (size_t i = 0; i < method->transition_count; i++) {
        if (applies(&method->transitions[i], object, role)) { from |= method->transitions[i].from; }
    }
    return from;
}

bool pv_method_moves(const pv_method_info *method, const pv_object_info *object, unsigned role,
                     int from, int to)
{
    for (size_t i = 0; i < method->transition_count; i++) {
        const pv_transition *transition = &method->transitions[i];
        bool starts = from == 0 ? transition->from == 0 : (transition->from & bit(from)) != 0;
        bool ends = to == 0 ? transition->to == 0 : (transition->to & bit(to)) != 0;
        if (applies(transition, object, role) && starts && ends) { return true; }
    }
    return false;
}

uint64_t pv_method_parties(const pv_method_info *method, const pv_object_info *object)
{
    uint64_t roles = 0;
    for (size_t i = 0; i < method->transition_count; i++) {
        if (method->transitions[i].object != object || method->transitions[i].from == 0) {
            continue;
        }
        if (method->transitions[i].roles == 0) { return 0; }
        roles |= method->transitions[i].roles;
    }
    return roles;
}
