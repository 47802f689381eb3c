#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/options.h"

#include <string.h>

static bool is_prefix(const char *text)
{
    size_t size = strlen(text);
    return size >= 2 && size <= 4 && strspn(text, "abcdefghijklmnopqrstuvwxyz") == size;
}

void gen_check_object(gen_model *model, const gen_message *message)
{
    const Purvey__Rules__V1__ObjectRule *rule = message->rule;
    const gen_element *element = &message->element;
    if (!is_prefix(rule->id_prefix)) {
        gen_refuse(model, element, GEN_OPTION_OBJECT,
                   "id_prefix \"%s\" is not 2 to 4 lower case letters", rule->id_prefix);
    }
    if (rule->tag < 1 || rule->tag > 199) {
        gen_refuse(model, element, GEN_OPTION_OBJECT, "tag %u is outside 1 to 199", rule->tag);
    }
    for (size_t i = 0; i < model->messages.count; i++) {
        const gen_message *other = model->messages.items[i];
        if (other == message || other->rule == NULL) { continue; }
        if (gen_equal(other->rule->id_prefix, rule->id_prefix)) {
            gen_refuse(model, element, GEN_OPTION_OBJECT, "id_prefix \"%s\" is also that of %s",
                       rule->id_prefix, other->element.full_name);
        }
        if (other->rule->tag == rule->tag) {
            gen_refuse(model, element, GEN_OPTION_OBJECT, "tag %u is also that of %s", rule->tag,
                       other->element.full_name);
        }
    }
    const gen_field *id =
        message->object->id < 0 ? NULL : gen_field_at(message, (size_t)message->object->id);
    if (id != NULL && id->rule != NULL && *id->rule->id != '\0' &&
        !gen_equal(id->rule->id, rule->id_prefix)) {
        gen_refuse(model, &id->element, GEN_OPTION_FIELD,
                   "id \"%s\" is not the id_prefix \"%s\" of its object", id->rule->id,
                   rule->id_prefix);
    }
}

void gen_check_id_prefix(gen_model *model, const gen_field *field)
{
    if (field->rule == NULL || *field->rule->id == '\0') { return; }
    for (size_t i = 0; i < model->messages.count; i++) {
        const gen_message *message = model->messages.items[i];
        if (message->rule != NULL && gen_equal(message->rule->id_prefix, field->rule->id)) {
            return;
        }
    }
    gen_refuse(model, &field->element, GEN_OPTION_FIELD,
               "id \"%s\" is the id_prefix of no stored object", field->rule->id);
}
