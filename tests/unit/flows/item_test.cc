/* Items, parameters and templates of products. */
#include "tests/unit/flows/product_fixture.h"

namespace purvey {
namespace {

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
        {"RESERVATION", "MONTHLY", "0 1 2 3 4 5 6"},
        {"RESERVATION", "YEARLY", "0 1 2 3 4 5 6"},
        {"RESERVATION", "YEARS_2", "0 4 6"},
        {"RESERVATION", "YEARS_3", "0 6"},
        {"RESERVATION", "YEARS_4", "0"},
        {"RESERVATION", "YEARS_5", "0"},
        {"RESERVATION", "YEARS_6", "0"},
        {"RESERVATION", "ONE_TIME", "0"},
        {"RESERVATION", "TRIAL_7_DAYS", "0"},
        {"RESERVATION", "TRIAL_14_DAYS", "0"},
        {"RESERVATION", "TRIAL_30_DAYS", "0"},
        {"RESERVATION", "TRIAL_MONTH", "0"},
        {"PAY_AS_YOU_GO", "MONTHLY", "0"},
        {"PAY_AS_YOU_GO", "YEARLY", ""},
        {"PAY_AS_YOU_GO", "YEARS_3", ""},
        {"PAY_AS_YOU_GO", "ONE_TIME", ""},
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
    expect_refusal(
        vendor, "CreateItem",
        json(R"({"product_id": "%s", "mpn": "half", "name": "x", %s, "quantity_scale": 1})",
             product.c_str(), kReservation),
        "ITEM_RULES");
}

TEST_F(Products, AnMpnIsUniqueWithinItsProduct)
{
    std::string product = draft();
    std::string first = item(product, "A");
    Answer second = expect_refusal(
        vendor, "CreateItem",
        json(R"({"product_id": "%s", "mpn": "A", "name": "x", %s})", product.c_str(), kReservation),
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
    EXPECT_TRUE(
        on(vendor, "UpdateItem", "item", made, R"(, "unit": "TB", "quantity_scale": 11)").ok());
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "period": "ITEM_PERIOD_YEARLY")").reason,
              "ITEM_RULES");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "update_mask": "name")").reason,
              "INVALID_FIELD");
    EXPECT_EQ(on(vendor, "UpdateItem", "item", made, R"(, "update_mask": "state")").reason,
              "UPDATE_MASK_INVALID");
    on(vendor, "PublishProduct", "product", product);
    const std::pair<const char *, const char *> frozen[] = {{"type", R"("ITEM_TYPE_RESERVATION")"},
                                                            {"period", R"("ITEM_PERIOD_YEARLY")"},
                                                            {"commitment_years", "2"},
                                                            {"unit", R"("MB")"},
                                                            {"quantity_scale", "3"}};
    for (const auto &field : frozen) {
        Answer answer = on(vendor, "UpdateItem", "item", made,
                           json(R"(, "%s": %s)", field.first, field.second));
        EXPECT_EQ(answer.reason, "ITEM_FROZEN") << field.first;
        EXPECT_EQ(answer.note("field"), field.first);
    }
    EXPECT_TRUE(on(vendor, "UpdateItem", "item", made,
                   R"(, "mpn": "AA", "name": "New", "description": "d")")
                    .ok());
}

TEST_F(Products, PayAsYouGoItemsNeedAUsageSchema)
{
    std::string product = draft();
    expect_refusal(
        vendor, "CreateItem",
        json(R"({"product_id": "%s", "mpn": "A", "name": "x", %s})", product.c_str(), kPayAsYouGo),
        "CAPABILITY_MISSING");
    std::string made = item(product, "B");
    EXPECT_EQ(
        on(vendor, "UpdateItem", "item", made, R"(, "type": "ITEM_TYPE_PAY_AS_YOU_GO")").reason,
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
        return on(vendor, "EndItemSale", "item", one,
                  json(R"(, "replacement_item_id": "%s")", replacement.c_str()));
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
        {"DROPDOWN",
         R"(, "constraints": {"choices": [{"value": "a"}, {"value": "b"}]}, "default_value": "b")",
         ""},
        {"DROPDOWN", R"(, "constraints": {"choices": [{"value": "a"}]}, "default_value": "b")",
         "PARAMETER_RULES"},
        {"CHOICE", R"(, "constraints": {"choices": [{"value": "a"}, {"value": "a"}]})",
         "PARAMETER_RULES"},
        {"CHECKBOX", R"(, "constraints": {"choices": [{"value": "a,b"}]})", "PARAMETER_RULES"},
        {"CHECKBOX",
         R"(, "constraints": {"choices": [{"value": "a"}, {"value": "b"}]}, "default_value": "a,b")",
         ""},
    };
    int number = 0;
    for (const auto &row : rows) {
        expect_refusal(
            vendor, "CreateParameter",
            json(
                R"({"product_id": "%s", "name": "p%d", "title": "P", "phase": "PARAMETER_PHASE_ORDERING",
                                "type": "PARAMETER_TYPE_%s"%s})",
                product.c_str(), number++, row.type, row.more),
            row.reason);
    }
}

TEST_F(Products, ParametersAndTemplatesBelongToTheirProduct)
{
    std::string product = draft();
    item(product, "A");
    std::string request = json(
        R"({"product_id": "%s", "name": "realm", "title": "Realm", "type": "PARAMETER_TYPE_TEXT",
                                   "phase": "PARAMETER_PHASE_FULFILLMENT"})",
        product.c_str());
    std::string parameter = text(vendor, "CreateParameter", request, "parameter.id");
    EXPECT_EQ(
        expect_refusal(vendor, "CreateParameter", request, "PARAMETER_EXISTS").note("existing_id"),
        parameter);
    std::string shown =
        text(vendor, "CreateTemplate",
             json(R"({"product_id": "%s", "name": "Done", "type": "TEMPLATE_TYPE_FULFILLMENT",
                                      "body": "Your realm is {{ realm }}."})",
                  product.c_str()),
             "template.id");
    EXPECT_TRUE(
        on(vendor, "UpdateParameter", "parameter", parameter, R"(, "title": "Your realm")").ok());
    EXPECT_EQ(
        on(vendor, "UpdateParameter", "parameter", parameter, R"(, "update_mask": "name")").reason,
        "UPDATE_MASK_INVALID");
    EXPECT_EQ(on(vendor, "UpdateParameter", "parameter", parameter,
                 R"(, "constraints": {"choices": [{"value": "a"}]})")
                  .reason,
              "PARAMETER_RULES");
    EXPECT_TRUE(on(vendor, "UpdateTemplate", "template", shown, R"(, "body": "{{ realm }}")").ok());
    EXPECT_EQ(on(vendor, "UpdateTemplate", "template", shown, R"(, "update_mask": "type")").reason,
              "UPDATE_MASK_INVALID");
    on(vendor, "PublishProduct", "product", product);
    EXPECT_EQ(on(vendor, "DeleteParameter", "parameter", parameter).reason, "PRODUCT_PUBLISHED");
    EXPECT_EQ(on(vendor, "DeleteTemplate", "template", shown).reason, "PRODUCT_PUBLISHED");
    EXPECT_EQ(on(distributor, "GetParameter", "parameter", parameter).reason, "NOT_FOUND");
    EXPECT_EQ(on(distributor, "ListTemplates", "product", product).reason, "NOT_FOUND");
    carry_out("NEW", product);
    EXPECT_TRUE(on(distributor, "GetParameter", "parameter", parameter).ok());
    EXPECT_TRUE(on(distributor, "GetTemplate", "template", shown).ok());
    EXPECT_EQ(on(distributor, "ListTemplates", "product", product).text("templates.0.id"), shown);
    EXPECT_EQ(on(distributor, "ListParameters", "product", product,
                 R"(, "filter": "phase = FULFILLMENT")")
                  .text("parameters.0.id"),
              parameter);
}

TEST_F(Products, PartsOfADraftCanBeDeleted)
{
    std::string product = draft();
    std::string parameter =
        text(vendor, "CreateParameter",
             json(R"({"product_id": "%s", "name": "a", "title": "A", "type": "PARAMETER_TYPE_TEXT",
                                          "phase": "PARAMETER_PHASE_ORDERING"})",
                  product.c_str()),
             "parameter.id");
    std::string shown = text(
        vendor, "CreateTemplate",
        json(R"({"product_id": "%s", "name": "x", "type": "TEMPLATE_TYPE_PENDING", "body": "x"})",
             product.c_str()),
        "template.id");
    EXPECT_TRUE(on(vendor, "DeleteParameter", "parameter", parameter).ok());
    EXPECT_TRUE(on(vendor, "DeleteTemplate", "template", shown).ok());
}

} // namespace
} // namespace purvey
