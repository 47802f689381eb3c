/* The life of each stored object, from what all methods say: transitions.golden.txt and lifecycle.dot. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/words.h"

#include <string.h>

/* Called for each state that a method takes an object from; state 0 is "not made yet". */
typedef void (*visit)(const gen_model *model, const gen_method *method,
                      const gen_transition *transition, int32_t state, gen_text *out);

static void visit_method(const gen_model *model, const gen_message *object,
                         const gen_method *method, int32_t state, visit put, gen_text *out)
{
    for (size_t i = 0; i < method->transitions.count; i++) {
        const gen_transition *transition = method->transitions.items[i];
        if (transition->object != object) { continue; }
        if (state == 0 ? transition->from == 0 : (transition->from >> state & 1) != 0) {
            put(model, method, transition, state, out);
        }
    }
}

static void visit_state(const gen_model *model, const gen_message *object, int32_t state, visit put,
                        gen_text *out)
{
    gen_list services = gen_ruled_services(model);
    for (size_t i = 0; i < services.count; i++) {
        const gen_service *service = services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            visit_method(model, object, service->methods.items[j], state, put, out);
        }
    }
}

static void put_row(const gen_model *model, const gen_method *method,
                    const gen_transition *transition, int32_t state, gen_text *out)
{
    const gen_enum *states = transition->object->object->states;
    const gen_value *from = gen_find_number(states, state);
    bool named = transition->roles != 0;
    gen_print(out, "  %-14s %s -> %s, %s\n", state == 0 || from == NULL ? "(new)" : from->word,
              method->element.label, gen_words_of_set(states, transition->to, "|", "(deleted)"),
              named ? gen_words_of_set(model->roles, transition->roles, "|", "")
                    : gen_callers(model, method));
}

static bool is_terminal(const gen_value *value)
{
    return value->rule != NULL && value->rule->terminal;
}

void gen_emit_transitions(const gen_model *model, gen_text *out)
{
    gen_put(out, "# State, method -> states it may end in, and the parties that may do it.\n"
                 "# Written by protoc-gen-purvey from the options in the .proto files.\n");
    gen_list objects = gen_ruled_objects(model);
    for (size_t i = 0; i < objects.count; i++) {
        const gen_message *object = objects.items[i];
        if (object->object->states == NULL) { continue; }
        gen_print(out, "\n%s\n", object->element.full_name);
        visit_state(model, object, 0, put_row, out);
        const gen_list *states = &object->object->states->values;
        for (size_t j = 0; j < states->count; j++) {
            const gen_value *state = states->items[j];
            if (state->proto->number == 0) { continue; }
            visit_state(model, object, state->proto->number, put_row, out);
            if (is_terminal(state)) { gen_print(out, "  %-14s terminal\n", state->word); }
        }
    }
}

static void put_edges(const gen_model *model, const gen_method *method,
                      const gen_transition *transition, int32_t state, gen_text *out)
{
    (void)model;
    const gen_enum *states = transition->object->object->states;
    const char *object = transition->object->short_name;
    const gen_value *from = state == 0 ? NULL : gen_find_number(states, state);
    const char *begin = gen_format("%s_%s", object, from == NULL ? "new" : from->word);
    if (transition->to == 0) {
        gen_print(out, "    %s -> %s_deleted [label=\"%s\"]\n", begin, object, method->proto->name);
    }
    for (size_t i = 0; i < states->values.count; i++) {
        const gen_value *to = states->values.items[i];
        /* A change of content only is no edge. */
        if (to == from || (transition->to >> to->proto->number & 1) == 0) { continue; }
        gen_print(out, "    %s -> %s_%s [label=\"%s\"]\n", begin, object, to->word,
                  method->proto->name);
    }
}

static bool can_be_deleted(const gen_model *model, const gen_message *object)
{
    gen_list services = gen_ruled_services(model);
    for (size_t i = 0; i < services.count; i++) {
        const gen_service *service = services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            const gen_method *method = service->methods.items[j];
            for (size_t k = 0; k < method->transitions.count; k++) {
                const gen_transition *transition = method->transitions.items[k];
                if (transition->object == object && transition->to == 0) { return true; }
            }
        }
    }
    return false;
}

static void put_graph(const gen_model *model, const gen_message *object, gen_text *out)
{
    const char *name = object->short_name;
    gen_print(out,
              "  subgraph cluster_%s {\n    label=\"%s\"\n    %s_new [shape=point label=\"\"]\n",
              name, object->element.full_name, name);
    const gen_list *states = &object->object->states->values;
    for (size_t i = 0; i < states->count; i++) {
        const gen_value *state = states->items[i];
        if (state->proto->number == 0) { continue; }
        gen_print(out, "    %s_%s [label=\"%s\"%s]\n", name, state->word, state->word,
                  is_terminal(state) ? " peripheries=2" : "");
    }
    if (can_be_deleted(model, object)) {
        gen_print(out, "    %s_deleted [shape=point label=\"\"]\n", name);
    }
    visit_state(model, object, 0, put_edges, out);
    for (size_t i = 0; i < states->count; i++) {
        const gen_value *state = states->items[i];
        if (state->proto->number != 0) {
            visit_state(model, object, state->proto->number, put_edges, out);
        }
    }
    gen_put(out, "  }\n");
}

void gen_emit_lifecycle(const gen_model *model, gen_text *out)
{
    gen_put(out, "// Written by protoc-gen-purvey. Draw with: dot -Tsvg lifecycle.dot\n"
                 "digraph lifecycle {\n  rankdir=LR\n  node [shape=box style=rounded "
                 "fontname=\"sans-serif\"]\n"
                 "  edge [fontname=\"sans-serif\" fontsize=10]\n");
    gen_list objects = gen_ruled_objects(model);
    for (size_t i = 0; i < objects.count; i++) {
        const gen_message *object = objects.items[i];
        if (object->object->states != NULL) { put_graph(model, object, out); }
    }
    gen_put(out, "}\n");
}
