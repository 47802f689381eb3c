// The certificate authority: what it issues is what the profile says and nothing a request asked for; what it
// did not issue, or issued for something else, is not accepted.
#include "server/identity/authority.h"

#include "server/identity/profile.h"
#include "tests/unit/identity/crypto.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>

namespace purvey {
namespace {

constexpr int64_t kDay = INT64_C(86400) * 1000000000;

pv_signed Sign(Authority &authority, const std::string &csr)
{
    pv_signing signing = authority.Signing(csr);
    pv_signed made = {};
    EXPECT_TRUE(pv_is_ok(pv_authority_sign(authority.loaded, &signing, authority.memory.arena,
                                           &made, &authority.memory.error)))
        << authority.memory.Message();
    return made;
}

int64_t TimeOf(const ASN1_TIME *time)
{
    struct tm parts = {};
    EXPECT_EQ(ASN1_TIME_to_tm(time, &parts), 1);
    return static_cast<int64_t>(timegm(&parts)) * 1000000000;
}

std::string NameOf(const X509_NAME *name)
{
    char text[256];
    X509_NAME_oneline(name, text, sizeof text);
    return text;
}

std::string SerialOf(X509 *certificate)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr);
    char *hex = BN_bn2hex(number);
    std::string result = hex;
    OPENSSL_free(hex);
    BN_free(number);
    return result;
}

struct Asked {
    const char *name;
    std::function<Key()> key;
    const char *digest;
    std::vector<std::pair<int, std::string>> extensions;
    std::vector<std::pair<std::string, std::string>> names = {};
    const char *password = "";
};

const Asked kAsked[] = {
    {"Plain", [] { return EcKey("P-256"); }, "SHA256", {}},
    {"P384", [] { return EcKey("P-384"); }, "SHA384", {}},
    {"Ed25519", [] { return NamedKey("ED25519"); }, nullptr, {}},
    {"Rsa", [] { return RsaKey(2048); }, "SHA256", {}},
    {"Authority",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_basic_constraints, "critical,CA:TRUE"}}},
    {"KeyUsage",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_key_usage, "critical,keyCertSign,cRLSign"}}},
    {"ServerPurpose",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_ext_key_usage, "serverAuth,anyExtendedKeyUsage"}}},
    {"OtherAccount",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_subject_alt_name,
       "URI:spiffe://purvey.example/account/acc_other/user/usr_other,DNS:localhost"}}},
    {"TwoAccounts",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_subject_alt_name, "URI:spiffe://purvey.example/account/acc_a/user/usr_a,URI:spiffe://"
                             "purvey.example/account/acc_b/user/usr_b"}}},
    {"EscapedAccount",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_subject_alt_name, "URI:spiffe://PURVEY.example/account%2Facc_other/user/usr_other"}}},
    {"SubjectOfAnother",
     [] { return EcKey("P-256"); },
     "SHA256",
     {},
     {{"O", "acc_other"}, {"OU", "usr_other"}, {"CN", "crt_other"}, {"UID", "usr_other"}}},
    {"SubjectWithNul",
     [] { return EcKey("P-256"); },
     "SHA256",
     {},
     {{"CN", std::string("crt_other\0.example", 17)}, {"O", std::string(1, '\0')}}},
    {"Password", [] { return EcKey("P-256"); }, "SHA256", {}, {}, "let me in"},
    {"KeyIdentifier",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_subject_key_identifier, "00:01:02"}}},
    {"UnknownCritical",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_netscape_comment, "critical,trust me"}}},
    {"Everything",
     [] { return EcKey("P-256"); },
     "SHA256",
     {{NID_basic_constraints, "CA:TRUE"},
      {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,email:a@b.example"},
      {NID_name_constraints, "permitted;URI:other.example"}}},
};

class IssuedCertificate : public testing::TestWithParam<Asked> {};

TEST_P(IssuedCertificate, IsTheProfileAndNothingThatWasAskedFor)
{
    Authority authority;
    Key key = GetParam().key();
    RequestOptions options;
    options.digest = GetParam().digest;
    options.extensions = GetParam().extensions;
    options.names = GetParam().names;
    options.password = GetParam().password;
    pv_signed made = Sign(authority, MakeRequest(key, options));
    Certificate leaf = ParsePem(made.pem);
    Certificate issuing = ParsePem(made.chain_pem);
    Certificate same =
        ParseDer(std::string(reinterpret_cast<const char *>(made.der.data), made.der.size));
    EXPECT_EQ(X509_cmp(leaf.get(), same.get()), 0);
    uint8_t digest[PV_SHA256_SIZE];
    pv_sha256(made.der, digest);
    EXPECT_EQ(memcmp(digest, made.sha256, sizeof digest), 0);

    EXPECT_EQ(X509_get_version(leaf.get()), X509_VERSION_3);
    EXPECT_EQ(SerialOf(leaf.get()), "4142434445464748494A4B4C4D4E4F50");
    EXPECT_EQ(NameOf(X509_get_subject_name(leaf.get())), std::string("/CN=") + kCertificate);
    EXPECT_EQ(X509_NAME_cmp(X509_get_issuer_name(leaf.get()), X509_get_subject_name(issuing.get())),
              0);
    EXPECT_EQ(TimeOf(X509_get0_notBefore(leaf.get())), kNow - INT64_C(300) * 1000000000);
    EXPECT_EQ(TimeOf(X509_get0_notAfter(leaf.get())), kNow + 90 * kDay);
    EXPECT_EQ(EVP_PKEY_eq(X509_get0_pubkey(leaf.get()), key.get()), 1);
    EXPECT_EQ(X509_get_signature_nid(leaf.get()), NID_ecdsa_with_SHA256);
    EXPECT_EQ(X509_verify(leaf.get(), X509_get0_pubkey(issuing.get())), 1);

    std::vector<std::string> extensions = Extensions(leaf.get());
    ASSERT_EQ(extensions.size(), 6u);
    EXPECT_EQ(extensions[0], "critical basicConstraints: CA:FALSE");
    EXPECT_EQ(extensions[1], "critical keyUsage: Digital Signature");
    EXPECT_EQ(extensions[2], "extendedKeyUsage: TLS Web Client Authentication");
    EXPECT_EQ(extensions[3].rfind("subjectKeyIdentifier: ", 0), 0u);
    EXPECT_EQ(extensions[4].rfind("authorityKeyIdentifier: ", 0), 0u);
    EXPECT_EQ(extensions[5], std::string("subjectAltName: URI:spiffe://purvey.example/account/") +
                                 kAccount + "/user/" + kUser);
    EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf.get()),
                                    X509_get0_subject_key_id(issuing.get())),
              0);

    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    std::string error;
    EXPECT_TRUE(Verifies(leaf.get(), {issuing}, root.get(), X509_PURPOSE_SSL_CLIENT, kNow, &error))
        << error;
    EXPECT_FALSE(Verifies(leaf.get(), {issuing}, root.get(), X509_PURPOSE_SSL_SERVER, kNow));
}

INSTANTIATE_TEST_SUITE_P(Authority, IssuedCertificate, testing::ValuesIn(kAsked),
                         [](const auto &test) { return std::string(test.param.name); });

TEST(Authority, ALeafVerifiesOnlyWithItsChainAndWithinItsTime)
{
    Authority authority;
    pv_signed made = Sign(authority, MakeRequest(EcKey("P-256")));
    Certificate leaf = ParsePem(made.pem);
    Certificate issuing = ParsePem(made.chain_pem);
    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    Certificate server_root = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER_ROOT));
    int purpose = X509_PURPOSE_SSL_CLIENT;
    EXPECT_TRUE(Verifies(leaf.get(), {issuing}, root.get(), purpose, kNow));
    EXPECT_FALSE(Verifies(leaf.get(), {}, root.get(), purpose, kNow));
    EXPECT_FALSE(Verifies(leaf.get(), {issuing}, server_root.get(), purpose, kNow));
    EXPECT_FALSE(Verifies(leaf.get(), {}, issuing.get(), purpose, kNow))
        << "a partial chain is none";
    EXPECT_FALSE(Verifies(leaf.get(), {issuing}, root.get(), purpose, kNow - kDay));
    EXPECT_FALSE(Verifies(leaf.get(), {issuing}, root.get(), purpose, kNow + 91 * kDay));
}

TEST(Authority, AForeignAuthorityOfTheSameNameIsNotAccepted)
{
    Authority ours;
    Authority foreign;
    pv_signed made = Sign(foreign, MakeRequest(EcKey("P-256")));
    Certificate leaf = ParsePem(made.pem);
    Certificate our_root = ParsePem(ours.folder.Read(PV_AUTHORITY_ROOT));
    Certificate our_issuing = ParsePem(ours.folder.Read(PV_AUTHORITY_ISSUING));
    Certificate their_issuing = ParsePem(made.chain_pem);
    EXPECT_FALSE(
        Verifies(leaf.get(), {their_issuing}, our_root.get(), X509_PURPOSE_SSL_CLIENT, kNow));
    EXPECT_FALSE(
        Verifies(leaf.get(), {our_issuing}, our_root.get(), X509_PURPOSE_SSL_CLIENT, kNow));
}

Key ReadKey(const Authority &authority, const char *name)
{
    std::string pem = authority.folder.Read(name);
    BIO *bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    Key key(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr), EVP_PKEY_free);
    BIO_free(bio);
    return key;
}

// A certificate and its key.
struct Pair {
    Certificate certificate;
    Key key;
};

// What somebody who has stolen the key of `issuer` can make of it.
Pair Stolen(const Pair &issuer, pv_profile_kind kind, const char *uri,
            const std::vector<const char *> &hosts = {})
{
    Key key = EcKey("P-256");
    pv_profile profile = {};
    profile.kind = kind;
    profile.common_name = "stolen";
    profile.key = key.get();
    profile.issuer = issuer.certificate.get();
    profile.issuer_key = issuer.key.get();
    profile.not_before = At(kNow - kDay / 24);
    profile.not_after = At(kNow + kDay);
    profile.serial[0] = 1;
    profile.uri = uri;
    profile.trust_domain = "purvey.example";
    profile.hosts = hosts.data();
    profile.host_count = hosts.size();
    return {Certificate(pv_profile_make(&profile), X509_free), key};
}

TEST(Authority, AStolenIssuingKeyMakesNeitherOtherDomainsNorServersNorAuthorities)
{
    Authority authority;
    Pair issuing = {ParsePem(authority.folder.Read(PV_AUTHORITY_ISSUING)),
                    ReadKey(authority, PV_AUTHORITY_ISSUING_KEY)};
    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    Certificate server_root = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER_ROOT));
    auto verifies = [&](const Pair &leaf, int purpose) {
        return Verifies(leaf.certificate.get(), {issuing.certificate}, root.get(), purpose, kNow);
    };
    const char *ours = "spiffe://purvey.example/x";
    EXPECT_TRUE(verifies(Stolen(issuing, PV_PROFILE_CLIENT, ours), X509_PURPOSE_SSL_CLIENT));
    for (const char *uri :
         {"spiffe://other.example/x", "spiffe://sub.purvey.example/x", "spiffe://example/x"}) {
        EXPECT_FALSE(verifies(Stolen(issuing, PV_PROFILE_CLIENT, uri), X509_PURPOSE_SSL_CLIENT))
            << uri;
    }
    Pair server = Stolen(issuing, PV_PROFILE_SERVER, nullptr, {"localhost"});
    EXPECT_FALSE(verifies(server, X509_PURPOSE_SSL_SERVER));
    EXPECT_FALSE(Verifies(server.certificate.get(), {issuing.certificate}, server_root.get(),
                          X509_PURPOSE_SSL_SERVER, kNow));
    Pair below = Stolen(issuing, PV_PROFILE_ISSUING, nullptr);
    Pair leaf = Stolen(below, PV_PROFILE_CLIENT, ours);
    std::string error;
    EXPECT_FALSE(Verifies(leaf.certificate.get(), {below.certificate, issuing.certificate},
                          root.get(), X509_PURPOSE_SSL_CLIENT, kNow, &error));
    EXPECT_EQ(error, "path length constraint exceeded");
}

TEST(Authority, TheAuthoritiesThemselvesAreBound)
{
    Authority authority;
    std::vector<std::string> root =
        Extensions(ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT)).get());
    EXPECT_EQ(root[0], "critical basicConstraints: CA:TRUE, pathlen:1");
    EXPECT_EQ(root[1], "critical keyUsage: Certificate Sign, CRL Sign");
    std::vector<std::string> issuing =
        Extensions(ParsePem(authority.folder.Read(PV_AUTHORITY_ISSUING)).get());
    ASSERT_EQ(issuing.size(), 6u);
    EXPECT_EQ(issuing[0], "critical basicConstraints: CA:TRUE, pathlen:0");
    EXPECT_EQ(issuing[1], "critical keyUsage: Certificate Sign, CRL Sign");
    EXPECT_EQ(issuing[2], "extendedKeyUsage: TLS Web Client Authentication");
    EXPECT_EQ(issuing[5], "critical nameConstraints: Permitted:\n  URI:purvey.example");
    EXPECT_STREQ(pv_authority_trust_domain(authority.loaded), kDomain);
}

std::string BasicConstraintsDer(const std::string &pem)
{
    Certificate certificate = ParsePem(pem);
    int index = X509_get_ext_by_NID(certificate.get(), NID_basic_constraints, -1);
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(certificate.get(), index));
    return std::string(reinterpret_cast<const char *>(ASN1_STRING_get0_data(data)),
                       static_cast<size_t>(ASN1_STRING_length(data)));
}

// OpenSSL reads any byte but zero as TRUE and writes it as it is; Go and others refuse all but FF (X.690, 11.1).
TEST(Authority, TrueIsWrittenAsDerDemands)
{
    Authority authority;
    std::string begin("\x30\x06\x01\x01\xff\x02\x01", 7);
    EXPECT_EQ(BasicConstraintsDer(authority.folder.Read(PV_AUTHORITY_ROOT)), begin + "\x01");
    EXPECT_EQ(BasicConstraintsDer(authority.folder.Read(PV_AUTHORITY_ISSUING)),
              begin + std::string(1, '\0'));
    EXPECT_EQ(BasicConstraintsDer(authority.folder.Read(PV_AUTHORITY_SERVER_ROOT)),
              begin + std::string(1, '\0'));
}

TEST(Authority, TheServerCertificateServesItsHostsAndIsNoClient)
{
    Authority authority(kDomain, {"api.purvey.example", "192.0.2.7"});
    Certificate server = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER));
    Certificate server_root = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER_ROOT));
    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    std::string error;
    EXPECT_TRUE(
        Verifies(server.get(), {}, server_root.get(), X509_PURPOSE_SSL_SERVER, kNow, &error))
        << error;
    EXPECT_FALSE(Verifies(server.get(), {}, server_root.get(), X509_PURPOSE_SSL_CLIENT, kNow));
    EXPECT_FALSE(Verifies(server.get(), {}, root.get(), X509_PURPOSE_SSL_SERVER, kNow));
    for (const char *host : {"localhost", "api.purvey.example"}) {
        EXPECT_EQ(
            X509_check_host(server.get(), host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr), 1)
            << host;
    }
    for (const char *address : {"127.0.0.1", "::1", "192.0.2.7"}) {
        EXPECT_EQ(X509_check_ip_asc(server.get(), address, 0), 1) << address;
    }
    EXPECT_EQ(X509_check_host(server.get(), "purvey.example", 0,
                              X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr),
              0);
}

TEST(Authority, NoCertificateOutlivesTheIssuingAuthority)
{
    Authority authority;
    std::string csr = MakeRequest(EcKey("P-256"));
    pv_signed made = {};
    pv_signing signing = authority.Signing(csr);
    const pv_signer *signer = pv_authority_signer(authority.loaded);
    pv_issuer issuer = {};
    ASSERT_TRUE(pv_is_ok(signer->issuer(signer, &issuer, &authority.memory.error)));
    signing.not_after = issuer.not_after;
    EXPECT_TRUE(pv_is_ok(pv_authority_sign(authority.loaded, &signing, authority.memory.arena,
                                           &made, &authority.memory.error)));
    signing.not_after.utc_ns += PV_NS_PER_S;
    EXPECT_EQ(pv_authority_sign(authority.loaded, &signing, authority.memory.arena, &made,
                                &authority.memory.error)
                  .code,
              PV_CODE_UNAVAILABLE);
    EXPECT_EQ(authority.memory.Reason(), "AUTHORITY_UNAVAILABLE");
}

TEST(Authority, AFullArenaIsNoCertificate)
{
    Authority authority;
    std::string csr = MakeRequest(EcKey("P-256"));
    pv_signing signing = authority.Signing(csr);
    pv_arena *small = pv_arena_create(256);
    pv_signed made = {};
    EXPECT_EQ(
        pv_authority_sign(authority.loaded, &signing, small, &made, &authority.memory.error).code,
        PV_CODE_RESOURCE_EXHAUSTED);
    pv_arena_destroy(small);
}

unsigned ModeOf(const std::string &path)
{
    struct stat about = {};
    EXPECT_EQ(stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 07777;
}

TEST(AuthorityFiles, KeysAreForTheirOwnerAlone)
{
    Authority authority;
    for (const char *name : {PV_AUTHORITY_ROOT_KEY, PV_AUTHORITY_ISSUING_KEY,
                             PV_AUTHORITY_SERVER_ROOT_KEY, PV_AUTHORITY_SERVER_KEY}) {
        EXPECT_EQ(ModeOf(authority.folder.File(name)), 0600u) << name;
    }
}

TEST(AuthorityFiles, InitNeverWritesOverAFile)
{
    Authority authority;
    std::string before = authority.folder.Read(PV_AUTHORITY_ROOT_KEY);
    pv_authority_options options = {
        authority.folder.path.c_str(), kDomain, nullptr, 0, At(kNow), nullptr};
    EXPECT_EQ(pv_authority_init(&options, &authority.memory.error).code,
              PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(authority.memory.Reason(), "AUTHORITY_FILES");
    EXPECT_NE(authority.memory.Message().find("root.pem exists already"), std::string::npos);
    EXPECT_EQ(authority.folder.Read(PV_AUTHORITY_ROOT_KEY), before);
}

TEST(AuthorityFiles, InitRefusesNamesThatCannotStandInCertificates)
{
    for (const char *domain : {"", "Purvey.example", "purvey..example", ".example", "a/b", "a b",
                               "ex,DNS:evil", "-a", "a-", "\xc3\xa4.example"}) {
        Folder folder;
        Memory memory;
        pv_authority_options options = {folder.path.c_str(), domain, nullptr, 0, At(kNow), nullptr};
        EXPECT_FALSE(pv_is_ok(pv_authority_init(&options, &memory.error))) << domain;
        EXPECT_NE(memory.Message().find("is no trust domain"), std::string::npos);
    }
    for (const char *host : {"", "UPPER.example", "a_b", "1.2.3.4/24", "::zz", "host:443", "a,b"}) {
        Folder folder;
        Memory memory;
        pv_authority_options options = {folder.path.c_str(), kDomain, &host, 1, At(kNow), nullptr};
        EXPECT_FALSE(pv_is_ok(pv_authority_init(&options, &memory.error))) << host;
    }
}

TEST(AuthorityFiles, ALongTrustDomainStandsWholeInNamesAndConstraint)
{
    std::string domain = std::string(48, 'a') + "." + std::string(48, 'b') + ".cc";
    Authority authority(domain.c_str());
    EXPECT_EQ(pv_authority_trust_domain(authority.loaded), domain);
    pv_signed made = Sign(authority, MakeRequest(EcKey("P-256")));
    Certificate leaf = ParsePem(made.pem);
    EXPECT_EQ(Extensions(leaf.get())[5],
              "subjectAltName: URI:spiffe://" + domain + "/account/" + kAccount + "/user/" + kUser);
    Certificate root = ParsePem(authority.folder.Read(PV_AUTHORITY_ROOT));
    EXPECT_TRUE(Verifies(leaf.get(), {ParsePem(made.chain_pem)}, root.get(),
                         X509_PURPOSE_SSL_CLIENT, kNow));
}

struct Spoiled {
    const char *name;
    std::function<void(const Folder &, const Folder &other)> spoil;
    const char *message;
};

const Spoiled kSpoiled[] = {
    {"NoFolder",
     [](const Folder &folder, const Folder &) { remove(folder.File(PV_AUTHORITY_ROOT).c_str()); },
     "root.pem"},
    {"NoKey",
     [](const Folder &folder, const Folder &) {
         remove(folder.File(PV_AUTHORITY_ISSUING_KEY).c_str());
     },
     "issuing.key"},
    {"OpenKey",
     [](const Folder &folder, const Folder &) {
         EXPECT_EQ(chmod(folder.File(PV_AUTHORITY_ISSUING_KEY).c_str(), 0640), 0);
     },
     "can be reached by others (mode 0640)"},
    {"KeyOfAnother",
     [](const Folder &folder, const Folder &other) {
         folder.Write(PV_AUTHORITY_ISSUING_KEY, other.Read(PV_AUTHORITY_ISSUING_KEY), 0600);
     },
     "issuing.key does not belong to issuing.pem"},
    {"RootOfAnother",
     [](const Folder &folder, const Folder &other) {
         folder.Write(PV_AUTHORITY_ROOT, other.Read(PV_AUTHORITY_ROOT), 0644);
     },
     "not signed by root.pem"},
    {"NotACertificate",
     [](const Folder &folder, const Folder &) {
         folder.Write(PV_AUTHORITY_ISSUING, "hello\n", 0644);
     },
     "read a certificate from"},
    {"Unbound",
     [](const Folder &folder, const Folder &) {
         folder.Write(PV_AUTHORITY_ISSUING, folder.Read(PV_AUTHORITY_ROOT), 0644);
         folder.Write(PV_AUTHORITY_ISSUING_KEY, folder.Read(PV_AUTHORITY_ROOT_KEY), 0600);
     },
     "not bound to one trust domain"},
};

class SpoiledFolder : public testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledFolder, IsNotLoadedAndTheFileIsNamed)
{
    Authority authority;
    Authority other;
    GetParam().spoil(authority.folder, other.folder);
    Memory memory;
    pv_authority *loaded = nullptr;
    EXPECT_EQ(
        pv_authority_load(authority.folder.path.c_str(), memory.arena, &memory.error, &loaded).code,
        PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(memory.Reason(), "AUTHORITY_FILES");
    EXPECT_NE(memory.Message().find(GetParam().message), std::string::npos) << memory.Message();
    EXPECT_EQ(loaded, nullptr);
}

INSTANTIATE_TEST_SUITE_P(AuthorityFiles, SpoiledFolder, testing::ValuesIn(kSpoiled),
                         [](const auto &test) { return std::string(test.param.name); });

TEST(AuthorityFiles, AServerNeedsNoRootKeyToSign)
{
    Authority authority;
    remove(authority.folder.File(PV_AUTHORITY_ROOT_KEY).c_str());
    remove(authority.folder.File(PV_AUTHORITY_SERVER_ROOT_KEY).c_str());
    Memory memory;
    pv_authority *loaded = nullptr;
    EXPECT_TRUE(pv_is_ok(
        pv_authority_load(authority.folder.path.c_str(), memory.arena, &memory.error, &loaded)))
        << memory.Message();
    pv_authority_close(loaded);
}

TEST(AuthorityFiles, RenewingTheServerKeepsItsRootAndChangesItsKey)
{
    Authority authority;
    std::string root = authority.folder.Read(PV_AUTHORITY_SERVER_ROOT);
    std::string old_key = authority.folder.Read(PV_AUTHORITY_SERVER_KEY);
    const char *host = "new.purvey.example";
    pv_authority_options options = {authority.folder.path.c_str(), nullptr, &host, 1,
                                    At(kNow + 300 * kDay),         nullptr};
    ASSERT_TRUE(pv_is_ok(pv_authority_renew_server(&options, &authority.memory.error)))
        << authority.memory.Message();
    EXPECT_EQ(authority.folder.Read(PV_AUTHORITY_SERVER_ROOT), root);
    EXPECT_NE(authority.folder.Read(PV_AUTHORITY_SERVER_KEY), old_key);
    EXPECT_EQ(ModeOf(authority.folder.File(PV_AUTHORITY_SERVER_KEY)), 0600u);
    Certificate server = ParsePem(authority.folder.Read(PV_AUTHORITY_SERVER));
    EXPECT_EQ(X509_check_host(server.get(), host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr),
              1);
    EXPECT_TRUE(Verifies(server.get(), {}, ParsePem(root).get(), X509_PURPOSE_SSL_SERVER,
                         kNow + 600 * kDay));
    EXPECT_EQ(
        X509_check_private_key(server.get(), ReadKey(authority, PV_AUTHORITY_SERVER_KEY).get()), 1);
}

} // namespace
} // namespace purvey
