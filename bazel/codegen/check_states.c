/* The state machine of an object is what all methods of all files say together. */
#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/options.h"

/* One round over all transitions of the object. */
typedef struct state_machine {
    uint64_t reached; /* states that some method moves into, from a reached state or from nothing */
    uint64_t left;    /* states that some method moves out of, or deletes in */
} state_machine;

static void add_transition(state_machine *machine, const gen_transition *transition)
{
    if (transition->from == 0 || (transition->from & machine->reached) != 0) {
        machine->reached |= transition->to;
    }
    for (unsigned state = 0; state < 64; state++) {
        uint64_t bit = UINT64_C(1) << state;
        if ((transition->from & bit) != 0 &&
            (transition->to == 0 || (transition->to & ~bit) != 0)) {
            machine->left |= bit;
        }
    }
}

static void add_methods(const gen_model *model, const gen_message *object, state_machine *machine)
{
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        for (size_t j = 0; j < file->services.count; j++) {
            const gen_service *service = file->services.items[j];
            for (size_t k = 0; k < service->methods.count; k++) {
                const gen_method *method = service->methods.items[k];
                for (size_t n = 0; n < method->transitions.count; n++) {
                    const gen_transition *transition = method->transitions.items[n];
                    if (transition->object == object) { add_transition(machine, transition); }
                }
            }
        }
    }
}

void gen_check_states(gen_model *model, const gen_message *object)
{
    state_machine machine = {0};
    uint64_t before;
    do {
        before = machine.reached;
        add_methods(model, object, &machine);
    } while (machine.reached != before);

    const gen_enum *states = object->object->states;
    for (size_t i = 0; i < states->values.count; i++) {
        const gen_value *value = states->values.items[i];
        if (value->proto->number <= 0 || value->proto->number > 63) { continue; }
        uint64_t bit = UINT64_C(1) << value->proto->number;
        bool terminal = value->rule != NULL && value->rule->terminal;
        if ((machine.reached & bit) == 0) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                       "no method brings a %s into this state", object->element.label);
        }
        if (terminal && (machine.left & bit) != 0) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                       "marked terminal, but a method takes a %s out of it", object->element.label);
        }
        if (!terminal && (machine.left & bit) == 0) {
            gen_refuse(
                model, &value->element, GEN_OPTION_VALUE,
                "a dead end: no method takes a %s out of it; mark it terminal or give it a way out",
                object->element.label);
        }
    }
}
