// Memberships: invited, accepted, revoked, sent again, ended; one person in several accounts; and the account that
// keeps an administrator.
#include "server/flows/flow.h"
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

constexpr int64_t kHour = INT64_C(3600) * 1000;

class MembershipFlow : public AccountFlow {
  protected:
    Answer Invite(const Actor &by, const std::string &group_id, const char *more = "")
    {
        return world.call(by, "InviteMembership",
                          json(R"({"name": "Bo", "email": "bo@agency.example",
                                   "group_ids": ["%s"]%s})",
                               group_id.c_str(), more));
    }
    Answer Accept(const Actor &by, const std::string &token)
    {
        return world.call(by, "AcceptMembership", Id("invitation_token", token));
    }
    Answer Verb(const Actor &by, const char *method, const std::string &membership_id)
    {
        return world.call(by, method, Id("membership_id", membership_id));
    }

    const std::string group = world.group(vendor, {{"ACCOUNT", "VIEW"}});
    const Actor guest = world.user(reseller, {{"ORDER", "VIEW"}});
};

TEST_F(MembershipFlow, AnAcceptedInvitationOpensTheAccountToAUserOfAnother)
{
    Answer invited = Invite(vendor, group, R"(, "title": "Consultant", "external_id": "c-1")");
    ASSERT_TRUE(invited.ok()) << invited.message;
    EXPECT_EQ(invited.text("membership.state"), "MEMBERSHIP_STATE_INVITED");
    EXPECT_EQ(invited.text("membership.user_id"), "");
    EXPECT_EQ(invited.text("membership.title"), "Consultant");
    EXPECT_NE(invited.text("membership.invitation_expire_time"), "");
    std::string token = invited.text("invitation_token");
    EXPECT_EQ(token.size(), 6u + 64u + 1u + 32u);
    Answer joined = Accept(guest, token);
    ASSERT_TRUE(joined.ok()) << joined.message;
    EXPECT_EQ(joined.text("membership.id"), invited.text("membership.id"));
    EXPECT_EQ(joined.text("membership.state"), "MEMBERSHIP_STATE_JOINED");
    EXPECT_EQ(joined.text("membership.user_id"), guest.user_id);
    EXPECT_EQ(joined.text("membership.kind"), "USER_KIND_SERVICE");
    EXPECT_EQ(joined.text("membership.invitation_sha256"), "");
    EXPECT_EQ(joined.text("membership.administrator"), "");

    Actor here = world.certify(vendor, joined.text("membership.id"));
    EXPECT_EQ(here.user_id, guest.user_id);
    EXPECT_TRUE(world.call(here, "GetAccount", Id("account_id", vendor.account_id)).ok());
    EXPECT_EQ(world.call(here, "GetAccount", Id("account_id", reseller.account_id)).reason,
              "NOT_FOUND")
        << "each certificate opens one account";
    EXPECT_EQ(world.call(guest, "GetAccount", Id("account_id", vendor.account_id)).reason,
              "GRANT_MISSING");
    EXPECT_EQ(world.call(vendor, "GetUser", Id("user_id", guest.user_id)).reason, "NOT_FOUND")
        << "the user is kept by its home alone";
}

TEST_F(MembershipFlow, OfMoreAccountsThanFitEachIsToldByTellingAll)
{
    for (int i = 0; i < PV_TOUCHED_MAX + 2; i++) {
        Actor other = world.account("VENDOR", "Vendor " + std::to_string(i));
        Answer invited = Invite(other, world.administrators(other));
        ASSERT_TRUE(Accept(guest, invited.text("invitation_token")).ok());
    }
    const std::string every = "acc_00000000000000000000000000";
    world.told.clear();
    ASSERT_TRUE(world.call(vendor, "CreateGroup", R"({"name": "Few"})").ok());
    EXPECT_EQ(world.told.count(every), 0u);
    world.told.clear();
    ASSERT_TRUE(world.call(reseller, "DeactivateUser", Id("user_id", guest.user_id)).ok());
    EXPECT_EQ(world.told.count(every), 1u);
    EXPECT_EQ(world.told.size(), PV_TOUCHED_MAX + 1u);
}

TEST_F(MembershipFlow, WhoAmIListsEveryAccountOfTheUser)
{
    ASSERT_TRUE(Accept(guest, Invite(vendor, group).text("invitation_token")).ok());
    Answer who = world.call(guest, "WhoAmI", "{}");
    EXPECT_EQ(who.text("membership.id"), guest.membership_id);
    EXPECT_EQ(who.text("memberships.0.account_id"), reseller.account_id);
    EXPECT_EQ(who.text("memberships.0.account_name"), "Rigel");
    EXPECT_EQ(who.text("memberships.1.account_id"), vendor.account_id);
    EXPECT_EQ(who.text("memberships.1.account_type"), "ACCOUNT_TYPE_VENDOR");
    EXPECT_EQ(who.text("memberships.1.account_state"), "ACCOUNT_STATE_ACTIVE");
    EXPECT_EQ(who.text("memberships.2"), "");
    Answer operators = world.call(platform, "WhoAmI", "{}");
    EXPECT_EQ(operators.text("memberships.0.account_id"), platform.account_id);
}

TEST_F(MembershipFlow, ATokenIsGivenOnceAndKeptNowhere)
{
    const char *same = R"(, "request_id": "00000000-0000-4000-8000-00000000abcd")";
    Answer first = Invite(vendor, group, same);
    Answer again = Invite(vendor, group, same);
    ASSERT_TRUE(first.ok()) << first.message;
    ASSERT_TRUE(again.ok()) << again.message;
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.text("membership.id"), first.text("membership.id"));
    EXPECT_EQ(again.text("invitation_token"), "") << "a secret is not stored for a repetition";
    EXPECT_TRUE(Accept(guest, first.text("invitation_token")).ok());
}

TEST_F(MembershipFlow, NoWrongTokenIsToldFromAnother)
{
    std::vector<Answer> refused;
    refused.push_back(Accept(guest, "pvinv_" + std::string(64, 'a')));
    Answer revoked = Invite(vendor, group);
    ASSERT_TRUE(Verb(vendor, "RevokeMembership", revoked.text("membership.id")).ok());
    refused.push_back(Accept(guest, revoked.text("invitation_token")));
    Answer sent = Verb(vendor, "ResendMembership", revoked.text("membership.id"));
    ASSERT_TRUE(sent.ok()) << sent.message;
    refused.push_back(Accept(guest, revoked.text("invitation_token")));
    world.advance(24 * kHour);
    refused.push_back(Accept(guest, sent.text("invitation_token")));
    sent = Verb(vendor, "ResendMembership", revoked.text("membership.id"));
    ASSERT_TRUE(Accept(guest, sent.text("invitation_token")).ok()) << "sent again it is open again";
    refused.push_back(Accept(world.user(reseller, {}), sent.text("invitation_token")));
    for (const Answer &answer : refused) {
        EXPECT_EQ(answer.reason, "INVITATION_INVALID");
        EXPECT_EQ(answer.message, refused[0].message);
        EXPECT_TRUE(answer.metadata.empty());
        EXPECT_TRUE(answer.violations.empty());
    }
}

TEST_F(MembershipFlow, AnInvitationLivesAsLongAsWasSaid)
{
    Answer invited = Invite(vendor, group, R"(, "lifetime_hours": 168)");
    world.advance(168 * kHour - 60 * 1000);
    EXPECT_TRUE(Accept(guest, invited.text("invitation_token")).ok());
    EXPECT_EQ(Invite(vendor, group, R"(, "lifetime_hours": 169)").reason, "INVALID_FIELD");
    EXPECT_EQ(Invite(vendor, group, R"(, "lifetime_hours": -1)").reason, "INVALID_FIELD");
}

TEST_F(MembershipFlow, ATokenMakesOneMember)
{
    Answer invited = Invite(vendor, group);
    std::string request = Id("invitation_token", invited.text("invitation_token"));
    std::vector<World::Waiting> racers;
    for (int i = 0; i < 64; i++) {
        Actor racer = world.user(reseller, {});
        racers.push_back({racer, "AcceptMembership", request});
    }
    int joined = 0;
    for (const Answer &answer : world.burst(racers)) {
        joined += answer.ok() ? 1 : 0;
        if (!answer.ok()) { EXPECT_EQ(answer.reason, "INVITATION_INVALID"); }
    }
    EXPECT_EQ(joined, 1);
}

TEST_F(MembershipFlow, OneLiveMembershipForEachAddressAndUser)
{
    Answer first = Invite(vendor, group);
    Answer second = Invite(vendor, group);
    EXPECT_EQ(second.reason, "MEMBERSHIP_EXISTS");
    EXPECT_EQ(second.note("existing_id"), first.text("membership.id"));
    EXPECT_EQ(world
                  .call(vendor, "CreateUser",
                        json(R"({"name": "Bo", "email": "bo@agency.example",
                                 "kind": "USER_KIND_PERSON", "group_ids": ["%s"]})",
                             group.c_str()))
                  .reason,
              "MEMBERSHIP_EXISTS")
        << "whoever is invited is not made beside it";
    ASSERT_TRUE(Accept(guest, first.text("invitation_token")).ok());
    EXPECT_EQ(Invite(vendor, group).reason, "MEMBERSHIP_EXISTS");
    Answer other = world.call(
        vendor, "InviteMembership",
        json(R"({"name": "B", "email": "b@agency.example", "group_ids": ["%s"]})", group.c_str()));
    Answer twice = Accept(guest, other.text("invitation_token"));
    EXPECT_EQ(twice.reason, "MEMBERSHIP_EXISTS");
    EXPECT_EQ(twice.note("existing_id"), first.text("membership.id"));
    EXPECT_EQ(world
                  .call(vendor, "UpdateMembership",
                        json(R"({"membership_id": "%s", "email": "bo@agency.example"})",
                             other.text("membership.id").c_str()))
                  .reason,
              "MEMBERSHIP_EXISTS");
    ASSERT_TRUE(Verb(vendor, "RemoveMembership", first.text("membership.id")).ok());
    EXPECT_TRUE(Invite(vendor, group).ok()) << "an ended membership is in nobody's way";
    EXPECT_TRUE(Accept(guest, other.text("invitation_token")).ok());
}

TEST_F(MembershipFlow, AnExternalIdIsFreeWhenTheMembershipHasEnded)
{
    const char *key = R"(, "external_id": "c-1")";
    Answer first = Invite(vendor, group, key);
    ASSERT_TRUE(first.ok()) << first.message;
    EXPECT_EQ(world
                  .call(vendor, "InviteMembership",
                        json(R"({"name": "B", "email": "b@agency.example", "group_ids": ["%s"]%s})",
                             group.c_str(), key))
                  .reason,
              "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(world
                  .call(vendor, "UpdateMembership",
                        json(R"({"membership_id": "%s"%s})", vendor.membership_id.c_str(), key))
                  .reason,
              "EXTERNAL_ID_EXISTS");
    ASSERT_TRUE(Accept(guest, first.text("invitation_token")).ok());
    ASSERT_TRUE(Verb(vendor, "RemoveMembership", first.text("membership.id")).ok());
    EXPECT_TRUE(Invite(vendor, group, key).ok());
}

TEST_F(MembershipFlow, ARemovedMemberIsRefusedOnItsNextCallAndItsCertificatesForEver)
{
    ASSERT_TRUE(Accept(guest, Invite(vendor, group).text("invitation_token")).ok());
    Answer who = world.call(guest, "WhoAmI", "{}");
    Actor here = world.certify(vendor, who.text("memberships.1.membership_id"));
    ASSERT_TRUE(world.call(here, "WhoAmI", "{}").ok());
    Answer removed = Verb(vendor, "RemoveMembership", here.membership_id);
    ASSERT_TRUE(removed.ok()) << removed.message;
    EXPECT_NE(removed.text("membership.end_time"), "");
    Answer refused = world.call(here, "WhoAmI", "{}");
    EXPECT_EQ(refused.reason, "MEMBERSHIP_ENDED");
    EXPECT_EQ(refused.note("membership"), here.membership_id);
    EXPECT_TRUE(world.call(guest, "WhoAmI", "{}").ok()) << "its other memberships stay";
    Answer again = Invite(vendor, group);
    ASSERT_TRUE(Accept(guest, again.text("invitation_token")).ok());
    EXPECT_EQ(world.call(here, "WhoAmI", "{}").reason, "MEMBERSHIP_ENDED")
        << "a new membership does not revive the certificates of the old one";
    EXPECT_EQ(
        world
            .call(vendor, "IssueCertificate",
                  json(R"({"membership_id": "%s", "csr_pem": "csr"})", here.membership_id.c_str()))
            .reason,
        "CERTIFICATE_OWNER_INACTIVE");
}

TEST_F(MembershipFlow, ItsHomeSwitchesAUserOffEverywhere)
{
    ASSERT_TRUE(Accept(guest, Invite(vendor, group).text("invitation_token")).ok());
    Answer who = world.call(guest, "WhoAmI", "{}");
    Actor here = world.certify(vendor, who.text("memberships.1.membership_id"));
    EXPECT_EQ(world.call(vendor, "DeactivateUser", Id("user_id", guest.user_id)).reason,
              "NOT_FOUND");
    world.told.clear();
    ASSERT_TRUE(world.call(reseller, "DeactivateUser", Id("user_id", guest.user_id)).ok());
    EXPECT_EQ(world.call(here, "WhoAmI", "{}").reason, "USER_INACTIVE");
    EXPECT_EQ(world.told,
              (std::set<std::string>{reseller.account_id, vendor.account_id, platform.account_id}))
        << "whose open connections are looked at";
}

TEST_F(MembershipFlow, AMemberLeavesWithoutAnyRight)
{
    Actor member = world.user(vendor, {});
    Answer left = world.call(member, "LeaveMembership", "{}");
    ASSERT_TRUE(left.ok()) << left.message;
    EXPECT_EQ(left.text("membership.id"), member.membership_id);
    EXPECT_EQ(left.text("membership.state"), "MEMBERSHIP_STATE_REMOVED");
    EXPECT_EQ(world.call(member, "WhoAmI", "{}").reason, "MEMBERSHIP_ENDED");
}

// State x verb, as the table in the .proto says.
TEST_F(MembershipFlow, StatesMoveOnlyAsTheTableSays)
{
    const struct {
        const char *state;
        std::function<std::string()> make;
        const char *revoke, *resend, *update, *remove; // reasons
    } rows[] = {
        {"INVITED", [&] { return Invite(vendor, group).text("membership.id"); }, "", "", "",
         "STATE_FORBIDS"},
        {"EXPIRED",
         [&] {
             std::string id = Invite(vendor, group).text("membership.id");
             EXPECT_TRUE(Verb(vendor, "RevokeMembership", id).ok());
             return id;
         },
         "STATE_FORBIDS", "", "", ""},
        {"JOINED", [&] { return world.user(vendor, {}).membership_id; }, "STATE_FORBIDS",
         "STATE_FORBIDS", "", ""},
        {"REMOVED",
         [&] {
             std::string id = world.user(vendor, {}).membership_id;
             EXPECT_TRUE(Verb(vendor, "RemoveMembership", id).ok());
             return id;
         },
         "STATE_FORBIDS", "STATE_FORBIDS", "STATE_FORBIDS", "STATE_FORBIDS"},
    };
    for (const auto &row : rows) {
        const std::pair<const char *, const char *> verbs[] = {
            {"UpdateMembership", row.update},
            {"RevokeMembership", row.revoke},
            {"ResendMembership", row.resend},
            {"RemoveMembership", row.remove},
        };
        for (const auto &verb : verbs) {
            std::string id = row.make();
            EXPECT_EQ(Verb(vendor, verb.first, id).reason, verb.second)
                << verb.first << " on " << row.state;
            (void)Verb(vendor, "RevokeMembership", id); // the address becomes free for the next one
            (void)Verb(vendor, "RemoveMembership", id);
        }
    }
}

TEST_F(MembershipFlow, MembershipsAreListedByAccountStateAndGroup)
{
    Actor member = world.member(vendor, group);
    Actor other = world.user(vendor, {});
    Answer of_group = world.call(vendor, "ListMemberships", Id("group_id", group));
    EXPECT_EQ(of_group.text("memberships.0.id"), member.membership_id);
    EXPECT_EQ(of_group.text("memberships.1"), "");
    Answer page = world.call(vendor, "ListMemberships",
                             json(R"({"group_id": "%s", "page_size": 1})", group.c_str()));
    EXPECT_EQ(page.text("memberships.0.id"), member.membership_id)
        << "who is left out takes no place on the page";
    Answer administrators =
        world.call(platform, "ListMemberships", R"({"filter": "administrator = true"})");
    ASSERT_TRUE(administrators.ok()) << administrators.message;
    EXPECT_EQ(administrators.text("memberships.0.id"), platform.membership_id);
    EXPECT_EQ(administrators.text("memberships.2.id"), reseller.membership_id);
    Answer joined = world.call(vendor, "ListMemberships", R"({"filter": "state = JOINED"})");
    EXPECT_EQ(joined.text("memberships.2.id"), other.membership_id) << joined.message;
    Answer own = world.call(reseller, "ListMemberships", "{}");
    EXPECT_EQ(own.text("memberships.0.id"), reseller.membership_id);
    EXPECT_EQ(Verb(reseller, "GetMembership", member.membership_id).reason, "NOT_FOUND");
    EXPECT_EQ(Verb(reseller, "RemoveMembership", member.membership_id).reason, "NOT_FOUND");
    EXPECT_EQ(world
                  .call(reseller, "InviteMembership",
                        json(R"({"account_id": "%s", "name": "X", "email": "x@example.com",
                                 "group_ids": ["%s"]})",
                             vendor.account_id.c_str(), group.c_str()))
                  .reason,
              "NOT_FOUND");
    EXPECT_EQ(Invite(vendor, "grp_01j9zv0000abcdefghjkmnpqrs").reason, "NOT_FOUND");
    Answer foreign = world.call(platform, "InviteMembership",
                                json(R"({"account_id": "%s", "name": "X", "email": "x@example.com",
                            "group_ids": ["%s"]})",
                                     reseller.account_id.c_str(), group.c_str()));
    EXPECT_EQ(foreign.reason, "GROUPS_INVALID");
}

struct MembershipUpdate {
    const char *name;
    const char *fields;
    const char *reason;
};

const MembershipUpdate kMembershipUpdates[] = {
    {"Name", R"("name": "New")", ""},
    {"TitleAndKey", R"("title": "Boss", "external_id": "p-1")", ""},
    {"EmptyName", R"("update_mask": "name")", "INVALID_FIELD"},
    {"State", R"("update_mask": "state")", "UPDATE_MASK_INVALID"},
    {"User", R"("update_mask": "user_id")", "UPDATE_MASK_INVALID"},
    {"Administrator", R"("update_mask": "administrator")", "UPDATE_MASK_INVALID"},
    {"NotAnAddress", R"("email": "nobody")", "INVALID_FIELD"},
    {"NotAGroup", R"("group_ids": ["x"])", "INVALID_FIELD"},
    {"UnknownGroup", R"("group_ids": ["grp_01j9zv0000abcdefghjkmnpqrs"])", "NOT_FOUND"},
};

class MembershipUpdates : public AccountFlow,
                          public testing::WithParamInterface<MembershipUpdate> {};

TEST_P(MembershipUpdates, Rule)
{
    Answer answer = world.call(
        vendor, "UpdateMembership",
        json(R"({"membership_id": "%s", %s})", vendor.membership_id.c_str(), GetParam().fields));
    EXPECT_EQ(answer.reason, GetParam().reason) << answer.message;
}

INSTANTIATE_TEST_SUITE_P(Flows, MembershipUpdates, testing::ValuesIn(kMembershipUpdates),
                         [](const auto &test) { return std::string(test.param.name); });

// --- an account keeps somebody who can manage it ---

TEST_F(MembershipFlow, AnAccountKeepsItsLastAdministrator)
{
    std::string user = Id("user_id", vendor.user_id);
    std::string membership = Id("membership_id", vendor.membership_id);
    std::string emptied = json(R"({"membership_id": "%s", "update_mask": "group_ids"})",
                               vendor.membership_id.c_str());
    world.user(vendor, {{"ACCOUNT", "MANAGE"}, {"ORDER", "MANAGE"}}); // in another group
    for (const Actor &by : {vendor, platform}) {
        EXPECT_EQ(world.call(by, "UpdateMembership", emptied).reason, "LAST_MANAGER");
        EXPECT_EQ(world.call(by, "RemoveMembership", membership).reason, "LAST_MANAGER");
        Answer refused = world.call(by, "DeactivateUser", user);
        EXPECT_EQ(refused.reason, "LAST_MANAGER");
        ASSERT_EQ(refused.violations.size(), 1u);
        EXPECT_EQ(refused.violations[0].first, vendor.account_id);
    }
    EXPECT_EQ(world.call(vendor, "LeaveMembership", "{}").reason, "LAST_MANAGER");
    EXPECT_EQ(world.call(vendor, "GetUser", user).text("user.state"), "USER_STATE_ACTIVE")
        << "a refused change leaves nothing";
    EXPECT_EQ(world.call(vendor, "GetMembership", membership).text("membership.administrator"),
              "true");
    EXPECT_EQ(world.call(platform, "DeactivateUser", Id("user_id", platform.user_id)).reason,
              "LAST_MANAGER")
        << "administrators of other accounts do not count";
}

TEST_F(MembershipFlow, ASecondAdministratorSetsTheFirstOneFree)
{
    Actor second = world.member(vendor, world.administrators(vendor));
    std::string user = Id("user_id", vendor.user_id);
    ASSERT_TRUE(world.call(second, "DeactivateUser", user).ok());
    EXPECT_EQ(world.call(second, "GetMembership", Id("membership_id", vendor.membership_id))
                  .text("membership.administrator"),
              "")
        << "who cannot call manages nothing";
    EXPECT_EQ(world.call(second, "LeaveMembership", "{}").reason, "LAST_MANAGER");
    ASSERT_TRUE(world.call(second, "ActivateUser", user).ok());
    EXPECT_TRUE(world.call(second, "LeaveMembership", "{}").ok());
    EXPECT_EQ(world.call(vendor, "LeaveMembership", "{}").reason, "LAST_MANAGER");
}

TEST_F(MembershipFlow, TwoAdministratorsWhoLeaveAtOnceDoNotBothGo)
{
    Actor second = world.member(vendor, world.administrators(vendor));
    std::vector<Answer> answers = world.burst({
        {vendor, "LeaveMembership", "{}"},
        {second, "LeaveMembership", "{}"},
    });
    EXPECT_TRUE(answers[0].ok()) << answers[0].message;
    EXPECT_EQ(answers[1].reason, "LAST_MANAGER");
}

TEST_F(MembershipFlow, AGuestIsNotWhoKeepsAnAccountAlive)
{
    Answer invited = Invite(vendor, world.administrators(vendor));
    ASSERT_TRUE(Accept(guest, invited.text("invitation_token")).ok());
    EXPECT_EQ(world.call(vendor, "LeaveMembership", "{}").reason, "LAST_MANAGER")
        << "its home could switch the guest off";
    EXPECT_TRUE(world.call(reseller, "DeactivateUser", Id("user_id", guest.user_id)).ok());
}

} // namespace
} // namespace purvey
