// Everything at once: calls of all kinds from many threads, steps on several threads, topics, cancels,
// deadlines, and a drain in the middle. What counts is that every call ends exactly once and nothing leaks.
#include "fixture.h"

#include <chrono>
#include <deque>
#include <random>

using namespace std::chrono_literals;

namespace {

// Threads that run steps, like a committer does.
class Workers {
  public:
    explicit Workers(int count)
    {
        for (int i = 0; i < count; i++) {
            threads_.emplace_back([this] { work(); });
        }
    }

    void push(pv_call *call)
    {
        std::lock_guard<std::mutex> guard(lock_);
        calls_.push_back(call);
        changed_.notify_one();
    }

    void stop()
    {
        {
            std::lock_guard<std::mutex> guard(lock_);
            stopping_ = true;
            changed_.notify_all();
        }
        for (std::thread &thread : threads_) { thread.join(); }
    }

  private:
    void work()
    {
        for (;;) {
            pv_call *call = nullptr;
            {
                std::unique_lock<std::mutex> guard(lock_);
                changed_.wait(guard, [&] { return stopping_ || !calls_.empty(); });
                if (calls_.empty()) { return; }
                call = calls_.front();
                calls_.pop_front();
            }
            pv_rpc_done(call, pv_rpc_step(call));
        }
    }

    std::mutex lock_;
    std::condition_variable changed_;
    std::deque<pv_call *> calls_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
};

class Caller {
  public:
    Caller(pv_client *client, uint32_t seed) : client_(client), random_(seed) {}

    void act()
    {
        Arena arena(1 << 20);
        options_.deadline_ms = pick(8) == 0 ? 1 + pick(5) : 20000;
        pv_echo_request request = request_of("stress");
        request.padding = pick(3000);
        request.count = pick(20);
        request.code = pick(10) == 0 ? PV_CODE_NOT_FOUND : 0;
        switch (pick(4)) {
        case 0: unary(arena, request); return;
        case 1: down(arena, request); return;
        case 2: up(arena, request); return;
        default: chat(arena, request); return;
        }
    }

  private:
    uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

    void unary(Arena &arena, const pv_echo_request &request)
    {
        pv_echo_response *response = nullptr;
        (void)pv_echo_client_echo(client_, arena, &options_, &request, &response, &arena.error)
            .code;
    }

    void down(Arena &arena, pv_echo_request request)
    {
        request.topic = pick(3);
        request.wait_ms = pick(2) == 0 ? 0 : 10;
        pv_client_call *call = nullptr;
        if (!pv_is_ok(pv_echo_client_repeat_open(client_, arena, &options_, &request, &call,
                                                 &arena.error))) {
            return;
        }
        for (uint32_t i = 0; i < pick(30); i++) {
            // A stream that waits for a topic only may wait for long.
            if (request.topic != 0 && request.wait_ms == 0 && i >= request.count) { break; }
            pv_echo_response *response = nullptr;
            if (!pv_is_ok(pv_echo_client_repeat_receive(call, arena, &response)) ||
                response == nullptr) {
                break;
            }
        }
        (void)pv_client_finish(call).code;
    }

    void up(Arena &arena, const pv_echo_request &request)
    {
        pv_client_call *call = nullptr;
        if (!pv_is_ok(
                pv_echo_client_collect_open(client_, arena, &options_, &call, &arena.error))) {
            return;
        }
        for (uint32_t i = 0; i < request.count; i++) {
            if (!pv_is_ok(pv_echo_client_collect_send(call, &request))) { break; }
        }
        if (pick(3) == 0) {
            (void)pv_client_finish(call).code;
            return;
        }
        pv_echo_response *response = nullptr;
        (void)pv_echo_client_collect_finish(call, arena, &response).code;
    }

    void chat(Arena &arena, const pv_echo_request &request)
    {
        pv_client_call *call = nullptr;
        if (!pv_is_ok(pv_echo_client_chat_open(client_, arena, &options_, &call, &arena.error))) {
            return;
        }
        bool open = true;
        for (uint32_t i = 0; open && i < pick(5); i++) {
            open = pv_is_ok(pv_echo_client_chat_send(call, &request));
            for (uint32_t k = 0; open && k < request.count; k++) {
                pv_echo_response *response = nullptr;
                open = pv_is_ok(pv_echo_client_chat_receive(call, arena, &response)) &&
                       response != nullptr;
            }
        }
        if (pick(2) == 0) { (void)pv_client_close_send(call).code; }
        (void)pv_client_finish(call).code;
    }

    pv_client *client_;
    std::mt19937 random_;
    pv_client_options options_ = {};
};

} // namespace

class StressTest : public RpcTest, public ::testing::WithParamInterface<bool> {
  protected:
    void TearDown() override { config.tls = nullptr; }
};

TEST_P(StressTest, EveryCallEndsOnce)
{
    Workers workers(2);
    std::atomic<uint32_t> turn{0};
    app.run = [&](pv_call *call) {
        if (turn++ % 3 == 0) {
            workers.push(call);
        } else {
            pv_rpc_done(call, pv_rpc_step(call));
        }
    };
    config.health = true;
    config.reflection = true;
    start(GetParam());
    std::atomic<bool> stopping{false};
    std::thread waker([&] {
        uint8_t topic[16];
        for (int i = 0; !stopping; i++) {
            memset(topic, i % 3, sizeof topic);
            pv_rpc_wake(server, topic);
            std::this_thread::sleep_for(200us);
        }
    });
    std::vector<std::thread> threads;
    std::atomic<int> acts{0};
    for (uint32_t i = 0; i < 8; i++) {
        pv_client *one = client();
        threads.emplace_back([&, one, i] {
            Caller caller(one, i + 1);
            for (int k = 0; k < 150; k++) {
                caller.act();
                acts++;
            }
        });
    }
    // The last calls meet a server that is on its way out.
    ASSERT_TRUE(eventually([&] { return acts > 900; }));
    pv_rpc_server_drain(server, 50);
    for (std::thread &thread : threads) { thread.join(); }
    stopping = true;
    waker.join();
    stop();
    workers.stop();
    EXPECT_GT(app.opened, 500);
    EXPECT_EQ(app.released, app.opened);
    EXPECT_GE(app.finished().size(), static_cast<size_t>(app.opened));
}

INSTANTIATE_TEST_SUITE_P(Transports, StressTest, ::testing::Values(false, true),
                         [](const ::testing::TestParamInfo<bool> &one) {
                             return std::string(one.param ? "Tls" : "Plaintext");
                         });
