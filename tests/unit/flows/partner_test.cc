// The directory of partners: it follows from contracts, and shows of the other account what partners may see.
#include "tests/unit/flows/contract_fixture.h"

namespace purvey {
namespace {

class Partners : public Contracts {
  protected:
    Answer list(const Actor &by, const char *request = "{}")
    {
        return world.call(by, "ListPartners", request);
    }
    Answer get(const Actor &by, const Actor &of)
    {
        return world.call(by, "GetPartner", json(R"({"account_id": "%s"})", of.account_id.c_str()));
    }
    /* State of the partnership as both ends see it; "" if neither does. */
    std::string between(const Actor &one, const Actor &other)
    {
        std::string state = get(one, other).text("partner.state");
        EXPECT_EQ(get(other, one).text("partner.state"), state);
        return state.empty() ? "" : state.substr(sizeof "PARTNERSHIP_STATE_" - 1);
    }
};

TEST_F(Partners, FollowTheirContracts)
{
    EXPECT_EQ(between(distributor, vendor), "");
    std::string first = create(agreement("PROGRAM"), vendor).text("contract.id");
    EXPECT_EQ(between(distributor, vendor), "INVITED");
    act(vendor, "RejectContract", first);
    EXPECT_EQ(between(distributor, vendor), "ENDED");
    std::string second = create(agreement("PROGRAM"), vendor).text("contract.id");
    EXPECT_EQ(between(distributor, vendor), "INVITED") << "a new contract brings it back";
    std::string third = create(agreement("PROGRAM"), vendor).text("contract.id");
    EXPECT_EQ(between(distributor, vendor), "INVITED");
    act(vendor, "SignContract", second);
    EXPECT_EQ(between(distributor, vendor), "ACTIVE");
    act(distributor, "TerminateContract", second);
    EXPECT_EQ(between(distributor, vendor), "INVITED") << "another one is still open";
    act(distributor, "DeleteContract", third);
    EXPECT_EQ(between(distributor, vendor), "ENDED");
    EXPECT_EQ(between(distributor, reseller), "") << "others are not concerned";
}

TEST_F(Partners, OneContractInForceIsEnough)
{
    std::string one = contract("SERVICE", reseller);
    std::string two = contract("SERVICE", reseller);
    act(distributor, "TerminateContract", one);
    EXPECT_EQ(between(distributor, reseller), "ACTIVE");
    act(distributor, "TerminateContract", two);
    EXPECT_EQ(between(distributor, reseller), "ENDED");
}

TEST_F(Partners, AreListedWithFilterAndPages)
{
    contract("SERVICE", reseller);
    create(agreement("PROGRAM"), vendor);
    Actor gone = world.account("RESELLER", "Gone");
    act(distributor, "TerminateContract", contract("SERVICE", gone));
    Answer all = list(distributor);
    ASSERT_TRUE(all.ok()) << all.message;
    EXPECT_EQ(all.text("partners.0.account_id"), reseller.account_id);
    EXPECT_EQ(all.text("partners.0.type"), "ACCOUNT_TYPE_RESELLER");
    EXPECT_EQ(all.text("partners.0.state"), "PARTNERSHIP_STATE_ACTIVE");
    EXPECT_EQ(all.text("partners.1.account_id"), vendor.account_id);
    EXPECT_EQ(all.text("partners.1.state"), "PARTNERSHIP_STATE_INVITED");
    EXPECT_EQ(all.text("partners.2"), "") << "who has no contract any more is no partner";
    Answer ended = list(distributor, R"({"show_ended": true, "filter": "state = ENDED"})");
    EXPECT_EQ(ended.text("partners.0.account_id"), gone.account_id);
    EXPECT_EQ(ended.text("partners.1"), "");
    Answer vendors = list(distributor, R"({"filter": "partner_type = VENDOR"})");
    EXPECT_EQ(vendors.text("partners.0.account_id"), vendor.account_id) << vendors.message;
    EXPECT_EQ(vendors.text("partners.1"), "");
    Answer page = list(distributor, R"({"page_size": 1})");
    EXPECT_EQ(page.text("partners.0.account_id"), reseller.account_id);
    Answer rest = list(distributor, json(R"({"page_size": 1, "page_token": "%s"})",
                                         page.text("next_page_token").c_str())
                                        .c_str());
    EXPECT_EQ(rest.text("partners.0.account_id"), vendor.account_id);
    Answer theirs = list(reseller);
    EXPECT_EQ(theirs.text("partners.0.account_id"), distributor.account_id);
    EXPECT_EQ(theirs.text("partners.0.type"), "ACCOUNT_TYPE_DISTRIBUTOR");
    EXPECT_EQ(theirs.text("partners.1"), "") << "partners of a partner are none of one's own";
}

TEST_F(Partners, AreSeenAsTheyWantToBeSeen)
{
    create(agreement("PROGRAM"), vendor);
    ASSERT_TRUE(world
                    .call(world.platform(), "UpdateAccount",
                          json(R"({"account_id": "%s", "external_id": "OPERATORS-KEY"})",
                               vendor.account_id.c_str()))
                    .ok());
    ASSERT_TRUE(world
                    .call(vendor, "UpdateAccount",
                          json(R"({"account_id": "%s", "overview": "All of it", "countries": ["AT"],
                           "contacts": [{"name": "Ada", "tags": ["CONTACT_TAG_BILLING"]}]})",
                               vendor.account_id.c_str()))
                    .ok());
    Answer seen = get(distributor, vendor);
    EXPECT_EQ(seen.text("partner.overview"), "All of it");
    EXPECT_EQ(seen.text("partner.countries.0"), "AT");
    EXPECT_EQ(seen.text("partner.contacts.0.tags.0"), "CONTACT_TAG_BILLING");
    EXPECT_NE(seen.text("partner.create_time"), "");
    Answer listed = list(distributor);
    EXPECT_EQ(listed.text("partners.0.contacts.0.name"), "Ada");
    EXPECT_EQ(listed.text("partners.0.overview"), "") << "lists are light";
    for (const Answer &answer : {seen, listed}) {
        EXPECT_EQ(answer.packed.find("OPERATORS-KEY"), std::string::npos);
        EXPECT_EQ(answer.packed.find(world.platform().account_id), std::string::npos);
    }
}

TEST_F(Partners, StrangersAndAbsentAccountsAreTheSame)
{
    contract("SERVICE", reseller);
    Actor absent = vendor;
    absent.account_id = "acc_01j9zv0000abcdefghjkmnpqrs";
    Answer stranger = get(reseller, vendor);
    Answer nobody = get(reseller, absent);
    EXPECT_EQ(stranger.reason, "NOT_FOUND");
    EXPECT_EQ(nobody.reason, "NOT_FOUND");
    EXPECT_EQ(stranger.metadata, nobody.metadata);
    EXPECT_EQ(get(reseller, reseller).reason, "NOT_FOUND") << "nobody is its own partner";
}

} // namespace
} // namespace purvey
