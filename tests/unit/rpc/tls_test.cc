// TLS: who is let in, what is known of them, and how certificates are renewed.
#include "fixture.h"

class TlsTest : public RpcTest {
  protected:
    // A call over TLS with this certificate (none if empty) and trust.
    pv_status call_with(const std::string &ca, const Certificate *certificate,
                        const char *server_name = "localhost")
    {
        std::string where = target();
        pv_client_tls files = {};
        files.ca = ca.c_str();
        files.server_name = server_name;
        if (certificate != nullptr) {
            files.certificate = certificate->pem.c_str();
            files.key = certificate->key.c_str();
        }
        pv_client_config settings = {};
        settings.target = where.c_str();
        settings.tls = &files;
        settings.deadline_ms = 5000;
        pv_client *one = client_with(settings);
        Arena arena;
        std::string text;
        pv_status status = echo(one, "x", &text, arena);
        pv_client_destroy(one);
        clients_.pop_back();
        return status;
    }
};

TEST_F(TlsTest, ThePeerIsTheDigestOfItsCertificate)
{
    std::mutex lock;
    std::vector<pv_peer> peers;
    std::vector<std::string> names;
    app.admit = [&](pv_call *call) {
        std::lock_guard<std::mutex> guard(lock);
        peers.push_back(*call->peer);
        names.push_back(call->peer->server_name);
        EXPECT_EQ(strncmp(call->peer->address, "ipv", 3), 0) << call->peer->address;
        return pv_ok();
    };
    start(true);
    pv_client *one = client();
    Certificate other = authority->issue("URI:spiffe://test/account/acc_2/user/usr_2");
    for (int i = 0; i < 3; i++) {
        Arena arena;
        std::string text;
        ASSERT_TRUE(pv_is_ok(echo(one, "x", &text, arena))) << arena.error.message;
    }
    EXPECT_TRUE(pv_is_ok(call_with(authority->pem(), &other)));
    std::lock_guard<std::mutex> guard(lock);
    ASSERT_EQ(peers.size(), 4u);
    for (size_t i = 0; i < 4; i++) {
        const Certificate &expected = i < 3 ? client_certificate : other;
        EXPECT_TRUE(peers[i].has_certificate);
        EXPECT_EQ(memcmp(peers[i].certificate_sha256, expected.sha256.data(), 32), 0);
        EXPECT_EQ(names[i], "localhost");
    }
}

TEST_F(TlsTest, WithoutTlsThereIsNoCertificate)
{
    std::atomic<bool> has{true};
    app.admit = [&](pv_call *call) {
        has = call->peer->has_certificate;
        return pv_ok();
    };
    start();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(client(), "x", &text, arena)));
    EXPECT_FALSE(has);
}

TEST_F(TlsTest, AClientWithoutACertificateIsNotLetIn)
{
    start(true);
    EXPECT_EQ(call_with(authority->pem(), nullptr).code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(app.admitted, 0);
}

TEST_F(TlsTest, ACertificateOfAnotherAuthorityIsNotLetIn)
{
    start(true);
    Authority foreign("foreign authority");
    Certificate certificate = foreign.issue("URI:spiffe://test/account/acc_1/user/usr_1");
    EXPECT_EQ(call_with(authority->pem(), &certificate).code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(app.admitted, 0);
}

TEST_F(TlsTest, AnExpiredCertificateIsNotLetIn)
{
    start(true);
    Certificate certificate = authority->issue("URI:spiffe://test/account/acc_1/user/usr_1", -10);
    EXPECT_EQ(call_with(authority->pem(), &certificate).code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(app.admitted, 0);
}

TEST_F(TlsTest, TheClientVerifiesTheServer)
{
    start(true);
    Authority foreign("foreign authority");
    EXPECT_EQ(call_with(foreign.pem(), &client_certificate).code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(call_with(authority->pem(), &client_certificate, "other.test").code,
              PV_CODE_UNAVAILABLE);
    EXPECT_EQ(call_with(authority->pem(), &client_certificate, nullptr).code,
              PV_CODE_UNAVAILABLE); // an address
    EXPECT_TRUE(pv_is_ok(call_with(authority->pem(), &client_certificate)));
}

TEST_F(TlsTest, NewCertificatesServeNewConnectionsAndLeaveOpenOnesAlone)
{
    start(true);
    pv_client *old = client();
    Arena arena;
    std::string text;
    ASSERT_TRUE(pv_is_ok(echo(old, "x", &text, arena)));
    Authority next("next authority");
    Certificate certificate = next.issue("DNS:localhost");
    Certificate caller = next.issue("URI:spiffe://test/account/acc_1/user/usr_1");
    pv_rpc_tls files = {next.pem().c_str(), certificate.pem.c_str(), certificate.key.c_str()};
    pv_rpc_server_set_tls(server, &files);
    EXPECT_TRUE(pv_is_ok(call_with(next.pem(), &caller)));
    EXPECT_EQ(call_with(authority->pem(), &client_certificate).code, PV_CODE_UNAVAILABLE);
    EXPECT_TRUE(pv_is_ok(echo(old, "y", &text, arena)));
    EXPECT_EQ(text, "y");
}

TEST_F(TlsTest, PlaintextStaysOnLoopback)
{
    pv_rpc_config settings = {};
    settings.address = "0.0.0.0:0";
    Arena arena;
    pv_rpc_server *made = nullptr;
    pv_status status = pv_rpc_server_create(&settings, nullptr, 0, nullptr, &arena.error, &made);
    EXPECT_FALSE(pv_is_ok(status));
    EXPECT_NE(std::string(arena.error.message).find("0.0.0.0:0"), std::string::npos)
        << arena.error.message;
    EXPECT_EQ(made, nullptr);
}

TEST_F(TlsTest, AnAddressInUseIsRefusedAndNotShared)
{
    start();
    std::string where = target();
    pv_rpc_config settings = {};
    settings.address = where.c_str();
    Arena arena;
    pv_rpc_server *made = nullptr;
    EXPECT_FALSE(
        pv_is_ok(pv_rpc_server_create(&settings, nullptr, 0, nullptr, &arena.error, &made)));
    EXPECT_NE(std::string(arena.error.message).find(where), std::string::npos);
}

TEST_F(TlsTest, UnreadableCertificatesAreRefusedAtTheStart)
{
    pv_rpc_tls files = {"no ca", "no certificate", "no key"};
    pv_rpc_config settings = {};
    settings.address = "127.0.0.1:0";
    settings.tls = &files;
    Arena arena;
    pv_rpc_server *made = nullptr;
    EXPECT_FALSE(
        pv_is_ok(pv_rpc_server_create(&settings, nullptr, 0, nullptr, &arena.error, &made)));
    EXPECT_NE(arena.error.message, nullptr);
}
