// Brands: who makes them, what may be in them, and when they are shown.
#include "tests/unit/flows/portal_fixture.h"

namespace purvey {
namespace {

const char kFull[] = R"("name": "Delta Cloud", "title": "Delta Cloud for partners",
    "api_address": "https://api.delta.example:20443",
    "theme": {"primary": "#102030", "navigation": "#405060", "accent": "#708090"},
    "logo": "https://delta.example/logo.svg", "favicon": "https://delta.example/favicon.ico",
    "support": {"name": "Help desk", "email": "help@delta.example", "phone": "+43 1 1",
                "url": "https://delta.example/help"},
    "links": {"sign_up": "https://delta.example/join", "terms": "https://delta.example/terms",
              "privacy": "https://delta.example/privacy", "imprint": "https://delta.example/imprint",
              "help": "https://delta.example/docs", "status": "https://delta.example/status"},
    "footer": "Delta Ltd", "languages": ["de", "en"], "sender_name": "Delta Cloud",
    "sender_email": "noreply@delta.example",
    "portals": [{"role": "ACCOUNT_TYPE_VENDOR", "title": "Delta for vendors",
                 "links": {"help": "https://delta.example/vendors"}}])";

class BrandFlow : public Portals {};

TEST_F(BrandFlow, AnAccountMakesOneAndShowsItWhenItIsReady)
{
    Answer made = world.call(distributor, "CreateBrand", std::string("{") + kFull + "}");
    ASSERT_TRUE(made.ok()) << made.message;
    std::string id = made.text("brand.id");
    EXPECT_EQ(made.text("brand.state"), "BRAND_STATE_DRAFT");
    EXPECT_EQ(made.text("brand.account_id"), distributor.account_id);
    EXPECT_EQ(made.text("brand.operator_id"), platform.account_id);
    Answer again = expect_refusal(distributor, "CreateBrand", R"({"name": "Two"})", "BRAND_EXISTS");
    EXPECT_EQ(again.note("existing_id"), id);
    EXPECT_EQ(on_brand(distributor, "GetBrand", id).packed, made.packed);
    EXPECT_EQ(on_brand(distributor, "WithdrawBrand", id).reason, "STATE_FORBIDS");
    EXPECT_EQ(on_brand(distributor, "PublishBrand", id).text("brand.state"),
              "BRAND_STATE_PUBLISHED");
    EXPECT_EQ(on_brand(distributor, "PublishBrand", id).reason, "STATE_FORBIDS");
    EXPECT_EQ(on_brand(distributor, "DeleteBrand", id).reason, "STATE_FORBIDS");
    EXPECT_TRUE(on_brand(distributor, "UpdateBrand", id, R"(, "footer": "Delta")").ok());
    EXPECT_EQ(on_brand(distributor, "WithdrawBrand", id).text("brand.state"), "BRAND_STATE_DRAFT");
    EXPECT_EQ(on_brand(distributor, "UpdateBrand", id, R"(, "name": "Delta")").text("brand.name"),
              "Delta");
    EXPECT_EQ(on_brand(distributor, "DeleteBrand", id).text("brand.name"), "Delta");
    EXPECT_EQ(on_brand(distributor, "GetBrand", id).reason, "NOT_FOUND");
    EXPECT_TRUE(world.call(distributor, "CreateBrand", R"({"name": "Two"})").ok());
}

TEST_F(BrandFlow, ItsFieldsHaveBounds)
{
    const struct {
        const char *what;
        std::string fields;
    } rows[] = {
        {"no name", R"("title": "x")"},
        {"long name", R"("name": ")" + std::string(101, 'x') + R"(")"},
        {"name of two lines", R"("name": "a\nb")"},
        {"name that turns the text", R"("name": "a\u202eb")"},
        {"long title", R"("name": "x", "title": ")" + std::string(65, 'x') + R"(")"},
        {"footer with a control character", R"("name": "x", "footer": "\u001b[31m")"},
        {"colour by name", R"("name": "x", "theme": {"primary": "red"})"},
        {"colour and more", R"("name": "x", "theme": {"accent": "#102030;x"})"},
        {"plain http", R"("name": "x", "logo": "http://delta.example/logo.svg")"},
        {"script", R"("name": "x", "links": {"help": "javascript:alert"})"},
        {"user in a URL", R"("name": "x", "support": {"url": "https://u:p@delta.example/"})"},
        {"no address", R"("name": "x", "sender_email": "delta")"},
        {"no language", R"("name": "x", "languages": ["german"])"},
        {"language twice", R"("name": "x", "languages": ["de", "de"])"},
        {"role twice",
         R"("name": "x", "portals": [{"role": "ACCOUNT_TYPE_VENDOR"}, {"role": "ACCOUNT_TYPE_VENDOR"}])"},
        {"no role", R"("name": "x", "portals": [{"title": "x"}])"},
        {"the operator's portal", R"("name": "x", "portals": [{"role": "ACCOUNT_TYPE_OPERATOR"}])"},
        {"colour of one role",
         R"("name": "x", "portals": [{"role": "ACCOUNT_TYPE_VENDOR", "theme": {"primary": "#FFF"}}])"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(world.call(distributor, "CreateBrand", "{" + row.fields + "}").reason,
                  "INVALID_FIELD")
            << row.what;
    }
    EXPECT_TRUE(
        world
            .call(platform, "CreateBrand",
                  R"({"name": "x", "portals": [{"role": "ACCOUNT_TYPE_OPERATOR", "title": "y"}]})")
            .ok());
}

TEST_F(BrandFlow, AnUpdateFollowsTheSameRules)
{
    std::string id = brand(distributor, kFull);
    EXPECT_EQ(on_brand(distributor, "UpdateBrand", id, R"(, "update_mask": "name")").reason,
              "INVALID_FIELD")
        << "it cannot be made empty";
    EXPECT_EQ(on_brand(distributor, "UpdateBrand", id, R"(, "update_mask": "state")").reason,
              "UPDATE_MASK_INVALID");
    EXPECT_EQ(on_brand(distributor, "UpdateBrand", id,
                       R"(, "portals": [{"role": "ACCOUNT_TYPE_OPERATOR"}])")
                  .reason,
              "INVALID_FIELD");
    for (const char *method : {"UpdateBrand", "WithdrawBrand", "PublishBrand", "DeleteBrand"}) {
        EXPECT_EQ(on_brand(distributor, method, id, R"(, "etag": "\"0\"")").reason, "ETAG_MISMATCH")
            << method;
    }
    Answer emptied =
        on_brand(distributor, "UpdateBrand", id, R"(, "update_mask": "theme,portals")");
    EXPECT_EQ(emptied.text("brand.theme"), "");
    EXPECT_EQ(emptied.text("brand.portals"), "");
    EXPECT_EQ(emptied.text("brand.footer"), "Delta Ltd");
}

TEST_F(BrandFlow, AForeignBrandIsNotFound)
{
    std::string id = brand(distributor, kFull);
    for (const char *method :
         {"GetBrand", "UpdateBrand", "PublishBrand", "WithdrawBrand", "DeleteBrand"}) {
        Answer foreign = on_brand(other, method, id);
        Answer absent = on_brand(other, method, "brn_00000000000000000000000000");
        EXPECT_EQ(foreign.reason, "NOT_FOUND") << method;
        EXPECT_EQ(absent.reason, "NOT_FOUND") << method;
    }
    EXPECT_EQ(world.call(other, "ListBrands", "{}").text("brands"), "");
    for (const Actor &partner : {vendor, reseller}) {
        EXPECT_EQ(on_brand(partner, "GetBrand", id).reason, "ROLE_MAY_NOT_CALL");
        EXPECT_EQ(world.call(partner, "CreateBrand", R"({"name": "x"})").reason,
                  "ROLE_MAY_NOT_CALL");
    }
    Answer all = world.call(platform, "ListBrands",
                            json(R"({"filter": "state = PUBLISHED AND account_id = %s"})",
                                 distributor.account_id.c_str()));
    EXPECT_EQ(all.text("brands.0.id"), id) << all.message;
    EXPECT_TRUE(on_brand(platform, "WithdrawBrand", id).ok()) << "the operator may step in";
}

} // namespace
} // namespace purvey
