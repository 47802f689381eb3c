/* X.rules.txt: what the options of one file say, for people and for diffs. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/words.h"
#include "protos/runtime/rules.h"

static void put_transition(const gen_model *model, const gen_transition *transition, gen_text *out)
{
    const gen_enum *states = transition->object->object->states;
    gen_print(out, "    %s: %s -> %s", transition->object->element.label,
              gen_words_of_set(states, transition->from, "|", "(new)"),
              gen_words_of_set(states, transition->to, "|", "(deleted)"));
    if (transition->roles != 0) {
        gen_print(out, " by %s", gen_words_of_set(model->roles, transition->roles, "|", ""));
    }
    gen_put(out, "\n");
}

static void put_method(const gen_model *model, const gen_method *method, gen_text *out)
{
    static const char *const kinds[] = {"", " server stream", " client stream", " bidi stream"};
    gen_print(out, "  %s%s: %s, %s", method->proto->name, kinds[gen_kind(method)],
              (method->flags & PV_METHOD_WRITES) != 0 ? "writes" : "reads",
              gen_callers(model, method));
    if (method->module != 0) {
        gen_print(out, " with %s:%s", method->rule->module, method->rule->grant);
    }
    gen_put(out, "\n");
    for (size_t i = 0; i < method->transitions.count; i++) {
        put_transition(model, method->transitions.items[i], out);
    }
    for (size_t i = 0; i < method->reasons.count; i++) {
        const gen_value *reason = method->reasons.items[i];
        gen_print(out, "%s%s", i == 0 ? "    may refuse: " : ", ", reason->word);
    }
    if (method->reasons.count > 0) { gen_put(out, "\n"); }
}

static void put_message(const gen_model *model, const gen_message *message, gen_text *out)
{
    bool ruled = message->object != NULL;
    for (size_t i = 0; i < message->fields.count; i++) {
        ruled = ruled || gen_field_at(message, i)->rule != NULL;
    }
    if (!ruled) { return; }
    gen_print(out, "message %s", message->element.label);
    if (message->object != NULL) {
        gen_print(out, ": stored, id %s_, tag %u", message->rule->id_prefix, message->rule->tag);
        if (message->object->shown_to != 0) {
            gen_print(out, ", shown to %s",
                      gen_words_of_set(model->roles, message->object->shown_to, ", ", ""));
        }
    }
    gen_put(out, "\n");
    for (size_t i = 0; i < message->fields.count; i++) {
        const gen_field *field = gen_field_at(message, i);
        if (field->rule != NULL) {
            gen_print(out, "  %s: %s\n", field->proto->name, gen_rule_words(field));
        }
    }
    for (size_t i = 0; message->object != NULL && i < message->object->indexes.count; i++) {
        const gen_index *index = message->object->indexes.items[i];
        gen_print(out, "  index %u%s: %s", index->rule->number,
                  index->rule->unique ? " unique" : "",
                  *index->rule->party == '\0' ? "every party" : index->rule->party);
        for (size_t j = 0; j < index->field_count; j++) {
            gen_print(out, ", %s", gen_field_at(message, index->fields[j])->proto->name);
        }
        gen_put(out, "\n");
    }
}

void gen_emit_rules(const gen_model *model, const gen_file *file, gen_text *out)
{
    gen_print(out, "# Rules of %s, written by protoc-gen-purvey.\n", file->proto->name);
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        gen_print(out, "service %s\n", service->proto->name);
        for (size_t j = 0; j < service->methods.count; j++) {
            put_method(model, service->methods.items[j], out);
        }
    }
    for (size_t i = 0; i < file->messages.count; i++) {
        put_message(model, file->messages.items[i], out);
    }
}
