/* reflection.c — grpc.reflection.v1 and v1alpha, over the descriptors of the server's own services.
 * Both versions have the same messages, so one handler serves both paths.
 *
 * A file is sent with all that it imports, each only once in a stream, as tools expect it. */
#include "grpc/reflection/v1/reflection.pv.h"
#include "grpc/reflection/v1alpha/reflection.pv.h"
#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"
#include "server/rpc/symbols.h"

#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 1024 };

typedef grpc_reflection_v1_server_reflection_request reflection_request;
typedef grpc_reflection_v1_server_reflection_response reflection_response;

struct pv_rpc_reflection {
    pv_symbols *symbols;
};

/* What a stream remembers: the question that is not answered yet, packed because a step's memory
 * ends with it, and which files it has been sent. */
typedef struct stream {
    bool asked;
    size_t request_size;
    uint8_t request[REQUEST_BYTES_MAX];
    bool *sent;
} stream;

static const pv_method_info alpha_methods[] = {{
    .path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    .service = "grpc.reflection.v1alpha.ServerReflection",
    .name = "ServerReflectionInfo",
    .kind = PV_METHOD_BIDI_STREAM,
    .flags = PV_METHOD_ANY,
    .request = &grpc_reflection_v1_server_reflection_request__info,
    .response = &grpc_reflection_v1_server_reflection_response__info,
    .comment = "",
}};

static const pv_service_info alpha_info = {
    .name = "grpc.reflection.v1alpha.ServerReflection",
    .methods = alpha_methods,
    .method_count = 1,
    .file = &pv_file__grpc_reflection_v1alpha_reflection,
    .comment = "",
};

static pv_status alpha_receive(pv_call *call, const ProtobufCMessage *request)
{
    return grpc_reflection_v1_server_reflection_server_reflection_info_receive(
        call, (const reflection_request *)(const void *)request);
}

static pv_status alpha_next(pv_call *call, const ProtobufCMessage *request,
                            ProtobufCMessage *response, pv_step *ret_step)
{
    (void)request; /* a bidi stream has none here */
    return grpc_reflection_v1_server_reflection_server_reflection_info_next(
        call, (reflection_response *)(void *)response, ret_step);
}

static const pv_handler alpha_handlers[] = {{.receive = alpha_receive, .next = alpha_next}};

const pv_service pv_rpc_reflection_alpha_service = {&alpha_info, alpha_handlers};

pv_rpc_reflection *pv_rpc_reflection_create(const pv_rpc_server *server,
                                            const pv_service *const *own, size_t own_count,
                                            const pv_rpc_config *config)
{
    pv_rpc_reflection *reflection = (pv_rpc_reflection *)calloc(1, sizeof *reflection);
    PV_ASSERT(reflection != NULL);
    reflection->symbols = pv_symbols_create();
    for (size_t i = 0; i < own_count; i++) {
        pv_symbols_add(reflection->symbols, own[i]->info->file);
    }
    for (size_t i = 0; i < server->service_count; i++) {
        pv_symbols_add(reflection->symbols, server->services[i]->info->file);
    }
    for (size_t i = 0; i < config->reflection_file_count; i++) {
        pv_symbols_add(reflection->symbols, config->reflection_files[i]);
    }
    return reflection;
}

void pv_rpc_reflection_destroy(pv_rpc_reflection *reflection)
{
    if (reflection == NULL) { return; }
    pv_symbols_destroy(reflection->symbols);
    free(reflection);
}

static const pv_symbols *symbols_of(pv_call *call)
{
    return pv_rpc_call_of(call)->server->reflection->symbols;
}

static pv_status out_of_memory(pv_call *call)
{
    return pv_refuse(&call->error, &pv_reason_arena_exhausted, NULL);
}

/* --- answers --- */

static pv_status answer_error(pv_call *call, reflection_response *response, pv_code code,
                              const char *what, const char *name)
{
    grpc_reflection_v1_error_response *answer =
        (grpc_reflection_v1_error_response *)(void *)pv_message_new(
            &grpc_reflection_v1_error_response__info, call->scratch);
    char *text = pv_arena_printf(call->scratch, "%s: %.200s", what, name);
    if (answer == NULL || text == NULL) { return out_of_memory(call); }
    answer->error_code = (int32_t)code;
    answer->error_message = text;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    response->error_response = answer;
    return pv_ok();
}

/* The file and its imports, as far as the stream has not had them; the file asked for comes
 * always. */
static void add_file(const pv_symbols *symbols, size_t number, stream *state, bool always,
                     grpc_reflection_v1_file_descriptor_response *answer)
{
    if (state->sent[number] && !always) { return; }
    state->sent[number] = true;
    const pv_file_info *file = pv_symbols_file(symbols, number);
    ProtobufCBinaryData *bytes = &answer->file_descriptor_proto[answer->n_file_descriptor_proto];
    bytes->data = (uint8_t *)(uintptr_t)file->descriptor;
    bytes->len = file->descriptor_size;
    answer->n_file_descriptor_proto++;
    for (size_t i = 0; i < file->import_count; i++) {
        size_t import;
        bool found = pv_symbols_find_file(symbols, pv_view_text(file->imports[i]->name), &import);
        PV_ASSERT(found);
        add_file(symbols, import, state, false, answer);
    }
}

static pv_status answer_file(pv_call *call, reflection_response *response, size_t number)
{
    const pv_symbols *symbols = symbols_of(call);
    grpc_reflection_v1_file_descriptor_response *answer =
        (grpc_reflection_v1_file_descriptor_response *)(void *)pv_message_new(
            &grpc_reflection_v1_file_descriptor_response__info, call->scratch);
    if (answer == NULL) { return out_of_memory(call); }
    answer->file_descriptor_proto = (ProtobufCBinaryData *)pv_arena_zalloc(
        call->scratch, pv_symbols_file_count(symbols), sizeof *answer->file_descriptor_proto);
    if (answer->file_descriptor_proto == NULL) { return out_of_memory(call); }
    add_file(symbols, number, (stream *)call->state, true, answer);
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    response->file_descriptor_response = answer;
    return pv_ok();
}

static pv_status answer_services(pv_call *call, reflection_response *response)
{
    const pv_rpc_dispatch *dispatch = pv_rpc_call_of(call)->server->dispatch;
    size_t count = 0;
    while (pv_rpc_dispatch_service(dispatch, count) != NULL) { count++; }
    grpc_reflection_v1_list_service_response *answer =
        (grpc_reflection_v1_list_service_response *)(void *)pv_message_new(
            &grpc_reflection_v1_list_service_response__info, call->scratch);
    if (answer == NULL) { return out_of_memory(call); }
    answer->service = (grpc_reflection_v1_service_response **)pv_arena_zalloc(
        call->scratch, count + 1, sizeof *answer->service);
    if (answer->service == NULL) { return out_of_memory(call); }
    for (size_t i = 0; i < count; i++) {
        answer->service[i] = (grpc_reflection_v1_service_response *)(void *)pv_message_new(
            &grpc_reflection_v1_service_response__info, call->scratch);
        if (answer->service[i] == NULL) { return out_of_memory(call); }
        answer->service[i]->name = (char *)(uintptr_t)pv_rpc_dispatch_service(dispatch, i);
    }
    answer->n_service = count;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    response->list_services_response = answer;
    return pv_ok();
}

static pv_status answer_numbers(pv_call *call, reflection_response *response, const char *type)
{
    const pv_symbols *symbols = symbols_of(call);
    size_t file;
    if (!pv_symbols_find(symbols, pv_view_text(type), &file)) {
        return answer_error(call, response, PV_CODE_NOT_FOUND, "no such message type", type);
    }
    size_t count = 0;
    int32_t number = INT32_MIN;
    while (pv_symbols_next_extension(symbols, pv_view_text(type), number, &number)) { count++; }
    grpc_reflection_v1_extension_number_response *answer =
        (grpc_reflection_v1_extension_number_response *)(void *)pv_message_new(
            &grpc_reflection_v1_extension_number_response__info, call->scratch);
    if (answer == NULL) { return out_of_memory(call); }
    answer->extension_number =
        (int32_t *)pv_arena_zalloc(call->scratch, count + 1, sizeof(int32_t));
    if (answer->extension_number == NULL) { return out_of_memory(call); }
    number = INT32_MIN;
    while (pv_symbols_next_extension(symbols, pv_view_text(type), number, &number)) {
        answer->extension_number[answer->n_extension_number] = number;
        answer->n_extension_number++;
    }
    answer->base_type_name = (char *)(uintptr_t)type;
    response->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
    response->all_extension_numbers_response = answer;
    return pv_ok();
}

static pv_status answer_found(pv_call *call, reflection_response *response, bool found, size_t file,
                              const char *what, const char *name)
{
    if (!found) { return answer_error(call, response, PV_CODE_NOT_FOUND, what, name); }
    return answer_file(call, response, file);
}

static pv_status answer(pv_call *call, const reflection_request *request,
                        reflection_response *response)
{
    const pv_symbols *symbols = symbols_of(call);
    size_t file = 0;
    bool found = false;
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        found = pv_symbols_find_file(symbols, pv_view_text(request->file_by_filename), &file);
        return answer_found(call, response, found, file, "no such file", request->file_by_filename);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        found = pv_symbols_find(symbols, pv_view_text(request->file_containing_symbol), &file);
        return answer_found(call, response, found, file, "no such symbol",
                            request->file_containing_symbol);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION: {
        const grpc_reflection_v1_extension_request *asked = request->file_containing_extension;
        found = pv_symbols_find_extension(symbols, pv_view_text(asked->containing_type),
                                          asked->extension_number, &file);
        return answer_found(call, response, found, file, "no such extension of",
                            asked->containing_type);
    }
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        return answer_numbers(call, response, request->all_extension_numbers_of_type);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return answer_services(call, response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
    case _GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__CASE_IS_INT_SIZE:
    default:
        return answer_error(call, response, PV_CODE_INVALID_ARGUMENT,
                            "the request asks for nothing", "");
    }
}

/* --- the stream --- */

pv_status grpc_reflection_v1_server_reflection_server_reflection_info_receive(
    pv_call *call, const reflection_request *request)
{
    stream *state = (stream *)call->state;
    if (state == NULL) {
        size_t file_count = pv_symbols_file_count(symbols_of(call));
        state = (stream *)pv_arena_zalloc(call->arena, 1, sizeof *state);
        if (state == NULL) { return out_of_memory(call); }
        state->sent = (bool *)pv_arena_zalloc(call->arena, file_count + 1, sizeof *state->sent);
        if (state->sent == NULL) { return out_of_memory(call); }
        call->state = state;
    }
    size_t size = protobuf_c_message_get_packed_size(&request->base);
    if (size > sizeof state->request) {
        return pv_refuse(&call->error, &pv_reason_message_too_large,
                         "a reflection request has %d bytes at most", REQUEST_BYTES_MAX);
    }
    state->request_size = protobuf_c_message_pack(&request->base, state->request);
    state->asked = true;
    return pv_ok();
}

pv_status grpc_reflection_v1_server_reflection_server_reflection_info_next(
    pv_call *call, reflection_response *response, pv_step *ret_step)
{
    stream *state = (stream *)call->state;
    *ret_step = PV_STEP_IDLE;
    if (state == NULL || !state->asked) { return pv_ok(); }
    state->asked = false;
    ProtobufCMessage *message = NULL;
    if (!pv_message_unpack(&grpc_reflection_v1_server_reflection_request__info,
                           pv_view_of(state->request, state->request_size), call->scratch,
                           &message)) {
        return out_of_memory(call);
    }
    reflection_request *request = (reflection_request *)(void *)message;
    response->valid_host = request->host;
    response->original_request = request;
    *ret_step = PV_STEP_MESSAGE;
    return answer(call, request, response);
}
