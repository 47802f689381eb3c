#include "tests/e2e/caller.h"

#include "base/digest.h"
#include "protos/runtime/json.h"
#include "protos/runtime/message.h"
#include "purvey/catalog.pv.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace purvey {

namespace {

constexpr size_t kArenaBytes = 64 * 1024 * 1024;

[[noreturn]] void give_up(const char *what, const std::string &text)
{
    fprintf(stderr, "a test is wrong: %s: %s\n", what, text.c_str());
    abort();
}

const pv_method_info *method_named(const std::string &name)
{
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        const pv_service_info *service = pv_catalog__services[i];
        for (size_t j = 0; j < service->method_count; j++) {
            if (name == service->methods[j].name) { return &service->methods[j]; }
        }
    }
    give_up("there is no such method", name);
}

json_t *walk(json_t *value, const std::string &path)
{
    size_t start = 0;
    while (value != nullptr && start <= path.size()) {
        size_t end = path.find('.', start);
        if (end == std::string::npos) { end = path.size(); }
        std::string step = path.substr(start, end - start);
        value = json_is_array(value)
                    ? json_array_get(value, std::strtoul(step.c_str(), nullptr, 10))
                    : json_object_get(value, step.c_str());
        start = end + 1;
    }
    return value;
}

// The message of a JSON text, in the arena.
ProtobufCMessage *parse(const pv_method_info *method, const std::string &text, pv_arena *arena)
{
    json_error_t where;
    std::shared_ptr<json_t> value(json_loads(text.c_str(), JSON_REJECT_DUPLICATES, &where),
                                  json_decref);
    if (value == nullptr) { give_up(where.text, text); }
    bool has_id = method->kind != PV_METHOD_CLIENT_STREAM &&
                  pv_field_find(method->request->descriptor, pv_view_text("request_id")) >= 0;
    if (has_id && json_object_get(value.get(), "request_id") == nullptr) {
        json_object_set_new(value.get(), "request_id", json_string(uuid().c_str()));
    }
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = nullptr;
    if (!pv_is_ok(
            pv_json_to_message(method->request, value.get(), nullptr, arena, &error, &message))) {
        give_up(error.message == nullptr ? "no such message" : error.message, text);
    }
    return message;
}

Answer answer_of(const pv_method_info *method, pv_status status, const pv_error &error,
                 const ProtobufCMessage *message, pv_arena *arena)
{
    Answer result;
    result.code = status.code;
    if (!pv_is_ok(status)) {
        result.reason = error.reason == nullptr ? "" : error.reason->name;
        result.message = error.message == nullptr ? "" : error.message;
        for (size_t i = 0; i < error.metadata_count; i++) {
            result.notes[error.metadata[i].key] = error.metadata[i].value;
        }
        for (size_t i = 0; i < error.violation_count; i++) {
            result.violations.emplace_back(error.violations[i].subject,
                                           error.violations[i].description);
        }
    } else if (message != nullptr) {
        pv_error unused;
        pv_error_init(&unused, arena);
        json_t *value = nullptr;
        pv_status printed = pv_json_of_message(method->response, message, nullptr, &unused, &value);
        PV_ASSERT(pv_is_ok(printed));
        result.json = std::shared_ptr<json_t>(value, json_decref);
    }
    return result;
}

Answer send_unary(pv_client *client, const pv_method_info *method, const ProtobufCMessage *request,
                  int64_t deadline_ms, pv_arena *arena)
{
    pv_client_metadata metadata = {};
    pv_client_options options = {};
    options.deadline_ms = deadline_ms;
    options.ret_metadata = &metadata;
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *response = nullptr;
    pv_status status = pv_client_unary(client, method, arena, &options, request, &response, &error);
    Answer answer = answer_of(method, status, error, response, arena);
    for (size_t i = 0; i < metadata.trailing_count; i++) {
        if (strcmp(metadata.trailing[i].key, "replayed") == 0) { answer.replayed = true; }
    }
    return answer;
}

} // namespace

std::string form(const char *format, ...)
{
    char text[16 * 1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    PV_ASSERT(size >= 0 && static_cast<size_t>(size) < sizeof text);
    return text;
}

std::string quoted(const std::string &text)
{
    std::shared_ptr<json_t> value(json_string(text.c_str()), json_decref);
    PV_ASSERT(value != nullptr);
    char *dumped = json_dumps(value.get(), JSON_ENCODE_ANY);
    std::string result = dumped;
    free(dumped);
    return result;
}

std::string uuid()
{
    uint8_t b[16];
    pv_random_bytes(nullptr, b, sizeof b);
    b[6] = static_cast<uint8_t>((b[6] & 0x0f) | 0x40);
    b[8] = static_cast<uint8_t>((b[8] & 0x3f) | 0x80);
    return form("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
                b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
                b[15]);
}

std::string Answer::text(const std::string &path) const
{
    json_t *value = walk(json.get(), path);
    if (value == nullptr) { return ""; }
    if (json_is_string(value)) { return json_string_value(value); }
    char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    std::string result = dumped == nullptr ? "" : dumped;
    free(dumped);
    return result;
}

size_t Answer::count(const std::string &path) const
{
    return json_array_size(walk(json.get(), path));
}

std::string Answer::told() const
{
    std::string all = std::string(pv_code_name(code)) + " " + reason + ": " + message;
    for (const auto &[key, value] : notes) { all += "\n  " + key + " = " + value; }
    for (const auto &[subject, description] : violations) {
        all += "\n  " + subject + ": " + description;
    }
    return all;
}

Answer call(pv_client *client, const std::string &name, const std::string &request,
            int64_t deadline_ms)
{
    const pv_method_info *method = method_named(name);
    pv_arena *arena = pv_arena_create(kArenaBytes);
    Answer answer = send_unary(client, method, parse(method, request, arena), deadline_ms, arena);
    pv_arena_destroy(arena);
    return answer;
}

// The bytes travel as one field that the message does not know: its tag, then whatever follows.
Answer call_bytes(pv_client *client, const std::string &name, const std::string &bytes)
{
    const pv_method_info *method = method_named(name);
    pv_arena *arena = pv_arena_create(kArenaBytes);
    uint32_t tag = 0;
    size_t size = 0;
    do {
        PV_ASSERT(size < bytes.size() && size < 5);
        tag |= static_cast<uint32_t>(bytes[size] & 0x7f) << (7 * size);
    } while ((bytes[size++] & 0x80) != 0);
    std::string rest = bytes.substr(size);
    ProtobufCMessageUnknownField field = {};
    field.tag = tag >> 3;
    field.wire_type = static_cast<ProtobufCWireType>(tag & 7);
    field.len = rest.size();
    field.data = reinterpret_cast<uint8_t *>(rest.data());
    void *place = pv_arena_zalloc(arena, 1, method->request->descriptor->sizeof_message);
    PV_ASSERT(place != nullptr);
    ProtobufCMessage *message = static_cast<ProtobufCMessage *>(place);
    protobuf_c_message_init(method->request->descriptor, message);
    message->n_unknown_fields = 1;
    message->unknown_fields = &field;
    Answer answer = send_unary(client, method, message, 0, arena);
    pv_arena_destroy(arena);
    return answer;
}

Stream::Stream(pv_client *client, const std::string &name, int64_t deadline_ms)
    : method_(method_named(name)), arena_(pv_arena_create(kArenaBytes))
{
    pv_client_options options = {};
    options.deadline_ms = deadline_ms;
    pv_error_init(&error_, arena_);
    opened_ = pv_client_open(client, method_, arena_, &options, &call_, &error_);
    if (!pv_is_ok(opened_)) { call_ = nullptr; }
}

Stream::~Stream()
{
    if (call_ != nullptr) { (void)finish(); }
    pv_arena_destroy(arena_);
}

bool Stream::send(const std::string &message)
{
    return call_ != nullptr && pv_is_ok(pv_client_send(call_, parse(method_, message, arena_)));
}

bool Stream::half_close()
{
    return call_ != nullptr && pv_is_ok(pv_client_close_send(call_));
}

Answer Stream::receive()
{
    ProtobufCMessage *message = nullptr;
    if (call_ == nullptr || !pv_is_ok(pv_client_receive(call_, arena_, &message))) {
        return Answer();
    }
    return answer_of(method_, pv_ok(), error_, message, arena_);
}

Answer Stream::finish()
{
    pv_status status = call_ == nullptr ? opened_ : pv_client_finish(call_);
    call_ = nullptr;
    return answer_of(method_, status, error_, nullptr, arena_);
}

} // namespace purvey
