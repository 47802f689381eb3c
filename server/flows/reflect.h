/* reflect.h — reading and setting fields of a message through its descriptor, for what the flow library does
 * for every object alike. */
#ifndef PV_SERVER_FLOWS_REFLECT_H
#define PV_SERVER_FLOWS_REFLECT_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Address of the field's value in the message. */
static inline void *pv_member(const void *message, const ProtobufCFieldDescriptor *field)
{
    return (char *)(uintptr_t)message + field->offset;
}

/* Text of a string field, "" if unset. The field must be a singular string. */
static inline const char *pv_member_text(const void *message, const ProtobufCFieldDescriptor *field)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED);
    const char *text = *(char *const *)pv_member(message, field);
    return text == NULL ? "" : text;
}

/* The number of an enum field. */
static inline int pv_member_enum(const void *message, const ProtobufCFieldDescriptor *field)
{
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_ENUM && field->label != PROTOBUF_C_LABEL_REPEATED);
    return *(const int *)pv_member(message, field);
}

/* The named string field's text, "" if the message has no such field. */
const char *pv_text_of(const ProtobufCMessage *message, const char *name);

/* The named bool field, false if the message has no such field. */
bool pv_flag_of(const ProtobufCMessage *message, const char *name);

/* The named int32 field, 0 if the message has no such field. */
int32_t pv_number_of(const ProtobufCMessage *message, const char *name);

#ifdef __cplusplus
}
#endif
#endif
