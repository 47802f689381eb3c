#include "tests/isolation/golden.h"
#include "tests/isolation/interference.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

constexpr size_t kFaultsShown = 10;

void expect_none(const std::vector<std::string> &faults)
{
    for (size_t i = 0; i < faults.size() && i < kFaultsShown; i++) { ADD_FAILURE() << faults[i]; }
    EXPECT_EQ(faults.size(), 0U);
}

class Interference : public testing::TestWithParam<const char *> {};

TEST_P(Interference, WorldsThatDifferInOneTenantsSecretsLookAlikeToOthers)
{
    Watched::install();
    Survey one('a', GetParam());
    Survey other('z', GetParam());
    ASSERT_FALSE(one.tenants.canaries.secret_account.empty());
    size_t answers = 0;
    for (const Survey::Observer &observer : one.observers) { answers += observer.seen.size(); }
    EXPECT_GT(answers, 1000U);
    expect_none(interference(one, other));
}

INSTANTIATE_TEST_SUITE_P(Of, Interference,
                         testing::Values("A.VENDOR", "A.DISTRIBUTOR", "A.RESELLER", "OPERATOR"));

/* What a listing or contract shows of an object to those who are no party of it, field by field. */
TEST(Shown, IsTheGoldenTable)
{
    Watched::install();
    Survey run('a', "");
    std::vector<std::string> faults;
    std::string table =
        "# What others than the parties of an object have read of it. First each account: how many "
        "ids of\n"
        "# each kind it was given that it is no party of. Then the texts, by the field and state "
        "they stand\n"
        "# in, and who has read them; a text that stands in several fields is known from any: what "
        "is in\n"
        "# Product alone would be a working copy.\n"
        "# Written anew by UPDATE=1 bazel run //tests/isolation:interference_test\n\n";
    for (const std::string &line : shown_fields(run, faults)) { table += line + "\n"; }
    expect_none(faults);
    expect_none(strange_ids(run));
    expect_golden("tests/golden/shown.txt", table);
}

} // namespace
} // namespace purvey
