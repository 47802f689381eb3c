/* filter.h — reads the `filter` of a List: a subset of AIP-160.
 *
 *   filter    = condition { "AND" condition }
 *   condition = field ( "=" | "<" | "<=" | ">" | ">=" ) value
 *   value     = a word of letters, digits and _ . : - + , or text in double quotes with \" and \\
 *
 * A field is one that an index of the object holds; enum values are named with or without the prefix of
 * their enum, times are RFC 3339. OR, NOT and parentheses are refused with a sentence, not ignored. */
#ifndef PV_SERVER_FLOWS_FILTER_H
#define PV_SERVER_FLOWS_FILTER_H

#include "protos/runtime/call.h"
#include "storage/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the conditions of `filter` to `conditions` (room for PV_QUERY_CONDITIONS_MAX, *count of them
 * taken). Texts live in call->arena. Refuses with FILTER_INVALID or FILTER_FIELD_NOT_INDEXED. */
PV_MUST_USE pv_status pv_filter_parse(pv_call *call, const pv_object_info *object,
                                      const char *filter, pv_condition *conditions, size_t *count);

/* Reads `order_by` into the query, whose conditions are set: empty (the order of whatever index serves best), or
 * "id", "create_time" or the one field that the filter bounds, each with an optional " desc". Refuses with
 * FILTER_FIELD_NOT_INDEXED. */
PV_MUST_USE pv_status pv_order_parse(pv_call *call, const pv_object_info *object,
                                     const char *order_by, pv_query *query);

#ifdef __cplusplus
}
#endif
#endif
