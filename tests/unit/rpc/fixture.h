// fixture.h — a server with the echo service and clients for it, over loopback.
#ifndef PV_TESTS_UNIT_RPC_FIXTURE_H
#define PV_TESTS_UNIT_RPC_FIXTURE_H

#include "certificates.h"
#include "client/rpc/client.h"
#include "echo.pv.h"
#include "server/rpc/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

// What the access log got.
struct Finished {
    std::string method;
    std::string reason;
    pv_code code;
    uint64_t bytes_in, bytes_out;
    uint32_t messages_in, messages_out;
};

// The application: hooks that tests can replace one by one.
struct App {
    std::function<pv_status(pv_call *)> admit = [](pv_call *) { return pv_ok(); };
    std::function<void(pv_call *)> run = [](pv_call *call) {
        pv_rpc_done(call, pv_rpc_step(call));
    };
    // `opened` counts calls, `admitted` also the times that a stream is asked about again.
    std::atomic<int> opened{0}, admitted{0}, released{0}, steps{0};

    std::vector<Finished> finished();
    // Waits until so many calls have ended.
    bool wait_finished(size_t count);
    void add(const pv_call *call, const pv_rpc_summary *summary);

  private:
    std::mutex lock_;
    std::condition_variable changed_;
    std::vector<Finished> finished_;
};

struct Arena {
    explicit Arena(size_t bytes = 64 << 20) : pointer(pv_arena_create(bytes))
    {
        pv_error_init(&error, pointer);
    }
    ~Arena() { pv_arena_destroy(pointer); }
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;
    operator pv_arena *() const { return pointer; }
    pv_arena *pointer;
    pv_error error;
};

class RpcTest : public ::testing::Test {
  protected:
    ~RpcTest() override;

    // Starts the server; with TLS if `tls`.
    void start(bool tls = false);
    void stop();
    std::string target() const;
    // A client of the running server; with the test client's certificate over TLS.
    pv_client *client();
    pv_client *client_with(const pv_client_config &config);

    pv_status echo(pv_client *client, const std::string &text, std::string *ret_text, Arena &arena,
                   const pv_client_options *options = nullptr);

    App app;
    pv_rpc_config config = {};
    pv_rpc_server *server = nullptr;
    bool tls_ = false;
    std::unique_ptr<Authority> authority;
    Certificate server_certificate, client_certificate;
    std::vector<pv_client *> clients_;
};

// Whether the condition comes true within ten seconds.
bool eventually(const std::function<bool()> &holds);

// The text must outlive the request.
pv_echo_request request_of(const char *text);
pv_echo_request request_of(const std::string &text);
pv_echo_request request_of(std::string &&text) = delete;

#endif
