// Who am I: the first question of every caller, and what it is told.
#include "base/version.h"
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

bool May(const Answer &who, const std::string &method)
{
    for (size_t i = 0; !who.text("methods." + std::to_string(i)).empty(); i++) {
        if (who.text("methods." + std::to_string(i) + ".name") == method) { return true; }
    }
    return false;
}

TEST_F(AccountFlow, WhoAmITellsAccountUserCertificateScopesAndMethods)
{
    Answer who = world.call(vendor, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.message;
    EXPECT_EQ(who.text("account.id"), vendor.account_id);
    EXPECT_EQ(who.text("account.type"), "ACCOUNT_TYPE_VENDOR");
    EXPECT_EQ(who.text("user.id"), vendor.user_id);
    EXPECT_EQ(who.text("certificate.id"), vendor.certificate_id);
    EXPECT_EQ(who.text("scopes.0.module"), "MODULE_ACCOUNT");
    EXPECT_EQ(who.text("scopes.0.grant"), "GRANT_MANAGE");
    EXPECT_TRUE(May(who, "purvey.account.v1.UserService/CreateUser"));
    EXPECT_TRUE(May(who, "purvey.account.v1.IdentityService/WhoAmI"));
    EXPECT_FALSE(May(who, "purvey.account.v1.AccountService/CreateAccount"));
    EXPECT_TRUE(May(world.call(platform, "WhoAmI", "{}"),
                    "purvey.account.v1.AccountService/CreateAccount"));
}

TEST_F(AccountFlow, WhoAmITellsTheServersClockAndRelease)
{
    Answer who = world.call(vendor, "WhoAmI", "{}");
    char now[PV_TIME_TEXT_SIZE];
    pv_time_format(world.now(), now);
    EXPECT_EQ(who.text("server_time"), now);
    EXPECT_EQ(who.text("server_version"), PV_VERSION);
}

TEST_F(AccountFlow, WhoAmIIsForEveryCallerAndListsWhatItsScopesOpen)
{
    Actor viewer = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    Answer who = world.call(viewer, "WhoAmI", "{}");
    EXPECT_TRUE(May(who, "purvey.account.v1.UserService/ListUsers"));
    EXPECT_FALSE(May(who, "purvey.account.v1.UserService/CreateUser"));
    EXPECT_EQ(who.text("scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(who.text("scopes.1"), "");
    Actor nothing = world.user(vendor, {});
    who = world.call(nothing, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.message;
    EXPECT_EQ(who.text("scopes.0"), "");
    EXPECT_TRUE(May(who, "purvey.account.v1.IdentityService/WhoAmI"));
    EXPECT_FALSE(May(who, "purvey.account.v1.UserService/ListUsers"));
    EXPECT_EQ(world.call(Actor{}, "WhoAmI", "{}").reason, "NO_CERTIFICATE");
}

} // namespace
} // namespace purvey
