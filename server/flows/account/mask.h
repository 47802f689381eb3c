/* mask.h — which fields an update changes. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_MASK_H
#define PV_SERVER_FLOWS_ACCOUNT_MASK_H

#include "server/flows/flow.h"

#include <google/protobuf/field_mask.pb-c.h>

/* A field that an update may change. */
typedef struct account_field {
    const char *name;
    bool filled; /* the request holds content for it */
} account_field;

/* Gives a bit for each field to change, bit i for fields[i]: those that the mask names; with an absent or empty
 * mask those that are filled. A path that is none of the fields is UPDATE_MASK_INVALID; so is "*", with which a
 * client that does not know a field would empty it. */
PV_MUST_USE pv_status account_mask(pv_call *call, const Google__Protobuf__FieldMask *mask, const account_field *fields,
                                   size_t count, uint32_t *ret_bits);

/* Refuses the change of a required text to an empty one. */
PV_MUST_USE pv_status account_require_text(pv_call *call, const char *field, const char *text);

#endif
