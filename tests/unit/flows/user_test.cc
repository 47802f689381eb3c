// Users: who may make and change them, and that a change counts from the next call.
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

TEST_F(AccountFlow, AdministratorsMakeUsersOfTheirOwnAccount)
{
    std::string group = world.group(vendor, {{"ORDER", "ACT"}});
    Answer made =
        world.call(vendor, "CreateUser",
                   json(R"({"name": "Bo", "email": "bo@vega.example", "kind": "USER_KIND_PERSON",
                            "language": "pt-BR", "time_zone": "Europe/Vienna",
                            "group_ids": ["%s"]})",
                        group.c_str()));
    ASSERT_TRUE(made.ok()) << made.message;
    EXPECT_EQ(made.text("user.account_id"), vendor.account_id);
    EXPECT_EQ(made.text("user.operator_id"), platform.account_id);
    EXPECT_EQ(made.text("user.state"), "USER_STATE_ACTIVE");
    EXPECT_EQ(made.text("user.language"), "pt-BR");
    EXPECT_EQ(made.text("membership.state"), "MEMBERSHIP_STATE_JOINED")
        << "who makes a user vouches for it";
    EXPECT_EQ(made.text("membership.user_id"), made.text("user.id"));
    EXPECT_EQ(made.text("membership.account_id"), vendor.account_id);
    EXPECT_EQ(made.text("membership.group_ids.0"), group);
    EXPECT_NE(made.text("membership.join_time"), "");
    EXPECT_NE(made.text("membership.administrator"), "true");
    EXPECT_EQ(world
                  .call(vendor, "CreateUser",
                        json(R"({"account_id": "%s", "name": "Spy", "kind": "USER_KIND_PERSON",
                                 "group_ids": ["%s"]})",
                             reseller.account_id.c_str(), group.c_str()))
                  .reason,
              "NOT_FOUND");
}

TEST_F(AccountFlow, WithoutTheGrantNobodyManagesUsers)
{
    Actor viewer = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    Actor stranger = world.user(vendor, {{"ORDER", "MANAGE"}});
    EXPECT_TRUE(world.call(viewer, "ListUsers", "{}").ok());
    Answer refused =
        world.call(viewer, "CreateUser", R"({"name": "X", "kind": "USER_KIND_PERSON"})");
    EXPECT_EQ(refused.reason, "GRANT_MISSING");
    EXPECT_EQ(refused.note("grant"), "MANAGE");
    EXPECT_EQ(world.call(stranger, "ListUsers", "{}").reason, "GRANT_MISSING");
}

struct NewUser {
    const char *name;
    const char *groups; // %s: a group of the account
    const char *reason;
};

const NewUser kNewUsers[] = {
    {"OneGroup", R"("%s")", ""},
    {"NoGroup", "", "INVALID_FIELD"},
    {"TheSameGroupTwice", R"("%s", "%s")", "INVALID_FIELD"},
    {"GroupOfNobody", R"("grp_01j9zv0000abcdefghjkmnpqrs")", "NOT_FOUND"},
    {"NotAGroup", R"("usr_01j9zv0000abcdefghjkmnpqrs")", "INVALID_FIELD"},
};

class NewUsers : public AccountFlow, public testing::WithParamInterface<NewUser> {};

TEST_P(NewUsers, NeedGroupsOfTheirAccount)
{
    std::string group = world.group(vendor, {{"ORDER", "VIEW"}});
    std::string groups = GetParam().groups;
    for (size_t at; (at = groups.find("%s")) != std::string::npos;) {
        groups.replace(at, 2, group);
    }
    Answer made = world.call(
        vendor, "CreateUser",
        json(R"({"name": "X", "kind": "USER_KIND_PERSON", "group_ids": [%s]})", groups.c_str()));
    EXPECT_EQ(made.reason, GetParam().reason) << made.message;
}

INSTANTIATE_TEST_SUITE_P(Flows, NewUsers, testing::ValuesIn(kNewUsers),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(AccountFlow, AGroupOfAnotherAccountGivesNothing)
{
    std::string foreign = world.group(reseller, {{"ORDER", "VIEW"}});
    std::string request = json(R"({"account_id": "%s", "name": "X", "kind": "USER_KIND_PERSON",
                                   "group_ids": ["%s"]})",
                               vendor.account_id.c_str(), foreign.c_str());
    EXPECT_EQ(world.call(vendor, "CreateUser", request).reason, "NOT_FOUND");
    Answer refused = world.call(platform, "CreateUser", request);
    EXPECT_EQ(refused.reason, "GROUPS_INVALID") << "the operator sees it, and it is still wrong";
    EXPECT_EQ(refused.note("group"), foreign);
}

TEST_F(AccountFlow, AnEmailIsUniqueWithinItsAccountOnly)
{
    auto make = [&](const Actor &by) {
        return world.call(by, "CreateUser",
                          json(R"({"name": "Bo", "email": "bo@agency.example",
                                   "kind": "USER_KIND_PERSON", "group_ids": ["%s"]})",
                               world.group(by, {}).c_str()));
    };
    Answer first = make(vendor);
    ASSERT_TRUE(first.ok()) << first.message;
    Answer second = make(vendor);
    EXPECT_EQ(second.reason, "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(second.note("existing_id"), first.text("user.id"));
    EXPECT_TRUE(make(reseller).ok()) << "other accounts do not learn of it";
    EXPECT_EQ(world
                  .call(vendor, "UpdateUser",
                        json(R"({"user_id": "%s", "email": "bo@agency.example"})",
                             vendor.user_id.c_str()))
                  .reason,
              "EXTERNAL_ID_EXISTS");
}

TEST_F(AccountFlow, UsersAreSeenByTheirHomeAccountAndTheOperator)
{
    EXPECT_EQ(world.call(reseller, "GetUser", Id("user_id", vendor.user_id)).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(reseller, "DeactivateUser", Id("user_id", vendor.user_id)).reason,
              "NOT_FOUND");
    EXPECT_EQ(world.call(platform, "GetUser", Id("user_id", vendor.user_id)).text("user.id"),
              vendor.user_id);
    Answer listed = world.call(platform, "ListUsers", Id("account_id", reseller.account_id));
    EXPECT_EQ(listed.text("users.0.id"), reseller.user_id);
    EXPECT_EQ(listed.text("users.1.id"), "");
    Answer foreign = world.call(vendor, "ListUsers", Id("account_id", reseller.account_id));
    EXPECT_TRUE(foreign.ok());
    EXPECT_EQ(foreign.text("users.0.id"), "");
    Answer found =
        world.call(vendor, "ListUsers", R"({"filter": "state = ACTIVE AND kind = SERVICE"})");
    ASSERT_TRUE(found.ok()) << found.message;
    EXPECT_EQ(found.text("users.0.id"), vendor.user_id);
}

TEST_F(AccountFlow, AnInactiveUserIsRefusedOnItsNextCall)
{
    Actor user = world.user(vendor, {{"ORDER", "VIEW"}});
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    ASSERT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).ok());
    Answer refused = world.call(user, "WhoAmI", "{}");
    EXPECT_EQ(refused.reason, "USER_INACTIVE");
    EXPECT_EQ(refused.note("user"), user.user_id);
    EXPECT_EQ(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).reason,
              "STATE_FORBIDS");
    Answer renamed =
        world.call(vendor, "UpdateUser",
                   json(R"({"user_id": "%s", "name": "On leave"})", user.user_id.c_str()));
    EXPECT_EQ(renamed.text("user.state"), "USER_STATE_INACTIVE")
        << "a change of content moves no state";
    EXPECT_TRUE(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).ok());
    EXPECT_EQ(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).reason,
              "STATE_FORBIDS");
    EXPECT_TRUE(world.call(user, "WhoAmI", "{}").ok());
}

TEST_F(AccountFlow, AUserIsSwitchedOffAlsoAfterItHasLeftItsHome)
{
    Actor user = world.user(vendor, {{"ORDER", "VIEW"}});
    ASSERT_TRUE(
        world.call(vendor, "RemoveMembership", Id("membership_id", user.membership_id)).ok());
    EXPECT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).ok());
    EXPECT_TRUE(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).ok());
}

struct UserUpdate {
    const char *name;
    const char *fields;
    const char *reason;
};

const UserUpdate kUserUpdates[] = {
    {"Name", R"("name": "New")", ""},
    {"TimeZone", R"("time_zone": "Europe/Vienna")", ""},
    {"EmptyName", R"("update_mask": "name")", "INVALID_FIELD"},
    {"Kind", R"("update_mask": "kind")", "UPDATE_MASK_INVALID"},
    {"Account", R"("update_mask": "account_id")", "UPDATE_MASK_INVALID"},
    {"StaleEtag", R"("name": "New", "etag": "\"0\"")", "ETAG_MISMATCH"},
    {"NotAnAddress", R"("email": "nobody")", "INVALID_FIELD"},
    {"NotALanguage", R"("language": "Deutsch")", "INVALID_FIELD"},
};

class UserUpdates : public AccountFlow, public testing::WithParamInterface<UserUpdate> {};

TEST_P(UserUpdates, Rule)
{
    Answer answer =
        world.call(vendor, "UpdateUser",
                   json(R"({"user_id": "%s", %s})", vendor.user_id.c_str(), GetParam().fields));
    EXPECT_EQ(answer.reason, GetParam().reason) << answer.message;
}

INSTANTIATE_TEST_SUITE_P(Flows, UserUpdates, testing::ValuesIn(kUserUpdates),
                         [](const auto &test) { return std::string(test.param.name); });

} // namespace
} // namespace purvey
