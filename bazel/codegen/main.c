/* protoc-gen-purvey — the protoc plugin: reads a CodeGeneratorRequest from standard input, writes a
 * CodeGeneratorResponse. Parameters (--purvey_opt), separated by commas:
 *   set=FILE      a FileDescriptorSet with comments: the files that options may name things of. Without
 *                 it, only what is imported is in sight.
 *   access=any    methods of files without a FileRule may be called by every authenticated caller,
 *   access=public or without identity; by nobody if not said.
 *   serve=NAME    server bindings for this service only; may be repeated.
 *   whole=FOLDER  instead of C for each file: check all files together, write the matrices and the
 *                 reference into FOLDER.
 *   catalog=STEM  with whole: write STEM.pv.h and STEM.pv.c, the tables of all files together.
 * Problems go to standard error as "file.proto:LINE: Element: sentence", all of them, and the exit code
 * is 1. It runs once and ends: it never frees. */
#include "bazel/codegen/check.h"
#include "bazel/codegen/emit.h"
#include "bazel/codegen/options.h"
#include "bazel/codegen/resolve.h"
#include "protos/runtime/rules.h"

#include "google/protobuf/compiler/plugin.pb-c.h"

#include <stdio.h>
#include <string.h>

typedef Google__Protobuf__Compiler__CodeGeneratorRequest plugin_request;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse plugin_response;
typedef Google__Protobuf__Compiler__CodeGeneratorResponse__File plugin_file;

typedef struct parameters {
    const char *set;
    const char *whole;
    const char *catalog;
    uint32_t foreign_flags;
    gen_list serve;
} parameters;

static bool read_parameter(parameters *all, const char *word)
{
    if (gen_starts_with(word, "set=")) {
        all->set = word + strlen("set=");
    } else if (gen_starts_with(word, "serve=")) {
        gen_add(&all->serve, word + strlen("serve="));
    } else if (gen_equal(word, "access=any")) {
        all->foreign_flags = PV_METHOD_ANY;
    } else if (gen_equal(word, "access=public")) {
        all->foreign_flags = PV_METHOD_PUBLIC;
    } else if (gen_starts_with(word, "whole=")) {
        all->whole = word + strlen("whole=");
    } else if (gen_starts_with(word, "catalog=")) {
        all->catalog = word + strlen("catalog=");
    } else {
        fprintf(stderr, "protoc-gen-purvey: unknown parameter \"%s\"\n", word);
        return false;
    }
    return true;
}

static bool read_parameters(parameters *all, const char *text)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (size > 0 && !read_parameter(all, gen_copy(at, size))) { return false; }
        at += size + (at[size] == ',');
    }
    return true;
}

static bool is_asked_for(const char *name, const void *context)
{
    const plugin_request *request = context;
    for (size_t i = 0; i < request->n_file_to_generate; i++) {
        if (gen_equal(request->file_to_generate[i], name)) { return true; }
    }
    return false;
}

static bool load(gen_model *model, const plugin_request *request, const parameters *all)
{
    if (all->set == NULL) {
        gen_model_load(model, request->proto_file, request->n_proto_file, is_asked_for, request);
        return true;
    }
    gen_text bytes = gen_read_file(all->set);
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, bytes.size, (const uint8_t *)bytes.data);
    if (set == NULL) {
        fprintf(stderr, "protoc-gen-purvey: %s is no FileDescriptorSet\n", all->set);
        return false;
    }
    gen_model_load(model, set->file, set->n_file, is_asked_for, request);
    return true;
}

/* Without `serve` every service has server bindings. */
static void choose_services(const gen_model *model, const parameters *all)
{
    for (size_t i = 0; i < model->files.count && all->serve.count > 0; i++) {
        const gen_file *file = model->files.items[i];
        for (size_t j = 0; j < file->services.count; j++) {
            gen_service *service = file->services.items[j];
            service->served = false;
            for (size_t k = 0; k < all->serve.count; k++) {
                service->served =
                    service->served || gen_equal(service->proto->name, all->serve.items[k]);
            }
        }
    }
}

static void add_file(gen_list *files, const char *name, const gen_text *content)
{
    plugin_file *file = gen_alloc(sizeof *file);
    google__protobuf__compiler__code_generator_response__file__init(file);
    file->name = gen_copy(name, strlen(name));
    file->content = content->data == NULL ? gen_copy("", 0) : content->data;
    gen_add(files, file);
}

static void emit_file(const gen_model *model, const gen_file *file, gen_list *files)
{
    gen_text header = {0};
    gen_text tables = {0};
    gen_text server = {0};
    gen_text rules = {0};
    gen_emit_header(file, &header);
    gen_emit_tables(model, file, &tables);
    gen_emit_server(file, &server);
    gen_emit_rules(model, file, &rules);
    add_file(files, gen_format("%s.pv.h", file->stem), &header);
    add_file(files, gen_format("%s.pv.c", file->stem), &tables);
    add_file(files, gen_format("%s.server.pv.c", file->stem), &server);
    add_file(files, gen_format("%s.rules.txt", file->stem), &rules);
}

static void emit_whole(const gen_model *model, const parameters *all, gen_list *files)
{
    static const struct {
        const char *name;
        void (*emit)(const gen_model *model, gen_text *out);
    } outputs[] = {
        {"access.golden.txt", gen_emit_access}, {"transitions.golden.txt", gen_emit_transitions},
        {"reasons.txt", gen_emit_reasons},      {"lifecycle.dot", gen_emit_lifecycle},
        {"reference.md", gen_emit_reference},
    };
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        gen_text text = {0};
        outputs[i].emit(model, &text);
        add_file(files, gen_format("%s/%s", all->whole, outputs[i].name), &text);
    }
    if (all->catalog == NULL) { return; }
    gen_text header = {0};
    gen_text tables = {0};
    gen_emit_catalog_header(all->catalog, &header);
    gen_emit_catalog(model, all->catalog, &tables);
    add_file(files, gen_format("%s.pv.h", all->catalog), &header);
    add_file(files, gen_format("%s.pv.c", all->catalog), &tables);
}

static bool write_response(const gen_list *files)
{
    plugin_response response = GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__INIT;
    response.has_supported_features = 1;
    response.supported_features =
        GOOGLE__PROTOBUF__COMPILER__CODE_GENERATOR_RESPONSE__FEATURE__FEATURE_PROTO3_OPTIONAL;
    response.n_file = files->count;
    response.file = (plugin_file **)files->items;
    size_t size = google__protobuf__compiler__code_generator_response__get_packed_size(&response);
    uint8_t *bytes = gen_alloc(size);
    google__protobuf__compiler__code_generator_response__pack(&response, bytes);
    return fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0;
}

int main(void)
{
    gen_text input = gen_read_input();
    plugin_request *request = google__protobuf__compiler__code_generator_request__unpack(
        NULL, input.size, (const uint8_t *)input.data);
    if (request == NULL) {
        fputs(
            "protoc-gen-purvey: standard input is no CodeGeneratorRequest; run it through protoc\n",
            stderr);
        return 1;
    }
    parameters all = {0};
    gen_model model = {0};
    if (!read_parameters(&all, request->parameter) || !load(&model, request, &all)) { return 1; }
    model.foreign_flags = all.foreign_flags;
    choose_services(&model, &all);
    gen_read_options(&model);
    gen_resolve(&model);
    gen_check(&model);
    if (all.whole != NULL) { gen_check_whole(&model); }
    if (gen_print_problems(&model) > 0) { return 1; }

    gen_list files = {0};
    if (all.whole != NULL) {
        emit_whole(&model, &all, &files);
    } else {
        for (size_t i = 0; i < model.files.count; i++) {
            const gen_file *file = model.files.items[i];
            if (file->generate) { emit_file(&model, file, &files); }
        }
    }
    return write_response(&files) ? 0 : 1;
}
