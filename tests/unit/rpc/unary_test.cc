// Unary calls: the way of a call from admission to its answer, and every way to be refused.
#include "fixture.h"
#include "raw.h"

#include "protos/runtime/reasons.h"
#include "server/rpc/limits.h"

#include <chrono>
#include <fstream>

using namespace std::chrono_literals;

class UnaryTest : public RpcTest {
  protected:
    static constexpr const char *kEcho = "/purvey.test.v1.EchoService/Echo";

    // The reason under which the last call ended in the access log.
    std::string reason(size_t calls = 1)
    {
        EXPECT_TRUE(app.wait_finished(calls));
        return app.finished().back().reason;
    }
};

TEST_F(UnaryTest, AnswersWithWhatTheHandlerBuilt)
{
    start();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "hello", &text, arena))) << arena.error.message;
    EXPECT_EQ(text, "hello");
    ASSERT_TRUE(app.wait_finished(1));
    Finished one = app.finished()[0];
    EXPECT_EQ(one.method, kEcho);
    EXPECT_EQ(one.code, PV_CODE_OK);
    EXPECT_EQ(one.reason, "");
    EXPECT_EQ(one.messages_in, 1u);
    EXPECT_EQ(one.messages_out, 1u);
    EXPECT_EQ(one.bytes_in, 7u);
    EXPECT_EQ(one.bytes_out, 9u);
    EXPECT_EQ(app.admitted, 1);
    EXPECT_TRUE(eventually([&] { return app.released == 1; }));
}

TEST_F(UnaryTest, LargeMessagesOfManySlicesArriveWhole)
{
    start();
    Arena arena;
    std::string sent(100000, 'a');
    for (size_t i = 0; i < sent.size(); i++) { sent[i] = static_cast<char>('a' + i % 26); }
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), sent, &text, arena))) << arena.error.message;
    EXPECT_EQ(text, sent);
}

TEST_F(UnaryTest, ErrorDetailsComeBackAsTheyWereGiven)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("x");
    request.code = PV_CODE_FAILED_PRECONDITION;
    request.count = 3;
    pv_echo_response *response = nullptr;
    pv_status status =
        pv_echo_client_echo(client(), arena, nullptr, &request, &response, &arena.error);
    EXPECT_EQ(status.code, PV_CODE_FAILED_PRECONDITION);
    const pv_error &error = arena.error;
    EXPECT_STREQ(error.reason->name, "ECHO_REFUSED");
    EXPECT_EQ(error.reason->code, PV_CODE_FAILED_PRECONDITION);
    EXPECT_STREQ(error.message, "refused as the request asked");
    ASSERT_EQ(error.metadata_count, 1u);
    EXPECT_STREQ(error.metadata[0].key, "wanted");
    EXPECT_STREQ(error.metadata[0].value, "9");
    EXPECT_EQ(error.violation_kind, PV_VIOLATION_PRECONDITION);
    ASSERT_EQ(error.violation_count, 3u);
    EXPECT_STREQ(error.violations[2].type, "STATE");
    EXPECT_STREQ(error.violations[2].subject, "subject");
    EXPECT_STREQ(error.violations[2].description, "violation 3 of 3 x");
    EXPECT_STREQ(error.resource_type, "purvey.test.v1.Echo");
    EXPECT_STREQ(error.resource_name, "echo_1");
    EXPECT_EQ(error.retry_after_ms, 1500);
    EXPECT_EQ(reason(), "ECHO_REFUSED");
}

TEST_F(UnaryTest, DetailsBeyondFourKibibytesAreCutAndCounted)
{
    start();
    Arena arena;
    std::string text(1000, 'v');
    pv_echo_request request = request_of(text);
    request.code = PV_CODE_FAILED_PRECONDITION;
    request.count = 30;
    pv_echo_response *response = nullptr;
    pv_client_metadata metadata = {};
    pv_client_options options = {};
    options.ret_metadata = &metadata;
    pv_status status =
        pv_echo_client_echo(client(), arena, &options, &request, &response, &arena.error);
    EXPECT_EQ(status.code, PV_CODE_FAILED_PRECONDITION);
    EXPECT_STREQ(arena.error.reason->name, "ECHO_REFUSED");
    EXPECT_EQ(arena.error.violation_count, 3u);
    ASSERT_EQ(arena.error.metadata_count, 2u);
    EXPECT_STREQ(arena.error.metadata[0].key, "violations_omitted");
    EXPECT_STREQ(arena.error.metadata[0].value, "27");
    bool found = false;
    for (size_t i = 0; i < metadata.trailing_count; i++) {
        if (strcmp(metadata.trailing[i].key, "grpc-status-details-bin") != 0) { continue; }
        found = true;
        EXPECT_LE(metadata.trailing[i].value.size, 4096u);
    }
    EXPECT_TRUE(found);
}

TEST_F(UnaryTest, UnknownMethodsAreUnimplementedAndNotRepeatedInTheLog)
{
    start();
    RawClient raw(target());
    size_t calls = 0;
    for (const char *path : {"/purvey.test.v1.EchoService/Ech", "/purvey.test.v1.EchoService/Echo/",
                             "/a/b", "/", "/purvey.test.v1.echoservice/Echo"}) {
        EXPECT_EQ(raw.call(path, "").status, GRPC_STATUS_UNIMPLEMENTED) << path;
        EXPECT_EQ(reason(++calls), "UNIMPLEMENTED_METHOD");
        EXPECT_EQ(app.finished().back().method, "unknown");
    }
    EXPECT_EQ(app.admitted, 0);
    EXPECT_EQ(app.released, 0);
}

TEST_F(UnaryTest, AMessageOverTheMethodsLimitIsRefusedUnread)
{
    start();
    Arena arena;
    std::string text(100, 'x');
    pv_echo_request request = request_of(text);
    pv_echo_response *response = nullptr;
    pv_status status =
        pv_echo_client_small(client(), arena, nullptr, &request, &response, &arena.error);
    EXPECT_EQ(status.code, PV_CODE_RESOURCE_EXHAUSTED);
    EXPECT_STREQ(arena.error.reason->name, "MESSAGE_TOO_LARGE");
    EXPECT_EQ(app.steps, 0);
}

TEST_F(UnaryTest, AMessageOverTheServersLimitIsRefusedByTheCore)
{
    start();
    RawClient raw(target());
    RawAnswer answer = raw.call(kEcho, std::string(PV_RPC_REQUEST_BYTES_DEFAULT + 1, 'x'));
    EXPECT_EQ(answer.status, GRPC_STATUS_RESOURCE_EXHAUSTED);
    EXPECT_EQ(app.steps, 0);
    EXPECT_TRUE(app.wait_finished(1));
}

TEST_F(UnaryTest, MalformedBytesAreRefusedBeforeTheHandler)
{
    start();
    RawClient raw(target());
    const std::string cases[] = {
        std::string("\x0a\x05hel", 5),              // truncated string
        std::string("\x0a\x02\xff\xfe", 4),         // not UTF-8
        std::string("\x0a\x03\x61\x00\x62", 5),     // NUL
        std::string("\x02\x01\x61", 3),             // field number 0
        std::string("\x0b\x0c", 2),                 // a group
        std::string("\x0a\x01\x61\x0a\x01\x62", 6), // a singular field twice
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11),
    };
    for (const std::string &bytes : cases) {
        RawAnswer answer = raw.call(kEcho, bytes);
        EXPECT_EQ(answer.status, GRPC_STATUS_INVALID_ARGUMENT) << answer.message;
        EXPECT_NE(answer.details.find("MALFORMED_MESSAGE"), std::string::npos);
    }
    // The server is none the worse.
    EXPECT_EQ(raw.call(kEcho, "").status, GRPC_STATUS_OK);
}

TEST_F(UnaryTest, DeepNestingDoesNoHarm)
{
    start();
    std::string bytes;
    for (int i = 0; i < 10000; i++) {
        // Field 15, unknown to the message and length-delimited, around what there is.
        std::string head("\x7a", 1);
        size_t size = bytes.size();
        do {
            head.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
            size >>= 7;
        } while (size > 0);
        bytes = head + bytes;
    }
    // No request type contains itself, so what nests deeper than its types is unknown bytes and
    // not descended.
    RawClient raw(target());
    EXPECT_EQ(raw.call(kEcho, bytes).status, GRPC_STATUS_OK);
    EXPECT_EQ(raw.call("/purvey.test.v1.EchoService/Small", bytes).status,
              GRPC_STATUS_RESOURCE_EXHAUSTED);
}

TEST_F(UnaryTest, ACallWithoutItsMessageIsACardinalityViolation)
{
    start();
    RawClient raw(target());
    raw.without_message = true;
    RawAnswer answer = raw.call(kEcho, "");
    EXPECT_EQ(answer.status, GRPC_STATUS_UNIMPLEMENTED);
    EXPECT_EQ(reason(), "CARDINALITY_VIOLATION");
    answer = raw.call("/purvey.test.v1.EchoService/Repeat", "");
    EXPECT_EQ(answer.status, GRPC_STATUS_UNIMPLEMENTED);
    EXPECT_EQ(reason(2), "CARDINALITY_VIOLATION");
    EXPECT_EQ(app.steps, 0);
}

TEST_F(UnaryTest, ACompressedRequestIsRefused)
{
    start();
    RawClient raw(target());
    raw.gzip = true;
    std::string bytes("\x0a\xa0\x1f", 3);
    bytes += std::string(4000, 'x');
    RawAnswer answer = raw.call(kEcho, bytes);
    EXPECT_EQ(answer.status, GRPC_STATUS_UNIMPLEMENTED) << answer.message;
    EXPECT_EQ(app.steps, 0);
    raw.gzip = false;
    EXPECT_EQ(raw.call(kEcho, bytes).status, GRPC_STATUS_OK);
}

TEST_F(UnaryTest, AdmissionRefusesBeforeThePayloadIsSent)
{
    app.admit = [](pv_call *call) {
        call->error.retry_after_ms = 10;
        return pv_refuse(&call->error, &pv_reason_unauthenticated_peer, nullptr);
    };
    start();
    RawClient raw(target());
    raw.hold_message = true;
    RawAnswer answer = raw.call(kEcho, "");
    EXPECT_EQ(answer.status, GRPC_STATUS_UNAUTHENTICATED);
    EXPECT_EQ(reason(), "UNAUTHENTICATED_PEER");
    EXPECT_EQ(app.steps, 0);
    EXPECT_TRUE(eventually([&] { return app.released == 1; }));
}

TEST_F(UnaryTest, ACallerThatWithholdsItsMessageIsAskedAboutAgain)
{
    std::atomic<bool> valid{true};
    app.admit = [&](pv_call *call) {
        return valid ? pv_ok() : pv_refuse(&call->error, &pv_reason_unauthenticated_peer, nullptr);
    };
    start();
    Arena arena;
    pv_client_call *call = nullptr;
    pv_client *one = client();
    ASSERT_TRUE(pv_is_ok(
        pv_client_open(one, PV_ECHO_SERVICE_REPEAT__METHOD, arena, nullptr, &call, &arena.error)));
    ASSERT_TRUE(eventually([&] { return app.admitted == 1; }));
    valid = false;
    std::this_thread::sleep_for(1100ms);
    pv_echo_request request = request_of("late");
    request.count = 1;
    ASSERT_TRUE(pv_is_ok(pv_client_send(call, &request.base)));
    ProtobufCMessage *message = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_client_receive(call, arena, &message)));
    EXPECT_EQ(message, nullptr);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAUTHENTICATED);
    EXPECT_EQ(app.steps, 0);
}

TEST_F(UnaryTest, TheClientsDeadlineEndsACallThatWaitsForItsMessage)
{
    start();
    RawClient raw(target());
    raw.hold_message = true;
    raw.deadline_ms = 100;
    EXPECT_EQ(raw.call(kEcho, "").status, GRPC_STATUS_DEADLINE_EXCEEDED);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_EQ(app.steps, 0);
}

TEST_F(UnaryTest, HandlersSeeTheDeadline)
{
    std::atomic<int64_t> left_ms{0};
    app.run = [&](pv_call *call) {
        left_ms = (call->deadline.utc_ns - pv_time_now().utc_ns) / PV_NS_PER_MS;
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    Arena arena;
    std::string text;
    pv_client_options options = {};
    options.deadline_ms = 5000;
    ASSERT_TRUE(pv_is_ok(echo(client(), "x", &text, arena, &options)));
    EXPECT_GT(left_ms, 3000);
    EXPECT_LE(left_ms, 5500); // the core rounds deadlines up on the wire
}

TEST_F(UnaryTest, StepsMayEndOnAnotherThread)
{
    std::vector<std::thread> threads;
    app.run = [&](pv_call *call) {
        threads.emplace_back([call] {
            std::this_thread::sleep_for(5ms);
            pv_rpc_done(call, pv_rpc_step(call));
        });
    };
    start();
    std::vector<std::thread> callers;
    pv_client *one = client();
    std::atomic<int> right{0};
    for (int i = 0; i < 50; i++) {
        callers.emplace_back([&, i] {
            Arena arena;
            std::string text;
            std::string sent = "caller " + std::to_string(i);
            if (pv_is_ok(echo(one, sent, &text, arena)) && text == sent) { right++; }
        });
    }
    for (std::thread &caller : callers) { caller.join(); }
    EXPECT_EQ(right, 50);
    stop();
    for (std::thread &thread : threads) { thread.join(); }
}

TEST_F(UnaryTest, AnAnswerMayBeGivenWithoutTheHandlerAndWithTrailers)
{
    app.run = [](pv_call *call) {
        static const uint8_t stored[] = {0x0a, 0x06, 's', 't', 'o', 'r', 'e', 'd'};
        call->reply = pv_view_of(stored, sizeof stored);
        EXPECT_TRUE(pv_rpc_trailer(call, "replayed", "true"));
        EXPECT_FALSE(pv_rpc_trailer(call, "Not Legal", "true"));
        EXPECT_FALSE(pv_rpc_trailer(call, "text", "new\nline"));
        pv_rpc_done(call, pv_ok());
    };
    start();
    Arena arena;
    std::string text;
    pv_client_metadata metadata = {};
    pv_client_options options = {};
    options.ret_metadata = &metadata;
    ASSERT_TRUE(pv_is_ok(echo(client(), "asked", &text, arena, &options)));
    EXPECT_EQ(text, "stored");
    ASSERT_EQ(metadata.trailing_count, 1u);
    EXPECT_STREQ(metadata.trailing[0].key, "replayed");
    EXPECT_TRUE(pv_view_equal(metadata.trailing[0].value, pv_view_text("true")));
}

TEST_F(UnaryTest, MetadataOfTheRequestCanBeRead)
{
    std::string seen;
    app.run = [&](pv_call *call) {
        pv_view value = pv_rpc_metadata(call, "x-trace");
        seen.assign(reinterpret_cast<const char *>(value.data), value.size);
        EXPECT_EQ(pv_rpc_metadata(call, "x-absent").size, 0u);
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    Arena arena;
    std::string text;
    pv_client_pair pair = {"x-trace", pv_view_text("abc")};
    pv_client_options options = {};
    options.metadata = &pair;
    options.metadata_count = 1;
    ASSERT_TRUE(pv_is_ok(echo(client(), "x", &text, arena, &options)));
    EXPECT_EQ(seen, "abc");
}

TEST_F(UnaryTest, AStepThatIsRunAgainDecodesOnceAndAnswersOnce)
{
    std::atomic<int> admits{0};
    app.run = [&](pv_call *call) {
        const ProtobufCMessage *first = nullptr;
        const ProtobufCMessage *second = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_call_decode(call, &first)));
        EXPECT_TRUE(pv_is_ok(pv_rpc_step(call)));
        pv_status status = pv_rpc_step(call);
        EXPECT_TRUE(pv_is_ok(pv_call_decode(call, &second)));
        EXPECT_EQ(first, second);
        EXPECT_GT(call->reply.size, 0u);
        pv_rpc_done(call, status);
    };
    start();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "twice", &text, arena)));
    EXPECT_EQ(text, "twice");
}

TEST_F(UnaryTest, AFullServerAnswersAtOnceAndSaysWhenToComeBack)
{
    std::mutex lock;
    std::vector<pv_call *> waiting;
    app.run = [&](pv_call *call) {
        std::lock_guard<std::mutex> guard(lock);
        waiting.push_back(call);
    };
    config.calls_max = 3;
    start();
    pv_client *one = client();
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; i++) {
        callers.emplace_back([&] {
            Arena arena;
            std::string text;
            EXPECT_TRUE(pv_is_ok(echo(one, "waits", &text, arena)));
        });
    }
    ASSERT_TRUE(eventually([&] {
        std::lock_guard<std::mutex> guard(lock);
        return waiting.size() == 3;
    }));
    Arena arena;
    std::string text;
    EXPECT_EQ(echo(one, "too many", &text, arena).code, PV_CODE_RESOURCE_EXHAUSTED);
    EXPECT_STREQ(arena.error.reason->name, "QUEUE_FULL");
    EXPECT_EQ(arena.error.retry_after_ms, PV_RPC_OVERLOAD_RETRY_MS);
    for (pv_call *call : waiting) { pv_rpc_done(call, pv_rpc_step(call)); }
    for (std::thread &caller : callers) { caller.join(); }
}

TEST_F(UnaryTest, ACallMayNotUseMoreThanItsArena)
{
    config.arena_bytes = 64 * 1024;
    start();
    Arena arena;
    pv_echo_request request = request_of("x");
    request.padding = 100000;
    pv_echo_response *response = nullptr;
    pv_status status =
        pv_echo_client_echo(client(), arena, nullptr, &request, &response, &arena.error);
    EXPECT_EQ(status.code, PV_CODE_RESOURCE_EXHAUSTED);
    std::string text;
    EXPECT_TRUE(pv_is_ok(echo(client(), "small", &text, arena)));
}

static long resident_kib()
{
    std::ifstream file("/proc/self/status");
    std::string word;
    while (file >> word) {
        if (word == "VmRSS:") {
            long value = 0;
            file >> value;
            return value;
        }
    }
    return 0;
}

TEST_F(UnaryTest, TenThousandCallsLeaveNothingBehind)
{
    start();
    pv_client *one = client();
    auto run = [&](int count) {
        Arena arena;
        for (int i = 0; i < count; i++) {
            std::string text;
            ASSERT_TRUE(pv_is_ok(echo(one, "again", &text, arena)));
            pv_arena_reset(arena);
        }
    };
    run(2000);
    long before = resident_kib();
    run(10000);
    long after = resident_kib();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they keep freed memory
    EXPECT_LT(after - before, 2048) << before << " -> " << after;
#endif
    EXPECT_GT(after, 0);
    EXPECT_GT(before, 0);
    EXPECT_TRUE(eventually([&] { return app.released == 12000; }));
}

TEST_F(UnaryTest, AClientWithoutAServerFailsAtOnceOrWaitsAsToldTo)
{
    start();
    pv_client_config settings = {};
    settings.target = "127.0.0.1:1";
    pv_client *one = client_with(settings);
    Arena arena;
    std::string text;
    EXPECT_EQ(echo(one, "x", &text, arena).code, PV_CODE_UNAVAILABLE);
    pv_client_options options = {};
    options.wait_for_ready = true;
    options.deadline_ms = 200;
    EXPECT_EQ(echo(one, "x", &text, arena, &options).code, PV_CODE_DEADLINE_EXCEEDED);
}
