// Bytes go through unchanged, whatever their cut; what one side does not take stops the other, in bounded memory; a
// client that goes too far ends alone.
#include "tests/unit/edge/fixture.h"

namespace purvey {
namespace {

class Relay : public Edge {
  protected:
    static std::string upload(size_t frames)
    {
        std::string bytes = h2::open_call(1, h2::request("/a/b"));
        for (size_t i = 0; i < frames; i++) {
            std::string payload(16 * 1024, static_cast<char>('a' + i % 26));
            bytes += h2::frame(h2::DATA, i + 1 == frames ? h2::END_STREAM : 0, 1, payload);
        }
        return bytes;
    }
    std::string arrived(size_t index) { return core->arrivals()[index].bytes; }
};

TEST_F(Relay, WhatAClientSendsArrivesByteByByteAndComesBack)
{
    start();
    auto peer = connect(one);
    const std::string bytes = upload(100);
    ASSERT_TRUE(peer->send(bytes));
    EXPECT_TRUE(peer->read_until(
        [](const h2::Seen &seen) {
            auto stream = seen.streams.find(1);
            return stream != seen.streams.end() && stream->second.ended;
        },
        10000));
    EXPECT_EQ(peer->seen().streams.at(1).data_bytes, 100u * 16 * 1024);
    EXPECT_NE(arrived(0).find(bytes), std::string::npos);
}

TEST_F(Relay, SingleBytesMakeTheSameConnection)
{
    start();
    h2::Tls tls(one.pem, one.key);
    h2::Options options;
    options.tls = &tls;
    options.acknowledges = false; // it would do so in the middle of a frame
    h2::Peer peer(address(), options);
    const std::string bytes = h2::preface() + h2::call(1, "/a/b", "hello") + h2::ping();
    ASSERT_TRUE(peer.drip(bytes, 1, 0, 10000));
    EXPECT_TRUE(
        peer.read_until([](const h2::Seen &seen) { return seen.frames[h2::PING] > 0; }, 10000));
    EXPECT_NE(arrived(0).find(bytes), std::string::npos);
}

TEST_F(Relay, ACoreThatDoesNotReadStopsItsClientAlone)
{
    start();
    core->reads = false;
    auto peer = connect(one);
    EXPECT_FALSE(peer->send(upload(2000), 1000)) << "32 MiB went somewhere";
    EXPECT_LT(peer->sent_bytes(), 16u * 1024 * 1024);
    EXPECT_FALSE(peer->seen().closed);
    core->reads = true;
    EXPECT_TRUE(answers(connect(two).get()));
}

TEST_F(Relay, AClientThatTakesNothingStopsItsCoreAlone)
{
    start();
    h2::Tls tls(one.pem, one.key);
    h2::Options options;
    options.tls = &tls;
    options.reads = false;
    h2::Peer peer(address(), options);
    peer.send(h2::preface());
    EXPECT_FALSE(peer.send(upload(4000), 1000)) << "64 MiB are kept for one who does not read";
    auto other = connect(two);
    EXPECT_TRUE(answers(other.get()));
    // And goes on where it was.
    EXPECT_TRUE(peer.read_until(
        [](const h2::Seen &seen) {
            auto stream = seen.streams.find(1);
            return stream != seen.streams.end() && stream->second.data_bytes > 1024 * 1024;
        },
        10000));
}

TEST_F(Relay, ABreachEndsTheConnectionWithItsReasonAndNoOther)
{
    start();
    auto good = connect(two);
    auto bad = connect(one);
    std::string resets;
    for (uint32_t stream = 1; stream < 4000; stream += 2) {
        resets += h2::open_call(stream, h2::request("/a/b")) + h2::rst_stream(stream);
    }
    bad->send(resets);
    EXPECT_TRUE(bad->read_close(10000));
    EXPECT_EQ(bad->seen().end_of(), "goaway 11");
    EXPECT_EQ(counts().breaches, 1u);
    EXPECT_TRUE(answers(good.get()));
    EXPECT_EQ(good->seen().goaway, std::nullopt);
}

// GOAWAY can be put in only between frames: the one that the client has begun to receive is finished first.
TEST_F(Relay, WhatIsUnderWayIsFinishedBeforeTheClientIsSentAway)
{
    start();
    const std::string data = h2::data(1, h2::message("hello"));
    const std::string block = h2::block(h2::request("/a/b"));
    const std::string begun = h2::frame(h2::HEADERS, 0, 1, block.substr(0, 4));
    const std::string rest = h2::frame(h2::CONTINUATION, h2::END_HEADERS, 1, block.substr(4));
    const struct {
        const char *what;
        std::string sent;
        size_t kept_back;
        bool waits;
    } rows[] = {
        {"in a payload", h2::call(1, "/a/b", "hello"), 3, true},
        {"in a header", h2::call(1, "/a/b", "hello"), data.size() - 4, true},
        {"in a block", begun + rest + data, rest.size() + data.size(), true},
        {"between frames", h2::call(1, "/a/b", "hello"), 0, false},
    };
    for (const auto &row : rows) {
        for (bool breach : {true, false}) {
            const uint64_t breaches = counts().breaches, closed = counts().closed_by_request;
            core->keeps_back = row.kept_back;
            auto peer = connect(one);
            peer->send(row.sent);
            (void)peer->read_until([](const h2::Seen &) { return false; }, 200);
            if (breach) {
                peer->send(h2::open_call(2, h2::request("/even")));
            } else {
                pv_edge_close_certificate(edge, one.sha256.data());
            }
            EXPECT_TRUE(eventually([&] {
                return counts().breaches + counts().closed_by_request == breaches + closed + 1;
            }));
            if (row.waits) {
                EXPECT_FALSE(peer->read_until([](const h2::Seen &) { return false; }, 100))
                    << row.what;
            }
            core->keeps_back = 0;
            EXPECT_TRUE(peer->read_close(10000)) << row.what;
            EXPECT_EQ(peer->seen().end_of(), breach ? "goaway 11" : "goaway 0") << row.what;
        }
    }
}

TEST_F(Relay, WhatIsNeverFinishedKeepsNobody)
{
    start();
    auto good = connect(two);
    EXPECT_TRUE(answers(good.get()));
    core->keeps_back = 3;
    auto bad = connect(one);
    bad->send(h2::call(1, "/a/b", "hello"));
    (void)bad->read_until([](const h2::Seen &) { return false; }, 200);
    bad->send(h2::open_call(2, h2::request("/even")));
    EXPECT_TRUE(bad->read_close(10000));
    EXPECT_EQ(bad->seen().end_of(), "close");
    core->keeps_back = 0;
    EXPECT_TRUE(answers(good.get(), 3));
}

TEST_F(Relay, ACoreThatIsGoneEndsTheConnectionAndTheNextFindsItAgain)
{
    start();
    auto peer = connect(one);
    ASSERT_TRUE(eventually([&] { return core->arrivals().size() == 1; }));
    core.reset();
    EXPECT_TRUE(peer->read_close(10000));
    EXPECT_TRUE(connect(one)->read_close(10000)) << "there is no core";
    EXPECT_GE(counts().core_unreachable, 1u);
    unlink(core_path.c_str());
    core = std::make_unique<Core>(core_path);
    auto again = connect(one);
    EXPECT_TRUE(answers(again.get()));
}

} // namespace
} // namespace purvey
