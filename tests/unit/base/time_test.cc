#include "base/time.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>

namespace {

bool parse(const std::string &text, int64_t *ret_ns)
{
    pv_time time = {*ret_ns};
    bool ok = pv_time_parse(pv_view_of(text.data(), text.size()), &time);
    *ret_ns = time.utc_ns;
    return ok;
}

std::string format(int64_t ns)
{
    char text[PV_TIME_TEXT_SIZE];
    size_t size = pv_time_format({ns}, text);
    EXPECT_EQ(size, strlen(text));
    return text;
}

TEST(Time, TextsAreReadAsTheInstantTheyName)
{
    const struct {
        const char *text, *utc;
    } rows[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
        {"2026-11-22T20:00:00.5Z", "2026-11-22T20:00:00.500Z"},
        {"2026-11-22T20:00:00.000Z", "2026-11-22T20:00:00Z"},
        {"2026-11-22T20:00:00.123456Z", "2026-11-22T20:00:00.123456Z"},
        {"2026-11-22T20:00:00.1234567Z", "2026-11-22T20:00:00.123456700Z"},
        {"2026-11-22T20:00:00.000000001Z", "2026-11-22T20:00:00.000000001Z"},
        {"2026-11-22t20:00:00z", "2026-11-22T20:00:00Z"},
        {"2026-11-22T20:00:00+00:00", "2026-11-22T20:00:00Z"},
        {"2026-11-22T20:00:00-00:00", "2026-11-22T20:00:00Z"},
        {"2026-01-01T00:30:00+02:00", "2025-12-31T22:30:00Z"},
        {"2025-12-31T23:30:00-05:30", "2026-01-01T05:00:00Z"},
        {"2026-06-15T12:00:00+23:59", "2026-06-14T12:01:00Z"},
        {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
        {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"},
        {"2024-03-01T00:00:00+01:00", "2024-02-29T23:00:00Z"},
        {"2261-12-31T23:59:59.999999999Z", "2261-12-31T23:59:59.999999999Z"},
        {"1969-12-31T23:00:00-05:00", "1970-01-01T04:00:00Z"},
        {"2024-09-01 00:00:00", "2024-09-01T00:00:00Z"},
        {"2024-09-01 23:59:59", "2024-09-01T23:59:59Z"},
        {"2024-09-01", "2024-09-01T00:00:00Z"},
    };
    for (const auto &row : rows) {
        int64_t ns = -1;
        ASSERT_TRUE(parse(row.text, &ns)) << row.text;
        EXPECT_EQ(format(ns), row.utc) << row.text;
    }
}

TEST(Time, OtherTextsAreRefusedAndTheResultIsUntouched)
{
    const std::string rows[] = {"",
                                "2026",
                                "2026-11",
                                "2026-11-2",
                                "26-11-22",
                                "2026-1-22",
                                "2026/11/22",
                                "2026-11-22T",
                                "2026-11-22T20:00Z",
                                "2026-11-22T20:00:00",
                                "2026-11-22T20:00:00.Z",
                                "2026-11-22T20:00:00.1234567890Z",
                                "2026-11-22T20:00:00 Z",
                                "2026-11-22T24:00:00Z",
                                "2026-11-22T20:60:00Z",
                                "2026-11-22T20:00:60Z",
                                "2026-11-22T20:00:00+24:00",
                                "2026-11-22T20:00:00+02",
                                "2026-11-22T20:00:00+0200",
                                "2026-11-22T20:00:00+02:60",
                                "2026-11-22T20:00:00*02:00",
                                "2026-00-22",
                                "2026-13-22",
                                "2026-11-00",
                                "2026-11-31",
                                "2026-04-31",
                                "2023-02-29",
                                "2100-02-29",
                                "2026-02-30",
                                "2024-09-01 ",
                                "2024-09-01 00:00",
                                "2024-09-01 00:00:00Z",
                                "2024-09-01 00:00:00.5",
                                " 2024-09-01",
                                "2024-09-01Z",
                                "+2024-09-01",
                                "2026-11-22T20:00:00ZZ",
                                "1969-12-31T23:59:59Z",
                                "1970-01-01T00:00:00+00:01",
                                "2262-01-01",
                                "2261-12-31T23:59:59-00:01",
                                "9999-12-31T23:59:59Z",
                                "0000-01-01",
                                "0000-03-01T00:00:00+23:59",
                                std::string("2024-09-01\0", 11)};
    for (const std::string &text : rows) {
        int64_t ns = 42;
        EXPECT_FALSE(parse(text, &ns)) << text;
        EXPECT_EQ(ns, 42);
    }
}

TEST(Time, LeapYearsFollowTheGregorianRule)
{
    int64_t ns = 0;
    EXPECT_TRUE(parse("1972-02-29", &ns));
    EXPECT_TRUE(parse("2096-02-29", &ns));
    EXPECT_FALSE(parse("2100-02-29", &ns));
    EXPECT_FALSE(parse("2200-02-29", &ns));
    EXPECT_TRUE(parse("2104-02-29", &ns));
}

TEST(Time, EveryDayAgreesWithTheSystemsCalendar)
{
    for (int64_t day = -100000; day < 106000; day++) {
        time_t seconds = day * 86400 + 86399;
        struct tm civil;
        gmtime_r(&seconds, &civil);
        int year, month, date;
        pv_time_civil({seconds * PV_NS_PER_S}, &year, &month, &date);
        ASSERT_EQ(year, civil.tm_year + 1900);
        ASSERT_EQ(month, civil.tm_mon + 1);
        ASSERT_EQ(date, civil.tm_mday);
    }
}

TEST(Time, EveryNumberOfNanosecondsIsFormatted)
{
    EXPECT_EQ(format(INT64_MAX), "2262-04-11T23:47:16.854775807Z");
    EXPECT_EQ(format(INT64_MIN), "1677-09-21T00:12:43.145224192Z");
    EXPECT_EQ(format(-1), "1969-12-31T23:59:59.999999999Z");
    EXPECT_EQ(format(1000), "1970-01-01T00:00:00.000001Z");
    EXPECT_EQ(format(1001), "1970-01-01T00:00:00.000001001Z");
}

TEST(Time, AnInstantMayLieInAnyYearOfFourDigits)
{
    const struct {
        const char *text;
        int64_t seconds;
        int32_t nanos;
    } rows[] = {
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800), 0},
        {"1582-10-15T00:00:00.000000001Z", INT64_C(-12219292800), 1},
        {"1969-12-31T23:59:59.999999999Z", -1, 999999999},
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2262-01-01T00:00:00Z", INT64_C(9214646400), 0},
        {"9999-12-31T23:59:59.999999999Z", INT64_C(253402300799), 999999999},
    };
    for (const auto &row : rows) {
        int64_t seconds = 0;
        int32_t nanos = 0;
        ASSERT_TRUE(pv_instant_parse(pv_view_text(row.text), &seconds, &nanos)) << row.text;
        EXPECT_EQ(seconds, row.seconds);
        EXPECT_EQ(nanos, row.nanos);
        char text[PV_TIME_TEXT_SIZE];
        ASSERT_TRUE(pv_instant_format(row.seconds, row.nanos, text));
        EXPECT_STREQ(text, row.text);
    }
}

TEST(Time, WhatIsNoInstantIsRefusedAndTheResultsStay)
{
    for (const char *text : {"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z", ""}) {
        int64_t seconds = 42;
        int32_t nanos = 43;
        EXPECT_FALSE(pv_instant_parse(pv_view_text(text), &seconds, &nanos)) << text;
        EXPECT_EQ(seconds, 42);
        EXPECT_EQ(nanos, 43);
    }
    const struct {
        int64_t seconds, nanos;
    } rows[] = {{INT64_C(-62135596801), 0},
                {INT64_C(253402300800), 0},
                {INT64_MIN, 0},
                {INT64_MAX, 0},
                {0, -1},
                {0, 1000000000}};
    for (const auto &row : rows) {
        char text[PV_TIME_TEXT_SIZE] = "untouched";
        EXPECT_FALSE(pv_instant_format(row.seconds, row.nanos, text));
        EXPECT_STREQ(text, "untouched");
    }
}

TEST(Time, ParseOfFormatIsTheSameInstant)
{
    std::mt19937_64 random(1);
    int64_t ns = 0;
    for (int i = 0; i < 20000; i++) {
        int64_t instant = static_cast<int64_t>(random() % INT64_C(9214646400000000000));
        ASSERT_TRUE(parse(format(instant), &ns));
        ASSERT_EQ(ns, instant);
    }
}

TEST(Time, ClocksRun)
{
    EXPECT_GT(pv_time_now().utc_ns, INT64_C(1700000000) * PV_NS_PER_S);
    int64_t before = pv_time_monotonic_ns();
    EXPECT_GE(pv_time_monotonic_ns(), before);
}

} // namespace
