// The handshake: who is let in, with which TLS, by which certificate of the server; and new files without a restart.
#include "tests/unit/edge/fixture.h"

#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace purvey {
namespace {

class Tls : public Edge {
  protected:
    bool let_in(const Certificate &as) { return works(h2::Tls(as.pem, as.key)); }
    bool works(const h2::Tls &tls)
    {
        h2::Options options;
        options.tls = &tls;
        h2::Peer peer(address(), options);
        peer.send(h2::preface());
        return answers(&peer);
    }
    void add_pair(const std::string &name, const Certificate &pair)
    {
        write_file(pairs_path + "/" + name + ".key", pair.key);
        write_file(pairs_path + "/" + name + ".pem", pair.pem);
    }
    // The sentence with which these files are refused.
    std::string refused()
    {
        pv_edge *made = nullptr;
        pv_error_init(&error, arena);
        if (pv_is_ok(pv_edge_create(&config, &error, &made))) {
            pv_edge_destroy(made);
            return "";
        }
        EXPECT_EQ(error.reason, &pv_edge_reason_files);
        return error.message;
    }
};

TEST_F(Tls, EveryKindOfKeyThatPartnersHaveIsLetIn)
{
    start();
    for (const char *key : {"P-256", "P-384", "ED25519", "RSA"}) {
        EXPECT_TRUE(let_in(clients.issue("URI:spiffe://test/key", 3600, key))) << key;
    }
}

TEST_F(Tls, WhoHasNoCertificateOfOursIsNotLetIn)
{
    start();
    Authority others("clients");
    EXPECT_FALSE(works(h2::Tls())) << "without one";
    EXPECT_FALSE(let_in(others.issue("URI:spiffe://test/one"))) << "of another authority";
    EXPECT_FALSE(let_in(clients.issue("URI:spiffe://test/one", -60))) << "expired";
    EXPECT_FALSE(let_in(server)) << "of the server's own hierarchy";
    EXPECT_EQ(core->arrivals().size(), 0u) << "and the core has heard of none of them";
    EXPECT_TRUE(let_in(one));
}

TEST_F(Tls, NothingButHttp2IsSpoken)
{
    start();
    EXPECT_FALSE(works(h2::Tls(one.pem, one.key, "http/1.1")));
    EXPECT_FALSE(works(h2::Tls(one.pem, one.key, ""))) << "no ALPN";
    EXPECT_EQ(core->arrivals().size(), 0u);
}

TEST_F(Tls, OlderVersionsAreForThoseWhoAskForThem)
{
    h2::Tls old(one.pem, one.key);
    SSL_CTX_set_max_proto_version(old.context.get(), TLS1_2_VERSION);
    h2::Tls older(one.pem, one.key);
    SSL_CTX_set_min_proto_version(older.context.get(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(older.context.get(), TLS1_1_VERSION);
    SSL_CTX_set_security_level(older.context.get(), 0);
    h2::Tls weak(one.pem, one.key);
    SSL_CTX_set_max_proto_version(weak.context.get(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(weak.context.get(), "ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256");
    start();
    EXPECT_FALSE(works(old)) << "1.3 alone is the default";
    pv_edge_destroy(edge);
    edge = nullptr;
    config.tls.tls12 = true;
    start();
    EXPECT_TRUE(works(old));
    EXPECT_FALSE(works(older)) << "1.1";
    EXPECT_FALSE(works(weak)) << "no AEAD, or no forward secrecy";
    EXPECT_TRUE(let_in(one)) << "1.3 is still there";
}

TEST_F(Tls, NoSessionIsResumed)
{
    start();
    h2::Tls tls(one.pem, one.key);
    int tickets = 0;
    SSL_CTX_set_app_data(tls.context.get(), &tickets);
    SSL_CTX_set_session_cache_mode(tls.context.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(tls.context.get(), [](SSL *ssl, SSL_SESSION *) {
        ++*static_cast<int *>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        return 0;
    });
    EXPECT_TRUE(works(tls));
    EXPECT_EQ(tickets, 0);
}

TEST_F(Tls, TheNameAskedForChoosesTheCertificate)
{
    Certificate a = servers.issue("DNS:a.example"),
                b = servers.issue("DNS:*.b.example,DNS:b.example");
    add_pair("a", a);
    add_pair("b", b);
    start();
    const struct {
        const char *name;
        const Certificate &shown;
    } cases[] = {{"", server},
                 {"localhost", server},
                 {"a.example", a},
                 {"A.Example", a},
                 {"b.example", b},
                 {"x.b.example", b},
                 {"x.y.b.example", server},
                 {"example", server},
                 {"xa.example", server}};
    for (const auto &[name, shown] : cases) { EXPECT_EQ(shown_for(name), hex(shown)) << name; }
}

TEST_F(Tls, NewFilesCountForTheNextConnectionAndOpenOnesStay)
{
    start();
    EXPECT_FALSE(pv_edge_files_changed(edge));
    auto open = connect(one);
    Certificate next = servers.issue("DNS:localhost"), added = servers.issue("DNS:a.example");
    write_file(key_path, next.key);
    write_file(certificate_path, next.pem);
    add_pair("a", added);
    EXPECT_TRUE(pv_edge_files_changed(edge));
    EXPECT_EQ(shown_for(""), hex(server)) << "not before it is asked for";
    ASSERT_TRUE(pv_is_ok(pv_edge_reload(edge, &error))) << error.message;
    EXPECT_FALSE(pv_edge_files_changed(edge));
    EXPECT_TRUE(eventually([&] { return shown_for("") == hex(next); }));
    EXPECT_EQ(shown_for("a.example"), hex(added));
    EXPECT_TRUE(answers(open.get()));
}

TEST_F(Tls, FilesThatAreNoGoodLeaveTheOldOnesAndAreNamed)
{
    start();
    write_file(certificate_path, "spoiled");
    EXPECT_TRUE(pv_edge_files_changed(edge));
    EXPECT_FALSE(pv_is_ok(pv_edge_reload(edge, &error)));
    EXPECT_NE(std::string(error.message).find(certificate_path), std::string::npos)
        << error.message;
    EXPECT_FALSE(pv_edge_files_changed(edge)) << "it is not tried again and again";
    EXPECT_EQ(shown_for(""), hex(server));
    write_file(certificate_path, server.pem);
    EXPECT_TRUE(pv_edge_files_changed(edge));
    EXPECT_TRUE(pv_is_ok(pv_edge_reload(edge, &error)));
}

TEST_F(Tls, NewRootsDecideAboutTheNextConnection)
{
    start();
    Authority others("others");
    Certificate other = others.issue("URI:spiffe://test/other");
    EXPECT_FALSE(let_in(other));
    write_file(roots_path, others.pem() + clients.pem());
    ASSERT_TRUE(pv_is_ok(pv_edge_reload(edge, &error)));
    EXPECT_TRUE(eventually([&] { return let_in(other); }));
    EXPECT_TRUE(let_in(one));
}

TEST_F(Tls, AFileThatCannotBeUsedIsNamed)
{
    Certificate p384 = servers.issue("DNS:localhost", 3600, "P-384");
    const struct {
        std::string path, content, good;
        unsigned mode;
    } cases[] = {
        {certificate_path, "spoiled", server.pem, 0600}, {key_path, "spoiled", server.key, 0600},
        {key_path, two.key, server.key, 0600},           {key_path, server.key, server.key, 0644},
        {roots_path, "spoiled", clients.pem(), 0600},    {key_path, server.key, server.key, 0640},
    };
    for (const auto &[path, content, good, mode] : cases) {
        write_file(path, content, mode);
        EXPECT_NE(refused().find(path), std::string::npos) << path << ": " << refused();
        write_file(path, good);
        EXPECT_EQ(refused(), "");
        unlink(path.c_str());
        EXPECT_NE(refused().find(path), std::string::npos) << path;
        write_file(path, good);
    }
    add_pair("large", p384);
    EXPECT_NE(refused().find("P-256"), std::string::npos);
}

} // namespace
} // namespace purvey
