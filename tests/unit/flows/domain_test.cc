// Domains: which can be claimed, and who gets one that several accounts claim.
#include "tests/unit/flows/portal_fixture.h"

namespace purvey {
namespace {

class DomainFlow : public Portals {};

struct Name {
    const char *what;
    std::string given;
    std::string taken; /* the one form; empty: refused */
    const char *reason = "INVALID_FIELD";
};

const std::string k63 = std::string(63, 'a');

const Name kNames[] = {
    {"Plain", "shop.delta.example", "shop.delta.example"},
    {"OtherCase", "Shop.DELTA.Example", "shop.delta.example"},
    {"DotAtItsEnd", "shop.delta.example.", "shop.delta.example"},
    {"DigitsAndHyphens", "9-to-5.delta.example", "9-to-5.delta.example"},
    {"ALabel", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
    {"ALabelInUpperCase", "XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"},
    {"WholeCyrillic", "xn--80ak6aa92e.example", "xn--80ak6aa92e.example"},
    {"Japanese", "xn--r8jz45g.example", "xn--r8jz45g.example"},
    {"Longest", k63 + "." + k63 + "." + k63 + "." + std::string(43, 'b'),
     k63 + "." + k63 + "." + k63 + "." + std::string(43, 'b')},
    {"TooLongForTheChallenge", k63 + "." + k63 + "." + k63 + "." + std::string(44, 'b'), ""},
    {"LabelTooLong", k63 + "a.example", ""},
    {"OneLabel", "example", ""},
    {"Empty", ".", ""},
    {"EmptyLabel", "shop..example", ""},
    {"TwoDotsAtItsEnd", "shop.example..", ""},
    {"Wildcard", "*.delta.example", ""},
    {"Ipv4", "192.0.2.1", ""},
    {"Ipv6", "2001:db8::1", ""},
    {"Ipv6InBrackets", "[2001:db8::1]", ""},
    {"Port", "shop.delta.example:443", ""},
    {"Url", "https://shop.delta.example", ""},
    {"Underscore", "_shop.delta.example", ""},
    {"HyphenAtItsEnd", "shop-.delta.example", ""},
    {"ULabel", "m\xC3\xBCnchen.example", ""},
    {"Blank", "shop delta.example", ""},
    {"LineEnd", "shop.delta.example\\n", ""},
    {"NotAnALabel", "ab--cd.example", ""},
    {"ALabelOfNothing", "xn--.example", ""},
    {"ALabelOfAscii", "xn--abc-.example", ""},
    {"ALabelThatIsNoPunycode", "xn--99999999.example", ""},
    {"HomographOfCyrillicAndLatin", "xn--pple-43d.example", ""},
    {"HomographWithin", "shop.xn--pypal-4ve.example", ""},
    {"ALabelOfAnEmoji", "xn--e28h.example", ""},
    {"Localhost", "localhost", ""},
    {"BelowLocalhost", "shop.localhost", "", "DOMAIN_FORBIDDEN"},
    {"ReverseTree", "1.2.0.192.in-addr.arpa", "", "DOMAIN_FORBIDDEN"},
    {"Onion", "abc.onion", "", "DOMAIN_FORBIDDEN"},
    {"TrustDomain", "test.purvey", "", "DOMAIN_FORBIDDEN"},
    {"BelowTheTrustDomain", "Shop.Test.Purvey", "", "DOMAIN_FORBIDDEN"},
    {"BesideTheTrustDomain", "contest.purvey", "contest.purvey"},
};

class DomainNames : public DomainFlow, public testing::WithParamInterface<Name> {};

TEST_P(DomainNames, Rule)
{
    const Name &row = GetParam();
    Answer claimed = world.call(distributor, "CreateDomain", R"({"name": ")" + row.given + R"("})");
    EXPECT_EQ(claimed.reason, row.taken.empty() ? row.reason : "") << claimed.message;
    EXPECT_EQ(claimed.text("domain.name"), row.taken);
    EXPECT_EQ(claimed.text("domain.challenge_name"),
              row.taken.empty() ? "" : "_purvey-challenge." + row.taken);
}

INSTANTIATE_TEST_SUITE_P(Flows, DomainNames, testing::ValuesIn(kNames),
                         [](const auto &test) { return std::string(test.param.what); });

TEST_F(DomainFlow, IsClaimedProvedAndGivenUp)
{
    Answer claimed = claim(distributor, "delta.example", R"(, "role": "ACCOUNT_TYPE_VENDOR")");
    ASSERT_TRUE(claimed.ok()) << claimed.message;
    std::string id = claimed.text("domain.id");
    EXPECT_EQ(claimed.text("domain.state"), "DOMAIN_STATE_PENDING");
    std::string value = claimed.text("domain.challenge_value");
    EXPECT_EQ(value.substr(0, 17), "purvey-challenge=");
    EXPECT_EQ(value.size(), 17 + 64U) << "256 bits";

    Answer missing = verify(distributor, id);
    ASSERT_TRUE(missing.ok()) << missing.message;
    EXPECT_EQ(missing.text("domain.state"), "DOMAIN_STATE_FAILED");
    EXPECT_EQ(missing.text("domain.failure"), "DOMAIN_FAILURE_RECORD_MISSING");
    EXPECT_NE(missing.text("domain.check_time"), "");
    EXPECT_EQ(missing.text("domain.verify_time"), "");
    EXPECT_TRUE(on_domain(distributor, "UpdateDomain", id, R"(, "description": "Portal")").ok());

    world.dns["_purvey-challenge.delta.example"] = {"v=spf1 -all", value + "0", value.substr(1)};
    EXPECT_EQ(verify(distributor, id).text("domain.failure"), "DOMAIN_FAILURE_RECORD_DIFFERS");

    world.dns["_purvey-challenge.delta.example"].push_back(value);
    Answer proved = verify(distributor, id);
    EXPECT_EQ(proved.text("domain.state"), "DOMAIN_STATE_VERIFIED");
    EXPECT_EQ(proved.text("domain.failure"), "");
    EXPECT_EQ(proved.text("domain.verify_time"), proved.text("domain.check_time"));
    EXPECT_EQ(proved.text("domain.description"), "Portal");
    EXPECT_EQ(verify(platform, id).text("domain.state"), "DOMAIN_STATE_VERIFIED")
        << "again, and by the operator";

    Answer changed = on_domain(distributor, "UpdateDomain", id, R"(, "update_mask": "role")");
    EXPECT_EQ(changed.text("domain.role"), "") << changed.message;
    EXPECT_EQ(changed.text("domain.state"), "DOMAIN_STATE_VERIFIED");
    EXPECT_EQ(on_domain(distributor, "UpdateDomain", id, R"(, "update_mask": "name")").reason,
              "UPDATE_MASK_INVALID");

    world.dns.clear();
    EXPECT_EQ(verify(distributor, id).text("domain.state"), "DOMAIN_STATE_FAILED");
    EXPECT_EQ(on_domain(distributor, "DeleteDomain", id).text("domain.name"), "delta.example");
    EXPECT_EQ(state(distributor, id), "NOT_FOUND");

    Answer anew = claim(distributor, "delta.example");
    EXPECT_NE(anew.text("domain.challenge_value"), value) << "an old record proves no new claim";
    EXPECT_TRUE(on_domain(distributor, "UpdateDomain", anew.text("domain.id"),
                          R"(, "role": "ACCOUNT_TYPE_RESELLER")")
                    .ok());
    EXPECT_TRUE(on_domain(distributor, "DeleteDomain", anew.text("domain.id")).ok());
    EXPECT_TRUE(on_domain(distributor, "DeleteDomain", domain(distributor, "x.example")).ok());
}

TEST_F(DomainFlow, TheRecordOfOneClaimProvesNoOther)
{
    Answer mine = claim(distributor, "delta.example");
    Answer theirs = claim(other, "delta.example");
    Answer second = claim(distributor, "shop.delta.example");
    EXPECT_NE(mine.text("domain.challenge_value"), theirs.text("domain.challenge_value"));
    world.dns["_purvey-challenge.delta.example"] = {mine.text("domain.challenge_value")};
    world.dns["_purvey-challenge.shop.delta.example"] = {mine.text("domain.challenge_value")};
    EXPECT_EQ(verify(other, theirs.text("domain.id")).text("domain.state"), "DOMAIN_STATE_FAILED");
    EXPECT_EQ(verify(distributor, second.text("domain.id")).text("domain.state"),
              "DOMAIN_STATE_FAILED");
}

TEST_F(DomainFlow, OfTwoClaimsTheProvedOneCountsAndIsKeptWhileItsRecordStands)
{
    Answer mine = claim(distributor, "delta.example");
    Answer theirs = claim(other, "delta.example");
    std::string my_id = mine.text("domain.id");
    std::string their_id = theirs.text("domain.id");
    prove(theirs);
    prove(mine);
    EXPECT_EQ(verify(distributor, my_id).text("domain.state"), "DOMAIN_STATE_VERIFIED");
    Answer refused = verify(other, their_id);
    EXPECT_EQ(refused.reason, "DOMAIN_TAKEN");
    EXPECT_EQ(refused.note("domain"), "delta.example");
    EXPECT_EQ(state(other, their_id), "PENDING");
    EXPECT_EQ(state(distributor, my_id), "VERIFIED");

    world.dns.clear();
    prove(theirs);
    EXPECT_EQ(verify(other, their_id).text("domain.state"), "DOMAIN_STATE_VERIFIED")
        << "the domain has changed hands";
    Answer lost = on_domain(distributor, "GetDomain", my_id);
    EXPECT_EQ(lost.text("domain.state"), "DOMAIN_STATE_FAILED");
    EXPECT_EQ(lost.text("domain.failure"), "DOMAIN_FAILURE_TAKEN_OVER");
    prove(mine);
    EXPECT_EQ(verify(distributor, my_id).reason, "DOMAIN_TAKEN");
}

// Both have seen their own record, and nobody had the domain when they asked.
TEST_F(DomainFlow, InARaceOneGetsTheDomain)
{
    Answer mine = claim(distributor, "delta.example");
    Answer theirs = claim(other, "delta.example");
    prove(mine);
    prove(theirs);
    auto request = [](const Answer &of) {
        return json(R"({"domain_id": "%s"})", of.text("domain.id").c_str());
    };
    std::vector<Answer> answers = world.burst(
        {{distributor, "VerifyDomain", request(mine)}, {other, "VerifyDomain", request(theirs)}});
    EXPECT_EQ(answers[0].text("domain.state"), "DOMAIN_STATE_VERIFIED") << answers[0].message;
    EXPECT_EQ(answers[1].reason, "DOMAIN_TAKEN");
}

TEST_F(DomainFlow, WhatHappensWhileTheDnsIsAskedCounts)
{
    Answer mine = claim(distributor, "delta.example");
    std::string id = mine.text("domain.id");
    prove(mine);
    world.asked = [&] { EXPECT_TRUE(on_domain(distributor, "DeleteDomain", id).ok()); };
    EXPECT_EQ(verify(distributor, id).reason, "NOT_FOUND");

    mine = claim(distributor, "delta.example");
    id = mine.text("domain.id");
    prove(mine);
    world.asked = [&] {
        EXPECT_TRUE(on_domain(platform, "UpdateDomain", id, R"(, "description": "x")").ok());
    };
    EXPECT_EQ(on_domain(distributor, "VerifyDomain", id,
                        R"(, "etag": )" + quoted(mine.text("domain.etag")))
                  .reason,
              "ETAG_MISMATCH");

    Actor user = world.user(distributor, {{"ACCOUNT", "MANAGE"}});
    world.asked = [&] {
        EXPECT_TRUE(world
                        .call(distributor, "RemoveMembership",
                              json(R"({"membership_id": "%s"})", user.membership_id.c_str()))
                        .ok());
    };
    EXPECT_EQ(verify(user, id).reason, "MEMBERSHIP_ENDED");
    EXPECT_EQ(state(distributor, id), "PENDING");
}

TEST_F(DomainFlow, ARepeatedCallIsOneQuestionAndOneAnswer)
{
    Answer mine = claim(distributor, "delta.example");
    prove(mine);
    std::string request =
        json(R"({"domain_id": "%s", "request_id": "3f2b8c1e-5a4d-4e6f-9b7a-0c1d2e3f4a5b"})",
             mine.text("domain.id").c_str());
    Answer inner;
    world.asked = [&] { inner = world.call(distributor, "VerifyDomain", request); };
    Answer outer = world.call(distributor, "VerifyDomain", request);
    EXPECT_TRUE(inner.ok()) << inner.message;
    EXPECT_FALSE(inner.replayed);
    EXPECT_TRUE(outer.replayed) << "the same call, which was through first";
    EXPECT_EQ(outer.packed, inner.packed);
    EXPECT_TRUE(world.call(distributor, "VerifyDomain", request).replayed);
}

TEST_F(DomainFlow, WithoutAnAnswerOfTheDnsNothingChanges)
{
    Answer mine = claim(distributor, "delta.example");
    std::string id = mine.text("domain.id");
    const struct {
        pv_code gives;
        const char *reason;
    } rows[] = {{PV_CODE_UNAVAILABLE, "RESOLVER_UNAVAILABLE"},
                {PV_CODE_RESOURCE_EXHAUSTED, "RESOLVER_BUSY"},
                {PV_CODE_UNIMPLEMENTED, "RESOLVER_OFF"}};
    for (const auto &row : rows) {
        world.dns_gives = row.gives;
        EXPECT_EQ(on_domain(distributor, "VerifyDomain", id).reason, row.reason);
    }
    Answer still = on_domain(distributor, "GetDomain", id);
    EXPECT_EQ(still.text("domain.etag"), mine.text("domain.etag"));
}

TEST_F(DomainFlow, TheDnsIsNotAskedAgainAtOnce)
{
    std::string id = claim(distributor, "delta.example").text("domain.id");
    EXPECT_TRUE(on_domain(distributor, "VerifyDomain", id).ok());
    world.asked = [] { ADD_FAILURE() << "asked again"; };
    Answer again = on_domain(distributor, "VerifyDomain", id);
    EXPECT_EQ(again.reason, "DOMAIN_CHECKED_RECENTLY");
    EXPECT_NE(again.note("check_time"), "");
    world.asked = nullptr;
    EXPECT_TRUE(verify(distributor, id).ok());
}

TEST_F(DomainFlow, AnAccountClaimsANameOnceAndNotTooMany)
{
    std::string id = claim(distributor, "0.example").text("domain.id");
    Answer again = claim(distributor, "0.Example.");
    EXPECT_EQ(again.reason, "DOMAIN_EXISTS");
    EXPECT_EQ(again.note("existing_id"), id);
    for (int i = 1; i < 20; i++) {
        EXPECT_TRUE(claim(distributor, std::to_string(i) + ".example").ok());
    }
    Answer refused = claim(distributor, "20.example");
    EXPECT_EQ(refused.reason, "DOMAIN_LIMIT");
    EXPECT_EQ(refused.note("domains_max"), "20");
    EXPECT_TRUE(claim(other, "20.example").ok()) << "others have a limit of their own";
    EXPECT_TRUE(claim(platform, "20.example").ok());
    EXPECT_TRUE(on_domain(distributor, "DeleteDomain", id).ok());
    EXPECT_TRUE(claim(distributor, "20.example").ok());
}

TEST_F(DomainFlow, TheTrustDomainIsTheOperators)
{
    EXPECT_TRUE(claim(platform, "portal.test.purvey").ok());
    EXPECT_EQ(claim(platform, "x.onion").reason, "DOMAIN_FORBIDDEN");
}

TEST_F(DomainFlow, AForeignDomainIsNotFound)
{
    std::string id = claim(distributor, "delta.example").text("domain.id");
    for (const char *method : {"GetDomain", "UpdateDomain", "VerifyDomain", "DeleteDomain"}) {
        EXPECT_EQ(on_domain(other, method, id).reason, "NOT_FOUND") << method;
        EXPECT_EQ(on_domain(vendor, method, id).reason, "ROLE_MAY_NOT_CALL") << method;
        if (std::string(method) == "GetDomain") { continue; }
        EXPECT_EQ(on_domain(distributor, method, id, R"(, "etag": "\"0\"")").reason,
                  "ETAG_MISMATCH")
            << method;
    }
    EXPECT_EQ(world.call(other, "ListDomains", "{}").text("domains"), "");
    Answer found = world.call(platform, "ListDomains",
                              R"({"filter": "name = \"delta.example\" AND state = PENDING"})");
    EXPECT_EQ(found.text("domains.0.id"), id) << found.message;
}

} // namespace
} // namespace purvey
