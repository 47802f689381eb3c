#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/options.h"

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

static bool is_integer(const gen_field *field)
{
    switch (field->proto->type) {
    case TYPE(INT32):
    case TYPE(INT64):
    case TYPE(UINT32):
    case TYPE(UINT64):
    case TYPE(SINT32):
    case TYPE(SINT64):
    case TYPE(FIXED32):
    case TYPE(FIXED64):
    case TYPE(SFIXED32):
    case TYPE(SFIXED64): return true;
    case TYPE(DOUBLE):
    case TYPE(FLOAT):
    case TYPE(BOOL):
    case TYPE(STRING):
    case TYPE(GROUP):
    case TYPE(MESSAGE):
    case TYPE(BYTES):
    case TYPE(ENUM):
    case _GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE_IS_INT_SIZE: break;
    }
    return false;
}

/* A number written as text: a message with the one string field `value`. */
static bool is_decimal(const gen_field *field)
{
    if (field->message == NULL || field->message->fields.count != 1) { return false; }
    const gen_field *value = gen_field_at(field->message, 0);
    return gen_ends_with(field->message->element.full_name, "Decimal") &&
           gen_equal(value->proto->name, "value") && value->proto->type == TYPE(STRING);
}

static void demand(gen_model *model, const gen_field *field, bool fits, const char *rule,
                   const char *type)
{
    if (!fits) {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD, "rule %s is for %s", rule, type);
    }
}

static void check_numbers(gen_model *model, const gen_field *field)
{
    const Purvey__Rules__V1__FieldRule *rule = field->rule;
    const gen_element *element = &field->element;
    if (rule->length_max != 0 && rule->length_min > rule->length_max) {
        gen_refuse(model, element, GEN_OPTION_FIELD, "length_min %u is above length_max %u",
                   rule->length_min, rule->length_max);
    }
    if (rule->items_max != 0 && rule->items_min > rule->items_max) {
        gen_refuse(model, element, GEN_OPTION_FIELD, "items_min %u is above items_max %u",
                   rule->items_min, rule->items_max);
    }
    if (rule->range != NULL && rule->range->min > rule->range->max) {
        gen_refuse(model, element, GEN_OPTION_FIELD, "range: min is above max");
    }
    if (rule->decimal != NULL && rule->decimal->scale_max > 18) {
        gen_refuse(model, element, GEN_OPTION_FIELD, "decimal: scale_max %u is above 18",
                   rule->decimal->scale_max);
    }
    if (rule->pattern != 0 &&
        protobuf_c_enum_descriptor_get_value(&purvey__rules__v1__pattern__descriptor,
                                             (int)rule->pattern) == NULL) {
        gen_refuse(model, element, GEN_OPTION_FIELD, "unknown pattern %d", (int)rule->pattern);
    }
}

void gen_check_field(gen_model *model, const gen_field *field)
{
    const Purvey__Rules__V1__FieldRule *rule = field->rule;
    if (rule == NULL) { return; }
    bool text = field->proto->type == TYPE(STRING);
    bool bytes = field->proto->type == TYPE(BYTES);
    if (rule->length_min != 0 || rule->length_max != 0) {
        demand(model, field, text || bytes, "length_min or length_max", "strings and bytes");
    }
    if (rule->pattern != 0) { demand(model, field, text, "pattern", "strings"); }
    if (*rule->id != '\0') { demand(model, field, text, "id", "strings"); }
    if (rule->items_min != 0 || rule->items_max != 0) {
        demand(model, field, field->repeated, "items_min or items_max", "repeated fields");
    }
    if (rule->unique) {
        demand(model, field, field->repeated && text, "unique", "repeated strings and ids");
    }
    if (rule->range != NULL) { demand(model, field, is_integer(field), "range", "integers"); }
    if (rule->decimal != NULL) {
        demand(model, field, is_decimal(field), "decimal", "Decimal messages");
    }
    if (rule->required) {
        demand(model, field, field->proto->type != TYPE(BOOL), "required",
               "everything but bools, whose false is a value");
    }
    if (*rule->id != '\0' && rule->pattern != 0) {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD,
                   "id is a form of its own: no pattern beside it");
    }
    if (rule->introduces && *rule->id == '\0') {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD, "rule introduces is for ids");
    }
    if (rule->output_only && rule->required) {
        gen_refuse(model, &field->element, GEN_OPTION_FIELD,
                   "a field set by the server cannot be required of the client");
    }
    check_numbers(model, field);
}
