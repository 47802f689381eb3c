// The text of an invitation, whole or not.
#include "client/cli/invitation.h"

#include <gtest/gtest.h>

namespace {

const char kPrint[] = "00112233445566778899aabbccddeeff";

TEST(Invitation, IsTakenApart)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    for (const std::string &text :
         {std::string("pvinv_abc.") + kPrint, std::string(" \tpvinv_abc.") + kPrint + "\r\n",
          std::string("pvinv_abc.00112233445566778899AABBCCDDEEFF")}) {
        pv_invitation invitation = {};
        ASSERT_TRUE(pv_invitation_parse(arena, text.c_str(), &invitation)) << text;
        EXPECT_STREQ(invitation.secret, "pvinv_abc");
        EXPECT_EQ(invitation.fingerprint[1], 0x11);
        EXPECT_EQ(invitation.fingerprint[15], 0xFF);
    }
    pv_arena_destroy(arena);
}

TEST(Invitation, IsRefusedUnlessItIsWhole)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    const std::string print = kPrint;
    for (const std::string &text :
         {std::string(), std::string("."), std::string("pvinv_abc"), "." + print,
          "pvinv_abc." + print.substr(1), "pvinv_abc." + print + "0",
          "pvinv_abc." + print.substr(1) + "g", "pvinv abc." + print,
          "pvinv_abc." + print + " more", "a.b." + print}) {
        pv_invitation invitation = {};
        EXPECT_FALSE(pv_invitation_parse(arena, text.c_str(), &invitation)) << text;
    }
    pv_arena_destroy(arena);
}

} // namespace
