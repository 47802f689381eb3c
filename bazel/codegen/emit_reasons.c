/* reasons.txt: every reason of refusal, with the methods that list it. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"

static bool lists(const gen_method *method, const gen_value *reason)
{
    for (size_t i = 0; i < method->reasons.count; i++) {
        if (method->reasons.items[i] == reason) { return true; }
    }
    return false;
}

static void put_reason(const gen_model *model, const gen_value *value, gen_text *out)
{
    const Purvey__Rules__V1__ReasonRule *reason = value->rule->reason;
    gen_print(out, "\n%s %s\n  %s\n  next: %s\n", value->word, reason->code, reason->text,
              reason->next_step);
    for (size_t i = 0; i < reason->n_metadata; i++) {
        gen_print(out, "%s%s", i == 0 ? "  metadata: " : ", ", reason->metadata[i]);
    }
    gen_put(out, reason->n_metadata > 0 ? "\n" : "");
    gen_list services = gen_ruled_services(model);
    for (size_t i = 0; i < services.count; i++) {
        const gen_service *service = services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            const gen_method *method = service->methods.items[j];
            if (lists(method, value)) { gen_print(out, "  by %s\n", method->element.label); }
        }
    }
}

void gen_emit_reasons(const gen_model *model, gen_text *out)
{
    gen_put(out, "# Reasons of refusal. Those that no method lists are given by the runtime to "
                 "every method.\n"
                 "# Written by protoc-gen-purvey from the options in the .proto files.\n");
    for (size_t i = 0; i < model->enums.count; i++) {
        const gen_enum *enumeration = model->enums.items[i];
        if (enumeration->vocabulary != PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON) {
            continue;
        }
        for (size_t j = 0; j < enumeration->values.count; j++) {
            const gen_value *value = enumeration->values.items[j];
            if (value->rule != NULL && value->rule->reason != NULL) {
                put_reason(model, value, out);
            }
        }
    }
}
