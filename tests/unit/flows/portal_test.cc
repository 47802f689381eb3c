// Portals: whose brand is shown under which name to whom; and that a name changes nothing else.
#include "purvey/catalog.pv.h"
#include "tests/unit/flows/portal_fixture.h"

namespace purvey {
namespace {

class PortalFlow : public Portals {
  protected:
    const std::string brand_id = brand(distributor, R"("name": "Delta Cloud", "title": "Delta",
        "footer": "All", "links": {"terms": "https://delta.example/terms"},
        "portals": [{"role": "ACCOUNT_TYPE_VENDOR", "title": "Delta for vendors",
                     "links": {"help": "https://delta.example/vendors"}},
                    {"role": "ACCOUNT_TYPE_DISTRIBUTOR", "title": "Delta for us"}])");
    const std::string domain_id = domain(distributor, "delta.example");
};

TEST_F(PortalFlow, AVerifiedDomainLeadsToItsBrand)
{
    contract("PROGRAM", vendor);
    contract("SERVICE", reseller);
    Answer shown = portal(vendor, "delta.example");
    EXPECT_EQ(shown.text("portal.name"), "Delta Cloud");
    EXPECT_EQ(shown.text("portal.domain"), "delta.example");
    EXPECT_EQ(shown.text("portal.role"), "ACCOUNT_TYPE_VENDOR");
    EXPECT_EQ(shown.text("portal.title"), "Delta for vendors");
    EXPECT_EQ(shown.text("portal.footer"), "All") << "what the role does not say, the brand does";
    EXPECT_EQ(shown.text("portal.links.help"), "https://delta.example/vendors");
    EXPECT_EQ(shown.text("portal.links.terms"), "") << "links are said altogether";
    shown = portal(reseller, "delta.example");
    EXPECT_EQ(shown.text("portal.title"), "Delta");
    EXPECT_EQ(shown.text("portal.links.terms"), "https://delta.example/terms");
    EXPECT_EQ(portal(distributor, "delta.example").text("portal.title"), "Delta for us");
}

TEST_F(PortalFlow, EverybodyElseSeesThePlatforms)
{
    for (const char *name : {"", "localhost", "elsewhere.example", "shop.delta.example"}) {
        Answer shown = portal(nobody, name);
        EXPECT_EQ(shown.text("portal.name"), "Operator") << name;
        EXPECT_EQ(shown.text("portal.title"), "Operator");
        EXPECT_EQ(shown.text("portal.domain"), "");
        EXPECT_EQ(shown.text("portal.theme.primary").size(), 7U)
            << "there is always something to see";
        EXPECT_EQ(shown.packed, portal(nobody, "").packed);
    }
    std::string plain = portal(nobody, "").packed;
    brand(platform, R"("name": "The Platform",
        "portals": [{"role": "ACCOUNT_TYPE_OPERATOR", "title": "Engine room"}])");
    EXPECT_EQ(name(nobody, ""), "The Platform");
    EXPECT_EQ(portal(platform, "delta.example").text("portal.title"), "Engine room")
        << "the operator is nobody's partner";
    domain(platform, "portal.test.purvey", R"(, "role": "ACCOUNT_TYPE_RESELLER")");
    Answer shown = portal(nobody, "portal.test.purvey");
    EXPECT_EQ(shown.text("portal.domain"), "portal.test.purvey");
    EXPECT_EQ(shown.text("portal.role"), "ACCOUNT_TYPE_RESELLER");
    EXPECT_EQ(name(vendor, "portal.test.purvey"), "The Platform") << "the platform's is for all";
}

TEST_F(PortalFlow, ADistributorsBrandIsShownToItsPartnersAndToWhoMayBecomeOne)
{
    EXPECT_EQ(name(nobody, "delta.example"), "Delta Cloud")
        << "who signs in has no certificate yet";
    Actor forged = vendor;
    forged.sha256 = std::string(64, '0');
    EXPECT_EQ(name(forged, "delta.example"), "Delta Cloud") << "nor one that counts";
    EXPECT_EQ(name(reseller, "delta.example"), "Operator") << "no partner";
    EXPECT_EQ(name(other, "delta.example"), "Operator");
    std::string agreed = create(agreement("SERVICE"), reseller).text("contract.id");
    EXPECT_EQ(name(reseller, "delta.example"), "Delta Cloud") << "invited";
    act(reseller, "SignContract", agreed);
    EXPECT_EQ(name(reseller, "delta.example"), "Delta Cloud");
    act(distributor, "TerminateContract", agreed);
    EXPECT_EQ(name(reseller, "delta.example"), "Operator") << "no partner any more";
}

TEST_F(PortalFlow, APartnerSeesTheDistributorThroughWhoseDomainItCame)
{
    brand(other, R"("name": "Deneb")");
    domain(other, "deneb.example");
    contract("SERVICE", reseller);
    std::string theirs = text(
        other, "CreateAgreement",
        R"({"type": "AGREEMENT_TYPE_SERVICE", "name": "Terms", "activate": true})", "agreement.id");
    Answer made = world.call(other, "CreateContract",
                             json(R"({"agreement_id": "%s", "partner_id": "%s"})", theirs.c_str(),
                                  reseller.account_id.c_str()));
    ASSERT_TRUE(made.ok()) << made.message;
    EXPECT_EQ(name(reseller, "delta.example"), "Delta Cloud");
    EXPECT_EQ(name(reseller, "deneb.example"), "Deneb");
    EXPECT_EQ(name(reseller, ""), "Operator");
}

TEST_F(PortalFlow, OnlyWhatIsVerifiedPublishedAndActiveIsShown)
{
    std::string plain = portal(nobody, "").packed;
    Answer pending = claim(distributor, "new.delta.example");
    EXPECT_EQ(portal(nobody, "new.delta.example").packed, plain) << "pending";
    verify(distributor, pending.text("domain.id"));
    EXPECT_EQ(portal(nobody, "new.delta.example").packed, plain) << "failed";

    ASSERT_TRUE(on_brand(distributor, "WithdrawBrand", brand_id).ok());
    EXPECT_EQ(portal(nobody, "delta.example").packed, plain) << "withdrawn";
    ASSERT_TRUE(on_brand(distributor, "PublishBrand", brand_id).ok());
    std::string branded = portal(nobody, "delta.example").packed;
    EXPECT_NE(branded, plain);

    std::string account = json(R"({"account_id": "%s"})", distributor.account_id.c_str());
    ASSERT_TRUE(world.call(platform, "DeactivateAccount", account).ok());
    EXPECT_EQ(portal(nobody, "delta.example").packed, plain) << "inactive";
    EXPECT_EQ(portal(distributor, "delta.example").packed, plain) << "and nobody in particular";
    ASSERT_TRUE(world.call(platform, "ActivateAccount", account).ok());
    EXPECT_EQ(portal(nobody, "delta.example").packed, branded);

    world.dns.clear();
    EXPECT_TRUE(verify(distributor, domain_id).ok());
    EXPECT_EQ(portal(nobody, "delta.example").packed, plain) << "no longer proved";
    EXPECT_TRUE(on_domain(distributor, "DeleteDomain", domain_id).ok());
    domain(distributor, "delta.example");
    EXPECT_EQ(portal(nobody, "delta.example").packed, branded);
    std::string id = world.call(distributor, "ListDomains", R"({"filter": "state = VERIFIED"})")
                         .text("domains.0.id");
    EXPECT_TRUE(on_domain(distributor, "DeleteDomain", id).ok());
    EXPECT_EQ(portal(nobody, "delta.example").packed, plain) << "given up";
}

TEST_F(PortalFlow, ADomainMayBeForOneRoleAndAskedForAnother)
{
    domain(distributor, "vendor.delta.example", R"(, "role": "ACCOUNT_TYPE_VENDOR")");
    contract("SERVICE", reseller);
    EXPECT_EQ(portal(nobody, "vendor.delta.example").text("portal.title"), "Delta for vendors");
    EXPECT_EQ(portal(nobody, "vendor.delta.example", R"({"role": "ACCOUNT_TYPE_RESELLER"})")
                  .text("portal.title"),
              "Delta for vendors");
    EXPECT_EQ(portal(reseller, "vendor.delta.example").text("portal.title"), "Delta")
        << "one's own role counts first";
    EXPECT_EQ(portal(nobody, "delta.example").text("portal.role"), "");
    EXPECT_EQ(
        portal(nobody, "delta.example", R"({"role": "ACCOUNT_TYPE_VENDOR"})").text("portal.title"),
        "Delta for vendors");
    EXPECT_EQ(portal(reseller, "delta.example", R"({"role": "ACCOUNT_TYPE_VENDOR"})")
                  .text("portal.title"),
              "Delta");
}

struct Row {
    const char *what;
    Names names;
    bool branded;
};

const Row kRows[] = {
    {"Sni", {"delta.example", "127.0.0.1:20443"}, true},
    {"SniInUpperCase", {"DELTA.Example", "x"}, true},
    {"SniWithADot", {"delta.example.", "x"}, true},
    {"SniBeforeAuthority", {"elsewhere.example", "delta.example"}, false},
    {"SniWithPort", {"delta.example:443", "delta.example"}, false},
    {"SniWithBlank", {" delta.example", "delta.example"}, false},
    {"SniTooLong", {std::string(300, 'a'), "delta.example"}, false},
    {"SniOfAnAddress", {"127.0.0.1", "delta.example"}, false},
    {"SniThatLooksTheSame", {"delt\xD0\xB0.example", "x"}, false},
    {"SniThatLooksTheSameInAscii", {"xn--delt-u6c.example", "x"}, false},
    {"Authority", {"", "delta.example"}, true},
    {"AuthorityWithPort", {"", "delta.example:20443"}, true},
    {"AuthorityWithEmptyPort", {"", "delta.example:"}, true},
    {"AuthorityInUpperCase", {"", "Delta.EXAMPLE:443"}, true},
    {"AuthorityWithADot", {"", "delta.example.:443"}, true},
    {"AuthorityWithTwoPorts", {"", "delta.example:1:2"}, false},
    {"AuthorityWithNoNumber", {"", "delta.example:http"}, false},
    {"AuthorityWithUser", {"", "user@delta.example"}, false},
    {"AuthorityWithUserAndPort", {"", "user:1@delta.example:443"}, false},
    {"AuthorityWithPath", {"", "delta.example/x"}, false},
    {"AuthorityIpv4", {"", "127.0.0.1:20443"}, false},
    {"AuthorityIpv6", {"", "[::1]:20443"}, false},
    {"AuthorityIpv6WithZone", {"", "[fe80::1%25delta.example]:1"}, false},
    {"AuthorityOfAPort", {"", ":443"}, false},
    {"AuthorityEmpty", {"", ""}, false},
    {"AuthorityOfALine", {"", "delta.example\nx"}, false},
    {"AuthorityTooLong", {"", std::string(4096, 'a') + ".example"}, false},
    {"AuthorityOfAWildcard", {"", "*.example"}, false},
};

class ClientNames : public PortalFlow, public testing::WithParamInterface<Row> {};

TEST_P(ClientNames, LeadToTheBrandOrToThePlatforms)
{
    EXPECT_EQ(portal_by(nobody, GetParam().names).text("portal.name"),
              GetParam().branded ? "Delta Cloud" : "Operator");
}

INSTANTIATE_TEST_SUITE_P(Flows, ClientNames, testing::ValuesIn(kRows),
                         [](const auto &test) { return std::string(test.param.what); });

/* A world in which everybody has connected by these names, and all that they do in it. */
class Scene : public PortalFlow {
  public:
    explicit Scene(const Names &names)
    {
        world.names = names;
        world.transcript.clear();
        contract("PROGRAM", vendor);
        contract("SERVICE", reseller);
        contract_in("DISTRIBUTION", "ACTIVE");
        EXPECT_TRUE(on_brand(distributor, "UpdateBrand", brand_id, R"(, "footer": "x")").ok());
        EXPECT_TRUE(verify(distributor, domain_id).ok());
        for (size_t i = 0; i < pv_catalog__service_count; i++) {
            for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
                everybody(pv_catalog__services[i]->methods[j]);
            }
        }
    }
    void TestBody() override {}
    const std::string &answers() const { return world.transcript; }

  private:
    void everybody(const pv_method_info &method)
    {
        if (method.kind != PV_METHOD_UNARY || std::string(method.name) == "GetPortal") { return; }
        for (const Actor &actor : {platform, distributor, other, vendor, reseller, nobody}) {
            world.call_packed(actor, method.name, "");
        }
    }
};

TEST(Portal, ItsNameChangesNoAnswerOfAnyOtherCall)
{
    Scene plain({"", "localhost"});
    Scene branded({"delta.example", "delta.example:20443"});
    EXPECT_GT(plain.answers().size(), 20000U);
    EXPECT_TRUE(plain.answers() == branded.answers());
}

} // namespace
} // namespace purvey
