/* Marketplaces, hubs, connections, listing proposals and listings. */
#include "tests/unit/flows/product_fixture.h"

namespace purvey {
namespace {

/* --- marketplaces, hubs, connections --- */

TEST_F(Products, AMarketplaceHasOwnHubsAndDifferentCurrencies)
{
    const std::pair<std::string, const char *> rows[] = {
        {R"("alternative_currencies": ["EUR", "GBP"], "countries": ["DE", "US"])", ""},
        {R"("alternative_currencies": ["USD"])", "MARKETPLACE_INVALID"},
        {R"("hubs": [{"hub_id": ")" + hub + R"("}, {"hub_id": ")" + hub + R"("}])",
         "MARKETPLACE_INVALID"},
        {R"("hubs": [{"hub_id": "hub_00000000000000000000000000"}])", "NOT_FOUND"},
    };
    for (const auto &row : rows) {
        expect_refusal(distributor, "CreateMarketplace",
                       R"({"name": "S", "currency": "USD", )" + row.first + "}", row.second);
        EXPECT_EQ(on(distributor, "UpdateMarketplace", "marketplace", marketplace, ", " + row.first)
                      .reason,
                  row.second);
    }
    EXPECT_EQ(on(distributor, "UpdateMarketplace", "marketplace", marketplace,
                 R"(, "update_mask": "currency")")
                  .reason,
              "UPDATE_MASK_INVALID");
    EXPECT_TRUE(on(distributor, "UpdateHub", "hub", hub, R"(, "name": "New shop")").ok());
    EXPECT_EQ(on(distributor, "UpdateHub", "hub", hub, R"(, "update_mask": "owner_id")").reason,
              "UPDATE_MASK_INVALID");
    EXPECT_EQ(on(distributor, "GetHub", "hub", hub).text("hub.name"), "New shop");
    EXPECT_EQ(world.call(distributor, "ListHubs", R"({"filter": "instance_id = \"shop-1\""})")
                  .text("hubs.0.id"),
              hub);
    EXPECT_EQ(world.call(distributor, "ListMarketplaces", "{}").text("marketplaces.0.id"),
              marketplace);
}

TEST_F(Products, PartnersSeeAMarketplaceWithoutItsHubs)
{
    EXPECT_EQ(on(distributor, "GetMarketplace", "marketplace", marketplace)
                  .text("marketplace.hubs.0.hub_id"),
              hub);
    for (const Actor *partner : {&vendor, &reseller}) {
        Answer got = on(*partner, "GetMarketplace", "marketplace", marketplace);
        EXPECT_TRUE(got.ok());
        EXPECT_EQ(got.text("marketplace.hubs.0.hub_id"), "");
    }
    for (const char *type : {"VENDOR", "RESELLER", "DISTRIBUTOR"}) {
        EXPECT_EQ(on(world.account(type, "Stranger"), "GetMarketplace", "marketplace", marketplace)
                      .reason,
                  "NOT_FOUND");
    }
    EXPECT_EQ(on(world.account("DISTRIBUTOR", "Other"), "GetHub", "hub", hub).reason, "NOT_FOUND");
}

TEST_F(Products, AConnectionNeedsASubmittedProductAContractAndAFreeHub)
{
    std::string product = published();
    auto connect = [&](const std::string &to) {
        return world.call(
            distributor, "CreateConnection",
            json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_PRODUCTION"})",
                 product.c_str(), to.c_str()));
    };
    EXPECT_EQ(connect(hub).reason, "NOT_FOUND") << "the product is not visible yet";
    step(vendor, "Submit", propose("NEW", product, marketplace).text("listing_proposal.id"));
    Answer made = connect(hub);
    EXPECT_EQ(made.text("connection.vendor_id"), vendor.account_id);
    EXPECT_EQ(connect(hub).note("existing_id"), made.text("connection.id"));
    EXPECT_EQ(connect("hub_00000000000000000000000000").reason, "NOT_FOUND");
    std::string id = made.text("connection.id");
    EXPECT_TRUE(on(vendor, "GetConnection", "connection", id).ok());
    EXPECT_EQ(world.call(vendor, "ListConnections", R"({"filter": "state = ACTIVE"})")
                  .text("connections.0.id"),
              id);
    EXPECT_EQ(on(vendor, "ArchiveConnection", "connection", id).reason, "ROLE_MAY_NOT_CALL");
    EXPECT_EQ(
        on(distributor, "ArchiveConnection", "connection", id, R"(, "etag": "\"stale\"")").reason,
        "ETAG_MISMATCH");
    EXPECT_TRUE(on(distributor, "ArchiveConnection", "connection", id).ok());
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", id).reason, "STATE_FORBIDS");
    EXPECT_TRUE(connect(hub).ok()) << "an archived connection is in nobody's way";
    std::string second = text(distributor, "CreateHub", R"({"name": "Second"})", "hub.id");
    terminate(distribution);
    EXPECT_EQ(connect(second).reason, "DISTRIBUTION_CONTRACT_MISSING");
}

TEST_F(Products, AMarketplaceOrHubInUseIsNotDeleted)
{
    std::string product = published();
    Answer kept = on(distributor, "DeleteMarketplace", "marketplace", marketplace);
    EXPECT_EQ(kept.reason, "MARKETPLACE_IN_USE");
    EXPECT_EQ(kept.note("agreement").substr(0, 4), "agr_");
    EXPECT_EQ(on(distributor, "DeleteHub", "hub", hub).note("used_by"), marketplace);
    on(distributor, "UpdateMarketplace", "marketplace", marketplace, R"(, "update_mask": "hubs")");
    step(vendor, "Submit", propose("NEW", product, marketplace).text("listing_proposal.id"));
    std::string connection =
        text(distributor, "CreateConnection",
             json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_TEST"})",
                  product.c_str(), hub.c_str()),
             "connection.id");
    EXPECT_EQ(on(distributor, "DeleteHub", "hub", hub).note("used_by"), connection);
    on(distributor, "ArchiveConnection", "connection", connection);
    EXPECT_TRUE(on(distributor, "DeleteHub", "hub", hub).ok());
    std::string other = text(reseller, "CreateMarketplace",
                             R"({"name": "Other", "currency": "EUR"})", "marketplace.id");
    EXPECT_TRUE(on(reseller, "DeleteMarketplace", "marketplace", other).ok());
}

TEST_F(Products, AHubWithMoreThanAThousandMarketplacesToLookAtIsNotDeleted)
{
    Actor big = world.account("RESELLER", "Big");
    std::string spare = text(big, "CreateHub", R"({"name": "Spare"})", "hub.id");
    for (int i = 0; i <= 1000; i++) {
        world.call(big, "CreateMarketplace", R"({"name": "M", "currency": "USD"})");
    }
    EXPECT_EQ(on(big, "DeleteHub", "hub", spare).reason, "STORE_FULL");
}

TEST_F(Products, AConnectionWithLiveSubscriptionsIsNotArchived)
{
    std::string product = published();
    carry_out("NEW", product);
    auto connect = [&](const std::string &to) {
        return text(
            distributor, "CreateConnection",
            json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_PRODUCTION"})",
                 product.c_str(), to.c_str()),
            "connection.id");
    };
    std::string used = connect(hub);
    std::string idle = connect(text(distributor, "CreateHub", R"({"name": "Second"})", "hub.id"));
    std::string above =
        text(distributor, "CreateTierAccount",
             R"({"kind": "TIER_ACCOUNT_KIND_RESELLER", "name": "R"})", "tier_account.id");
    std::string customer =
        text(distributor, "CreateTierAccount",
             json(R"({"kind": "TIER_ACCOUNT_KIND_CUSTOMER", "name": "C", "parent_id": "%s"})",
                  above.c_str()),
             "tier_account.id");
    std::string request =
        json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s",
                                   "customer_id": "%s", "connection_id": "%s",
                                   "items": [{"mpn": "A", "quantity": {"value": "1"}}]})",
             product.c_str(), marketplace.c_str(), customer.c_str(), used.c_str());
    std::string subscription = text(distributor, "CreateOrder", request, "order.subscription_id");
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", used).note("subscription"),
              subscription);
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", used).reason, "CONNECTION_IN_USE");
    for (int i = 0; i < 1000; i++) { world.call(distributor, "CreateOrder", request); }
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", idle).reason, "STORE_FULL");
}

/* --- listings --- */

class Proposals : public Products {
  protected:
    std::string product = published();

    std::string in_state(const std::string &state)
    {
        std::string at = new_marketplace();
        distribute(at);
        std::string proposal = propose("NEW", product, at).text("listing_proposal.id");
        if (state != "DRAFT") { step(vendor, "Submit", proposal); }
        if (state == "DEPLOYING" || state == "COMPLETED") { step(distributor, "Deploy", proposal); }
        if (state == "COMPLETED") { step(distributor, "Complete", proposal); }
        if (state == "CANCELED") { step(distributor, "Cancel", proposal); }
        EXPECT_EQ(state_of(proposal), "LISTING_PROPOSAL_STATE_" + state);
        return proposal;
    }

    std::string state_of(const std::string &proposal)
    {
        Answer got = on(vendor, "GetListingProposal", "listing_proposal", proposal);
        return got.ok() ? got.text("listing_proposal.state") : got.reason;
    }
};

TEST_F(Proposals, EveryVerbFromEveryStateByEveryRole)
{
    const Verb verbs[] = {
        {"Submit", "VENDOR", "DRAFT", "REVIEWING", ""},
        {"Delete", "VENDOR", "DRAFT", "NOT_FOUND", ""},
        {"Refine", "DISTRIBUTOR", "REVIEWING", "DRAFT", ""},
        {"Deploy", "DISTRIBUTOR", "REVIEWING", "DEPLOYING", ""},
        {"Complete", "DISTRIBUTOR", "DEPLOYING", "COMPLETED", ""},
        {"Cancel", "DISTRIBUTOR", "REVIEWING DEPLOYING", "CANCELED", ""},
    };
    for (const char *from : {"DRAFT", "REVIEWING", "DEPLOYING", "COMPLETED", "CANCELED"}) {
        for (const Verb &verb : verbs) {
            for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                std::string proposal = in_state(from);
                std::string reason = expected_reason(verb, from, role);
                /* The distributor does not see a draft that was never submitted. */
                if (reason == "STATE_FORBIDS" && std::string(role) == "DISTRIBUTOR" &&
                    std::string(from) == "DRAFT") {
                    reason = "NOT_FOUND";
                }
                EXPECT_EQ(step(actor(role), verb.method, proposal).reason, reason)
                    << verb.method << " from " << from << " as " << role;
                std::string after = reason.empty() ? verb.to : from;
                EXPECT_EQ(state_of(proposal),
                          after == "NOT_FOUND" ? after : "LISTING_PROPOSAL_STATE_" + after);
            }
        }
    }
}

TEST_F(Proposals, ARefinedProposalIsADraftThatItsDistributorStillSees)
{
    std::string proposal = in_state("REVIEWING");
    step(distributor, "Refine", proposal);
    Answer seen = on(distributor, "GetListingProposal", "listing_proposal", proposal);
    EXPECT_EQ(seen.text("listing_proposal.distributor_note"), "More");
    EXPECT_EQ(step(distributor, "Deploy", proposal).reason, "STATE_FORBIDS");
    EXPECT_TRUE(step(vendor, "Submit", proposal).ok());
}

TEST_F(Proposals, KindsNeedTheListingInTheRightState)
{
    EXPECT_EQ(propose("UPDATE", product, marketplace).reason, "LISTING_STATE");
    EXPECT_EQ(propose("REMOVE", product, marketplace).reason, "LISTING_STATE");
    Answer open = propose("NEW", product, marketplace);
    Answer second = propose("NEW", product, marketplace);
    EXPECT_EQ(second.reason, "LISTING_PROPOSAL_OPEN");
    EXPECT_EQ(second.note("proposal"), open.text("listing_proposal.id"));
    EXPECT_TRUE(step(vendor, "Delete", open.text("listing_proposal.id")).ok());
    std::string listing = carry_out("NEW", product);
    Answer again = propose("NEW", product, marketplace);
    EXPECT_EQ(again.reason, "LISTING_STATE");
    EXPECT_EQ(again.note("listing"), listing);
    EXPECT_EQ(again.note("state"), "LISTED");
    EXPECT_EQ(carry_out("REMOVE", product), listing);
    EXPECT_EQ(on(vendor, "GetListing", "listing", listing).text("listing.state"),
              "LISTING_STATE_NOT_LISTED");
    EXPECT_EQ(carry_out("NEW", product), listing) << "one listing for a product and marketplace";
}

TEST_F(Proposals, ACanceledProposalLeavesTheListingAsItIs)
{
    std::string listing = carry_out("NEW", product);
    std::string removal = propose("REMOVE", product, marketplace).text("listing_proposal.id");
    step(vendor, "Submit", removal);
    step(distributor, "Cancel", removal);
    EXPECT_EQ(on(vendor, "GetListing", "listing", listing).text("listing.state"),
              "LISTING_STATE_LISTED");
    EXPECT_TRUE(propose("REMOVE", product, marketplace).ok()) << "it is no longer open";
}

TEST_F(Proposals, OnlyAPublishedProductIsProposed)
{
    EXPECT_EQ(propose("NEW", draft(), marketplace).reason, "PRODUCT_NOT_PUBLISHED");
    EXPECT_EQ(propose("NEW", kNoProduct, marketplace).reason, "NOT_FOUND");
    EXPECT_EQ(propose("NEW", product, "mkt_00000000000000000000000000").reason, "NOT_FOUND");
    expect_refusal(
        vendor, "CreateListingProposal",
        json(R"({"kind": "LISTING_PROPOSAL_KIND_NEW", "product_id": "%s", "marketplace_id": "%s",
                            "product_version": 7})",
             product.c_str(), marketplace.c_str()),
        "PRODUCT_NOT_PUBLISHED");
    std::string proposal = propose("NEW", product, marketplace).text("listing_proposal.id");
    on(vendor, "EndProductSale", "product", product);
    EXPECT_EQ(step(vendor, "Submit", proposal).reason, "PRODUCT_NOT_PUBLISHED");
}

TEST_F(Proposals, TheDistributionContractMustBeActiveToTheEnd)
{
    std::string one = published();
    std::string unlisted = published();
    std::string listed = published();
    carry_out("NEW", listed);
    std::string drafted = propose("NEW", product, marketplace).text("listing_proposal.id");
    std::string deploying = propose("NEW", one, marketplace).text("listing_proposal.id");
    step(vendor, "Submit", deploying);
    step(distributor, "Deploy", deploying);
    terminate(distribution);
    EXPECT_EQ(propose("NEW", unlisted, marketplace).reason, "DISTRIBUTION_CONTRACT_MISSING");
    EXPECT_EQ(step(vendor, "Submit", drafted).reason, "DISTRIBUTION_CONTRACT_MISSING");
    EXPECT_EQ(step(distributor, "Complete", deploying).reason, "DISTRIBUTION_CONTRACT_MISSING");
    carry_out("REMOVE", listed);
}

TEST_F(Proposals, APublicationAndAnEndOfSaleReachListingsInEveryState)
{
    carry_out("NEW", product);
    std::string proposal = in_state("REVIEWING");
    std::string unlisted = on(vendor, "GetListingProposal", "listing_proposal", proposal)
                               .text("listing_proposal.listing_id");
    for (const char *method : {"PublishProduct", "EndProductSale", "ResumeProductSale"}) {
        EXPECT_TRUE(on(vendor, method, "product", product).ok()) << method;
    }
    Answer told = on(distributor, "GetListing", "listing", unlisted);
    EXPECT_EQ(told.text("listing.state"), "LISTING_STATE_NOT_LISTED");
    EXPECT_EQ(told.text("listing.latest_version"), "2");
    EXPECT_EQ(told.text("listing.product_state"), "PRODUCT_STATE_PUBLISHED");
}

TEST_F(Proposals, ListsShowBothPartiesTheirOwn)
{
    std::string listing = carry_out("NEW", product);
    for (const Actor *party : {&vendor, &distributor}) {
        EXPECT_EQ(world.call(*party, "ListListings", R"({"filter": "state = LISTED"})")
                      .text("listings.0.id"),
                  listing);
        Answer proposals = world.call(*party, "ListListingProposals",
                                      R"({"filter": "kind = NEW AND state = COMPLETED"})");
        EXPECT_EQ(proposals.text("listing_proposals.0.listing_id"), listing);
    }
    expect_refusal(vendor, "ListListings",
                   json(R"({"distributor_id": "%s"})", distributor.account_id.c_str()),
                   "INVALID_FIELD");
    EXPECT_EQ(world.call(vendor, "ListProducts", R"({"filter": "state = PUBLISHED"})")
                  .text("products.0.id"),
              product);
}

} // namespace
} // namespace purvey
