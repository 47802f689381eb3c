/* The tables of reasons, methods and services in X.pv.c. */
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/emit_tables_parts.h"
#include "protos/runtime/rules.h"

#include <inttypes.h>
#include <string.h>

const char *gen_one_paragraph(const char *comment)
{
    char *line = gen_copy(comment, strlen(comment));
    for (char *at = line; *at != '\0'; at++) {
        if (*at == '\n') { *at = ' '; }
    }
    return line;
}

void gen_emit_reason_table(const gen_enum *enumeration, gen_text *out)
{
    if (enumeration->vocabulary != PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON) { return; }
    gen_put(out, "\n");
    gen_text all = {0};
    size_t count = 0;
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        if (value->rule == NULL || value->rule->reason == NULL) { continue; }
        const Purvey__Rules__V1__ReasonRule *reason = value->rule->reason;
        gen_print(
            out,
            "const pv_reason %s = {\n    .name = \"%s\",\n    .code = PV_CODE_%s,\n    .text = ",
            value->symbol, value->word, reason->code);
        gen_put_literal(out, reason->text);
        gen_put(out, ",\n    .next_step = ");
        gen_put_literal(out, reason->next_step);
        gen_put(out, ",\n};\n");
        gen_print(&all, "    &%s,\n", value->symbol);
        count++;
    }
    gen_print(out, "const pv_reason *const %s__all[] = {\n%s    NULL,\n};\n",
              enumeration->short_name, all.data == NULL ? "" : all.data);
    gen_print(out, "const size_t %s__count = %zu;\n", enumeration->short_name, count);
}

static const char *set_literal(uint64_t set)
{
    return set == 0 ? "0" : gen_format("UINT64_C(0x%" PRIx64 ")", set);
}

static void put_transitions(const gen_method *method, gen_text *out)
{
    if (method->transitions.count > 0) {
        gen_print(out, "static const pv_transition %s__transitions[] = {\n", method->short_name);
        for (size_t i = 0; i < method->transitions.count; i++) {
            const gen_transition *transition = method->transitions.items[i];
            gen_print(out, "    {.object = &%s__object, .from = %s, .to = %s, .roles = %s},\n",
                      transition->object->short_name, set_literal(transition->from),
                      set_literal(transition->to), set_literal(transition->roles));
        }
        gen_put(out, "};\n");
    }
    if (method->reasons.count > 0) {
        gen_print(out, "static const pv_reason *const %s__reasons[] = {\n", method->short_name);
        for (size_t i = 0; i < method->reasons.count; i++) {
            const gen_value *reason = method->reasons.items[i];
            gen_print(out, "    &%s,\n", reason->symbol);
        }
        gen_put(out, "};\n");
    }
}

static const char *flags_of(const gen_method *method)
{
    gen_text flags = {0};
    if ((method->flags & PV_METHOD_WRITES) != 0) { gen_put(&flags, "PV_METHOD_WRITES"); }
    if ((method->flags & PV_METHOD_PUBLIC) != 0) {
        gen_print(&flags, "%sPV_METHOD_PUBLIC", flags.size == 0 ? "" : " | ");
    }
    if ((method->flags & PV_METHOD_ANY) != 0) {
        gen_print(&flags, "%sPV_METHOD_ANY", flags.size == 0 ? "" : " | ");
    }
    return flags.size == 0 ? "0" : flags.data;
}

static void put_method(const gen_service *service, const gen_method *method, gen_text *out)
{
    static const char *const kinds[] = {"PV_METHOD_UNARY", "PV_METHOD_SERVER_STREAM",
                                        "PV_METHOD_CLIENT_STREAM", "PV_METHOD_BIDI_STREAM"};
    const char *name = method->short_name;
    gen_print(
        out,
        "    {\n        .path = \"/%s/%s\",\n        .service = \"%s\",\n        .name = \"%s\",\n",
        service->element.full_name, method->proto->name, service->element.full_name,
        method->proto->name);
    gen_print(out, "        .kind = %s,\n        .flags = %s,\n        .roles = %s,\n",
              kinds[gen_kind(method)], flags_of(method), set_literal(method->roles));
    gen_print(out, "        .module = %u,\n        .grant = %u,\n", method->module, method->grant);
    gen_print(out, "        .request_bytes_max = %u,\n",
              method->rule == NULL ? 0 : method->rule->request_bytes_max);
    gen_print(out, "        .request = &%s__info,\n        .response = &%s__info,\n",
              method->request->short_name, method->response->short_name);
    if (method->transitions.count > 0) {
        gen_print(out,
                  "        .transitions = %s__transitions,\n        .transition_count = %zu,\n",
                  name, method->transitions.count);
    }
    if (method->reasons.count > 0) {
        gen_print(out, "        .reasons = %s__reasons,\n        .reason_count = %zu,\n", name,
                  method->reasons.count);
    }
    gen_put(out, "        .comment = ");
    gen_put_literal(out, gen_one_paragraph(method->element.comment));
    gen_put(out, ",\n    },\n");
}

void gen_emit_method_tables(const gen_file *file, const gen_service *service, gen_text *out)
{
    const char *name = service->short_name;
    gen_put(out, "\n");
    for (size_t i = 0; i < service->methods.count; i++) {
        put_transitions(service->methods.items[i], out);
    }
    gen_print(out, "const pv_method_info %s__methods[%zu] = {\n", name, service->methods.count);
    for (size_t i = 0; i < service->methods.count; i++) {
        put_method(service, service->methods.items[i], out);
    }
    gen_print(out,
              "};\n\nconst pv_service_info %s__info = {\n    .name = \"%s\",\n    .methods = "
              "%s__methods,\n",
              name, service->element.full_name, name);
    gen_print(out,
              "    .method_count = %zu,\n    .file = &%s,\n    .comment = ", service->methods.count,
              file->symbol);
    gen_put_literal(out, gen_one_paragraph(service->element.comment));
    gen_put(out, ",\n};\n");
}
