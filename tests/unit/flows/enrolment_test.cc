// Enrolment: a token and a key become a member and its certificate, once; of a token that does not count nothing is
// told.
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

const Actor kNobody; // no certificate

class Enrolment : public AccountFlow {
  protected:
    struct Invited {
        std::string token;
        std::string membership_id;
    };

    // An invitation to join the vendor in this group; `more` are further fields of the request.
    Invited Invite(const std::string &group_id, const std::string &more = "")
    {
        Answer made = world.call(
            vendor, "InviteMembership",
            json(R"({"name": "Grace", "email": "grace-%d@vega.example", "group_ids": ["%s"] %s})",
                 ++invited_, group_id.c_str(), more.c_str()));
        EXPECT_TRUE(made.ok()) << made.message;
        return {made.text("invitation_token"), made.text("membership.id")};
    }

    // An invitation of a member to a further certificate.
    std::string Further(const Actor &member, const std::string &more = "")
    {
        Answer made = world.call(
            vendor, "CreateInvitation",
            json(R"({"membership_id": "%s" %s})", member.membership_id.c_str(), more.c_str()));
        EXPECT_TRUE(made.ok()) << made.message;
        return made.text("invitation_token");
    }

    Answer Enroll(const std::string &token, const std::string &key, const std::string &more = "")
    {
        return world.call(kNobody, "Enroll",
                          json(R"({"invitation_token": "%s", "csr_pem": "%s" %s})", token.c_str(),
                               key.c_str(), more.c_str()));
    }

    static Actor As(const Answer &enrolled)
    {
        return {enrolled.text("certificate.account_id"), enrolled.text("certificate.user_id"),
                enrolled.text("certificate.membership_id"), enrolled.text("certificate.id"),
                enrolled.text("certificate.sha256")};
    }

    std::string orders = world.group(vendor, {{"ORDER", "MANAGE"}, {"USAGE", "VIEW"}});

  private:
    int invited_ = 0;
};

#define EXPECT_SAME_REFUSAL(a, b)                  \
    do {                                           \
        EXPECT_EQ((a).code, (b).code);             \
        EXPECT_EQ((a).reason, (b).reason);         \
        EXPECT_EQ((a).message, (b).message);       \
        EXPECT_EQ((a).metadata, (b).metadata);     \
        EXPECT_EQ((a).violations, (b).violations); \
    } while (false)

TEST_F(Enrolment, AnInvitedPersonBecomesAUserJoinsAndMayCall)
{
    Invited invited = Invite(orders);
    Answer enrolled = Enroll(invited.token, "key", R"(, "label": "notebook")");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("certificate.state"), "CERTIFICATE_STATE_ACTIVE");
    EXPECT_EQ(enrolled.text("certificate.label"), "notebook");
    EXPECT_EQ(enrolled.text("certificate.account_id"), vendor.account_id);
    EXPECT_EQ(enrolled.text("certificate.membership_id"), invited.membership_id);
    EXPECT_NE(enrolled.text("certificate_pem"), "");
    EXPECT_EQ(enrolled.text("chain_pem"), "chain");
    EXPECT_EQ(enrolled.text("account_name"), "Vega");
    EXPECT_EQ(enrolled.text("membership.state"), "MEMBERSHIP_STATE_JOINED");
    EXPECT_EQ(enrolled.text("membership.invitation_sha256"), "");
    Actor grace = As(enrolled);
    Answer who = world.call(grace, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.message;
    Answer user = world.call(vendor, "GetUser", Id("user_id", grace.user_id));
    EXPECT_EQ(user.text("user.name"), "Grace");
    EXPECT_EQ(user.text("user.email"), "grace-1@vega.example");
    EXPECT_EQ(user.text("user.kind"), "USER_KIND_PERSON");
    EXPECT_TRUE(world.call(grace, "ListOrders", "{}").ok());
    EXPECT_EQ(world.call(grace, "ListUsers", "{}").reason, "GRANT_MISSING");
    EXPECT_EQ(world.call(vendor, "GetCertificate", Id("certificate_id", grace.certificate_id))
                  .text("certificate.certificate_pem"),
              enrolled.text("certificate_pem"));
}

TEST_F(Enrolment, TheTokenNamesTheServersRootAndCountsWithoutIt)
{
    Invited invited = Invite(orders);
    size_t point = invited.token.find('.');
    ASSERT_NE(point, std::string::npos);
    EXPECT_EQ(point, strlen("pvinv_") + 64);
    EXPECT_EQ(invited.token.size() - point - 1, 32u);
    EXPECT_TRUE(Enroll(invited.token.substr(0, point), "key").ok());
    Invited other = Invite(orders);
    EXPECT_TRUE(world.call(reseller, "AcceptMembership", Id("invitation_token", other.token)).ok());
}

TEST_F(Enrolment, AProgramIsInvitedWithNarrowScopesAndAShortLife)
{
    Invited invited =
        Invite(orders, R"(, "kind": "USER_KIND_SERVICE", "certificate_lifetime_days": 7,
                           "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}])");
    Answer enrolled = Enroll(invited.token, "key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("membership.kind"), "USER_KIND_SERVICE");
    EXPECT_EQ(enrolled.text("certificate.scopes.0.module"), "MODULE_ORDER");
    EXPECT_EQ(enrolled.text("certificate.scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(enrolled.text("certificate.scopes.1.module"), "");
    Actor machine = As(enrolled);
    EXPECT_TRUE(world.call(machine, "ListOrders", "{}").ok());
    EXPECT_EQ(world.call(machine, "ListUsageReports", "{}").reason, "GRANT_MISSING");
    world.advance(7 * kDayMs);
    EXPECT_EQ(world.call(machine, "WhoAmI", "{}").reason, "CERTIFICATE_EXPIRED");
}

TEST_F(Enrolment, OfATokenThatDoesNotCountNothingIsTold)
{
    Answer unknown = Enroll("pvinv_" + std::string(64, 'a'), "key");
    EXPECT_EQ(unknown.reason, "INVITATION_INVALID");
    Invited used = Invite(orders);
    ASSERT_TRUE(Enroll(used.token, "key").ok());
    EXPECT_SAME_REFUSAL(Enroll(used.token, "another key"), unknown);
    EXPECT_SAME_REFUSAL(Enroll(used.token, "bad"), unknown);
    Invited revoked = Invite(orders);
    ASSERT_TRUE(
        world.call(vendor, "RevokeMembership", Id("membership_id", revoked.membership_id)).ok());
    EXPECT_SAME_REFUSAL(Enroll(revoked.token, "key"), unknown);
    Invited resent = Invite(orders);
    Answer again =
        world.call(vendor, "ResendMembership", Id("membership_id", resent.membership_id));
    EXPECT_SAME_REFUSAL(Enroll(resent.token, "key"), unknown);
    EXPECT_TRUE(Enroll(again.text("invitation_token"), "key").ok());
    Invited accepted = Invite(orders);
    ASSERT_TRUE(
        world.call(reseller, "AcceptMembership", Id("invitation_token", accepted.token)).ok());
    EXPECT_SAME_REFUSAL(Enroll(accepted.token, "key"), unknown);
    Invited late = Invite(orders);
    world.advance(kDayMs);
    EXPECT_SAME_REFUSAL(Enroll(late.token, "key"), unknown);
    EXPECT_SAME_REFUSAL(Enroll("x.y", "bad"), unknown);
}

TEST_F(Enrolment, TheSameTokenAndKeyGiveTheSameCertificate)
{
    Invited invited = Invite(orders);
    Answer first = Enroll(invited.token, "key");
    Answer again = Enroll(invited.token, "key", R"(, "label": "another name")");
    ASSERT_TRUE(first.ok() && again.ok()) << first.message << again.message;
    EXPECT_FALSE(again.replayed) << "another request_id";
    EXPECT_EQ(again.packed, first.packed);
    world.advance(30 * kDayMs);
    EXPECT_EQ(Enroll(invited.token, "key").text("certificate_pem"), first.text("certificate_pem"))
        << "also when its day has passed";
    ASSERT_TRUE(Revoke(vendor, first.text("certificate.id")).ok());
    EXPECT_EQ(Enroll(invited.token, "key").reason, "INVITATION_INVALID");
}

TEST_F(Enrolment, ARaceForOneTokenHasOneWinner)
{
    Invited invited = Invite(orders);
    std::vector<std::string> requests;
    for (int i = 0; i < 64; i++) {
        requests.push_back(
            json(R"({"invitation_token": "%s", "csr_pem": "key %d"})", invited.token.c_str(), i));
    }
    int winners = 0;
    for (const Answer &answer : world.burst(kNobody, "Enroll", requests)) {
        if (answer.ok()) {
            winners++;
        } else {
            EXPECT_EQ(answer.reason, "INVITATION_INVALID");
        }
    }
    EXPECT_EQ(winners, 1);
    Answer all =
        world.call(platform, "ListCertificates",
                   json(R"({"filter": "membership_id = \"%s\""})", invited.membership_id.c_str()));
    EXPECT_NE(all.text("certificates.0.id"), "");
    EXPECT_EQ(all.text("certificates.1.id"), "");
}

TEST_F(Enrolment, ARaceWithOneKeyGivesEverybodyTheOneCertificate)
{
    Invited invited = Invite(orders);
    std::vector<std::string> requests(
        64, json(R"({"invitation_token": "%s", "csr_pem": "key"})", invited.token.c_str()));
    std::vector<Answer> answers = world.burst(kNobody, "Enroll", requests);
    for (const Answer &answer : answers) {
        ASSERT_TRUE(answer.ok()) << answer.message;
        EXPECT_EQ(answer.packed, answers[0].packed);
    }
}

TEST_F(Enrolment, WhatCannotBeSignedLeavesTheTokenOpenOrTheIntent)
{
    Invited invited = Invite(orders);
    EXPECT_EQ(Enroll(invited.token, "bad").reason, "CERTIFICATE_REQUEST_INVALID");
    EXPECT_EQ(Enroll(invited.token, "key", R"(, "csr_der": "Y3Ny")").reason,
              "CERTIFICATE_REQUEST_INVALID");
    world.authority_down(true);
    EXPECT_EQ(Enroll(invited.token, "key").reason, "AUTHORITY_UNAVAILABLE");
    Answer pending = world.call(vendor, "ListCertificates", R"({"filter": "state = PENDING"})");
    ASSERT_NE(pending.text("certificates.0.id"), "");
    EXPECT_EQ(Enroll(invited.token, "another key").reason, "INVITATION_INVALID")
        << "the token is bound to the key of the intent";
    world.authority_down(false);
    Answer enrolled = Enroll(invited.token, "key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("certificate.id"), pending.text("certificates.0.id"));
    EXPECT_EQ(enrolled.text("certificate.serial"), pending.text("certificates.0.serial"));
}

TEST_F(Enrolment, AValidatedAttemptLeavesTheTokenOpen)
{
    Invited invited = Invite(orders);
    Answer tried = Enroll(invited.token, "key", R"(, "validate_only": true)");
    ASSERT_TRUE(tried.ok()) << tried.message;
    EXPECT_EQ(tried.text("certificate.state"), "CERTIFICATE_STATE_PENDING");
    EXPECT_EQ(tried.text("certificate_pem"), "");
    Answer membership =
        world.call(vendor, "GetMembership", Id("membership_id", invited.membership_id));
    EXPECT_EQ(membership.text("membership.state"), "MEMBERSHIP_STATE_INVITED");
    EXPECT_TRUE(Enroll(invited.token, "another key").ok());
}

TEST_F(Enrolment, AMemberEnrolsAFurtherCertificateWithinItsRights)
{
    Actor member = world.user(vendor, {{"ORDER", "ACT"}, {"USAGE", "VIEW"}});
    std::string token =
        Further(member, R"(, "scopes": [{"module": "MODULE_USAGE", "grant": "GRANT_VIEW"}])");
    EXPECT_EQ(world.call(reseller, "AcceptMembership", Id("invitation_token", token)).reason,
              "INVITATION_INVALID")
        << "it is no invitation to join";
    Answer enrolled = Enroll(token, "second key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    Actor second = As(enrolled);
    EXPECT_EQ(second.user_id, member.user_id);
    EXPECT_EQ(second.membership_id, member.membership_id);
    EXPECT_TRUE(world.call(second, "ListUsageReports", "{}").ok());
    EXPECT_EQ(world.call(second, "ListOrders", "{}").reason, "GRANT_MISSING");
    EXPECT_TRUE(world.call(member, "ListOrders", "{}").ok()) << "the first one stays";
    std::string open = Further(member);
    std::string newer = Further(member);
    EXPECT_EQ(Enroll(open, "third key").reason, "INVITATION_INVALID") << "one at a time";
    ASSERT_TRUE(
        world.call(vendor, "RevokeInvitation", Id("membership_id", member.membership_id)).ok());
    EXPECT_EQ(Enroll(newer, "third key").reason, "INVITATION_INVALID");
    EXPECT_TRUE(Enroll(Further(member), "third key").ok());
}

struct Invitation {
    const char *name;
    const char *fields; // beside membership_id
    const char *reason;
};

const Invitation kInvitations[] = {
    {"AllThatTheMemberMay", "", ""},
    {"AScope", R"(, "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"}])", ""},
    {"MoreThanTheMember", R"(, "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_MANAGE"}])",
     "SCOPES_EXCEED_USER"},
    {"AModuleTwice", R"(, "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
                                     {"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}])",
     "GRANTS_INVALID"},
    {"AWeek", R"(, "lifetime_hours": 168)", ""},
    {"TooLong", R"(, "lifetime_hours": 169)", "INVALID_FIELD"},
    {"TooLongACertificate", R"(, "certificate_lifetime_days": 399)", "INVALID_FIELD"},
    {"OtherEtag", R"(, "etag": "\"0\"")", "ETAG_MISMATCH"},
};

class Invitations : public Enrolment, public testing::WithParamInterface<Invitation> {};

TEST_P(Invitations, Rule)
{
    Actor member = world.user(vendor, {{"ORDER", "ACT"}});
    Answer answer = world.call(
        vendor, "CreateInvitation",
        json(R"({"membership_id": "%s" %s})", member.membership_id.c_str(), GetParam().fields));
    EXPECT_EQ(answer.reason, GetParam().reason) << answer.message;
    EXPECT_EQ(answer.text("invitation_token").empty(), *GetParam().reason != '\0');
}

INSTANTIATE_TEST_SUITE_P(Flows, Invitations, testing::ValuesIn(kInvitations),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(Enrolment, NobodyInvitesToMoreThanItHoldsOrForOthers)
{
    Actor manager = world.user(vendor, {{"ACCOUNT", "MANAGE"}});
    Actor member = world.user(vendor, {{"ORDER", "ACT"}});
    std::string of_member = Id("membership_id", member.membership_id);
    EXPECT_EQ(world.call(manager, "CreateInvitation", of_member).reason, "GRANTS_EXCEED_CALLER");
    EXPECT_EQ(world.call(reseller, "CreateInvitation", of_member).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(reseller, "RevokeInvitation", of_member).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(member, "CreateInvitation", of_member).reason, "GRANT_MISSING");
    EXPECT_EQ(
        world
            .call(vendor, "RevokeInvitation",
                  json(R"({"membership_id": "%s", "etag": "\"0\""})", member.membership_id.c_str()))
            .reason,
        "ETAG_MISMATCH");
    Invited invited = Invite(orders);
    std::string of_invited = Id("membership_id", invited.membership_id);
    EXPECT_EQ(world.call(vendor, "CreateInvitation", of_invited).reason, "STATE_FORBIDS");
    EXPECT_EQ(world.call(vendor, "RevokeInvitation", of_invited).reason, "STATE_FORBIDS");
    EXPECT_EQ(world
                  .call(vendor, "InviteMembership",
                        json(R"({"name": "X", "email": "x@vega.example", "group_ids": ["%s"],
                           "scopes": [{"module": "MODULE_ACCOUNT", "grant": "GRANT_VIEW"}]})",
                             orders.c_str()))
                  .reason,
              "SCOPES_EXCEED_USER");
    EXPECT_EQ(world
                  .call(vendor, "InviteMembership",
                        json(R"({"name": "X", "email": "x@vega.example", "group_ids": ["%s"],
                           "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
                                      {"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}]})",
                             orders.c_str()))
                  .reason,
              "GRANTS_INVALID");
}

TEST_F(Enrolment, WhoeverLeftBetweenInvitationAndEnrolmentIsRefused)
{
    Actor member = world.user(vendor, {{"ORDER", "ACT"}});
    std::string token = Further(member);
    ASSERT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", member.user_id)).ok());
    Answer refused = Enroll(token, "key");
    EXPECT_EQ(refused.reason, "CERTIFICATE_OWNER_INACTIVE");
    EXPECT_EQ(refused.violations.at(0).first, member.user_id);
    EXPECT_EQ(
        world.call(vendor, "CreateInvitation", Id("membership_id", member.membership_id)).reason,
        "CERTIFICATE_OWNER_INACTIVE");
    ASSERT_TRUE(world.call(vendor, "ActivateUser", Id("user_id", member.user_id)).ok());
    ASSERT_TRUE(
        world.call(vendor, "RemoveMembership", Id("membership_id", member.membership_id)).ok());
    EXPECT_EQ(Enroll(token, "key").reason, "INVITATION_INVALID") << "it ended with the membership";
}

TEST_F(Enrolment, AnInactiveAccountEnrolsNobody)
{
    Invited invited = Invite(orders);
    ASSERT_TRUE(
        world.call(platform, "DeactivateAccount", Id("account_id", vendor.account_id)).ok());
    Answer refused = Enroll(invited.token, "key");
    EXPECT_EQ(refused.reason, "CERTIFICATE_OWNER_INACTIVE");
    EXPECT_EQ(refused.violations.at(0).first, vendor.account_id);
    ASSERT_TRUE(world.call(platform, "ActivateAccount", Id("account_id", vendor.account_id)).ok());
    EXPECT_TRUE(Enroll(invited.token, "key").ok()) << "the invitation was not used up";
}

TEST_F(Enrolment, AnEmptiedGroupCutsTheCertificateAndAnEmptyOneIsRefused)
{
    std::string group = world.group(vendor, {{"ORDER", "MANAGE"}, {"USAGE", "MANAGE"}});
    Invited invited =
        Invite(group, R"(, "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"},
                                                   {"module": "MODULE_USAGE", "grant": "GRANT_ACT"}])");
    auto permit = [&](const char *permissions) {
        Answer changed = world.call(
            vendor, "UpdateGroup",
            json(R"({"group_id": "%s", "permissions": [%s], "update_mask": "permissions"})",
                 group.c_str(), permissions));
        ASSERT_TRUE(changed.ok()) << changed.message;
    };
    permit("");
    Answer refused = Enroll(invited.token, "key");
    EXPECT_EQ(refused.reason, "CERTIFICATE_WITHOUT_RIGHTS");
    EXPECT_EQ(refused.note("membership"), invited.membership_id);
    permit(R"({"module": "MODULE_ORDER", "grant": "GRANT_VIEW"})");
    Answer enrolled = Enroll(invited.token, "key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("certificate.scopes.0.module"), "MODULE_ORDER");
    EXPECT_EQ(enrolled.text("certificate.scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(enrolled.text("certificate.scopes.1.module"), "");
}

TEST_F(Enrolment, WhoWasAUserOfTheAccountBeforeIsThatUserAgain)
{
    Invited invited = Invite(orders);
    Actor grace = As(Enroll(invited.token, "key"));
    ASSERT_TRUE(
        world.call(vendor, "RemoveMembership", Id("membership_id", invited.membership_id)).ok());
    std::string back = json(
        R"({"name": "G.", "email": "grace-1@vega.example", "group_ids": ["%s"]})", orders.c_str());
    Answer again = world.call(vendor, "InviteMembership", back);
    Answer enrolled = Enroll(again.text("invitation_token"), "new key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(As(enrolled).user_id, grace.user_id);
    EXPECT_NE(As(enrolled).membership_id, grace.membership_id);
    /* The address in the membership is changed, so that it can be invited once more; the user is a member still. */
    ASSERT_TRUE(world
                    .call(vendor, "UpdateMembership",
                          json(R"({"membership_id": "%s", "email": "other@vega.example"})",
                               As(enrolled).membership_id.c_str()))
                    .ok());
    Answer twice = world.call(vendor, "InviteMembership", back);
    Answer refused = Enroll(twice.text("invitation_token"), "third key");
    EXPECT_EQ(refused.reason, "MEMBERSHIP_EXISTS");
    EXPECT_EQ(refused.note("existing_id"), As(enrolled).membership_id);
}

TEST_F(Enrolment, AnInvitationExpiresByItselfAndCanBeSentAgain)
{
    Actor member = world.user(vendor, {{"ORDER", "ACT"}});
    Invited late =
        Invite(orders, R"(, "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}])");
    std::string further = Further(member);
    world.advance(kDayMs / 2);
    Invited fresh = Invite(orders);
    auto get = [&](const std::string &id) {
        return world.call(vendor, "GetMembership", Id("membership_id", id));
    };
    EXPECT_EQ(world.call(platform, "ExpireInvitations", "{}").text("expired"), "");
    world.advance(kDayMs / 2);
    ASSERT_TRUE(world.run_committer_until([&] {
        return get(late.membership_id).text("membership.state") == "MEMBERSHIP_STATE_EXPIRED";
    })) << "nobody has called anything";
    EXPECT_EQ(get(late.membership_id).text("membership.invitation_sha256"), "");
    EXPECT_EQ(get(fresh.membership_id).text("membership.state"), "MEMBERSHIP_STATE_INVITED");
    EXPECT_EQ(get(member.membership_id).text("membership.state"), "MEMBERSHIP_STATE_JOINED");
    EXPECT_EQ(get(member.membership_id).text("membership.invitation_expire_time"), "");
    Answer expired = world.call(vendor, "ListMemberships", R"({"filter": "state = EXPIRED"})");
    EXPECT_EQ(expired.text("memberships.0.id"), late.membership_id);
    Answer again = world.call(vendor, "ResendMembership", Id("membership_id", late.membership_id));
    Answer enrolled = Enroll(again.text("invitation_token"), "key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("certificate.scopes.0.grant"), "GRANT_VIEW") << "on the same terms";
    EXPECT_EQ(world.call(vendor, "ExpireInvitations", "{}").reason, "ROLE_MAY_NOT_CALL");
    Invited other = Invite(orders);
    std::string once_more = Further(member);
    world.advance(kDayMs);
    EXPECT_EQ(world.call(platform, "ExpireInvitations", "{}").text("expired"), "3");
}

TEST_F(Enrolment, AnAdministratorWhoEnrolsIsOneOfTheAccounts)
{
    Invited invited = Invite(world.administrators(vendor));
    Answer enrolled = Enroll(invited.token, "key");
    ASSERT_TRUE(enrolled.ok()) << enrolled.message;
    EXPECT_EQ(enrolled.text("membership.administrator"), "true");
    EXPECT_TRUE(world.call(As(enrolled), "ListUsers", "{}").ok());
}

TEST_F(Enrolment, ATokenIsNoSecretOfTheAnswersThatAreKept)
{
    std::string request = json(R"({"membership_id": "%s",
                                   "request_id": "00000000-0000-4000-8000-0000000000aa"})",
                               vendor.membership_id.c_str());
    EXPECT_NE(world.call(vendor, "CreateInvitation", request).text("invitation_token"), "");
    Answer again = world.call(vendor, "CreateInvitation", request);
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.text("invitation_token"), "");
}

TEST(Attempts, ASourceHasAFewAMinute)
{
    World world(3);
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(
            world.call(kNobody, "Enroll", R"({"invitation_token": "x", "csr_pem": "k"})").reason,
            "INVITATION_INVALID");
    }
    EXPECT_EQ(world.call(kNobody, "Enroll", R"({"invitation_token": "x", "csr_pem": "k"})").reason,
              "ATTEMPTS_EXCEEDED");
    EXPECT_TRUE(world.call(world.platform(), "WhoAmI", "{}").ok())
        << "who has a certificate is not counted";
}

} // namespace
} // namespace purvey
