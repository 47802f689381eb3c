/* Rules of methods: who may call, which states change, which reasons may come back. */
#include "bazel/codegen/options.h"
#include "bazel/codegen/resolve_parts.h"
#include "bazel/codegen/words.h"
#include "protos/runtime/rules.h"

/* "ANY" and "PUBLIC" stand for roles; both must stand alone. */
static uint32_t special_role(const char *word)
{
    if (gen_equal(word, "ANY")) { return PV_METHOD_ANY; }
    return gen_equal(word, "PUBLIC") ? PV_METHOD_PUBLIC : 0;
}

static void resolve_roles(gen_model *model, gen_method *method)
{
    const Purvey__Rules__V1__MethodRule *rule = method->rule;
    if (rule->n_roles == 0) {
        gen_refuse(model, &method->element, GEN_OPTION_METHOD,
                   "roles is empty: name those that may call it, or ANY, or PUBLIC");
        return;
    }
    for (size_t i = 0; i < rule->n_roles; i++) {
        uint32_t special = special_role(rule->roles[i]);
        method->flags |= special;
        if (special != 0 && rule->n_roles > 1) {
            gen_refuse(model, &method->element, GEN_OPTION_METHOD, "role %s must stand alone",
                       rule->roles[i]);
            return;
        }
    }
    if ((method->flags & (PV_METHOD_ANY | PV_METHOD_PUBLIC)) != 0) { return; }
    method->roles = gen_set_of_words(model, &method->element, GEN_OPTION_METHOD, model->roles,
                                     "role", rule->roles, rule->n_roles);
}

static void resolve_grant(gen_model *model, gen_method *method)
{
    const Purvey__Rules__V1__MethodRule *rule = method->rule;
    const gen_element *element = &method->element;
    bool optional = (method->flags & (PV_METHOD_ANY | PV_METHOD_PUBLIC)) != 0;
    if (*rule->module == '\0' && *rule->grant == '\0' && optional) { return; }
    if (*rule->module == '\0' || *rule->grant == '\0') {
        gen_refuse(model, element, GEN_OPTION_METHOD, "module and grant are both needed%s",
                   optional ? ", or neither" : "");
        return;
    }
    method->module = gen_number_of_word(model, element, GEN_OPTION_METHOD, model->modules, "module",
                                        rule->module);
    method->grant =
        gen_number_of_word(model, element, GEN_OPTION_METHOD, model->grants, "grant", rule->grant);
}

static const gen_value *find_reason(const gen_model *model, const char *word)
{
    for (size_t i = 0; i < model->enums.count; i++) {
        const gen_enum *enumeration = model->enums.items[i];
        if (enumeration->vocabulary != PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON) {
            continue;
        }
        const gen_value *value = gen_find_word(enumeration, word);
        if (value != NULL && value->proto->number != 0) { return value; }
    }
    return NULL;
}

static void resolve_reasons(gen_model *model, gen_method *method)
{
    for (size_t i = 0; i < method->rule->n_reasons; i++) {
        const char *word = method->rule->reasons[i];
        const gen_value *reason = find_reason(model, word);
        if (reason == NULL) {
            gen_refuse(model, &method->element, GEN_OPTION_METHOD,
                       "unknown reason \"%s\": no enum with vocabulary REASON in sight has it",
                       word);
            continue;
        }
        for (size_t j = 0; j < method->reasons.count; j++) {
            if (method->reasons.items[j] == reason) {
                gen_refuse(model, &method->element, GEN_OPTION_METHOD,
                           "reason \"%s\" is named twice", word);
            }
        }
        gen_add(&method->reasons, reason);
    }
}

/* Relative to the file's package first, then as a full name. */
static const gen_message *find_object(const gen_model *model, const gen_file *file,
                                      const char *name)
{
    const gen_message *message = gen_find_message(model, gen_format("%s.%s", file->package, name));
    return message != NULL ? message : gen_find_message(model, name);
}

/* Roles in which an account can be a party of the object; a party of whatever type permits all. */
static uint64_t party_roles(const gen_object *object)
{
    uint64_t roles = 0;
    for (size_t i = 0; i < object->parties.count; i++) {
        const gen_field *field = object->parties.items[i];
        if (field->party == PV_PARTY_ANY) { return UINT64_MAX; }
        roles |= UINT64_C(1) << field->party;
    }
    return roles;
}

static void resolve_transition(gen_model *model, const gen_file *file, gen_method *method,
                               const Purvey__Rules__V1__Transition *rule)
{
    const gen_element *element = &method->element;
    const gen_message *message = find_object(model, file, rule->object);
    if (message == NULL || message->object == NULL || message->object->states == NULL) {
        const char *lack = message == NULL           ? "unknown object \"%s\""
                           : message->object == NULL ? "\"%s\" is not a stored object"
                                                     : "object \"%s\" has no field state";
        gen_refuse(model, element, GEN_OPTION_METHOD, "transition: %s",
                   gen_format(lack, rule->object));
        return;
    }
    if (rule->n_from == 0 && rule->n_to == 0) {
        gen_refuse(model, element, GEN_OPTION_METHOD,
                   "transition of %s: from and to are both empty", rule->object);
        return;
    }
    const gen_enum *states = message->object->states;
    const char *what = gen_format("state of %s", rule->object);
    gen_transition *transition = gen_alloc(sizeof *transition);
    transition->object = message;
    transition->from =
        gen_set_of_words(model, element, GEN_OPTION_METHOD, states, what, rule->from, rule->n_from);
    transition->to =
        gen_set_of_words(model, element, GEN_OPTION_METHOD, states, what, rule->to, rule->n_to);
    transition->roles = gen_set_of_words(model, element, GEN_OPTION_METHOD, model->roles, "role",
                                         rule->by, rule->n_by);
    if (method->roles != 0 && (transition->roles & ~method->roles) != 0) {
        gen_refuse(model, element, GEN_OPTION_METHOD,
                   "transition of %s: %s may not call the method", rule->object,
                   gen_words_of_set(model->roles, transition->roles & ~method->roles, ", ", ""));
    }
    uint64_t strangers = transition->roles & ~party_roles(message->object);
    if (strangers != 0) {
        gen_refuse(model, element, GEN_OPTION_METHOD, "transition of %s: %s is no party of it",
                   rule->object, gen_words_of_set(model->roles, strangers, ", ", ""));
    }
    gen_add(&method->transitions, transition);
}

void gen_resolve_method(gen_model *model, const gen_file *file, gen_method *method)
{
    const Google__Protobuf__MethodOptions *options = method->proto->options;
    bool reads = options != NULL && options->has_idempotency_level &&
                 options->idempotency_level ==
                     GOOGLE__PROTOBUF__METHOD_OPTIONS__IDEMPOTENCY_LEVEL__NO_SIDE_EFFECTS;
    method->flags = reads ? 0 : PV_METHOD_WRITES;
    if (method->rule == NULL) {
        /* A method of a foreign file has the access that the build gives it, by default none. */
        if (file->rule == NULL) { method->flags |= model->foreign_flags; }
        return;
    }
    resolve_roles(model, method);
    resolve_grant(model, method);
    resolve_reasons(model, method);
    for (size_t i = 0; i < method->rule->n_transitions; i++) {
        resolve_transition(model, file, method, method->rule->transitions[i]);
    }
}
