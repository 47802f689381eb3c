// Hostile peers against the runtime on the bare core, in plaintext: what it survives, it survives without help. After
// every row the server is alive, its neighbour was served, and at the end it stops without a leak.
#include "tests/hostile/cases.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr char kUnary[] = "/grpc.testing.TestService/EmptyCall";

class Core : public ::testing::TestWithParam<Case> {
  protected:
    static void SetUpTestSuite()
    {
        runtime = new Runtime;
        ASSERT_TRUE(runtime->ready()) << runtime->log();
        neighbour = new Neighbour(*runtime);
    }
    static void TearDownTestSuite()
    {
        delete neighbour;
        EXPECT_EQ(runtime->stop(), 0) << runtime->log();
        delete runtime;
    }
    static Runtime *runtime;
    static Neighbour *neighbour;
};

Runtime *Core::runtime = nullptr;
Neighbour *Core::neighbour = nullptr;

TEST_P(Core, Survives)
{
    check_case(GetParam(), GetParam().core, *runtime, neighbour, kUnary);
}

INSTANTIATE_TEST_SUITE_P(All, Core, ::testing::ValuesIn(cases_of(kUnary, &Case::core)), case_name);

} // namespace
} // namespace purvey
