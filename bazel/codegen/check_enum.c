#include "base/status.h"
#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/options.h"

static bool is_code(const char *name)
{
    static const char *const names[] = {
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    _Static_assert(sizeof names / sizeof *names == PV_CODE_UNAUTHENTICATED, "every code but OK");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (gen_equal(names[i], name)) { return true; }
    }
    return false;
}

static void check_reason(gen_model *model, const gen_value *value)
{
    const Purvey__Rules__V1__ReasonRule *reason = value->rule == NULL ? NULL : value->rule->reason;
    if (value->proto->number == 0) {
        if (reason != NULL) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE, "number 0 is no reason");
        }
        return;
    }
    if (reason == NULL) {
        gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                   "a reason needs option (purvey.rules.v1.value) with reason");
        return;
    }
    if (!is_code(reason->code)) {
        gen_refuse(model, &value->element, GEN_OPTION_VALUE, "\"%s\" is no status code of gRPC",
                   reason->code);
    }
    if (*reason->text == '\0' || *reason->next_step == '\0') {
        gen_refuse(model, &value->element, GEN_OPTION_VALUE, "a reason needs text and next_step");
    }
}

void gen_check_enum(gen_model *model, const gen_enum *enumeration)
{
    bool reasons = enumeration->vocabulary == PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON;
    bool states = enumeration->vocabulary == PURVEY__RULES__V1__VOCABULARY__VOCABULARY_STATE;
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        if (reasons) {
            check_reason(model, value);
        } else if (value->rule != NULL && value->rule->reason != NULL) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                       "only enums with vocabulary REASON have reasons");
        }
        if (!states && value->rule != NULL && value->rule->terminal) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                       "only enums with vocabulary STATE have terminal values");
        }
    }
}
