// Hostile peers against purveyd through its TLS port: everybody who is not as a client should be is ended there, and
// nobody else notices.
#include "tests/hostile/cases.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr char kUnary[] = "/purvey.account.v1.IdentityService/WhoAmI";

class Edge : public ::testing::TestWithParam<Case> {
  protected:
    static void SetUpTestSuite()
    {
        purveyd = new Purveyd;
        ASSERT_TRUE(purveyd->ready());
        neighbour = new Neighbour(*purveyd);
    }
    static void TearDownTestSuite()
    {
        delete neighbour;
        EXPECT_EQ(purveyd->stop(), 0) << purveyd->log();
        delete purveyd;
    }
    static Purveyd *purveyd;
    static Neighbour *neighbour;
};

Purveyd *Edge::purveyd = nullptr;
Neighbour *Edge::neighbour = nullptr;

TEST_P(Edge, EndsIt)
{
    check_case(GetParam(), GetParam().edge, *purveyd, neighbour, kUnary);
}

INSTANTIATE_TEST_SUITE_P(All, Edge, ::testing::ValuesIn(cases_of(kUnary, &Case::edge)), case_name);

} // namespace
} // namespace purvey
