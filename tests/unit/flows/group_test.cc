// Groups and the rights they give: together, cut by the certificate, never more than the giver has, from the next
// call on.
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

class GroupFlow : public AccountFlow {
  protected:
    Answer SetPermissions(const Actor &by, const std::string &group_id, const char *permissions)
    {
        return world.call(
            by, "UpdateGroup",
            json(R"({"group_id": "%s", "permissions": [%s], "update_mask": "permissions"})",
                 group_id.c_str(), permissions));
    }
    Answer SetGroups(const Actor &by, const Actor &member, const std::string &group_ids)
    {
        return world.call(
            by, "UpdateMembership",
            json(R"({"membership_id": "%s", "group_ids": [%s], "update_mask": "group_ids"})",
                 member.membership_id.c_str(), group_ids.c_str()));
    }
    static std::string Quoted(const std::string &id) { return "\"" + id + "\""; }
};

TEST_F(GroupFlow, EveryAccountHasAdministratorsWhoseRightsAreFixed)
{
    for (const Actor &of : {vendor, platform}) {
        std::string id = world.administrators(of);
        Answer group = world.call(of, "GetGroup", Id("group_id", id));
        ASSERT_TRUE(group.ok()) << group.message;
        EXPECT_EQ(group.text("group.name"), "Administrators");
        EXPECT_EQ(group.text("group.administrators"), "true");
        EXPECT_EQ(group.text("group.account_id"), of.account_id);
        EXPECT_EQ(group.text("group.permissions.5.module"), "MODULE_AUDIT");
        EXPECT_EQ(group.text("group.permissions.5.grant"), "GRANT_MANAGE");
        Answer weaker = SetPermissions(of, id, "");
        EXPECT_EQ(weaker.reason, "GROUP_IS_FIXED");
        EXPECT_EQ(weaker.note("group"), id);
        EXPECT_EQ(world.call(of, "DeleteGroup", Id("group_id", id)).reason, "GROUP_IS_FIXED");
        EXPECT_TRUE(world
                        .call(of, "UpdateGroup",
                              json(R"({"group_id": "%s", "description": "All of it"})", id.c_str()))
                        .ok());
    }
}

struct NewGroup {
    const char *name;
    const char *fields;
    const char *reason;
};

const NewGroup kNewGroups[] = {
    {"Plain", R"("name": "Readers")", ""},
    {"Full",
     R"("name": "Sales", "description": "Orders", "external_id": "s-1",
        "permissions": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"}])",
     ""},
    {"LongestName", R"("name": "abcdefghijklmnopqrstuvwxyzabcdef")", ""},
    {"NoName", R"("description": "x")", "INVALID_FIELD"},
    {"TooLongAName", R"("name": "abcdefghijklmnopqrstuvwxyzabcdefg")", "INVALID_FIELD"},
    {"ModuleTwice",
     R"("name": "X", "permissions": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
                                     {"module": "MODULE_ORDER", "grant": "GRANT_ACT"}])",
     "GRANTS_INVALID"},
    {"ModuleWithoutGrant", R"("name": "X", "permissions": [{"module": "MODULE_ORDER"}])",
     "INVALID_FIELD"},
    {"KeyThatIsTaken", R"("name": "X", "external_id": "taken")", "EXTERNAL_ID_EXISTS"},
};

class NewGroups : public GroupFlow, public testing::WithParamInterface<NewGroup> {};

TEST_P(NewGroups, Rule)
{
    Answer taken = world.call(vendor, "CreateGroup", R"({"name": "T", "external_id": "taken"})");
    ASSERT_TRUE(taken.ok());
    Answer made = world.call(vendor, "CreateGroup", json("{%s}", GetParam().fields));
    EXPECT_EQ(made.reason, GetParam().reason) << made.message;
    Answer changed =
        world.call(vendor, "UpdateGroup",
                   json(R"({"group_id": "%s", %s})",
                        world.group(vendor, {{"USAGE", "VIEW"}}).c_str(), GetParam().fields));
    if (std::string(GetParam().name) != "NoName" && std::string(GetParam().name) != "Full") {
        EXPECT_EQ(changed.reason, GetParam().reason) << "an update follows the same rules";
    }
}

INSTANTIATE_TEST_SUITE_P(Flows, NewGroups, testing::ValuesIn(kNewGroups),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(GroupFlow, GroupsAreSeenByTheirAccountAndTheOperator)
{
    std::string id = world.group(vendor, {{"ORDER", "VIEW"}});
    EXPECT_EQ(world.call(reseller, "GetGroup", Id("group_id", id)).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(reseller, "DeleteGroup", Id("group_id", id)).reason, "NOT_FOUND");
    EXPECT_TRUE(world.call(platform, "GetGroup", Id("group_id", id)).ok());
    EXPECT_EQ(world
                  .call(vendor, "CreateGroup",
                        json(R"({"account_id": "%s", "name": "X"})", reseller.account_id.c_str()))
                  .reason,
              "NOT_FOUND");
    Answer listed = world.call(platform, "ListGroups", Id("account_id", vendor.account_id));
    EXPECT_EQ(listed.text("groups.0.name"), "Administrators");
    EXPECT_EQ(listed.text("groups.1.id"), id);
    EXPECT_EQ(listed.text("groups.2"), "");
    Answer active = world.call(vendor, "ListGroups", R"({"filter": "state = ACTIVE"})");
    EXPECT_EQ(active.text("groups.1.id"), id) << active.message;
}

TEST_F(GroupFlow, RightsAreThoseOfAllGroupsTogether)
{
    std::string reads = world.group(vendor, {{"ORDER", "VIEW"}, {"ACCOUNT", "VIEW"}});
    std::string works = world.group(vendor, {{"ORDER", "ACT"}, {"USAGE", "VIEW"}});
    Actor user = world.member(vendor, reads);
    ASSERT_TRUE(SetGroups(vendor, user, Quoted(reads) + ", " + Quoted(works)).ok());
    Answer who = world.call(world.certify(vendor, user.membership_id), "WhoAmI", "{}");
    EXPECT_EQ(who.text("scopes.0.module"), "MODULE_ACCOUNT");
    EXPECT_EQ(who.text("scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(who.text("scopes.1.module"), "MODULE_ORDER");
    EXPECT_EQ(who.text("scopes.1.grant"), "GRANT_ACT") << "the stronger counts";
    EXPECT_EQ(who.text("scopes.2.module"), "MODULE_USAGE");
    EXPECT_EQ(who.text("scopes.3"), "");
    Answer cut = world.call(user, "WhoAmI", "{}");
    EXPECT_EQ(cut.text("scopes.1.grant"), "GRANT_VIEW") << "the older certificate carries less";
    EXPECT_EQ(cut.text("scopes.2"), "");
    EXPECT_EQ(cut.text("group_grants.1.grant"), "GRANT_ACT") << "and why is told";
    EXPECT_EQ(cut.text("group_grants.2.module"), "MODULE_USAGE");
}

TEST_F(GroupFlow, ChangedRightsCountFromTheNextCallForEveryMember)
{
    std::string group = world.group(vendor, {{"ACCOUNT", "VIEW"}});
    Actor one = world.member(vendor, group);
    Actor two = world.member(vendor, group);
    ASSERT_TRUE(world.call(one, "ListUsers", "{}").ok());
    ASSERT_TRUE(SetPermissions(vendor, group, "").ok());
    EXPECT_EQ(world.call(one, "ListUsers", "{}").reason, "GRANT_MISSING") << "an emptied group";
    EXPECT_EQ(world.call(two, "ListUsers", "{}").reason, "GRANT_MISSING");
    ASSERT_TRUE(
        SetPermissions(vendor, group, R"({"module": "MODULE_ACCOUNT", "grant": "GRANT_MANAGE"})")
            .ok());
    EXPECT_TRUE(world.call(one, "ListUsers", "{}").ok());
    EXPECT_EQ(world.call(one, "CreateGroup", R"({"name": "X"})").reason, "GRANT_MISSING")
        << "the certificate was issued for VIEW";
}

TEST_F(GroupFlow, ADeletedGroupGivesNothingAndCanBeGivenToNobody)
{
    std::string key = R"({"name": "A", "external_id": "a"})";
    std::string group = world.group(vendor, {{"ACCOUNT", "VIEW"}});
    Actor user = world.member(vendor, group);
    ASSERT_TRUE(world
                    .call(vendor, "UpdateGroup",
                          json(R"({"group_id": "%s", "external_id": "a"})", group.c_str()))
                    .ok());
    Answer deleted = world.call(vendor, "DeleteGroup", Id("group_id", group));
    ASSERT_TRUE(deleted.ok()) << deleted.message;
    EXPECT_EQ(deleted.text("group.state"), "GROUP_STATE_DELETED");
    EXPECT_EQ(world.call(user, "ListUsers", "{}").reason, "GRANT_MISSING");
    EXPECT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    EXPECT_EQ(world.call(vendor, "DeleteGroup", Id("group_id", group)).reason, "STATE_FORBIDS");
    EXPECT_EQ(SetPermissions(vendor, group, "").reason, "STATE_FORBIDS");
    EXPECT_EQ(world
                  .call(vendor, "UpdateGroup",
                        json(R"({"group_id": "%s", "update_mask": "administrators"})",
                             world.administrators(vendor).c_str()))
                  .reason,
              "UPDATE_MASK_INVALID");
    Answer given = SetGroups(vendor, vendor, Quoted(group));
    EXPECT_EQ(given.reason, "GROUPS_INVALID");
    EXPECT_EQ(given.note("group"), group);
    EXPECT_TRUE(world.call(vendor, "CreateGroup", key).ok()) << "its external_id is free";
}

// Whoever may manage users is not thereby whoever may do everything: each way to give a right asks for the right.
TEST_F(GroupFlow, NobodyGivesRightsThatItDoesNotHave)
{
    const char *orders = R"({"module": "MODULE_ORDER", "grant": "GRANT_MANAGE"})";
    Actor clerk = world.user(vendor, {{"ACCOUNT", "MANAGE"}, {"ORDER", "ACT"}});
    Actor user = world.user(vendor, {{"ORDER", "VIEW"}});
    std::string strong = world.group(vendor, {{"ORDER", "MANAGE"}});
    std::string fair = world.group(vendor, {{"ORDER", "ACT"}});
    std::string strong_user =
        json(R"({"name": "X", "kind": "USER_KIND_PERSON", "group_ids": ["%s"]})", strong.c_str());
    std::string invitation =
        json(R"({"name": "X", "email": "x@example.com", "group_ids": ["%s"]})", strong.c_str());
    Answer refused = world.call(clerk, "CreateUser", strong_user);
    EXPECT_EQ(refused.reason, "GRANTS_EXCEED_CALLER");
    EXPECT_EQ(refused.note("module"), "ORDER");
    EXPECT_EQ(
        world.call(clerk, "CreateGroup", json(R"({"name": "X", "permissions": [%s]})", orders))
            .reason,
        "GRANTS_EXCEED_CALLER");
    EXPECT_EQ(SetPermissions(clerk, fair, orders).reason, "GRANTS_EXCEED_CALLER");
    EXPECT_EQ(SetGroups(clerk, clerk, Quoted(world.administrators(vendor))).reason,
              "GRANTS_EXCEED_CALLER")
        << "not even to itself";
    EXPECT_EQ(world.call(clerk, "InviteMembership", invitation).reason, "GRANTS_EXCEED_CALLER");
    EXPECT_EQ(world
                  .call(clerk, "IssueCertificate",
                        json(R"({"membership_id": "%s", "csr_pem": "csr"})",
                             vendor.membership_id.c_str()))
                  .reason,
              "GRANTS_EXCEED_CALLER")
        << "nor by a certificate of somebody who has it";
    Answer invited = world.call(vendor, "InviteMembership", invitation);
    ASSERT_TRUE(invited.ok()) << invited.message;
    EXPECT_EQ(
        world.call(clerk, "ResendMembership", Id("membership_id", invited.text("membership.id")))
            .reason,
        "GRANTS_EXCEED_CALLER");
    EXPECT_TRUE(SetGroups(clerk, user, Quoted(fair)).ok()) << "what it has it may give";
    EXPECT_TRUE(SetPermissions(clerk, strong, "").ok()) << "and take from whom it likes";
}

TEST_F(GroupFlow, WhatAMemberHadAlreadyIsNotGivenToIt)
{
    Actor clerk = world.user(vendor, {{"ACCOUNT", "MANAGE"}});
    Actor user = world.user(vendor, {{"ORDER", "MANAGE"}});
    Answer member = world.call(vendor, "GetMembership", Id("membership_id", user.membership_id));
    std::string strong = member.text("membership.group_ids.0");
    std::string plain = world.group(vendor, {});
    EXPECT_TRUE(SetGroups(clerk, user, Quoted(strong) + ", " + Quoted(plain)).ok());
    EXPECT_TRUE(SetGroups(clerk, user, "").ok());
    EXPECT_EQ(SetGroups(clerk, user, Quoted(strong)).reason, "GRANTS_EXCEED_CALLER");
}

TEST_F(GroupFlow, ANarrowCertificateGivesNoMoreThanItCarries)
{
    Answer issued = world.call(vendor, "IssueCertificate",
                               json(R"({"membership_id": "%s", "csr_pem": "csr",
                 "scopes": [{"module": "MODULE_ACCOUNT", "grant": "GRANT_MANAGE"}]})",
                                    vendor.membership_id.c_str()));
    ASSERT_TRUE(issued.ok()) << issued.message;
    Actor narrow = vendor;
    narrow.sha256 = issued.text("certificate.sha256");
    EXPECT_EQ(world
                  .call(narrow, "IssueCertificate",
                        json(R"({"membership_id": "%s", "csr_pem": "csr"})",
                             vendor.membership_id.c_str()))
                  .reason,
              "GRANTS_EXCEED_CALLER")
        << "or its scopes would bind nobody";
}

// --- rights and data are of one moment ---

TEST_F(GroupFlow, AReadSeesRightsAndDataOfOneMoment)
{
    std::string group = world.group(vendor, {{"ACCOUNT", "VIEW"}});
    Actor user = world.member(vendor, group);
    ASSERT_TRUE(world.call(user, "ListUsers", "{}").ok());
    world.between = [&] { ASSERT_TRUE(SetPermissions(vendor, group, "").ok()); };
    EXPECT_EQ(world.call(user, "ListUsers", "{}").reason, "GRANT_MISSING")
        << "it was admitted before, and would see what came after";
}

TEST_F(GroupFlow, AWriteThatWaitsInTheQueueIsRefusedIfItsRightsAreTakenMeanwhile)
{
    struct {
        const char *what;
        std::function<void(const Actor &)> take;
        const char *reason;
    } const ways[] = {
        {"groups", [&](const Actor &who) { ASSERT_TRUE(SetGroups(vendor, who, "").ok()); },
         "GRANT_MISSING"},
        {"membership",
         [&](const Actor &who) {
             ASSERT_TRUE(
                 world.call(vendor, "RemoveMembership", Id("membership_id", who.membership_id))
                     .ok());
         },
         "MEMBERSHIP_ENDED"},
        {"user",
         [&](const Actor &who) {
             ASSERT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", who.user_id)).ok());
         },
         "USER_INACTIVE"},
        {"certificate",
         [&](const Actor &who) { ASSERT_TRUE(Revoke(vendor, who.certificate_id).ok()); },
         "CERTIFICATE_REVOKED"},
    };
    for (const auto &way : ways) {
        Actor user = world.user(vendor, {{"ACCOUNT", "MANAGE"}});
        world.between = [&] { way.take(user); };
        Answer refused = world.call(user, "CreateGroup", R"({"name": "Late"})");
        EXPECT_EQ(refused.reason, way.reason) << way.what;
    }
    Answer groups = world.call(vendor, "ListGroups", R"({"filter": "name = \"Late\""})");
    EXPECT_EQ(groups.text("groups.0"), "");
}

TEST_F(GroupFlow, AWriteInTheBatchThatTakesItsRightsIsRefused)
{
    Actor user = world.user(vendor, {{"ACCOUNT", "MANAGE"}});
    std::vector<Answer> answers = world.burst({
        {user, "CreateGroup", R"({"name": "Before"})"},
        {vendor, "RemoveMembership", Id("membership_id", user.membership_id)},
        {user, "CreateGroup", R"({"name": "After"})"},
        {vendor, "CreateGroup", R"({"name": "Other"})"},
    });
    EXPECT_TRUE(answers[0].ok()) << answers[0].message;
    EXPECT_TRUE(answers[1].ok()) << answers[1].message;
    EXPECT_EQ(answers[2].reason, "MEMBERSHIP_ENDED");
    EXPECT_TRUE(answers[3].ok()) << answers[3].message;
}

TEST_F(GroupFlow, AnOpenStreamShowsOnlyWhatItsCallerMayStillSee)
{
    std::string group = world.group(vendor, {{"ACCOUNT", "VIEW"}});
    Actor user = world.member(vendor, group);
    size_t all = world.pull(user, "WatchEvents", "{}").size();
    ASSERT_GT(all, 0u);
    world.meanwhile = [&] {
        ASSERT_TRUE(SetPermissions(vendor, group, "").ok());
        ASSERT_TRUE(world.call(vendor, "CreateGroup", R"({"name": "Unseen"})").ok());
    };
    std::vector<Answer> messages = world.pull(user, "WatchEvents", "{}");
    for (const Answer &message : messages) { EXPECT_TRUE(message.ok()) << message.message; }
    EXPECT_LE(messages.size(), all) << "events since then are of a module it does not see";
}

TEST_F(GroupFlow, AnOpenStreamEndsWithTheMembership)
{
    Actor user = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    world.meanwhile = [&] {
        ASSERT_TRUE(
            world.call(vendor, "RemoveMembership", Id("membership_id", user.membership_id)).ok());
    };
    std::vector<Answer> messages = world.pull(user, "WatchEvents", "{}");
    ASSERT_GE(messages.size(), 2u);
    EXPECT_EQ(messages.back().reason, "MEMBERSHIP_ENDED");
}

} // namespace
} // namespace purvey
