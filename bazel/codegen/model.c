#include "bazel/codegen/model.h"

#include "bazel/codegen/names.h"

#include <stdlib.h>
#include <string.h>

/* Field numbers of descriptor.proto, from which places are made. */
enum {
    FILE_PACKAGE = 2,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    ENUM_VALUE = 2,
    SERVICE_METHOD = 2
};

static gen_place place_of(const gen_place *parent, int32_t field, size_t index)
{
    gen_place place = *parent;
    if (place.depth + 2 <= GEN_PATH_MAX) {
        place.path[place.depth++] = field;
        place.path[place.depth++] = (int32_t)index;
    }
    return place;
}

static const Google__Protobuf__SourceCodeInfo__Location *locate(const gen_place *place)
{
    const Google__Protobuf__SourceCodeInfo *info = place->file->proto->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];
        if (location->n_path == place->depth &&
            (place->depth == 0 ||
             memcmp(location->path, place->path, place->depth * sizeof *place->path) == 0)) {
            return location;
        }
    }
    return NULL;
}

int gen_line(const gen_place *place)
{
    const Google__Protobuf__SourceCodeInfo__Location *location = locate(place);
    return location == NULL || location->n_span == 0 ? 0 : location->span[0] + 1;
}

int gen_option_line(const gen_place *place, int32_t target, int32_t tag)
{
    gen_place option = place_of(place, target, 0);
    option.path[option.depth - 1] = tag;
    const Google__Protobuf__SourceCodeInfo *info = place->file->proto->source_code_info;
    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Google__Protobuf__SourceCodeInfo__Location *location = info->location[i];
        if (location->n_path >= option.depth && location->n_span > 0 &&
            memcmp(location->path, option.path, option.depth * sizeof *option.path) == 0) {
            return location->span[0] + 1;
        }
    }
    return gen_line(place);
}

/* Lines become paragraphs: one space inside, one line feed between. */
static const char *paragraphs(const char *comment)
{
    gen_text text = {0};
    gen_put(&text, "");
    bool blank = false;
    for (const char *at = comment; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, "\n");
        const char *begin = at + strspn(at, " \t");
        const char *end = at + size;
        while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) { end--; }
        if (begin >= end) {
            blank = true;
        } else {
            if (text.size > 0) { gen_put(&text, blank ? "\n" : " "); }
            gen_put_bytes(&text, begin, (size_t)(end - begin));
            blank = false;
        }
        at += size + (at[size] == '\n');
    }
    return text.data;
}

static gen_element element_of(const gen_place *place, const char *full_name)
{
    const gen_file *file = place->file;
    const Google__Protobuf__SourceCodeInfo__Location *location = locate(place);
    const char *comment = "";
    if (location != NULL) {
        comment = location->leading_comments != NULL ? location->leading_comments
                                                     : location->trailing_comments;
    }
    size_t skip = *file->package == '\0' ? 0 : strlen(file->package) + 1;
    return (gen_element){*place, full_name, full_name + skip, paragraphs(comment)};
}

static const char *join(const char *scope, const char *name)
{
    return *scope == '\0' ? gen_copy(name, strlen(name)) : gen_format("%s.%s", scope, name);
}

static gen_enum *load_enum(gen_model *model, gen_file *file, gen_message *parent,
                           const gen_place *place, const char *scope,
                           const Google__Protobuf__EnumDescriptorProto *proto)
{
    gen_enum *enumeration = gen_alloc(sizeof *enumeration);
    enumeration->proto = proto;
    enumeration->parent = parent;
    enumeration->element = element_of(place, join(scope, proto->name));
    enumeration->prefix = gen_format("%s_", gen_upper(gen_snake(proto->name)));
    for (size_t i = 0; i < proto->n_value; i++) {
        gen_value *value = gen_alloc(sizeof *value);
        gen_place value_place = place_of(place, ENUM_VALUE, i);
        value->proto = proto->value[i];
        value->parent = enumeration;
        value->element =
            element_of(&value_place, join(enumeration->element.full_name, proto->value[i]->name));
        bool prefixed = gen_starts_with(value->proto->name, enumeration->prefix);
        value->word = value->proto->name + (prefixed ? strlen(enumeration->prefix) : 0);
        gen_add(&enumeration->values, value);
    }
    gen_add(&file->enums, enumeration);
    gen_add(&model->enums, enumeration);
    return enumeration;
}

static int compare_numbers(const void *a, const void *b)
{
    const gen_field *const *left = a;
    const gen_field *const *right = b;
    return (*left)->proto->number < (*right)->proto->number ? -1 : 1;
}

static void load_message(gen_model *model, gen_file *file, gen_message *parent,
                         const gen_place *place, const char *scope,
                         const Google__Protobuf__DescriptorProto *proto)
{
    gen_message *message = gen_alloc(sizeof *message);
    message->proto = proto;
    message->parent = parent;
    message->element = element_of(place, join(scope, proto->name));
    const char *full_name = message->element.full_name;
    for (size_t i = 0; i < proto->n_field; i++) {
        gen_field *field = gen_alloc(sizeof *field);
        gen_place field_place = place_of(place, MESSAGE_FIELD, i);
        field->proto = proto->field[i];
        field->parent = message;
        field->element = element_of(&field_place, join(full_name, proto->field[i]->name));
        field->repeated =
            field->proto->label == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED;
        gen_add(&message->fields, field);
    }
    if (message->fields.count > 1) {
        qsort(message->fields.items, message->fields.count, sizeof(void *), compare_numbers);
    }
    gen_add(&file->messages, message);
    gen_add(&model->messages, message);
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        gen_place inner = place_of(place, MESSAGE_ENUM, i);
        load_enum(model, file, message, &inner, full_name, proto->enum_type[i]);
    }
    for (size_t i = 0; i < proto->n_nested_type; i++) {
        gen_place inner = place_of(place, MESSAGE_NESTED, i);
        load_message(model, file, message, &inner, full_name, proto->nested_type[i]);
    }
}

static void load_service(gen_file *file, const gen_place *place,
                         const Google__Protobuf__ServiceDescriptorProto *proto)
{
    gen_service *service = gen_alloc(sizeof *service);
    service->proto = proto;
    service->element = element_of(place, join(file->package, proto->name));
    service->served = true;
    for (size_t i = 0; i < proto->n_method; i++) {
        gen_method *method = gen_alloc(sizeof *method);
        gen_place method_place = place_of(place, SERVICE_METHOD, i);
        method->proto = proto->method[i];
        method->parent = service;
        method->element =
            element_of(&method_place, join(service->element.full_name, proto->method[i]->name));
        gen_add(&service->methods, method);
    }
    gen_add(&file->services, service);
}

static gen_file *load_file(gen_model *model, const Google__Protobuf__FileDescriptorProto *proto)
{
    gen_file *file = gen_alloc(sizeof *file);
    file->proto = proto;
    file->package = proto->package == NULL ? "" : proto->package;
    file->stem = gen_stem(proto->name);
    file->symbol = gen_format("pv_file__%s", gen_symbol(file->stem));
    gen_place place = {.file = file};
    gen_place package_place = {.file = file, .path = {FILE_PACKAGE}, .depth = 1};
    file->element = (gen_element){place, proto->name, "file", ""};
    const Google__Protobuf__SourceCodeInfo__Location *location = locate(&package_place);
    if (location != NULL) { file->element.comment = paragraphs(location->leading_comments); }
    for (size_t i = 0; i < proto->n_enum_type; i++) {
        gen_place inner = place_of(&place, FILE_ENUM, i);
        load_enum(model, file, NULL, &inner, file->package, proto->enum_type[i]);
    }
    for (size_t i = 0; i < proto->n_message_type; i++) {
        gen_place inner = place_of(&place, FILE_MESSAGE, i);
        load_message(model, file, NULL, &inner, file->package, proto->message_type[i]);
    }
    for (size_t i = 0; i < proto->n_service; i++) {
        gen_place inner = place_of(&place, FILE_SERVICE, i);
        load_service(file, &inner, proto->service[i]);
    }
    return file;
}

static void link_fields(const gen_model *model, const gen_message *message)
{
    for (size_t i = 0; i < message->fields.count; i++) {
        gen_field *field = gen_field_at(message, i);
        if (field->proto->type_name == NULL) { continue; }
        field->message = gen_find_message(model, field->proto->type_name);
        field->enumeration = gen_find_enum(model, field->proto->type_name);
        const gen_message *type = field->message;
        field->is_map = type != NULL && type->proto->options != NULL &&
                        type->proto->options->has_map_entry && type->proto->options->map_entry;
    }
}

static bool reaches(const gen_message *from, const gen_message *target, gen_list *seen)
{
    for (size_t i = 0; i < from->fields.count; i++) {
        const gen_message *next = gen_field_at(from, i)->message;
        if (next == NULL) { continue; }
        if (next == target) { return true; }
        bool known = false;
        for (size_t j = 0; j < seen->count && !known; j++) { known = seen->items[j] == next; }
        if (known) { continue; }
        gen_add(seen, next);
        if (reaches(next, target, seen)) { return true; }
    }
    return false;
}

void gen_model_load(gen_model *model, Google__Protobuf__FileDescriptorProto *const *files,
                    size_t count, bool (*generate)(const char *name, const void *context),
                    const void *context)
{
    for (size_t i = 0; i < count; i++) {
        gen_file *file = load_file(model, files[i]);
        file->generate = generate(files[i]->name, context);
        gen_add(&model->files, file);
    }
    for (size_t i = 0; i < model->messages.count; i++) {
        link_fields(model, model->messages.items[i]);
    }
    for (size_t i = 0; i < model->messages.count; i++) {
        gen_message *message = model->messages.items[i];
        gen_list seen = {0};
        message->recursive = reaches(message, message, &seen);
    }
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        for (size_t j = 0; j < file->services.count; j++) {
            const gen_service *service = file->services.items[j];
            for (size_t k = 0; k < service->methods.count; k++) {
                gen_method *method = service->methods.items[k];
                method->request = gen_find_message(model, method->proto->input_type);
                method->response = gen_find_message(model, method->proto->output_type);
            }
        }
    }
}

gen_message *gen_find_message(const gen_model *model, const char *full_name)
{
    full_name += *full_name == '.';
    for (size_t i = 0; i < model->messages.count; i++) {
        gen_message *message = model->messages.items[i];
        if (gen_equal(message->element.full_name, full_name)) { return message; }
    }
    return NULL;
}

gen_enum *gen_find_enum(const gen_model *model, const char *full_name)
{
    full_name += *full_name == '.';
    for (size_t i = 0; i < model->enums.count; i++) {
        gen_enum *enumeration = model->enums.items[i];
        if (gen_equal(enumeration->element.full_name, full_name)) { return enumeration; }
    }
    return NULL;
}

gen_file *gen_find_file(const gen_model *model, const char *name)
{
    for (size_t i = 0; i < model->files.count; i++) {
        gen_file *file = model->files.items[i];
        if (gen_equal(file->proto->name, name)) { return file; }
    }
    return NULL;
}

int gen_find_field(const gen_message *message, const char *name)
{
    for (size_t i = 0; i < message->fields.count; i++) {
        if (gen_equal(gen_field_at(message, i)->proto->name, name)) { return (int)i; }
    }
    return -1;
}

gen_field *gen_field_at(const gen_message *message, size_t index)
{
    return message->fields.items[index];
}

gen_value *gen_find_word(const gen_enum *enumeration, const char *word)
{
    for (size_t i = 0; i < enumeration->values.count; i++) {
        gen_value *value = enumeration->values.items[i];
        if (gen_equal(value->word, word)) { return value; }
    }
    return NULL;
}

gen_value *gen_find_number(const gen_enum *enumeration, int32_t number)
{
    for (size_t i = 0; i < enumeration->values.count; i++) {
        gen_value *value = enumeration->values.items[i];
        if (value->proto->number == number) { return value; }
    }
    return NULL;
}
