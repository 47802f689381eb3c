/* product_fixture.h — what the tests of the product area stand on: a vendor that may list on a distributor's
 * marketplace, and a reseller of that distributor. */
#ifndef PV_TESTS_UNIT_FLOWS_PRODUCT_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_PRODUCT_FIXTURE_H

#include "tests/unit/flows/chain_fixture.h"

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
class Products : public Chain {
  protected:
    std::string hub =
        text(distributor, "CreateHub", R"({"name": "Shop", "instance_id": "shop-1"})", "hub.id");
    std::string marketplace = new_marketplace();
    std::string program = contract("PROGRAM", vendor);
    std::string service = contract("SERVICE", reseller);
    std::string distribution = distribute(marketplace);

    std::string new_marketplace()
    {
        return text(distributor, "CreateMarketplace",
                    json(R"({"name": "Store", "currency": "USD", "hubs": [{"hub_id": "%s"}]})",
                         hub.c_str()),
                    "marketplace.id");
    }

    /* A distribution contract of the vendor for a marketplace. */
    std::string distribute(const std::string &at)
    {
        std::string terms =
            on(vendor, "GetContract", "contract", program).text("contract.agreement_id");
        std::string offer = agreement(
            "DISTRIBUTION",
            json(R"(, "auto_accept": true, "parent_agreement_id": "%s", "marketplace_id": "%s")",
                 terms.c_str(), at.c_str()));
        Answer made = enroll(offer, vendor);
        EXPECT_TRUE(made.ok()) << made.reason << " " << made.message;
        return made.text("contract.id");
    }

    void terminate(const std::string &contract_id)
    {
        EXPECT_TRUE(on(distributor, "TerminateContract", "contract", contract_id).ok());
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
