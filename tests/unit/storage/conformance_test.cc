// Holds every engine to the promises of storage/store.h: cases.h on each, and every range that can be asked.
#include "tests/unit/storage/cases.h"
#include "tests/unit/storage/script.h"

namespace store_test {
namespace {

// One rule on one engine.
struct Rule {
    Engine engine;
    const char *before; // the script that makes the store it starts from
    Case rule;
};

void PrintTo(const Rule &rule, std::ostream *out)
{
    *out << rule.rule.name << " on " << rule.engine.name;
}

std::vector<Rule> AllRules()
{
    std::vector<Rule> rules;
    for (const Engine &engine : kEngines) {
        const auto add = [&](const char *before, const Case *cases, size_t count) {
            for (size_t i = 0; i < count; i++) { rules.push_back({engine, before, cases[i]}); }
        };
        add("", kFresh, std::size(kFresh));
        add(kFour, kWithRows, std::size(kWithRows));
        add(kFour, kLimits, std::size(kLimits));
        add(kFour, kSerial, std::size(kSerial));
        if (engine.durable) { add(kFour, kDurable, std::size(kDurable)); }
    }
    return rules;
}

class Rules : public testing::TestWithParam<Rule> {};

TEST_P(Rules, Holds)
{
    Store store(GetParam().engine);
    Player player(store);
    player.Play(GetParam().before);
    player.Play(GetParam().rule.script);
}

std::string RuleName(const testing::TestParamInfo<Rule> &rule)
{
    return std::string(rule.param.engine.name) + "_" + rule.param.rule.name;
}

INSTANTIATE_TEST_SUITE_P(Engines, Rules, testing::ValuesIn(AllRules()), RuleName);

class Conformance : public testing::TestWithParam<Engine> {};

// Every pair of bounds around five keys, both ways, with every limit, in all mixtures of stored rows and own
// writes: what a scan gives is what comparing each key with the bounds gives.
TEST_P(Conformance, ScanOfEveryRangeEqualsAFilter)
{
    const std::vector<std::string> keys = {"nb", "nc", std::string("nc\0", 3), "nd", "ne"};
    const std::vector<std::string> bounds = {"na",  "nb", "nba", "nc", std::string("nc\0", 3),
                                             "nca", "nd", "ne",  "nf"};
    for (unsigned mixture = 0; mixture < 1U << keys.size(); mixture++) {
        Store store(GetParam());
        {
            Write write(store.get());
            for (size_t i = 0; i < keys.size(); i++) {
                if ((mixture >> i & 1) == 0) {
                    ASSERT_CODE("OK", pv_txn_put(write, View(keys[i]), View("row")));
                }
            }
            if (mixture == 31) { ASSERT_CODE("OK", pv_txn_put(write, View("z"), View("row"))); }
            ASSERT_EQ(write.Commit(), "OK");
        }
        Write write(store.get());
        for (size_t i = 0; i < keys.size(); i++) {
            if ((mixture >> i & 1) == 1) {
                ASSERT_CODE("OK", pv_txn_put(write, View(keys[i]), View("own")));
            }
        }
        for (const std::string &from : bounds) {
            for (const std::string &to : bounds) {
                for (uint32_t how = 0; how < 2 * 7; how++) {
                    const bool reverse = how % 2 == 1;
                    const uint32_t limit = how / 2;
                    std::vector<std::string> expected;
                    for (const std::string &key : keys) {
                        if (key >= from && key < to) { expected.push_back(key); }
                    }
                    if (reverse) { std::reverse(expected.begin(), expected.end()); }
                    if (limit > 0 && expected.size() > limit) { expected.resize(limit); }
                    pv_scan *scan = nullptr;
                    pv_range range = {View(from), View(to), reverse, limit};
                    ASSERT_CODE("OK", pv_scan_open(write, write.arena(), range, &scan));
                    std::vector<std::string> found;
                    pv_view key, value;
                    while (pv_is_ok(pv_scan_next(scan, &key, &value))) {
                        found.push_back(Bytes(key));
                    }
                    pv_scan_close(scan);
                    ASSERT_EQ(found, expected) << mixture << " " << from << " " << to << " " << how;
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, Conformance, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
