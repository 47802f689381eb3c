#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/options.h"
#include "protos/runtime/rules.h"

/* Whether it writes is said by the standard option, which generic clients use as well. */
static void check_idempotency(gen_model *model, const gen_method *method)
{
    const Google__Protobuf__MethodOptions *options = method->proto->options;
    bool said = options != NULL && options->has_idempotency_level &&
                options->idempotency_level !=
                    GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__IDEMPOTENCY_UNKNOWN;
    if (!said) {
        gen_report(model, &method->element,
                   "no idempotency_level: say NO_SIDE_EFFECTS for a read, IDEMPOTENT for a write");
        return;
    }
    if ((method->flags & PV_METHOD_WRITES) == 0) {
        if (method->rule != NULL && method->rule->n_transitions > 0) {
            gen_refuse(model, &method->element, GEN_OPTION_METHOD,
                       "a method with NO_SIDE_EFFECTS has no transitions");
        }
        return;
    }
    /* A stream says it in the first of its messages, in a place of its own. */
    if (gen_kind(method) != PV_METHOD_UNARY) { return; }
    int index = gen_find_field(method->request, "request_id");
    const gen_field *field = index < 0 ? NULL : gen_field_at(method->request, (size_t)index);
    if (field == NULL || field->rule == NULL || !field->rule->required ||
        field->rule->pattern != PURVEY__RULES__V1__PATTERN__PATTERN_UUID) {
        gen_report(model, &method->element,
                   "a write can be retried: its request needs \"string request_id\", required, "
                   "with PATTERN_UUID");
    }
}

void gen_check_service(gen_model *model, const gen_service *service)
{
    if (service->methods.count == 0) {
        gen_report(model, &service->element, "a service without methods");
    }
    for (size_t i = 0; i < service->methods.count; i++) {
        const gen_method *method = service->methods.items[i];
        /* A rule that could not be read was reported already. */
        bool written =
            method->proto->options != NULL && method->proto->options->base.n_unknown_fields > 0;
        if (method->rule == NULL && !written) {
            gen_report(model, &method->element,
                       "no access rule: say who may call it in option (purvey.rules.v1.method)");
        }
        check_idempotency(model, method);
        gen_check_bounds(model, method);
    }
}
