/* json.h — messages as JSON and back, by descriptor, as proto3's JSON mapping says, for the command line
 * and for tests; the server neither reads nor writes JSON.
 *
 * Written: the field names of the .proto; 64-bit integers as strings; bytes as base64; enums by name;
 * Timestamp and Duration as text, FieldMask as one text, wrappers as their value, Any with "@type".
 * Read: all of that, and names in lowerCamelCase, numbers for strings and strings for numbers, enum
 * numbers, enum names without the enum's own prefix, base64url; null for what is not set; a text or a
 * number for a message whose only field is a decimal (purvey.common.v1.Decimal), taken digit by digit.
 * Differences to the mapping: times lie in the years 1970 to 2261; fields that are not known or come
 * twice are refused; google.protobuf.Struct, Value and ListValue are not supported.
 *
 * Memory: everything is in the arena given. Threads: any. */
#ifndef PV_PROTOS_RUNTIME_JSON_H
#define PV_PROTOS_RUNTIME_JSON_H

#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_json_options {
    unsigned indent; /* spaces for each level; 0: all on one line */
    bool defaults;   /* also write fields that hold their default: zero, "", [], {} */
    bool redact;     /* write "(hidden)" for fields that are SENSITIVE */
    /* Files whose messages an Any may hold; their imports count too. */
    const pv_file_info *const *files;
    size_t file_count;
} pv_json_options;

/* Writes one message without a line end behind it. `options` may be NULL. Reasons: INVALID_FIELD for what
 * JSON cannot say (a time out of range, an Any of an unknown type), with the path; ARENA_EXHAUSTED. */
PV_MUST_USE pv_status pv_json_write(const pv_message_info *info, const ProtobufCMessage *message,
                                    const pv_json_options *options, pv_arena *arena, pv_error *error,
                                    pv_view *ret_text);

/* Reads a text that is one message and nothing else. Errors name line, column and the path of the field:
 * `line 3, column 12: items[0].quantity: ...`. Reasons: MALFORMED_MESSAGE for what is no JSON;
 * INVALID_FIELD for JSON that is no such message; ARENA_EXHAUSTED. */
PV_MUST_USE pv_status pv_json_read(const pv_message_info *info, pv_view text, const pv_json_options *options,
                                   pv_arena *arena, pv_error *error, ProtobufCMessage **ret_message);

/* Reads the next message of a text that holds any number of them behind each other (JSON lines too).
 * `*position` is where to go on, 0 at first. `ret_message` is NULL at the end of the text. */
PV_MUST_USE pv_status pv_json_read_next(const pv_message_info *info, pv_view text,
                                        const pv_json_options *options, pv_arena *arena, pv_error *error,
                                        size_t *position, ProtobufCMessage **ret_message);

#ifdef __cplusplus
}
#endif
#endif
