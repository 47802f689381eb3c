/* reference.md: the manual of the API, from the comments and the rules in the .proto files. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/words.h"
#include "protos/runtime/rules.h"

/* '|' ends a cell and '<' begins a tag. */
static void put_text(gen_text *out, const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        if (*at == '|') {
            gen_put(out, "\\|");
        } else if (*at == '<') {
            gen_put(out, "&lt;");
        } else if (*at == '\n') {
            gen_put(out, "<br>");
        } else {
            gen_put_bytes(out, at, 1);
        }
    }
}

static void put_paragraphs(gen_text *out, const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        if (*at == '\n') {
            gen_put(out, "\n\n");
        } else {
            gen_put_bytes(out, at, 1);
        }
    }
    if (*words != '\0') { gen_put(out, "\n\n"); }
}

static void put_effects(const gen_method *method, gen_text *out)
{
    for (size_t i = 0; i < method->transitions.count; i++) {
        const gen_transition *transition = method->transitions.items[i];
        const gen_enum *states = transition->object->object->states;
        gen_print(out, "- %s: %s → %s\n", transition->object->element.label,
                  gen_words_of_set(states, transition->from, ", ", "new"),
                  gen_words_of_set(states, transition->to, " or ", "deleted"));
    }
    for (size_t i = 0; i < method->reasons.count; i++) {
        const gen_value *reason = method->reasons.items[i];
        const Purvey__Rules__V1__ReasonRule *rule =
            reason->rule == NULL ? NULL : reason->rule->reason;
        gen_print(out, "- may refuse with `%s`: ", reason->word);
        put_text(out, rule == NULL ? "" : rule->text);
        gen_put(out, "\n");
    }
}

static void put_method(const gen_model *model, const gen_method *method, gen_text *out)
{
    bool streams_in = (gen_kind(method) & PV_METHOD_CLIENT_STREAM) != 0;
    bool streams_out = (gen_kind(method) & PV_METHOD_SERVER_STREAM) != 0;
    gen_print(out, "### %s\n\n", method->proto->name);
    gen_print(out, "`%s(%s%s) returns (%s%s)`\n\n", method->proto->name,
              streams_in ? "stream " : "", method->request->element.label,
              streams_out ? "stream " : "", method->response->element.label);
    put_paragraphs(out, method->element.comment);
    gen_print(out, "- %s; callers: %s",
              (method->flags & PV_METHOD_WRITES) != 0 ? "writes" : "reads",
              gen_callers(model, method));
    if (method->module != 0) {
        gen_print(out, "; grant: %s:%s", method->rule->module, method->rule->grant);
    }
    gen_put(out, "\n");
    put_effects(method, out);
    gen_put(out, "\n");
}

static void put_message(const gen_model *model, const gen_message *message, gen_text *out)
{
    if (message->proto->options != NULL && message->proto->options->map_entry) { return; }
    gen_print(out, "### %s\n\n", message->element.label);
    put_paragraphs(out, message->element.comment);
    if (message->object != NULL) {
        gen_print(out, "A stored object; its ids begin with `%s_`.", message->rule->id_prefix);
        if (message->object->shown_to != 0) {
            gen_print(out, " Shown, at least in part, also to: %s.",
                      gen_words_of_set(model->roles, message->object->shown_to, ", ", ""));
        }
        gen_put(out, "\n\n");
    }
    if (message->fields.count == 0) { return; }
    gen_put(out, "| field | type | rule | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < message->fields.count; i++) {
        const gen_field *field = gen_field_at(message, i);
        gen_print(out, "| `%s` | ", field->proto->name);
        put_text(out, gen_type_name(field));
        gen_put(out, " | ");
        put_text(out, gen_rule_words(field));
        gen_put(out, " | ");
        put_text(out, field->element.comment);
        gen_put(out, " |\n");
    }
    gen_put(out, "\n");
}

static void put_enum(const gen_enum *enumeration, gen_text *out)
{
    gen_print(out, "### %s\n\n", enumeration->element.label);
    put_paragraphs(out, enumeration->element.comment);
    gen_put(out, "| value | number | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        gen_print(out, "| `%s` | %d | ", value->proto->name, value->proto->number);
        put_text(out, value->element.comment);
        gen_put(out, value->rule != NULL && value->rule->terminal ? " Final. |\n" : " |\n");
    }
    gen_put(out, "\n");
}

static void put_file(const gen_model *model, const gen_file *file, gen_text *out)
{
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        gen_print(out, "## %s\n\n", service->element.full_name);
        put_paragraphs(out, service->element.comment);
        for (size_t j = 0; j < service->methods.count; j++) {
            put_method(model, service->methods.items[j], out);
        }
    }
    if (file->messages.count + file->enums.count > 0) {
        gen_print(out, "## %s\n\n", file->proto->name);
    }
    for (size_t i = 0; i < file->messages.count; i++) {
        put_message(model, file->messages.items[i], out);
    }
    for (size_t i = 0; i < file->enums.count; i++) { put_enum(file->enums.items[i], out); }
}

void gen_emit_reference(const gen_model *model, gen_text *out)
{
    gen_put(out, "# Reference\n\nWritten by protoc-gen-purvey from the .proto files.\n\n");
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        if (file->rule != NULL) { put_file(model, file, out); }
    }
}
