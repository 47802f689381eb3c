/* Stored objects: their parties, standard fields, state and indexes. */
#include "bazel/codegen/options.h"
#include "bazel/codegen/resolve_parts.h"
#include "bazel/codegen/words.h"

typedef Google__Protobuf__FieldDescriptorProto__Type field_type;

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name
static const char TIMESTAMP[] = "google.protobuf.Timestamp";

static int standard_field(gen_model *model, const gen_message *message, const char *name,
                          field_type type, const char *type_name)
{
    int index = gen_find_field(message, name);
    const gen_field *field = index < 0 ? NULL : gen_field_at(message, (size_t)index);
    if (field != NULL && !field->repeated && field->proto->type == type &&
        (field->message == NULL || gen_equal(field->message->element.full_name, type_name))) {
        return index;
    }
    gen_refuse(model, &message->element, GEN_OPTION_OBJECT,
               "a stored object needs the field \"%s %s\"", type_name, name);
    return -1;
}

static int state_field(gen_model *model, const gen_message *message, gen_object *object)
{
    int index = gen_find_field(message, "state");
    if (index < 0) { return -1; }
    const gen_field *field = gen_field_at(message, (size_t)index);
    if (field->repeated || field->enumeration == NULL ||
        field->enumeration->vocabulary != PURVEY__RULES__V1__VOCABULARY__VOCABULARY_STATE) {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD,
                   "the field state of a stored object must be of an enum with vocabulary STATE");
        return -1;
    }
    object->states = field->enumeration;
    return index;
}

static void resolve_party(gen_model *model, gen_field *field)
{
    if (field->rule == NULL || *field->rule->party == '\0') { return; }
    field->party =
        gen_number_of_party(model, &field->element, GEN_OPTION_FIELD, field->rule->party);
    if (field->parent->rule == NULL) {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD, "only a stored object has parties");
    } else if (field->proto->type != TYPE(STRING) || field->repeated || *field->rule->id == '\0') {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD,
                   "a party is an account's id: a single string with the rule id");
    }
}

static void collect_parties(gen_model *model, const gen_message *message, gen_object *object)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < message->fields.count; i++) {
        const gen_field *field = gen_field_at(message, i);
        if (field->party == 0) { continue; }
        if ((seen >> field->party & 1) != 0) {
            gen_refuse(model, &field->element, GEN_OPTION_FIELD, "a second field for the party %s",
                       field->rule->party);
        }
        seen |= UINT64_C(1) << field->party;
        gen_add(&object->parties, field);
    }
    if (object->parties.count < 1 || object->parties.count > 4) {
        gen_refuse(model, &message->element, GEN_OPTION_OBJECT,
                   "a stored object has one to four fields with the rule party, not %zu",
                   object->parties.count);
    }
}

static bool has_party(const gen_object *object, uint32_t role)
{
    for (size_t i = 0; i < object->parties.count; i++) {
        const gen_field *field = object->parties.items[i];
        if (field->party == role) { return true; }
    }
    return false;
}

static bool can_be_indexed(const gen_field *field)
{
    if (field->repeated || field->proto->has_oneof_index) { return false; }
    if (field->message != NULL) { return gen_equal(field->message->element.full_name, TIMESTAMP); }
    return field->enumeration != NULL || field->proto->type == TYPE(STRING) ||
           field->proto->type == TYPE(BOOL) || field->proto->type == TYPE(UINT32) ||
           field->proto->type == TYPE(UINT64) || field->proto->type == TYPE(FIXED32) ||
           field->proto->type == TYPE(FIXED64);
}

static void resolve_index(gen_model *model, const gen_message *message, gen_object *object,
                          const Purvey__Rules__V1__Index *rule)
{
    const gen_element *element = &message->element;
    gen_index *index = gen_alloc(sizeof *index);
    index->rule = rule;
    if (rule->number < 1 || rule->number > 250) {
        gen_refuse(model, element, GEN_OPTION_OBJECT, "index number %u is outside 1 to 250",
                   rule->number);
    }
    if (rule->n_fields < 1 || rule->n_fields > 4) {
        gen_refuse(model, element, GEN_OPTION_OBJECT,
                   "index %u has %zu fields; one to four are permitted", rule->number,
                   rule->n_fields);
    }
    for (size_t i = 0; i < rule->n_fields && i < 4; i++) {
        int found = gen_find_field(message, rule->fields[i]);
        if (found < 0) {
            gen_refuse(model, element, GEN_OPTION_OBJECT, "index %u: there is no field \"%s\"",
                       rule->number, rule->fields[i]);
            continue;
        }
        if (!can_be_indexed(gen_field_at(message, (size_t)found))) {
            gen_refuse(model, element, GEN_OPTION_OBJECT,
                       "index %u: field \"%s\" cannot be indexed; single strings, enums, bools, "
                       "unsigned integers and "
                       "Timestamps outside of a oneof can",
                       rule->number, rule->fields[i]);
        }
        index->fields[index->field_count++] = (size_t)found;
    }
    if (*rule->party != '\0') {
        index->party = gen_number_of_party(model, element, GEN_OPTION_OBJECT, rule->party);
        if (index->party != 0 && !has_party(object, index->party)) {
            gen_refuse(model, element, GEN_OPTION_OBJECT, "index %u: %s is no party of this object",
                       rule->number, rule->party);
        }
    }
    for (size_t i = 0; i < object->indexes.count; i++) {
        const gen_index *other = object->indexes.items[i];
        if (other->rule->number == rule->number) {
            gen_refuse(model, element, GEN_OPTION_OBJECT, "index number %u is used twice",
                       rule->number);
        }
    }
    gen_add(&object->indexes, index);
}

void gen_resolve_message(gen_model *model, gen_message *message)
{
    for (size_t i = 0; i < message->fields.count; i++) {
        resolve_party(model, gen_field_at(message, i));
    }
    if (message->rule == NULL) { return; }
    gen_object *object = gen_alloc(sizeof *object);
    object->id = standard_field(model, message, "id", TYPE(STRING), "string");
    object->etag = standard_field(model, message, "etag", TYPE(STRING), "string");
    object->revision = standard_field(model, message, "revision", TYPE(UINT64), "uint64");
    object->create_time = standard_field(model, message, "create_time", TYPE(MESSAGE), TIMESTAMP);
    object->update_time = standard_field(model, message, "update_time", TYPE(MESSAGE), TIMESTAMP);
    object->state = state_field(model, message, object);
    collect_parties(model, message, object);
    object->shown_to = gen_set_of_words(model, &message->element, GEN_OPTION_OBJECT, model->roles,
                                        "role", message->rule->shown_to, message->rule->n_shown_to);
    for (size_t i = 0; i < message->rule->n_indexes; i++) {
        resolve_index(model, message, object, message->rule->indexes[i]);
    }
    message->object = object;
}
