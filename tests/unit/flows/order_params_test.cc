/* Parameters of orders: inquiry, constraints, uniqueness; templates. */
#include "tests/unit/flows/order_fixture.h"

namespace purvey {
namespace {

TEST_F(Orders, AnOrderWithoutRequiredValuesBeginsInquiring)
{
    Answer made = purchase(distributor, "", "[]");
    EXPECT_EQ(made.text("order.state"), "ORDER_STATE_INQUIRING");
    EXPECT_EQ(made.text("order.params.0.name"), "domain");
    EXPECT_EQ(made.text("order.params.0.error"), "A value is required.");
    std::string id = made.text("order.id");
    EXPECT_EQ(act(vendor, "PendOrder", id).reason, "PARAMETER_MISSING");
    Answer empty = on(distributor, "AnswerInquiry", "order", id,
                      R"(, "params": [{"name": "color", "value": "red"}])");
    EXPECT_EQ(empty.reason, "PARAMETER_MISSING");
    ASSERT_EQ(empty.violations.size(), 1U);
    EXPECT_EQ(empty.violations[0].first, "domain");
    Answer answered = act(distributor, "AnswerInquiry", id);
    EXPECT_EQ(answered.text("order.state"), "ORDER_STATE_PENDING") << answered.message;
    EXPECT_EQ(answered.text("order.params.0.error"), "");
    EXPECT_NE(answered.text("order.answer_time"), "");
}

TEST_F(Orders, AnInquiryFlagsOrderingParametersAndNeedsNewValues)
{
    std::string id =
        purchase(reseller, "", R"([{"name": "domain", "value": "acme.example"}])").text("order.id");
    auto inquire = [&](const std::string &tpl, const std::string &flags) {
        return on(vendor, "InquireOrder", "order", id,
                  json(R"(, "template_id": "%s", "flags": %s)", tpl.c_str(), flags.c_str()));
    };
    const std::string flags = R"([{"name": "domain", "error": "Taken"}])";
    EXPECT_EQ(inquire(inquiry, "[]").reason, "INQUIRY_FLAGS_NOTHING");
    EXPECT_EQ(inquire(inquiry, R"([{"name": "none", "error": "x"}])").reason, "PARAMETER_UNKNOWN");
    EXPECT_EQ(inquire(inquiry, R"([{"name": "key", "error": "x"}])").reason, "PARAMETER_UNKNOWN")
        << "the vendor's own";
    EXPECT_EQ(inquire(welcome, flags).reason, "TEMPLATE_UNKNOWN") << "of another type";
    EXPECT_EQ(inquire("tpl_00000000000000000000000000", flags).reason, "TEMPLATE_UNKNOWN");
    Answer asked = inquire(inquiry, flags);
    EXPECT_EQ(asked.text("order.inquiry_text"), "Is acme.example right?");
    EXPECT_EQ(asked.text("order.params.0.error"), "Taken");
    auto answer = [&](const std::string &params) {
        return on(reseller, "AnswerInquiry", "order", id, R"(, "params": )" + params);
    };
    EXPECT_EQ(answer(R"([{"name": "domain", "value": "acme.example"}])").reason,
              "PARAMETER_MISSING")
        << "the same again";
    EXPECT_EQ(answer(R"([{"name": "key", "value": "x"}])").reason, "PARAMETER_UNKNOWN");
    EXPECT_EQ(answer(R"([{"name": "domain", "value": "no domain"}])").reason, "PARAMETER_VALUE");
    EXPECT_EQ(answer(R"([{"name": "domain", "value": "other.example"}])").text("order.state"),
              "ORDER_STATE_PENDING");
    /* It may repeat without limit, and be ended by hand with the values there are. */
    EXPECT_TRUE(inquire(inquiry, flags).ok());
    Answer pended = on(distributor, "PendOrder", "order", id);
    EXPECT_EQ(pended.text("order.params.0.error"), "") << pended.message;
}

TEST_F(Orders, ValuesMeetTheConstraintsOfTheirParameter)
{
    struct Row {
        const char *type, *constraints;
        std::vector<const char *> right, wrong;
    } rows[] = {
        {"TEXT", R"("length_min": 2, "length_max": 3)", {"ab", "äöü"}, {"a", "abcd"}},
        {"DROPDOWN", R"("choices": [{"value": "a"}, {"value": "b"}])", {"a", "b"}, {"c", "a,b"}},
        {"CHOICE", R"("choices": [{"value": "a"}])", {"a"}, {"A"}},
        {"CHECKBOX",
         R"("choices": [{"value": "a"}, {"value": "b"}])",
         {"a", "b,a"},
         {"a,a", "a,", "a,c"}},
        {"EMAIL", "", {"a@example.com"}, {"a", "a@"}},
        {"PHONE", "", {"+49 (30) 123-45.6"}, {"+", "12a", "1+2"}},
        {"URL", "", {"https://example.com/x"}, {"example.com", "ftp://example.com"}},
        {"DOMAIN", "", {"example.com"}, {"Example.com", "a b"}},
        {"SUBDOMAIN", "", {"shop"}, {"my.shop", "-shop", "my_shop"}},
    };
    int number = 0;
    for (const Row &row : rows) {
        std::string name = "p" + std::to_string(++number);
        parameter(product, name, "ORDERING", row.type, row.constraints);
        auto with = [&](const char *value) {
            return world.call(
                distributor, "CreateOrder",
                purchase_request(distributor, "",
                                 json(R"([{"name": "%s", "value": "%s"}])", name.c_str(), value)));
        };
        for (const char *value : row.right) {
            EXPECT_EQ(with(value).reason, "") << row.type << " " << value;
        }
        for (const char *value : row.wrong) {
            Answer refused = with(value);
            EXPECT_EQ(refused.reason, "PARAMETER_VALUE") << row.type << " " << value;
            ASSERT_EQ(refused.violations.size(), 1U);
            EXPECT_EQ(refused.violations[0].first, name);
        }
    }
}

TEST_F(Orders, UnknownAndRepeatedParametersAreRefused)
{
    auto with = [&](const std::string &params) {
        return world.call(distributor, "CreateOrder", purchase_request(distributor, "", params));
    };
    EXPECT_EQ(with(R"([{"name": "none", "value": "x"}])").note("parameter"), "none");
    EXPECT_EQ(with(R"([{"name": "key", "value": "x"}])").reason, "PARAMETER_UNKNOWN")
        << "for the vendor to fill";
    EXPECT_EQ(
        with(R"([{"name": "color", "value": "red"}, {"name": "color", "value": "red"}])").reason,
        "PARAMETER_VALUE");
}

TEST_F(Orders, AUniqueValueBelongsToOneLiveSubscription)
{
    auto with = [&](const char *domain) {
        return world.call(distributor, "CreateOrder",
                          purchase_request(distributor, "",
                                           json(R"([{"name": "domain", "value": "%s"}])", domain)));
    };
    Answer first = with("acme.example");
    EXPECT_EQ(with("acme.example").reason, "PARAMETER_VALUE") << "while the order is open";
    approve(first.text("order.id"));
    EXPECT_EQ(with("acme.example").reason, "PARAMETER_VALUE");
    std::string id = first.text("order.subscription_id");
    std::string change = order(distributor, "CHANGE", id,
                               R"(, "params": [{"name": "domain", "value": "new.example"}])")
                             .text("order.id");
    EXPECT_EQ(with("acme.example").reason, "PARAMETER_VALUE") << "the change may fail";
    EXPECT_EQ(with("new.example").reason, "PARAMETER_VALUE");
    approve(change);
    Answer second = with("acme.example");
    EXPECT_TRUE(second.ok()) << second.message;
    act(vendor, "FailOrder", second.text("order.id"));
    EXPECT_TRUE(with("acme.example").ok()) << "a terminated subscription holds nothing";
}

TEST_F(Orders, AReadonlyValueIsGivenOnce)
{
    parameter(product, "region", "ORDERING", "TEXT", R"("readonly": true)");
    std::string id =
        purchase(distributor, "",
                 json(R"([{"name": "domain", "value": "%s"}, {"name": "region", "value": "eu"}])",
                      fresh_domain().c_str()))
            .text("order.subscription_id");
    approve(get_subscription(id).text("subscription.open_order_id"));
    EXPECT_EQ(order(distributor, "CHANGE", id, R"(, "params": [{"name": "region", "value": "us"}])")
                  .reason,
              "PARAMETER_VALUE");
}

TEST_F(Orders, DefaultsFillWhatIsNotSaid)
{
    parameter(product, "plan", "ORDERING", "TEXT", R"("required": true)",
              R"(, "default_value": "basic")");
    parameter(product, "hidden", "ORDERING", "TEXT", R"("required": true, "hidden": true)");
    Answer made = purchase(distributor);
    EXPECT_EQ(made.text("order.state"), "ORDER_STATE_PENDING") << "hidden parameters are not asked";
    EXPECT_EQ(made.text("order.params.1.name"), "plan");
    EXPECT_EQ(made.text("order.params.1.value"), "basic");
}

TEST_F(Orders, ApprovalNeedsEveryRequiredFulfilmentValueAndATemplateOfTheProduct)
{
    std::string id = purchase(distributor).text("order.id");
    Answer missing = act(vendor, "ApproveOrder", id);
    EXPECT_EQ(missing.reason, "PARAMETER_MISSING");
    ASSERT_EQ(missing.violations.size(), 1U);
    EXPECT_EQ(missing.violations[0].first, "key");
    auto fill = [&](const std::string &params) {
        return on(vendor, "UpdateOrderParameters", "order", id, R"(, "params": )" + params);
    };
    EXPECT_EQ(fill(R"([{"name": "domain", "value": "x.example"}])").reason, "PARAMETER_UNKNOWN")
        << "the buyer's";
    EXPECT_EQ(fill(R"([{"name": "key", "value": "much too long for this parameter"}])").reason,
              "PARAMETER_VALUE");
    EXPECT_TRUE(fill(R"([{"name": "key", "value": "K"}])").ok());
    auto approve_with = [&](const std::string &tpl) {
        return on(vendor, "ApproveOrder", "order", id,
                  json(R"(, "template_id": "%s", "etag": %s)", tpl.c_str(),
                       quoted(get_order(id).text("order.etag")).c_str()));
    };
    EXPECT_EQ(approve_with(inquiry).reason, "TEMPLATE_UNKNOWN");
    EXPECT_EQ(approve_with(welcome).text("order.state"), "ORDER_STATE_APPROVED");
}

TEST_F(Orders, ATextThatGrowsTooLongIsRefused)
{
    std::string body;
    for (int i = 0; i < 20; i++) { body += "{{long}}"; }
    parameter(product, "long", "ORDERING", "TEXT", "");
    std::string welcome_long = make_template(product, "FULFILLMENT", body);
    std::string inquiry_long = make_template(product, "INQUIRE", body);
    std::string id =
        purchase(distributor, "",
                 json(R"([{"name": "domain", "value": "%s"}, {"name": "long", "value": "%s"}])",
                      fresh_domain().c_str(), std::string(1000, 'x').c_str()))
            .text("order.id");
    on(vendor, "UpdateOrderParameters", "order", id,
       R"(, "params": [{"name": "key", "value": "K"}])");
    EXPECT_EQ(on(vendor, "InquireOrder", "order", id,
                 json(R"(, "template_id": "%s", "flags": [{"name": "long", "error": "x"}])",
                      inquiry_long.c_str()))
                  .reason,
              "TEMPLATE_TEXT_TOO_LONG");
    EXPECT_EQ(on(vendor, "ApproveOrder", "order", id,
                 json(R"(, "template_id": "%s", "etag": %s)", welcome_long.c_str(),
                      quoted(get_order(id).text("order.etag")).c_str()))
                  .note("bytes_max"),
              "12288");
}

/* --- tier accounts --- */

TEST_F(Orders, ParentsOfTierAccountsAreResellersInTwoTiers)
{
    std::string top = make_tier(distributor, "RESELLER", "").text("tier_account.id");
    std::string below = make_tier(distributor, "RESELLER", top).text("tier_account.id");
    std::string buyer = make_tier(distributor, "CUSTOMER", below).text("tier_account.id");
    EXPECT_EQ(make_tier(distributor, "CUSTOMER", "").reason, "TIER_ACCOUNT_UNUSABLE")
        << "needs a parent";
    EXPECT_EQ(make_tier(distributor, "CUSTOMER", buyer).note("tier_account"), buyer);
    EXPECT_EQ(make_tier(distributor, "RESELLER", below).reason, "TIER_ACCOUNT_UNUSABLE")
        << "a third tier";
    EXPECT_EQ(make_tier(reseller, "CUSTOMER", top).reason, "NOT_FOUND") << "another's";
    auto move = [&](const std::string &id, const std::string &parent) {
        return on(distributor, "UpdateTierAccount", "tier_account", id,
                  json(R"(, "parent_id": "%s")", parent.c_str()));
    };
    std::string second = make_tier(distributor, "RESELLER", "").text("tier_account.id");
    EXPECT_EQ(move(top, second).reason, "TIER_ACCOUNT_UNUSABLE") << "it has a reseller below it";
    EXPECT_EQ(move(top, top).reason, "TIER_ACCOUNT_UNUSABLE");
    EXPECT_EQ(move(buyer, top).text("tier_account.parent_id"), top);
    EXPECT_EQ(move(buyer, kNoTierAccount).reason, "NOT_FOUND");
    EXPECT_EQ(on(distributor, "UpdateTierAccount", "tier_account", buyer,
                 R"(, "update_mask": "parent_id")")
                  .reason,
              "TIER_ACCOUNT_UNUSABLE");
    on(distributor, "DecommissionTierAccount", "tier_account", second);
    EXPECT_EQ(make_tier(distributor, "CUSTOMER", second).reason, "TIER_ACCOUNT_UNUSABLE");
}

TEST_F(Orders, AnUpdatedTierAccountHasANewVersionAndOldOrdersKeepTheirs)
{
    std::string id = purchase(distributor).text("order.id");
    auto update = [&](const std::string &more) {
        return on(distributor, "UpdateTierAccount", "tier_account", customer, more);
    };
    Answer updated = update(R"(, "name": "Acme Ltd", "tax_id": "T-1")");
    EXPECT_EQ(updated.text("tier_account.version"), "2");
    EXPECT_EQ(get_order(id).text("order.tiers.customer.name"), "Acme");
    EXPECT_EQ(purchase(distributor).text("order.tiers.customer.version"), "2");
    Answer same = update(R"(, "name": "Acme Ltd")");
    EXPECT_EQ(same.text("tier_account.version"), "2") << "nothing has changed";
    EXPECT_EQ(same.text("tier_account.etag"), updated.text("tier_account.etag"));
    EXPECT_EQ(update(R"(, "update_mask": "name")").reason, "INVALID_FIELD")
        << "the name cannot be emptied";
    EXPECT_EQ(update(R"(, "update_mask": "kind")").reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(update(R"(, "name": "x", "etag": "\"0\"")").reason, "ETAG_MISMATCH");
    EXPECT_EQ(on(distributor, "UpdateTierAccount", "tier_account", kNoTierAccount).reason,
              "NOT_FOUND");
    EXPECT_EQ(on(reseller, "GetTierAccount", "tier_account", customer).reason, "NOT_FOUND");
    EXPECT_EQ(on(distributor, "GetTierAccount", "tier_account", customer).text("tier_account.name"),
              "Acme Ltd");
}

TEST_F(Orders, ADecommissionedTierAccountIsHiddenAndStaysSo)
{
    const std::string named = R"(, "external_id": "C-1")";
    std::string parent = make_tier(distributor, "RESELLER", "", named).text("tier_account.id");
    EXPECT_EQ(make_tier(distributor, "RESELLER", "", named).note("existing_id"), parent);
    EXPECT_TRUE(make_tier(reseller, "RESELLER", "", named).ok()) << "unique for its owner only";
    std::string other = make_tier(distributor, "RESELLER", "").text("tier_account.id");
    EXPECT_EQ(on(distributor, "UpdateTierAccount", "tier_account", other, named).reason,
              "EXTERNAL_ID_EXISTS");
    auto verb = [&](const std::string &more) {
        return on(distributor, "DecommissionTierAccount", "tier_account", other, more);
    };
    EXPECT_EQ(verb(R"(, "etag": "\"0\"")").reason, "ETAG_MISMATCH");
    EXPECT_EQ(verb("").text("tier_account.state"), "TIER_ACCOUNT_STATE_DECOMMISSIONED");
    EXPECT_EQ(verb("").reason, "STATE_FORBIDS");
    EXPECT_EQ(
        on(distributor, "UpdateTierAccount", "tier_account", other, R"(, "name": "x")").reason,
        "STATE_FORBIDS");
    EXPECT_EQ(on(distributor, "DecommissionTierAccount", "tier_account", kNoTierAccount).reason,
              "NOT_FOUND");
    auto count = [&](const std::string &request) {
        return json_array_size(json_object_get(
            world.call(distributor, "ListTierAccounts", request).json.get(), "tier_accounts"));
    };
    EXPECT_EQ(count("{}") + 1, count(R"({"show_decommissioned": true})"));
    EXPECT_EQ(count(R"({"filter": "kind = CUSTOMER"})"), 1U);
}

TEST_F(Orders, ContactDataIsChecked)
{
    std::string parent = make_tier(distributor, "RESELLER", "").text("tier_account.id");
    auto with = [&](const std::string &contact) {
        return make_tier(distributor, "CUSTOMER", parent, R"(, "contact": )" + contact);
    };
    EXPECT_EQ(with(R"({"person": {"first_name": "", "last_name": "L", "email": "a@example.com"}})")
                  .violations[0]
                  .first,
              "contact.person.first_name");
    EXPECT_EQ(with(R"({"person": {"first_name": "A", "last_name": "L", "email": "a"}})")
                  .violations[0]
                  .first,
              "contact.person.email");
    EXPECT_EQ(
        with(R"({"address": {"address_line1": "Road 1", "city": "Bonn", "country": "Germany"}})")
            .violations[0]
            .first,
        "contact.address.country");
    EXPECT_TRUE(
        with(
            R"({"address": {"address_line1": "Road 1", "city": "Bonn", "country": "DE"}, "person": {
        "first_name": "A", "last_name": "L", "email": "a@example.com",
        "phone": {"country_code": "49", "area_code": "228", "number": "123"}}})")
            .ok());
}

} // namespace
} // namespace purvey
