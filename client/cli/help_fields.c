#include "client/cli/help_fields.h"

#include "client/cli/help_text.h"
#include "protos/runtime/value.h"

enum { DEPTH_MAX = 4 };

const char *pv_help_flag_name(pv_arena *arena, const char *prefix,
                              const ProtobufCFieldDescriptor *field)
{
    char *name =
        pv_arena_printf(arena, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", field->name);
    for (char *at = name; at != NULL && *at != '\0'; at++) {
        if (*at == '_') { *at = '-'; }
    }
    return name;
}

static bool is_type(const ProtobufCFieldDescriptor *field, const char *name)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE &&
           strcmp(((const ProtobufCMessageDescriptor *)field->descriptor)->name, name) == 0;
}

static const char *enum_value(pv_arena *arena, const ProtobufCEnumDescriptor *descriptor)
{
    size_t prefix = pv_value_enum_prefix(descriptor);
    pv_buffer text = pv_buffer_of(arena);
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        if (descriptor->values[i].value == 0) { continue; }
        pv_buffer_printf(&text, "%s%s", text.size == 0 ? "" : "|",
                         descriptor->values[i].name + prefix);
    }
    pv_buffer_append(&text, pv_view_of("", 1));
    return text.overflow ? "NAME" : (const char *)text.data;
}

/* A message that is written as one value. */
static const char *message_value(const ProtobufCFieldDescriptor *field)
{
    const ProtobufCMessageDescriptor *descriptor = field->descriptor;
    if (is_type(field, "google.protobuf.Timestamp")) { return "TIME"; }
    if (is_type(field, "google.protobuf.Duration")) { return "SECONDS"; }
    if (is_type(field, "google.protobuf.FieldMask")) { return "FIELD,..."; }
    if (descriptor->n_fields == 1 && strcmp(descriptor->fields[0].name, "value") == 0) {
        return "NUMBER";
    }
    if (descriptor->n_fields == 2 && strcmp(descriptor->fields[0].name, "currency") == 0 &&
        strcmp(descriptor->fields[1].name, "amount") == 0) {
        return "\"CURRENCY AMOUNT\"";
    }
    return NULL;
}

/* What the value of the flag is called; "" for a switch. */
static const char *value_name(pv_arena *arena, const ProtobufCFieldDescriptor *field,
                              const pv_field_info *info)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL: return field->label == PROTOBUF_C_LABEL_REPEATED ? "true|false" : "";
    case PROTOBUF_C_TYPE_ENUM: return enum_value(arena, field->descriptor);
    case PROTOBUF_C_TYPE_BYTES: return "BASE64|@FILE";
    case PROTOBUF_C_TYPE_STRING:
        if (info->rule != NULL && info->rule->id_prefix != NULL) {
            const char *name = pv_arena_printf(arena, "%s_...", info->rule->id_prefix);
            return name == NULL ? "ID" : name;
        }
        return "TEXT";
    case PROTOBUF_C_TYPE_MESSAGE: {
        const char *name = message_value(field);
        return name != NULL ? name : "NAME=VALUE,...";
    }
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE: return "N";
    }
    return "VALUE";
}

/* What the program fills in by itself need not be marked. */
static bool is_added(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "request_id") == 0;
}

static const char *marks(const ProtobufCFieldDescriptor *field, const pv_field_info *info)
{
    bool required =
        info->rule != NULL && (info->rule->flags & PV_RULE_REQUIRED) != 0 && !is_added(field);
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (required && repeated) { return "(required, repeatable)"; }
    if (required) { return "(required)"; }
    return repeated ? "(repeatable)" : "";
}

static const char *comment_of(pv_cli *cli, const ProtobufCFieldDescriptor *field,
                              const pv_field_info *info)
{
    if (is_added(field)) {
        return "Names the request, so that a repetition is safe. Made here if not given.";
    }
    if (strcmp(field->name, "etag") != 0) { return info->comment; }
    const char *text = pv_arena_printf(cli->arena, "%s \"auto\" reads it first.", info->comment);
    return text == NULL ? info->comment : text;
}

static void put_fields(pv_cli *cli, const char *prefix, const pv_message_info *info,
                       const ProtobufCFieldDescriptor *id, unsigned depth);

/* The parts of an element are named without "--": they are written inside its value. */
static void put_parts(pv_cli *cli, const pv_message_info *info)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field_info *part = &info->fields[i];
        const ProtobufCFieldDescriptor *field = &info->descriptor->fields[i];
        if (part->rule != NULL && (part->rule->flags & PV_RULE_OUTPUT_ONLY) != 0) { continue; }
        const char *value = value_name(cli->arena, field, part);
        const char *name = pv_arena_printf(cli->arena, "    %s=%s", field->name,
                                           value[0] == '\0' ? "true|false" : value);
        pv_help_entry(cli->out, name == NULL ? field->name : name, marks(field, part),
                      part->comment);
    }
}

static void put_field(pv_cli *cli, const char *prefix, const ProtobufCFieldDescriptor *field,
                      const pv_field_info *info, bool is_id, unsigned depth)
{
    const char *name = pv_help_flag_name(cli->arena, prefix, field);
    const char *value = value_name(cli->arena, field, info);
    if (name == NULL) { return; }
    bool is_parted = field->type == PROTOBUF_C_TYPE_MESSAGE && info->message != NULL &&
                     message_value(field) == NULL;
    if (is_parted && field->label != PROTOBUF_C_LABEL_REPEATED && depth < DEPTH_MAX) {
        put_fields(cli, name, info->message, NULL, depth + 1);
        return;
    }
    const char *flag =
        is_id ? pv_arena_printf(cli->arena, "ID, --%s %s", name, value)
              : pv_arena_printf(cli->arena, "--%s%s%s", name, value[0] == '\0' ? "" : " ", value);
    pv_help_entry(cli->out, flag == NULL ? name : flag, marks(field, info),
                  comment_of(cli, field, info));
    if (is_parted && !info->is_map) { put_parts(cli, info->message); }
}

static void put_fields(pv_cli *cli, const char *prefix, const pv_message_info *info,
                       const ProtobufCFieldDescriptor *id, unsigned depth)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        const pv_field_info *field = &info->fields[i];
        const ProtobufCFieldDescriptor *descriptor = &info->descriptor->fields[i];
        if (field->rule != NULL && (field->rule->flags & PV_RULE_OUTPUT_ONLY) != 0) { continue; }
        put_field(cli, prefix, descriptor, field, descriptor == id, depth);
    }
}

void pv_help_fields(pv_cli *cli, const pv_message_info *info, const ProtobufCFieldDescriptor *id)
{
    put_fields(cli, "", info, id, 0);
}
