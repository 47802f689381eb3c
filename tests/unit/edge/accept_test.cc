// It keeps accepting when the kernel or the core does not do its part, and asks neither more often than it must:
// accept4 is replaced by one that fails as it is told, and connect by one that counts.
#include "tests/unit/edge/fixture.h"

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

static std::atomic<int> failure{0};  // errno of accept4
static std::atomic<int> failures{0}; // still to come
static std::atomic<int> accept_calls{0}, core_connects{0};

extern "C" {
int __real_accept4(int fd, sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, sockaddr *address, socklen_t *size, int flags);
int __real_connect(int fd, const sockaddr *address, socklen_t size);
int __wrap_connect(int fd, const sockaddr *address, socklen_t size);

int __wrap_accept4(int fd, sockaddr *address, socklen_t *size, int flags)
{
    accept_calls++;
    if (failures > 0) {
        failures--;
        errno = failure;
        return -1;
    }
    return __real_accept4(fd, address, size, flags);
}

int __wrap_connect(int fd, const sockaddr *address, socklen_t size)
{
    core_connects += address->sa_family == AF_UNIX;
    return __real_connect(fd, address, size);
}
}

namespace purvey {
namespace {

using Clock = std::chrono::steady_clock;

// How often something may have been done since then that is done at most every `pause_ms`.
int at_most(Clock::time_point begun, int pause_ms)
{
    auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    return static_cast<int>(passed.count()) / pause_ms + 2;
}

class Accept : public Edge {
  protected:
    ~Accept() override { failures = 0; }
    // Somebody who comes now and is served whenever it may be.
    std::thread visitor(bool *ret_served)
    {
        return std::thread([this, ret_served] { *ret_served = answers(connect(two).get()); });
    }
};

class AcceptFails : public Accept, public ::testing::WithParamInterface<int> {};

TEST_P(AcceptFails, NowAndThenAndNobodyNotices)
{
    start();
    auto open = connect(one);
    ASSERT_TRUE(answers(open.get()));
    failure = GetParam();
    for (int times : {1, 5}) {
        failures = times;
        bool in = false;
        for (int tries = 0; tries < 10 && !in; tries++) { in = answers(connect(two).get()); }
        EXPECT_TRUE(in) << strerror(GetParam()) << ", " << times << " times";
        EXPECT_EQ(failures, 0) << "the failing call was never made";
    }
    EXPECT_TRUE(answers(open.get(), 3));
}

INSTANTIATE_TEST_SUITE_P(Errors, AcceptFails,
                         ::testing::Values(EMFILE, ENFILE, ENOMEM, ENOBUFS, EINTR, ECONNABORTED,
                                           EPROTO, EPERM, ENETDOWN, EHOSTUNREACH));

class AcceptFailsForAWhile : public Accept, public ::testing::WithParamInterface<int> {};

TEST_P(AcceptFailsForAWhile, AndIsTriedTenTimesASecondWhileOthersAreServed)
{
    start();
    auto open = connect(one);
    ASSERT_TRUE(answers(open.get()));
    failure = GetParam();
    failures = 1000 * 1000;
    accept_calls = 0;
    const Clock::time_point begun = Clock::now();
    bool served = false;
    std::thread waiting = visitor(&served);
    EXPECT_TRUE(eventually([] { return accept_calls >= 6; })) << "it has given up";
    EXPECT_TRUE(answers(open.get(), 3)) << "who is in is served";
    // Without a descriptor each try is two: with the descriptor in reserve.
    const int tries = GetParam() == EMFILE ? 2 : 1;
    EXPECT_LE(accept_calls, tries * at_most(begun, 100)) << "it spins";
    EXPECT_GE(counts().accept_errors, 3u);
    failures = 0;
    waiting.join();
    EXPECT_TRUE(served) << "who waited meanwhile";
}

INSTANTIATE_TEST_SUITE_P(Errors, AcceptFailsForAWhile,
                         ::testing::Values(EMFILE, ENFILE, ENOMEM, ENOBUFS));

// Two listeners, of which one has a core that takes nobody for now.
class FullCore : public Accept {
  protected:
    static constexpr size_t kPeers = 8; // more than the backlog of one holds
    FullCore()
    {
        other = std::make_unique<Core>(other_path, 0);
        other->accepts = false;
        both[0] = both[1] = listener;
        both[1].core_path = other_path.c_str();
        config.listeners = both;
        config.listener_count = 2;
        start();
        const std::string address = "127.0.0.1:" + std::to_string(pv_edge_port(edge, 1));
        h2::Options options;
        options.tls = &tls;
        core_connects = 0;
        begun = Clock::now();
        for (size_t i = 0; i < kPeers; i++) {
            waiting.push_back(std::make_unique<h2::Peer>(address, options));
            EXPECT_TRUE(waiting.back()->seen().connected);
            waiting.back()->send(h2::preface());
        }
        EXPECT_TRUE(eventually([] { return core_connects > 2 * (int)kPeers; })) << "no retries";
        EXPECT_TRUE(answers(connect(one).get())) << "the other core's clients";
    }

    h2::Tls tls{two.pem, two.key};
    pv_edge_listener both[2];
    const std::string other_path = folder + "/other.sock";
    std::unique_ptr<Core> other;
    std::vector<std::unique_ptr<h2::Peer>> waiting;
    Clock::time_point begun;
};

TEST_F(FullCore, TakesEverybodyWhenItCanAgain)
{
    EXPECT_LE(core_connects, static_cast<int>(kPeers) * at_most(begun, 10)) << "it spins";
    other->accepts = true;
    for (const auto &peer : waiting) { EXPECT_TRUE(answers(peer.get())); }
    EXPECT_EQ(counts().core_unreachable, 0u);
}

TEST_F(FullCore, IsGivenUpInTimeForThoseWhoDoNotFit)
{
    EXPECT_TRUE(eventually([&] { return counts().core_unreachable > 0; }));
    EXPECT_LE(core_connects, static_cast<int>(kPeers) * at_most(begun, 10)) << "it spins";
    EXPECT_TRUE(waiting.back()->read_close(10000));
    EXPECT_EQ(waiting.back()->seen().end_of(), "close");
    EXPECT_TRUE(answers(connect(one).get())) << "the other core's clients";
    other->accepts = true;
    EXPECT_TRUE(answers(waiting.front().get())) << "who was in the backlog";
}

} // namespace
} // namespace purvey
