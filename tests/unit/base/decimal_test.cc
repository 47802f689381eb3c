#include "base/decimal.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

const char *const nines = "999999999999999999.999999999999999999";

bool parse(const std::string &text, pv_decimal *ret_value)
{
    return pv_decimal_parse(pv_view_of(text.data(), text.size()), ret_value);
}

pv_decimal decimal(const std::string &text)
{
    pv_decimal value = {0};
    EXPECT_TRUE(parse(text, &value)) << text;
    return value;
}

std::string format(pv_decimal value)
{
    char text[PV_DECIMAL_TEXT_SIZE];
    size_t size = pv_decimal_format(value, text);
    EXPECT_EQ(size, strlen(text));
    return text;
}

TEST(Decimal, TextsAreReadAndWrittenCanonically)
{
    const struct {
        const char *text, *canonical;
    } rows[] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.000", "0"},
        {"1", "1"},
        {"-1", "-1"},
        {"007", "7"},
        {"1.50", "1.5"},
        {"10", "10"},
        {"100.00", "100"},
        {"0.1", "0.1"},
        {"-0.1", "-0.1"},
        {"0.000000000000000001", "0.000000000000000001"},
        {"0.00000080000", "0.0000008"},
        {"2.000000000000000", "2"},
        {"123456789012345678.123456789012345678", "123456789012345678.123456789012345678"},
        {nines, nines},
        {"-999999999999999999.999999999999999999", "-999999999999999999.999999999999999999"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(format(decimal(row.text)), row.canonical) << row.text;
    }
}

TEST(Decimal, OtherTextsAreRefusedAndTheResultIsUntouched)
{
    const std::string rows[] = {"",
                                "-",
                                "+1",
                                " 1",
                                "1 ",
                                ".5",
                                "1.",
                                "-.5",
                                "1..2",
                                "1.2.3",
                                "1e3",
                                "1E3",
                                "0x1",
                                "NaN",
                                "inf",
                                "1,5",
                                "--1",
                                "1-",
                                "1.5-",
                                "\xD9\xA1",
                                std::string("1\0", 2),
                                "1000000000000000000",
                                "0000000000000000001",
                                "0.0000000000000000000",
                                "0.0000000000000000001"};
    for (const std::string &text : rows) {
        pv_decimal value = {42};
        EXPECT_FALSE(parse(text, &value)) << text;
        EXPECT_TRUE(value.units == 42) << text;
    }
    pv_decimal value = {42};
    EXPECT_FALSE(pv_decimal_parse(pv_view_of(nullptr, 0), &value));
}

TEST(Decimal, ScaleCountsDecimalsWithoutTrailingZeros)
{
    EXPECT_EQ(pv_decimal_scale(decimal("0")), 0u);
    EXPECT_EQ(pv_decimal_scale(decimal("100")), 0u);
    EXPECT_EQ(pv_decimal_scale(decimal("1.500")), 1u);
    EXPECT_EQ(pv_decimal_scale(decimal("-0.05")), 2u);
    EXPECT_EQ(pv_decimal_scale(decimal("0.000000000000000001")), 18u);
}

TEST(Decimal, SumsAreExactAndLeaveNoRangeUnsaid)
{
    const struct {
        const char *a, *b, *sum; /* sum NULL: leaves the range */
    } rows[] = {
        {"0.1", "0.2", "0.3"},
        {"-0.1", "0.1", "0"},
        {"999999999999999999", "0.999999999999999999", nines},
        {nines, "0.000000000000000001", nullptr},
        {nines, nines, nullptr},
        {"-999999999999999999.999999999999999999", "-0.000000000000000001", nullptr},
        {nines, "-999999999999999999.999999999999999999", "0"},
    };
    for (const auto &row : rows) {
        pv_decimal sum = {42};
        bool in_range = pv_decimal_add(decimal(row.a), decimal(row.b), &sum);
        ASSERT_EQ(in_range, row.sum != nullptr) << row.a << " + " << row.b;
        EXPECT_EQ(in_range ? format(sum) : "untouched", in_range ? row.sum : "untouched");
        if (!in_range) { EXPECT_TRUE(sum.units == 42); }
    }
}

TEST(Decimal, ProductsRoundHalfToEven)
{
    const struct {
        const char *a, *b, *product; /* product NULL: leaves the range */
    } rows[] = {
        {"0", "5", "0"},
        {"1.5", "1.5", "2.25"},
        {"-1.5", "2", "-3"},
        {"-1.5", "-2", "3"},
        {"0.000000000000000001", "0.5", "0"},                    /* half, even below */
        {"0.000000000000000003", "0.5", "0.000000000000000002"}, /* half, odd below */
        {"0.000000000000000005", "0.5", "0.000000000000000002"}, /* half, even below */
        {"-0.000000000000000003", "0.5", "-0.000000000000000002"},
        {"0.000000000000000001", "0.500000000000000001", "0.000000000000000001"},
        {"0.000000000000000001", "0.499999999999999999", "0"},
        {"-0.000000000000000001", "0.499999999999999999", "0"},
        {"0.000000000000000001", "0.000000000000000001", "0"},
        {"999999999999999999", "1", "999999999999999999"},
        {nines, "1", nines},
        {nines, "0.000000000000000001", "1"},
        {nines, "1.000000000000000001", nullptr},
        {nines, nines, nullptr},
        {"1000000000", "1000000000", nullptr},
        {"1000000000", "999999999.999999999", "999999999999999999"},
        {"-1000000000", "1000000000", nullptr},
        {"999999999999999999.5", "1.000000000000000000", "999999999999999999.5"},
    };
    for (const auto &row : rows) {
        pv_decimal product = {42};
        bool in_range = pv_decimal_multiply(decimal(row.a), decimal(row.b), &product);
        ASSERT_EQ(in_range, row.product != nullptr) << row.a << " * " << row.b;
        EXPECT_EQ(in_range ? format(product) : "untouched", in_range ? row.product : "untouched")
            << row.a << " * " << row.b;
        if (!in_range) { EXPECT_TRUE(product.units == 42); }
    }
}

TEST(Decimal, ParseOfFormatIsTheSameNumber)
{
    std::mt19937_64 random(20261122);
    const __int128 end = static_cast<__int128>(1000000000000000000) * 1000000000000000000;
    for (int i = 0; i < 20000; i++) {
        __int128 units = (static_cast<__int128>(random() >> (random() % 64)) << 64 |
                          static_cast<__int128>(random() >> 1)) %
                         end;
        if (i % 2 == 0) { units = -units; }
        pv_decimal value = {units};
        ASSERT_TRUE(decimal(format(value)).units == units);
    }
}

/* The product by shifting and adding, against the one by limbs. */
TEST(Decimal, ProductsAgreeWithLongMultiplication)
{
    std::mt19937_64 random(7);
    for (int i = 0; i < 5000; i++) {
        uint64_t a = random() >> (random() % 40 + 4), b = random() >> (random() % 40 + 4);
        unsigned __int128 exact = static_cast<unsigned __int128>(a) * b; /* units of 10^-36 */
        const uint64_t one = 1000000000000000000;
        uint64_t rest = static_cast<uint64_t>(exact % one);
        unsigned __int128 rounded = exact / one;
        if (rest > one / 2 || (rest == one / 2 && (rounded & 1))) { rounded++; }
        pv_decimal product;
        ASSERT_TRUE(
            pv_decimal_multiply({static_cast<__int128>(a)}, {-static_cast<__int128>(b)}, &product));
        ASSERT_TRUE(product.units == -static_cast<__int128>(rounded));
    }
}

} // namespace
