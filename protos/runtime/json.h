/* json.h — messages as JSON and back, by descriptor, as proto3's JSON mapping says, for the command
 * line and for tests; the server neither reads nor writes JSON.
 *
 * Written: the field names of the .proto or, with `json_names`, in lowerCamelCase; 64-bit integers
 * as strings; bytes as base64; enums by name; Timestamp and Duration as text, FieldMask as one
 * text, wrappers as their value, Any with "@type". Read: all of that, with names of both kinds,
 * numbers for strings and strings for numbers, enum numbers, enum names without the enum's own
 * prefix, base64url; null for what is not set; a text or a whole number for a message whose only
 * field is a decimal (purvey.common.v1.Decimal). Differences to the mapping: fields that are not
 * known or come twice are refused; google.protobuf.Struct, Value and ListValue are not supported.
 *
 * JSON values are those of jansson, with its reference counts. Messages are in the arena given.
 * What is refused is told with the path of the field; texts also with line and column of the
 * value. Reasons: MALFORMED_MESSAGE for what is no JSON; INVALID_FIELD for JSON that is no such
 * message, and for a message that JSON cannot say; ARENA_EXHAUSTED. Threads: any. */
#ifndef PV_PROTOS_RUNTIME_JSON_H
#define PV_PROTOS_RUNTIME_JSON_H

#include "base/error.h"
#include "protos/runtime/rules.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_json_options {
    unsigned indent; /* spaces for each level; 0: all on one line */
    bool defaults;   /* also write fields that hold their default: zero, "", [], {} */
    bool json_names; /* write fields' names in lowerCamelCase, or as their option json_name says */
    bool redact;     /* write "(hidden)" for fields that are SENSITIVE */
    /* Files whose messages an Any may hold; their imports count too. */
    const pv_file_info *const *files;
    size_t file_count;
} pv_json_options;

/* The message as a JSON value, which the caller owns (json_decref). `options` may be NULL. */
PV_MUST_USE pv_status pv_json_of_message(const pv_message_info *info,
                                         const ProtobufCMessage *message,
                                         const pv_json_options *options, pv_error *error,
                                         json_t **ret_value);

/* The message that a JSON value is; the value is borrowed. `options` may be NULL. */
PV_MUST_USE pv_status pv_json_to_message(const pv_message_info *info, json_t *value,
                                         const pv_json_options *options, pv_arena *arena,
                                         pv_error *error, ProtobufCMessage **ret_message);

/* The message as text in the arena, NUL-ended, without a line end behind it. */
PV_MUST_USE pv_status pv_json_write(const pv_message_info *info, const ProtobufCMessage *message,
                                    const pv_json_options *options, pv_arena *arena,
                                    pv_error *error, pv_view *ret_text);

/* Reads a text that is one message and nothing else. Errors begin `line 3, column 12: `. */
PV_MUST_USE pv_status pv_json_read(const pv_message_info *info, pv_view text,
                                   const pv_json_options *options, pv_arena *arena, pv_error *error,
                                   ProtobufCMessage **ret_message);

/* Reads the next message of a text that holds any number of them behind each other (JSON lines
 * too). `*position` is where to go on, 0 at first. `ret_message` is NULL at the end of the text. */
PV_MUST_USE pv_status pv_json_read_next(const pv_message_info *info, pv_view text,
                                        const pv_json_options *options, pv_arena *arena,
                                        pv_error *error, size_t *position,
                                        ProtobufCMessage **ret_message);

#ifdef __cplusplus
}
#endif
#endif
