#include "tests/unit/client/fake.h"

#include "client/cli/connect.h"
#include "client/cli/extra.h"
#include "client/cli/services.h"
#include "protos/runtime/json.h"
#include "protos/runtime/message.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fake {

std::map<std::string, std::deque<Answer>> answers;
std::map<std::string, std::deque<Stream>> streams;
std::vector<Call> calls;

void reset()
{
    answers.clear();
    streams.clear();
    calls.clear();
}

static std::string json_of(const pv_message_info *info, const ProtobufCMessage *message)
{
    pv_arena *arena = pv_arena_create(64 << 20);
    pv_error error;
    pv_error_init(&error, arena);
    pv_view text = {};
    EXPECT_TRUE(pv_is_ok(pv_json_write(info, message, nullptr, arena, &error, &text)));
    std::string result(reinterpret_cast<const char *>(text.data), text.size);
    pv_arena_destroy(arena);
    return result;
}

static ProtobufCMessage *message_of(const pv_message_info *info, const std::string &json,
                                    pv_arena *arena)
{
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = nullptr;
    pv_status status =
        pv_json_read(info, pv_view_text(json.c_str()), nullptr, arena, &error, &message);
    EXPECT_TRUE(pv_is_ok(status)) << json << ": "
                                  << (error.message == nullptr ? "" : error.message);
    return message;
}

static pv_status end_with(const Answer &answer, pv_arena *arena, pv_error *error)
{
    if (answer.code == PV_CODE_OK || error == nullptr) { return pv_status_of(answer.code); }
    pv_error_init(error, arena);
    pv_reason *reason = static_cast<pv_reason *>(pv_arena_zalloc(arena, 1, sizeof *reason));
    *reason = {answer.reason, answer.code, answer.message, ""};
    error->reason = reason;
    error->message = answer.message;
    error->retry_after_ms = answer.retry_after_ms;
    for (const auto &[key, value] : answer.metadata) { pv_error_note(error, key, "%s", value); }
    for (const auto &[field, text] : answer.fields) {
        pv_error_violate(error, PV_VIOLATION_FIELD, nullptr, field, "%s", text);
    }
    return pv_status_of(answer.code);
}

template <typename T> static T take(std::map<std::string, std::deque<T>> &from, const char *method)
{
    auto found = from.find(method);
    if (found == from.end() || found->second.empty()) { return T{}; }
    T first = found->second.front();
    found->second.pop_front();
    return first;
}

static bool is_uuid(const std::string &text, size_t at)
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";
    if (text.size() - at < sizeof form - 1) { return false; }
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char byte = text[at + i];
        bool is_digit = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
        if (form[i] == 'x' ? !is_digit : byte != form[i]) { return false; }
    }
    return true;
}

std::string without_uuids(const std::string &text)
{
    std::string result;
    for (size_t at = 0; at < text.size();) {
        bool found = is_uuid(text, at);
        result += found ? "UUID" : text.substr(at, 1);
        at += found ? 36 : 1;
    }
    return result;
}

Streams::Streams(const std::string &input)
{
    cli.arena = pv_arena_create(512 << 20);
    cli.in = tmpfile();
    EXPECT_EQ(fwrite(input.data(), 1, input.size(), cli.in), input.size());
    rewind(cli.in);
    cli.out = open_memstream(&out, &out_size);
    cli.err = open_memstream(&err, &err_size);
    cli.services = pv_services_all();
    cli.extras = {pv_extras, pv_extra_count};
}

Streams::~Streams()
{
    fclose(cli.in);
    fclose(cli.out);
    fclose(cli.err);
    free(out);
    free(err);
    pv_arena_destroy(cli.arena);
}

std::string Streams::written()
{
    fflush(cli.out);
    return std::string(out, out_size);
}

std::string Streams::told()
{
    fflush(cli.err);
    return std::string(err, err_size);
}

Result run(const std::vector<std::string> &arguments, const std::string &input)
{
    Streams streams_of_run(input);
    std::vector<std::string> copies = arguments;
    std::vector<char *> pointers;
    for (std::string &copy : copies) { pointers.push_back(copy.data()); }
    Result result;
    result.exit = pv_cli_run(&streams_of_run.cli, pointers.size(), pointers.data());
    result.out = streams_of_run.written();
    result.err = streams_of_run.told();
    return result;
}

} // namespace fake

// --- the functions of protos/runtime/stub.h and client/cli/connect.h ---

struct pv_client {
    int unused;
};

struct pv_client_options {
    int64_t deadline_ms;
};

struct pv_client_call {
    const pv_method_info *method;
    fake::Stream script;
    size_t received;
    size_t record; // of fake::calls
    pv_arena *arena;
    pv_error *error;
};

extern "C" {

pv_exit pv_connect(pv_cli *, const pv_options *, pv_client **ret_client)
{
    static pv_client client;
    *ret_client = &client;
    return PV_EXIT_OK;
}

pv_exit pv_connect_with(pv_cli *cli, const pv_profile *, int64_t, pv_client **ret_client)
{
    return pv_connect(cli, nullptr, ret_client);
}

void pv_disconnect(pv_client *)
{
}

const pv_client_options *pv_connect_options(pv_arena *arena, int64_t deadline_ms)
{
    auto *options =
        static_cast<pv_client_options *>(pv_arena_zalloc(arena, 1, sizeof(pv_client_options)));
    options->deadline_ms = deadline_ms;
    return options;
}

pv_status pv_client_unary(pv_client *, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          ProtobufCMessage **ret_response, pv_error *ret_error)
{
    EXPECT_EQ(request->descriptor, method->request->descriptor);
    fake::calls.push_back(
        {method->name, {fake::json_of(method->request, request)}, options->deadline_ms});
    fake::Answer answer = fake::take(fake::answers, method->name);
    if (answer.code == PV_CODE_OK) {
        *ret_response = fake::message_of(method->response, answer.json, arena);
    }
    return fake::end_with(answer, arena, ret_error);
}

pv_status pv_client_start(pv_client *, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          pv_client_call **ret_call, pv_error *ret_error)
{
    fake::calls.push_back({method->name, {}, options->deadline_ms});
    if (request != nullptr) {
        fake::calls.back().requests.push_back(fake::json_of(method->request, request));
    }
    *ret_call = new pv_client_call{method, fake::take(fake::streams, method->name),
                                   0,      fake::calls.size() - 1,
                                   arena,  ret_error};
    return pv_ok();
}

pv_status pv_client_open(pv_client *client, const pv_method_info *method, pv_arena *arena,
                         const pv_client_options *options, pv_client_call **ret_call,
                         pv_error *ret_error)
{
    return pv_client_start(client, method, arena, options, nullptr, ret_call, ret_error);
}

pv_status pv_client_send(pv_client_call *call, const ProtobufCMessage *message)
{
    std::vector<std::string> &requests = fake::calls.at(call->record).requests;
    if (requests.size() == call->script.sends_max) { return pv_status_of(PV_CODE_UNAVAILABLE); }
    EXPECT_EQ(message->descriptor, call->method->request->descriptor);
    requests.push_back(fake::json_of(call->method->request, message));
    return pv_ok();
}

pv_status pv_client_close_send(pv_client_call *)
{
    return pv_ok();
}

pv_status pv_client_receive(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_message)
{
    *ret_message = nullptr;
    if (call->received < call->script.messages.size()) {
        *ret_message = fake::message_of(call->method->response,
                                        call->script.messages[call->received++], arena);
        return pv_ok();
    }
    return pv_status_of(call->script.end.code);
}

pv_status pv_client_finish(pv_client_call *call)
{
    pv_status status = fake::end_with(call->script.end, call->arena, call->error);
    delete call;
    return status;
}

pv_status pv_client_answer(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_response)
{
    pv_status received = pv_client_receive(call, arena, ret_response);
    pv_status status = pv_client_finish(call);
    return pv_is_ok(status) ? received : status;
}

} // extern "C"
