// Signing requests of strangers: what is not exactly one good request for an accepted key is refused, with the
// reason and a sentence that says what is wrong.
#include "server/identity/csr.h"

#include "server/identity/signer.h"
#include "tests/unit/identity/crypto.h"

#include <openssl/ec.h>
#include <openssl/x509v3.h>

namespace purvey {
namespace {

// Refused for the key alone, so that the signature can be any.
std::string WithRsaKey(size_t bits, unsigned exponent)
{
    RequestOptions options;
    options.signer = EcKey("P-256");
    return MakeRequest(RsaPublicKey(bits, exponent), options);
}

// Making a large key takes a second: one for all tests.
const Key &SharedRsa()
{
    static const Key key = RsaKey(2048);
    return key;
}

struct Refused {
    const char *name;
    std::function<std::string()> request;
    const char *message; // part of it
};

std::string WithDigest(const Key &key, const char *digest)
{
    RequestOptions options;
    options.digest = digest;
    return MakeRequest(key, options);
}

std::string LargeRequest(size_t names)
{
    RequestOptions options;
    std::string san;
    for (size_t i = 0; i < names; i++) {
        san += (i == 0 ? "" : ",") + std::string("DNS:") + std::string(60, 'a');
    }
    options.extensions = {{NID_subject_alt_name, san}};
    return MakeRequest(EcKey("P-256"), options);
}

// The same request with the outer length in a longer form than DER permits.
std::string LongLength()
{
    std::string der = MakeRequest(EcKey("P-256"));
    EXPECT_EQ(static_cast<uint8_t>(der[1]), 0x81) << "a small request has one length byte";
    return der.substr(0, 1) + std::string("\x82\x00", 2) + der.substr(2);
}

const Refused kRefused[] = {
    {"Empty", [] { return std::string(); }, "is empty"},
    {"Garbage", [] { return std::string("hello"); }, "neither DER nor a PEM block"},
    {"DerGarbage", [] { return std::string("\x30\x03\x02\x01\x05", 5); },
     "not exactly one PKCS #10"},
    {"TrailingByte", [] { return MakeRequest(EcKey("P-256")) + std::string(1, '\0'); },
     "not exactly one PKCS #10"},
    {"TwoRequests", [] { return MakeRequest(EcKey("P-256")) + MakeRequest(EcKey("P-256")); },
     "not exactly one"},
    {"LongLength", LongLength, "not exactly one PKCS #10"},
    {"DerTooLarge", [] { return LargeRequest(70); }, "at most 4096"},
    {"PemTooLarge", [] { return Pem("CERTIFICATE REQUEST", LargeRequest(130)); }, "at most 8192"},
    {"PemOfDerTooLarge", [] { return Pem("CERTIFICATE REQUEST", LargeRequest(70)); },
     "at most 4096"},
    {"PemCertificate", [] { return Pem("CERTIFICATE", MakeRequest(EcKey("P-256"))); },
     "\"CERTIFICATE\", not"},
    {"PemPrivateKey", [] { return Pem("PRIVATE KEY", "x"); }, "\"PRIVATE KEY\", not"},
    {"PemTwoBlocks",
     [] {
         std::string pem = Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256")));
         return pem + pem;
     },
     "more than one PEM block"},
    {"PemTextBefore",
     [] { return "Data:\n" + Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256"))); },
     "neither DER nor a PEM block"},
    {"PemTextBehind",
     [] { return Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256"))) + "more\n"; },
     "more than one PEM block"},
    {"PemHeaders",
     [] {
         std::string pem = Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256")));
         return pem.insert(pem.find('\n') + 1, "Proc-Type: 4,CLEAR\n\n");
     },
     "has headers"},
    {"PemNul", [] { return std::string("-----BEGIN \0 CERTIFICATE REQUEST-----", 37); },
     "neither DER nor a PEM block"},
    {"SignedByAnotherKey",
     [] {
         RequestOptions options;
         options.signer = EcKey("P-256");
         return MakeRequest(EcKey("P-256"), options);
     },
     "does not fit its public key"},
    {"Version2",
     [] {
         RequestOptions options;
         options.version = 1;
         return MakeRequest(EcKey("P-256"), options);
     },
     "another version"},
    {"CompressedPoint", [] { return MakeRequest(CompressedEcKey()); }, "uncompressed"},
    {"P224", [] { return MakeRequest(EcKey("P-224")); }, "use P-256 or P-384"},
    {"P521", [] { return MakeRequest(EcKey("P-521")); }, "use P-256 or P-384"},
    {"Secp256k1", [] { return MakeRequest(EcKey("secp256k1")); }, "use P-256 or P-384"},
    {"Brainpool", [] { return MakeRequest(EcKey("brainpoolP256r1")); }, "use P-256 or P-384"},
    {"ExplicitCurve", [] { return MakeRequest(ExplicitEcKey()); }, "not given by name"},
    {"Rsa1024", [] { return WithRsaKey(1024, 65537); }, "1024 bits"},
    {"Rsa2047", [] { return WithRsaKey(2047, 65537); }, "2047 bits"},
    {"Rsa4104", [] { return WithRsaKey(4104, 65537); }, "4104 bits"},
    {"RsaExponent3", [] { return WithRsaKey(2048, 3); }, "exponent"},
    {"RsaPssKey", [] { return MakeRequest(NamedKey("RSA-PSS")); },
     "of a kind that is not accepted"},
    {"Ed448", [] { return WithDigest(NamedKey("ED448"), nullptr); },
     "of a kind that is not accepted"},
    {"RsaSha1", [] { return WithDigest(SharedRsa(), "SHA1"); }, "RSA-SHA1"},
    {"EcdsaSha1", [] { return WithDigest(EcKey("P-256"), "SHA1"); }, "ecdsa-with-SHA1"},
    {"RsaMd5", [] { return WithDigest(SharedRsa(), "MD5"); }, "RSA-MD5"},
    {"EcdsaSha224", [] { return WithDigest(EcKey("P-256"), "SHA224"); }, "ecdsa-with-SHA224"},
    {"RsaPssSignature",
     [] {
         RequestOptions options;
         options.pss = true;
         return MakeRequest(SharedRsa(), options);
     },
     "RSASSA-PSS"},
};

class RefusedRequest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRequest, IsToldWhy)
{
    Memory memory;
    std::string request = GetParam().request();
    EVP_PKEY *key = nullptr;
    pv_status status = pv_csr_read(View(request), &memory.error, &key);
    EXPECT_EQ(status.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(memory.Reason(), "CERTIFICATE_REQUEST_INVALID");
    EXPECT_NE(memory.Message().find(GetParam().message), std::string::npos) << memory.Message();
    EXPECT_EQ(key, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Csr, RefusedRequest, testing::ValuesIn(kRefused),
                         [](const auto &test) { return std::string(test.param.name); });

struct Accepted {
    const char *name;
    std::function<Key()> key;
    const char *digest;
};

const Accepted kAccepted[] = {
    {"P256", [] { return EcKey("P-256"); }, "SHA256"},
    {"P256Sha512", [] { return EcKey("P-256"); }, "SHA512"},
    {"P384", [] { return EcKey("P-384"); }, "SHA384"},
    {"Ed25519", [] { return NamedKey("ED25519"); }, nullptr},
    {"Rsa2048", [] { return SharedRsa(); }, "SHA256"},
    {"Rsa2048Sha384", [] { return SharedRsa(); }, "SHA384"},
    {"Rsa4096", [] { return RsaKey(4096); }, "SHA512"},
};

class AcceptedRequest : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedRequest, GivesItsKeyInEveryForm)
{
    Memory memory;
    Key own = GetParam().key();
    std::string der = WithDigest(own, GetParam().digest);
    std::string pem = Pem("CERTIFICATE REQUEST", der);
    std::string dos;
    for (char c : pem) { dos += c == '\n' ? std::string("\r\n") : std::string(1, c); }
    for (const std::string &form :
         {der, pem, Pem("NEW CERTIFICATE REQUEST", der), dos, "\n \n" + pem + "\n\n"}) {
        EVP_PKEY *key = nullptr;
        ASSERT_TRUE(pv_is_ok(pv_csr_read(View(form), &memory.error, &key))) << memory.Message();
        EXPECT_EQ(EVP_PKEY_eq(key, own.get()), 1);
        EVP_PKEY_free(key);
    }
}

INSTANTIATE_TEST_SUITE_P(Csr, AcceptedRequest, testing::ValuesIn(kAccepted),
                         [](const auto &test) { return std::string(test.param.name); });

TEST(Csr, RefusesEveryBeginningOfARequest)
{
    Memory memory;
    for (const std::string &whole :
         {MakeRequest(EcKey("P-256")), Pem("CERTIFICATE REQUEST", MakeRequest(EcKey("P-256")))}) {
        size_t end =
            whole.find_last_not_of('\n') + 1; // a PEM block without its last line break is whole
        for (size_t size = 0; size < end; size++) {
            memory.Clear();
            // A copy of exactly this size, so that the address sanitizer sees a read behind it.
            std::vector<uint8_t> part(whole.begin(),
                                      whole.begin() + static_cast<std::ptrdiff_t>(size));
            EVP_PKEY *key = nullptr;
            ASSERT_FALSE(
                pv_is_ok(pv_csr_read(pv_view_of(part.data(), part.size()), &memory.error, &key)))
                << size;
        }
    }
}

TEST(Csr, RefusesARequestWithAnyBitFlipped)
{
    Memory memory;
    std::string whole = MakeRequest(EcKey("P-256"));
    for (size_t bit = 0; bit < whole.size() * 8; bit++) {
        memory.Clear();
        std::string flipped = whole;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        EVP_PKEY *key = nullptr;
        ASSERT_FALSE(pv_is_ok(pv_csr_read(View(flipped), &memory.error, &key))) << "bit " << bit;
        ASSERT_EQ(memory.Reason(), "CERTIFICATE_REQUEST_INVALID");
        if (bit % 64 == 63) { pv_arena_reset(memory.arena); }
    }
}

} // namespace
} // namespace purvey
