#include "server/flows/reflect.h"

const char *pv_text_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field == NULL ? "" : pv_member_text(message, field);
}

bool pv_flag_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (field == NULL) { return false; }
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_BOOL);
    return *(const protobuf_c_boolean *)pv_member(message, field) != 0;
}

int32_t pv_number_of(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    if (field == NULL) { return 0; }
    PV_ASSERT(field->type == PROTOBUF_C_TYPE_INT32);
    return *(const int32_t *)pv_member(message, field);
}
