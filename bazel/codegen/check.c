#include "bazel/codegen/check.h"

#include "bazel/codegen/check_parts.h"
#include "bazel/codegen/options.h"

/* Rules in a file that does not say it carries them would be half in force: refused. */
static void check_unruled(gen_model *model, const gen_file *file)
{
    for (size_t i = 0; i < file->messages.count; i++) {
        const gen_message *message = file->messages.items[i];
        if (message->rule != NULL) {
            gen_refuse(model, &message->element, GEN_OPTION_OBJECT,
                       "rules need the option (purvey.rules.v1.file) in the file");
        }
    }
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            const gen_method *method = service->methods.items[j];
            if (method->rule != NULL) {
                gen_refuse(model, &method->element, GEN_OPTION_METHOD,
                           "rules need the option (purvey.rules.v1.file) in the file");
            }
        }
    }
}

static void check_file(gen_model *model, const gen_file *file)
{
    if (file->rule == NULL) {
        check_unruled(model, file);
        return;
    }
    for (size_t i = 0; i < file->enums.count; i++) { gen_check_enum(model, file->enums.items[i]); }
    for (size_t i = 0; i < file->messages.count; i++) {
        const gen_message *message = file->messages.items[i];
        for (size_t j = 0; j < message->fields.count; j++) {
            gen_check_field(model, gen_field_at(message, j));
        }
        if (message->rule != NULL) { gen_check_object(model, message); }
    }
    for (size_t i = 0; i < file->services.count; i++) {
        gen_check_service(model, file->services.items[i]);
    }
}

void gen_check(gen_model *model)
{
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        if (file->generate) { check_file(model, file); }
    }
    gen_check_names(model);
}

void gen_check_whole(gen_model *model)
{
    for (size_t i = 0; i < model->messages.count; i++) {
        const gen_message *message = model->messages.items[i];
        if (message->object != NULL && message->object->states != NULL) {
            gen_check_states(model, message);
        }
        for (size_t j = 0; j < message->fields.count; j++) {
            gen_check_id_prefix(model, gen_field_at(message, j));
        }
    }
}
