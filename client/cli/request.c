#include "client/cli/request.h"

#include "base/digest.h"
#include "client/cli/codec.h"
#include "client/cli/connect.h"
#include "client/cli/failure.h"
#include "client/cli/literal.h"
#include "protos/runtime/message.h"

#include <stdlib.h>

static pv_field_flag find_field_flag(const void *context, const char *name)
{
    const pv_method_info *method = context;
    const ProtobufCFieldDescriptor *field = pv_literal_find(method->request, name, NULL);
    if (field == NULL) { return PV_FIELD_FLAG_UNKNOWN; }
    bool is_switch =
        field->type == PROTOBUF_C_TYPE_BOOL && field->label != PROTOBUF_C_LABEL_REPEATED;
    return is_switch ? PV_FIELD_FLAG_SWITCH : PV_FIELD_FLAG_VALUE;
}

static void offer_field_flags(const void *context, pv_suggestion *suggestion)
{
    const pv_method_info *method = context;
    for (unsigned i = 0; i < method->request->descriptor->n_fields; i++) {
        pv_suggest_offer(suggestion, method->request->descriptor->fields[i].name);
    }
}

pv_field_flags pv_request_flags(const pv_method_info *method)
{
    return (pv_field_flags){.find = find_field_flag, .offer = offer_field_flags, .context = method};
}

/* The message of --json; an empty one without it. */
static pv_exit read_json(pv_cli *cli, const pv_message_info *info, const pv_options *options,
                         ProtobufCMessage **ret_message)
{
    const char *text = options->json == NULL ? "{}" : options->json;
    if (text[0] == '@') {
        text = pv_cli_read_file(cli, text + 1, PV_REQUEST_JSON_BYTES_MAX, "the request");
        if (text == NULL) { return PV_EXIT_USAGE; }
    }
    return pv_codec_read(cli, cli->arena, info, text, "--json", ret_message);
}

static pv_exit set_id(pv_cli *cli, const pv_command *command, const char *id, json_t *object)
{
    const ProtobufCFieldDescriptor *field = pv_command_id_field(command);
    if (id == NULL) { return PV_EXIT_OK; }
    if (field == NULL) {
        return pv_cli_usage(cli, "%s %s takes no ID; \"%s\" is too much.", command->noun,
                            command->verb, id);
    }
    if (json_object_set_new(object, field->name, json_string(id)) != 0) {
        return pv_cli_usage(cli, "the ID is not UTF-8.");
    }
    return PV_EXIT_OK;
}

/* An ID that was forgotten is told here and not by the service, which is asked nothing then. */
static pv_exit check_id(pv_cli *cli, const pv_command *command, const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field = pv_command_id_field(command);
    if (field == NULL || pv_field_is_set(request, field)) { return PV_EXIT_OK; }
    const pv_message_info *info = command->method->request;
    const pv_field_rule *rule = info->fields[field - info->descriptor->fields].rule;
    if (rule == NULL || (rule->flags & PV_RULE_REQUIRED) == 0) { return PV_EXIT_OK; }
    return pv_cli_usage(cli, "which %s? Write: purvey %s %s ID.", command->noun, command->noun,
                        command->verb);
}

static pv_exit set_dry_run(pv_cli *cli, const pv_command *command, json_t *object)
{
    if (pv_literal_find(command->method->request, "validate_only", NULL) == NULL) {
        return pv_cli_usage(cli, "%s %s changes nothing, so there is nothing to run dry.",
                            command->noun, command->verb);
    }
    (void)json_object_set_new(object, "validate_only", json_true());
    return PV_EXIT_OK;
}

static pv_exit fill(pv_cli *cli, const pv_command *command, const pv_options *options,
                    const pv_arguments *arguments, const char *id, json_t *object)
{
    pv_exit exit = set_id(cli, command, id, object);
    for (size_t i = 0; i < arguments->assignment_count && exit == PV_EXIT_OK; i++) {
        exit = pv_literal_set(cli, object, command->method->request, arguments->assignments[i].name,
                              arguments->assignments[i].value);
    }
    if (exit == PV_EXIT_OK && options->dry_run) { exit = set_dry_run(cli, command, object); }
    return exit;
}

/* The message of what is said besides --json. */
static pv_exit read_flags(pv_cli *cli, const pv_command *command, const pv_options *options,
                          const pv_arguments *arguments, const char *id,
                          ProtobufCMessage **ret_message)
{
    json_t *object = json_object();
    pv_exit exit = fill(cli, command, options, arguments, id, object);
    if (exit == PV_EXIT_OK) {
        char *text = json_dumps(object, JSON_COMPACT);
        PV_ASSERT(text != NULL); /* all texts in it were checked to be UTF-8 */
        exit = pv_codec_read(cli, cli->arena, command->method->request, text, "the request",
                             ret_message);
        free(text);
    }
    json_decref(object);
    return exit;
}

pv_exit pv_request_build(pv_cli *cli, const pv_command *command, const pv_options *options,
                         const pv_arguments *arguments, const char *id,
                         ProtobufCMessage **ret_request)
{
    const pv_message_info *info = command->method->request;
    ProtobufCMessage *written = NULL;
    ProtobufCMessage *flags = NULL;
    pv_exit exit = read_json(cli, info, options, &written);
    if (exit == PV_EXIT_OK) { exit = read_flags(cli, command, options, arguments, id, &flags); }
    if (exit != PV_EXIT_OK) { return exit; }
    ProtobufCMessage *request = pv_codec_merge(cli->arena, info, written, flags);
    if (request == NULL) { return pv_cli_fail(cli, "the request is too large."); }
    exit = check_id(cli, command, request);
    if (exit == PV_EXIT_OK) { *ret_request = request; }
    return exit;
}

static const ProtobufCFieldDescriptor *text_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    bool is_text = field != NULL && field->type == PROTOBUF_C_TYPE_STRING &&
                   field->label != PROTOBUF_C_LABEL_REPEATED;
    return is_text ? field : NULL;
}

const char *pv_request_identify(pv_cli *cli, ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field = text_field(request, "request_id");
    if (field == NULL) { return NULL; }
    if (!pv_field_is_set(request, field)) {
        char uuid[PV_UUID_TEXT_SIZE];
        pv_uuid_random(uuid);
        char *copy = pv_arena_dup(cli->arena, pv_view_text(uuid));
        PV_ASSERT(copy !=
                  NULL); /* the arena has room for what stood on the command line and more */
        pv_field_set_string(request, field, copy);
        fprintf(cli->err, "request_id: %s\n", copy);
    }
    return pv_field_string(request, field);
}

/* The first field of the response: the object. */
static const char *etag_of(const ProtobufCMessage *response)
{
    const ProtobufCMessage *object = pv_field_message(response, &response->descriptor->fields[0]);
    const ProtobufCFieldDescriptor *field = object == NULL ? NULL : text_field(object, "etag");
    return field == NULL ? "" : pv_field_string(object, field);
}

pv_exit pv_request_read_etag(pv_cli *cli, const pv_command *command, const pv_options *options,
                             pv_client *client, ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *etag_field = text_field(request, "etag");
    if (etag_field == NULL || strcmp(pv_field_string(request, etag_field), "auto") != 0) {
        return PV_EXIT_OK;
    }
    const ProtobufCFieldDescriptor *id_field = pv_command_id_field(command);
    const pv_method_info *reader =
        id_field == NULL ? NULL : pv_command_reader(cli->services, command, id_field);
    if (reader == NULL) {
        return pv_cli_usage(cli, "--etag auto: there is no command that reads what %s %s changes.",
                            command->noun, command->verb);
    }
    ProtobufCMessage *question = pv_message_new(reader->request, cli->arena);
    const ProtobufCFieldDescriptor *question_id =
        question == NULL ? NULL : text_field(question, id_field->name);
    PV_ASSERT(question_id != NULL);
    char *id = pv_arena_dup(cli->arena, pv_view_text(pv_field_string(request, id_field)));
    PV_ASSERT(id != NULL);
    pv_field_set_string(question, question_id, id);
    ProtobufCMessage *answer = NULL;
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_status status = pv_client_unary(client, reader, cli->arena,
                                       pv_connect_options(cli->arena, options->deadline_ms),
                                       question, &answer, &error);
    if (!pv_is_ok(status)) { return pv_failure_report(cli, reader, status, &error, NULL); }
    char *etag = pv_arena_dup(cli->arena, pv_view_text(etag_of(answer)));
    PV_ASSERT(etag != NULL);
    pv_field_set_string(request, etag_field, etag);
    return PV_EXIT_OK;
}
