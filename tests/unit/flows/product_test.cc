/* Products: their states, what publishing freezes, and who sees them. */
#include "tests/unit/flows/product_fixture.h"

namespace purvey {
namespace {

TEST_F(Products, EveryVerbOfAProductFromEveryStateByEveryRole)
{
    const Verb verbs[] = {
        {"PublishProduct", "VENDOR", "DRAFT PUBLISHED", "PUBLISHED", ""},
        {"EndProductSale", "VENDOR", "PUBLISHED", "END_OF_SALE", ""},
        {"ResumeProductSale", "VENDOR", "END_OF_SALE", "PUBLISHED", ""},
        {"DeleteProduct", "VENDOR", "DRAFT", "NOT_FOUND", ""},
        {"UpdateProduct", "VENDOR", "DRAFT PUBLISHED END_OF_SALE", "", R"(, "name": "Other")"},
    };
    for (const char *from : {"DRAFT", "PUBLISHED", "END_OF_SALE"}) {
        for (const Verb &verb : verbs) {
            for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                std::string state = from;
                std::string product = draft();
                item(product, "A");
                if (state != "DRAFT") { on(vendor, "PublishProduct", "product", product); }
                if (state == "END_OF_SALE") { on(vendor, "EndProductSale", "product", product); }
                std::string reason = expected_reason(verb, state, role);
                EXPECT_EQ(on(actor(role), verb.method, "product", product, verb.more).reason,
                          reason)
                    << verb.method << " from " << from << " as " << role;
                Answer got = on(vendor, "GetProduct", "product", product);
                std::string after = reason.empty() && *verb.to != '\0' ? verb.to : from;
                EXPECT_EQ(got.ok() ? got.text("product.state") : got.reason,
                          after == "NOT_FOUND" ? after : "PRODUCT_STATE_" + after);
            }
        }
    }
}

TEST_F(Products, AVendorMakesProductsOnlyUnderADistributionContract)
{
    Actor other = world.account("VENDOR", "Other");
    expect_refusal(other, "CreateProduct", R"({"name": "Mail"})", "DISTRIBUTION_CONTRACT_MISSING");
    std::string product = draft(R"(, "external_id": "mail")");
    Answer second =
        expect_refusal(vendor, "CreateProduct", R"({"name": "Mail", "external_id": "mail"})",
                       "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(second.note("existing_id"), product);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", draft(), R"(, "external_id": "mail")").reason,
              "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(
        on(vendor, "UpdateProduct", "product", product, R"(, "update_mask": "latest_version")")
            .reason,
        "UPDATE_MASK_INVALID");
}

TEST_F(Products, OnlyACompleteProductIsPublished)
{
    std::string product = text(vendor, "CreateProduct", R"({"name": "Mail"})", "product.id");
    Answer refused = on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(refused.reason, "PRODUCT_INCOMPLETE");
    EXPECT_EQ(refused.violations.size(), 3U) << "category, description, items";
    on(vendor, "UpdateProduct", "product", product,
       R"(, "category": "Office", "detailed_description": "Letters")");
    item(product, "A");
    EXPECT_TRUE(on(vendor, "PublishProduct", "product", product).ok());
}

TEST_F(Products, AVersionFreezesTextsAndItems)
{
    std::string product = published();
    item(product, "B");
    on(vendor, "UpdateProduct", "product", product, R"(, "name": "Post")");
    Answer second =
        on(vendor, "PublishProduct", "product", product, R"(, "change_note": "B is new")");
    EXPECT_EQ(second.text("product_version.number"), "2");
    EXPECT_EQ(second.text("product_version.item_count"), "2");
    EXPECT_EQ(second.text("product_version.new_item_count"), "1");
    item(product, "C");
    Answer versions = on(vendor, "ListProductVersions", "product", product);
    EXPECT_EQ(versions.text("product_versions.0.name"), "Mail");
    EXPECT_EQ(versions.text("product_versions.1.name"), "Post");
    EXPECT_TRUE(
        on(vendor, "GetProductVersion", "product_version", versions.text("product_versions.0.id"))
            .ok());
    Answer first = on(vendor, "ListItems", "product", product, R"(, "product_version": 1)");
    EXPECT_EQ(first.text("items.0.mpn"), "A");
    EXPECT_EQ(first.text("items.1.mpn"), "");
    EXPECT_EQ(on(vendor, "ListItems", "product", product, R"(, "product_version": 2)")
                  .text("items.1.mpn"),
              "B");
    EXPECT_EQ(on(vendor, "ListItems", "product", product).text("items.2.mpn"), "C");
}

TEST_F(Products, TheUsageSchemaOfAPublishedProductStays)
{
    const std::string none = R"(, "update_mask": "capabilities.usage_schema")";
    const std::string qt = R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_QT"})";
    const std::string pr = R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_PR"})";
    std::string product = draft(pr);
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", product, qt).ok())
        << "a draft may change its mind";
    item(product, "A", kPayAsYouGo);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", product, none).reason, "CAPABILITY_FROZEN")
        << "has such items";
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", product, pr).reason, "CAPABILITY_FROZEN");
    EXPECT_TRUE(
        on(vendor, "UpdateProduct", "product", product,
           R"(, "capabilities": {"administrative_hold": true}, "update_mask": "capabilities.administrative_hold")")
            .ok());
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", published(), pr).ok())
        << "a first one may come late";
}

TEST_F(Products, AReplacementIsAnotherPublishedProduct)
{
    std::string product = published();
    auto end = [&](const std::string &replacement) {
        return on(vendor, "EndProductSale", "product", product,
                  json(R"(, "replacement_product_id": "%s", "note": "Take the other")",
                       replacement.c_str()));
    };
    EXPECT_EQ(end(product).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(draft()).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(kNoProduct).reason, "NOT_FOUND");
    std::string other = published();
    EXPECT_EQ(end(other).text("product.replacement_product_id"), other);
    EXPECT_EQ(on(vendor, "ResumeProductSale", "product", product).text("product.end_of_sale_note"),
              "");
}

TEST_F(Products, ADeletedDraftTakesItsPartsWithIt)
{
    std::string product = draft();
    std::string kept = item(product, "A");
    std::string parameter = text(vendor, "CreateParameter",
                                 json(R"({"product_id": "%s", "name": "p", "title": "P",
                                          "phase": "PARAMETER_PHASE_ORDERING", "type": "PARAMETER_TYPE_TEXT"})",
                                      product.c_str()),
                                 "parameter.id");
    EXPECT_TRUE(on(vendor, "DeleteProduct", "product", product).ok());
    EXPECT_EQ(on(vendor, "GetItem", "item", kept).reason, "NOT_FOUND");
    EXPECT_EQ(on(vendor, "GetParameter", "parameter", parameter).reason, "NOT_FOUND");
}

TEST_F(Products, MoreThanAThousandDraftsAreNotPublishedAtOnce)
{
    std::string product = draft();
    for (int i = 0; i <= 1000; i++) { item(product, std::to_string(i)); }
    EXPECT_EQ(on(vendor, "PublishProduct", "product", product).reason, "STORE_FULL");
    EXPECT_EQ(on(vendor, "DeleteProduct", "product", product).reason, "STORE_FULL");
}

/* --- who sees a product --- */

TEST_F(Products, ADistributorSeesAProductFromTheFirstSubmissionOn)
{
    std::string product = published();
    std::string known = on(vendor, "ListItems", "product", product).text("items.0.id");
    std::string hidden = item(product, "DRAFT");
    auto reason = [&](const Actor &who) {
        return on(who, "GetProduct", "product", product).reason;
    };
    EXPECT_EQ(reason(distributor), "NOT_FOUND");
    std::string proposal = propose("NEW", product, marketplace).text("listing_proposal.id");
    EXPECT_EQ(reason(distributor), "NOT_FOUND") << "a draft is the vendor's own";
    EXPECT_EQ(on(distributor, "GetListingProposal", "listing_proposal", proposal).reason,
              "NOT_FOUND");
    step(vendor, "Submit", proposal);
    EXPECT_EQ(reason(distributor), "");
    EXPECT_TRUE(on(distributor, "GetItem", "item", known).ok());
    EXPECT_EQ(on(distributor, "GetItem", "item", hidden).reason, "NOT_FOUND") << "a draft item";
    Answer items = on(distributor, "ListItems", "product", product);
    EXPECT_EQ(items.text("items.0.id"), known);
    EXPECT_EQ(items.text("items.1.id"), "");
    EXPECT_EQ(reason(world.account("DISTRIBUTOR", "Other")), "NOT_FOUND");
    EXPECT_EQ(reason(world.account("VENDOR", "Other")), "NOT_FOUND");
    EXPECT_EQ(reason(reseller), "NOT_FOUND") << "not listed yet";
}

TEST_F(Products, AResellerSeesWhatItsDistributorHasListed)
{
    std::string product = published();
    std::string listing = carry_out("NEW", product);
    EXPECT_TRUE(on(reseller, "GetProduct", "product", product).ok());
    EXPECT_TRUE(on(reseller, "GetListing", "listing", listing).ok());
    Answer listed = on(reseller, "ListListings", "distributor", distributor.account_id);
    EXPECT_EQ(listed.text("listings.0.id"), listing);
    Actor stranger = world.account("RESELLER", "Stranger");
    EXPECT_EQ(on(stranger, "GetProduct", "product", product).reason, "NOT_FOUND");
    EXPECT_EQ(on(stranger, "GetListing", "listing", listing).reason, "NOT_FOUND");
    EXPECT_EQ(on(stranger, "ListListings", "distributor", distributor.account_id).reason,
              "SERVICE_CONTRACT_MISSING");
    expect_refusal(reseller, "ListListings", "{}", "INVALID_FIELD");
    carry_out("REMOVE", product);
    EXPECT_EQ(on(reseller, "GetProduct", "product", product).reason, "NOT_FOUND");
    EXPECT_EQ(on(reseller, "GetListing", "listing", listing).reason, "NOT_FOUND");
    EXPECT_TRUE(on(distributor, "GetProduct", "product", product).ok())
        << "live subscriptions go on";
    terminate(service);
    EXPECT_EQ(on(reseller, "GetMarketplace", "marketplace", marketplace).reason, "NOT_FOUND");
}

TEST_F(Products, OthersAreShownThePublishedTexts)
{
    std::string product = published();
    on(vendor, "UpdateProduct", "product", product, R"(, "name": "Secret", "external_id": "own")");
    carry_out("NEW", product);
    Answer shown = on(distributor, "GetProduct", "product", product);
    EXPECT_EQ(shown.text("product.name"), "Mail");
    EXPECT_EQ(shown.text("product.external_id"), "");
    EXPECT_EQ(on(vendor, "GetProduct", "product", product).text("product.name"), "Secret");
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(on(distributor, "GetProduct", "product", product).text("product.name"), "Secret");
}

TEST_F(Products, AListingTellsItsDistributorOfVersionsAndEndsOfSale)
{
    std::string product = published();
    std::string listing = carry_out("NEW", product);
    auto seen = [&](const char *field) {
        return on(distributor, "GetListing", "listing", listing)
            .text(std::string("listing.") + field);
    };
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(seen("latest_version"), "2");
    EXPECT_EQ(seen("product_version"), "1") << "what is on sale changes by a proposal";
    carry_out("UPDATE", product);
    EXPECT_EQ(seen("product_version"), "2");
    on(vendor, "EndProductSale", "product", product);
    EXPECT_EQ(seen("product_state"), "PRODUCT_STATE_END_OF_SALE");
    EXPECT_EQ(seen("state"), "LISTING_STATE_LISTED") << "it can still be ordered";
}

} // namespace
} // namespace purvey
