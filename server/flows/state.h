/* state.h — states of objects as the generated tables know them: sets as text, and what a method may do. */
#ifndef PV_SERVER_FLOWS_STATE_H
#define PV_SERVER_FLOWS_STATE_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Name of a state without its enum's prefix; "" for 0 and for objects without states. Static. */
const char *pv_state_name(const pv_object_info *object, int state);

/* The object's present state; 0 if it has none. */
int pv_state_of(const pv_object_info *object, const ProtobufCMessage *message);

/* "PENDING, INQUIRING" in the arena. */
const char *pv_state_set_text(const pv_object_info *object, uint64_t states, pv_arena *arena);

/* States from which the method may move the object when done by a party of this role. */
uint64_t pv_method_from(const pv_method_info *method, const pv_object_info *object, unsigned role);

/* Whether the method may move the object from `from` to `to` (0: absent) as a party of this role. */
bool pv_method_moves(const pv_method_info *method, const pv_object_info *object, unsigned role,
                     int from, int to);

/* Roles that may use the method on the object as a party; 0: all that may call it. */
uint64_t pv_method_parties(const pv_method_info *method, const pv_object_info *object);

#ifdef __cplusplus
}
#endif
#endif
