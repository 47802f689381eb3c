// Endings: on request, at a certificate's hour, on a drain, at the end of the edge.
#include "tests/unit/edge/fixture.h"

namespace purvey {
namespace {

class Close : public Edge {};

TEST_F(Close, ACertificatesConnectionsEndOnRequestAndNoOthers)
{
    start();
    auto first = connect(one), second = connect(one), other = connect(two);
    ASSERT_TRUE(answers(first.get(), 1) && answers(second.get(), 1) && answers(other.get(), 1));
    pv_edge_close_certificate(edge, one.sha256.data());
    EXPECT_TRUE(first->read_close(10000));
    EXPECT_TRUE(second->read_close(10000));
    EXPECT_EQ(first->seen().goaway, h2::NO_ERROR);
    EXPECT_TRUE(answers(other.get(), 3));
    EXPECT_EQ(counts().closed_by_request, 2u);
    pv_edge_close_certificate(edge, server.sha256.data()); // nobody has it
    EXPECT_TRUE(answers(other.get(), 5));
}

TEST_F(Close, AnAnswerUnderWayStillArrives)
{
    start();
    auto peer = connect(one);
    ASSERT_TRUE(answers(peer.get(), 1));
    pv_edge_close_certificate(edge, one.sha256.data());
    peer->send(h2::call(3, "/a/b", "hello"));
    EXPECT_TRUE(peer->read_close(10000));
    EXPECT_EQ(peer->seen().goaway, h2::NO_ERROR);
}

TEST_F(Close, AnExpiredCertificateEndsAtItsHourOnAnOpenConnection)
{
    start();
    Certificate brief = clients.issue("URI:spiffe://test/brief", 3);
    auto expiring = connect(brief), other = connect(two);
    ASSERT_TRUE(answers(expiring.get(), 1) && answers(other.get(), 1));
    EXPECT_TRUE(expiring->read_close(10000));
    EXPECT_EQ(expiring->seen().goaway, h2::NO_ERROR);
    EXPECT_EQ(counts().expired, 1u);
    EXPECT_TRUE(answers(other.get(), 3));
}

TEST_F(Close, ADrainTakesNobodyNewAndLetsTheOthersFinish)
{
    start();
    auto open = connect(one);
    ASSERT_TRUE(answers(open.get(), 1));
    pv_edge_drain(edge);
    EXPECT_TRUE(eventually([&] { return !connect(two)->seen().connected; }));
    EXPECT_TRUE(answers(open.get(), 3));
}

TEST_F(Close, TheEndOfTheEdgeEndsEverything)
{
    start();
    auto open = connect(one);
    ASSERT_TRUE(answers(open.get(), 1));
    EXPECT_EQ(pv_edge_open(edge), 1u);
    pv_edge_destroy(edge);
    edge = nullptr;
    EXPECT_TRUE(open->read_close(10000));
    EXPECT_TRUE(eventually([&] { return core->arrivals()[0].ended; }));
}

TEST_F(Close, WhoHasGoneLeavesNothingBehind)
{
    start();
    for (int i = 0; i < 50; i++) { connect(i % 2 == 0 ? one : two); }
    EXPECT_TRUE(eventually([&] { return pv_edge_open(edge) == 0; }));
}

} // namespace
} // namespace purvey
