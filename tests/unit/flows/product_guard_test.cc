/* What guards every object of the product area: another tenant's is not found, a stale etag changes nothing. */
#include "tests/unit/flows/product_fixture.h"

namespace purvey {
namespace {

/* One object of each kind, where its verbs need it. */
class Guards : public Products {
  protected:
    std::string product = published();
    std::string sketch = draft();
    std::string kept = on(vendor, "ListItems", "product", product).text("items.0.id");
    std::string ended = ended_item();
    std::string parameter = text(
        vendor, "CreateParameter",
        json(R"({"product_id": "%s", "name": "p", "title": "P", "phase": "PARAMETER_PHASE_ORDERING",
                      "type": "PARAMETER_TYPE_TEXT"})",
             sketch.c_str()),
        "parameter.id");
    std::string shown = text(
        vendor, "CreateTemplate",
        json(R"({"product_id": "%s", "name": "x", "type": "TEMPLATE_TYPE_PENDING", "body": "x"})",
             sketch.c_str()),
        "template.id");
    std::string reviewing = proposal("REVIEWING");
    std::string deploying = proposal("DEPLOYING");
    std::string connection =
        text(distributor, "CreateConnection",
             json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_TEST"})",
                  product.c_str(), hub.c_str()),
             "connection.id");

    std::string ended_item()
    {
        std::string made = item(product, "B");
        on(vendor, "PublishProduct", "product", product);
        on(vendor, "EndItemSale", "item", made);
        return made;
    }

    std::string proposal(const std::string &state)
    {
        std::string at = new_marketplace();
        distribute(at);
        std::string made = propose("NEW", product, at).text("listing_proposal.id");
        if (state != "DRAFT") { step(vendor, "Submit", made); }
        if (state == "DEPLOYING") { step(distributor, "Deploy", made); }
        return made;
    }

    std::string ended_product()
    {
        std::string made = published();
        on(vendor, "EndProductSale", "product", made);
        return made;
    }
};

struct Row {
    const char *method;
    const char *role; /* whose own object it is */
    const char *noun;
    std::string id;
    const char *more;
};

TEST_F(Guards, AStaleEtagChangesNothing)
{
    std::string sketched = item(sketch, "A");
    std::string drafted = proposal("DRAFT");
    const Row rows[] = {
        {"UpdateProduct", "VENDOR", "product", product, R"(, "name": "x")"},
        {"PublishProduct", "VENDOR", "product", product, ""},
        {"EndProductSale", "VENDOR", "product", product, ""},
        {"ResumeProductSale", "VENDOR", "product", ended_product(), ""},
        {"DeleteProduct", "VENDOR", "product", sketch, ""},
        {"UpdateItem", "VENDOR", "item", kept, R"(, "name": "x")"},
        {"EndItemSale", "VENDOR", "item", kept, ""},
        {"ResumeItemSale", "VENDOR", "item", ended, ""},
        {"DeleteItem", "VENDOR", "item", sketched, ""},
        {"UpdateParameter", "VENDOR", "parameter", parameter, R"(, "title": "x")"},
        {"DeleteParameter", "VENDOR", "parameter", parameter, ""},
        {"UpdateTemplate", "VENDOR", "template", shown, R"(, "name": "x")"},
        {"DeleteTemplate", "VENDOR", "template", shown, ""},
        {"UpdateMarketplace", "DISTRIBUTOR", "marketplace", marketplace, R"(, "name": "x")"},
        {"DeleteMarketplace", "DISTRIBUTOR", "marketplace", marketplace, ""},
        {"UpdateHub", "DISTRIBUTOR", "hub", hub, R"(, "name": "x")"},
        {"DeleteHub", "DISTRIBUTOR", "hub", hub, ""},
        {"ArchiveConnection", "DISTRIBUTOR", "connection", connection, ""},
        {"SubmitListingProposal", "VENDOR", "listing_proposal", drafted, ""},
        {"DeleteListingProposal", "VENDOR", "listing_proposal", drafted, ""},
        {"RefineListingProposal", "DISTRIBUTOR", "listing_proposal", reviewing, R"(, "note": "x")"},
        {"DeployListingProposal", "DISTRIBUTOR", "listing_proposal", reviewing, ""},
        {"CompleteListingProposal", "DISTRIBUTOR", "listing_proposal", deploying, ""},
        {"CancelListingProposal", "DISTRIBUTOR", "listing_proposal", deploying, ""},
    };
    for (const Row &row : rows) {
        Answer answer = on(actor(row.role), row.method, row.noun, row.id,
                           std::string(row.more) + R"(, "etag": "\"stale\"")");
        EXPECT_EQ(answer.reason, "ETAG_MISMATCH") << row.method << ": " << answer.message;
    }
}

TEST_F(Guards, AnotherTenantsObjectIsNotFound)
{
    Actor other_vendor = world.account("VENDOR", "Other");
    Actor other_distributor = world.account("DISTRIBUTOR", "Other");
    Actor other_reseller = world.account("RESELLER", "Other");
    std::string version =
        on(vendor, "ListProductVersions", "product", product).text("product_versions.0.id");
    const char item_form[] = R"(, "mpn": "x", "name": "x", "type": "ITEM_TYPE_RESERVATION",
                                 "period": "ITEM_PERIOD_MONTHLY", "unit": "u")";
    const char parameter_form[] =
        R"(, "name": "x", "title": "x", "phase": "PARAMETER_PHASE_ORDERING",
                                      "type": "PARAMETER_TYPE_TEXT")";
    const Row rows[] = {
        {"GetProduct", "ANY", "product", product, ""},
        {"UpdateProduct", "VENDOR", "product", product, ""},
        {"PublishProduct", "VENDOR", "product", product, ""},
        {"EndProductSale", "VENDOR", "product", product, ""},
        {"ResumeProductSale", "VENDOR", "product", product, ""},
        {"DeleteProduct", "VENDOR", "product", sketch, ""},
        {"GetProductVersion", "ANY", "product_version", version, ""},
        {"ListProductVersions", "ANY", "product", product, ""},
        {"CreateItem", "VENDOR", "product", product, item_form},
        {"GetItem", "ANY", "item", kept, ""},
        {"ListItems", "ANY", "product", product, ""},
        {"UpdateItem", "VENDOR", "item", kept, ""},
        {"EndItemSale", "VENDOR", "item", kept, ""},
        {"ResumeItemSale", "VENDOR", "item", ended, ""},
        {"DeleteItem", "VENDOR", "item", kept, ""},
        {"CreateParameter", "VENDOR", "product", product, parameter_form},
        {"GetParameter", "ANY", "parameter", parameter, ""},
        {"ListParameters", "ANY", "product", product, ""},
        {"UpdateParameter", "VENDOR", "parameter", parameter, ""},
        {"DeleteParameter", "VENDOR", "parameter", parameter, ""},
        {"CreateTemplate", "VENDOR", "product", product,
         R"(, "name": "x", "type": "TEMPLATE_TYPE_PENDING", "body": "x")"},
        {"GetTemplate", "ANY", "template", shown, ""},
        {"ListTemplates", "ANY", "product", product, ""},
        {"UpdateTemplate", "VENDOR", "template", shown, ""},
        {"DeleteTemplate", "VENDOR", "template", shown, ""},
        {"GetMarketplace", "ANY", "marketplace", marketplace, ""},
        {"UpdateMarketplace", "DISTRIBUTOR", "marketplace", marketplace, ""},
        {"DeleteMarketplace", "DISTRIBUTOR", "marketplace", marketplace, ""},
        {"GetHub", "DISTRIBUTOR", "hub", hub, ""},
        {"UpdateHub", "DISTRIBUTOR", "hub", hub, ""},
        {"DeleteHub", "DISTRIBUTOR", "hub", hub, ""},
        {"GetConnection", "VENDOR", "connection", connection, ""},
        {"ArchiveConnection", "DISTRIBUTOR", "connection", connection, ""},
        {"GetListingProposal", "VENDOR", "listing_proposal", reviewing, ""},
        {"SubmitListingProposal", "VENDOR", "listing_proposal", reviewing, ""},
        {"DeleteListingProposal", "VENDOR", "listing_proposal", reviewing, ""},
        {"RefineListingProposal", "DISTRIBUTOR", "listing_proposal", reviewing, R"(, "note": "x")"},
        {"DeployListingProposal", "DISTRIBUTOR", "listing_proposal", reviewing, ""},
        {"CompleteListingProposal", "DISTRIBUTOR", "listing_proposal", deploying, ""},
        {"CancelListingProposal", "DISTRIBUTOR", "listing_proposal", deploying, ""},
    };
    for (const Row &row : rows) {
        bool any = std::string(row.role) == "ANY";
        for (const auto &pair : {std::make_pair("VENDOR", &other_vendor),
                                 std::make_pair("DISTRIBUTOR", &other_distributor),
                                 std::make_pair("RESELLER", &other_reseller)}) {
            if (!any && std::string(row.role) != pair.first) { continue; }
            Answer answer = on(*pair.second, row.method, row.noun, row.id, row.more);
            EXPECT_EQ(answer.reason, "NOT_FOUND")
                << row.method << " as " << pair.first << ": " << answer.message;
        }
    }
}

} // namespace
} // namespace purvey
