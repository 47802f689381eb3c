#include "base/punycode.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using CodePoints = std::vector<uint32_t>;

/* Empty: refused. */
CodePoints decode(const std::string &text, size_t capacity = 63)
{
    CodePoints points(capacity);
    size_t count = 0;
    if (!pv_punycode_decode(pv_view_of(text.data(), text.size()), points.data(), capacity,
                            &count)) {
        return {};
    }
    points.resize(count);
    return points;
}

TEST(Punycode, IsRead)
{
    const struct {
        const char *text;
        CodePoints points;
    } rows[] = {
        /* RFC 3492, section 7.1, (A), (B), (K) and (P) */
        {"egbpdaj6bu4bxfgehfvwxn",
         {0x644, 0x64A, 0x647, 0x645, 0x627, 0x628, 0x62A, 0x643, 0x644, 0x645, 0x648, 0x634, 0x639,
          0x631, 0x628, 0x64A, 0x61F}},
        {"ihqwcrb4cv8a8dqg056pqjye",
         {0x4ED6, 0x4EEC, 0x4E3A, 0x4EC0, 0x4E48, 0x4E0D, 0x8BF4, 0x4E2D, 0x6587}},
        {"2-u9tlzr9756bt3uc0v", {0x3072, 0x3068, 0x3064, 0x5C4B, 0x6839, 0x306E, 0x4E0B, '2'}},
        {"d9juau41awczczp", {0x305D, 0x306E, 0x30B9, 0x30D4, 0x30FC, 0x30C9, 0x3067}},
        {"bcher-kva", {'b', 0xFC, 'c', 'h', 'e', 'r'}},
        {"pple-43d", {0x430, 'p', 'p', 'l', 'e'}},
        {"ab-c-ooa", {'a', 'b', '-', 'c', 0xE4}},
        {"e28h", {0x1F600}},
    };
    for (const auto &row : rows) { EXPECT_EQ(decode(row.text), row.points) << row.text; }
}

TEST(Punycode, WhatIsNoneIsRefused)
{
    for (const char *text : {"", "-", "abc-", "bcher-kv", "bcher-kv!", "bcher-KVA", "99999999",
                             "999999b", "zzzzzzzzzzzzzzzzzzzzzzz", "\xC3\xA4"}) {
        EXPECT_EQ(decode(text), CodePoints{}) << text;
    }
    EXPECT_EQ(decode("bcher-kva", 5), CodePoints{}) << "no room for the last";
    EXPECT_EQ(decode("bcher-kva", 6).size(), 6U);
    EXPECT_EQ(decode("bcher-kva", 4), CodePoints{}) << "no room for the plain ones";
}

} // namespace
