// Accounts and users: who may make and change them, what every change must leave in place, and that it counts
// from the next call.
#include "tests/unit/flows/account_fixture.h"

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

// --- users ---

TEST_F(AccountFlow, AdministratorsMakeUsersOfTheirOwnAccount)
{
    Answer made =
        world.call(vendor, "CreateUser",
                   R"({"name": "Bo", "email": "bo@vega.example", "kind": "USER_KIND_PERSON",
                                 "grants": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"}]})");
    ASSERT_TRUE(made.ok()) << made.message;
    EXPECT_EQ(made.text("user.account_id"), vendor.account_id);
    EXPECT_EQ(made.text("user.operator_id"), platform.account_id);
    EXPECT_EQ(made.text("user.state"), "USER_STATE_ACTIVE");
    EXPECT_NE(made.text("user.administrator"), "true");
    EXPECT_EQ(world
                  .call(vendor, "CreateUser",
                        json(R"({"account_id": "%s", "name": "Spy", "kind": "USER_KIND_PERSON"})",
                             reseller.account_id.c_str()))
                  .reason,
              "NOT_FOUND");
    Answer own =
        world.call(platform, "CreateUser", R"({"name": "Operator 2", "kind": "USER_KIND_PERSON"})");
    EXPECT_EQ(own.text("user.account_id"), platform.account_id);
    EXPECT_EQ(own.text("user.operator_id"), "");
}

TEST_F(AccountFlow, WithoutTheGrantNobodyManagesUsers)
{
    Actor viewer = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    Actor stranger = world.user(vendor, {{"ORDER", "MANAGE"}});
    EXPECT_TRUE(world.call(viewer, "ListUsers", "{}").ok());
    Answer refused =
        world.call(viewer, "CreateUser", R"({"name": "X", "kind": "USER_KIND_PERSON"})");
    EXPECT_EQ(refused.reason, "GRANT_MISSING");
    EXPECT_EQ(refused.note("grant"), "MANAGE");
    EXPECT_EQ(world.call(stranger, "ListUsers", "{}").reason, "GRANT_MISSING");
}

TEST_F(AccountFlow, AModuleIsNamedOnce)
{
    const char *twice = R"({"module": "MODULE_ORDER", "grant": "GRANT_VIEW"},
                           {"module": "MODULE_ORDER", "grant": "GRANT_ACT"})";
    Answer made =
        world.call(vendor, "CreateUser",
                   json(R"({"name": "X", "kind": "USER_KIND_PERSON", "grants": [%s]})", twice));
    EXPECT_EQ(made.reason, "GRANTS_INVALID");
    EXPECT_EQ(made.note("module"), "ORDER");
    EXPECT_EQ(world
                  .call(vendor, "UpdateUser",
                        json(R"({"user_id": "%s", "grants": [%s]})", vendor.user_id.c_str(), twice))
                  .reason,
              "GRANTS_INVALID");
    EXPECT_EQ(world
                  .call(vendor, "IssueCertificate",
                        json(R"({"user_id": "%s", "csr_pem": "csr", "scopes": [%s]})",
                             vendor.user_id.c_str(), twice))
                  .reason,
              "GRANTS_INVALID");
}

TEST_F(AccountFlow, AnEmailIsUniqueWithinItsAccountOnly)
{
    std::string request =
        R"({"name": "Bo", "email": "bo@agency.example", "kind": "USER_KIND_PERSON"})";
    Answer first = world.call(vendor, "CreateUser", request);
    ASSERT_TRUE(first.ok());
    Answer second = world.call(vendor, "CreateUser", request);
    EXPECT_EQ(second.reason, "EXTERNAL_ID_EXISTS");
    EXPECT_EQ(second.note("existing_id"), first.text("user.id"));
    EXPECT_TRUE(world.call(reseller, "CreateUser", request).ok())
        << "one person may work for several accounts";
    EXPECT_EQ(world
                  .call(vendor, "UpdateUser",
                        json(R"({"user_id": "%s", "email": "bo@agency.example"})",
                             vendor.user_id.c_str()))
                  .reason,
              "EXTERNAL_ID_EXISTS");
}

TEST_F(AccountFlow, UsersAreSeenByTheirAccountAndTheOperator)
{
    EXPECT_EQ(world.call(reseller, "GetUser", Id("user_id", vendor.user_id)).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(reseller, "DeactivateUser", Id("user_id", vendor.user_id)).reason,
              "NOT_FOUND");
    EXPECT_EQ(world.call(platform, "GetUser", Id("user_id", vendor.user_id)).text("user.id"),
              vendor.user_id);
    Answer listed = world.call(platform, "ListUsers", Id("account_id", reseller.account_id));
    EXPECT_EQ(listed.text("users.0.id"), reseller.user_id);
    EXPECT_EQ(listed.text("users.1.id"), "");
    Answer foreign = world.call(vendor, "ListUsers", Id("account_id", reseller.account_id));
    EXPECT_TRUE(foreign.ok());
    EXPECT_EQ(foreign.text("users.0.id"), "");
    Answer administrators =
        world.call(platform, "ListUsers", R"({"filter": "administrator = true"})");
    ASSERT_TRUE(administrators.ok()) << administrators.message;
    EXPECT_EQ(administrators.text("users.0.id"), platform.user_id);
    EXPECT_EQ(administrators.text("users.2.id"), reseller.user_id);
    Answer found =
        world.call(vendor, "ListUsers", R"({"filter": "state = ACTIVE AND kind = SERVICE"})");
    ASSERT_TRUE(found.ok()) << found.message;
    EXPECT_EQ(found.text("users.0.id"), vendor.user_id);
}

TEST_F(AccountFlow, AnAccountKeepsItsLastAdministrator)
{
    std::string weaken = json(
        R"({"user_id": "%s", "grants": [{"module": "MODULE_ACCOUNT", "grant": "GRANT_VIEW"}]})",
        vendor.user_id.c_str());
    std::string off = Id("user_id", vendor.user_id);
    world.user(vendor, {{"ACCOUNT", "ACT"}, {"ORDER", "MANAGE"}}); // no administrator
    for (const Actor &by : {vendor, platform}) {
        EXPECT_EQ(world.call(by, "UpdateUser", weaken).reason, "LAST_MANAGER");
        Answer refused = world.call(by, "DeactivateUser", off);
        EXPECT_EQ(refused.reason, "LAST_MANAGER");
        ASSERT_EQ(refused.violations.size(), 1u);
        EXPECT_EQ(refused.violations[0].first, vendor.account_id);
    }
    EXPECT_EQ(world.call(vendor, "GetUser", off).text("user.state"), "USER_STATE_ACTIVE")
        << "a refused change leaves nothing";
    Actor second = world.user(vendor, {{"ACCOUNT", "MANAGE"}});
    Answer done = world.call(second, "DeactivateUser", off);
    ASSERT_TRUE(done.ok()) << done.message;
    EXPECT_EQ(done.text("user.administrator"), "");
    EXPECT_EQ(world.call(second, "DeactivateUser", Id("user_id", second.user_id)).reason,
              "LAST_MANAGER");
    Answer back = world.call(second, "ActivateUser", off);
    EXPECT_EQ(back.text("user.administrator"), "true");
    EXPECT_TRUE(world.call(second, "DeactivateUser", Id("user_id", second.user_id)).ok());
    EXPECT_EQ(world.call(platform, "DeactivateUser", Id("user_id", platform.user_id)).reason,
              "LAST_MANAGER")
        << "users of other accounts do not count";
}

TEST_F(AccountFlow, AnInactiveUserIsRefusedOnItsNextCall)
{
    Actor user = world.user(vendor, {{"ORDER", "VIEW"}});
    ASSERT_TRUE(world.call(user, "WhoAmI", "{}").ok());
    ASSERT_TRUE(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).ok());
    Answer refused = world.call(user, "WhoAmI", "{}");
    EXPECT_EQ(refused.reason, "USER_INACTIVE");
    EXPECT_EQ(refused.note("user"), user.user_id);
    EXPECT_EQ(world.call(vendor, "DeactivateUser", Id("user_id", user.user_id)).reason,
              "STATE_FORBIDS");
    Answer renamed =
        world.call(vendor, "UpdateUser",
                   json(R"({"user_id": "%s", "name": "On leave"})", user.user_id.c_str()));
    EXPECT_EQ(renamed.text("user.state"), "USER_STATE_INACTIVE")
        << "a change of content moves no state";
    EXPECT_TRUE(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).ok());
    EXPECT_EQ(world.call(vendor, "ActivateUser", Id("user_id", user.user_id)).reason,
              "STATE_FORBIDS");
    EXPECT_TRUE(world.call(user, "WhoAmI", "{}").ok());
}

TEST_F(AccountFlow, LoweredGrantsCountFromTheNextCallForEveryCertificate)
{
    Actor user = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    ASSERT_TRUE(world.call(user, "ListUsers", "{}").ok());
    ASSERT_TRUE(
        world
            .call(vendor, "UpdateUser",
                  json(R"({"user_id": "%s", "update_mask": "grants"})", user.user_id.c_str()))
            .ok());
    EXPECT_EQ(world.call(user, "ListUsers", "{}").reason, "GRANT_MISSING");
    ASSERT_TRUE(
        world
            .call(
                vendor, "UpdateUser",
                json(
                    R"({"user_id": "%s", "grants": [{"module": "MODULE_ACCOUNT", "grant": "GRANT_MANAGE"}]})",
                    user.user_id.c_str()))
            .ok());
    EXPECT_TRUE(world.call(user, "ListUsers", "{}").ok());
    EXPECT_EQ(world.call(user, "CreateUser", R"({"name": "X", "kind": "USER_KIND_PERSON"})").reason,
              "GRANT_MISSING")
        << "the certificate was issued for VIEW";
}

struct UserUpdate {
    const char *name;
    const char *fields;
    const char *reason;
};

const UserUpdate kUserUpdates[] = {
    {"Name", R"("name": "New")", ""},
    {"EmptyName", R"("update_mask": "name")", "INVALID_FIELD"},
    {"Kind", R"("update_mask": "kind")", "UPDATE_MASK_INVALID"},
    {"Administrator", R"("update_mask": "administrator")", "UPDATE_MASK_INVALID"},
    {"Account", R"("update_mask": "account_id")", "UPDATE_MASK_INVALID"},
    {"StaleEtag", R"("name": "New", "etag": "\"0\"")", "ETAG_MISMATCH"},
    {"NotAnAddress", R"("email": "nobody")", "INVALID_FIELD"},
    {"ModuleWithoutGrant", R"("grants": [{"module": "MODULE_ORDER"}])", "INVALID_FIELD"},
};

class UserUpdates : public AccountFlow, public testing::WithParamInterface<UserUpdate> {};

TEST_P(UserUpdates, Rule)
{
    Answer answer =
        world.call(vendor, "UpdateUser",
                   json(R"({"user_id": "%s", %s})", vendor.user_id.c_str(), GetParam().fields));
    EXPECT_EQ(answer.reason, GetParam().reason) << answer.message;
}

INSTANTIATE_TEST_SUITE_P(Flows, UserUpdates, testing::ValuesIn(kUserUpdates),
                         [](const auto &test) { return std::string(test.param.name); });

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
    std::string own = std::string(verb.prefix) == "acc"   ? vendor.account_id
                      : std::string(verb.prefix) == "usr" ? vendor.user_id
                                                          : vendor.certificate_id;
    Answer stale = world.call(
        platform, verb.method,
        json(R"({"%s": "%s", "etag": "\"0\""%s})", verb.id_field, own.c_str(), reason.c_str()));
    EXPECT_EQ(stale.reason, "ETAG_MISMATCH") << "also where the state would forbid the verb";
    EXPECT_NE(stale.note("etag"), "");
}

INSTANTIATE_TEST_SUITE_P(Account, Verbs, testing::ValuesIn(kVerbs),
                         [](const auto &test) { return std::string(test.param.method); });

// --- who am I ---

bool May(const Answer &who, const std::string &method)
{
    for (size_t i = 0; !who.text("methods." + std::to_string(i)).empty(); i++) {
        if (who.text("methods." + std::to_string(i) + ".name") == method) { return true; }
    }
    return false;
}

TEST_F(AccountFlow, WhoAmITellsAccountUserCertificateScopesAndMethods)
{
    Answer who = world.call(vendor, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.message;
    EXPECT_EQ(who.text("account.id"), vendor.account_id);
    EXPECT_EQ(who.text("account.type"), "ACCOUNT_TYPE_VENDOR");
    EXPECT_EQ(who.text("user.id"), vendor.user_id);
    EXPECT_EQ(who.text("certificate.id"), vendor.certificate_id);
    EXPECT_EQ(who.text("scopes.0.module"), "MODULE_ACCOUNT");
    EXPECT_EQ(who.text("scopes.0.grant"), "GRANT_MANAGE");
    EXPECT_TRUE(May(who, "purvey.account.v1.UserService/CreateUser"));
    EXPECT_TRUE(May(who, "purvey.account.v1.IdentityService/WhoAmI"));
    EXPECT_FALSE(May(who, "purvey.account.v1.AccountService/CreateAccount"));
    EXPECT_TRUE(May(world.call(platform, "WhoAmI", "{}"),
                    "purvey.account.v1.AccountService/CreateAccount"));
}

TEST_F(AccountFlow, WhoAmIIsForEveryCallerAndListsWhatItsScopesOpen)
{
    Actor viewer = world.user(vendor, {{"ACCOUNT", "VIEW"}});
    Answer who = world.call(viewer, "WhoAmI", "{}");
    EXPECT_TRUE(May(who, "purvey.account.v1.UserService/ListUsers"));
    EXPECT_FALSE(May(who, "purvey.account.v1.UserService/CreateUser"));
    EXPECT_EQ(who.text("scopes.0.grant"), "GRANT_VIEW");
    EXPECT_EQ(who.text("scopes.1"), "");
    Actor nothing = world.user(vendor, {});
    who = world.call(nothing, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.message;
    EXPECT_EQ(who.text("scopes.0"), "");
    EXPECT_TRUE(May(who, "purvey.account.v1.IdentityService/WhoAmI"));
    EXPECT_FALSE(May(who, "purvey.account.v1.UserService/ListUsers"));
    EXPECT_EQ(world.call(Actor{}, "WhoAmI", "{}").reason, "NO_CERTIFICATE");
}

} // namespace
} // namespace purvey
