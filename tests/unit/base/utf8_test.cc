#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace {

bool check(const std::string &text, size_t *ret_bad)
{
    return pv_utf8_check(pv_view_of(text.data(), text.size()), ret_bad);
}

TEST(Utf8, WellFormedTextsAreAcceptedAndCounted)
{
    const struct {
        std::string text;
        size_t count;
    } rows[] = {
        {"", 0},
        {"order", 5},
        {std::string(1000, 'a'), 1000},
        {std::string("a\0b", 3), 3},
        {"\x7F\xC2\x80\xDF\xBF", 3},
        {"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF", 4},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 2},
        {"12345678Zo\xC3\xAB 12345678\xE2\x82\xAC", 21},
    };
    for (const auto &row : rows) {
        size_t bad = 99;
        EXPECT_TRUE(check(row.text, &bad)) << row.text;
        EXPECT_EQ(bad, 99u);
        EXPECT_EQ(pv_utf8_count(pv_view_of(row.text.data(), row.text.size())), row.count);
    }
}

TEST(Utf8, IllFormedTextsAreRefusedWithTheOffset)
{
    const struct {
        std::string text;
        size_t bad;
    } rows[] = {
        {"\x80", 0},
        {"abc\xBF", 3},
        {"12345678\xFF", 8},
        {"\xC0\xAF", 0},         /* overlong '/' */
        {"\xC1\xBF", 0},         /* overlong */
        {"a\xE0\x80\xAF", 1},    /* overlong */
        {"\xE0\x9F\xBF", 0},     /* overlong */
        {"\xF0\x80\x80\xAF", 0}, /* overlong */
        {"\xF0\x8F\xBF\xBF", 0}, /* overlong */
        {"\xED\xA0\x80", 0},     /* surrogate */
        {"\xED\xBF\xBF", 0},     /* surrogate */
        {"\xF4\x90\x80\x80", 0}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 0},
        {"\xF8\x88\x80\x80\x80", 0}, /* five bytes */
        {"ok\xC3", 2},               /* truncated */
        {"ok\xE2\x82", 2},
        {"ok\xF0\x9F\x98", 2},
        {"\xC3(", 0},
        {"\xE2(\x82", 0},
        {"\xE2\x82(", 0},
        {"\xF0\x9F(\x80", 0},
        {"\xFE", 0},
    };
    for (const auto &row : rows) {
        size_t bad = 99;
        EXPECT_FALSE(check(row.text, &bad)) << row.text;
        EXPECT_EQ(bad, row.bad) << row.text;
    }
}

TEST(Utf8, NextReadsEveryCodePointThatExists)
{
    for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
        std::string text;
        auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
        if (code_point < 0x80) {
            put(code_point);
        } else if (code_point < 0x800) {
            put(0xC0 | code_point >> 6), put(0x80 | (code_point & 63));
        } else if (code_point < 0x10000) {
            put(0xE0 | code_point >> 12), put(0x80 | (code_point >> 6 & 63)),
                put(0x80 | (code_point & 63));
        } else {
            put(0xF0 | code_point >> 18), put(0x80 | (code_point >> 12 & 63));
            put(0x80 | (code_point >> 6 & 63)), put(0x80 | (code_point & 63));
        }
        size_t position = 0;
        uint32_t read = 0;
        bool exists = code_point < 0xD800 || code_point > 0xDFFF;
        ASSERT_EQ(pv_utf8_next(pv_view_of(text.data(), text.size()), &position, &read), exists)
            << code_point;
        ASSERT_EQ(position, exists ? text.size() : 1u);
        if (exists) { ASSERT_EQ(read, code_point); }
    }
}

} // namespace
