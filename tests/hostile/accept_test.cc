// Errors of accept that a test cannot bring about in the kernel: accept4 is replaced by one that fails as it is told.
// After each of them the edge goes on accepting.
#include "server/edge/edge.h"
#include "tests/e2e/house.h"
#include "tests/hostile/h2.h"
#include "tests/unit/rpc/certificates.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

static std::atomic<int> failures{0}; // still to come
static std::atomic<int> failure{0};  // the errno

extern "C" {
int __real_accept4(int fd, sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, sockaddr *address, socklen_t *size, int flags);

int __wrap_accept4(int fd, sockaddr *address, socklen_t *size, int flags)
{
    if (failures > 0) {
        failures--;
        errno = failure;
        return -1;
    }
    return __real_accept4(fd, address, size, flags);
}
}

namespace purvey {
namespace {

// The socket that the edge hands its connections to; nobody answers there.
int core_at(const std::string &path)
{
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    PV_ASSERT(path.size() < sizeof at.sun_path);
    memcpy(at.sun_path, path.data(), path.size());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PV_ASSERT(fd >= 0 && bind(fd, reinterpret_cast<sockaddr *>(&at), sizeof at) == 0 &&
              listen(fd, 64) == 0);
    return fd;
}

class Accept : public ::testing::TestWithParam<int> {
  protected:
    void SetUp() override
    {
        PV_ASSERT(chdir(folder_.c_str()) == 0); // an address has room for a hundred bytes
        core_ = core_at("core");
        Certificate server = authority_.issue("DNS:localhost");
        Certificate client = authority_.issue("URI:spiffe://purvey.example/account/a/user/u");
        write_file(folder_ + "/roots.pem", authority_.pem());
        write_file(folder_ + "/server.pem", server.pem);
        write_file(folder_ + "/server.key", server.key);
        const std::string roots = folder_ + "/roots.pem";
        const std::string pem = folder_ + "/server.pem", key = folder_ + "/server.key";
        pv_edge_listener listener = {"127.0.0.1:0", "core", true};
        pv_edge_config config = {};
        config.listeners = &listener;
        config.listener_count = 1;
        config.tls.client_roots = roots.c_str();
        config.tls.certificate = pem.c_str();
        config.tls.key = key.c_str();
        pv_error error;
        pv_error_init(&error, arena_);
        ASSERT_TRUE(pv_is_ok(pv_edge_create(&config, &error, &edge_))) << error.message;
        pv_edge_start(edge_);
        tls_.reset(new h2::Tls(client.pem, client.key));
    }
    void TearDown() override
    {
        pv_edge_destroy(edge_);
        close(core_);
        pv_arena_destroy(arena_);
    }
    bool comes_in() const
    {
        h2::Options options;
        options.tls = tls_.get();
        options.timeout_ms = 2000;
        h2::Peer peer("127.0.0.1:" + std::to_string(pv_edge_port(edge_, 0)), options);
        return peer.seen().connected;
    }

    const std::string folder_ = fresh_folder("accept");
    const Authority authority_{"partners"};
    pv_arena *arena_ = pv_arena_create(1024 * 1024);
    pv_edge *edge_ = nullptr;
    int core_ = -1;
    std::unique_ptr<h2::Tls> tls_;
};

TEST_P(Accept, GoesOnAfterTheError)
{
    ASSERT_TRUE(comes_in());
    failure = GetParam();
    for (int times : {1, 5}) {
        failures = times;
        bool in = false;
        for (int tries = 0; tries < 10 && !in; tries++) { in = comes_in(); }
        EXPECT_TRUE(in) << strerror(GetParam()) << ", " << times << " times";
        EXPECT_EQ(failures, 0) << "the failing call was never made";
    }
}

INSTANTIATE_TEST_SUITE_P(Errors, Accept,
                         ::testing::Values(EMFILE, ENFILE, ENOMEM, ENOBUFS, EINTR, ECONNABORTED,
                                           EPROTO, EPERM, ENETDOWN, EHOSTUNREACH));

} // namespace
} // namespace purvey
