// A peer that falls silent without closing, as behind a NAT that has forgotten it or after a power
// loss: a proxy between client and server stops to forward and keeps both connections open.
#include "fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

sockaddr_in loopback(int port)
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Forwards the bytes of one connection until it falls silent.
class Proxy {
  public:
    explicit Proxy(int server_port) : listener_(socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr *>(&address), size), 0);
        EXPECT_EQ(listen(listener_, 8), 0);
        EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size), 0);
        target = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this, server_port] { forward(server_port); });
    }
    ~Proxy()
    {
        silent = true;
        thread_.join();
        for (int end : ends_) { close(end); }
        close(listener_);
    }
    Proxy(const Proxy &) = delete;
    Proxy &operator=(const Proxy &) = delete;

    std::atomic<bool> silent{false};
    std::string target;

  private:
    void forward(int server_port)
    {
        pollfd waiting = {listener_, POLLIN, 0};
        if (poll(&waiting, 1, 10000) != 1) { return; }
        ends_[0] = accept(listener_, nullptr, nullptr);
        ends_[1] = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = loopback(server_port);
        EXPECT_EQ(connect(ends_[1], reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        while (!silent) {
            pollfd ready[2] = {{ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}};
            poll(ready, 2, 10);
            for (int i = 0; i < 2 && !silent; i++) {
                char bytes[4096];
                if ((ready[i].revents & POLLIN) == 0) { continue; }
                ssize_t size = read(ends_[i], bytes, sizeof bytes);
                if (size <= 0) { return; }
                EXPECT_EQ(write(ends_[1 - i], bytes, static_cast<size_t>(size)), size);
            }
        }
    }

    int listener_;
    int ends_[2] = {-1, -1}; // to the client, to the server
    std::thread thread_;
};

class KeepaliveTest : public RpcTest {
  protected:
    // A stream through the proxy that has brought its first message and now waits.
    pv_client_call *open(const Proxy &proxy, pv_client_config with)
    {
        with.target = proxy.target.c_str();
        pv_client_options options = {};
        options.deadline_ms = 60 * 1000;
        pv_echo_request request = request_of("x");
        request.count = 1;
        request.wait_ms = 3600 * 1000;
        pv_client_call *call = nullptr;
        pv_echo_response *response = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_echo_client_repeat_open(client_with(with), arena, &options,
                                                        &request, &call, &arena.error)));
        EXPECT_TRUE(pv_is_ok(pv_echo_client_repeat_receive(call, arena, &response)));
        EXPECT_NE(response, nullptr);
        return call;
    }

    Arena arena;
};

// Far below the defaults, so that only what is configured can end a call within the test's time.
constexpr int KEEPALIVE_MS = 300, KEEPALIVE_TIMEOUT_MS = 300;

TEST_F(KeepaliveTest, AClientEndsACallWhoseServerHasFallenSilent)
{
    start();
    Proxy proxy(pv_rpc_server_port(server));
    pv_client_config with = {};
    with.keepalive_ms = KEEPALIVE_MS;
    with.keepalive_timeout_ms = KEEPALIVE_TIMEOUT_MS;
    pv_client_call *call = open(proxy, with);
    proxy.silent = true;
    pv_echo_response *response = nullptr;
    int64_t begin = pv_time_monotonic_ns();
    (void)pv_echo_client_repeat_receive(call, arena, &response);
    EXPECT_EQ(response, nullptr);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_UNAVAILABLE);
    EXPECT_LT(pv_time_monotonic_ns() - begin, 10 * PV_NS_PER_S);
    EXPECT_TRUE(app.finished().empty()); // the server has not noticed: it was the client
}

TEST_F(KeepaliveTest, AServerDropsAClientThatHasFallenSilentAndServesTheOthers)
{
    config.keepalive_ms = KEEPALIVE_MS;
    config.keepalive_timeout_ms = KEEPALIVE_TIMEOUT_MS;
    start();
    Proxy proxy(pv_rpc_server_port(server));
    pv_client_call *call = open(proxy, {});
    proxy.silent = true;
    ASSERT_TRUE(app.wait_finished(1));
    EXPECT_EQ(app.finished()[0].code, PV_CODE_CANCELLED);
    EXPECT_TRUE(eventually([&] { return app.released == 1; }));
    std::string text;
    EXPECT_TRUE(pv_is_ok(echo(client(), "others", &text, arena)));
    pv_client_cancel(call);
    EXPECT_EQ(pv_client_finish(call).code, PV_CODE_CANCELLED); // the client has not noticed
}

} // namespace
