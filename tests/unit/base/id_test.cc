#include "base/id.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

void seeded(void *context, uint8_t *bytes, size_t size)
{
    auto *random = static_cast<std::mt19937_64 *>(context);
    for (size_t i = 0; i < size; i++) { bytes[i] = static_cast<uint8_t>((*random)()); }
}

void all_ones(void *, uint8_t *bytes, size_t size)
{
    memset(bytes, 0xFF, size);
}

std::string format(const char *prefix, pv_id id)
{
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(prefix, id, text);
    return text;
}

bool parse(const char *prefix, const std::string &text, pv_id *ret_id)
{
    return pv_id_parse(prefix, pv_view_of(text.data(), text.size()), ret_id);
}

bool below(pv_id a, pv_id b)
{
    return memcmp(a.bytes, b.bytes, PV_ID_SIZE) < 0;
}

pv_time at_ms(int64_t ms)
{
    return {ms * PV_NS_PER_MS};
}

TEST(Id, KnownValuesHaveKnownTexts)
{
    pv_id zero = {}, full, one = {};
    memset(full.bytes, 0xFF, PV_ID_SIZE);
    one.bytes[15] = 1;
    EXPECT_EQ(format("ord", zero), "ord_00000000000000000000000000");
    EXPECT_EQ(format("ord", one), "ord_00000000000000000000000001");
    EXPECT_EQ(format("ab", full), "ab_7zzzzzzzzzzzzzzzzzzzzzzzzz");
    EXPECT_EQ(format("abcd", full).size(), static_cast<size_t>(PV_ID_TEXT_SIZE) - 1);
    EXPECT_TRUE(pv_id_is_zero(zero));
    EXPECT_FALSE(pv_id_is_zero(one));
}

TEST(Id, ParseOfFormatIsTheSameIdAndTextSortsLikeBytes)
{
    std::mt19937_64 random(3);
    pv_id previous = {};
    for (int i = 0; i < 5000; i++) {
        pv_id id, again;
        seeded(&random, id.bytes, PV_ID_SIZE);
        ASSERT_TRUE(parse("ord", format("ord", id), &again));
        ASSERT_TRUE(pv_id_equal(id, again));
        ASSERT_EQ(below(previous, id), format("ord", previous) < format("ord", id));
        previous = id;
    }
}

TEST(Id, OnlyTheCanonicalSpellingIsRead)
{
    const std::string good = "ord_01j9zzzzzzzzzzzzzzzzzzzzzz";
    pv_id id = {};
    ASSERT_TRUE(parse("ord", good, &id));
    const std::string rows[] = {"",
                                "ord_",
                                "ord",
                                "ord_01j9",
                                "01j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01J9zzzzzzzzzzzzzzzzzzzzzz",
                                "ORD_01j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_81j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_z1j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01i9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01l9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01o9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01u9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01j9zzzzzzzzzzzzzzzzzzzzz-",
                                "ord-01j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ora_01j9zzzzzzzzzzzzzzzzzzzzzz",
                                "or_01j9zzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01j9zzzzzzzzzzzzzzzzzzzzzzz",
                                "ord_01j9zzzzzzzzzzzzzzzzzzzzzz ",
                                std::string("ord_01j9zzzzzzzzzzzzzzzzzzzzz\0", 30)};
    for (const std::string &text : rows) {
        pv_id untouched = id;
        EXPECT_FALSE(parse("ord", text, &untouched)) << text;
        EXPECT_TRUE(pv_id_equal(untouched, id));
    }
}

TEST(Id, TheFirst48BitsAreMilliseconds)
{
    std::mt19937_64 random(5);
    pv_id_source source = {seeded, &random, {}};
    pv_id id = pv_id_next(&source, at_ms(0x0123456789AB));
    const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB};
    EXPECT_EQ(memcmp(id.bytes, expected, sizeof expected), 0);
}

TEST(Id, IdsOfOneSourceAlwaysRise)
{
    std::mt19937_64 random(5);
    pv_id_source source = {seeded, &random, {}};
    pv_id previous = {};
    int64_t ms = 1000000;
    for (int i = 0; i < 10000; i++) {
        ms += static_cast<int64_t>(random() % 5) - 2; /* also stands still and goes back */
        pv_id id = pv_id_next(&source, at_ms(ms));
        ASSERT_TRUE(below(previous, id));
        previous = id;
    }
}

TEST(Id, WithinAMillisecondAndAfterAClockStepBackTheNextIsLastPlusOne)
{
    std::mt19937_64 random(9);
    pv_id_source source = {seeded, &random, {}};
    pv_id first = pv_id_next(&source, at_ms(5000));
    pv_id second = pv_id_next(&source, {5000 * PV_NS_PER_MS + 999999});
    pv_id third = pv_id_next(&source, at_ms(10));
    first.bytes[15] = static_cast<uint8_t>(first.bytes[15] + 1);
    EXPECT_TRUE(pv_id_equal(first, second));
    second.bytes[15] = static_cast<uint8_t>(second.bytes[15] + 1);
    EXPECT_TRUE(pv_id_equal(second, third));
}

TEST(Id, TheIncrementCarriesIntoTheMilliseconds)
{
    pv_id_source source = {all_ones, nullptr, {}};
    pv_id first = pv_id_next(&source, at_ms(1));
    pv_id second = pv_id_next(&source, at_ms(1));
    EXPECT_TRUE(below(first, second));
    EXPECT_EQ(second.bytes[5], 2);
    EXPECT_EQ(second.bytes[6], 0);
    EXPECT_TRUE(below(second, pv_id_next(&source, at_ms(2))));
}

} // namespace
