/* A peer may send only what has a limit: each string, bytes and repeated field below a request is walked
 * once. Fields set by the server are ignored in requests and need none. */
#include "bazel/codegen/check_parts.h"

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name

/* Its paths name fields of another message of the request, so that message limits them. */
static const char FIELD_MASK[] = "google.protobuf.FieldMask";

/* Patterns whose form is of bounded length by itself. */
static bool pattern_bounds(Purvey__Rules__V1__Pattern pattern)
{
    switch (pattern) {
    case PURVEY__RULES__V1__PATTERN__PATTERN_CURRENCY:
    case PURVEY__RULES__V1__PATTERN__PATTERN_COUNTRY:
    case PURVEY__RULES__V1__PATTERN__PATTERN_EMAIL:
    case PURVEY__RULES__V1__PATTERN__PATTERN_UUID:
    case PURVEY__RULES__V1__PATTERN__PATTERN_ETAG:
    case PURVEY__RULES__V1__PATTERN__PATTERN_DECIMAL:
    case PURVEY__RULES__V1__PATTERN__PATTERN_DOMAIN:
    case PURVEY__RULES__V1__PATTERN__PATTERN_COLOUR:
    case PURVEY__RULES__V1__PATTERN__PATTERN_LANGUAGE: return true;
    case PURVEY__RULES__V1__PATTERN__PATTERN_UNSPECIFIED:
    case PURVEY__RULES__V1__PATTERN__PATTERN_NAME:
    case PURVEY__RULES__V1__PATTERN__PATTERN_URL:
    case PURVEY__RULES__V1__PATTERN__PATTERN_HTTPS:
    case PURVEY__RULES__V1__PATTERN__PATTERN_LINE:
    case _PURVEY__RULES__V1__PATTERN_IS_INT_SIZE: break;
    }
    return false;
}

static bool is_bounded(const gen_field *field)
{
    const Purvey__Rules__V1__FieldRule *rule = field->rule;
    if (field->proto->type != TYPE(STRING) && field->proto->type != TYPE(BYTES)) { return true; }
    return rule != NULL &&
           (rule->length_max != 0 || *rule->id != '\0' || pattern_bounds(rule->pattern));
}

/* A file without rules is not generated with bounds of its own: the problem is told where its message is
 * used. */
static void refuse(gen_model *model, const gen_method *method, const gen_field *field,
                   const gen_field *from, const char *problem)
{
    const gen_element *element = &field->element;
    const char *inside = "";
    if (element->place.file->rule == NULL && from != NULL) {
        inside = gen_format("%s in it: ", element->full_name);
        element = &from->element;
    }
    gen_report(model, element, "%s%s; requests of %s carry it", inside, problem,
               method->element.label);
}

/* `from` is the last field of a file with rules on the way to `message`. */
static void walk(gen_model *model, const gen_method *method, const gen_message *message,
                 const gen_field *from)
{
    for (size_t i = 0; i < message->fields.count; i++) {
        gen_field *field = gen_field_at(message, i);
        const gen_field *ruled = field->element.place.file->rule != NULL ? field : from;
        if (field->bound_checked || (field->rule != NULL && field->rule->output_only)) { continue; }
        field->bound_checked = true;
        if (field->is_map) {
            refuse(model, method, field, from,
                   "a map has no limits: use a repeated message with field rules");
            continue;
        }
        if (field->repeated && (field->rule == NULL || field->rule->items_max == 0)) {
            refuse(model, method, field, from, "a repeated field without items_max");
        }
        if (!is_bounded(field)) {
            refuse(model, method, field, from,
                   "no limit: give it length_max, id, or a pattern of bounded length");
        }
        if (field->message == NULL) { continue; }
        if (field->message->recursive) {
            refuse(model, method, field, from, "its type can contain itself, to any depth");
        } else if (!gen_equal(field->message->element.full_name, FIELD_MASK)) {
            walk(model, method, field->message, ruled);
        }
    }
}

void gen_check_bounds(gen_model *model, const gen_method *method)
{
    if (method->request->recursive) {
        gen_report(model, &method->element, "the request %s can contain itself, to any depth",
                   method->request->element.label);
        return;
    }
    walk(model, method, method->request, NULL);
}
