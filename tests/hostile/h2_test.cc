// The toolkit itself, against the runtime: it tells an honest call, and each kind of end, as what it is.
#include "tests/hostile/target.h"

#include <gtest/gtest.h>

using namespace h2; // NOLINT: the toolkit under test

namespace purvey {
namespace {

const char kPath[] = "/grpc.testing.TestService/EmptyCall";

TEST(Bytes, IntegersOfHpackHaveTheirPrefixes)
{
    // RFC 7541, C.1.
    EXPECT_EQ(integer(10, 5), "\x0a");
    EXPECT_EQ(integer(1337, 5), "\x1f\x9a\x0a");
    EXPECT_EQ(integer(42, 8), "\x2a");
    EXPECT_EQ(integer(0, 5, 0x20), "\x20");
}

TEST(Bytes, AFrameHasItsHeader)
{
    EXPECT_EQ(ping(), std::string("\0\0\x08\x06\0\0\0\0\0hostile!", 17));
    EXPECT_EQ(data(1, std::string(16385, 'x')).size(), 2 * 9 + 16385u);
    EXPECT_EQ(data(1, ""), frame(DATA, END_STREAM, 1));
}

class Toolkit : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { runtime = new Runtime; }
    static void TearDownTestSuite()
    {
        EXPECT_EQ(runtime->stop(), 0) << runtime->log();
        delete runtime;
    }
    static std::string end_of(const std::string &bytes, int wait_ms = 5000)
    {
        Peer peer(runtime->address());
        peer.send(bytes);
        peer.read_end(wait_ms);
        return peer.seen().end_of();
    }
    static Runtime *runtime;
};

Runtime *Toolkit::runtime = nullptr;

TEST_F(Toolkit, EveryEndIsTold)
{
    ASSERT_TRUE(runtime->ready()) << runtime->log();
    EXPECT_EQ(end_of(preface() + call(1, kPath)), "status 0");
    EXPECT_EQ(end_of(preface() + call(1, "/nothing/here")), "status 12");
    EXPECT_EQ(end_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "close");
    EXPECT_EQ(end_of(preface(), 200), "open");
    EXPECT_EQ(Peer("127.0.0.1:1").seen().end_of(), "refused");
}

TEST_F(Toolkit, AnswersFollowEachOtherOnOneConnection)
{
    // The second answer's header block refers to the first one's.
    Peer peer(runtime->address());
    ASSERT_TRUE(peer.send(preface() + call(1, kPath)));
    ASSERT_TRUE(peer.read_end(5000, 1));
    ASSERT_TRUE(peer.send(call(3, kPath)));
    ASSERT_TRUE(peer.read_end(5000, 3));
    EXPECT_EQ(peer.seen().end_of(3), "status 0");
    EXPECT_EQ(peer.seen().settings_acks, 1u);
    EXPECT_GT(peer.seen().settings.at(MAX_CONCURRENT_STREAMS), 0u);
}

TEST_F(Toolkit, TheNeighbourIsServed)
{
    Neighbour neighbour(*runtime);
    Neighbour::Tally tally = neighbour.take();
    EXPECT_GT(tally.calls, 0u);
    EXPECT_EQ(tally.failed, 0u) << tally.failure;
    Vitals vitals = vitals_of(runtime->process());
    EXPECT_GT(vitals.rss_kib, 1000);
    EXPECT_GT(vitals.descriptors, 4);
}

TEST(ToolkitInTls, AnHonestCallIsAnsweredAndAPeerWithoutCertificateIsTold)
{
    Purveyd purveyd;
    ASSERT_TRUE(purveyd.ready());
    {
        Peer peer(purveyd.address(), purveyd.options());
        ASSERT_TRUE(peer.seen().connected);
        peer.send(preface() + call(1, "/purvey.account.v1.IdentityService/WhoAmI"));
        peer.read_end(5000);
        EXPECT_EQ(peer.seen().end_of(), "status 0");

        Tls nobody;
        Options options;
        options.tls = &nobody;
        Peer stranger(purveyd.address(), options);
        stranger.send(preface());
        EXPECT_TRUE(stranger.read_close(5000));
    }
    EXPECT_EQ(purveyd.stop(), 0) << purveyd.log();
}

} // namespace
} // namespace purvey
