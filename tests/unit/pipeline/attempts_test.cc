// How often one source may try what needs no certificate: a bucket for each, that fills up within a minute.
#include "server/pipeline/attempts.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

constexpr int64_t kSecond = PV_NS_PER_S;
constexpr int64_t kStart = 1000 * kSecond;

class Attempts : public testing::Test {
  protected:
    Attempts() { table_->per_minute = 5; }

    bool Take(const std::string &address, int64_t now_ns)
    {
        wait_ms_ = 0;
        return attempts_take(table_.get(), address.c_str(), now_ns, &wait_ms_);
    }

    // Takes what there is; gives how many it was.
    int Drain(const std::string &address, int64_t now_ns)
    {
        int taken = 0;
        while (taken < 100 && Take(address, now_ns)) { taken++; }
        return taken;
    }

    std::unique_ptr<attempts_table> table_ = std::make_unique<attempts_table>();
    int64_t wait_ms_ = 0;
};

TEST_F(Attempts, AMinutesWorthMayComeAtOnceAndThenOneAtATime)
{
    EXPECT_EQ(Drain("ipv4:192.0.2.1:1000", kStart), 5);
    EXPECT_GE(wait_ms_, 12 * 1000);
    EXPECT_LE(wait_ms_, 12 * 1000 + 1);
    EXPECT_FALSE(Take("ipv4:192.0.2.1:1000", kStart + 11 * kSecond));
    EXPECT_LE(wait_ms_, 1001);
    EXPECT_TRUE(Take("ipv4:192.0.2.1:1000", kStart + 12 * kSecond));
    EXPECT_FALSE(Take("ipv4:192.0.2.1:1000", kStart + 12 * kSecond));
    EXPECT_EQ(Drain("ipv4:192.0.2.1:1000", kStart + 600 * kSecond), 5)
        << "never more than a minute's";
}

struct Pair {
    const char *name;
    const char *one;
    const char *other;
    bool same; // they are one source
};

const Pair kPairs[] = {
    {"Ports", "ipv4:192.0.2.1:1", "ipv4:192.0.2.1:65535", true},
    {"Addresses", "ipv4:192.0.2.1:1", "ipv4:192.0.2.2:1", false},
    {"OneSite", "ipv6:[2001:db8:1:2::1]:1", "ipv6:[2001:db8:1:2:ffff::9]:2", true},
    {"OtherSite", "ipv6:[2001:db8:1:2::1]:1", "ipv6:[2001:db8:1:3::1]:1", false},
    {"Families", "ipv4:0.0.0.0:1", "ipv6:[::]:1", false},
    {"NoAddress", "", "unix:", true},
    {"NoneAndOne", "", "ipv4:192.0.2.1:1", false},
    {"TooLong", "ipv4:11111111111111111111111111111111111111111111111111111:1", "x", true},
};

class Sources : public Attempts, public testing::WithParamInterface<Pair> {};

TEST_P(Sources, AreToldApartByAddress)
{
    ASSERT_EQ(Drain(GetParam().one, kStart), 5);
    EXPECT_EQ(Drain(GetParam().other, kStart), GetParam().same ? 0 : 5);
}

INSTANTIATE_TEST_SUITE_P(Attempts, Sources, testing::ValuesIn(kPairs),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(Attempts, AFullTableForgetsWhoeverHasMostLeft)
{
    ASSERT_EQ(Drain("ipv4:192.0.2.1:1", kStart), 5);
    for (int i = 0; i < 2 * ATTEMPTS_SOURCES_MAX; i++) {
        std::string address =
            "ipv4:10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
        ASSERT_TRUE(Take(address + ":1", kStart));
    }
    EXPECT_FALSE(Take("ipv4:192.0.2.1:1", kStart)) << "who has none left is remembered";
}

TEST_F(Attempts, ZeroIsAnyNumber)
{
    table_->per_minute = 0;
    EXPECT_EQ(Drain("ipv4:192.0.2.1:1", kStart), 100);
}

} // namespace
