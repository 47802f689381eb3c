/* wire.h — the check that runs over a peer's bytes before protobuf-c sees them. protobuf-c recurses
 * without bound, checks no UTF-8, cuts strings at a NUL, merges what comes twice and passes any
 * number for an enum; what this check lets through is exactly one message of its type, of bounded
 * size and depth, with text that is text.
 *
 * Refused: a truncated field; a varint longer than its type; field number 0 or above 2^29-1; groups
 * and unassigned wire types; a known field with another wire type; a number that does not fit its
 * field; a singular field or a second member of a oneof that comes again; a number that the enum
 * does not have; strings that are not UTF-8 or hold a NUL; more depth, elements, unknown fields or
 * memory to unpack than limits.h permits. Fields that the .proto does not know are skipped by their wire type,
 * within that limit.
 *
 * Not its business: what the fields must hold (fields.h). It allocates nothing when all is well. */
#ifndef PV_PROTOS_RUNTIME_WIRE_H
#define PV_PROTOS_RUNTIME_WIRE_H

#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks `bytes` as one message of the type. The first fault ends the check and is told as one
 * field violation, with the path of the field: "items[3].name", "not valid UTF-8 at byte 5 of
 * the value". Reasons: MALFORMED_MESSAGE; MESSAGE_TOO_LARGE for too many elements or too
 * much memory. Threads: any. */
PV_MUST_USE pv_status pv_wire_check(const pv_message_info *info, pv_view bytes, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
