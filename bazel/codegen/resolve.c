#include "bazel/codegen/resolve.h"

#include "bazel/codegen/options.h"
#include "bazel/codegen/resolve_parts.h"
#include "protos/runtime/rules.h"

/* Greatest number of a value: roles and states live in 64-bit sets, modules and grants in nibbles. The
 * last role is taken by parties of whatever type. */
static int32_t greatest_number(Purvey__Rules__V1__Vocabulary vocabulary)
{
    switch (vocabulary) {
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_ROLE: return PV_PARTY_ANY - 1;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_STATE: return 63;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_MODULE: return 15;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_GRANT: return 3;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_UNSPECIFIED:
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON:
    case _PURVEY__RULES__V1__VOCABULARY_IS_INT_SIZE: break;
    }
    return INT32_MAX;
}

/* Where the model keeps the one enum of a vocabulary; NULL: there may be many. */
static const gen_enum **seat(gen_model *model, Purvey__Rules__V1__Vocabulary vocabulary)
{
    switch (vocabulary) {
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_ROLE: return &model->roles;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_MODULE: return &model->modules;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_GRANT: return &model->grants;
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_UNSPECIFIED:
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_REASON:
    case PURVEY__RULES__V1__VOCABULARY__VOCABULARY_STATE:
    case _PURVEY__RULES__V1__VOCABULARY_IS_INT_SIZE: break;
    }
    return NULL;
}

static void resolve_enum(gen_model *model, const gen_enum *enumeration)
{
    if (enumeration->vocabulary == PURVEY__RULES__V1__VOCABULARY__VOCABULARY_UNSPECIFIED) {
        return;
    }
    const gen_enum **holder = seat(model, enumeration->vocabulary);
    if (holder != NULL && *holder != NULL) {
        gen_refuse(model, &enumeration->element, GEN_OPTION_ENUM,
                   "%s already declares this vocabulary", (*holder)->element.full_name);
    } else if (holder != NULL) {
        *holder = enumeration;
    }
    int32_t greatest = greatest_number(enumeration->vocabulary);
    for (size_t i = 0; i < enumeration->values.count; i++) {
        const gen_value *value = enumeration->values.items[i];
        if (value->proto->number < 0 || value->proto->number > greatest) {
            gen_refuse(model, &value->element, GEN_OPTION_VALUE,
                       "number %d is outside 0 to %d, the numbers of this vocabulary",
                       value->proto->number, greatest);
        }
    }
}

void gen_resolve(gen_model *model)
{
    for (size_t i = 0; i < model->enums.count; i++) { resolve_enum(model, model->enums.items[i]); }
    for (size_t i = 0; i < model->messages.count; i++) {
        gen_resolve_message(model, model->messages.items[i]);
    }
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        for (size_t j = 0; j < file->services.count; j++) {
            const gen_service *service = file->services.items[j];
            for (size_t k = 0; k < service->methods.count; k++) {
                gen_resolve_method(model, file, service->methods.items[k]);
            }
        }
    }
}
