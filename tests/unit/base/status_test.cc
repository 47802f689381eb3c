#include "base/status.h"

#include <gtest/gtest.h>

#include <string>

namespace {

TEST(Status, EveryCodeHasANameThatLeadsBackToIt)
{
    for (int number = PV_CODE_OK; number <= PV_CODE_UNAUTHENTICATED; number++) {
        pv_code code = PV_CODE_UNKNOWN;
        const char *name = pv_code_name(static_cast<pv_code>(number));
        ASSERT_TRUE(pv_code_of_name(name, &code)) << name;
        EXPECT_EQ(code, number);
    }
}

TEST(Status, ANumberThatIsNoCodeIsUnknown)
{
    /* Through a variable: the number comes from a peer, not from the compiler. */
    for (unsigned number : {17u, 1000u, 0xFFFFFFFFu}) {
        pv_code code;
        memcpy(&code, &number, sizeof code);
        EXPECT_STREQ(pv_code_name(code), "UNKNOWN");
    }
}

TEST(Status, UnknownNamesAreRefused)
{
    pv_code code = PV_CODE_ABORTED;
    EXPECT_FALSE(pv_code_of_name("not_found", &code));
    EXPECT_FALSE(pv_code_of_name("", &code));
    EXPECT_FALSE(pv_code_of_name("NOT_FOUND ", &code));
    EXPECT_EQ(code, PV_CODE_ABORTED);
}

pv_status tried(pv_code code, bool *ret_reached)
{
    PV_TRY(pv_status_of(code));
    *ret_reached = true;
    return pv_ok();
}

TEST(Status, TryReturnsEverythingButOk)
{
    bool reached = false;
    EXPECT_EQ(tried(PV_CODE_ABORTED, &reached).code, PV_CODE_ABORTED);
    EXPECT_FALSE(reached);
    EXPECT_TRUE(pv_is_ok(tried(PV_CODE_OK, &reached)));
    EXPECT_TRUE(reached);
}

TEST(StatusDeathTest, AnAssertionNamesExpressionFileAndLine)
{
    EXPECT_DEATH(PV_ASSERT(1 + 1 == 3), "1 \\+ 1 == 3.*status_test\\.cc:[0-9]+");
}

} // namespace
