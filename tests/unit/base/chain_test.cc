// Marks of chains as people keep them, and known hashes.
#include "base/chain.h"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Chain, HashIsThatOfThePreviousHashAndTheContent)
{
    uint8_t hash[PV_SHA256_SIZE];
    char hex[2 * PV_SHA256_SIZE + 1];
    const uint8_t start[PV_SHA256_SIZE] = {};
    pv_chain_hash(start, pv_view_text("abc"), hash);
    pv_hex_format(pv_view_of(hash, sizeof hash), hex);
    /* head -c 32 /dev/zero | (cat; printf abc) | sha256sum */
    EXPECT_STREQ(hex, "365aa7d8f7f9402c4b9434502b4cc89ddb09fe50d7cd95b493b834c62d5a5370");
}

TEST(Chain, MarksAreReadAsTheyAreWritten)
{
    pv_chain_mark mark = {.sequence = 18446744073709551615u, .hash = {0xab, 1}};
    char text[PV_CHAIN_MARK_TEXT_SIZE];
    pv_chain_mark_format(&mark, text);
    EXPECT_EQ(std::string(text), "ab01" + std::string(60, '0') + "@18446744073709551615");
    pv_chain_mark read = {};
    ASSERT_TRUE(pv_chain_mark_parse(pv_view_text(text), &read));
    EXPECT_EQ(memcmp(&read, &mark, sizeof mark), 0);
    const std::string hash(64, 'a');
    for (const std::string &bad :
         {std::string(), hash, hash + "@", hash + "@-1", hash + "@1x", hash.substr(1) + "@1",
          hash + "@18446744073709551616", std::string(64, 'A') + "@1", std::string(64, 'g') + "@1",
          hash + "#1"}) {
        EXPECT_FALSE(pv_chain_mark_parse(pv_view_text(bad.c_str()), &read)) << bad;
    }
}

} // namespace
