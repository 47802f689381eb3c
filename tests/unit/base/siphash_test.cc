#include "base/siphash.h"

#include <gtest/gtest.h>

namespace {

/* Key 00 01 .. 0f and text 00 01 ..: the test values of the paper's reference implementation. */
TEST(SipHash, GivesThePublishedValues)
{
    const struct {
        size_t size;
        uint64_t hash;
    } rows[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)}, {63, UINT64_C(0x958a324ceb064572)},
    };
    uint8_t bytes[64];
    for (uint8_t i = 0; i < sizeof bytes; i++) { bytes[i] = i; }
    for (const auto &row : rows) {
        EXPECT_EQ(pv_siphash(bytes, pv_view_of(bytes, row.size)), row.hash) << row.size;
    }
}

TEST(SipHash, TheKeyDecides)
{
    uint8_t key[PV_SIPHASH_KEY_SIZE] = {0};
    uint64_t before = pv_siphash(key, pv_view_text("record"));
    key[15] = 1;
    EXPECT_NE(pv_siphash(key, pv_view_text("record")), before);
}

} // namespace
