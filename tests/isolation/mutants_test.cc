/* The tests of isolation can fail: each fault that is planted in the server is found by one of them. */
#include "purvey/catalog.pv.h"
#include "tests/isolation/carriers.h"
#include "tests/isolation/interference.h"
#include "tests/isolation/matrix.h"
#include "tests/isolation/mutants.h"

#include <gtest/gtest.h>

#include <fstream>

namespace purvey {
namespace {

class Mutants : public testing::Test {
  protected:
    Mutants() { Watched::install(); }
    ~Mutants() override { plant(Mutant::kNone); }

    static std::vector<std::string> faults_of(Matrix &matrix, const char *method)
    {
        matrix.rows(method_named(method));
        std::vector<std::string> faults;
        faults.swap(matrix.faults);
        return faults;
    }

    static bool mentions(const std::vector<std::string> &faults, const char *words)
    {
        for (const std::string &fault : faults) {
            if (fault.find(words) != std::string::npos) { return true; }
        }
        return false;
    }
};

/* Methods that the table says tell foreign ids from nothing, those of streams of records aside. */
std::set<std::string> guarded_methods()
{
    std::ifstream table("tests/golden/isolation.txt");
    std::set<std::string> names;
    for (std::string line; std::getline(table, line);) {
        if (line.find("foreign=NOT_FOUND") == std::string::npos) { continue; }
        std::string name = line.substr(2, line.find(' ', 2) - 2);
        if (method_named(name)->kind == PV_METHOD_UNARY) { names.insert(name); }
    }
    return names;
}

TEST_F(Mutants, NoMethodCanLoseSightOfPartiesUnnoticed)
{
    /* It looks for a partnership of its own account, not at whose an object is. */
    const std::set<std::string> without = {"GetPartner"};
    Tenants tenants;
    Matrix matrix(tenants);
    matrix.dry = true;
    std::set<std::string> guarded = guarded_methods();
    EXPECT_GT(guarded.size(), 60U);
    for (const std::string &name : guarded) {
        plant(Mutant::kEverybodyIsAParty);
        std::vector<std::string> faults = faults_of(matrix, name.c_str());
        plant(Mutant::kNone);
        EXPECT_EQ(mentions(faults, "is told from one that is not there"), without.count(name) == 0)
            << name;
    }
}

TEST_F(Mutants, TheMatrixFindsWhatARefusalShouldNotDo)
{
    const struct {
        Mutant mutant;
        const char *method;
        const char *words;
    } rows[] = {
        {Mutant::kRefusalTells, "GetOrder", "is told from one that is not there"},
        {Mutant::kRefusalTells, "DeleteHub", "is told from one that is not there"},
        {Mutant::kExistenceCosts, "GetOrder", "look-ups"},
        {Mutant::kExistenceCosts, "ApproveOrder", "look-ups"},
        {Mutant::kRefusalIsNoted, "DeleteHub", "the store has changed"},
        {Mutant::kFieldsUnchecked, "GetHub", "is not refused by name"},
        {Mutant::kAccessOpen, "GetHub", "is let in"},
    };
    for (const auto &row : rows) {
        Tenants tenants;
        Matrix matrix(tenants);
        EXPECT_TRUE(faults_of(matrix, row.method).empty()) << row.method;
        plant(row.mutant);
        EXPECT_TRUE(mentions(faults_of(matrix, row.method), row.words))
            << row.method << ": " << row.words;
        plant(Mutant::kNone);
    }
}

TEST_F(Mutants, TwoWorldsTellOfListsAndFeedsOfOthers)
{
    for (Mutant mutant : {Mutant::kListsOfTheOperator, Mutant::kFeedOfTheOperator}) {
        auto open = [&](Tenants &tenants) {
            plant_account(tenants.world.platform().account_id.c_str());
            plant(mutant);
        };
        Survey one('a', "A.VENDOR", open);
        plant(Mutant::kNone);
        Survey other('z', "A.VENDOR", open);
        plant(Mutant::kNone);
        std::vector<std::string> faults = interference(one, other);
        bool list = mutant == Mutant::kListsOfTheOperator;
        EXPECT_EQ(mentions(faults, "reads the secret"), list);
        EXPECT_TRUE(mentions(strange_ids(one), list ? " by ListUsers" : " by ListEvents"));
    }
}

TEST_F(Mutants, CarriersThatWorkForOthersAreFound)
{
    size_t tried = 0;
    Tenants tenants;
    plant(Mutant::kTokensUnbound);
    EXPECT_TRUE(mentions(page_token_faults(tenants, tried), "the token is taken from"));
    EXPECT_TRUE(mentions(resume_token_faults(tenants, tried), "the token is taken from"));
    plant(Mutant::kAnswersShared);
    EXPECT_TRUE(mentions(replay_faults(tenants, tried), "is given the answer of another"));
}

} // namespace
} // namespace purvey
