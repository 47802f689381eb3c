/* fields.h — the rules that the .proto gives for fields (purvey.rules.v1.FieldRule), checked over a
 * message that is unpacked. Business rules that need more than one message are not its business.
 *
 * All violations are collected, up to the bound of pv_error, so that a client can mend them in
 * one go. Output-only fields are skipped with all below them: what a client puts there is
 * ignored. Timestamps must lie in the years that this program's clock can name (1970 to 2261)
 * and durations be well-formed, with a rule or without, and map keys must differ, because code
 * behind the check relies on it. */
#ifndef PV_PROTOS_RUNTIME_FIELDS_H
#define PV_PROTOS_RUNTIME_FIELDS_H

#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks a request; `error` has no reason yet. A singular field outside a oneof that holds zero
 * or nothing counts as not set: only REQUIRED looks at it. Elements of lists and members of
 * oneofs that are there are always set. Keys of maps are 1 to PV_MAP_KEY_MAX characters.
 * Violations are named by path: "items[3].quantity", "annotations[\"color\"]". Values of
 * SENSITIVE fields are not repeated. Reasons: INVALID_FIELD; ARENA_EXHAUSTED if the error's
 * arena has no room to compare elements. Threads: any. */
PV_MUST_USE pv_status pv_fields_check(const pv_message_info *info, const ProtobufCMessage *message,
                                      pv_error *error);

/* True when the text has the form. Empty text has none but PV_PATTERN_NONE. Used by the check,
 * the command line and flows that take texts from elsewhere than a field with a rule. */
bool pv_pattern_matches(pv_pattern pattern, pv_view text);

/* What the form asks for, to be put behind "must be": "three upper case letters (ISO 4217)". */
const char *pv_pattern_text(pv_pattern pattern);

#ifdef __cplusplus
}
#endif
#endif
