/* make.h — what handlers of all areas do alike: make an object, take over the fields of an update, note the time,
 * refuse a field. Messages and texts live in call->arena. */
#ifndef PV_SERVER_FLOWS_MAKE_H
#define PV_SERVER_FLOWS_MAKE_H

#include "server/flows/flow.h"

#include "google/protobuf/field_mask.pv.h"
#include "google/protobuf/timestamp.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An empty object with a fresh id. `ret_message` is a pointer to a typed message pointer. */
PV_MUST_USE pv_status pv_make(pv_call *call, const pv_object_info *object, void *ret_message);

/* A message of any type with its defaults. `ret_message` is a pointer to a typed message pointer. */
PV_MUST_USE pv_status pv_make_part(pv_call *call, const pv_message_info *info, void *ret_message);

/* Takes over from a message, e.g. a request, the fields that the target has under the same name and type, but those
 * that only the server sets. Memory is shared. */
void pv_take(const ProtobufCMessage *source, const pv_message_info *info, ProtobufCMessage *target);

/* Takes over what the mask names, or all that is not empty without one, from `source`, an object that holds the
 * request's fields. UPDATE_MASK_INVALID. */
PV_MUST_USE pv_status pv_change(pv_call *call, const pv_object_info *object,
                                const Google__Protobuf__FieldMask *mask,
                                const ProtobufCMessage *source, ProtobufCMessage *target);

/* The call's time as a message. */
PV_MUST_USE pv_status pv_stamp(pv_call *call, Google__Protobuf__Timestamp **ret_time);

/* Notes a field of the request that is wrong (BadRequest) before refusing; then an element of a list in it. */
void pv_violate_field(pv_call *call, const char *field, const char *text);
void pv_violate_element(pv_call *call, const char *list, size_t index, const char *text);

/* Refuses a field of the request that no field rule could check. */
PV_MUST_USE pv_status pv_refuse_field(pv_call *call, const char *field, const char *text);

/* Refuses an emptied text that the object cannot be without. */
PV_MUST_USE pv_status pv_demand_text(pv_call *call, const char *field, const char *text);

/* Refuses an account other than the caller's own; an empty id names none. */
PV_MUST_USE pv_status pv_demand_own_account(pv_call *call, const char *field,
                                            const char *account_id);

static inline bool pv_is_empty(const char *text)
{
    return *text == '\0';
}

#ifdef __cplusplus
}
#endif
#endif
