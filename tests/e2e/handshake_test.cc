// Certificates that should not be let in, against the real server, one row each: where it is refused, and with what. In
// the handshake by TLS, whose alerts RFC 8446, section 6.2 numbers; or at the first call by the row: a certificate is
// who its row says, so one that nobody stored is nobody's, whatever stands in it. A good client calls all the while on
// a connection of its own.
#include "tests/e2e/house.h"
#include "tests/hostile/h2.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace purvey {
namespace {

constexpr char kWhoAmI[] = "/purvey.account.v1.IdentityService/WhoAmI";
constexpr int kWaitMs = 10000;

using Key = std::shared_ptr<EVP_PKEY>;
using X509Pointer = std::shared_ptr<X509>;

template <typename Read> auto read_pem(const std::string &pem, Read *read)
{
    BIO *bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    auto *value = read(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    EXPECT_NE(value, nullptr);
    return value;
}

std::string pem_of(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = nullptr;
    EXPECT_EQ(PEM_write_bio_X509(bio, certificate), 1);
    long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
}

std::string pem_of(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = nullptr;
    EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
}

// Who signs: a certificate with its key.
struct Signer {
    X509Pointer certificate;
    Key key;
};

Signer signer_of(const std::string &certificate_pem, const std::string &key_pem)
{
    return {X509Pointer(read_pem(certificate_pem, PEM_read_bio_X509), X509_free),
            Key(read_pem(key_pem, PEM_read_bio_PrivateKey), EVP_PKEY_free)};
}

// A name in a certificate: its kind, and bytes that need be no text.
struct Name {
    int kind = GEN_URI;
    std::string bytes;
};

// What to put into a certificate. As it stands it is one that the server's own authority would sign.
struct Recipe {
    std::vector<Name> names;
    const char *key_usage = "critical,digitalSignature";
    const char *purpose = "clientAuth";
    const char *constraints = "critical,CA:FALSE";
    const EVP_MD *(*digest)() = EVP_sha256;
    unsigned rsa_bits = 0; // 0: P-256
    int64_t from_s = -300, to_s = 3600;
};

void add_extension(X509 *certificate, const X509 *issuer, int nid, const char *text)
{
    if (text == nullptr) { return; }
    X509V3_CTX context = {};
    X509V3_set_ctx(&context, const_cast<X509 *>(issuer), certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text);
    ASSERT_NE(extension, nullptr) << text;
    EXPECT_EQ(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

void add_names(X509 *certificate, const std::vector<Name> &names)
{
    if (names.empty()) { return; }
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    for (const Name &name : names) {
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        ASSERT_EQ(ASN1_STRING_set(text, name.bytes.data(), static_cast<int>(name.bytes.size())), 1);
        GENERAL_NAME *entry = GENERAL_NAME_new();
        GENERAL_NAME_set0_value(entry, name.kind, text);
        sk_GENERAL_NAME_push(list, entry);
    }
    EXPECT_EQ(X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT), 1);
    GENERAL_NAMES_free(list);
}

// Makes a certificate; `by` is nullptr: it signs itself.
Signer make(const Recipe &recipe, const Signer *by)
{
    static int serial = 1000;
    Signer made;
    made.key = Key(recipe.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(recipe.rsa_bits),
                   EVP_PKEY_free);
    made.certificate = X509Pointer(X509_new(), X509_free);
    X509 *certificate = made.certificate.get();
    const X509 *issuer = by == nullptr ? certificate : by->certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>("crafted"), -1, -1, 0);
    X509_set_subject_name(certificate, subject);
    X509_NAME_free(subject);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    const time_t now = time(nullptr);
    ASN1_TIME_set(X509_getm_notBefore(certificate), now + recipe.from_s);
    ASN1_TIME_set(X509_getm_notAfter(certificate), now + recipe.to_s);
    X509_set_pubkey(certificate, made.key.get());
    add_extension(certificate, issuer, NID_basic_constraints, recipe.constraints);
    add_extension(certificate, issuer, NID_key_usage, recipe.key_usage);
    add_extension(certificate, issuer, NID_ext_key_usage, recipe.purpose);
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
    add_names(certificate, recipe.names);
    EXPECT_GT(
        X509_sign(certificate, by == nullptr ? made.key.get() : by->key.get(), recipe.digest()), 0);
    return made;
}

// How the world looks to a row.
struct World {
    Signer issuing, root;
    Signer other_issuing; // of another authority with the same names
    std::string issuing_pem, other_issuing_pem;
    std::string uri; // of the good client, as it stands in its certificate
    Identity good;
    Identity revoked;
};

Identity identity_of(const Signer &made, const std::string &chain)
{
    return {pem_of(made.certificate.get()) + chain, pem_of(made.key.get())};
}

Identity by_ours(const World &world, const Recipe &recipe)
{
    return identity_of(make(recipe, &world.issuing), world.issuing_pem);
}

struct Row {
    const char *name;
    std::function<Identity(const World &)> make;
    const char *end; // as h2::Seen::end_of, and the reason of a call that is answered
};

Recipe with_names(std::vector<Name> names)
{
    Recipe recipe;
    recipe.names = std::move(names);
    return recipe;
}

Recipe good_names(const World &world)
{
    return with_names({{GEN_URI, world.uri}});
}

std::string replaced(std::string text, const std::string &part, const std::string &by)
{
    size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << text;
    return text.replace(at, part.size(), by);
}

constexpr char kUnknown[] = "status 16 CERTIFICATE_UNKNOWN";

const Row kRows[] = {
    // Signed by our own authority, and nobody stored it: whatever its names say, it is nobody's.
    {"TheNamesOfAnother", [](const World &world) { return by_ours(world, good_names(world)); },
     kUnknown},
    {"NoName", [](const World &world) { return by_ours(world, with_names({})); }, kUnknown},
    {"TwoUris",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, world.uri}, {GEN_URI, world.uri + "x"}}));
     },
     kUnknown},
    {"UriAndDns",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, world.uri}, {GEN_DNS, "localhost"}}));
     },
     kUnknown},
    {"DnsOnly",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_DNS, "purvey.internal"}}));
     },
     kUnknown},
    {"EmailOnly",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_EMAIL, "a@purvey.internal"}}));
     },
     kUnknown},
    {"PercentEncoded",
     [](const World &world) {
         return by_ours(world,
                        with_names({{GEN_URI, replaced(world.uri, "/user/", "%2Fuser%2F")}}));
     },
     kUnknown},
    {"UpperCase",
     [](const World &world) {
         std::string uri =
             replaced(world.uri, "spiffe://purvey.internal", "SPIFFE://PURVEY.INTERNAL");
         return by_ours(world, with_names({{GEN_URI, uri}}));
     },
     kUnknown},
    {"ServerAndClientPurpose",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.purpose = "serverAuth,clientAuth";
         return by_ours(world, recipe);
     },
     kUnknown},
    {"NoPurpose",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.purpose = nullptr;
         return by_ours(world, recipe);
     },
     kUnknown},
    {"AnAuthorityItself",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.constraints = "critical,CA:TRUE";
         recipe.key_usage = "critical,digitalSignature,keyCertSign";
         return by_ours(world, recipe);
     },
     kUnknown},
    // Not what the issuing authority may name: a URI of the trust domain.
    {"NoUri",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, "nothing"}}));
     },
     "alert 46"},
    {"EmptyUri",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, ""}}));
     },
     "alert 46"},
    {"UriOfAnotherDomain",
     [](const World &world) {
         return by_ours(
             world,
             with_names({{GEN_URI, replaced(world.uri, "purvey.internal", "purvey.example")}}));
     },
     "alert 46"},
    {"UriOfADomainBelow",
     [](const World &world) {
         return by_ours(
             world,
             with_names({{GEN_URI, replaced(world.uri, "purvey.internal", "a.purvey.internal")}}));
     },
     "alert 46"},
    {"ZeroByteInTheHost",
     [](const World &world) {
         return by_ours(
             world, with_names({{GEN_URI, replaced(world.uri, "purvey.internal",
                                                   std::string("purvey.internal\0.evil", 21))}}));
     },
     "alert 46"},
    {"SecondUriOfAnotherDomain",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, world.uri},
                                           {GEN_URI, "spiffe://evil.example/account/a/user/b"}}));
     },
     "alert 46"},
    // A zero byte behind the host does not make it another host; the row is what counts.
    {"ZeroByteInThePath",
     [](const World &world) {
         return by_ours(world, with_names({{GEN_URI, world.uri + std::string("\0x", 2)}}));
     },
     kUnknown},
    // Times.
    {"Expired",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.from_s = -7200;
         recipe.to_s = -60;
         return by_ours(world, recipe);
     },
     "alert 45"},
    {"NotYetValid",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.from_s = 600;
         return by_ours(world, recipe);
     },
     "alert 42"},
    // For something else.
    {"ServerPurposeOnly",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.purpose = "serverAuth";
         return by_ours(world, recipe);
     },
     "alert 43"},
    {"MayNotSign",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.key_usage = "critical,keyEncipherment";
         return by_ours(world, recipe);
     },
     "alert 43"},
    // By somebody else.
    {"AnotherAuthorityWithTheSameNames",
     [](const World &world) {
         return identity_of(make(good_names(world), &world.other_issuing), world.other_issuing_pem);
     },
     "alert 48"},
    {"AnotherAuthorityWithOurChain",
     [](const World &world) {
         return identity_of(make(good_names(world), &world.other_issuing), world.issuing_pem);
     },
     "alert 48"},
    {"SelfSigned",
     [](const World &world) { return identity_of(make(good_names(world), nullptr), ""); },
     "alert 48"},
    {"SelfSignedWithOurChain",
     [](const World &world) {
         return identity_of(make(good_names(world), nullptr), world.issuing_pem);
     },
     "alert 48"},
    {"WithoutTheIntermediate",
     [](const World &world) { return identity_of(make(good_names(world), &world.issuing), ""); },
     "alert 48"},
    {"SignedByALeaf",
     [](const World &world) {
         const Signer leaf = signer_of(world.good.certificate, world.good.key);
         return identity_of(make(good_names(world), &leaf), world.good.certificate);
     },
     "alert 48"},
    {"SignedByALeafThatIsAnAuthority", // the issuing one has a path of length 0
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.constraints = "critical,CA:TRUE";
         recipe.key_usage = "critical,keyCertSign";
         const Signer below = make(recipe, &world.issuing);
         return identity_of(make(good_names(world), &below),
                            pem_of(below.certificate.get()) + world.issuing_pem);
     },
     "alert 48"},
    {"SignedByTheRoot", // it is not bound to what the issuing ones are
     [](const World &world) { return identity_of(make(good_names(world), &world.root), ""); },
     kUnknown},
    // Weak.
    {"Sha1",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.digest = EVP_sha1;
         return by_ours(world, recipe);
     },
     "alert 42"},
    {"Rsa1024",
     [](const World &world) {
         Recipe recipe = good_names(world);
         recipe.rsa_bits = 1024;
         return by_ours(world, recipe);
     },
     "alert 42"},
    // Known, and let in no more.
    {"Revoked", [](const World &world) { return world.revoked; }, "status 16 CERTIFICATE_REVOKED"},
    {"TheServersOwn", [](const World &) { return Identity(); }, // filled in by the test
     "alert 48"},
};

class Handshakes : public ::testing::TestWithParam<Row> {
  protected:
    static void SetUpTestSuite();
    static void TearDownTestSuite()
    {
        good.reset();
        delete house;
        house = nullptr;
    }
    static std::unique_ptr<h2::Peer> connect(const Identity &identity)
    {
        h2::Tls tls(identity.certificate, identity.key);
        h2::Options options;
        options.tls = &tls;
        return std::make_unique<h2::Peer>(house->on.address, options);
    }
    // The good client's next call on its connection.
    static void expect_good_client_served()
    {
        stream += 2;
        good->send(h2::window_update(0, 1 << 20) + h2::call(stream, kWhoAmI));
        EXPECT_TRUE(good->read_end(kWaitMs, stream));
        EXPECT_EQ(good->seen().end_of(stream), "status 0");
    }
    static House *house;
    static World world;
    static std::unique_ptr<h2::Peer> good;
    static uint32_t stream;
};

House *Handshakes::house = nullptr;
World Handshakes::world;
std::unique_ptr<h2::Peer> Handshakes::good;
uint32_t Handshakes::stream = 1;

std::string uri_of(const std::string &pem)
{
    X509Pointer certificate(read_pem(pem, PEM_read_bio_X509), X509_free);
    auto *names = static_cast<GENERAL_NAMES *>(
        X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr));
    const ASN1_IA5STRING *uri = sk_GENERAL_NAME_value(names, 0)->d.uniformResourceIdentifier;
    std::string text(reinterpret_cast<const char *>(ASN1_STRING_get0_data(uri)),
                     static_cast<size_t>(ASN1_STRING_length(uri)));
    GENERAL_NAMES_free(names);
    return text;
}

void Handshakes::SetUpTestSuite()
{
    house = new House;
    ASSERT_TRUE(house->ready);
    const std::string other = fresh_folder("other") + "/data";
    ASSERT_EQ(run({cli_program(), "init", "--data", other}).code, 0);
    world.issuing_pem = read_file(house->authority("issuing.pem"));
    world.issuing = signer_of(world.issuing_pem, read_file(house->authority("issuing.key")));
    world.root =
        signer_of(read_file(house->authority("root.pem")), read_file(house->authority("root.key")));
    world.other_issuing_pem = read_file(other + "/authority/issuing.pem");
    world.other_issuing =
        signer_of(world.other_issuing_pem, read_file(other + "/authority/issuing.key"));
    actor vendor = house->join(PV_ACCOUNT_TYPE_VENDOR, "Vega");
    std::string lost_id;
    world.good = house->admit(vendor.account_id, kEverything);
    world.revoked = house->admit(vendor.account_id, kEverything, &lost_id);
    world.uri = uri_of(world.good.certificate);
    ASSERT_TRUE(call(house->of_operator(), "RevokeCertificate",
                     form(R"({"certificate_id": "%s", "reason": "lost"})", lost_id.c_str()))
                    .ok());
    good = connect(world.good);
    good->send(h2::preface() + h2::call(1, kWhoAmI));
    ASSERT_TRUE(good->read_end(kWaitMs));
    ASSERT_EQ(good->seen().end_of(), "status 0");
}

TEST_P(Handshakes, AreRefused)
{
    Identity bad = GetParam().make(world);
    if (bad.certificate.empty()) {
        bad = {read_file(house->authority("server.pem")),
               read_file(house->authority("server.key"))};
    }
    const std::string end = GetParam().end;
    auto peer = connect(bad);
    peer->send(h2::preface() + h2::call(1, kWhoAmI));
    (void)peer->read_end(kWaitMs);
    EXPECT_EQ(peer->seen().end_of(), end.substr(0, end.find(" CERT")));
    if (end.rfind("status", 0) == 0) {
        Answer answer = call(house->connect(&bad), "WhoAmI", "{}");
        EXPECT_EQ(answer.code, PV_CODE_UNAUTHENTICATED);
        EXPECT_EQ("status 16 " + answer.reason, end) << answer.told();
    }
    expect_good_client_served();
}

INSTANTIATE_TEST_SUITE_P(Server, Handshakes, ::testing::ValuesIn(kRows),
                         [](const auto &test) { return std::string(test.param.name); });

} // namespace
} // namespace purvey
