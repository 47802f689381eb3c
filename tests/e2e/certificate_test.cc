// Who is let in: only the holder of a certificate that the service's own authority signed, that stands
// in the store, and that is neither expired nor revoked; at every call, not only at the handshake.
#include "base/digest.h"
#include "base/time.h"
#include "client/cli/keys.h"
#include "server/identity/authority.h"
#include "tests/e2e/house.h"

#include <chrono>
#include <filesystem>
#include <thread>

namespace purvey {
namespace {

constexpr int64_t kDayNs = INT64_C(86400) * PV_NS_PER_S;

// A handshake that is refused is told as UNAVAILABLE by the client's own library.
constexpr int64_t kHandshakeMs = 4000;

class Certificates : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { house = new House; }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    // Signed by the authority in this folder with these times, for the operator's own account and user: all names
    // are right.
    static Identity sign(const std::string &folder, int64_t from_days, int64_t to_days);
    static Identity file_identity(const std::string &data, const std::string &name)
    {
        return Identity{read_file(data + "/" + name + ".pem"),
                        read_file(data + "/" + name + ".key")};
    }
    static void expect_shut_out(const Identity *identity, const std::string &roots = "")
    {
        Answer refused = call(house->connect(identity, roots), "WhoAmI", "{}", kHandshakeMs);
        EXPECT_EQ(refused.code, PV_CODE_UNAVAILABLE) << refused.told();
        EXPECT_NE(refused.message, "");
        Answer others = call(house->of_operator(), "WhoAmI", "{}");
        EXPECT_TRUE(others.ok()) << others.told();
    }
    // A call of one who is no longer let in. Its connection is closed a moment later: a call that this cuts off is made
    // again, on the next one.
    static Answer call_refused(pv_client *client, const std::string &method,
                               const std::string &request = "{}")
    {
        Answer refused = call(client, method, request);
        return refused.code == PV_CODE_UNAVAILABLE ? call(client, method, request) : refused;
    }
    static House *house;
};

House *Certificates::house = nullptr;

Identity Certificates::sign(const std::string &folder, int64_t from_days, int64_t to_days)
{
    Answer me = call(house->of_operator(), "WhoAmI", "{}");
    pv_arena *arena = pv_arena_create(16 * 1024 * 1024);
    pv_error error;
    pv_error_init(&error, arena);
    pv_authority *signer = nullptr;
    char *csr = nullptr;
    std::string key = fresh_folder("key") + "/key.pem";
    EXPECT_TRUE(pv_is_ok(pv_authority_load(folder.c_str(), arena, &error, &signer)));
    EXPECT_TRUE(pv_is_ok(pv_keys_create(key.c_str(), &error)));
    EXPECT_TRUE(pv_is_ok(pv_keys_request(key.c_str(), arena, &error, &csr)));
    std::string account = me.text("account.id");
    std::string user = me.text("user.id");
    int64_t now_s = pv_time_now().utc_ns / PV_NS_PER_S;
    pv_signing signing = {};
    signing.csr = pv_view_text(csr);
    signing.account_id = account.c_str();
    signing.user_id = user.c_str();
    signing.certificate_id = "crt_01j9zv0000abcdefghjkmnpqrv";
    signing.not_before.utc_ns = now_s * PV_NS_PER_S + from_days * kDayNs;
    signing.not_after.utc_ns = now_s * PV_NS_PER_S + to_days * kDayNs;
    pv_random_bytes(nullptr, signing.serial, sizeof signing.serial);
    signing.serial[0] = 1;
    pv_signed made = {};
    pv_status status = pv_authority_sign(signer, &signing, arena, &made, &error);
    EXPECT_TRUE(pv_is_ok(status)) << (error.message == nullptr ? "" : error.message);
    Identity identity;
    if (pv_is_ok(status)) {
        identity = Identity{std::string(made.pem) + made.chain_pem, read_file(key)};
    }
    pv_authority_close(signer);
    pv_arena_destroy(arena);
    return identity;
}

TEST_F(Certificates, AClientWithoutOneIsNotLetIn)
{
    expect_shut_out(nullptr);
}

TEST_F(Certificates, OneOfAnotherAuthorityWithTheSameNamesIsNotLetIn)
{
    std::string other = fresh_folder("other") + "/data";
    ASSERT_EQ(run({cli_program(), "init", "--data", other}).code, 0);
    Identity foreign = file_identity(other, "operator");
    expect_shut_out(&foreign);
    // The same account and user as the true operator, signed by the other authority.
    Identity twin = sign(other + "/authority", -1, 30);
    expect_shut_out(&twin);
}

TEST_F(Certificates, OneThatSignsItselfIsNotLetIn)
{
    std::string folder = fresh_folder("self");
    Outcome made = run({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=operator",
                        "-keyout", folder + "/self.key", "-out", folder + "/self.pem"});
    ASSERT_EQ(made.code, 0) << made.err;
    Identity self = file_identity(folder, "self");
    expect_shut_out(&self);
}

TEST_F(Certificates, AnExpiredOneIsNotLetIn)
{
    Identity expired = sign(house->folder("authority"), -30, -1);
    expect_shut_out(&expired);
}

TEST_F(Certificates, OneThatIsNotYetValidIsNotLetIn)
{
    Identity early = sign(house->folder("authority"), 1, 30);
    expect_shut_out(&early);
}

TEST_F(Certificates, TheServersOwnIsNoClients)
{
    Identity server = file_identity(house->folder("authority"), "server");
    expect_shut_out(&server);
}

TEST_F(Certificates, AClientDoesNotTalkToAServerOfAnotherAuthority)
{
    Identity operator_ = file_identity(house->on.data, "operator");
    expect_shut_out(&operator_, read_file(house->authority("root.pem")));
}

TEST_F(Certificates, OneThatIsSignedButNotInTheStoreIsUnknown)
{
    Identity unknown = sign(house->folder("authority"), -1, 30);
    Answer refused = call(house->connect(&unknown), "WhoAmI", "{}");
    EXPECT_EQ(refused.code, PV_CODE_UNAUTHENTICATED);
    EXPECT_EQ(refused.reason, "CERTIFICATE_UNKNOWN") << refused.told();
}

TEST_F(Certificates, TheCommandSaysThatItsCertificateIsNotAccepted)
{
    std::string other = fresh_folder("other") + "/data";
    ASSERT_EQ(run({cli_program(), "init", "--data", other}).code, 0);
    Outcome refused = run({cli_program(), "whoami", "--server", house->on.address, "--ca",
                           house->authority("server-ca.pem"), "--cert", other + "/operator.pem",
                           "--key", other + "/operator.key", "--deadline", "4s"});
    EXPECT_EQ(refused.code, 6) << refused.err;
    EXPECT_NE(refused.err.find("certificate"), std::string::npos) << refused.err;
}

TEST_F(Certificates, ARevokedOneIsRefusedOnItsNextCallOnAnOpenConnection)
{
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Revoked");
    std::string certificate_id;
    Identity identity = house->admit(vendor.account_id, kEverything, &certificate_id);
    pv_client *client = house->connect(&identity);
    ASSERT_TRUE(call(client, "WhoAmI", "{}").ok());
    Answer revoked =
        call(house->of_operator(), "RevokeCertificate",
             form(R"({"certificate_id": "%s", "reason": "lost"})", certificate_id.c_str()));
    ASSERT_TRUE(revoked.ok()) << revoked.told();
    Answer refused = call_refused(client, "WhoAmI");
    EXPECT_EQ(refused.code, PV_CODE_UNAUTHENTICATED);
    EXPECT_EQ(refused.reason, "CERTIFICATE_REVOKED") << refused.told();
    EXPECT_EQ(call_refused(client, "CreateHub", R"({"name": "x"})").reason, "CERTIFICATE_REVOKED");
    EXPECT_EQ(call(house->connect(&identity), "WhoAmI", "{}").reason, "CERTIFICATE_REVOKED")
        << "on a new connection";
}

TEST_F(Certificates, ARevokedOneLosesItsOpenEventStream)
{
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Watcher");
    std::string certificate_id;
    Identity identity = house->admit(vendor.account_id, kEverything, &certificate_id);
    Stream events(house->connect(&identity), "WatchEvents", 20000);
    ASSERT_TRUE(events.send("{}") && events.half_close());
    ASSERT_NE(events.receive().json, nullptr);
    ASSERT_TRUE(call(house->of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})", certificate_id.c_str()))
                    .ok());
    auto begun = std::chrono::steady_clock::now();
    while (events.receive().json != nullptr) {}
    Answer end = events.finish();
    EXPECT_EQ(end.code, PV_CODE_UNAUTHENTICATED) << end.told();
    EXPECT_EQ(end.reason, "CERTIFICATE_REVOKED");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(17))
        << "it ended by its deadline";
}

TEST_F(Certificates, ADeactivatedUserOrAccountIsRefusedOnAnOpenConnectionUntilItIsActiveAgain)
{
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Paused");
    std::string user_id;
    Identity identity = house->admit(vendor.account_id, kEverything, nullptr, &user_id);
    pv_client *client = house->connect(&identity);
    const struct {
        std::string name, request, reason;
    } parts[] = {
        {"User", form(R"({"user_id": "%s"})", user_id.c_str()), "USER_INACTIVE"},
        {"Account", form(R"({"account_id": "%s"})", vendor.account_id), "ACCOUNT_INACTIVE"},
    };
    for (const auto &[name, request, reason] : parts) {
        ASSERT_TRUE(call(client, "WhoAmI", "{}").ok());
        Answer paused = call(house->of_operator(), "Deactivate" + name, request);
        ASSERT_TRUE(paused.ok()) << paused.told();
        EXPECT_EQ(call_refused(client, "WhoAmI").reason, reason) << name;
        ASSERT_TRUE(call(house->of_operator(), "Activate" + name, request).ok());
        EXPECT_TRUE(call_refused(client, "WhoAmI").ok()) << name;
    }
}

} // namespace
} // namespace purvey
