/* product_fixture.h — what the tests of the product area stand on: a vendor that may list on a distributor's marketplace,
 * and a reseller of that distributor. */
#ifndef PV_TESTS_UNIT_FLOWS_PRODUCT_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_PRODUCT_FIXTURE_H

#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {

constexpr char kNoProduct[] = "prd_00000000000000000000000000";
constexpr char kReservation[] =
    R"("type": "ITEM_TYPE_RESERVATION", "period": "ITEM_PERIOD_MONTHLY", "unit": "seat")";
constexpr char kPayAsYouGo[] =
    R"("type": "ITEM_TYPE_PAY_AS_YOU_GO", "period": "ITEM_PERIOD_MONTHLY", "unit": "GB", "quantity_scale": 15)";

inline bool has_word(const std::string &words, const std::string &word)
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
    std::string hub =
        text(distributor, "CreateHub", R"({"name": "Shop", "instance_id": "shop-1"})", "hub.id");
    std::string marketplace = new_marketplace();
    std::string program = contract("PROGRAM", vendor);
    std::string service = contract("SERVICE", reseller);
    std::string distribution = distribute(marketplace);

    std::string text(const Actor &actor, const std::string &method, const std::string &request,
                     const std::string &path)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_TRUE(answer.ok()) << method << " " << request << ": " << answer.reason << " "
                                 << answer.message;
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
                    json(R"({"name": "Store", "currency": "USD", "hubs": [{"hub_id": "%s"}]})",
                         hub.c_str()),
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

    std::string contract(const std::string &type, const Actor &partner)
    {
        std::string agreement = text(
            distributor, "CreateAgreement",
            json(R"({"type": "AGREEMENT_TYPE_%s", "name": "x", "activate": true})", type.c_str()),
            "agreement.id");
        Answer made = world.call(distributor, "CreateContract",
                                 json(R"({"agreement_id": "%s", "partner_id": "%s"})",
                                      agreement.c_str(), partner.account_id.c_str()));
        EXPECT_TRUE(sign(partner, made).ok());
        return made.text("contract.id");
    }

    /* A distribution contract of the vendor for a marketplace. */
    std::string distribute(const std::string &at)
    {
        Answer admission =
            world.call(vendor, "GetContract", json(R"({"contract_id": "%s"})", program.c_str()));
        std::string agreement = text(
            distributor, "CreateAgreement",
            json(
                R"({"type": "AGREEMENT_TYPE_DISTRIBUTION", "name": "x", "activate": true, "auto_accept": true,
                          "parent_agreement_id": "%s", "marketplace_id": "%s"})",
                admission.text("contract.agreement_id").c_str(), at.c_str()),
            "agreement.id");
        return text(vendor, "EnrollContract", json(R"({"agreement_id": "%s"})", agreement.c_str()),
                    "contract.id");
    }

    void terminate(const std::string &contract_id)
    {
        EXPECT_TRUE(world
                        .call(distributor, "TerminateContract",
                              json(R"({"contract_id": "%s"})", contract_id.c_str()))
                        .ok());
    }

    std::string draft(const std::string &more = "")
    {
        return text(
            vendor, "CreateProduct",
            json(R"({"name": "Mail", "category": "Office", "short_description": "Letters"%s})",
                 more.c_str()),
            "product.id");
    }

    std::string item(const std::string &product, const std::string &mpn,
                     const std::string &form = kReservation)
    {
        return text(vendor, "CreateItem",
                    json(R"({"product_id": "%s", "mpn": "%s", "name": "Item", %s})",
                         product.c_str(), mpn.c_str(), form.c_str()),
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
    Answer on(const Actor &actor, const std::string &method, const std::string &noun,
              const std::string &id, const std::string &more = "")
    {
        return world.call(actor, method,
                          json(R"({"%s_id": "%s"%s})", noun.c_str(), id.c_str(), more.c_str()));
    }

    Answer propose(const std::string &kind, const std::string &product, const std::string &at)
    {
        return world.call(
            vendor, "CreateListingProposal",
            json(
                R"({"kind": "LISTING_PROPOSAL_KIND_%s", "product_id": "%s", "marketplace_id": "%s"})",
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

inline std::string expected_reason(const Verb &verb, const std::string &state,
                                   const std::string &role)
{
    if (role != verb.caller) { return "ROLE_MAY_NOT_CALL"; }
    return has_word(verb.from, state) ? "" : "STATE_FORBIDS";
}

} // namespace purvey

#endif
