/* The C names of everything in a file, once its prefix is known. */
#include "bazel/codegen/model.h"
#include "bazel/codegen/names.h"

#include <string.h>

/* "pv" and "Outer.Inner" give "pv_outer_inner". */
static const char *short_name(const gen_file *file, const char *label)
{
    const char *name = gen_snake(label);
    return *file->prefix == '\0' ? name : gen_format("%s_%s", file->prefix, name);
}

static void name_enum(const gen_file *file, gen_enum *enumeration)
{
    const char *full_name = enumeration->element.full_name;
    enumeration->c_type = gen_c_type(full_name);
    enumeration->c_lower = gen_c_lower(full_name);
    enumeration->c_upper = gen_c_upper(full_name);
    enumeration->short_name = short_name(file, enumeration->element.label);
    /* Values of a nested enum are names inside its message only. */
    const char *scope =
        enumeration->parent == NULL ? file->prefix : enumeration->parent->short_name;
    for (size_t i = 0; i < enumeration->values.count; i++) {
        gen_value *value = enumeration->values.items[i];
        const char *dash = *scope == '\0' ? "" : "_";
        value->macro = gen_format("%s%s%s", gen_upper(scope), dash, value->proto->name);
        value->symbol = gen_lower(value->macro);
    }
}

static void name_service(const gen_file *file, gen_service *service)
{
    const char *name = service->proto->name;
    service->short_name = short_name(file, name);
    size_t size = strlen(name);
    bool suffixed = gen_ends_with(name, "Service") && size > strlen("Service");
    const char *client =
        short_name(file, gen_copy(name, suffixed ? size - strlen("Service") : size));
    for (size_t i = 0; i < service->methods.count; i++) {
        gen_method *method = service->methods.items[i];
        const char *verb = gen_snake(method->proto->name);
        method->short_name = gen_format("%s_%s", service->short_name, verb);
        method->stub_name = gen_format("%s_client_%s", client, verb);
    }
}

void gen_name_file(gen_file *file)
{
    bool said = file->rule != NULL && *file->rule->c_prefix != '\0';
    file->prefix = said ? file->rule->c_prefix : gen_lower(gen_symbol(file->package));
    for (size_t i = 0; i < file->messages.count; i++) {
        gen_message *message = file->messages.items[i];
        message->c_type = gen_c_type(message->element.full_name);
        message->c_lower = gen_c_lower(message->element.full_name);
        message->c_upper = gen_c_upper(message->element.full_name);
        message->short_name = short_name(file, message->element.label);
    }
    for (size_t i = 0; i < file->enums.count; i++) { name_enum(file, file->enums.items[i]); }
    for (size_t i = 0; i < file->services.count; i++) {
        name_service(file, file->services.items[i]);
    }
}
