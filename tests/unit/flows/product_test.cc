/* Products, marketplaces, listings: every transition from every state by every role, who sees what, and every reason
 * that a method lists. */
#include "server/served.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

const char kNoProduct[] = "prd_00000000000000000000000000";
const char kReservation[] =
    R"("type": "ITEM_TYPE_RESERVATION", "period": "ITEM_PERIOD_MONTHLY", "unit": "seat")";
const char kPayAsYouGo[] =
    R"("type": "ITEM_TYPE_PAY_AS_YOU_GO", "period": "ITEM_PERIOD_MONTHLY", "unit": "GB", "quantity_scale": 15)";

bool has_word(const std::string &words, const std::string &word)
{
    return (" " + words + " ").find(" " + word + " ") != std::string::npos;
}

/* A vendor that may list on the distributor's marketplace, a reseller of the distributor, and strangers. */
class Products : public ::testing::Test {
  protected:
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "Delta");
    Actor vendor = world.account("VENDOR", "Vega");
    Actor reseller = world.account("RESELLER", "Rigel");
    std::string hub = text(distributor, "CreateHub", R"({"name": "Shop", "instance_id": "shop-1"})", "hub.id");
    std::string marketplace = new_marketplace();
    std::string program = contract("PROGRAM", vendor, "");
    std::string service = contract("SERVICE", reseller, "");
    std::string distribution = distribute(marketplace);

    std::string text(const Actor &actor, const std::string &method, const std::string &request, const std::string &path)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_TRUE(answer.ok()) << method << " " << request << ": " << answer.reason << " " << answer.message;
        return answer.text(path);
    }

    Answer expect_refusal(const Actor &actor, const std::string &method, const std::string &request,
                          const std::string &reason)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_EQ(answer.reason, reason) << method << " " << request << ": " << answer.message;
        return answer;
    }

    std::string new_marketplace()
    {
        return text(distributor, "CreateMarketplace",
                    json(R"({"name": "Store", "currency": "USD", "hubs": [{"hub_id": "%s"}]})", hub.c_str()),
                    "marketplace.id");
    }

    Answer sign(const Actor &by, const Answer &made)
    {
        json_t *etag = json_string(made.text("contract.etag").c_str());
        char *dumped = json_dumps(etag, JSON_ENCODE_ANY);
        std::string request =
            json(R"({"contract_id": "%s", "etag": %s})", made.text("contract.id").c_str(), dumped);
        free(dumped);
        json_decref(etag);
        return world.call(by, "SignContract", request);
    }

    std::string contract(const std::string &type, const Actor &partner, const std::string &)
    {
        std::string agreement = text(distributor, "CreateAgreement",
                                     json(R"({"type": "AGREEMENT_TYPE_%s", "name": "x", "activate": true})", type.c_str()),
                                     "agreement.id");
        Answer made = world.call(distributor, "CreateContract",
                                 json(R"({"agreement_id": "%s", "partner_id": "%s"})", agreement.c_str(),
                                      partner.account_id.c_str()));
        EXPECT_TRUE(sign(partner, made).ok());
        return made.text("contract.id");
    }

    /* A distribution contract of the vendor for a marketplace. */
    std::string distribute(const std::string &at)
    {
        Answer admission = world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", program.c_str()));
        std::string agreement =
            text(distributor, "CreateAgreement",
                 json(R"({"type": "AGREEMENT_TYPE_DISTRIBUTION", "name": "x", "activate": true, "auto_accept": true,
                          "parent_agreement_id": "%s", "marketplace_id": "%s"})",
                      admission.text("contract.agreement_id").c_str(), at.c_str()),
                 "agreement.id");
        return text(vendor, "EnrollContract", json(R"({"agreement_id": "%s"})", agreement.c_str()), "contract.id");
    }

    void terminate(const std::string &contract_id)
    {
        EXPECT_TRUE(world.call(distributor, "TerminateContract", json(R"({"contract_id": "%s"})", contract_id.c_str())).ok());
    }

    std::string draft(const std::string &more = "")
    {
        return text(vendor, "CreateProduct",
                    json(R"({"name": "Mail", "category": "Office", "short_description": "Letters"%s})", more.c_str()),
                    "product.id");
    }

    std::string item(const std::string &product, const std::string &mpn, const std::string &form = kReservation)
    {
        return text(vendor, "CreateItem",
                    json(R"({"product_id": "%s", "mpn": "%s", "name": "Item", %s})", product.c_str(), mpn.c_str(),
                         form.c_str()),
                    "item.id");
    }

    std::string published()
    {
        std::string product = draft();
        item(product, "A");
        EXPECT_TRUE(on(vendor, "PublishProduct", "product", product).ok());
        return product;
    }

    /* The method on the object with this id: on(vendor, "PublishProduct", "product", id). */
    Answer on(const Actor &actor, const std::string &method, const std::string &noun, const std::string &id,
              const std::string &more = "")
    {
        return world.call(actor, method, json(R"({"%s_id": "%s"%s})", noun.c_str(), id.c_str(), more.c_str()));
    }

    Answer propose(const std::string &kind, const std::string &product, const std::string &at)
    {
        return world.call(vendor, "CreateListingProposal",
                          json(R"({"kind": "LISTING_PROPOSAL_KIND_%s", "product_id": "%s", "marketplace_id": "%s"})",
                               kind.c_str(), product.c_str(), at.c_str()));
    }

    Answer step(const Actor &actor, const std::string &verb, const std::string &proposal)
    {
        std::string more = verb == "Refine" ? R"(, "note": "More")" : "";
        return on(actor, verb + "ListingProposal", "listing_proposal", proposal, more);
    }

    /* Takes a new proposal through to its end; gives the listing's id. */
    std::string carry_out(const std::string &kind, const std::string &product)
    {
        std::string proposal = propose(kind, product, marketplace).text("listing_proposal.id");
        EXPECT_TRUE(step(vendor, "Submit", proposal).ok());
        EXPECT_TRUE(step(distributor, "Deploy", proposal).ok());
        Answer done = step(distributor, "Complete", proposal);
        EXPECT_TRUE(done.ok()) << done.message;
        return done.text("listing.id");
    }

    const Actor &actor(const std::string &role) const
    {
        return role == "VENDOR" ? vendor : role == "RESELLER" ? reseller : distributor;
    }
};

/* One verb of a state machine. */
struct Verb {
    const char *method;
    const char *caller; /* the one account type that may call it */
    const char *from;
    const char *to; /* NOT_FOUND: the object is gone */
    const char *more;
};

std::string expected_reason(const Verb &verb, const std::string &state, const std::string &role)
{
    if (role != verb.caller) { return "ROLE_MAY_NOT_CALL"; }
    return has_word(verb.from, state) ? "" : "STATE_FORBIDS";
}

/* --- products --- */

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
                EXPECT_EQ(on(actor(role), verb.method, "product", product, verb.more).reason, reason)
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
    Answer second = expect_refusal(vendor, "CreateProduct", R"({"name": "Mail", "external_id": "mail"})",
                                   "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(second.note("existing_id"), product);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", draft(), R"(, "external_id": "mail")").reason, "EXTERNAL_ID_EXISTS");
}

TEST_F(Products, OnlyACompleteProductIsPublished)
{
    std::string product = text(vendor, "CreateProduct", R"({"name": "Mail"})", "product.id");
    Answer refused = on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(refused.reason, "PRODUCT_INCOMPLETE");
    EXPECT_EQ(refused.violations.size(), 3U) << "category, description, items";
    on(vendor, "UpdateProduct", "product", product, R"(, "category": "Office", "detailed_description": "Letters")");
    item(product, "A");
    EXPECT_TRUE(on(vendor, "PublishProduct", "product", product).ok());
}

TEST_F(Products, AVersionFreezesTextsAndItems)
{
    std::string product = published();
    item(product, "B");
    on(vendor, "UpdateProduct", "product", product, R"(, "name": "Post")");
    Answer second = on(vendor, "PublishProduct", "product", product, R"(, "change_note": "B is new")");
    EXPECT_EQ(second.text("product_version.number"), "2");
    EXPECT_EQ(second.text("product_version.item_count"), "2");
    EXPECT_EQ(second.text("product_version.new_item_count"), "1");
    item(product, "C");
    Answer versions = on(vendor, "ListProductVersions", "product", product);
    EXPECT_EQ(versions.text("product_versions.0.name"), "Mail");
    EXPECT_EQ(versions.text("product_versions.1.name"), "Post");
    EXPECT_TRUE(on(vendor, "GetProductVersion", "product_version", versions.text("product_versions.0.id")).ok());
    Answer first = on(vendor, "ListItems", "product", product, R"(, "product_version": 1)");
    EXPECT_EQ(first.text("items.0.mpn"), "A");
    EXPECT_EQ(first.text("items.1.mpn"), "");
    EXPECT_EQ(on(vendor, "ListItems", "product", product, R"(, "product_version": 2)").text("items.1.mpn"), "B");
    EXPECT_EQ(on(vendor, "ListItems", "product", product).text("items.2.mpn"), "C");
}

TEST_F(Products, TheUsageSchemaOfAPublishedProductStays)
{
    const std::string none = R"(, "update_mask": "capabilities.usage_schema")";
    const std::string qt = R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_QT"})";
    const std::string pr = R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_PR"})";
    std::string product = draft(pr);
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", product, qt).ok()) << "a draft may change its mind";
    item(product, "A", kPayAsYouGo);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", product, none).reason, "CAPABILITY_FROZEN") << "has such items";
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(on(vendor, "UpdateProduct", "product", product, pr).reason, "CAPABILITY_FROZEN");
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", product,
                   R"(, "capabilities": {"administrative_hold": true}, "update_mask": "capabilities.administrative_hold")")
                    .ok());
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", published(), pr).ok()) << "a first one may come late";
}

TEST_F(Products, AReplacementIsAnotherPublishedProduct)
{
    std::string product = published();
    auto end = [&](const std::string &replacement) {
        return on(vendor, "EndProductSale", "product", product,
                  json(R"(, "replacement_product_id": "%s", "note": "Take the other")", replacement.c_str()));
    };
    EXPECT_EQ(end(product).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(draft()).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(kNoProduct).reason, "NOT_FOUND");
    std::string other = published();
    EXPECT_EQ(end(other).text("product.replacement_product_id"), other);
    EXPECT_EQ(on(vendor, "ResumeProductSale", "product", product).text("product.end_of_sale_note"), "");
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
    auto reason = [&](const Actor &who) { return on(who, "GetProduct", "product", product).reason; };
    EXPECT_EQ(reason(distributor), "NOT_FOUND");
    std::string proposal = propose("NEW", product, marketplace).text("listing_proposal.id");
    EXPECT_EQ(reason(distributor), "NOT_FOUND") << "a draft is the vendor's own";
    EXPECT_EQ(on(distributor, "GetListingProposal", "listing_proposal", proposal).reason, "NOT_FOUND");
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
    EXPECT_EQ(on(stranger, "ListListings", "distributor", distributor.account_id).reason, "SERVICE_CONTRACT_MISSING");
    expect_refusal(reseller, "ListListings", "{}", "INVALID_FIELD");
    carry_out("REMOVE", product);
    EXPECT_EQ(on(reseller, "GetProduct", "product", product).reason, "NOT_FOUND");
    EXPECT_EQ(on(reseller, "GetListing", "listing", listing).reason, "NOT_FOUND");
    EXPECT_TRUE(on(distributor, "GetProduct", "product", product).ok()) << "live subscriptions go on";
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
        return on(distributor, "GetListing", "listing", listing).text(std::string("listing.") + field);
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

/* --- items --- */

TEST_F(Products, EveryVerbOfAnItemFromEveryStateByEveryRole)
{
    const Verb verbs[] = {
        {"EndItemSale", "VENDOR", "PUBLISHED", "END_OF_SALE", ""},
        {"ResumeItemSale", "VENDOR", "END_OF_SALE", "PUBLISHED", ""},
        {"DeleteItem", "VENDOR", "DRAFT", "NOT_FOUND", ""},
        {"UpdateItem", "VENDOR", "DRAFT PUBLISHED END_OF_SALE", "", R"(, "name": "Other")"},
    };
    for (const char *from : {"DRAFT", "PUBLISHED", "END_OF_SALE"}) {
        for (const Verb &verb : verbs) {
            for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                std::string state = from;
                std::string product = draft();
                std::string made = item(product, "A");
                if (state != "DRAFT") { on(vendor, "PublishProduct", "product", product); }
                if (state == "END_OF_SALE") { on(vendor, "EndItemSale", "item", made); }
                std::string reason = expected_reason(verb, state, role);
                EXPECT_EQ(on(actor(role), verb.method, "item", made, verb.more).reason, reason)
                    << verb.method << " from " << from << " as " << role;
                Answer got = on(vendor, "GetItem", "item", made);
                std::string after = reason.empty() && *verb.to != '\0' ? verb.to : from;
                EXPECT_EQ(got.ok() ? got.text("item.state") : got.reason,
                          after == "NOT_FOUND" ? after : "ITEM_STATE_" + after);
            }
        }
    }
}

TEST_F(Products, TypePeriodCommitmentAndScaleFitTogether)
{
    std::string product = draft(R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_CR"})");
    const struct {
        const char *type;
        const char *period;
        const char *allowed; /* commitments in years */
    } rows[] = {
        {"RESERVATION", "MONTHLY", "0 1 2 3 4 5 6"}, {"RESERVATION", "YEARLY", "0 1 2 3 4 5 6"},
        {"RESERVATION", "YEARS_2", "0 4 6"},         {"RESERVATION", "YEARS_3", "0 6"},
        {"RESERVATION", "YEARS_4", "0"},             {"RESERVATION", "YEARS_5", "0"},
        {"RESERVATION", "YEARS_6", "0"},             {"RESERVATION", "ONE_TIME", "0"},
        {"RESERVATION", "TRIAL_7_DAYS", "0"},        {"RESERVATION", "TRIAL_14_DAYS", "0"},
        {"RESERVATION", "TRIAL_30_DAYS", "0"},       {"RESERVATION", "TRIAL_MONTH", "0"},
        {"PAY_AS_YOU_GO", "MONTHLY", "0"},           {"PAY_AS_YOU_GO", "YEARLY", ""},
        {"PAY_AS_YOU_GO", "YEARS_3", ""},            {"PAY_AS_YOU_GO", "ONE_TIME", ""},
    };
    for (const auto &row : rows) {
        for (int years = 0; years <= 6; years++) {
            std::string mpn = std::string(row.type) + row.period + std::to_string(years);
            bool allowed = has_word(row.allowed, std::to_string(years));
            expect_refusal(vendor, "CreateItem",
                           json(R"({"product_id": "%s", "mpn": "%s", "name": "x", "unit": "u",
                                    "type": "ITEM_TYPE_%s", "period": "ITEM_PERIOD_%s", "commitment_years": %d})",
                                product.c_str(), mpn.c_str(), row.type, row.period, years),
                           allowed ? "" : "ITEM_RULES");
        }
    }
    expect_refusal(vendor, "CreateItem",
                   json(R"({"product_id": "%s", "mpn": "half", "name": "x", %s, "quantity_scale": 1})", product.c_str(),
                        kReservation),
                   "ITEM_RULES");
}

TEST_F(Products, AnMpnIsUniqueWithinItsProduct)
{
    std::string product = draft();
    std::string first = item(product, "A");
    Answer second = expect_refusal(
        vendor, "CreateItem", json(R"({"product_id": "%s", "mpn": "A", "name": "x", %s})", product.c_str(), kReservation),
        "MPN_EXISTS");
    EXPECT_EQ(second.note("existing_id"), first);
    std::string other = item(product, "B");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", other, R"(, "mpn": "A")").reason, "MPN_EXISTS");
    EXPECT_TRUE(on(vendor, "UpdateItem", "item", first, R"(, "mpn": "A")").ok()) << "its own";
    item(draft(), "A");
    std::string near(255, 'm');
    item(product, near);
    near.back() = 'n';
    item(product, near);
}

TEST_F(Products, WhatOrdersStandOnIsFrozenOncePublished)
{
    std::string product = draft(R"(, "capabilities": {"usage_schema": "USAGE_SCHEMA_CR"})");
    std::string made = item(product, "A", kPayAsYouGo);
    EXPECT_TRUE(on(vendor, "UpdateItem", "item", made, R"(, "unit": "TB", "quantity_scale": 11)").ok());
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "period": "ITEM_PERIOD_YEARLY")").reason, "ITEM_RULES");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "update_mask": "name")").reason, "INVALID_FIELD");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "update_mask": "state")").reason, "UPDATE_MASK_INVALID");
    on(vendor, "PublishProduct", "product", product);
    const std::pair<const char *, const char *> frozen[] = {
        {"type", R"("ITEM_TYPE_RESERVATION")"}, {"period", R"("ITEM_PERIOD_YEARLY")"}, {"commitment_years", "2"},
        {"unit", R"("MB")"},                    {"quantity_scale", "3"}};
    for (const auto &field : frozen) {
        Answer answer = on(vendor, "UpdateItem", "item", made, json(R"(, "%s": %s)", field.first, field.second));
        EXPECT_EQ(answer.reason, "ITEM_FROZEN") << field.first;
        EXPECT_EQ(answer.note("field"), field.first);
    }
    EXPECT_TRUE(on(vendor, "UpdateItem", "item", made, R"(, "mpn": "AA", "name": "New", "description": "d")").ok());
}

TEST_F(Products, PayAsYouGoItemsNeedAUsageSchema)
{
    std::string product = draft();
    expect_refusal(vendor, "CreateItem",
                   json(R"({"product_id": "%s", "mpn": "A", "name": "x", %s})", product.c_str(), kPayAsYouGo),
                   "CAPABILITY_MISSING");
    std::string made = item(product, "B");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "type": "ITEM_TYPE_PAY_AS_YOU_GO")").reason,
              "CAPABILITY_MISSING");
}

TEST_F(Products, AReplacementIsAnotherPublishedItemOfTheProduct)
{
    std::string product = draft();
    std::string one = item(product, "A");
    std::string two = item(product, "B");
    on(vendor, "PublishProduct", "product", product);
    std::string late = item(product, "C");
    std::string foreign = on(vendor, "ListItems", "product", published()).text("items.0.id");
    auto end = [&](const std::string &replacement) {
        return on(vendor, "EndItemSale", "item", one, json(R"(, "replacement_item_id": "%s")", replacement.c_str()));
    };
    EXPECT_EQ(end(one).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(late).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(foreign).reason, "REPLACEMENT_INVALID");
    EXPECT_EQ(end(two).text("item.replacement_item_id"), two);
}

/* --- parameters and templates --- */

TEST_F(Products, ConstraintsOfAParameterFitItsType)
{
    std::string product = draft();
    const struct {
        const char *type;
        const char *more;
        const char *reason;
    } rows[] = {
        {"TEXT", "", ""},
        {"TEXT", R"(, "constraints": {"choices": [{"value": "a"}]})", "PARAMETER_RULES"},
        {"TEXT", R"(, "constraints": {"length_min": 5, "length_max": 4})", "PARAMETER_RULES"},
        {"TEXT", R"(, "constraints": {"length_min": 5, "required": true})", ""},
        {"DROPDOWN", "", "PARAMETER_RULES"},
        {"DROPDOWN", R"(, "constraints": {"choices": [{"value": "a"}, {"value": "b"}]}, "default_value": "b")", ""},
        {"DROPDOWN", R"(, "constraints": {"choices": [{"value": "a"}]}, "default_value": "b")", "PARAMETER_RULES"},
        {"CHOICE", R"(, "constraints": {"choices": [{"value": "a"}, {"value": "a"}]})", "PARAMETER_RULES"},
        {"CHECKBOX", R"(, "constraints": {"choices": [{"value": "a,b"}]})", "PARAMETER_RULES"},
        {"CHECKBOX", R"(, "constraints": {"choices": [{"value": "a"}, {"value": "b"}]}, "default_value": "a,b")", ""},
    };
    int number = 0;
    for (const auto &row : rows) {
        expect_refusal(vendor, "CreateParameter",
                       json(R"({"product_id": "%s", "name": "p%d", "title": "P", "phase": "PARAMETER_PHASE_ORDERING",
                                "type": "PARAMETER_TYPE_%s"%s})",
                            product.c_str(), number++, row.type, row.more),
                       row.reason);
    }
}

TEST_F(Products, ParametersAndTemplatesBelongToTheirProduct)
{
    std::string product = draft();
    item(product, "A");
    std::string request = json(R"({"product_id": "%s", "name": "realm", "title": "Realm", "type": "PARAMETER_TYPE_TEXT",
                                   "phase": "PARAMETER_PHASE_FULFILLMENT"})",
                               product.c_str());
    std::string parameter = text(vendor, "CreateParameter", request, "parameter.id");
    EXPECT_EQ(expect_refusal(vendor, "CreateParameter", request, "PARAMETER_EXISTS").note("existing_id"), parameter);
    std::string shown = text(vendor, "CreateTemplate",
                             json(R"({"product_id": "%s", "name": "Done", "type": "TEMPLATE_TYPE_FULFILLMENT",
                                      "body": "Your realm is {{ realm }}."})",
                                  product.c_str()),
                             "template.id");
    EXPECT_TRUE(on(vendor, "UpdateParameter", "parameter", parameter, R"(, "title": "Your realm")").ok());
    EXPECT_EQ(on(vendor, "UpdateParameter", "parameter", parameter, R"(, "update_mask": "name")").reason,
              "UPDATE_MASK_INVALID");
    EXPECT_EQ(on(vendor, "UpdateParameter", "parameter", parameter, R"(, "constraints": {"choices": [{"value": "a"}]})")
                  .reason,
              "PARAMETER_RULES");
    EXPECT_TRUE(on(vendor, "UpdateTemplate", "template", shown, R"(, "body": "{{ realm }}")").ok());
    EXPECT_EQ(on(vendor, "UpdateTemplate", "template", shown, R"(, "update_mask": "type")").reason, "UPDATE_MASK_INVALID");
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(on(vendor, "DeleteParameter", "parameter", parameter).reason, "PRODUCT_PUBLISHED");
    EXPECT_EQ(on(vendor, "DeleteTemplate", "template", shown).reason, "PRODUCT_PUBLISHED");
    EXPECT_EQ(on(distributor, "GetParameter", "parameter", parameter).reason, "NOT_FOUND");
    EXPECT_EQ(on(distributor, "ListTemplates", "product", product).reason, "NOT_FOUND");
    carry_out("NEW", product);
    EXPECT_TRUE(on(distributor, "GetParameter", "parameter", parameter).ok());
    EXPECT_TRUE(on(distributor, "GetTemplate", "template", shown).ok());
    EXPECT_EQ(on(distributor, "ListTemplates", "product", product).text("templates.0.id"), shown);
    EXPECT_EQ(on(distributor, "ListParameters", "product", product, R"(, "filter": "phase = FULFILLMENT")")
                  .text("parameters.0.id"),
              parameter);
}

TEST_F(Products, PartsOfADraftCanBeDeleted)
{
    std::string product = draft();
    std::string parameter = text(vendor, "CreateParameter",
                                 json(R"({"product_id": "%s", "name": "a", "title": "A", "type": "PARAMETER_TYPE_TEXT",
                                          "phase": "PARAMETER_PHASE_ORDERING"})",
                                      product.c_str()),
                                 "parameter.id");
    std::string shown = text(vendor, "CreateTemplate",
                             json(R"({"product_id": "%s", "name": "x", "type": "TEMPLATE_TYPE_PENDING", "body": "x"})",
                                  product.c_str()),
                             "template.id");
    EXPECT_TRUE(on(vendor, "DeleteParameter", "parameter", parameter).ok());
    EXPECT_TRUE(on(vendor, "DeleteTemplate", "template", shown).ok());
}

/* --- marketplaces, hubs, connections --- */

TEST_F(Products, AMarketplaceHasOwnHubsAndDifferentCurrencies)
{
    const std::pair<std::string, const char *> rows[] = {
        {R"("alternative_currencies": ["EUR", "GBP"], "countries": ["DE", "US"])", ""},
        {R"("alternative_currencies": ["USD"])", "MARKETPLACE_INVALID"},
        {R"("hubs": [{"hub_id": ")" + hub + R"("}, {"hub_id": ")" + hub + R"("}])", "MARKETPLACE_INVALID"},
        {R"("hubs": [{"hub_id": "hub_00000000000000000000000000"}])", "NOT_FOUND"},
    };
    for (const auto &row : rows) {
        expect_refusal(distributor, "CreateMarketplace", R"({"name": "S", "currency": "USD", )" + row.first + "}",
                       row.second);
        EXPECT_EQ(on(distributor, "UpdateMarketplace", "marketplace", marketplace, ", " + row.first).reason, row.second);
    }
    EXPECT_EQ(on(distributor, "UpdateMarketplace", "marketplace", marketplace, R"(, "update_mask": "currency")").reason,
              "UPDATE_MASK_INVALID");
    EXPECT_TRUE(on(distributor, "UpdateHub", "hub", hub, R"(, "name": "New shop")").ok());
    EXPECT_EQ(on(distributor, "UpdateHub", "hub", hub, R"(, "update_mask": "owner_id")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(on(distributor, "GetHub", "hub", hub).text("hub.name"), "New shop");
    EXPECT_EQ(world.call(distributor, "ListHubs", R"({"filter": "instance_id = \"shop-1\""})").text("hubs.0.id"), hub);
    EXPECT_EQ(world.call(distributor, "ListMarketplaces", "{}").text("marketplaces.0.id"), marketplace);
}

TEST_F(Products, PartnersSeeAMarketplaceWithoutItsHubs)
{
    EXPECT_EQ(on(distributor, "GetMarketplace", "marketplace", marketplace).text("marketplace.hubs.0.hub_id"), hub);
    for (const Actor *partner : {&vendor, &reseller}) {
        Answer got = on(*partner, "GetMarketplace", "marketplace", marketplace);
        EXPECT_TRUE(got.ok());
        EXPECT_EQ(got.text("marketplace.hubs.0.hub_id"), "");
    }
    for (const char *type : {"VENDOR", "RESELLER", "DISTRIBUTOR"}) {
        EXPECT_EQ(on(world.account(type, "Stranger"), "GetMarketplace", "marketplace", marketplace).reason, "NOT_FOUND");
    }
    EXPECT_EQ(on(world.account("DISTRIBUTOR", "Other"), "GetHub", "hub", hub).reason, "NOT_FOUND");
}

TEST_F(Products, AConnectionNeedsASubmittedProductAContractAndAFreeHub)
{
    std::string product = published();
    auto connect = [&](const std::string &to) {
        return world.call(distributor, "CreateConnection",
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
    EXPECT_EQ(world.call(vendor, "ListConnections", R"({"filter": "state = ACTIVE"})").text("connections.0.id"), id);
    EXPECT_EQ(on(vendor, "ArchiveConnection", "connection", id).reason, "ROLE_MAY_NOT_CALL");
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", id, R"(, "etag": "\"stale\"")").reason, "ETAG_MISMATCH");
    EXPECT_TRUE(on(distributor, "ArchiveConnection", "connection", id).ok());
    EXPECT_EQ(on(distributor, "ArchiveConnection", "connection", id).reason, "STATE_FORBIDS");
    EXPECT_TRUE(connect(hub).ok()) << "an archived connection is in nobody's way";
    std::string second = text(distributor, "CreateHub", R"({"name": "Second"})", "hub.id");
    terminate(distribution);
    EXPECT_EQ(connect(second).reason, "DISTRIBUTION_CONTRACT_MISSING");
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
                if (reason == "STATE_FORBIDS" && std::string(role) == "DISTRIBUTOR" && std::string(from) == "DRAFT") {
                    reason = "NOT_FOUND";
                }
                EXPECT_EQ(step(actor(role), verb.method, proposal).reason, reason)
                    << verb.method << " from " << from << " as " << role;
                std::string after = reason.empty() ? verb.to : from;
                EXPECT_EQ(state_of(proposal), after == "NOT_FOUND" ? after : "LISTING_PROPOSAL_STATE_" + after);
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
    EXPECT_EQ(on(vendor, "GetListing", "listing", listing).text("listing.state"), "LISTING_STATE_NOT_LISTED");
    EXPECT_EQ(carry_out("NEW", product), listing) << "one listing for a product and marketplace";
}

TEST_F(Proposals, ACanceledProposalLeavesTheListingAsItIs)
{
    std::string listing = carry_out("NEW", product);
    std::string removal = propose("REMOVE", product, marketplace).text("listing_proposal.id");
    step(vendor, "Submit", removal);
    step(distributor, "Cancel", removal);
    EXPECT_EQ(on(vendor, "GetListing", "listing", listing).text("listing.state"), "LISTING_STATE_LISTED");
    EXPECT_TRUE(propose("REMOVE", product, marketplace).ok()) << "it is no longer open";
}

TEST_F(Proposals, OnlyAPublishedProductIsProposed)
{
    EXPECT_EQ(propose("NEW", draft(), marketplace).reason, "PRODUCT_NOT_PUBLISHED");
    EXPECT_EQ(propose("NEW", kNoProduct, marketplace).reason, "NOT_FOUND");
    EXPECT_EQ(propose("NEW", product, "mkt_00000000000000000000000000").reason, "NOT_FOUND");
    expect_refusal(vendor, "CreateListingProposal",
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
    std::string listed = published();
    carry_out("NEW", listed);
    std::string drafted = propose("NEW", product, marketplace).text("listing_proposal.id");
    std::string deploying = propose("NEW", one, marketplace).text("listing_proposal.id");
    step(vendor, "Submit", deploying);
    step(distributor, "Deploy", deploying);
    terminate(distribution);
    EXPECT_EQ(propose("NEW", published_elsewhere(), marketplace).reason, "DISTRIBUTION_CONTRACT_MISSING");
    EXPECT_EQ(step(vendor, "Submit", drafted).reason, "DISTRIBUTION_CONTRACT_MISSING");
    EXPECT_EQ(step(distributor, "Complete", deploying).reason, "DISTRIBUTION_CONTRACT_MISSING");
    carry_out("REMOVE", listed);
}

TEST_F(Proposals, ListsShowBothPartiesTheirOwn)
{
    std::string listing = carry_out("NEW", product);
    for (const Actor *party : {&vendor, &distributor}) {
        EXPECT_EQ(world.call(*party, "ListListings", R"({"filter": "state = LISTED"})").text("listings.0.id"), listing);
        Answer proposals = world.call(*party, "ListListingProposals", R"({"filter": "kind = NEW AND state = COMPLETED"})");
        EXPECT_EQ(proposals.text("listing_proposals.0.listing_id"), listing);
    }
    expect_refusal(vendor, "ListListings", json(R"({"distributor_id": "%s"})", distributor.account_id.c_str()),
                   "INVALID_FIELD");
    EXPECT_EQ(world.call(vendor, "ListProducts", R"({"filter": "state = PUBLISHED"})").text("products.0.id"), product);
}

} // namespace
} // namespace purvey
