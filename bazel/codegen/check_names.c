/* Names in C have no packages and no nesting, so two elements may want one name. */
#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/names.h"
#include "protos/runtime/rules.h"

#include <stdlib.h>
#include <string.h>

typedef struct claim {
    const char *name;
    const gen_element *element;
} claim;

static void add(gen_list *claims, const char *name, const gen_element *element)
{
    claim *entry = gen_alloc(sizeof *entry);
    *entry = (claim){name, element};
    gen_add(claims, entry);
}

static void claim_method(gen_list *claims, const gen_method *method, bool served)
{
    static const char *const handlers[][2] = {
        {"", NULL}, {"_next", NULL}, {"_receive", "_finish"}, {"_receive", "_next"}};
    static const char *const stubs[][3] = {{"", NULL, NULL},
                                           {"_open", "_receive", NULL},
                                           {"_open", "_send", "_finish"},
                                           {"_open", "_send", "_receive"}};
    int kind = gen_kind(method);
    for (size_t i = 0; served && i < 2 && handlers[kind][i] != NULL; i++) {
        add(claims, gen_format("%s%s", method->short_name, handlers[kind][i]), &method->element);
    }
    for (size_t i = 0; i < 3 && stubs[kind][i] != NULL; i++) {
        add(claims, gen_format("%s%s", method->stub_name, stubs[kind][i]), &method->element);
    }
    add(claims, gen_format("%s__METHOD", gen_upper(method->short_name)), &method->element);
}

static void claim_enum(gen_list *claims, const gen_enum *enumeration)
{
    add(claims, enumeration->short_name, &enumeration->element);
    add(claims, enumeration->c_lower, &enumeration->element);
    bool reasons = enumeration->vocabulary == PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON;
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        add(claims, value->macro, &value->element);
        if (reasons && value->proto->number != 0) { add(claims, value->symbol, &value->element); }
    }
}

static gen_list collect(const gen_model *model)
{
    gen_list claims = {0};
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        add(&claims, file->symbol, &file->element);
        for (size_t j = 0; j < file->messages.count; j++) {
            const gen_message *message = file->messages.items[j];
            add(&claims, message->short_name, &message->element);
            add(&claims, message->c_lower, &message->element);
        }
        for (size_t j = 0; j < file->enums.count; j++) {
            claim_enum(&claims, file->enums.items[j]);
        }
        for (size_t j = 0; j < file->services.count; j++) {
            const gen_service *service = file->services.items[j];
            add(&claims, gen_format("%s__info", service->short_name), &service->element);
            for (size_t k = 0; k < service->methods.count; k++) {
                claim_method(&claims, service->methods.items[k], service->served);
            }
        }
    }
    return claims;
}

static int compare(const void *a, const void *b)
{
    const claim *left = *(const claim *const *)a;
    const claim *right = *(const claim *const *)b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->element->full_name, right->element->full_name);
}

static void check_clashes(gen_model *model)
{
    gen_list claims = collect(model);
    if (claims.count > 1) { qsort(claims.items, claims.count, sizeof *claims.items, compare); }
    for (size_t i = 1; i < claims.count; i++) {
        const claim *first = claims.items[i - 1];
        const claim *second = claims.items[i];
        if (!gen_equal(first->name, second->name)) { continue; }
        /* Both may come from files that are generated elsewhere: then they were told there. */
        const gen_element *element =
            second->element->place.file->generate ? second->element : first->element;
        const gen_element *other = element == second->element ? first->element : second->element;
        if (element->place.file->generate) {
            gen_report(model, element, "its name in C, %s, is also that of %s", first->name,
                       other->full_name);
        }
    }
}

/* `n_x` counts the repeated field x, `x_case` tells the member of the oneof x: a field named so would
 * stand twice in the struct. */
static const char *twin(const gen_message *message, const char *name)
{
    for (size_t i = 0; i < message->fields.count; i++) {
        const gen_field *field = gen_field_at(message, i);
        const char *lower = gen_lower(field->proto->name);
        if (field->repeated && gen_equal(gen_format("n_%s", lower), name)) {
            return field->proto->name;
        }
        if (gen_equal(lower, name) && !gen_equal(field->proto->name, name)) {
            return field->proto->name;
        }
    }
    for (size_t i = 0; i < message->proto->n_oneof_decl; i++) {
        const char *lower = gen_lower(message->proto->oneof_decl[i]->name);
        if (gen_equal(gen_format("%s_case", lower), name)) {
            return message->proto->oneof_decl[i]->name;
        }
    }
    return NULL;
}

void gen_check_names(gen_model *model)
{
    check_clashes(model);
    for (size_t i = 0; i < model->messages.count; i++) {
        const gen_message *message = model->messages.items[i];
        if (!message->element.place.file->generate) { continue; }
        for (size_t j = 0; j < message->fields.count; j++) {
            const gen_field *field = gen_field_at(message, j);
            const char *name = field->proto->name;
            const char *other = twin(message, name);
            if (gen_is_bad_field_name(name)) {
                gen_report(model, &field->element,
                           "\"%s\" is a word of C or C++, or a macro of its compilers", name);
            } else if (other != NULL) {
                gen_report(model, &field->element, "its name in C, %s, is also made for \"%s\"",
                           name, other);
            }
            if (field->proto->type == GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_GROUP) {
                gen_report(model, &field->element, "groups are not supported");
            }
        }
    }
}
