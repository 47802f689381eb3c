/* Rewrites a FileDescriptorSet from standard input for protoc-gen-c, to standard output.
 * It drops services, whose code by protoc-gen-c is not used and does not compile for `rpc Do`, and turns
 * a proto3 `optional`, which protoc-gen-c refuses, into what it already is on the wire: a oneof of one
 * member, named opt_<field>, so that presence reads as `opt_<field>_case`.
 * A build tool: it allocates and never frees. */
#include "bazel/codegen/text.h"

#include "google/protobuf/descriptor.pb-c.h"

#include <stdio.h>

static void prune_message(Google__Protobuf__DescriptorProto *message)
{
    for (size_t i = 0; i < message->n_field; i++) {
        Google__Protobuf__FieldDescriptorProto *field = message->field[i];
        if (!field->has_proto3_optional || !field->proto3_optional || !field->has_oneof_index) {
            continue;
        }
        field->has_proto3_optional = 0;
        message->oneof_decl[field->oneof_index]->name = gen_format("opt_%s", field->name);
    }
    for (size_t i = 0; i < message->n_nested_type; i++) { prune_message(message->nested_type[i]); }
}

int main(void)
{
    gen_text input = gen_read_input();
    Google__Protobuf__FileDescriptorSet *set = google__protobuf__file_descriptor_set__unpack(
        NULL, input.size, (const uint8_t *)input.data);
    if (set == NULL) {
        fputs("prune: standard input is no FileDescriptorSet\n", stderr);
        return 1;
    }
    for (size_t i = 0; i < set->n_file; i++) {
        Google__Protobuf__FileDescriptorProto *file = set->file[i];
        file->n_service = 0;
        for (size_t j = 0; j < file->n_message_type; j++) { prune_message(file->message_type[j]); }
    }
    size_t size = google__protobuf__file_descriptor_set__get_packed_size(set);
    uint8_t *output = gen_alloc(size);
    google__protobuf__file_descriptor_set__pack(set, output);
    if (fwrite(output, 1, size, stdout) != size || fflush(stdout) != 0) {
        fputs("prune: cannot write\n", stderr);
        return 1;
    }
    return 0;
}
