/* X.pv.c: the tables of messages, objects and the file. Methods and reasons: emit_methods.c. */
#include "bazel/codegen/emit.h"
#include "bazel/codegen/emit_parts.h"
#include "bazel/codegen/emit_tables_parts.h"

#include <inttypes.h>

/* Every file whose tables are referred to, once; the own header includes the imports. */
static void put_includes(const gen_file *file, gen_text *out)
{
    gen_list headers = {0};
    gen_add(&headers, file);
    for (size_t i = 0; i < file->services.count; i++) {
        const gen_service *service = file->services.items[i];
        for (size_t j = 0; j < service->methods.count; j++) {
            const gen_method *method = service->methods.items[j];
            for (size_t k = 0; k < method->transitions.count; k++) {
                const gen_transition *transition = method->transitions.items[k];
                gen_add(&headers, transition->object->element.place.file);
            }
            for (size_t k = 0; k < method->reasons.count; k++) {
                const gen_value *reason = method->reasons.items[k];
                gen_add(&headers, reason->element.place.file);
            }
        }
    }
    for (size_t i = 0; i < headers.count; i++) {
        const gen_file *header = headers.items[i];
        bool known = false;
        for (size_t j = 0; j < i && !known; j++) { known = headers.items[j] == header; }
        if (!known) { gen_print(out, "#include \"%s.pv.h\"\n", header->stem); }
    }
}

static void put_flag(gen_text *flags, bool set, const char *name)
{
    if (set) { gen_print(flags, "%s%s", flags->size == 0 ? "" : " | ", name); }
}

static const char *rule_flags(const gen_field *field)
{
    const Purvey__Rules__V1__FieldRule *rule = field->rule;
    gen_text flags = {0};
    put_flag(&flags, rule->required, "PV_RULE_REQUIRED");
    put_flag(&flags, rule->output_only, "PV_RULE_OUTPUT_ONLY");
    put_flag(&flags, rule->immutable, "PV_RULE_IMMUTABLE");
    put_flag(&flags, rule->sensitive, "PV_RULE_SENSITIVE");
    put_flag(&flags, rule->introduces, "PV_RULE_INTRODUCES");
    put_flag(&flags, rule->unique, "PV_RULE_UNIQUE");
    put_flag(&flags, rule->range != NULL, "PV_RULE_RANGE");
    put_flag(&flags, rule->decimal != NULL, "PV_RULE_DECIMAL");
    put_flag(&flags, rule->decimal != NULL && rule->decimal->negative, "PV_RULE_NEGATIVE");
    return flags.size == 0 ? "0" : flags.data;
}

/* INT64_MIN has no literal of its own in C. */
static const char *int64_literal(int64_t number)
{
    return number == INT64_MIN ? "INT64_MIN" : gen_format("INT64_C(%" PRId64 ")", number);
}

static void put_rule(const gen_message *message, size_t index, gen_text *out)
{
    const gen_field *field = gen_field_at(message, index);
    const Purvey__Rules__V1__FieldRule *rule = field->rule;
    if (rule == NULL) { return; }
    gen_print(out, "static const pv_field_rule %s__rule_%s = {\n    .flags = %s,\n",
              message->short_name, field->proto->name, rule_flags(field));
    if (rule->length_min != 0) { gen_print(out, "    .length_min = %u,\n", rule->length_min); }
    if (rule->length_max != 0) { gen_print(out, "    .length_max = %u,\n", rule->length_max); }
    if (rule->items_min != 0) { gen_print(out, "    .items_min = %u,\n", rule->items_min); }
    if (rule->items_max != 0) { gen_print(out, "    .items_max = %u,\n", rule->items_max); }
    if (rule->range != NULL) {
        gen_print(out, "    .range_min = %s,\n", int64_literal(rule->range->min));
        gen_print(out, "    .range_max = %s,\n", int64_literal(rule->range->max));
    }
    if (rule->decimal != NULL) {
        gen_print(out, "    .scale_max = %u,\n", rule->decimal->scale_max);
    }
    const ProtobufCEnumValue *pattern = protobuf_c_enum_descriptor_get_value(
        &purvey__rules__v1__pattern__descriptor, (int)rule->pattern);
    if (pattern != NULL && pattern->value != 0) {
        gen_print(out, "    .pattern = PV_%s,\n", pattern->name);
    }
    if (*rule->id != '\0') { gen_print(out, "    .id_prefix = \"%s\",\n", rule->id); }
    if (field->party != 0) { gen_print(out, "    .party = %u,\n", field->party); }
    gen_put(out, "};\n");
}

static void put_fields(const gen_message *message, gen_text *out)
{
    for (size_t i = 0; i < message->fields.count; i++) { put_rule(message, i, out); }
    if (message->fields.count == 0) { return; }
    gen_print(out, "static const pv_field_info %s__fields[] = {\n", message->short_name);
    for (size_t i = 0; i < message->fields.count; i++) {
        const gen_field *field = gen_field_at(message, i);
        gen_put(out, "    {.json_name = ");
        gen_put_literal(out, field->proto->json_name);
        if (field->message != NULL) {
            gen_print(out, ", .message = &%s__info", field->message->short_name);
        }
        if (field->rule != NULL) {
            gen_print(out, ", .rule = &%s__rule_%s", message->short_name, field->proto->name);
        }
        if (field->is_map) { gen_put(out, ", .is_map = true"); }
        gen_put(out, ",\n     .comment = ");
        gen_put_literal(out, gen_one_paragraph(field->element.comment));
        gen_put(out, "},\n");
    }
    gen_put(out, "};\n");
}

static void put_parties(const gen_message *message, gen_text *out)
{
    const gen_object *object = message->object;
    gen_print(out, "static const struct pv_party_info %s__parties[] = {", message->short_name);
    for (size_t i = 0; i < object->parties.count; i++) {
        const gen_field *field = object->parties.items[i];
        gen_print(out, "%s{%u, %d}", i == 0 ? "" : ", ", field->party,
                  gen_find_field(message, field->proto->name));
    }
    gen_put(out, "};\n");
}

static void put_indexes(const gen_message *message, gen_text *out)
{
    const gen_object *object = message->object;
    for (size_t i = 0; i < object->indexes.count; i++) {
        const gen_index *index = object->indexes.items[i];
        gen_print(out, "static const uint16_t %s__index_%u[] = {", message->short_name,
                  index->rule->number);
        for (size_t j = 0; j < index->field_count; j++) {
            gen_print(out, "%s%zu", j == 0 ? "" : ", ", index->fields[j]);
        }
        gen_put(out, "};\n");
    }
    if (object->indexes.count == 0) { return; }
    gen_print(out, "static const pv_index_info %s__indexes[] = {\n", message->short_name);
    for (size_t i = 0; i < object->indexes.count; i++) {
        const gen_index *index = object->indexes.items[i];
        gen_print(out,
                  "    {.number = %u, .unique = %s, .party = %u, .field_count = %zu, "
                  ".field_indexes = %s__index_%u},\n",
                  index->rule->number, index->rule->unique ? "true" : "false", index->party,
                  index->field_count, message->short_name, index->rule->number);
    }
    gen_put(out, "};\n");
}

static uint64_t terminal_states(const gen_enum *states)
{
    uint64_t set = 0;
    for (size_t i = 0; states != NULL && i < states->values.count; i++) {
        const gen_value *value = states->values.items[i];
        if (value->rule != NULL && value->rule->terminal) {
            set |= UINT64_C(1) << value->proto->number;
        }
    }
    return set;
}

static void put_object(const gen_message *message, gen_text *out)
{
    const gen_object *object = message->object;
    const char *name = message->short_name;
    put_parties(message, out);
    put_indexes(message, out);
    gen_print(
        out,
        "const pv_object_info %s__object = {\n    .name = \"%s\",\n    .message = &%s__info,\n",
        name, message->element.full_name, name);
    gen_print(out, "    .id_prefix = \"%s\",\n    .tag = %u,\n", message->rule->id_prefix,
              message->rule->tag);
    gen_print(out, "    .id_field = %d,\n    .etag_field = %d,\n    .revision_field = %d,\n",
              object->id, object->etag, object->revision);
    gen_print(
        out, "    .create_time_field = %d,\n    .update_time_field = %d,\n    .state_field = %d,\n",
        object->create_time, object->update_time, object->state);
    gen_print(out, "    .party_count = %zu,\n    .parties = %s__parties,\n", object->parties.count,
              name);
    if (object->indexes.count > 0) {
        gen_print(out, "    .indexes = %s__indexes,\n    .index_count = %zu,\n", name,
                  object->indexes.count);
    }
    if (object->states != NULL) {
        gen_print(out, "    .states = &%s__descriptor,\n", object->states->c_lower);
        gen_print(out, "    .terminal_states = UINT64_C(0x%" PRIx64 "),\n",
                  terminal_states(object->states));
        gen_print(out, "    .state_prefix = \"%s\",\n", object->states->prefix);
    }
    if (object->shown_to != 0) {
        gen_print(out, "    .shown_to = UINT64_C(0x%" PRIx64 "),\n", object->shown_to);
    }
    gen_put(out, "};\n");
}

static void put_message(const gen_message *message, gen_text *out)
{
    const char *name = message->short_name;
    gen_put(out, "\n");
    put_fields(message, out);
    if (message->object != NULL) { put_object(message, out); }
    gen_print(out, "const pv_message_info %s__info = {\n    .descriptor = &%s__descriptor,\n", name,
              message->c_lower);
    if (message->fields.count > 0) { gen_print(out, "    .fields = %s__fields,\n", name); }
    if (message->object != NULL) { gen_print(out, "    .object = &%s__object,\n", name); }
    gen_put(out, "    .comment = ");
    gen_put_literal(out, gen_one_paragraph(message->element.comment));
    gen_print(out, ",\n    .recursive = %s,\n};\n", message->recursive ? "true" : "false");
}

/* The packed descriptor without comments, for reflection. Options of ours are kept: protobuf-c packs
 * unknown fields back as they came. */
static void put_descriptor(const gen_file *file, gen_text *out)
{
    Google__Protobuf__FileDescriptorProto proto = *file->proto;
    proto.source_code_info = NULL;
    size_t size = google__protobuf__file_descriptor_proto__get_packed_size(&proto);
    uint8_t *bytes = gen_alloc(size);
    google__protobuf__file_descriptor_proto__pack(&proto, bytes);
    gen_print(out, "\nstatic const uint8_t file_descriptor[%zu] = {", size);
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        if (i % 20 == 0) { gen_put(out, "\n    "); }
        const char byte[] = {'0', 'x', digits[bytes[i] >> 4], digits[bytes[i] & 15], ','};
        gen_put_bytes(out, byte, sizeof byte);
    }
    gen_put(out, "\n};\n");
}

static void put_file(const gen_model *model, const gen_file *file, gen_text *out)
{
    put_descriptor(file, out);
    if (file->proto->n_dependency > 0) {
        gen_put(out, "\nstatic const pv_file_info *const file_imports[] = {\n");
        for (size_t i = 0; i < file->proto->n_dependency; i++) {
            gen_print(out, "    &%s,\n", gen_find_file(model, file->proto->dependency[i])->symbol);
        }
        gen_put(out, "};\n");
    }
    if (file->messages.count > 0) {
        gen_put(out, "\nstatic const pv_message_info *const file_messages[] = {\n");
        for (size_t i = 0; i < file->messages.count; i++) {
            const gen_message *message = file->messages.items[i];
            gen_print(out, "    &%s__info,\n", message->short_name);
        }
        gen_put(out, "};\n");
    }
    if (file->services.count > 0) {
        gen_put(out, "\nstatic const pv_service_info *const file_services[] = {\n");
        for (size_t i = 0; i < file->services.count; i++) {
            const gen_service *service = file->services.items[i];
            gen_print(out, "    &%s__info,\n", service->short_name);
        }
        gen_put(out, "};\n");
    }
    gen_print(out, "\nconst pv_file_info %s = {\n    .name = ", file->symbol);
    gen_put_literal(out, file->proto->name);
    gen_put(
        out,
        ",\n    .descriptor = file_descriptor,\n    .descriptor_size = sizeof file_descriptor,\n");
    if (file->proto->n_dependency > 0) {
        gen_print(out, "    .imports = file_imports,\n    .import_count = %zu,\n",
                  file->proto->n_dependency);
    }
    if (file->messages.count > 0) {
        gen_print(out, "    .messages = file_messages,\n    .message_count = %zu,\n",
                  file->messages.count);
    }
    if (file->services.count > 0) {
        gen_print(out, "    .services = file_services,\n    .service_count = %zu,\n",
                  file->services.count);
    }
    gen_put(out, "};\n");
}

void gen_emit_tables(const gen_model *model, const gen_file *file, gen_text *out)
{
    gen_emit_banner(file, out);
    put_includes(file, out);
    for (size_t i = 0; i < file->enums.count; i++) {
        gen_emit_reason_table(file->enums.items[i], out);
    }
    for (size_t i = 0; i < file->messages.count; i++) { put_message(file->messages.items[i], out); }
    for (size_t i = 0; i < file->services.count; i++) {
        gen_emit_method_tables(file, file->services.items[i], out);
    }
    put_file(model, file, out);
}
