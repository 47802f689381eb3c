// Certificates: who issues and revokes them, what they may carry, and that a revocation counts from the next call.
#include "tests/unit/flows/account_fixture.h"

namespace purvey {
namespace {

// --- certificates ---

TEST_F(AccountFlow, AnAdministratorIssuesForItsOwnUsersTheOperatorForAll)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}, {"USAGE", "VIEW"}});
    std::string request =
        json(R"({"membership_id": "%s", "csr_pem": "csr", "label": "build server"})",
             user.membership_id.c_str());
    for (const Actor &by : {vendor, platform}) {
        Answer issued = world.call(by, "IssueCertificate", request);
        ASSERT_TRUE(issued.ok()) << issued.message;
        EXPECT_EQ(issued.text("certificate.account_id"), vendor.account_id);
        EXPECT_EQ(issued.text("certificate.operator_id"), platform.account_id);
        EXPECT_EQ(issued.text("certificate.user_id"), user.user_id);
        EXPECT_EQ(issued.text("certificate.membership_id"), user.membership_id);
        EXPECT_EQ(issued.text("certificate.state"), "CERTIFICATE_STATE_ACTIVE");
        EXPECT_EQ(issued.text("certificate.label"), "build server");
        EXPECT_EQ(issued.text("certificate.scopes.0.grant"), "GRANT_ACT")
            << "all that the member may";
        EXPECT_EQ(issued.text("certificate.scopes.1.module"), "MODULE_USAGE");
        EXPECT_EQ(issued.text("certificate.sha256").size(), 64u);
        EXPECT_EQ(issued.text("certificate.serial").size(), 32u);
        EXPECT_NE(issued.text("certificate_pem"), "");
        EXPECT_EQ(issued.text("chain_pem"), "chain");
    }
    EXPECT_EQ(world.call(reseller, "IssueCertificate", request).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(user, "IssueCertificate", request).reason, "GRANT_MISSING");
}

TEST_F(AccountFlow, ACertificateLivesNinetyDaysUnlessSaid)
{
    int64_t day = INT64_C(86400) * 1000;
    auto issue = [&](const char *lifetime) {
        Answer issued = world.call(vendor, "IssueCertificate",
                                   json(R"({"membership_id": "%s", "csr_pem": "csr" %s})",
                                        vendor.membership_id.c_str(), lifetime));
        return Actor{vendor.account_id, vendor.membership_id, vendor.membership_id,
                     issued.text("certificate.id"), issued.text("certificate.sha256")};
    };
    Actor usual = issue("");
    Actor brief = issue(R"(, "lifetime_days": 1)");
    world.advance(day - 60 * 1000);
    EXPECT_TRUE(world.call(brief, "WhoAmI", "{}").ok());
    world.advance(60 * 1000);
    EXPECT_EQ(world.call(brief, "WhoAmI", "{}").reason, "CERTIFICATE_EXPIRED");
    world.advance(88 * day);
    EXPECT_TRUE(world.call(usual, "WhoAmI", "{}").ok());
    world.advance(day);
    EXPECT_EQ(world.call(usual, "WhoAmI", "{}").reason, "CERTIFICATE_EXPIRED");
}

struct Issue {
    const char *name;
    const char *fields; // beside membership_id
    const char *reason;
};

const Issue kIssues[] = {
    {"Pem", R"("csr_pem": "csr")", ""},
    {"Der", R"("csr_der": "Y3Ny")", ""},
    {"NoRequest", R"("label": "x")", "CERTIFICATE_REQUEST_INVALID"},
    {"TwoRequests", R"("csr_pem": "csr", "csr_der": "Y3Ny")", "CERTIFICATE_REQUEST_INVALID"},
    {"ScopeAsTheMember",
     R"("csr_pem": "csr", "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"}])", ""},
    {"WeakerScope",
     R"("csr_pem": "csr", "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}])", ""},
    {"StrongerScope",
     R"("csr_pem": "csr", "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_MANAGE"}])",
     "SCOPES_EXCEED_USER"},
    {"OtherModule",
     R"("csr_pem": "csr", "scopes": [{"module": "MODULE_USAGE", "grant": "GRANT_VIEW"}])",
     "SCOPES_EXCEED_USER"},
    {"ModuleTwice",
     R"("csr_pem": "csr", "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"},
                                     {"module": "MODULE_ORDER", "grant": "GRANT_VIEW"}])",
     "GRANTS_INVALID"},
    {"ScopeWithoutGrant", R"("csr_pem": "csr", "scopes": [{"module": "MODULE_ORDER"}])",
     "INVALID_FIELD"},
    {"BadRequest", R"("csr_pem": "bad")", "CERTIFICATE_REQUEST_INVALID"},
    {"LongestLife", R"("csr_pem": "csr", "lifetime_days": 398)", ""},
    {"TooLongALife", R"("csr_pem": "csr", "lifetime_days": 399)", "INVALID_FIELD"},
    {"NegativeLife", R"("csr_pem": "csr", "lifetime_days": -1)", "INVALID_FIELD"},
    {"LabelOfTwoLines", R"("csr_pem": "csr", "label": "a\nb")", "INVALID_FIELD"},
};

class Issues : public AccountFlow, public testing::WithParamInterface<Issue> {};

TEST_P(Issues, Rule)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    Answer answer = world.call(
        vendor, "IssueCertificate",
        json(R"({"membership_id": "%s", %s})", user.membership_id.c_str(), GetParam().fields));
    EXPECT_EQ(answer.reason, GetParam().reason) << answer.message;
}

INSTANTIATE_TEST_SUITE_P(Flows, Issues, testing::ValuesIn(kIssues),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(AccountFlow, WhatAnAuthorityThatIsDownHasNotSignedIsSignedByTheRepetition)
{
    std::string request = json(R"({"membership_id": "%s", "csr_pem": "csr",
                                   "request_id": "00000000-0000-4000-8000-00000000abce"})",
                               vendor.membership_id.c_str());
    world.authority_down(true);
    EXPECT_EQ(world.call(vendor, "IssueCertificate", request).reason, "AUTHORITY_UNAVAILABLE");
    EXPECT_EQ(world.call(vendor, "IssueCertificate", request).reason, "AUTHORITY_UNAVAILABLE");
    Answer pending = world.call(vendor, "ListCertificates", R"({"filter": "state = PENDING"})");
    std::string id = pending.text("certificates.0.id");
    ASSERT_NE(id, "") << "the intent is durable before anything is signed";
    EXPECT_EQ(pending.text("certificates.1.id"), "") << "and there is one";
    EXPECT_EQ(pending.text("certificates.0.sha256"), "");
    world.authority_down(false);
    Answer other = world.call(vendor, "IssueCertificate",
                              json(R"({"membership_id": "%s", "csr_pem": "another",
                                       "request_id": "00000000-0000-4000-8000-00000000abce"})",
                                   vendor.membership_id.c_str()));
    EXPECT_EQ(other.reason, "REQUEST_ID_REUSED");
    Answer issued = world.call(vendor, "IssueCertificate", request);
    ASSERT_TRUE(issued.ok()) << issued.message;
    EXPECT_EQ(issued.text("certificate.id"), id);
    EXPECT_EQ(issued.text("certificate.serial"), pending.text("certificates.0.serial"));
    EXPECT_EQ(issued.text("certificate.not_after"), pending.text("certificates.0.not_after"));
    EXPECT_EQ(issued.text("certificate.state"), "CERTIFICATE_STATE_ACTIVE");
}

TEST_F(AccountFlow, WhatIsRevokedBeforeItIsSignedIsNeverSigned)
{
    std::string request = json(R"({"membership_id": "%s", "csr_pem": "csr",
                                   "request_id": "00000000-0000-4000-8000-00000000abcf"})",
                               vendor.membership_id.c_str());
    world.authority_down(true);
    EXPECT_EQ(world.call(vendor, "IssueCertificate", request).reason, "AUTHORITY_UNAVAILABLE");
    world.authority_down(false);
    Answer pending = world.call(vendor, "ListCertificates", R"({"filter": "state = PENDING"})");
    ASSERT_TRUE(Revoke(vendor, pending.text("certificates.0.id")).ok());
    EXPECT_EQ(world.call(vendor, "IssueCertificate", request).reason, "STATE_FORBIDS");
}

TEST_F(AccountFlow, CallsWithOneRequestIdThatWaitTogetherGetOneCertificate)
{
    std::string request = json(R"({"membership_id": "%s", "csr_pem": "csr",
                                   "request_id": "00000000-0000-4000-8000-00000000abd0"})",
                               vendor.membership_id.c_str());
    std::vector<Answer> answers =
        world.burst(vendor, "IssueCertificate", std::vector<std::string>(8, request));
    for (const Answer &answer : answers) {
        ASSERT_TRUE(answer.ok()) << answer.message;
        EXPECT_EQ(answer.packed, answers[0].packed);
    }
}

TEST_F(AccountFlow, NoCertificateForAnInactiveUserOrAccount)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    std::string request =
        json(R"({"membership_id": "%s", "csr_pem": "csr"})", user.membership_id.c_str());
    ASSERT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).ok());
    Answer refused = world.call(vendor, "IssueCertificate", request);
    EXPECT_EQ(refused.reason, "CERTIFICATE_OWNER_INACTIVE");
    EXPECT_EQ(refused.note("user"), user.user_id);
    ASSERT_TRUE(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).ok());
    ASSERT_TRUE(
        world.call(platform, "DeactivateAccount", Id("account_id", vendor.account_id)).ok());
    refused = world.call(platform, "IssueCertificate", request);
    EXPECT_EQ(refused.reason, "CERTIFICATE_OWNER_INACTIVE");
    EXPECT_EQ(refused.violations[0].first, vendor.account_id);
}

TEST_F(AccountFlow, ARetriedIssueGivesTheSameCertificate)
{
    std::string request = json(R"({"membership_id": "%s", "csr_pem": "csr",
                                   "request_id": "00000000-0000-4000-8000-00000000abcd"})",
                               vendor.membership_id.c_str());
    Answer first = world.call(vendor, "IssueCertificate", request);
    Answer second = world.call(vendor, "IssueCertificate", request);
    ASSERT_TRUE(first.ok()) << first.message;
    EXPECT_TRUE(second.replayed);
    EXPECT_EQ(second.packed, first.packed);
}

TEST_F(AccountFlow, AValidatedIssueLeavesNoCertificate)
{
    Answer tried =
        world.call(vendor, "IssueCertificate",
                   json(R"({"membership_id": "%s", "csr_pem": "csr", "validate_only": true})",
                        vendor.membership_id.c_str()));
    ASSERT_TRUE(tried.ok()) << tried.message;
    EXPECT_EQ(tried.text("certificate.state"), "CERTIFICATE_STATE_PENDING");
    EXPECT_EQ(tried.text("certificate_pem"), "") << "nothing is signed that is not kept";
    EXPECT_EQ(
        world.call(vendor, "GetCertificate", Id("certificate_id", tried.text("certificate.id")))
            .reason,
        "NOT_FOUND");
}

TEST_F(AccountFlow, ARevokedCertificateIsRefusedOnItsNextCallAndForEver)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    Answer revoked = Revoke(vendor, user.certificate_id);
    ASSERT_TRUE(revoked.ok()) << revoked.message;
    EXPECT_EQ(revoked.text("certificate.state"), "CERTIFICATE_STATE_REVOKED");
    EXPECT_EQ(revoked.text("certificate.revoke_reason"), "lost");
    EXPECT_NE(revoked.text("certificate.revoke_time"), "");
    Answer read = world.call(vendor, "GetCertificate", Id("certificate_id", user.certificate_id));
    EXPECT_EQ(read.packed, revoked.packed) << "a verb answers what a Get would";
    EXPECT_EQ(
        world.call(reseller, "GetCertificate", Id("certificate_id", user.certificate_id)).reason,
        "NOT_FOUND");
    EXPECT_EQ(world.call(user, "WhoAmI", "{}").reason, "CERTIFICATE_REVOKED");
    EXPECT_EQ(Revoke(vendor, user.certificate_id).reason, "STATE_FORBIDS");
    EXPECT_EQ(Revoke(reseller, vendor.certificate_id).reason, "NOT_FOUND");
    EXPECT_EQ(
        world.call(vendor, "RevokeCertificate", Id("certificate_id", vendor.certificate_id)).reason,
        "INVALID_FIELD")
        << "a reason must be given";
    EXPECT_EQ(world
                  .call(vendor, "RevokeCertificate",
                        json(R"({"certificate_id": "%s", "reason": "x", "etag": "\"0\""})",
                             vendor.certificate_id.c_str()))
                  .reason,
              "ETAG_MISMATCH");
    EXPECT_TRUE(Revoke(platform, vendor.certificate_id).ok());
    EXPECT_EQ(world.call(vendor, "WhoAmI", "{}").reason, "CERTIFICATE_REVOKED");
}

TEST_F(AccountFlow, CertificatesAreListedByAccountUserAndState)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    ASSERT_TRUE(Revoke(vendor, user.certificate_id).ok());
    Answer of_user = world.call(vendor, "ListCertificates", Id("user_id", user.user_id));
    EXPECT_EQ(of_user.text("certificates.0.id"), user.certificate_id);
    EXPECT_EQ(of_user.text("certificates.1.id"), "");
    Answer active = world.call(vendor, "ListCertificates", R"({"filter": "state = ACTIVE"})");
    ASSERT_TRUE(active.ok()) << active.message;
    EXPECT_EQ(active.text("certificates.0.id"), vendor.certificate_id);
    EXPECT_EQ(active.text("certificates.1.id"), "");
    Answer of_account =
        world.call(platform, "ListCertificates", Id("account_id", reseller.account_id));
    EXPECT_EQ(of_account.text("certificates.0.id"), reseller.certificate_id);
    EXPECT_EQ(of_account.text("certificates.1.id"), "");
    Answer by_digest = world.call(platform, "ListCertificates",
                                  json(R"({"filter": "sha256 = \"%s\""})", vendor.sha256.c_str()));
    EXPECT_EQ(by_digest.text("certificates.0.id"), vendor.certificate_id);
    Answer ending = world.call(platform, "ListCertificates",
                               R"({"filter": "not_after < \"2026-01-01T00:00:00Z\""})");
    ASSERT_TRUE(ending.ok()) << ending.message;
    EXPECT_EQ(ending.text("certificates.0.id"), "");
    EXPECT_EQ(world.call(reseller, "ListCertificates", Id("user_id", user.user_id))
                  .text("certificates.0.id"),
              "");
}

TEST_F(AccountFlow, WhatARefusedAuthorityIssuedIsRefusedFromTheNextCallOn)
{
    ASSERT_TRUE(world.call(vendor, "WhoAmI", "{}").ok());
    world.between = [&] { world.refuse_issuer(true); }; // admitted before, and waiting
    EXPECT_EQ(world.call(vendor, "CreateGroup", R"({"name": "x"})").reason,
              "CERTIFICATE_ISSUER_REFUSED");
    Answer refused = world.call(vendor, "WhoAmI", "{}");
    EXPECT_EQ(refused.code, PV_CODE_UNAUTHENTICATED);
    EXPECT_EQ(refused.reason, "CERTIFICATE_ISSUER_REFUSED");
    EXPECT_EQ(world.call(platform, "WhoAmI", "{}").reason, "CERTIFICATE_ISSUER_REFUSED");
    world.refuse_issuer(false);
    EXPECT_TRUE(world.call(vendor, "WhoAmI", "{}").ok());
}

TEST_F(AccountFlow, UsesOfACertificateAreToldToTheHourAndChangeNothingElse)
{
    const int64_t minute = 60 * 1000;
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    auto get = [&](const char *field) {
        return world.call(vendor, "GetCertificate", Id("certificate_id", user.certificate_id))
            .text(std::string("certificate.") + field);
    };
    // Uses are written by the committer, with the next write at the latest.
    auto settle = [&] { (void)world.group(vendor, {{"ORDER", "VIEW"}}); };
    EXPECT_EQ(get("first_use_time") + get("last_use_time") + get("last_peer_address"), "");
    std::string etag = get("etag"), revision = get("revision");
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    settle();
    std::string first = get("first_use_time");
    EXPECT_NE(first, "");
    EXPECT_EQ(get("last_use_time"), first);
    EXPECT_NE(get("last_peer_address"), "");
    world.advance(59 * minute);
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    settle();
    EXPECT_EQ(get("last_use_time"), first) << "within the hour";
    world.advance(minute);
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    settle();
    EXPECT_GT(get("last_use_time"), first);
    EXPECT_EQ(get("first_use_time"), first);
    EXPECT_EQ(get("etag"), etag);
    EXPECT_EQ(get("revision"), revision);
    Answer list = world.call(vendor, "ListCertificates", Id("user_id", user.user_id));
    EXPECT_EQ(list.text("certificates.0.last_use_time"), get("last_use_time"));
    EXPECT_EQ(list.text("certificates.0.first_use_time"), first);
}

TEST_F(AccountFlow, DaysLeftAreCountedWhenTheyAreAskedFor)
{
    Actor user = world.user(vendor, {{"ORDER", "ACT"}});
    auto days = [&] {
        return world.call(vendor, "GetCertificate", Id("certificate_id", user.certificate_id))
            .text("certificate.days_left");
    };
    int64_t issued_ns = world.now().utc_ns; // the end is in whole seconds
    EXPECT_EQ(days(), issued_ns % 1000000000 == 0 ? "90" : "89");
    world.advance(kDayMs);
    EXPECT_EQ(days(), issued_ns % 1000000000 == 0 ? "89" : "88");
    world.advance(88 * kDayMs + kDayMs / 2);
    EXPECT_EQ(days(), "") << "less than a day: zero is not written";
    Actor other = world.user(vendor, {{"ORDER", "ACT"}});
    Answer revoked = Revoke(platform, other.certificate_id);
    ASSERT_TRUE(revoked.ok()) << revoked.message;
    EXPECT_EQ(revoked.text("certificate.days_left"), "");
}

} // namespace
} // namespace purvey
