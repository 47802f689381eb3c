// Streams of all kinds: order, flow control, idle streams and how they wake, cancellation,
// revocation.
#include "fixture.h"

#include <chrono>

using namespace std::chrono_literals;

class StreamTest : public RpcTest {
  protected:
    // Opens Repeat and leaves reading to the test.
    pv_client_call *repeat(pv_client *to, const pv_echo_request &request, Arena &arena,
                           const pv_client_options *options = nullptr)
    {
        pv_client_call *call = nullptr;
        pv_status status =
            pv_echo_client_repeat_open(to, arena, options, &request, &call, &arena.error);
        EXPECT_TRUE(pv_is_ok(status)) << pv_code_name(status.code);
        return call;
    }

    // The number of the next message; 0 at the end of the stream.
    static uint32_t next(pv_client_call *call)
    {
        Arena arena;
        pv_echo_response *response = nullptr;
        pv_status status = pv_echo_client_repeat_receive(call, arena, &response);
        EXPECT_TRUE(pv_is_ok(status));
        return response == nullptr ? 0 : response->number;
    }
};

TEST_F(StreamTest, ServerStreamArrivesCompleteAndInOrder)
{
    start();
    for (uint32_t count : {0u, 1u, 2u, 3u, 1000u}) {
        Arena arena;
        pv_echo_request request = request_of("again");
        request.count = count;
        pv_client_call *call = repeat(client(), request, arena);
        for (uint32_t i = 1; i <= count; i++) { ASSERT_EQ(next(call), i); }
        EXPECT_EQ(next(call), 0u);
        EXPECT_EQ(pv_client_finish(call).code, PV_CODE_OK);
    }
}

TEST_F(StreamTest, MessagesBeforeARefusalArrive)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("again");
    request.count = 3;
    request.code = PV_CODE_NOT_FOUND;
    pv_client_call *call = repeat(client(), request, arena);
    for (uint32_t i = 1; i <= 3; i++) { ASSERT_EQ(next(call), i); }
    EXPECT_EQ(next(call), 0u);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_NOT_FOUND);
    EXPECT_STREQ(arena.error.reason->name, "ECHO_MISSING");
}

TEST_F(StreamTest, ClientStreamIsCollected)
{
    start();
    for (uint32_t count : {0u, 1u, 500u}) {
        Arena arena;
        pv_client_call *call = nullptr;
        ASSERT_TRUE(
            pv_is_ok(pv_echo_client_collect_open(client(), arena, nullptr, &call, &arena.error)));
        pv_echo_request request = request_of("x");
        for (uint32_t i = 0; i < count; i++) {
            ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_send(call, &request)));
        }
        pv_echo_response *response = nullptr;
        ASSERT_EQ(pv_echo_client_collect_finish(call, arena, &response).code, PV_CODE_OK);
        EXPECT_EQ(response->number, count);
    }
}

TEST_F(StreamTest, ClientStreamThatIsRefusedTellsTheSender)
{
    start();
    Arena arena;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_collect_open(client(), arena, nullptr, &call, &arena.error)));
    pv_echo_request request = request_of("x");
    request.code = PV_CODE_NOT_FOUND;
    pv_status status = pv_ok();
    for (int i = 0; i < 1000 && pv_is_ok(status); i++) {
        status = pv_echo_client_collect_send(call, &request);
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(status.code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_NOT_FOUND);
    EXPECT_STREQ(arena.error.reason->name, "ECHO_MISSING");
}

TEST_F(StreamTest, BidiAnswersEachMessage)
{
    start();
    Arena arena;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_open(client(), arena, nullptr, &call, &arena.error)));
    uint32_t number = 0;
    for (int i = 0; i < 50; i++) {
        std::string text = std::to_string(i);
        pv_echo_request request = request_of(text);
        request.count = static_cast<uint32_t>(i % 4);
        ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_send(call, &request)));
        for (uint32_t k = 0; k < request.count; k++) {
            pv_echo_response *response = nullptr;
            ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_receive(call, arena, &response)));
            ASSERT_NE(response, nullptr);
            EXPECT_EQ(response->number, ++number);
            EXPECT_EQ(response->text, std::to_string(i));
        }
    }
    ASSERT_TRUE(pv_is_ok(pv_client_close_send(call)));
    pv_echo_response *response = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_echo_client_chat_receive(call, arena, &response)));
    EXPECT_EQ(response, nullptr);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_OK);
}

TEST_F(StreamTest, AnUploadThatIsBrokenOffIsNeverFinished)
{
    std::atomic<int> finishes{0};
    app.run = [&](pv_call *call) {
        if (pv_exchange_of(call)->phase == PV_PHASE_FINISH) { finishes++; }
        pv_rpc_done(call, pv_rpc_step(call));
    };
    start();
    const size_t rounds = 300;
    for (size_t i = 0; i < rounds; i++) {
        Arena arena;
        pv_client_call *call = nullptr;
        ASSERT_TRUE(
            pv_is_ok(pv_echo_client_collect_open(client(), arena, nullptr, &call, &arena.error)));
        pv_echo_request request = request_of("x");
        for (size_t k = 0; k < i % 3; k++) {
            ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_send(call, &request)));
        }
        if (i % 2 == 0) { std::this_thread::sleep_for(1ms); }
        pv_client_cancel(call);
        EXPECT_EQ(pv_client_finish(call).code, PV_CODE_CANCELLED);
        pv_client_destroy(clients_.back());
        clients_.pop_back();
    }
    ASSERT_TRUE(app.wait_finished(rounds));
    EXPECT_EQ(finishes, 0);
}

TEST_F(StreamTest, CancelReachesAnIdleStream)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("wait");
    request.count = 1;
    request.topic = 7;
    pv_client_call *call = repeat(client(), request, arena);
    EXPECT_EQ(next(call), 1u);
    pv_client_cancel(call);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_CANCELLED);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_EQ(app.finished()[0].code, PV_CODE_CANCELLED);
}

TEST_F(StreamTest, ATopicWakesItsStreamsAndNoOthers)
{
    start();
    Arena arena;
    pv_client *one = client();
    pv_client_call *calls[3];
    for (uint32_t i = 0; i < 3; i++) {
        pv_echo_request request = request_of("wait");
        request.topic = i == 2 ? 9 : 8;
        request.count = 1;
        calls[i] = repeat(one, request, arena);
        EXPECT_EQ(next(calls[i]), 1u);
    }
    std::this_thread::sleep_for(20ms);
    for (uint32_t round = 2; round < 5; round++) {
        uint8_t topic[16];
        memset(topic, 8, sizeof topic);
        pv_rpc_wake(server, topic);
        EXPECT_EQ(next(calls[0]), round);
        EXPECT_EQ(next(calls[1]), round);
    }
    uint8_t topic[16];
    memset(topic, 9, sizeof topic);
    pv_rpc_wake(server, topic);
    EXPECT_EQ(next(calls[2]), 2u);
    for (pv_client_call *call : calls) { (void)pv_client_finish(call).code; }
}

TEST_F(StreamTest, AHeartbeatComesWithoutATopic)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("beat");
    request.wait_ms = 20;
    pv_client_call *call = repeat(client(), request, arena);
    for (uint32_t i = 1; i <= 5; i++) { EXPECT_EQ(next(call), i); }
    (void)pv_client_finish(call).code;
}

TEST_F(StreamTest, AWakeDuringAStepOnAnotherThreadIsNotLost)
{
    // Every step runs elsewhere; while it runs, after the handler has looked, the topic is woken.
    std::atomic<int> woken{0};
    std::vector<std::thread> threads;
    std::mutex lock;
    app.run = [&](pv_call *call) {
        std::lock_guard<std::mutex> guard(lock);
        threads.emplace_back([&, call] {
            pv_status status = pv_rpc_step(call);
            if (pv_exchange_of(call)->step == PV_STEP_IDLE && woken < 50) {
                woken++;
                uint8_t topic[16];
                memset(topic, 5, sizeof topic);
                pv_rpc_wake(server, topic);
                std::this_thread::sleep_for(2ms);
            }
            pv_rpc_done(call, status);
        });
    };
    start();
    Arena arena;
    pv_echo_request request = request_of("wait");
    request.topic = 5;
    pv_client_call *call = repeat(client(), request, arena);
    for (uint32_t i = 1; i <= 50; i++) { ASSERT_EQ(next(call), i); }
    (void)pv_client_finish(call).code;
    stop();
    for (std::thread &thread : threads) { thread.join(); }
}

TEST_F(StreamTest, ASlowReaderHoldsTheHandlerBack)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("much");
    request.count = 1000000;
    request.padding = 1000;
    pv_client_call *call = repeat(client(), request, arena);
    EXPECT_EQ(next(call), 1u);
    int before = -1;
    while (before != app.steps) {
        before = app.steps;
        std::this_thread::sleep_for(200ms);
    }
    // Of a gigabyte what fits the window, which the core lets grow to some megabytes here.
    EXPECT_LT(app.steps, 50000);
    pv_client_cancel(call);
    (void)pv_client_finish(call).code;
    ASSERT_TRUE(app.wait_finished(1));
}

TEST_F(StreamTest, AFastSenderIsHeldBackByASlowHandler)
{
    std::atomic<bool> open{false};
    std::vector<std::thread> threads;
    app.run = [&](pv_call *call) {
        if (open) {
            pv_rpc_done(call, pv_rpc_step(call));
            return;
        }
        threads.emplace_back([&, call] {
            while (!open) { std::this_thread::sleep_for(1ms); }
            pv_rpc_done(call, pv_rpc_step(call));
        });
    };
    start();
    Arena arena;
    pv_client_call *call = nullptr;
    ASSERT_TRUE(
        pv_is_ok(pv_echo_client_collect_open(client(), arena, nullptr, &call, &arena.error)));
    std::atomic<int> sent{0};
    std::thread sender([&] {
        std::string text(10000, 'x');
        pv_echo_request request = request_of(text);
        for (int i = 0; i < 5000; i++) {
            ASSERT_TRUE(pv_is_ok(pv_echo_client_collect_send(call, &request)));
            sent++;
        }
    });
    int before = -1;
    while (before != sent) {
        before = sent;
        std::this_thread::sleep_for(200ms);
    }
    EXPECT_LT(sent, 5000); // of 50 MB
    open = true;
    sender.join();
    pv_echo_response *response = nullptr;
    ASSERT_EQ(pv_echo_client_collect_finish(call, arena, &response).code, PV_CODE_OK);
    EXPECT_EQ(response->number, 5000u);
    for (std::thread &thread : threads) { thread.join(); }
}

TEST_F(StreamTest, TheDeadlineEndsAnIdleStream)
{
    start();
    Arena arena;
    pv_echo_request request = request_of("wait");
    request.topic = 3;
    pv_client_options options = {};
    options.deadline_ms = 200;
    pv_client_call *call = repeat(client(), request, arena, &options);
    EXPECT_EQ(next(call), 0u);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_DEADLINE_EXCEEDED);
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_TRUE(eventually([&] { return app.released == 1; }));
}

TEST_F(StreamTest, ARevokedCallerLosesItsIdleStream)
{
    static const pv_reason revoked = {"REVOKED", PV_CODE_UNAUTHENTICATED,
                                      "The certificate is revoked.", ""};
    std::atomic<bool> valid{true};
    app.admit = [&](pv_call *call) {
        return valid ? pv_ok() : pv_refuse(&call->error, &revoked, nullptr);
    };
    start();
    Arena arena;
    pv_echo_request request = request_of("wait");
    request.count = 1;
    request.topic = 3;
    pv_client_call *call = repeat(client(), request, arena);
    EXPECT_EQ(next(call), 1u);
    std::this_thread::sleep_for(20ms);
    valid = false;
    uint8_t topic[16];
    memset(topic, 3, sizeof topic);
    pv_rpc_wake(server, topic);
    EXPECT_EQ(next(call), 0u);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAUTHENTICATED);
    EXPECT_STREQ(arena.error.reason->name, "REVOKED");
    EXPECT_TRUE(eventually([&] { return app.released == 1; }));
}

TEST_F(StreamTest, StepsMayRunOnOtherThreads)
{
    std::vector<std::thread> threads;
    app.run = [&](pv_call *call) {
        threads.emplace_back([call] { pv_rpc_done(call, pv_rpc_step(call)); });
    };
    start();
    Arena arena;
    pv_echo_request request = request_of("again");
    request.count = 100;
    pv_client_call *call = repeat(client(), request, arena);
    for (uint32_t i = 1; i <= 100; i++) { ASSERT_EQ(next(call), i); }
    EXPECT_EQ(next(call), 0u);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_OK);
    stop();
    for (std::thread &thread : threads) { thread.join(); }
}

TEST_F(StreamTest, WorkOverTlsToo)
{
    start(true);
    Arena arena;
    pv_echo_request request = request_of("again");
    request.count = 5000;
    request.padding = 100;
    pv_client_call *call = repeat(client(), request, arena);
    for (uint32_t i = 1; i <= 5000; i++) { ASSERT_EQ(next(call), i); }
    EXPECT_EQ(next(call), 0u);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_OK);
}
