// Accounts: who may make and change them, what they say about themselves, and that a change counts from the next
// call.
#include "tests/unit/flows/account_fixture.h"

#include <map>

namespace purvey {
namespace {

constexpr char kAbsent[] = "01j9zv0000abcdefghjkmnpqrs";

// --- accounts ---

TEST_F(AccountFlow, OnlyTheOperatorMakesAccounts)
{
    std::string request =
        R"({"type": "ACCOUNT_TYPE_DISTRIBUTOR", "name": "Deneb", "countries": ["DE", "FR"]})";
    Answer made = world.call(platform, "CreateAccount", request);
    ASSERT_TRUE(made.ok()) << made.message;
    EXPECT_EQ(made.text("account.state"), "ACCOUNT_STATE_ACTIVE");
    EXPECT_EQ(made.text("account.type"), "ACCOUNT_TYPE_DISTRIBUTOR");
    EXPECT_EQ(made.text("account.operator_id"), platform.account_id);
    EXPECT_EQ(made.text("account.countries.1"), "FR");
    for (const Actor &actor : {vendor, reseller}) {
        EXPECT_EQ(world.call(actor, "CreateAccount", request).reason, "ROLE_MAY_NOT_CALL");
    }
}

TEST_F(AccountFlow, ThereIsOneOperatorAndItStaysActive)
{
    EXPECT_EQ(
        world.call(platform, "CreateAccount", R"({"type": "ACCOUNT_TYPE_OPERATOR", "name": "Two"})")
            .reason,
        "OPERATOR_IS_FIXED");
    EXPECT_EQ(
        world.call(platform, "DeactivateAccount", Id("account_id", platform.account_id)).reason,
        "OPERATOR_IS_FIXED");
    EXPECT_TRUE(world.call(platform, "WhoAmI", "{}").ok());
}

TEST_F(AccountFlow, AnExternalIdIsUniqueOnThePlatform)
{
    std::string request =
        R"({"type": "ACCOUNT_TYPE_VENDOR", "name": "Altair", "external_id": "crm-7"})";
    Answer first = world.call(platform, "CreateAccount", request);
    ASSERT_TRUE(first.ok());
    Answer second = world.call(platform, "CreateAccount", request);
    EXPECT_EQ(second.reason, "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(second.note("existing_id"), first.text("account.id"));
}

TEST_F(AccountFlow, AnAccountSeesItselfAndTheOperatorSeesAll)
{
    EXPECT_EQ(
        world.call(vendor, "GetAccount", Id("account_id", vendor.account_id)).text("account.name"),
        "Vega");
    Answer foreign = world.call(vendor, "GetAccount", Id("account_id", reseller.account_id));
    Answer absent =
        world.call(vendor, "GetAccount", Id("account_id", std::string("acc_") + kAbsent));
    EXPECT_EQ(foreign.reason, "NOT_FOUND");
    EXPECT_EQ(absent.reason, "NOT_FOUND");
    EXPECT_EQ(foreign.metadata, absent.metadata);
    Answer own = world.call(vendor, "ListAccounts", "{}");
    EXPECT_EQ(own.text("accounts.0.id"), vendor.account_id);
    EXPECT_EQ(own.text("accounts.1.id"), "");
    Answer all = world.call(platform, "ListAccounts", "{}");
    EXPECT_EQ(all.text("accounts.0.id"), platform.account_id);
    EXPECT_EQ(all.text("accounts.1.id"), vendor.account_id);
    EXPECT_EQ(all.text("accounts.2.id"), reseller.account_id);
    Answer vendors =
        world.call(platform, "ListAccounts", R"({"filter": "type = VENDOR AND state = ACTIVE"})");
    ASSERT_TRUE(vendors.ok()) << vendors.message;
    EXPECT_EQ(vendors.text("accounts.0.id"), vendor.account_id);
    EXPECT_EQ(vendors.text("accounts.1.id"), "");
}

TEST_F(AccountFlow, AnInactiveAccountIsRefusedOnItsNextCallUntilItIsActivated)
{
    ASSERT_TRUE(world.call(vendor, "WhoAmI", "{}").ok());
    Answer off = world.call(platform, "DeactivateAccount", Id("account_id", vendor.account_id));
    ASSERT_TRUE(off.ok()) << off.message;
    EXPECT_EQ(off.text("account.state"), "ACCOUNT_STATE_INACTIVE");
    Answer refused = world.call(vendor, "WhoAmI", "{}");
    EXPECT_EQ(refused.reason, "ACCOUNT_INACTIVE");
    EXPECT_EQ(refused.note("account"), vendor.account_id);
    EXPECT_TRUE(world.call(reseller, "WhoAmI", "{}").ok());
    EXPECT_TRUE(world.call(platform, "ActivateAccount", Id("account_id", vendor.account_id)).ok());
    EXPECT_TRUE(world.call(vendor, "WhoAmI", "{}").ok());
}

TEST_F(AccountFlow, AccountStatesMoveOnlyAsTheTableSays)
{
    EXPECT_EQ(world.call(platform, "ActivateAccount", Id("account_id", vendor.account_id)).reason,
              "STATE_FORBIDS");
    ASSERT_TRUE(
        world.call(platform, "DeactivateAccount", Id("account_id", vendor.account_id)).ok());
    Answer again = world.call(platform, "DeactivateAccount", Id("account_id", vendor.account_id));
    EXPECT_EQ(again.reason, "STATE_FORBIDS");
    EXPECT_EQ(again.note("state"), "INACTIVE");
    EXPECT_EQ(world.call(vendor, "DeactivateAccount", Id("account_id", vendor.account_id)).reason,
              "ACCOUNT_INACTIVE");
    EXPECT_EQ(
        world.call(reseller, "DeactivateAccount", Id("account_id", reseller.account_id)).reason,
        "ROLE_MAY_NOT_CALL");
    EXPECT_TRUE(
        world
            .call(platform, "UpdateAccount",
                  json(R"({"account_id": "%s", "name": "Vega 2"})", vendor.account_id.c_str()))
            .ok())
        << "the operator keeps an inactive account too";
}

struct Update {
    const char *name;
    const char *fields; // beside account_id
    const char *reason;
    const char *changed; // path=value
};

const Update kUpdates[] = {
    {"FilledFieldsWithoutMask", R"("name": "New", "countries": ["AT"])", "",
     "account.countries.0=AT"},
    {"NamedFieldOnly", R"("name": "New", "countries": ["AT"], "update_mask": "countries")", "",
     "account.name=Vega"},
    {"MaskEmptiesAField", R"("update_mask": "countries")", "", "account.countries.0="},
    {"NothingNamedChangesNothing", R"("validate_only": false)", "", "account.name=Vega"},
    {"RequiredNameStays", R"("update_mask": "name")", "INVALID_FIELD", ""},
    {"UnknownField", R"("update_mask": "colour")", "UPDATE_MASK_INVALID", ""},
    {"OutputOnlyField", R"("update_mask": "state")", "UPDATE_MASK_INVALID", ""},
    {"ImmutableField", R"("update_mask": "type")", "UPDATE_MASK_INVALID", ""},
    {"KeyOfTheOperator", R"("external_id": "mine")", "UPDATE_MASK_INVALID", ""},
    {"StaleEtag", R"("name": "New", "etag": "\"0\"")", "ETAG_MISMATCH", ""},
    {"NotACountry", R"("countries": ["de"])", "INVALID_FIELD", ""},
    {"CountryTwice", R"("countries": ["DE", "DE"])", "INVALID_FIELD", ""},
    {"AboutItself", R"("description": "Mail for all", "headquarters": "Linz", "public": true)", "",
     "account.headquarters=Linz"},
    {"Contacts", R"("contacts": [{"name": "Ada", "email": "ada@vega.example", "phone": "+43 1 2",
                     "tags": ["CONTACT_TAG_TECHNICAL", "CONTACT_TAG_BUSINESS"]}])",
     "", "account.contacts.0.tags.1=CONTACT_TAG_BUSINESS"},
    {"ContactWithoutName", R"("contacts": [{"email": "ada@vega.example"}])", "INVALID_FIELD", ""},
    {"ContactAddress", R"("contacts": [{"name": "Ada", "email": "ada"}])", "INVALID_FIELD", ""},
    {"UnknownTag", R"("contacts": [{"name": "Ada", "tags": ["CONTACT_TAG_UNSPECIFIED"]}])",
     "INVALID_FIELD", ""},
    {"Languages", R"("languages": ["de", "pt-BR"])", "", "account.languages.1=pt-BR"},
    {"NotALanguage", R"("languages": ["German"])", "INVALID_FIELD", ""},
    {"Website", R"("websites": ["https://vega.example/"])", "",
     "account.websites.0=https://vega.example/"},
    {"NotAnAddress", R"("websites": ["vega.example"])", "INVALID_FIELD", ""},
    {"IconOfAScript", R"("icon": "javascript:alert")", "INVALID_FIELD", ""},
    {"IndustryTwice", R"("industries": ["Retail", "Retail"])", "INVALID_FIELD", ""},
};

class AccountUpdate : public AccountFlow, public testing::WithParamInterface<Update> {};

TEST_P(AccountUpdate, ByItsOwnAdministrator)
{
    const Update &row = GetParam();
    ASSERT_TRUE(
        world
            .call(vendor, "UpdateAccount",
                  json(R"({"account_id": "%s", "countries": ["DE"]})", vendor.account_id.c_str()))
            .ok());
    Answer answer =
        world.call(vendor, "UpdateAccount",
                   json(R"({"account_id": "%s", %s})", vendor.account_id.c_str(), row.fields));
    EXPECT_EQ(answer.reason, row.reason) << answer.message;
    Answer now = world.call(vendor, "GetAccount", Id("account_id", vendor.account_id));
    std::string changed = answer.ok() ? row.changed : "account.name=Vega";
    EXPECT_EQ(now.text(changed.substr(0, changed.find('='))),
              changed.substr(changed.find('=') + 1));
}

INSTANTIATE_TEST_SUITE_P(Flows, AccountUpdate, testing::ValuesIn(kUpdates),
                         [](const auto &test) { return std::string(test.param.name); });

TEST_F(AccountFlow, TheOperatorChangesItsKeyOfAnAccount)
{
    Answer changed = world.call(
        platform, "UpdateAccount",
        json(R"({"account_id": "%s", "external_id": "crm-1"})", vendor.account_id.c_str()));
    EXPECT_EQ(changed.text("account.external_id"), "crm-1");
    EXPECT_EQ(world
                  .call(platform, "UpdateAccount",
                        json(R"({"account_id": "%s", "external_id": "crm-1"})",
                             reseller.account_id.c_str()))
                  .reason,
              "EXTERNAL_ID_EXISTS");
    EXPECT_TRUE(world
                    .call(vendor, "UpdateAccount",
                          json(R"({"account_id": "%s", "external_id": "crm-1", "name": "Vega 2"})",
                               vendor.account_id.c_str()))
                    .ok())
        << "an unchanged key is no change";
    EXPECT_EQ(world
                  .call(reseller, "UpdateAccount",
                        json(R"({"account_id": "%s", "name": "Mine"})", vendor.account_id.c_str()))
                  .reason,
              "NOT_FOUND");
}

TEST_F(AccountFlow, LengthsAreLimitedAtTheCharacter)
{
    const struct {
        const char *field;
        size_t most;
    } limits[] = {{"name", 64},
                  {"description", 512},
                  {"overview", 8192},
                  {"icon", 2048},
                  {"headquarters", 256}};
    for (const auto &limit : limits) {
        for (size_t size : {limit.most, limit.most + 1}) {
            std::string text = std::string(limit.field) == "icon" ? "https://a/" : "";
            text += std::string(size - text.size(), 'x');
            std::string request = json(R"({"account_id": "%s", ")", vendor.account_id.c_str());
            request += std::string(limit.field) + "\": \"" + text + "\"}";
            EXPECT_EQ(world.call(vendor, "UpdateAccount", request).ok(), size == limit.most)
                << limit.field << " of " << size;
        }
    }
}

TEST_F(AccountFlow, OnlyDistributorsSourceAndOnlyTheOperatorSaysSo)
{
    Answer made =
        world.call(platform, "CreateAccount",
                   R"({"type": "ACCOUNT_TYPE_DISTRIBUTOR", "name": "Deneb", "sourcing": true})");
    EXPECT_EQ(made.text("account.sourcing"), "true") << made.message;
    EXPECT_EQ(world
                  .call(platform, "CreateAccount",
                        R"({"type": "ACCOUNT_TYPE_VENDOR", "name": "Altair", "sourcing": true})")
                  .reason,
              "INVALID_FIELD");
    Actor distributor = world.account("DISTRIBUTOR", "Mira");
    std::string on =
        json(R"({"account_id": "%s", "sourcing": true})", distributor.account_id.c_str());
    Answer refused = world.call(distributor, "UpdateAccount", on);
    EXPECT_EQ(refused.reason, "UPDATE_MASK_INVALID");
    EXPECT_EQ(refused.note("field"), "sourcing");
    EXPECT_TRUE(world.call(platform, "UpdateAccount", on).ok());
}

// --- all of them ---

struct Verb {
    const char *method;
    const char *id_field;
    const char *prefix;
};

const Verb kVerbs[] = {
    {"UpdateAccount", "account_id", "acc"},
    {"ActivateAccount", "account_id", "acc"},
    {"DeactivateAccount", "account_id", "acc"},
    {"UpdateUser", "user_id", "usr"},
    {"ActivateUser", "user_id", "usr"},
    {"DeactivateUser", "user_id", "usr"},
    {"UpdateGroup", "group_id", "grp"},
    {"DeleteGroup", "group_id", "grp"},
    {"RevokeMembership", "membership_id", "mem"},
    {"ResendMembership", "membership_id", "mem"},
    {"UpdateMembership", "membership_id", "mem"},
    {"RemoveMembership", "membership_id", "mem"},
    {"RevokeCertificate", "certificate_id", "crt"},
};

class Verbs : public AccountFlow, public testing::WithParamInterface<Verb> {};

TEST_P(Verbs, NeedAVisibleObjectAndBeforeAllElseAFreshEtag)
{
    const Verb &verb = GetParam();
    std::string reason =
        std::string(verb.method) == "RevokeCertificate" ? R"(, "reason": "x")" : "";
    std::string absent = std::string(verb.prefix) + "_" + kAbsent;
    EXPECT_EQ(world
                  .call(platform, verb.method,
                        json(R"({"%s": "%s"%s})", verb.id_field, absent.c_str(), reason.c_str()))
                  .reason,
              "NOT_FOUND");
    const std::map<std::string, std::string> own = {{"acc", vendor.account_id},
                                                    {"usr", vendor.user_id},
                                                    {"grp", world.administrators(vendor)},
                                                    {"mem", vendor.membership_id},
                                                    {"crt", vendor.certificate_id}};
    Answer stale = world.call(platform, verb.method,
                              json(R"({"%s": "%s", "etag": "\"0\""%s})", verb.id_field,
                                   own.at(verb.prefix).c_str(), reason.c_str()));
    EXPECT_EQ(stale.reason, "ETAG_MISMATCH") << "also where the state would forbid the verb";
    EXPECT_NE(stale.note("etag"), "");
}

INSTANTIATE_TEST_SUITE_P(Account, Verbs, testing::ValuesIn(kVerbs),
                         [](const auto &test) { return std::string(test.param.method); });

} // namespace
} // namespace purvey
