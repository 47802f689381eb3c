// Renewal: a new key follows an old one without a gap, and never more than two of a line are accepted.
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

class Renewal : public AccountFlow {
  protected:
    Answer Renew(const Actor &by, const std::string &key, const std::string &more = "")
    {
        return world.call(by, "RenewCertificate",
                          json(R"({"csr_pem": "%s" %s})", key.c_str(), more.c_str()));
    }

    // The same member with the certificate of this answer.
    static Actor With(const Actor &of, const Answer &renewed)
    {
        EXPECT_TRUE(renewed.ok()) << renewed.message;
        return {of.account_id, of.user_id, of.membership_id, renewed.text("certificate.id"),
                renewed.text("certificate.sha256")};
    }

    std::string Refusal(const Actor &who) { return world.call(who, "WhoAmI", "{}").reason; }

    std::string State(const Actor &of)
    {
        return world.call(platform, "GetCertificate", Id("certificate_id", of.certificate_id))
            .text("certificate.state");
    }

    const Actor first = world.user(vendor, {{"ORDER", "ACT"}, {"USAGE", "VIEW"}});
};

TEST_F(Renewal, TheNewOneIsOfTheSameMemberAndFollowsTheOld)
{
    Answer renewed = Renew(first, "new key");
    Actor second = With(first, renewed);
    EXPECT_EQ(renewed.text("certificate.account_id"), vendor.account_id);
    EXPECT_EQ(renewed.text("certificate.user_id"), first.user_id);
    EXPECT_EQ(renewed.text("certificate.membership_id"), first.membership_id);
    EXPECT_EQ(renewed.text("certificate.renews_id"), first.certificate_id);
    EXPECT_EQ(renewed.text("certificate.state"), "CERTIFICATE_STATE_ACTIVE");
    EXPECT_EQ(renewed.text("certificate.lifetime_days"), "90");
    EXPECT_EQ(renewed.text("certificate.scopes.0.module"), "MODULE_ORDER");
    EXPECT_EQ(renewed.text("certificate.scopes.1.module"), "MODULE_USAGE");
    EXPECT_NE(renewed.text("certificate_pem"), "");
    EXPECT_EQ(renewed.text("chain_pem"), "chain");
    Answer old = world.call(vendor, "GetCertificate", Id("certificate_id", first.certificate_id));
    EXPECT_EQ(old.text("certificate.renewed_by_id"), second.certificate_id);
    EXPECT_EQ(old.text("certificate.supersede_time"), "") << "the new one was not used yet";
    EXPECT_EQ(Refusal(first), "");
    EXPECT_EQ(Refusal(second), "");
}

TEST_F(Renewal, TheOldOneIsAcceptedSevenDaysFromTheFirstUseOfTheNew)
{
    Actor second = With(first, Renew(first, "new key"));
    world.advance(20 * kDayMs);
    EXPECT_EQ(Refusal(first), "") << "nobody has called with the new one";
    ASSERT_EQ(Refusal(second), "");
    world.run_committer_until([&] {
        return world.call(vendor, "GetCertificate", Id("certificate_id", second.certificate_id))
                   .text("certificate.first_use_time") != "";
    });
    EXPECT_EQ(Refusal(first), "");
    Answer old = world.call(vendor, "GetCertificate", Id("certificate_id", first.certificate_id));
    EXPECT_NE(old.text("certificate.supersede_time"), "");
    world.advance(7 * kDayMs - 60 * 1000);
    EXPECT_EQ(Refusal(first), "");
    world.advance(60 * 1000);
    EXPECT_EQ(Refusal(first), "CERTIFICATE_SUPERSEDED");
    EXPECT_EQ(Renew(first, "yet another").reason, "CERTIFICATE_SUPERSEDED");
    EXPECT_EQ(Refusal(second), "");
}

TEST_F(Renewal, AtItsEndTheOldOneEnds)
{
    (void)Renew(first, "new key");
    world.advance(90 * kDayMs);
    EXPECT_EQ(Refusal(first), "CERTIFICATE_EXPIRED");
    EXPECT_EQ(Renew(first, "late").reason, "CERTIFICATE_EXPIRED") << "an expired one cannot renew";
}

TEST_F(Renewal, ThereAreNeverMoreThanTwoOfALine)
{
    Actor lost = With(first, Renew(first, "lost key"));
    Actor second = With(first, Renew(first, "second key"));
    EXPECT_EQ(Refusal(lost), "CERTIFICATE_SUPERSEDED") << "it was never used: it made room";
    EXPECT_EQ(State(lost), "CERTIFICATE_STATE_SUPERSEDED");
    ASSERT_EQ(Refusal(second), "");
    Answer refused = Renew(first, "third key");
    EXPECT_EQ(refused.reason, "CERTIFICATE_RENEWED") << "the second is in use";
    EXPECT_EQ(refused.note("existing_id"), second.certificate_id);
    Actor third = With(first, Renew(second, "third key"));
    EXPECT_EQ(Refusal(first), "CERTIFICATE_SUPERSEDED") << "the oldest ends";
    EXPECT_EQ(Refusal(second), "");
    EXPECT_EQ(Refusal(third), "");
}

TEST_F(Renewal, AfterTheNewOneWasRevokedTheOldOneRenewsAgain)
{
    Actor second = With(first, Renew(first, "second key"));
    ASSERT_EQ(Refusal(second), "");
    ASSERT_TRUE(Revoke(vendor, second.certificate_id).ok());
    Actor third = With(first, Renew(first, "third key"));
    EXPECT_EQ(Refusal(third), "");
    EXPECT_EQ(Refusal(second), "CERTIFICATE_REVOKED");
}

TEST_F(Renewal, WithAStolenKeyGoesWhatWasRenewedFromIt)
{
    Actor second = With(first, Renew(first, "second key"));
    Actor third = With(first, Renew(second, "third key"));
    Actor apart = world.certify(vendor, first.membership_id);
    EXPECT_EQ(Refusal(first), "CERTIFICATE_SUPERSEDED");
    Answer revoked =
        world.call(vendor, "RevokeCertificate",
                   json(R"({"certificate_id": "%s", "reason": "stolen", "following": true})",
                        second.certificate_id.c_str()));
    ASSERT_TRUE(revoked.ok()) << revoked.message;
    EXPECT_EQ(Refusal(second), "CERTIFICATE_REVOKED");
    EXPECT_EQ(Refusal(third), "CERTIFICATE_REVOKED");
    EXPECT_EQ(Refusal(apart), "") << "of another line";
    Actor alone = With(first, Renew(apart, "fourth key"));
    ASSERT_TRUE(Revoke(vendor, apart.certificate_id).ok());
    EXPECT_EQ(Refusal(alone), "") << "only when it is said";
}

TEST_F(Renewal, TheKeyMustBeNew)
{
    EXPECT_EQ(Renew(first, "csr").reason, "KEY_NOT_NEW");
    EXPECT_EQ(Renew(first, "bad").reason, "CERTIFICATE_REQUEST_INVALID");
    EXPECT_EQ(Renew(first, "x", R"(, "csr_der": "Y3Ny")").reason, "CERTIFICATE_REQUEST_INVALID");
    EXPECT_EQ(Refusal(first), "");
}

TEST_F(Renewal, TheScopesAreCutByWhatTheMemberHoldsNow)
{
    std::string group = world.group(vendor, {{"ORDER", "MANAGE"}, {"USAGE", "VIEW"}});
    Actor member = world.member(vendor, group);
    auto permit = [&](const char *permissions) {
        Answer changed = world.call(
            vendor, "UpdateGroup",
            json(R"({"group_id": "%s", "permissions": [%s], "update_mask": "permissions"})",
                 group.c_str(), permissions));
        ASSERT_TRUE(changed.ok()) << changed.message;
    };
    permit(R"({"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
              {"module": "MODULE_PRODUCT", "grant": "GRANT_MANAGE"})");
    Answer renewed = Renew(member, "second key");
    ASSERT_TRUE(renewed.ok()) << renewed.message;
    EXPECT_EQ(renewed.text("certificate.scopes.0.module"), "MODULE_ORDER");
    EXPECT_EQ(renewed.text("certificate.scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(renewed.text("certificate.scopes.1.module"), "") << "nothing is won by renewing";
    permit("");
    Answer refused = Renew(member, "third key");
    EXPECT_EQ(refused.reason, "CERTIFICATE_WITHOUT_RIGHTS");
    EXPECT_EQ(refused.note("membership"), member.membership_id);
}

TEST_F(Renewal, ItLastsAsLongAsWhatItRenews)
{
    Answer brief = world.call(vendor, "IssueCertificate",
                              json(R"({"membership_id": "%s", "csr_pem": "a", "lifetime_days": 7,
                                       "label": "build server"})",
                                   first.membership_id.c_str()));
    Answer renewed = Renew(With(first, brief), "b");
    EXPECT_EQ(renewed.text("certificate.lifetime_days"), "7");
    EXPECT_EQ(renewed.text("certificate.label"), "build server");
    EXPECT_EQ(renewed.text("certificate.days_left"), "6") << "and some hours";
}

TEST_F(Renewal, ARevokedOneAndARemovedMemberCannotRenew)
{
    Actor other = world.certify(vendor, first.membership_id);
    ASSERT_TRUE(Revoke(vendor, other.certificate_id).ok());
    EXPECT_EQ(Renew(other, "new key").reason, "CERTIFICATE_REVOKED");
    ASSERT_TRUE(
        world.call(vendor, "RemoveMembership", Id("membership_id", first.membership_id)).ok());
    EXPECT_EQ(Renew(first, "new key").reason, "MEMBERSHIP_ENDED");
}

TEST_F(Renewal, WhatAnAuthorityThatIsDownHasNotSignedIsSignedByTheRepetition)
{
    const char *again = R"(, "request_id": "00000000-0000-4000-8000-0000000000bb")";
    world.authority_down(true);
    EXPECT_EQ(Renew(first, "new key", again).reason, "AUTHORITY_UNAVAILABLE");
    Answer pending = world.call(vendor, "ListCertificates", R"({"filter": "state = PENDING"})");
    ASSERT_NE(pending.text("certificates.0.id"), "");
    world.authority_down(false);
    Answer renewed = Renew(first, "new key", again);
    ASSERT_TRUE(renewed.ok()) << renewed.message;
    EXPECT_EQ(renewed.text("certificate.id"), pending.text("certificates.0.id"));
    EXPECT_EQ(renewed.text("certificate.serial"), pending.text("certificates.0.serial"));
    Answer repeated = Renew(first, "new key", again);
    EXPECT_TRUE(repeated.replayed);
    EXPECT_EQ(repeated.packed, renewed.packed);
}

TEST_F(Renewal, AnIntentThatWasNeverSignedMakesRoom)
{
    world.authority_down(true);
    EXPECT_EQ(Renew(first, "lost key").reason, "AUTHORITY_UNAVAILABLE");
    Answer pending = world.call(vendor, "ListCertificates", R"({"filter": "state = PENDING"})");
    world.authority_down(false);
    Actor second = With(first, Renew(first, "second key"));
    EXPECT_EQ(State(Actor{"", "", "", pending.text("certificates.0.id"), ""}),
              "CERTIFICATE_STATE_SUPERSEDED");
    EXPECT_EQ(Refusal(second), "");
}

TEST_F(Renewal, AValidatedOneChangesNothing)
{
    Answer tried = Renew(first, "new key", R"(, "validate_only": true)");
    ASSERT_TRUE(tried.ok()) << tried.message;
    EXPECT_EQ(tried.text("certificate_pem"), "");
    Answer old = world.call(vendor, "GetCertificate", Id("certificate_id", first.certificate_id));
    EXPECT_EQ(old.text("certificate.renewed_by_id"), "");
}

} // namespace
} // namespace purvey
