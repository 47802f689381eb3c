/* access.golden.txt: one line for each method, one column for each role. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "protos/runtime/rules.h"

#include <string.h>

static int name_width(const gen_list *services)
{
    size_t width = 0;
    for (size_t i = 0; i < services->count; i++) {
        const gen_service *service = services->items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            const gen_method *method = service->methods.items[j];
            size_t size = strlen(method->element.full_name);
            width = size > width ? size : width;
        }
    }
    return (int)width;
}

static const char *mark(const gen_method *method, int32_t role)
{
    if ((method->flags & PV_METHOD_PUBLIC) != 0) { return "public"; }
    if ((method->flags & PV_METHOD_ANY) != 0) { return "any"; }
    return (method->roles >> role & 1) != 0 ? "yes" : "-";
}

static void put_method(const gen_model *model, const gen_method *method, int width, gen_text *out)
{
    gen_print(out, "%-*s", width, method->element.full_name);
    for (size_t i = 0; i < model->roles->values.count; i++) {
        const gen_value *role = model->roles->values.items[i];
        if (role->proto->number == 0) { continue; }
        gen_print(out, "  %-*s", (int)strlen(role->word), mark(method, role->proto->number));
    }
    bool writes = (method->flags & PV_METHOD_WRITES) != 0;
    const char *grant =
        method->module == 0 ? "-" : gen_format("%s:%s", method->rule->module, method->rule->grant);
    gen_print(out, "  %s  %s\n", writes ? "writes" : "reads ", grant);
}

void gen_emit_access(const gen_model *model, gen_text *out)
{
    gen_put(out, "# Who may call what: the role of the caller's account, and the grant its "
                 "certificate needs.\n"
                 "# Written by protoc-gen-purvey from the options in the .proto files.\n");
    if (model->roles == NULL) { return; }
    gen_list services = gen_ruled_services(model);
    int width = name_width(&services);
    gen_print(out, "%-*s", width, "method");
    for (size_t i = 0; i < model->roles->values.count; i++) {
        const gen_value *role = model->roles->values.items[i];
        if (role->proto->number != 0) { gen_print(out, "  %s", role->word); }
    }
    gen_put(out, "  effect  grant\n");
    for (size_t i = 0; i < services.count; i++) {
        const gen_service *service = services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            put_method(model, service->methods.items[j], width, out);
        }
    }
}
