// Calls that complete on a loop instead of being waited for, and what a client makes of an error's texts.
#include "fixture.h"

#include "base/time.h"
#include "protos/runtime/reasons.h"

#include <algorithm>
#include <map>

class LoopTest : public RpcTest {
  protected:
    LoopTest() : loop_(pv_client_loop_create()) {}
    ~LoopTest() override { pv_client_loop_destroy(loop_); }

    pv_client_options options(void *tag = nullptr, int64_t deadline_ms = 10000) const
    {
        pv_client_options made = {};
        made.loop = loop_;
        made.app = tag;
        made.deadline_ms = deadline_ms;
        return made;
    }

    // The next event, which must come.
    pv_client_event next()
    {
        pv_client_event event = {};
        EXPECT_TRUE(pv_client_loop_next(loop_, 10000, &event));
        return event;
    }

    pv_client_loop *loop_;
};

TEST_F(LoopTest, OneThreadKeepsManyUnaryCallsOpen)
{
    enum { CALLS = 300 };
    start(true);
    pv_client *one = client();
    Arena arenas[3]; // of answers; calls share them, as one thread may
    std::vector<std::string> texts;
    for (int i = 0; i < CALLS; i++) { texts.push_back("call " + std::to_string(i)); }
    std::vector<pv_client_call *> calls(CALLS);
    for (size_t i = 0; i < CALLS; i++) {
        pv_client_options with = options(&texts[i]);
        pv_echo_request request = request_of(texts[i]);
        ASSERT_TRUE(pv_is_ok(
            pv_echo_client_echo_open(one, arenas[i % 3], &with, &request, &calls[i], nullptr)));
    }
    for (size_t i = 0; i < CALLS; i++) {
        pv_client_event event = next();
        ASSERT_EQ(event.kind, PV_CLIENT_ENDED);
        pv_echo_response *response = nullptr;
        ASSERT_TRUE(pv_is_ok(pv_echo_client_echo_finish(event.call, arenas[0], &response)));
        EXPECT_EQ(*static_cast<std::string *>(event.app), response->text);
    }
    pv_client_event event = {};
    EXPECT_FALSE(pv_client_loop_next(loop_, -1, &event)) << "no call is open";
}

TEST_F(LoopTest, StreamsOfAllKindsRunSideBySide)
{
    enum { COUNT = 50 };
    start();
    pv_client *one = client();
    Arena arena;
    pv_client_options with = options();
    pv_client_call *down = nullptr, *up = nullptr, *both = nullptr;
    pv_echo_request request = request_of("x");
    pv_echo_request many = request;
    many.count = COUNT;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_repeat_open(one, arena, &with, &many, &down, nullptr)));
    ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_open(one, arena, &with, &up, nullptr)));
    ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_open(one, arena, &with, &both, nullptr)));
    std::map<pv_client_call *, uint32_t> sent, received;
    request.count = 1;
    for (int open = 3; open > 0;) {
        pv_client_event event = next();
        pv_client_call *call = event.call;
        pv_echo_response *response = nullptr;
        switch (event.kind) {
        case PV_CLIENT_ROOM:
            if (sent[call] == COUNT) {
                ASSERT_TRUE(pv_is_ok(pv_client_close_send(call)));
            } else {
                sent[call]++;
                ASSERT_TRUE(pv_is_ok(pv_client_send(call, &request.base)));
            }
            break;
        case PV_CLIENT_MESSAGE:
            ASSERT_TRUE(pv_is_ok(call == down
                                     ? pv_echo_client_repeat_receive(call, arena, &response)
                                     : pv_echo_client_chat_receive(call, arena, &response)));
            ASSERT_NE(response, nullptr);
            received[call]++;
            break;
        case PV_CLIENT_ENDED:
            open--;
            if (call != up) {
                EXPECT_TRUE(pv_is_ok(pv_client_finish(call)));
                break;
            }
            ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_finish(call, arena, &response)));
            EXPECT_EQ(response->number, unsigned{COUNT});
            break;
        }
    }
    EXPECT_EQ(received[down], unsigned{COUNT});
    EXPECT_EQ(received[both], unsigned{COUNT});
    EXPECT_EQ(sent[up], unsigned{COUNT});
}

TEST_F(LoopTest, ARefusedCallEndsWithItsReason)
{
    start();
    Arena arena;
    pv_client_options with = options();
    pv_echo_request request = request_of("no");
    request.code = PV_CODE_NOT_FOUND;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_echo_open(client(), arena, &with, &request, &call, &arena.error)));
    EXPECT_EQ(next().kind, PV_CLIENT_ENDED);
    pv_echo_response *response = nullptr;
    EXPECT_EQ(pv_echo_client_echo_finish(call, arena, &response).code, PV_CODE_NOT_FOUND);
    EXPECT_STREQ(arena.error.reason->name, "ECHO_MISSING");
    EXPECT_EQ(response, nullptr);
}

// Nobody listens, and the call was not waited for when it was opened.
TEST_F(LoopTest, AServerThatIsNotThereIsToldAtTheEnd)
{
    Arena arena;
    pv_client_config nobody = {};
    nobody.target = "127.0.0.1:1";
    pv_client *one = client_with(nobody);
    pv_client_options with = options();
    pv_client_call *call = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_open(one, arena, &with, &call, &arena.error)));
    EXPECT_EQ(next().kind, PV_CLIENT_ENDED);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAVAILABLE);
    EXPECT_STREQ(arena.error.reason->name, "UNAVAILABLE");
}

TEST_F(LoopTest, ADeadlineEndsACallThatNobodyAnswers)
{
    start();
    Arena arena;
    pv_client_options with = options(nullptr, 100);
    pv_client_call *call = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_open(client(), arena, &with, &call, nullptr)));
    EXPECT_EQ(next().kind, PV_CLIENT_ROOM);
    pv_client_event event = {};
    EXPECT_FALSE(pv_client_loop_next(loop_, 0, &event)) << "looks only";
    EXPECT_EQ(next().kind, PV_CLIENT_ENDED);
    pv_echo_response *response = nullptr;
    EXPECT_EQ(pv_echo_client_collect_finish(call, arena, &response).code,
              PV_CODE_DEADLINE_EXCEEDED);
}

// The deadline ends a stream whose messages nobody takes, too.
TEST_F(LoopTest, AMessageThatIsNotTakenDoesNotHideTheEnd)
{
    start();
    Arena arena;
    pv_client_options with = options(nullptr, 200);
    pv_echo_request request = request_of("left alone");
    request.wait_ms = 5;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_repeat_open(client(), arena, &with, &request, &call, nullptr)));
    EXPECT_EQ(next().kind, PV_CLIENT_MESSAGE);
    EXPECT_EQ(next().kind, PV_CLIENT_ENDED);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_DEADLINE_EXCEEDED);
}

// Functions may be called before their event: they wait, and what others have to tell is kept.
TEST_F(LoopTest, WaitingForOneCallKeepsTheEventsOfOthers)
{
    start();
    Arena arena;
    pv_client *one = client();
    pv_client_options with = options();
    pv_client_call *first = nullptr, *second = nullptr;
    pv_echo_request request = request_of("x");
    ASSERT_TRUE(pv_is_ok(pv_echo_client_echo_open(one, arena, &with, &request, &first, nullptr)));
    ASSERT_TRUE(pv_is_ok(pv_echo_client_echo_open(one, arena, &with, &request, &second, nullptr)));
    pv_echo_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_echo_finish(second, arena, &response)));
    pv_client_event event = next();
    EXPECT_EQ(event.call, first);
    ASSERT_TRUE(pv_is_ok(pv_echo_client_echo_finish(first, arena, &response)));
}

TEST_F(LoopTest, FinishingEarlyCancels)
{
    start();
    Arena arena;
    pv_client_options with = options();
    pv_echo_request request = request_of("for ever");
    request.wait_ms = 5;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_repeat_open(client(), arena, &with, &request, &call, nullptr)));
    EXPECT_EQ(next().kind, PV_CLIENT_MESSAGE);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_CANCELLED);
    EXPECT_TRUE(app.wait_finished(1));
}

// A server that calls others passes its own deadline on.
TEST_F(LoopTest, AnInstantBoundsTheCallToo)
{
    start();
    pv_client *one = client();
    for (int64_t left_ms : {-1000, 0, 100, 60000}) {
        Arena arena;
        pv_client_options with = options(nullptr, 300);
        with.deadline.utc_ns = pv_time_now().utc_ns + left_ms * PV_NS_PER_MS;
        int64_t before = pv_time_monotonic_ns();
        pv_client_call *call = nullptr;
        ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_open(one, arena, &with, &call, nullptr)));
        pv_echo_response *response = nullptr;
        pv_client_event event = {};
        do {
            event = next();
        } while (event.kind != PV_CLIENT_ENDED);
        EXPECT_EQ(pv_echo_client_collect_finish(call, arena, &response).code,
                  PV_CODE_DEADLINE_EXCEEDED);
        int64_t took_ms = (pv_time_monotonic_ns() - before) / PV_NS_PER_MS;
        EXPECT_GE(took_ms, std::min<int64_t>(left_ms, 300) - 2) << left_ms;
    }
}

// --- texts of errors ---

static const pv_reason foreign = {"FOREIGN", PV_CODE_ABORTED, "Foreign.", ""};

// What a server cuts inside a character, or writes in Latin-1, arrives as text, and the rest of the details too.
TEST_F(LoopTest, TextsOfErrorsAreMadeUtf8OneByOne)
{
    app.run = [](pv_call *call) {
        pv_error_violate(&call->error, PV_VIOLATION_FIELD, nullptr, "na\xEFve", "cut \xE2\x82");
        pv_error_note(&call->error, "state", "\xC3\xA9tat");
        pv_error_resource(&call->error, "type", "\xFF");
        pv_rpc_done(call, pv_refuse(&call->error, &foreign, "%s", "caf\xE9"));
    };
    start();
    Arena arena;
    std::string text;
    EXPECT_EQ(echo(client(), "x", &text, arena).code, PV_CODE_ABORTED);
    const pv_error &error = arena.error;
    EXPECT_STREQ(error.reason->name, "FOREIGN");
    EXPECT_STREQ(error.message, "caf\uFFFD");
    ASSERT_EQ(error.violation_count, 1u);
    EXPECT_STREQ(error.violations[0].subject, "na\uFFFDve");
    EXPECT_STREQ(error.violations[0].description, "cut \uFFFD\uFFFD");
    ASSERT_EQ(error.metadata_count, 1u);
    EXPECT_STREQ(error.metadata[0].value, "\u00E9tat");
    EXPECT_STREQ(error.resource_name, "\uFFFD");
}
