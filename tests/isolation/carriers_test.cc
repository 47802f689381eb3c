#include "tests/isolation/carriers.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

using Check = std::vector<std::string>(Tenants &, size_t &);

void expect_sound(Check *check, size_t least)
{
    Watched::install();
    Tenants tenants;
    size_t tried = 0;
    for (const std::string &fault : check(tenants, tried)) { ADD_FAILURE() << fault; }
    EXPECT_GE(tried, least);
}

TEST(Carriers, APageTokenWorksForNobodyElse)
{
    expect_sound(page_token_faults, 500);
}

TEST(Carriers, AResumeTokenWorksForNobodyElse)
{
    expect_sound(resume_token_faults, 90);
}

TEST(Carriers, ARepeatedRequestGetsTheAnswerOfItsOwnUserAlone)
{
    expect_sound(replay_faults, 11);
}

TEST(Carriers, ARequestIdOfOneStrangerIsInNoOthersWay)
{
    expect_sound(anonymous_replay_faults, 2);
}

} // namespace
} // namespace purvey
