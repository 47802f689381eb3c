/* value.h — fields of messages as short text for people: enums without the prefix of their type,
 * times in RFC 3339, decimals and money as numbers. */
#ifndef PV_PROTOS_RUNTIME_VALUE_H
#define PV_PROTOS_RUNTIME_VALUE_H

#include "base/arena.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The field as text in the arena, "" if unset. Elements of a repeated scalar are joined by ", ", of
 * a repeated message counted ("3"); a message of which nothing shorter can be said is "{...}". NULL
 * at the arena's ceiling. */
const char *pv_value_text(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          pv_arena *arena);

/* As pv_value_text, but of messages their parts are told, joined by ":" ("ORDER:ACT"), and of a repeated message each
 * element. NULL at the arena's ceiling. */
const char *pv_value_parts(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                           pv_arena *arena);

/* The message as one text where its type has one (Timestamp, Duration, FieldMask, Decimal, Money);
 * NULL where it has none, or at the ceiling. */
const char *pv_value_message_text(const ProtobufCMessage *message, pv_arena *arena);

/* The name of an enum's value without its prefix, its number if it has none. NULL at the arena's ceiling. */
const char *pv_value_enum_text(const ProtobufCEnumDescriptor *descriptor, int value,
                               pv_arena *arena);

/* Bytes of the prefix that all names of the enum share, up to its last '_': 12 of
 * ORDER_STATE_PENDING. */
size_t pv_value_enum_prefix(const ProtobufCEnumDescriptor *descriptor);

#ifdef __cplusplus
}
#endif
#endif
