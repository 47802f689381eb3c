// Storms against purveyd: peers that are slow in each phase, too many, without a descriptor left for them, or all back
// at once. In small numbers with every run of the tests; in full with PURVEY_HOSTILE=full (`./dev test hostile`).
#include "tests/e2e/house.h"
#include "tests/hostile/cases.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdlib>

using namespace h2; // NOLINT: bytes of peers

namespace purvey {
namespace {

constexpr char kUnary[] = "/purvey.account.v1.IdentityService/WhoAmI";
constexpr int kThreads = 8;

using Peers = std::vector<std::unique_ptr<Peer>>;
using Clock = std::chrono::steady_clock;

bool in_full()
{
    const char *wanted = getenv("PURVEY_HOSTILE");
    return wanted != nullptr && std::string(wanted) == "full";
}

int sized(int small, int full)
{
    return in_full() ? full : small;
}

double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// One of a thousand addresses of loopback.
std::string source_of(int number)
{
    return "127.1." + std::to_string(number / 250 % 4) + "." + std::to_string(1 + number % 250);
}

class Storm : public ::testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        rlimit files = {};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max; // for both sides of all connections; purveyd inherits it
        setrlimit(RLIMIT_NOFILE, &files);
        setenv("PURVEYD_CONNECTIONS_PER_CERTIFICATE", "8192", 1); // all partners here have one
        purveyd = new Purveyd;
        ASSERT_TRUE(purveyd->ready());
    }
    static void TearDownTestSuite()
    {
        EXPECT_EQ(purveyd->stop(), 0) << purveyd->log();
        delete purveyd;
    }
    void SetUp() override { neighbour_.reset(new Neighbour(*purveyd)); }
    void TearDown() override
    {
        ASSERT_TRUE(purveyd->alive()) << purveyd->log();
        Neighbour::Tally tally = neighbour_->take();
        EXPECT_EQ(tally.failed, 0u) << tally.failure;
        printf("hostile   neighbour: %zu calls, p50 %.1f ms, p99 %.1f ms, longest %.0f ms\n",
               tally.calls, tally.p50_ms, tally.p99_ms, tally.max_ms);
    }

    static Options from(const std::string &source, bool tls = true)
    {
        Options options = tls ? purveyd->options() : Options();
        options.source = source;
        return options;
    }
    static std::string served(const Options &options)
    {
        Peer peer(purveyd->address(), options);
        peer.send(preface() + h2::call(1, kUnary));
        peer.read_end(30000);
        return peer.seen().end_of();
    }
    // Works on all numbers below `count` on some threads; the sum of what `work` returns.
    static int together(int count, const std::function<int(int)> &work)
    {
        std::atomic<int> next{0}, sum{0};
        std::vector<std::thread> threads;
        for (int i = 0; i < kThreads; i++) {
            threads.emplace_back([&] {
                for (int number = next++; number < count; number = next++) { sum += work(number); }
            });
        }
        for (std::thread &thread : threads) { thread.join(); }
        return sum;
    }
    // Until the server has at most so many descriptors; how many it has.
    static int descriptors_fall_to(int wanted)
    {
        int count = 0;
        for (int waited = 0; waited < 15000; waited += 50) {
            count = vitals_of(purveyd->process()).descriptors;
            if (count <= wanted) { break; }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return count;
    }

    static Purveyd *purveyd;
    std::unique_ptr<Neighbour> neighbour_;
};

Purveyd *Storm::purveyd = nullptr;

// Who stops in the middle is sent away, each phase in its time (server/edge: limits.h, frame_limits.h).
TEST_F(Storm, SlowPeersAreEndedInEachPhase)
{
    const std::string fields = block(request(kUnary));
    const struct {
        const char *phase;
        bool tls;
        std::string bytes;
        int within_ms;
    } slow[] = {
        {"no byte", false, "", 5000},
        {"half a ClientHello", false,
         std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 5000},
        {"no preface", true, "", 5000},
        {"half the preface", true, std::string(kMagic.substr(0, 10)), 5000},
        {"no SETTINGS", true, std::string(kMagic), 5000},
        {"half a frame header", true, preface() + std::string("\0\0", 2), 10000},
        {"half a header block", true, preface() + frame(HEADERS, 0, 1, fields), 10000},
        {"half a frame of a header block", true,
         preface() + frame_header(100, HEADERS, END_HEADERS, 1) + "x", 10000},
        {"half a DATA frame", true,
         preface() + settings_ack() + open_call(1, request(kUnary)) +
             frame_header(100, DATA, 0, 1) + "x",
         30000},
        {"no acknowledgement", true, preface() + open_call(1, request(kChatPath)), 30000},
    };
    const int longest_ms = sized(10000, 30000);
    std::vector<std::thread> threads;
    for (const auto &one : slow) {
        if (one.within_ms > longest_ms) { continue; }
        threads.emplace_back([&one] {
            Options options = from("", one.tls);
            options.acknowledges = false;
            Peer peer(purveyd->address(), options);
            peer.send(one.bytes);
            Clock::time_point start = Clock::now();
            peer.read_close(one.within_ms + 5000);
            std::string end = peer.seen().end_of(0);
            printf("hostile   slow, %s: %s after %.1f s\n", one.phase, end.c_str(),
                   seconds_since(start));
            EXPECT_TRUE(is_expected(end, kEnds)) << one.phase << ": " << end;
        });
    }
    // The preface, one byte a second: each is progress, the whole is not.
    threads.emplace_back([] {
        Options options = from("");
        Peer peer(purveyd->address(), options);
        peer.drip(preface(), 1, 1000, 12000);
        EXPECT_TRUE(is_expected(peer.seen().end_of(0), kEnds)) << peer.seen().end_of(0);
    });
    for (std::thread &thread : threads) { thread.join(); }
}

TEST_F(Storm, WithoutADescriptorItRefusesAndGoesOnWhenThereIsOne)
{
    neighbour_->take();
    const int before = vitals_of(purveyd->process()).descriptors;
    rlimit most = {}, few = {};
    ASSERT_EQ(prlimit(purveyd->process(), RLIMIT_NOFILE, nullptr, &most), 0);
    few = most;
    few.rlim_cur = static_cast<rlim_t>(before + 16);
    ASSERT_EQ(prlimit(purveyd->process(), RLIMIT_NOFILE, &few, nullptr), 0);
    {
        Peers peers;
        for (int i = 0; i < 100; i++) {
            peers.emplace_back(new Peer(purveyd->address(), from(source_of(i), false)));
        }
        size_t refused = 0;
        for (auto &peer : peers) { refused += peer->read_close(20) ? 1 : 0; }
        EXPECT_GE(refused, 50u) << "connections for which there is no descriptor are told";
    }
    // Still with few: those have gone, and there is room again.
    EXPECT_LE(descriptors_fall_to(before + 2), before + 2);
    for (int i = 0; i < 5; i++) { EXPECT_EQ(served(from(source_of(200 + i))), "status 0"); }
    ASSERT_EQ(prlimit(purveyd->process(), RLIMIT_NOFILE, &most, nullptr), 0);
}

TEST_F(Storm, ThousandsOfConnectionsInSecondsLeakNothing)
{
    neighbour_->take();
    const int count = sized(2000, 10000);
    const int before = vitals_of(purveyd->process()).descriptors;
    Clock::time_point start = Clock::now();
    int connected = together(count, [](int i) {
        Peer peer(purveyd->address(), from(source_of(i), false));
        return peer.seen().connected ? 1 : 0;
    });
    double took_s = seconds_since(start);
    EXPECT_EQ(served(from("127.2.0.1")), "status 0") << "right behind the storm";
    EXPECT_LE(descriptors_fall_to(before + 2), before + 2);
    printf("hostile   %d of %d connections in %.1f s\n", connected, count, took_s);
    EXPECT_EQ(connected, count);
}

TEST_F(Storm, IdleConnectionsAreCheap)
{
    neighbour_->take(); // whose connection counts below
    const int count = sized(200, 4096);
    const Vitals before = vitals_of(purveyd->process());
    Peers peers(static_cast<size_t>(count));
    int served_count = together(count, [&](int i) {
        std::unique_ptr<Peer> peer(new Peer(purveyd->address(), from(source_of(i))));
        peer->send(preface() + h2::call(1, kUnary));
        peer->read_end(30000);
        int good = peer->seen().end_of() == "status 0" ? 1 : 0;
        peers[static_cast<size_t>(i)] = std::move(peer);
        return good;
    });
    EXPECT_EQ(served_count, count);
    const Vitals after = vitals_of(purveyd->process());
    printf("hostile   %d idle connections: %.1f KiB and %.1f ms of CPU each\n", count,
           static_cast<double>(after.rss_kib - before.rss_kib) / count,
           (after.cpu_s - before.cpu_s) * 1000 / count);
    for (auto &peer : peers) {
        peer->read_until([](const Seen &) { return true; }, 0);
        EXPECT_FALSE(peer->seen().closed);
    }
    peers.clear();
    EXPECT_LE(descriptors_fall_to(before.descriptors + 2), before.descriptors + 2);
}

TEST_F(Storm, PartnersComeBackAllAtOnceAfterARestart)
{
    const int count = sized(100, 500);
    neighbour_.reset(); // what is restarted fails the calls that are under way
    ASSERT_EQ(purveyd->house().stop(SIGTERM), 0);
    ASSERT_TRUE(purveyd->house().start());
    neighbour_.reset(new Neighbour(*purveyd));
    Clock::time_point start = Clock::now();
    int good = together(
        count, [&](int i) { return served(from(source_of(i % 8))) == "status 0" ? 1 : 0; });
    double took_s = seconds_since(start);
    printf("hostile   %d partners were served %.1f s after they came back at once\n", count,
           took_s);
    EXPECT_EQ(good, count);
    EXPECT_LT(took_s, 30) << "no measurement but a promise: a partner's deadline";
}

} // namespace
} // namespace purvey
