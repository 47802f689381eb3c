// A branded portal from outside: a domain is proved by a record, gets a certificate, and who names it in TLS sees that
// certificate and that brand; on both listeners, and until it is given up.
#include "tests/e2e/house.h"
#include "tests/unit/rpc/certificates.h"

#include <csignal>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace purvey {
namespace {

constexpr int kWaitMs = 10000;

class PortalOfServer : public ::testing::Test {
  protected:
    void SetUp() override
    {
        setenv("PURVEYD_RESOLVER", ("file:" + zone).c_str(), 1);
        house = std::make_unique<House>();
        unsetenv("PURVEYD_RESOLVER");
        ASSERT_TRUE(house->ready);
        distributor = house->join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Delta");
        Answer brand = call(distributor.client, "CreateBrand",
                            R"({"name": "Delta Cloud", "theme": {"primary": "#102030"}})");
        ASSERT_TRUE(brand.ok()) << brand.told();
        ASSERT_TRUE(call(distributor.client, "PublishBrand",
                         form(R"({"brand_id": "%s"})", brand.text("brand.id").c_str()))
                        .ok());
        ASSERT_EQ(mkdir(house->folder("certificates").c_str(), 0700), 0);
    }
    void TearDown() override
    {
        for (pv_client *client : clients) { pv_client_destroy(client); }
        pv_arena_destroy(arena);
    }

    /* A claim of the distributor; the file says what the DNS would. */
    Answer claim(const std::string &name)
    {
        Answer made =
            call(distributor.client, "CreateDomain", form(R"({"name": "%s"})", name.c_str()));
        EXPECT_TRUE(made.ok()) << made.told();
        return made;
    }
    void prove(const Answer &claimed)
    {
        std::ofstream(zone, std::ios::app) << claimed.text("domain.challenge_name") << ". IN TXT \""
                                           << claimed.text("domain.challenge_value") << "\"\n";
    }
    Answer on_domain(const std::string &method, const Answer &claimed)
    {
        return call(distributor.client, method,
                    form(R"({"domain_id": "%s"})", claimed.text("domain.id").c_str()));
    }

    /* A certificate of the domain, put where the operator puts it. */
    void certify(const std::string &name)
    {
        const Certificate made = authority.issue("DNS:" + name);
        write_file(house->folder("certificates/" + name + ".key"), made.key);
        write_file(house->folder("certificates/" + name + ".pem"), made.pem);
        ASSERT_EQ(kill(house->on.process, SIGHUP), 0);
    }

    /* A client that asks for this name and believes only a certificate of it. */
    pv_client *come_by(const std::string &name, const Identity *identity, const char *address)
    {
        pv_client_tls tls = {};
        tls.ca = authority.pem().c_str();
        tls.server_name = name.c_str();
        if (identity != nullptr) {
            tls.certificate = identity->certificate.c_str();
            tls.key = identity->key.c_str();
        }
        pv_client_config config = {};
        config.target = address;
        config.tls = &tls;
        pv_client *client = nullptr;
        PV_ASSERT(pv_is_ok(pv_client_create(&config, &error, &client)));
        clients.push_back(client);
        return client;
    }

    /* The server reads new certificates when it gets to it. */
    pv_client *come_by_when_it_can(const std::string &name, const Identity *identity,
                                   const char *address)
    {
        for (int waited = 0; waited < kWaitMs; waited += 50) {
            pv_client *client = come_by(name, identity, address);
            if (call(client, "GetPortal", "{}", 2000).code != PV_CODE_UNAVAILABLE) {
                return client;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        ADD_FAILURE() << "no certificate of " << name << ": " << house->log();
        return clients.back();
    }

    const std::string zone = fresh_folder("zone") + "/zone";
    std::unique_ptr<House> house;
    actor distributor = {};
    const Authority authority{"delta"};
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error error = [this] {
        pv_error made;
        pv_error_init(&made, arena);
        return made;
    }();
    std::vector<pv_client *> clients;
};

TEST_F(PortalOfServer, TheNameInTlsLeadsToItsCertificateAndItsBrandUntilItIsGivenUp)
{
    Answer claimed = claim("shop.delta.example");
    prove(claimed);
    certify("shop.delta.example");
    const Identity own = house->admit(distributor.account_id, kEverything);
    actor stranger = house->join(PV_ACCOUNT_TYPE_RESELLER, "Rigel");
    const Identity strangers = house->admit(stranger.account_id, kEverything);

    pv_client *branded = come_by_when_it_can("shop.delta.example", &own, house->on.address);
    EXPECT_EQ(call(branded, "GetPortal", "{}").text("portal.name"), "Purvey Operations")
        << "it has a certificate, but is not proved";
    Answer verified = on_domain("VerifyDomain", claimed);
    ASSERT_TRUE(verified.ok()) << verified.told();
    ASSERT_NE(verified.text("domain.verify_time"), "") << verified.text("domain");

    Answer shown = call(branded, "GetPortal", "{}");
    EXPECT_EQ(shown.text("portal.name"), "Delta Cloud") << "on the same connection";
    EXPECT_EQ(shown.text("portal.domain"), "shop.delta.example");
    EXPECT_EQ(shown.text("portal.theme.primary"), "#102030");
    EXPECT_EQ(call(distributor.client, "GetPortal", "{}").text("portal.name"), "Purvey Operations")
        << "by another name";
    pv_client *theirs = come_by("shop.delta.example", &strangers, house->on.address);
    EXPECT_EQ(call(theirs, "GetPortal", "{}").text("portal.name"), "Purvey Operations")
        << "no partner";

    // A name gives no authority and takes none.
    const std::string id = claimed.text("domain.id");
    const std::string request = form(R"({"domain_id": "%s"})", id.c_str());
    EXPECT_EQ(call(theirs, "GetDomain", request).reason, "ROLE_MAY_NOT_CALL");
    EXPECT_EQ(call(branded, "GetDomain", request).text("domain"),
              call(distributor.client, "GetDomain", request).text("domain"));

    ASSERT_TRUE(on_domain("DeleteDomain", claimed).ok());
    EXPECT_EQ(call(branded, "GetPortal", "{}").text("portal.name"), "Purvey Operations");
}

TEST_F(PortalOfServer, WhoHasNoCertificateYetSeesItWhereItEnrols)
{
    Answer claimed = claim("join.delta.example");
    prove(claimed);
    ASSERT_TRUE(on_domain("VerifyDomain", claimed).ok());
    certify("join.delta.example");
    pv_client *visitor =
        come_by_when_it_can("join.delta.example", nullptr, house->on.enrol_address);
    Answer shown = call(visitor, "GetPortal", R"({"role": "RESELLER"})");
    EXPECT_EQ(shown.text("portal.name"), "Delta Cloud") << shown.told();
    EXPECT_NE(shown.text("portal.role").find("RESELLER"), std::string::npos);
    EXPECT_FALSE(call(visitor, "ListDomains", "{}").ok()) << "and nothing else";
}

// In its order, each does what docs/portals.md says.
TEST_F(PortalOfServer, EveryCommandOfThePageRuns)
{
    distributor = house->join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Reader");
    std::istringstream page(read_file("docs/portals.md"));
    int shown = 0;
    for (std::string line; std::getline(page, line);) {
        if (line.rfind("purvey ", 0) != 0) { continue; }
        shown++;
        Answer domains = call(distributor.client, "ListDomains", "{}");
        const std::pair<const char *, std::string> names[] = {
            {"BRAND", call(distributor.client, "ListBrands", "{}").text("brands.0.id")},
            {"DOMAIN", domains.text("domains.0.id")}};
        for (const auto &name : names) {
            size_t at = line.find(name.first);
            if (at != std::string::npos) { line.replace(at, strlen(name.first), name.second); }
        }
        if (line.find("domain verify") != std::string::npos) {
            std::ofstream(zone, std::ios::app)
                << domains.text("domains.0.challenge_name") << " TXT \""
                << domains.text("domains.0.challenge_value") << "\"";
        }
        Outcome outcome = run({"/bin/sh", "-c", cli_program() + line.substr(sizeof "purvey" - 1)},
                              house->environment(distributor));
        EXPECT_EQ(outcome.code, 0) << line << ": " << outcome.out << outcome.err;
    }
    EXPECT_EQ(shown, 5);
    Answer domain = call(distributor.client, "ListDomains", R"({"filter": "state = VERIFIED"})");
    EXPECT_EQ(domain.text("domains.0.name"), "shop.delta.example") << domain.told();
}

TEST_F(PortalOfServer, TheResolverIsASetting)
{
    Answer claimed = claim("delta.example");
    EXPECT_EQ(on_domain("VerifyDomain", claimed).reason, "RESOLVER_UNAVAILABLE")
        << "there is no such file";
    std::ofstream(zone) << "; empty\n";
    EXPECT_NE(on_domain("VerifyDomain", claimed).text("domain.failure").find("RECORD_MISSING"),
              std::string::npos);
    ASSERT_EQ(house->stop(SIGTERM), 0);
    setenv("PURVEYD_RESOLVER", "off", 1);
    EXPECT_TRUE(house->start());
    unsetenv("PURVEYD_RESOLVER");
    distributor = house->join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Deneb");
    EXPECT_EQ(on_domain("VerifyDomain", claim("deneb.example")).reason, "RESOLVER_OFF");
}

TEST(Resolver, WhatIsNoneIsRefused)
{
    const auto check = [](const std::string &value) {
        return run({server_program(), "--check-config", "--data", "data", "--resolver", value});
    };
    for (const char *good :
         {"dns", "off", "file:/etc/zone", "dns:127.0.0.1", "dns:192.0.2.1:5353"}) {
        EXPECT_EQ(check(good).code, 0) << good;
    }
    for (const char *bad : {"", "on", "file:", "dns:", "dns:localhost", "dns:1.2.3", "dns:1.2.3.4:",
                            "dns:1.2.3.4:0", "dns:1.2.3.4:65536", "dns:1.2.3.4:53x", "dns:[::1]"}) {
        Outcome outcome = check(bad);
        EXPECT_EQ(outcome.code, 2) << bad;
        EXPECT_NE(outcome.err.find("resolver"), std::string::npos) << outcome.err;
    }
}

} // namespace
} // namespace purvey
