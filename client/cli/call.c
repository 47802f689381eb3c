#include "client/cli/call.h"

#include "client/cli/answer.h"
#include "client/cli/codec.h"
#include "client/cli/connect.h"
#include "client/cli/failure.h"
#include "client/cli/request.h"
#include "protos/runtime/message.h"

#include <errno.h>
#include <inttypes.h>

/* One run of a command. */
typedef struct run {
    pv_cli *cli;
    const pv_command *command;
    const pv_method_info *method;
    const pv_options *options;
    pv_client *client;
    pv_arena *arena; /* emptied for each message of a stream and each page of a list */
    ProtobufCMessage *request;
    const char *request_id;
} run;

static const pv_client_options *call_options(const run *self)
{
    int64_t deadline_ms = self->options->deadline_ms;
    if (deadline_ms == 0 && self->method->kind != PV_METHOD_UNARY) {
        deadline_ms = PV_CALL_STREAM_DEADLINE_MS;
    }
    return pv_connect_options(self->cli->arena, deadline_ms);
}

static pv_exit report(const run *self, pv_status status, const pv_error *error)
{
    return pv_failure_report(self->cli, self->method, status, error, self->request_id);
}

/* --- unary --- */

static pv_exit call_once(run *self, ProtobufCMessage **ret_response)
{
    pv_error error;
    pv_error_init(&error, self->arena);
    pv_status status = pv_client_unary(self->client, self->method, self->arena, call_options(self),
                                       self->request, ret_response, &error);
    return pv_is_ok(status) ? PV_EXIT_OK : report(self, status, &error);
}

static pv_exit run_unary(run *self)
{
    ProtobufCMessage *response = NULL;
    pv_exit exit = call_once(self, &response);
    if (exit != PV_EXIT_OK) { return exit; }
    return pv_answer_write(self->cli, self->arena, self->options->output, self->method->response,
                           response);
}

/* A response's "next_x" is what the request for the next page has as "x": a token or a number. */
static const ProtobufCFieldDescriptor *find_next(const pv_method_info *method,
                                                 const ProtobufCFieldDescriptor **ret_from)
{
    static const char prefix[] = "next_";
    const ProtobufCMessageDescriptor *response = method->response->descriptor;
    for (unsigned i = 0; i < response->n_fields; i++) {
        const ProtobufCFieldDescriptor *next = &response->fields[i];
        if (strncmp(next->name, prefix, sizeof prefix - 1) != 0) { continue; }
        const ProtobufCFieldDescriptor *from = protobuf_c_message_descriptor_get_field_by_name(
            method->request->descriptor, next->name + sizeof prefix - 1);
        if (from != NULL && from->type == next->type && from->type != PROTOBUF_C_TYPE_MESSAGE) {
            *ret_from = from;
            return next;
        }
    }
    return NULL;
}

/* Moves what continues behind the page over to the request. False: it was the last page. */
static bool turn_page(run *self, ProtobufCMessage *response)
{
    const ProtobufCFieldDescriptor *from = NULL;
    const ProtobufCFieldDescriptor *next = find_next(self->method, &from);
    PV_ASSERT(next != NULL);
    if (!pv_field_is_set(response, next)) { return false; }
    if (next->type == PROTOBUF_C_TYPE_STRING) {
        char *copy = pv_arena_dup(self->cli->arena, pv_view_text(pv_field_string(response, next)));
        PV_ASSERT(copy != NULL); /* tokens are short */
        pv_field_set_string(self->request, from, copy);
    } else {
        pv_field_set_integer(self->request, from, pv_field_integer(response, next));
    }
    pv_field_clear(response, next);
    return true;
}

/* All pages: lines and ids as they come, tables and JSON when everything is there, which is all
 * pages packed behind each other. */
static pv_exit run_all_pages(run *self)
{
    const pv_message_info *info = self->method->response;
    pv_buffer packed = pv_buffer_of(self->cli->arena);
    bool at_once =
        self->options->output == PV_OUTPUT_JSONL || self->options->output == PV_OUTPUT_ID;
    bool more = true;
    while (more) {
        pv_arena_reset(self->arena);
        ProtobufCMessage *response = NULL;
        pv_view bytes;
        pv_exit exit = call_once(self, &response);
        if (exit != PV_EXIT_OK) { return exit; }
        more = turn_page(self, response);
        if (at_once) {
            exit = pv_answer_write(self->cli, self->arena, self->options->output, info, response);
            if (exit != PV_EXIT_OK) { return exit; }
            continue;
        }
        if (pv_message_encode(response, self->arena, &bytes)) { pv_buffer_append(&packed, bytes); }
        if (packed.overflow) { break; }
    }
    ProtobufCMessage *whole = NULL;
    pv_arena_reset(self->arena);
    if (at_once) { return PV_EXIT_OK; }
    if (packed.overflow || !pv_message_unpack(info, pv_buffer_view(&packed), self->arena, &whole)) {
        return pv_cli_fail(self->cli,
                           "the list is too long for --output table and json; use -o jsonl.");
    }
    return pv_answer_write(self->cli, self->arena, self->options->output, info, whole);
}

/* --- streams --- */

/* Writes everything the service sends. A failure of the call itself is told by pv_client_finish. */
static pv_exit receive_all(run *self, pv_client_call *call)
{
    for (;;) {
        pv_arena_reset(self->arena);
        ProtobufCMessage *message = NULL;
        if (!pv_is_ok(pv_client_receive(call, self->arena, &message)) || message == NULL) {
            return PV_EXIT_OK;
        }
        pv_exit exit = pv_answer_write_streamed(self->cli, self->arena, self->options->output,
                                                self->method->response, message);
        if (exit != PV_EXIT_OK) { return exit; }
    }
}

pv_exit pv_call_read_line(pv_cli *cli, pv_arena *arena, uint64_t *number, const char **ret_line)
{
    *ret_line = NULL;
    for (;;) {
        pv_buffer line = pv_buffer_of(arena);
        int byte = fgetc(cli->in);
        if (byte == EOF) {
            return ferror(cli->in)
                       ? pv_cli_fail(cli, "standard input cannot be read: %s.", strerror(errno))
                       : PV_EXIT_OK;
        }
        (*number)++;
        bool blank = true;
        for (; byte != EOF && byte != '\n'; byte = fgetc(cli->in)) {
            uint8_t one = (uint8_t)byte;
            blank = blank && strchr(" \t\r", byte) != NULL;
            pv_buffer_append(&line, pv_view_of(&one, 1));
            if (line.overflow || line.size > PV_CALL_LINE_BYTES_MAX) {
                return pv_cli_usage(cli, "line %" PRIu64 " is longer than %d bytes.", *number,
                                    PV_CALL_LINE_BYTES_MAX);
            }
        }
        if (blank) { continue; }
        *ret_line = pv_arena_dup(arena, pv_buffer_view(&line));
        return *ret_line == NULL ? pv_cli_fail(cli, "there is no memory left.") : PV_EXIT_OK;
    }
}

static pv_exit read_message(run *self, uint64_t *number, ProtobufCMessage **ret_message)
{
    const char *line = NULL;
    char what[48];
    *ret_message = NULL;
    pv_exit exit = pv_call_read_line(self->cli, self->arena, number, &line);
    if (exit != PV_EXIT_OK || line == NULL) { return exit; }
    (void)snprintf(what, sizeof what, "line %" PRIu64, *number);
    return pv_codec_read(self->cli, self->arena, self->method->request, line, what, ret_message);
}

/* Sends the flags' message merged with the first line, then the other lines. A service that has
 * gone does not want the rest: pv_client_finish tells why. */
static pv_exit send_all(run *self, pv_client_call *call)
{
    uint64_t number = 0;
    ProtobufCMessage *line = NULL;
    pv_exit exit = read_message(self, &number, &line);
    if (exit != PV_EXIT_OK) { return exit; }
    ProtobufCMessage *first = self->request;
    if (line != NULL) {
        first = pv_codec_merge(self->arena, self->method->request, self->request, line);
    }
    if (first == NULL) { return pv_cli_fail(self->cli, "the first message is too large."); }
    pv_status status = pv_client_send(call, first);
    while (line != NULL && pv_is_ok(status)) {
        pv_arena_reset(self->arena);
        exit = read_message(self, &number, &line);
        if (exit != PV_EXIT_OK) { return exit; }
        if (line != NULL) { status = pv_client_send(call, line); }
    }
    if (pv_is_ok(status)) {
        (void)pv_client_close_send(call); /* what went wrong is told at the end */
    }
    return PV_EXIT_OK;
}

/* The one answer of a client stream. */
static pv_exit receive_one(run *self, pv_client_call *call)
{
    pv_arena_reset(self->arena);
    ProtobufCMessage *message = NULL;
    if (!pv_is_ok(pv_client_receive(call, self->arena, &message)) || message == NULL) {
        return PV_EXIT_OK;
    }
    return pv_answer_write(self->cli, self->arena, self->options->output, self->method->response,
                           message);
}

static pv_exit run_stream(run *self)
{
    pv_error error;
    pv_client_call *call = NULL;
    pv_error_init(&error, self->cli->arena);
    pv_status status = pv_client_open(self->client, self->method, self->cli->arena,
                                      call_options(self), &call, &error);
    if (!pv_is_ok(status)) { return report(self, status, &error); }
    pv_exit exit = PV_EXIT_OK;
    if (self->method->kind == PV_METHOD_SERVER_STREAM) {
        if (pv_is_ok(pv_client_send(call, self->request))) { (void)pv_client_close_send(call); }
    } else {
        exit = send_all(self, call);
    }
    if (exit == PV_EXIT_OK) {
        exit = self->method->kind == PV_METHOD_CLIENT_STREAM ? receive_one(self, call)
                                                             : receive_all(self, call);
    }
    status = pv_client_finish(call);
    if (exit != PV_EXIT_OK) { return exit; }
    return pv_is_ok(status) ? PV_EXIT_OK : report(self, status, &error);
}

static bool is_paged(const pv_method_info *method)
{
    const ProtobufCFieldDescriptor *from = NULL;
    return method->kind == PV_METHOD_UNARY && pv_answer_list(method->response) != NULL &&
           find_next(method, &from) != NULL;
}

static pv_exit run_connected(run *self)
{
    pv_exit exit =
        pv_request_read_etag(self->cli, self->command, self->options, self->client, self->request);
    if (exit != PV_EXIT_OK) { return exit; }
    self->request_id = pv_request_identify(self->cli, self->request);
    if (self->options->all) { return run_all_pages(self); }
    return self->method->kind == PV_METHOD_UNARY ? run_unary(self) : run_stream(self);
}

pv_exit pv_call_run(pv_cli *cli, const pv_command *command, const pv_options *options,
                    const pv_arguments *arguments)
{
    run self = {.cli = cli, .command = command, .method = command->method, .options = options};
    const char *id = arguments->word_count > 0 ? arguments->words[0] : NULL;
    if (arguments->word_count > 1) {
        return pv_cli_usage(cli, "\"%s\" is too much.", arguments->words[1]);
    }
    if (options->all && !is_paged(command->method)) {
        return pv_cli_usage(cli, "%s %s has no pages for --all.", command->noun, command->verb);
    }
    pv_exit exit = pv_request_build(cli, command, options, arguments, id, &self.request);
    if (exit == PV_EXIT_OK) { exit = pv_connect(cli, options, &self.client); }
    if (exit != PV_EXIT_OK) { return exit; }
    self.arena = pv_arena_create(PV_CALL_ARENA_BYTES);
    exit = run_connected(&self);
    pv_arena_destroy(self.arena);
    pv_disconnect(self.client);
    return exit;
}
