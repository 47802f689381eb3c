// Enrolment from outside: an invitation and a key become a certificate that is let in, on a listener that lets nobody
// do anything else; and what the certificate is then good for.
#include "base/digest.h"
#include "client/cli/keys.h"
#include "tests/e2e/house.h"

#include <openssl/ssl.h>

#include <atomic>
#include <numeric>
#include <thread>

namespace purvey {
namespace {

class Enrolment : public ::testing::Test {
  protected:
    static void SetUpTestSuite()
    {
        setenv("PURVEYD_ENROL_ATTEMPTS", "0", 1); // all tests come from one address
        house = new House;
        unsetenv("PURVEYD_ENROL_ATTEMPTS");
    }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    // A fresh key and its signing request.
    struct Key {
        std::string path;
        std::string csr;
    };
    static Key make_key()
    {
        Key key;
        key.path = fresh_folder("key") + "/key";
        pv_arena *arena = pv_arena_create(1024 * 1024);
        pv_error error;
        pv_error_init(&error, arena);
        char *csr = nullptr;
        PV_ASSERT(pv_is_ok(pv_keys_create(key.path.c_str(), &error)));
        PV_ASSERT(pv_is_ok(pv_keys_request(key.path.c_str(), arena, &error, &csr)));
        key.csr = csr;
        pv_arena_destroy(arena);
        return key;
    }

    // The token of an invitation to join the operator's account, and the membership.
    static std::string invite(std::string *ret_membership_id = nullptr)
    {
        static std::atomic<int> invited{0};
        Answer group = call(house->of_operator(), "CreateGroup",
                            form(R"({"name": "G%d", "permissions": %s})", ++invited, kEverything));
        EXPECT_TRUE(group.ok()) << group.told();
        Answer made =
            call(house->of_operator(), "InviteMembership",
                 form(R"({"name": "Grace", "email": "g%d@x.example", "group_ids": ["%s"]})",
                      invited.load(), group.text("group.id").c_str()));
        EXPECT_TRUE(made.ok()) << made.told();
        if (ret_membership_id != nullptr) { *ret_membership_id = made.text("membership.id"); }
        return made.text("invitation_token");
    }

    static std::string request(const std::string &token, const Key &key)
    {
        return form(R"({"invitation_token": "%s", "csr_pem": %s})", token.c_str(),
                    purvey::quoted(key.csr).c_str());
    }

    static Identity identity_of(const Answer &enrolled, const Key &key)
    {
        return {enrolled.text("certificate_pem") + enrolled.text("chain_pem"), read_file(key.path)};
    }

    static House *house;
};

House *Enrolment::house = nullptr;

TEST_F(Enrolment, AnInvitationAndAKeyBecomeACertificateThatIsLetIn)
{
    Key key = make_key();
    Answer enrolled = call(house->visit(), "Enroll", request(invite(), key));
    ASSERT_TRUE(enrolled.ok()) << enrolled.told();
    Identity identity = identity_of(enrolled, key);
    pv_client *client = house->connect(&identity);
    Answer who = call(client, "WhoAmI", "{}");
    ASSERT_TRUE(who.ok()) << who.told();
    EXPECT_EQ(who.text("certificate.id"), enrolled.text("certificate.id"));
    EXPECT_TRUE(call(client, "ListUsers", "{}").ok());
}

TEST_F(Enrolment, ThereOnlyWhatIsPublicCanBeCalled)
{
    pv_client *visitor = house->visit();
    EXPECT_EQ(call(visitor, "WhoAmI", "{}").reason, "NO_CERTIFICATE");
    EXPECT_EQ(call(visitor, "ListOrders", "{}").reason, "NO_CERTIFICATE");
    EXPECT_EQ(call(visitor, "AcceptMembership", R"({"invitation_token": "x"})").reason,
              "NO_CERTIFICATE");
    Answer wrong = call(visitor, "Enroll", R"({"invitation_token": "x", "csr_pem": "x"})");
    EXPECT_EQ(wrong.reason, "INVITATION_INVALID") << wrong.told();
    Answer large = call(
        visitor, "Enroll",
        form(R"({"invitation_token": "x", "csr_pem": "%s"})", std::string(8 * 1024, 'x').c_str()));
    EXPECT_EQ(large.code, PV_CODE_RESOURCE_EXHAUSTED) << "8 KiB are read; " << large.told();
}

TEST_F(Enrolment, WhereCertificatesAreDemandedNobodyEnrols)
{
    Key key = make_key();
    std::string token = invite();
    Answer refused = call(house->connect(nullptr), "Enroll", request(token, key), 4000);
    EXPECT_EQ(refused.code, PV_CODE_UNAVAILABLE) << refused.told();
    EXPECT_TRUE(call(house->of_operator(), "Enroll", request(token, key)).ok())
        << "who has one may use another's invitation there";
}

TEST_F(Enrolment, ARaceForOneTokenHasOneWinner)
{
    constexpr int kRacers = 64;
    constexpr int kUnreached = 2; // whose connection failed before they could take part
    std::string membership_id;
    std::string token = invite(&membership_id);
    std::vector<pv_client *> visitors;
    std::vector<std::string> requests;
    for (int i = 0; i < kRacers; i++) {
        visitors.push_back(house->visit());
        requests.push_back(request(token, make_key()));
    }
    std::atomic<int> winners{0};
    std::atomic<int> refused{0};
    std::atomic<int> unreached{0};
    std::vector<std::string> told(kRacers);
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; i++) {
        racers.emplace_back([&, i] {
            Answer answer = call(visitors[i], "Enroll", requests[i], 30000);
            bool lost = answer.reason == "INVITATION_INVALID";
            winners += answer.ok();
            refused += lost;
            unreached += answer.code == PV_CODE_UNAVAILABLE;
            if (!answer.ok() && !lost) { told[i] = answer.told() + "; "; }
        });
    }
    for (std::thread &racer : racers) { racer.join(); }
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(refused + unreached, kRacers - 1)
        << std::accumulate(told.begin(), told.end(), std::string());
    EXPECT_LE(unreached, kUnreached);
    Answer list = call(house->of_operator(), "ListCertificates",
                       form(R"({"filter": "membership_id = \"%s\""})", membership_id.c_str()));
    EXPECT_EQ(list.count("certificates"), 1u);
}

// What a server on loopback shows in its handshake to a client that verifies nothing: SHA-256 of each certificate.
std::vector<std::string> chain_of(const char *address)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    static const unsigned char h2[] = "\x02h2";
    SSL_CTX_set_alpn_protos(context, h2, sizeof h2 - 1);
    BIO *bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(bio, address);
    std::vector<std::string> digests;
    SSL *ssl = nullptr;
    BIO_get_ssl(bio, &ssl);
    if (BIO_do_handshake(bio) == 1) {
        STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
        for (int i = 0; i < sk_X509_num(chain); i++) {
            uint8_t digest[PV_SHA256_SIZE];
            char hex[2 * PV_SHA256_SIZE + 1];
            EXPECT_EQ(X509_digest(sk_X509_value(chain, i), EVP_sha256(), digest, nullptr), 1);
            pv_hex_format(pv_view_of(digest, sizeof digest), hex);
            digests.emplace_back(hex);
        }
    }
    BIO_free_all(bio);
    SSL_CTX_free(context);
    return digests;
}

TEST_F(Enrolment, TheHandshakeShowsTheRootThatTheTokenNames)
{
    std::string token = invite();
    std::vector<std::string> shown = chain_of(house->on.enrol_address);
    ASSERT_EQ(shown.size(), 2u) << "the server's certificate and its root";
    EXPECT_EQ(shown[1].substr(0, 32), token.substr(token.find('.') + 1));
    EXPECT_EQ(chain_of(house->on.address).size(), 1u) << "who has a certificate knows the root";
}

TEST_F(Enrolment, ARenewedCertificateIsLetInBesideTheOldOneUntilItIsRevoked)
{
    Key key = make_key();
    Answer enrolled = call(house->visit(), "Enroll", request(invite(), key));
    ASSERT_TRUE(enrolled.ok()) << enrolled.told();
    Identity first = identity_of(enrolled, key);
    pv_client *old = house->connect(&first);
    Key next = make_key();
    Answer renewed =
        call(old, "RenewCertificate", form(R"({"csr_pem": %s})", purvey::quoted(next.csr).c_str()));
    ASSERT_TRUE(renewed.ok()) << renewed.told();
    Identity second = identity_of(renewed, next);
    pv_client *fresh = house->connect(&second);
    EXPECT_TRUE(call(fresh, "WhoAmI", "{}").ok());
    EXPECT_TRUE(call(old, "WhoAmI", "{}").ok());
    ASSERT_TRUE(call(house->of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})",
                          renewed.text("certificate.id").c_str()))
                    .ok());
    Answer refused = call(fresh, "WhoAmI", "{}");
    if (refused.code == PV_CODE_UNAVAILABLE) { refused = call(fresh, "WhoAmI", "{}"); }
    EXPECT_EQ(refused.reason, "CERTIFICATE_REVOKED");
    EXPECT_TRUE(call(old, "WhoAmI", "{}").ok());
}

TEST(EnrolmentAttempts, ASourceHasFiveAMinute)
{
    House house;
    ASSERT_TRUE(house.ready);
    for (int i = 0; i < 5; i++) {
        EXPECT_EQ(
            call(house.visit(), "Enroll", R"({"invitation_token": "x", "csr_pem": "x"})").reason,
            "INVITATION_INVALID");
    }
    Answer refused = call(house.visit(), "Enroll", R"({"invitation_token": "x", "csr_pem": "x"})");
    EXPECT_EQ(refused.reason, "ATTEMPTS_EXCEEDED") << refused.told();
    EXPECT_TRUE(call(house.of_operator(), "WhoAmI", "{}").ok());
}

} // namespace
} // namespace purvey
