/* The generator's reader of options, and what stands behind it: the options of every element of a small
 * set of files are changed by the input, byte by byte or whole. What is accepted can be emitted. Everything else
 * of the files is as protoc makes it, which checks that before a plugin is called. */
#include "bazel/codegen/options.h"
#include "bazel/codegen/check.h"
#include "bazel/codegen/emit.h"
#include "bazel/codegen/resolve.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/options_memory.h"

enum { RECORDS_MAX = 256, CHANGES_MAX = 16 };

/* tests/codegen/sample and what it imports, as protoc describes it. */
static const uint8_t sample[] = {
#include "tests/fuzz/sample_set.inc"
};

/* The generator ends before it could leak and so never frees; here it has an arena for each input. */
static pv_arena *arena;

void *pv_fuzz_calloc(size_t count, size_t size)
{
    void *memory = pv_arena_zalloc(arena, count, size);
    PV_ASSERT(memory != NULL);
    return memory;
}

static void *take(void *context, size_t size)
{
    return pv_arena_alloc((pv_arena *)context, size);
}

static void leave(void *context, void *pointer)
{
    (void)context;
    (void)pointer;
}

ProtobufCMessage *pv_fuzz_unpack(const ProtobufCMessageDescriptor *type, ProtobufCAllocator *none,
                                 size_t size, const uint8_t *bytes)
{
    ProtobufCAllocator allocator = {take, leave, arena};
    PV_ASSERT(none == NULL);
    return protobuf_c_message_unpack(type, &allocator, size, bytes);
}

static bool generates(const char *name, const void *context)
{
    (void)context;
    return gen_starts_with(name, "sample/");
}

/* The options of ours in the files to generate. */
typedef struct records {
    ProtobufCMessageUnknownField *items[RECORDS_MAX];
    size_t count;
} records;

static void find_records(records *all, const ProtobufCMessage *options)
{
    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        ProtobufCMessageUnknownField *record = &options->unknown_fields[i];
        bool ours = record->tag >= GEN_OPTION_FILE && record->tag <= GEN_OPTION_VALUE;
        if (ours && all->count < RECORDS_MAX) { all->items[all->count++] = record; }
    }
}

#define FIND(all, proto) \
    find_records((all), (proto)->options == NULL ? NULL : &(proto)->options->base)

static void find_in_enums(records *all, const gen_file *file)
{
    for (size_t i = 0; i < file->enums.count; i++) {
        const gen_enum *enumeration = file->enums.items[i];
        FIND(all, enumeration->proto);
        for (size_t j = 0; j < enumeration->values.count; j++) {
            FIND(all, ((const gen_value *)enumeration->values.items[j])->proto);
        }
    }
}

static void find_in_file(records *all, const gen_file *file)
{
    FIND(all, file->proto);
    find_in_enums(all, file);
    for (size_t i = 0; i < file->messages.count; i++) {
        const gen_message *message = file->messages.items[i];
        FIND(all, message->proto);
        for (size_t j = 0; j < message->fields.count; j++) {
            FIND(all, gen_field_at(message, j)->proto);
        }
    }
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            FIND(all, ((const gen_method *)service->methods.items[j])->proto);
        }
    }
}

/* The whole option becomes the piece; protobuf-c keeps its length in front. */
static void replace(ProtobufCMessageUnknownField *record, pv_view piece)
{
    pv_buffer bytes = pv_buffer_of(arena);
    uint8_t length[2] = {(uint8_t)(piece.size | 0x80), (uint8_t)(piece.size >> 7)};
    if (piece.size < 0x80) { length[0] = (uint8_t)piece.size; }
    pv_buffer_append(&bytes, pv_view_of(length, piece.size < 0x80 ? 1 : 2));
    pv_buffer_append(&bytes, piece);
    PV_ASSERT(!bytes.overflow);
    record->data = bytes.data;
    record->len = bytes.size;
}

static void change(records *all, pv_view input)
{
    for (size_t i = 0; i < CHANGES_MAX && input.size > 0; i++) {
        ProtobufCMessageUnknownField *record = all->items[pv_fuzz_byte(&input) % all->count];
        uint8_t choice = pv_fuzz_byte(&input);
        if (choice < 128) {
            /* The length in front stays true. */
            size_t prefix = (record->data[0] & 0x80) != 0 ? 2 : 1;
            if (record->len <= prefix) { continue; }
            size_t at = prefix + choice % (record->len - prefix);
            record->data[at] = pv_fuzz_byte(&input);
        } else if (choice < 250) {
            replace(record, pv_fuzz_piece(&input));
        } else {
            record->wire_type = PROTOBUF_C_WIRE_TYPE_32BIT;
        }
    }
}

static void emit(const gen_model *model)
{
    gen_text text = {0};
    for (size_t i = 0; i < model->files.count; i++) {
        const gen_file *file = model->files.items[i];
        if (!file->generate) { continue; }
        gen_emit_header(file, &text);
        gen_emit_tables(model, file, &text);
        gen_emit_server(file, &text);
        gen_emit_rules(model, file, &text);
    }
    gen_emit_access(model, &text);
    gen_emit_transitions(model, &text);
    gen_emit_reasons(model, &text);
    gen_emit_lifecycle(model, &text);
    gen_emit_reference(model, &text);
    gen_emit_catalog(model, "fuzz/catalog", &text);
    PV_ASSERT(text.size > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena = pv_arena_create((size_t)256 << 20);
    const Google__Protobuf__FileDescriptorSet *set =
        (const Google__Protobuf__FileDescriptorSet *)pv_fuzz_unpack(
            &google__protobuf__file_descriptor_set__descriptor, NULL, sizeof sample, sample);
    PV_ASSERT(set != NULL);
    gen_model model = {0};
    gen_model_load(&model, set->file, set->n_file, generates, NULL);
    records all = {.count = 0};
    for (size_t i = 0; i < model.files.count; i++) {
        const gen_file *file = model.files.items[i];
        if (file->generate) { find_in_file(&all, file); }
    }
    PV_ASSERT(all.count > 0);
    change(&all, pv_view_of(data, size));
    gen_read_options(&model);
    gen_resolve(&model);
    gen_check(&model);
    gen_check_whole(&model);
    /* As sample is, the generator takes it. */
    PV_ASSERT(size > 0 || model.problems.count == 0);
    if (model.problems.count == 0) { emit(&model); }
    pv_arena_destroy(arena);
    return 0;
}
