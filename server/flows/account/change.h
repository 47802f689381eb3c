/* change.h — applying an update to an object. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_CHANGE_H
#define PV_SERVER_FLOWS_ACCOUNT_CHANGE_H

#include "server/flows/flow.h"

#include <google/protobuf/field_mask.pb-c.h>

/* Copies to `target` what the mask names of `source`, both messages of the object; with an absent or empty mask
 * what is filled in `source`. UPDATE_MASK_INVALID: a path that is no field, or one that cannot be changed. */
PV_MUST_USE pv_status account_change(pv_call *call, const pv_object_info *object,
                                     const Google__Protobuf__FieldMask *mask,
                                     const ProtobufCMessage *source, ProtobufCMessage *target);

/* Refuses a required text that the change has made empty. */
PV_MUST_USE pv_status account_require_text(pv_call *call, const char *field, const char *text);

#endif
