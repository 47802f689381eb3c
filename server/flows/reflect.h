/* reflect.h — fields that many requests have, by their name: request_id, page_size, filter ... */
#ifndef PV_SERVER_FLOWS_REFLECT_H
#define PV_SERVER_FLOWS_REFLECT_H

#include "protos/runtime/message.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The named field; NULL if the message has none. */
const pv_field *pv_field_named(const ProtobufCMessage *message, const char *name);

/* The named string, "" if the message has no such field. */
const char *pv_text_of(const ProtobufCMessage *message, const char *name);

/* The named bool or integer, 0 if the message has no such field. */
int64_t pv_number_of(const ProtobufCMessage *message, const char *name);

#ifdef __cplusplus
}
#endif
#endif
