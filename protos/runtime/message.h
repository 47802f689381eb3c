/* message.h — messages without knowing their type: bytes to message and back, reading fields by
 * descriptor, copies, comparison, field masks. All memory comes from an arena; nothing is ever
 * freed alone. Threads: any; an arena has one user at a time. */
#ifndef PV_PROTOS_RUNTIME_MESSAGE_H
#define PV_PROTOS_RUNTIME_MESSAGE_H

#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- bytes --- */

/* Bytes of a peer: the wire check, then unpacking into `arena`. `ret_message` is NULL when refused.
 * Reasons: those of pv_wire_check, ARENA_EXHAUSTED. */
PV_MUST_USE pv_status pv_message_decode(const pv_message_info *info, pv_view bytes, pv_arena *arena,
                                        pv_error *error, ProtobufCMessage **ret_message);

/* Bytes that this program packed itself. False at the arena's ceiling or when they are no such
 * message; `ret_message` is then NULL. */
PV_MUST_USE bool pv_message_unpack(const pv_message_info *info, pv_view bytes, pv_arena *arena,
                                   ProtobufCMessage **ret_message);

/* The packed message, in the arena. False at the arena's ceiling. */
PV_MUST_USE bool pv_message_encode(const ProtobufCMessage *message, pv_arena *arena,
                                   pv_view *ret_bytes);

/* An empty message of the type; NULL at the arena's ceiling. */
ProtobufCMessage *pv_message_new(const pv_message_info *info, pv_arena *arena);

/* A copy that shares nothing with the original, unknown fields included; NULL at the ceiling. */
ProtobufCMessage *pv_message_copy(const ProtobufCMessage *message, pv_arena *arena);

/* True when both pack to the same bytes. `scratch` holds the packings. False too at its ceiling. */
bool pv_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, pv_arena *scratch);

/* --- fields by descriptor --- */

typedef ProtobufCFieldDescriptor pv_field;

/* The field's number in descriptor->fields, or -1. */
int pv_field_find(const ProtobufCMessageDescriptor *descriptor, pv_view name);

/* True when the field holds something: a set oneof member, a present message, a repeated field with
 * elements, a scalar other than zero, a string or bytes other than empty. */
bool pv_field_is_set(const ProtobufCMessage *message, const pv_field *field);

/* Where the field's value is: the member of a singular field, the first element of a repeated
 * one. */
const void *pv_field_data(const ProtobufCMessage *message, const pv_field *field);

/* Number of elements of a repeated field; 1 or 0 of any other, as pv_field_is_set. */
size_t pv_field_count(const ProtobufCMessage *message, const pv_field *field);

/* Size in memory of one element or value of the field's type. */
size_t pv_field_value_size(const pv_field *field);

/* Value of a singular string field ("" when unset, also for an unset oneof member). */
const char *pv_field_string(const ProtobufCMessage *message, const pv_field *field);

/* Message of a singular message field; NULL when unset. */
const ProtobufCMessage *pv_field_message(const ProtobufCMessage *message, const pv_field *field);

/* Element of a repeated string or message field; `index` is below pv_field_count. */
const char *pv_field_string_at(const ProtobufCMessage *message, const pv_field *field,
                               size_t index);
const ProtobufCMessage *pv_field_message_at(const ProtobufCMessage *message, const pv_field *field,
                                            size_t index);

/* Any singular integer, bool or enum as 64 bits (unsigned 64-bit values wrap); 0 when unset. */
int64_t pv_field_integer(const ProtobufCMessage *message, const pv_field *field);

/* One value of an integer, bool or enum field as 64 bits. */
int64_t pv_value_integer(const pv_field *field, const void *value);

/* Sets a singular string field; `text` must live as long as the message. */
void pv_field_set_string(ProtobufCMessage *message, const pv_field *field, char *text);

/* Sets a singular integer, bool or enum field; the value must fit it. */
void pv_field_set_integer(ProtobufCMessage *message, const pv_field *field, int64_t value);

/* Sets a singular message field; `value` must live as long as the message. */
void pv_field_set_message(ProtobufCMessage *message, const pv_field *field,
                          ProtobufCMessage *value);

/* Says that a singular field is set and gives the place of its value, for the caller to fill. */
void *pv_field_place(ProtobufCMessage *message, const pv_field *field);

/* Sets a repeated field; `elements` must live as long as the message. */
void pv_field_set_elements(ProtobufCMessage *message, const pv_field *field, void *elements,
                           size_t count);

/* Empties a field of any kind. */
void pv_field_clear(ProtobufCMessage *message, const pv_field *field);

/* Takes the field over from `source`, a message of the same type; the memory is shared. */
void pv_field_assign(ProtobufCMessage *target, const ProtobufCMessage *source,
                     const pv_field *field);

/* --- field masks --- */

/* Copies from `source` to `target` what the mask names: paths of field names joined by '.',
 * through singular messages only; a path to a repeated field or a map replaces it whole. Without
 * a path all fields are taken that are set in `source` and that a client may change. Values are
 * shared with `source`; messages of `target` on the way are replaced by copies in `arena`, so
 * `target` may share them with others. Refused, all paths checked before anything is copied: a
 * path that names no field, goes on behind a repeated field, names an OUTPUT_ONLY or IMMUTABLE
 * field (the latter only if the value differs), or comes twice; "*" too, because a client built
 * before a new field would wipe it. Violations carry `mask_name` ("update_mask") with the path.
 * Reasons: INVALID_FIELD, ARENA_EXHAUSTED. */
PV_MUST_USE pv_status pv_mask_apply(const pv_message_info *info, char *const *paths,
                                    size_t path_count, const char *mask_name,
                                    const ProtobufCMessage *source, pv_arena *arena,
                                    pv_error *error, ProtobufCMessage *target);

#ifdef __cplusplus
}
#endif
#endif
