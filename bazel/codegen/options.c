#include "bazel/codegen/options.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Name of each extension in rules.proto and the number of the field `options` of what it extends, in
 * descriptor.proto. */
static const struct {
    const char *name;
    int32_t target;
} extensions[] = {
    {"file", 8}, {"method", 4}, {"object", 7}, {"field", 8}, {"enumeration", 3}, {"value", 3},
};

static int line_of(const gen_element *element, int32_t tag)
{
    return gen_option_line(&element->place, extensions[tag - GEN_OPTION_FILE].target, tag);
}

void gen_refuse(gen_model *model, const gen_element *element, int32_t tag, const char *format, ...)
{
    if (!element->place.file->generate) { return; }
    char sentence[2048];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (size < 0) { abort(); }
    gen_report_at(model, element, line_of(element, tag), "%s", sentence);
}

/* The bytes of a length-delimited record; protobuf-c keeps the length in front of them. */
static const uint8_t *content(const ProtobufCMessageUnknownField *record, size_t *ret_size)
{
    size_t prefix = 0;
    while (prefix < record->len && (record->data[prefix] & 0x80) != 0) { prefix++; }
    prefix++;
    *ret_size = prefix > record->len ? 0 : record->len - prefix;
    return record->data + prefix;
}

/* The option `tag` of an element as a message; NULL when it has none or a bad one. */
static ProtobufCMessage *read_option(gen_model *model, const gen_element *element, int32_t tag,
                                     const ProtobufCMessage *options,
                                     const ProtobufCMessageDescriptor *type)
{
    const ProtobufCMessageUnknownField *found = NULL;
    size_t count = 0;
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        if (options->unknown_fields[i].tag != (uint32_t)tag) { continue; }
        found = &options->unknown_fields[i];
        count++;
    }
    if (found == NULL) { return NULL; }
    const char *name = extensions[tag - GEN_OPTION_FILE].name;
    if (count > 1) {
        gen_refuse(
            model, element, tag,
            "option (purvey.rules.v1.%s) is written in %zu pieces; write it once, as { ... }", name,
            count);
        return NULL;
    }
    ProtobufCMessage *message = NULL;
    if (found->wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED) {
        size_t size;
        const uint8_t *bytes = content(found, &size);
        message = protobuf_c_message_unpack(type, NULL, size, bytes);
    }
    if (message == NULL) {
        gen_refuse(model, element, tag, "option (purvey.rules.v1.%s) cannot be read", name);
    }
    return message;
}

#define READ(model, element, tag, options, name)                                          \
    (Purvey__Rules__V1__##name *)read_option((model), (element), (tag),                   \
                                             (options) == NULL ? NULL : &(options)->base, \
                                             &DESCRIPTOR_##name)
#define DESCRIPTOR_FileRule purvey__rules__v1__file_rule__descriptor
#define DESCRIPTOR_MethodRule purvey__rules__v1__method_rule__descriptor
#define DESCRIPTOR_ObjectRule purvey__rules__v1__object_rule__descriptor
#define DESCRIPTOR_FieldRule purvey__rules__v1__field_rule__descriptor
#define DESCRIPTOR_EnumRule purvey__rules__v1__enum_rule__descriptor
#define DESCRIPTOR_ValueRule purvey__rules__v1__value_rule__descriptor

static void read_message(gen_model *model, gen_message *message)
{
    message->rule =
        READ(model, &message->element, GEN_OPTION_OBJECT, message->proto->options, ObjectRule);
    for (size_t i = 0; i < message->fields.count; i++) {
        gen_field *field = gen_field_at(message, i);
        field->rule =
            READ(model, &field->element, GEN_OPTION_FIELD, field->proto->options, FieldRule);
    }
}

static void read_enum(gen_model *model, gen_enum *enumeration)
{
    const Purvey__Rules__V1__EnumRule *rule =
        READ(model, &enumeration->element, GEN_OPTION_ENUM, enumeration->proto->options, EnumRule);
    if (rule != NULL) { enumeration->vocabulary = rule->vocabulary; }
    for (size_t i = 0; i < enumeration->values.count; i++) {
        gen_value *value = enumeration->values.items[i];
        value->rule =
            READ(model, &value->element, GEN_OPTION_VALUE, value->proto->options, ValueRule);
    }
}

static void check_prefix(gen_model *model, const gen_file *file)
{
    const char *prefix = file->rule->c_prefix;
    bool good = islower((unsigned char)*prefix) != 0;
    for (const char *at = prefix; *at != '\0'; at++) {
        good = good && (islower((unsigned char)*at) || isdigit((unsigned char)*at) || *at == '_');
    }
    if (good) { return; }
    gen_refuse(model, &file->element, GEN_OPTION_FILE,
               "c_prefix \"%s\" must begin with a lower case letter and go on in lower case "
               "letters, digits or '_'",
               prefix);
}

void gen_read_options(gen_model *model)
{
    for (size_t i = 0; i < model->files.count; i++) {
        gen_file *file = model->files.items[i];
        file->rule = READ(model, &file->element, GEN_OPTION_FILE, file->proto->options, FileRule);
        if (file->rule != NULL) { check_prefix(model, file); }
        for (size_t j = 0; j < file->messages.count; j++) {
            read_message(model, file->messages.items[j]);
        }
        for (size_t j = 0; j < file->enums.count; j++) { read_enum(model, file->enums.items[j]); }
        for (size_t j = 0; j < file->services.count; j++) {
            const gen_service *service = file->services.items[j];
            for (size_t k = 0; k < service->methods.count; k++) {
                gen_method *method = service->methods.items[k];
                method->rule = READ(model, &method->element, GEN_OPTION_METHOD,
                                    method->proto->options, MethodRule);
            }
        }
        gen_name_file(file);
    }
}
