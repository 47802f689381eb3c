/* order_fixture.h — what the tests of orders and usage stand on: a product that is listed on the distributor's
 * marketplace and connected to its hub, with items, parameters and templates; customers of the distributor and of
 * the reseller; orders and subscriptions in any state. */
#ifndef PV_TESTS_UNIT_FLOWS_ORDER_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_ORDER_FIXTURE_H

#include "tests/unit/flows/product_fixture.h"

namespace purvey {

constexpr char kNoOrder[] = "ord_00000000000000000000000000";
constexpr char kNoSubscription[] = "sub_00000000000000000000000000";
constexpr char kNoTierAccount[] = "tac_00000000000000000000000000";

class Orders : public Products {
  protected:
    std::string seat;
    std::string gigabyte;
    std::string inquiry;
    std::string welcome;
    std::string connection;
    std::string product =
        sell(R"({"usage_schema": "USAGE_SCHEMA_PR", "administrative_hold": true})");
    std::string customer = make_customer(distributor);
    std::string own_customer = make_customer(reseller);
    int counter = 0;

    /* A listed product with an item of each type and parameters of both phases; the members above are its parts. */
    std::string sell(const std::string &capabilities)
    {
        std::string made =
            draft(R"(, "detailed_description": "x", "capabilities": )" + capabilities);
        seat = item(made, "SEAT");
        gigabyte = item(made, "GB", kPayAsYouGo);
        parameter(made, "domain", "ORDERING", "DOMAIN", R"("required": true, "unique": true)");
        parameter(made, "color", "ORDERING", "DROPDOWN",
                  R"("choices": [{"value": "red"}, {"value": "blue"}])");
        parameter(made, "key", "FULFILLMENT", "TEXT", R"("required": true, "length_max": 20)");
        inquiry = make_template(made, "INQUIRE", "Is {{domain}} right?");
        welcome = make_template(made, "FULFILLMENT",
                                "{{ domain }} has key {{key}}{{nothing}}, {{not a name}}");
        EXPECT_TRUE(on(vendor, "PublishProduct", "product", made).ok());
        put_on_sale(made);
        return made;
    }

    void put_on_sale(const std::string &id)
    {
        std::string proposal = propose("NEW", id, marketplace).text("listing_proposal.id");
        EXPECT_TRUE(step(vendor, "Submit", proposal).ok());
        connection = text(
            distributor, "CreateConnection",
            json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_PRODUCTION"})",
                 id.c_str(), hub.c_str()),
            "connection.id");
        EXPECT_TRUE(step(distributor, "Deploy", proposal).ok());
        Answer done = step(distributor, "Complete", proposal);
        EXPECT_TRUE(done.ok()) << done.message;
    }

    std::string parameter(const std::string &of, const std::string &name, const std::string &phase,
                          const std::string &type, const std::string &constraints,
                          const std::string &more = "")
    {
        return text(
            vendor, "CreateParameter",
            json(R"({"product_id": "%s", "name": "%s", "title": "T", "phase": "PARAMETER_PHASE_%s",
                             "type": "PARAMETER_TYPE_%s", "constraints": {%s}%s})",
                 of.c_str(), name.c_str(), phase.c_str(), type.c_str(), constraints.c_str(),
                 more.c_str()),
            "parameter.id");
    }

    std::string make_template(const std::string &of, const std::string &type,
                              const std::string &body)
    {
        return text(
            vendor, "CreateTemplate",
            json(R"({"product_id": "%s", "name": "N", "type": "TEMPLATE_TYPE_%s", "body": "%s"})",
                 of.c_str(), type.c_str(), body.c_str()),
            "template.id");
    }

    Answer make_tier(const Actor &owner, const std::string &kind, const std::string &parent,
                     const std::string &more = "")
    {
        std::string above = parent.empty() ? "" : R"(, "parent_id": ")" + parent + "\"";
        return world.call(owner, "CreateTierAccount",
                          json(R"({"kind": "TIER_ACCOUNT_KIND_%s", "name": "Acme"%s%s})",
                               kind.c_str(), above.c_str(), more.c_str()));
    }

    std::string make_customer(const Actor &owner)
    {
        std::string parent = make_tier(owner, "RESELLER", "").text("tier_account.id");
        Answer made =
            make_tier(owner, "CUSTOMER", parent, R"(, "contact": {"person": {"first_name": "Ada",
            "last_name": "L", "email": "ada@example.com"}})");
        EXPECT_TRUE(made.ok()) << made.message;
        return made.text("tier_account.id");
    }

    std::string fresh_domain() { return "d" + std::to_string(++counter) + ".example.com"; }

    /* A purchase of two seats and gigabytes with a domain of its own, unless `more` says otherwise. */
    std::string purchase_request(const Actor &by, const std::string &more = "",
                                 const std::string &params = "fresh")
    {
        std::string values = params == "fresh" ? json(R"([{"name": "domain", "value": "%s"}])",
                                                      fresh_domain().c_str())
                                               : params;
        return json(
            R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s", "customer_id": "%s",
                        "items": [{"mpn": "SEAT", "quantity": {"value": "2"}}, {"mpn": "GB", "unlimited": true}],
                        "params": %s%s})",
            product.c_str(), marketplace.c_str(),
            (by.account_id == reseller.account_id ? own_customer : customer).c_str(),
            values.c_str(), more.c_str());
    }

    Answer purchase(const Actor &by, const std::string &more = "",
                    const std::string &params = "fresh")
    {
        Answer made = world.call(by, "CreateOrder", purchase_request(by, more, params));
        EXPECT_TRUE(made.ok()) << made.reason << " " << made.message;
        return made;
    }

    Answer order(const Actor &by, const std::string &kind, const std::string &subscription,
                 const std::string &more = "")
    {
        return world.call(by, "CreateOrder",
                          json(R"({"kind": "ORDER_KIND_%s", "subscription_id": "%s"%s})",
                               kind.c_str(), subscription.c_str(), more.c_str()));
    }

    Answer get_order(const std::string &id) { return on(vendor, "GetOrder", "order", id); }
    Answer get_subscription(const std::string &id)
    {
        return on(vendor, "GetSubscription", "subscription", id);
    }

    std::string order_state(const std::string &id)
    {
        return get_order(id).text("order.state").substr(sizeof "ORDER_STATE_" - 1);
    }

    std::string subscription_state(const std::string &id)
    {
        return get_subscription(id)
            .text("subscription.state")
            .substr(sizeof "SUBSCRIPTION_STATE_" - 1);
    }

    /* What a verb needs beside the id, so that nothing but its state stands in its way. */
    std::string verb_input(const std::string &method, const std::string &id)
    {
        if (method == "InquireOrder") {
            return json(R"(, "template_id": "%s", "flags": [{"name": "domain", "error": "Wrong"}])",
                        inquiry.c_str());
        }
        if (method == "AnswerInquiry") {
            return json(R"(, "params": [{"name": "domain", "value": "%s"}])",
                        fresh_domain().c_str());
        }
        if (method == "UpdateOrderParameters") {
            return R"(, "params": [{"name": "key", "value": "K-1"}])";
        }
        if (method == "FailOrder") { return R"(, "reason": "Sold out")"; }
        if (method != "ApproveOrder") { return ""; }
        return json(R"(, "template_id": "%s", "etag": %s)", welcome.c_str(),
                    quoted(get_order(id).text("order.etag")).c_str());
    }

    Answer act(const Actor &actor, const std::string &method, const std::string &id,
               const std::string &more = "")
    {
        return on(actor, method, "order", id, verb_input(method, id) + more);
    }

    Answer approve(const std::string &id)
    {
        EXPECT_TRUE(act(vendor, "UpdateOrderParameters", id).ok());
        Answer done = act(vendor, "ApproveOrder", id);
        EXPECT_TRUE(done.ok()) << done.reason << " " << done.message;
        return done;
    }

    std::string order_in(const std::string &state)
    {
        std::string id = purchase(reseller).text("order.id");
        act(vendor, "UpdateOrderParameters", id);
        if (state == "INQUIRING") { act(vendor, "InquireOrder", id); }
        if (state == "APPROVED") { act(vendor, "ApproveOrder", id); }
        if (state == "FAILED") { act(vendor, "FailOrder", id); }
        EXPECT_EQ(order_state(id), state);
        return id;
    }

    std::string subscription_in(const std::string &state, const Actor &by,
                                const std::string &more = "")
    {
        Answer made = purchase(by, more);
        std::string id = made.text("order.subscription_id");
        if (state != "PROCESSING") { approve(made.text("order.id")); }
        if (state == "SUSPENDED") { approve(order(by, "SUSPEND", id).text("order.id")); }
        if (state == "TERMINATING") { order(by, "CANCEL", id); }
        if (state == "TERMINATED") { approve(order(by, "CANCEL", id).text("order.id")); }
        EXPECT_EQ(subscription_state(id), state);
        return id;
    }
};

} // namespace purvey

#endif
