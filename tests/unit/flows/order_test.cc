/* Orders and subscriptions: which order which state allows, the verbs, what approval and failure do, what a purchase
 * needs. */
#include "tests/unit/flows/order_fixture.h"

namespace purvey {
namespace {

/* --- states --- */

TEST_F(Orders, EveryVerbOfAnOrderFromEveryStateByEveryRole)
{
    struct Row {
        const char *method, *callers, *from, *to;
    } rows[] = {
        {"InquireOrder", "VENDOR", "PENDING", "INQUIRING"},
        {"AnswerInquiry", "DISTRIBUTOR RESELLER", "INQUIRING", "PENDING"},
        {"PendOrder", "VENDOR DISTRIBUTOR RESELLER", "INQUIRING", "PENDING"},
        {"UpdateOrderParameters", "VENDOR", "PENDING INQUIRING", ""},
        {"ApproveOrder", "VENDOR", "PENDING", "APPROVED"},
        {"FailOrder", "VENDOR", "PENDING INQUIRING", "FAILED"},
    };
    for (const char *from : {"PENDING", "INQUIRING", "APPROVED", "FAILED"}) {
        for (const Row &row : rows) {
            for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                std::string id = order_in(from);
                std::string reason = !has_word(row.callers, role) ? "ROLE_MAY_NOT_CALL"
                                     : !has_word(row.from, from)  ? "STATE_FORBIDS"
                                                                  : "";
                Answer answer = act(actor(role), row.method, id);
                EXPECT_EQ(answer.reason, reason)
                    << row.method << " from " << from << " as " << role << answer.message;
                EXPECT_EQ(order_state(id), reason.empty() && *row.to != '\0' ? row.to : from);
            }
        }
    }
}

TEST_F(Orders, ARefusedStateSaysWhatIsAllowed)
{
    Answer refused = act(vendor, "ApproveOrder", order_in("INQUIRING"));
    EXPECT_EQ(refused.note("state"), "INQUIRING");
    EXPECT_EQ(refused.note("allowed_states"), "PENDING");
    EXPECT_EQ(refused.note("allowed_methods"), "PendOrder, UpdateOrderParameters, FailOrder");
}

/* Table O1 of the domain. */
TEST_F(Orders, TheStateOfASubscriptionDecidesWhichOrdersItAllows)
{
    struct Row {
        const char *state, *allowed, *already;
    } rows[] = {
        {"PROCESSING", "", ""},
        {"ACTIVE", "CHANGE CANCEL SUSPEND", "RESUME"},
        {"SUSPENDED", "CANCEL RESUME", "SUSPEND"},
        {"TERMINATING", "", "CANCEL SUSPEND"},
        {"TERMINATED", "", "CANCEL SUSPEND"},
    };
    for (const Row &row : rows) {
        for (const char *kind : {"CHANGE", "CANCEL", "SUSPEND", "RESUME"}) {
            for (const char *role : {"DISTRIBUTOR", "RESELLER"}) {
                std::string id = subscription_in(row.state, reseller);
                std::string more =
                    kind == std::string("CHANGE")
                        ? R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "3"}}])"
                        : "";
                Answer answer = order(actor(role), kind, id, more);
                if (has_word(row.allowed, kind)) {
                    EXPECT_EQ(answer.reason, "") << kind << " on " << row.state << " as " << role;
                    EXPECT_EQ(answer.text("order.state"), "ORDER_STATE_PENDING");
                    EXPECT_EQ(get_subscription(id).text("subscription.open_order_id"),
                              answer.text("order.id"));
                } else {
                    EXPECT_EQ(answer.reason, "ORDER_KIND_FORBIDDEN")
                        << kind << " on " << row.state << " as " << role;
                    EXPECT_EQ(answer.note("already"),
                              has_word(row.already, kind) ? "true" : "false");
                    EXPECT_EQ(answer.note("state"), row.state);
                }
            }
        }
    }
}

TEST_F(Orders, KindsThatAreNotOfferedAreRefusedByName)
{
    std::string id = subscription_in("ACTIVE", distributor);
    for (const char *kind : {"ADJUSTMENT", "RENEW", "TRANSFER"}) {
        Answer refused = order(distributor, kind, id);
        EXPECT_EQ(refused.reason, "ORDER_KIND_UNSUPPORTED");
        EXPECT_EQ(refused.note("supported_kinds"), "PURCHASE, CHANGE, CANCEL, SUSPEND, RESUME");
    }
}

TEST_F(Orders, ASubscriptionHasOneOpenOrder)
{
    std::string id = subscription_in("ACTIVE", reseller);
    Answer first = order(reseller, "SUSPEND", id);
    Answer second = order(distributor, "CANCEL", id);
    EXPECT_EQ(second.reason, "ORDER_OPEN");
    EXPECT_EQ(second.note("order"), first.text("order.id"));
    EXPECT_EQ(second.note("state"), "PENDING");
    EXPECT_TRUE(act(vendor, "FailOrder", first.text("order.id")).ok());
    EXPECT_TRUE(order(distributor, "CANCEL", id).ok());
}

/* --- what approval and failure do --- */

TEST_F(Orders, ApprovalAndFailureChangeTheSubscriptionByKind)
{
    struct Row {
        const char *kind, *from, *open, *approved, *failed;
    } rows[] = {
        {"CHANGE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"},
        {"SUSPEND", "ACTIVE", "ACTIVE", "SUSPENDED", "ACTIVE"},
        {"RESUME", "SUSPENDED", "SUSPENDED", "ACTIVE", "SUSPENDED"},
        {"CANCEL", "ACTIVE", "TERMINATING", "TERMINATED", "ACTIVE"},
        {"CANCEL", "SUSPENDED", "TERMINATING", "TERMINATED", "SUSPENDED"},
    };
    for (const Row &row : rows) {
        for (bool approves : {true, false}) {
            std::string id = subscription_in(row.from, distributor);
            std::string more = row.kind == std::string("CHANGE")
                                   ? R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "3"}}])"
                                   : "";
            std::string change = order(distributor, row.kind, id, more).text("order.id");
            EXPECT_EQ(subscription_state(id), row.open);
            if (approves) {
                approve(change);
            } else {
                EXPECT_TRUE(act(vendor, "FailOrder", change).ok());
            }
            EXPECT_EQ(subscription_state(id), approves ? row.approved : row.failed)
                << row.kind << " " << row.from;
            EXPECT_EQ(get_subscription(id).text("subscription.open_order_id"), "");
        }
    }
}

TEST_F(Orders, AnApprovedPurchaseMakesTheSubscriptionActive)
{
    Answer made = purchase(
        distributor, R"(, "note": "Soon, please", "external_id": "S-1")",
        R"([{"name": "domain", "value": "acme.example"}, {"name": "color", "value": "blue"}])");
    EXPECT_EQ(made.text("order.state"), "ORDER_STATE_PENDING");
    EXPECT_EQ(made.text("order.connection_id"), connection);
    EXPECT_EQ(made.text("order.contract_id"), distribution);
    EXPECT_EQ(made.text("order.tiers.customer.contact.person.email"), "ada@example.com");
    std::string id = made.text("order.id");
    std::string subscription = made.text("order.subscription_id");
    Answer done = approve(id);
    EXPECT_EQ(done.text("order.activation_text"), "acme.example has key K-1, {{not a name}}");
    EXPECT_EQ(done.text("order.assignee_user_id"), vendor.user_id);
    Answer got = get_subscription(subscription);
    EXPECT_EQ(got.text("subscription.state"), "SUBSCRIPTION_STATE_ACTIVE");
    EXPECT_EQ(got.text("subscription.external_id"), "S-1");
    EXPECT_EQ(got.text("subscription.items.0.quantity.value"), "2");
    EXPECT_EQ(got.text("subscription.items.1.unlimited"), "true");
    EXPECT_EQ(got.text("subscription.activation_text"), "acme.example has key K-1, {{not a name}}");
    EXPECT_EQ(got.text("subscription.params.2.value"), "K-1");
    EXPECT_EQ(got.text("subscription.tiers.customer.name"), "Acme");
    EXPECT_EQ(got.text("subscription.tiers.customer.contact"), "") << "contacts stay in orders";
    EXPECT_NE(got.text("subscription.activate_time"), "");
    /* The text is of the moment of approval. */
    EXPECT_TRUE(on(vendor, "UpdateTemplate", "template", welcome, R"(, "body": "Other")").ok());
    EXPECT_EQ(get_order(id).text("order.activation_text"),
              "acme.example has key K-1, {{not a name}}");
}

TEST_F(Orders, AFailedPurchaseEndsTheSubscriptionAndFreesItsExternalId)
{
    const std::string named = R"(, "external_id": "S-1")";
    Answer made = purchase(distributor, named);
    Answer again = world.call(distributor, "CreateOrder", purchase_request(distributor, named));
    EXPECT_EQ(again.reason, "SUBSCRIPTION_EXISTS");
    EXPECT_EQ(again.note("existing_id"), made.text("order.subscription_id"));
    EXPECT_EQ(again.note("subscription_state"), "PROCESSING");
    EXPECT_EQ(again.note("order"), made.text("order.id"));
    Answer foreign = world.call(reseller, "CreateOrder", purchase_request(reseller, named));
    EXPECT_EQ(foreign.reason, "SUBSCRIPTION_EXISTS");
    EXPECT_EQ(foreign.note("existing_id"), "") << "it is not the reseller's";
    Answer failed = act(vendor, "FailOrder", made.text("order.id"));
    EXPECT_EQ(failed.text("order.reason"), "Sold out");
    EXPECT_EQ(subscription_state(made.text("order.subscription_id")), "TERMINATED");
    EXPECT_TRUE(world.call(distributor, "CreateOrder", purchase_request(distributor, named)).ok());
}

TEST_F(Orders, AnEffectiveTimeLiesInThePast)
{
    std::string id = order_in("PENDING");
    EXPECT_EQ(
        act(vendor, "ApproveOrder", id, R"(, "effective_time": "2200-01-01T00:00:00Z")").reason,
        "INVALID_FIELD");
    Answer done = act(vendor, "ApproveOrder", id, R"(, "effective_time": "2024-01-01T00:00:00Z")");
    EXPECT_EQ(done.text("order.effective_time"), "2024-01-01T00:00:00Z");
    Answer got = get_subscription(done.text("order.subscription_id"));
    EXPECT_EQ(got.text("subscription.activate_time"), "2024-01-01T00:00:00Z");
}

TEST_F(Orders, WithoutTheHoldCapabilitySuspensionIsRecordedAndFailed)
{
    product = sell(R"({"usage_schema": "USAGE_SCHEMA_QT", "administrative_hold": true})");
    std::string active = subscription_in("ACTIVE", distributor);
    std::string suspended = subscription_in("SUSPENDED", distributor);
    EXPECT_TRUE(on(vendor, "UpdateProduct", "product", product,
                   R"(, "capabilities": {}, "update_mask": "capabilities.administrative_hold")")
                    .ok());
    for (const auto &row :
         {std::make_pair("SUSPEND", active), std::make_pair("RESUME", suspended)}) {
        Answer made = order(distributor, row.first, row.second);
        EXPECT_EQ(made.text("order.state"), "ORDER_STATE_FAILED") << made.message;
        EXPECT_NE(made.text("order.reason"), "");
        EXPECT_EQ(get_subscription(row.second).text("subscription.open_order_id"), "");
    }
    EXPECT_EQ(subscription_state(active), "ACTIVE");
    EXPECT_EQ(subscription_state(suspended), "SUSPENDED");
}

/* --- changes --- */

TEST_F(Orders, AChangeKeepsTheOldQuantities)
{
    std::string id = subscription_in("ACTIVE", distributor);
    Answer made = order(distributor, "CHANGE", id,
                        R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "5.0"}}])");
    EXPECT_EQ(made.text("order.items.0.quantity.value"), "5");
    EXPECT_EQ(made.text("order.items.0.old_quantity.value"), "2");
    EXPECT_EQ(made.text("order.items.1.old_unlimited"), "true");
    EXPECT_EQ(get_subscription(id).text("subscription.items.0.quantity.value"), "2")
        << "not yet approved";
    approve(made.text("order.id"));
    EXPECT_EQ(get_subscription(id).text("subscription.items.0.quantity.value"), "5");
    Answer less = order(distributor, "CHANGE", id,
                        R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "0"}}])");
    EXPECT_EQ(less.text("order.items.0.old_quantity.value"), "5");
    approve(less.text("order.id"));
    EXPECT_EQ(get_subscription(id).text("subscription.items.0.mpn"), "GB");
    EXPECT_EQ(get_subscription(id).text("subscription.items.1.mpn"), "");
}

TEST_F(Orders, AChangeMustChangeSomethingAndLeaveSomething)
{
    std::string id = subscription_in("ACTIVE", distributor);
    EXPECT_EQ(order(distributor, "CHANGE", id).reason, "ORDER_CHANGES_NOTHING");
    EXPECT_EQ(order(distributor, "CHANGE", id,
                    R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "2"}}])")
                  .reason,
              "ORDER_CHANGES_NOTHING");
    Answer none =
        order(distributor, "CHANGE", id,
              R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "0"}}, {"mpn": "GB"}])");
    EXPECT_EQ(none.reason, "ORDER_INPUT_INVALID");
    EXPECT_EQ(none.note("field"), "items");
    EXPECT_TRUE(
        order(distributor, "CHANGE", id, R"(, "params": [{"name": "color", "value": "red"}])")
            .ok());
}

TEST_F(Orders, AChangeOrdersWhatIsNowOnSale)
{
    std::string id = subscription_in("ACTIVE", distributor);
    item(product, "NEW");
    const std::string more = R"(, "items": [{"mpn": "NEW", "quantity": {"value": "1"}}])";
    EXPECT_EQ(order(distributor, "CHANGE", id, more).reason, "ITEM_UNKNOWN") << "a draft";
    on(vendor, "PublishProduct", "product", product);
    Answer refused = order(distributor, "CHANGE", id, more);
    EXPECT_EQ(refused.reason, "ITEM_UNKNOWN") << "listed is still version 1";
    EXPECT_EQ(refused.note("item"), "NEW");
    carry_out("REMOVE", product);
    EXPECT_EQ(order(distributor, "CHANGE", id, more).reason, "ITEM_UNKNOWN");
    carry_out("NEW", product);
    Answer made = order(distributor, "CHANGE", id, more);
    EXPECT_EQ(made.text("order.product_version"), "2") << made.message;
    approve(made.text("order.id"));
    EXPECT_EQ(get_subscription(id).text("subscription.product_version"), "2");
}

TEST_F(Orders, ARemovedListingStopsPurchasesAndNothingElse)
{
    std::string id = subscription_in("ACTIVE", distributor);
    carry_out("REMOVE", product);
    Answer refused = world.call(distributor, "CreateOrder", purchase_request(distributor));
    EXPECT_EQ(refused.reason, "PRODUCT_NOT_LISTED");
    EXPECT_EQ(refused.note("marketplace"), marketplace);
    terminate(distribution);
    approve(order(distributor, "CHANGE", id,
                  R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "3"}}])")
                .text("order.id"));
    approve(order(distributor, "CANCEL", id).text("order.id"));
}

/* --- what a purchase needs --- */

TEST_F(Orders, ARequestHoldsWhatItsKindTakes)
{
    std::string id = subscription_in("ACTIVE", distributor);
    struct Row {
        std::string request;
        const char *field;
    } rows[] = {
        {purchase_request(distributor, json(R"(, "subscription_id": "%s")", id.c_str())),
         "subscription_id"},
        {R"({"kind": "ORDER_KIND_PURCHASE"})", "product_id"},
        {json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s"})", product.c_str()),
         "marketplace_id"},
        {json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s"})",
              product.c_str(), marketplace.c_str()),
         "customer_id"},
        {json(
             R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s", "customer_id": "%s"})",
             product.c_str(), marketplace.c_str(), customer.c_str()),
         "items"},
        {R"({"kind": "ORDER_KIND_CANCEL"})", "subscription_id"},
        {json(
             R"({"kind": "ORDER_KIND_CANCEL", "subscription_id": "%s", "items": [{"mpn": "SEAT"}]})",
             id.c_str()),
         "items"},
        {json(
             R"({"kind": "ORDER_KIND_SUSPEND", "subscription_id": "%s", "params": [{"name": "color"}]})",
             id.c_str()),
         "params"},
        {json(R"({"kind": "ORDER_KIND_CHANGE", "subscription_id": "%s", "external_id": "x"})",
              id.c_str()),
         "external_id"},
    };
    for (const Row &row : rows) {
        Answer refused =
            expect_refusal(distributor, "CreateOrder", row.request, "ORDER_INPUT_INVALID");
        EXPECT_EQ(refused.note("field"), row.field) << row.request;
    }
}

TEST_F(Orders, ItemsAreOfTheProductAndHaveTheQuantityTheyTake)
{
    struct Row {
        const char *items, *reason;
    } rows[] = {
        {R"([{"mpn": "SEAT", "quantity": {"value": "1"}}])", ""},
        {R"([{"mpn": "NONE", "quantity": {"value": "1"}}])", "ITEM_UNKNOWN"},
        {R"([{"item_id": "itm_00000000000000000000000000", "quantity": {"value": "1"}}])",
         "ITEM_UNKNOWN"},
        {R"([{"mpn": "SEAT"}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "SEAT", "quantity": {"value": "0"}}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "SEAT", "quantity": {"value": "1.5"}}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "SEAT", "unlimited": true}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "GB", "quantity": {"value": "1"}}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "GB"}])", "QUANTITY_INVALID"},
        {R"([{"mpn": "GB", "unlimited": true}])", ""},
        {R"([{"quantity": {"value": "1"}}])", "ORDER_INPUT_INVALID"},
        {R"([{"mpn": "GB", "unlimited": true}, {"mpn": "GB", "unlimited": true}])",
         "ORDER_INPUT_INVALID"},
    };
    for (const Row &row : rows) {
        Answer answer = world.call(
            distributor, "CreateOrder",
            json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s",
                                            "customer_id": "%s", "items": %s,
                                            "params": [{"name": "domain", "value": "%s"}]})",
                 product.c_str(), marketplace.c_str(), customer.c_str(), row.items,
                 fresh_domain().c_str()));
        EXPECT_EQ(answer.reason, row.reason) << row.items << answer.message;
    }
    Answer negative = world.call(
        distributor, "CreateOrder",
        json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s",
                 "customer_id": "%s", "items": [{"item_id": "%s", "quantity": {"value": "-1"}}]})",
             product.c_str(), marketplace.c_str(), customer.c_str(), seat.c_str()));
    EXPECT_FALSE(negative.ok());
}

TEST_F(Orders, TheCustomerIsAnActiveTierAccountOfTheCallerWithAParent)
{
    auto with = [&](const std::string &id) {
        return world.call(
            distributor, "CreateOrder",
            json(R"({"kind": "ORDER_KIND_PURCHASE", "product_id": "%s", "marketplace_id": "%s",
                                   "customer_id": "%s", "items": [{"mpn": "GB", "unlimited": true}]})",
                 product.c_str(), marketplace.c_str(), id.c_str()));
    };
    EXPECT_EQ(with(kNoTierAccount).reason, "NOT_FOUND");
    EXPECT_EQ(with(own_customer).reason, "NOT_FOUND") << "the reseller's";
    std::string top = make_tier(distributor, "RESELLER", "").text("tier_account.id");
    std::string below = make_tier(distributor, "RESELLER", top).text("tier_account.id");
    std::string third = make_tier(distributor, "CUSTOMER", below).text("tier_account.id");
    EXPECT_EQ(with(top).reason, "TIER_ACCOUNT_UNUSABLE");
    Answer made = with(third);
    EXPECT_EQ(made.text("order.tiers.tier1.tier_account_id"), below) << made.message;
    EXPECT_EQ(made.text("order.tiers.tier2.tier_account_id"), top);
    on(distributor, "DecommissionTierAccount", "tier_account", top);
    EXPECT_EQ(with(third).note("tier_account"), top);
    EXPECT_TRUE(order(distributor, "CANCEL", subscription_in("ACTIVE", distributor)).ok());
    on(distributor, "DecommissionTierAccount", "tier_account", customer);
    EXPECT_EQ(with(customer).reason, "TIER_ACCOUNT_UNUSABLE");
}

TEST_F(Orders, APurchaseNeedsContractsAndAConnection)
{
    std::string rehearsal = text(distributor, "CreateHub", R"({"name": "Second"})", "hub.id");
    std::string elsewhere =
        text(distributor, "CreateConnection",
             json(R"({"product_id": "%s", "hub_id": "%s", "type": "CONNECTION_TYPE_TEST"})",
                  product.c_str(), rehearsal.c_str()),
             "connection.id");
    auto over = [&](const std::string &id) {
        return world.call(
            distributor, "CreateOrder",
            purchase_request(distributor, json(R"(, "connection_id": "%s")", id.c_str())));
    };
    EXPECT_EQ(over(elsewhere).reason, "CONNECTION_MISSING") << "its hub is not of the marketplace";
    EXPECT_EQ(over("cnn_00000000000000000000000000").reason, "NOT_FOUND");
    EXPECT_EQ(over(connection).text("order.connection_id"), connection);
    EXPECT_TRUE(on(distributor, "UpdateMarketplace", "marketplace", marketplace,
                   json(R"(, "hubs": [{"hub_id": "%s"}])", rehearsal.c_str()))
                    .ok());
    EXPECT_EQ(purchase(distributor).text("order.connection_id"), elsewhere)
        << "for want of one for business";
    EXPECT_TRUE(on(distributor, "UpdateMarketplace", "marketplace", marketplace,
                   R"(, "update_mask": "hubs")")
                    .ok());
    EXPECT_EQ(world.call(distributor, "CreateOrder", purchase_request(distributor)).reason,
              "CONNECTION_MISSING");
    terminate(distribution);
    EXPECT_EQ(world.call(distributor, "CreateOrder", purchase_request(distributor)).reason,
              "DISTRIBUTION_CONTRACT_MISSING");
}

TEST_F(Orders, AResellerOrdersUnderAnActiveServiceContract)
{
    Answer made = purchase(reseller);
    EXPECT_EQ(made.text("order.reseller_id"), reseller.account_id);
    EXPECT_EQ(made.text("order.distributor_id"), distributor.account_id);
    EXPECT_TRUE(on(distributor, "GetOrder", "order", made.text("order.id")).ok());
    Actor stranger = world.account("RESELLER", "Stranger");
    EXPECT_EQ(world.call(stranger, "CreateOrder", purchase_request(reseller)).reason, "NOT_FOUND");
    terminate(service);
    Answer ended = world.call(reseller, "CreateOrder", purchase_request(reseller));
    EXPECT_EQ(ended.reason, "SERVICE_CONTRACT_MISSING");
    EXPECT_EQ(ended.note("distributor"), distributor.account_id);
    EXPECT_TRUE(on(reseller, "GetOrder", "order", made.text("order.id")).ok())
        << "what was ordered stays visible";
}

/* --- who sees what --- */

TEST_F(Orders, OnlyThePartiesSeeOrdersAndSubscriptions)
{
    Answer made = purchase(distributor);
    std::string id = made.text("order.id");
    std::string subscription = made.text("order.subscription_id");
    Actor other = world.account("VENDOR", "Other");
    for (const Actor &who : {reseller, other, world.account("DISTRIBUTOR", "Elsewhere")}) {
        EXPECT_EQ(on(who, "GetOrder", "order", id).message.substr(0, 20),
                  on(who, "GetOrder", "order", kNoOrder).message.substr(0, 20));
        EXPECT_EQ(on(who, "GetOrder", "order", id).reason, "NOT_FOUND");
        EXPECT_EQ(on(who, "GetSubscription", "subscription", subscription).reason, "NOT_FOUND");
        EXPECT_EQ(world.call(who, "ListOrders", "{}").text("orders.0.id"), "");
        EXPECT_EQ(world.call(who, "ListSubscriptions", "{}").text("subscriptions.0.id"), "");
    }
    EXPECT_EQ(order(reseller, "CANCEL", subscription).reason, "NOT_FOUND");
    EXPECT_EQ(
        world.call(vendor, "ListOrders", R"({"filter": "state = PENDING"})").text("orders.0.id"),
        id);
    EXPECT_EQ(world
                  .call(vendor, "ListSubscriptions",
                        json(R"({"filter": "customer_id = %s"})", customer.c_str()))
                  .text("subscriptions.0.id"),
              subscription);
}

TEST_F(Orders, EveryVerbKnowsAbsentOrdersAndStaleEtags)
{
    for (const char *method : {"InquireOrder", "AnswerInquiry", "PendOrder",
                               "UpdateOrderParameters", "ApproveOrder", "FailOrder"}) {
        const Actor &by = method == std::string("AnswerInquiry") ? distributor : vendor;
        std::string more = verb_input(method, order_in("PENDING"));
        EXPECT_EQ(on(by, method, "order", kNoOrder, more).reason, "NOT_FOUND") << method;
        std::string id = order_in("PENDING");
        size_t etag = more.find(R"(, "etag")");
        std::string stale = more.substr(0, etag) + R"(, "etag": "\"0\"")";
        Answer refused = on(by, method, "order", id, stale);
        EXPECT_EQ(refused.reason, "ETAG_MISMATCH") << method << refused.message;
        EXPECT_EQ(refused.note("etag"), get_order(id).text("order.etag"));
    }
    EXPECT_EQ(order(distributor, "CANCEL", kNoSubscription).reason, "NOT_FOUND");
    EXPECT_EQ(on(vendor, "ApproveOrder", "order", order_in("PENDING"),
                 json(R"(, "template_id": "%s")", welcome.c_str()))
                  .reason,
              "INVALID_FIELD")
        << "approval costs money: the etag is required";
}

} // namespace
} // namespace purvey
