#include "server/flows/reflect.h"

const pv_field *pv_field_named(const ProtobufCMessage *message, const char *name)
{
    int index = pv_field_find(message->descriptor, pv_view_text(name));
    return index < 0 ? NULL : &message->descriptor->fields[index];
}

const char *pv_text_of(const ProtobufCMessage *message, const char *name)
{
    const pv_field *field = pv_field_named(message, name);
    return field == NULL ? "" : pv_field_string(message, field);
}

int64_t pv_number_of(const ProtobufCMessage *message, const char *name)
{
    const pv_field *field = pv_field_named(message, name);
    return field == NULL ? 0 : pv_field_integer(message, field);
}
