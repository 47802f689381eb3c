#include "client/cli/answer.h"

#include "client/cli/codec.h"
#include "client/cli/table.h"
#include "client/cli/terminal.h"
#include "protos/runtime/message.h"
#include "protos/runtime/value.h"

const ProtobufCFieldDescriptor *pv_answer_list(const pv_message_info *response)
{
    if (response->descriptor->n_fields == 0 || response->fields[0].message == NULL ||
        response->fields[0].is_map) {
        return NULL;
    }
    const ProtobufCFieldDescriptor *field = &response->descriptor->fields[0];
    return field->label == PROTOBUF_C_LABEL_REPEATED ? field : NULL;
}

/* "id", else the first text of the message: what names it. */
static const char *id_of(const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(descriptor, "id");
    for (unsigned i = 0; i < descriptor->n_fields && field == NULL; i++) {
        const ProtobufCFieldDescriptor *one = &descriptor->fields[i];
        if (one->type == PROTOBUF_C_TYPE_STRING && one->label != PROTOBUF_C_LABEL_REPEATED) {
            field = one;
        }
    }
    return field == NULL || field->type != PROTOBUF_C_TYPE_STRING ? ""
                                                                  : pv_field_string(message, field);
}

static pv_exit write_id(pv_cli *cli, pv_arena *arena, const ProtobufCMessage *message)
{
    fprintf(cli->out, "%s\n", pv_terminal_text(arena, id_of(message), 0, NULL));
    return PV_EXIT_OK;
}

/* Elements one by one, as ids or lines. */
static pv_exit write_elements(pv_cli *cli, pv_arena *arena, pv_output output,
                              const pv_message_info *info, const ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *list = pv_answer_list(info);
    pv_exit exit = PV_EXIT_OK;
    for (size_t i = 0; i < pv_field_count(response, list) && exit == PV_EXIT_OK; i++) {
        const ProtobufCMessage *element = pv_field_message_at(response, list, i);
        exit = output == PV_OUTPUT_ID
                   ? write_id(cli, arena, element)
                   : pv_codec_write(cli, arena, info->fields[0].message, element, false);
    }
    return exit;
}

/* What stands beside the list: the next page's token, a resume token. */
static void tell_rest(pv_cli *cli, pv_arena *arena, const ProtobufCMessage *response)
{
    for (unsigned i = 1; i < response->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &response->descriptor->fields[i];
        if (!pv_field_is_set(response, field)) { continue; }
        const char *text = pv_value_text(response, field, arena);
        fprintf(cli->err, "%s: %s\n", field->name,
                pv_terminal_text(arena, text == NULL ? "" : text, 0, NULL));
    }
}

static pv_exit write_list_table(pv_cli *cli, pv_arena *arena, const pv_message_info *info,
                                const ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *list = pv_answer_list(info);
    size_t count = pv_field_count(response, list);
    const ProtobufCMessage *const *rows = pv_field_data(response, list);
    if (count == 0) {
        fputs("(none)\n", cli->err);
    } else {
        pv_table_list(cli->out, arena, info->fields[0].message, rows, count);
    }
    tell_rest(cli, arena, response);
    return PV_EXIT_OK;
}

/* An object that stands alone in its response needs no name in front of its fields. */
static pv_exit write_object_table(pv_cli *cli, pv_arena *arena, const pv_message_info *info,
                                  const ProtobufCMessage *response)
{
    const ProtobufCMessageDescriptor *descriptor = info->descriptor;
    bool alone = descriptor->n_fields == 1 && info->fields[0].message != NULL &&
                 pv_field_is_set(response, &descriptor->fields[0]) &&
                 descriptor->fields[0].label != PROTOBUF_C_LABEL_REPEATED;
    if (alone) {
        pv_table_object(cli->out, arena, info->fields[0].message,
                        pv_field_message(response, &descriptor->fields[0]));
    } else {
        pv_table_object(cli->out, arena, info, response);
    }
    return PV_EXIT_OK;
}

static pv_exit write_object_id(pv_cli *cli, pv_arena *arena, const pv_message_info *info,
                               const ProtobufCMessage *response)
{
    const ProtobufCMessage *object = NULL;
    if (info->descriptor->n_fields > 0 && info->fields[0].message != NULL) {
        object = pv_field_message(response, &info->descriptor->fields[0]);
    }
    return write_id(cli, arena, object == NULL ? response : object);
}

pv_exit pv_answer_write(pv_cli *cli, pv_arena *arena, pv_output output, const pv_message_info *info,
                        const ProtobufCMessage *response)
{
    bool is_list = pv_answer_list(info) != NULL;
    switch (output) {
    case PV_OUTPUT_TABLE:
        return is_list ? write_list_table(cli, arena, info, response)
                       : write_object_table(cli, arena, info, response);
    case PV_OUTPUT_JSON: return pv_codec_write(cli, arena, info, response, true);
    case PV_OUTPUT_JSONL:
    case PV_OUTPUT_ID: break;
    }
    if (is_list) {
        pv_exit exit = write_elements(cli, arena, output, info, response);
        tell_rest(cli, arena, response);
        return exit;
    }
    return output == PV_OUTPUT_ID ? write_object_id(cli, arena, info, response)
                                  : pv_codec_write(cli, arena, info, response, false);
}

pv_exit pv_answer_write_streamed(pv_cli *cli, pv_arena *arena, pv_output output,
                                 const pv_message_info *info, const ProtobufCMessage *response)
{
    pv_exit exit = PV_EXIT_OK;
    if (pv_answer_list(info) != NULL) {
        exit = write_elements(cli, arena, output, info, response);
    } else if (output == PV_OUTPUT_ID) {
        exit = write_object_id(cli, arena, info, response);
    } else {
        exit = pv_codec_write(cli, arena, info, response, false);
    }
    fflush(cli->out);
    return exit;
}
