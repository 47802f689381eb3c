// crypto.h — keys, signing requests and certificates as a peer makes them, good and bad; and an authority in a
// folder of its own. For the tests of server/identity alone.
#ifndef PV_TESTS_UNIT_IDENTITY_CRYPTO_H
#define PV_TESTS_UNIT_IDENTITY_CRYPTO_H

#include "base/arena.h"
#include "base/error.h"
#include "base/time.h"
#include "server/identity/authority.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace purvey {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

// 2026-11-22T20:00:00Z.
constexpr int64_t kNow = INT64_C(1795377600) * 1000000000;

constexpr char kDomain[] = "purvey.example";
constexpr char kAccount[] = "acc_01j9zv0000abcdefghjkmnpqrs";
constexpr char kUser[] = "usr_01j9zv0000abcdefghjkmnpqrt";
constexpr char kCertificate[] = "crt_01j9zv0000abcdefghjkmnpqrv";

inline pv_time At(int64_t utc_ns)
{
    pv_time time;
    time.utc_ns = utc_ns;
    return time;
}

inline pv_view View(const std::string &text)
{
    return pv_view_of(text.data(), text.size());
}

Key EcKey(const char *curve);
Key ExplicitEcKey();
Key CompressedEcKey();
Key RsaKey(size_t bits, unsigned exponent = 65537);
Key RsaPublicKey(size_t bits, unsigned exponent); // any modulus, without a private half: cheap
Key NamedKey(const char *algorithm);              // "ED25519", "ED448"

// What a peer puts into a signing request.
struct RequestOptions {
    const char *digest = "SHA256";                       // NULL for Ed25519
    std::string common_name = "Root of all";             // asked for; to be ignored
    std::vector<std::pair<int, std::string>> extensions; // asked for; to be ignored
    bool pss = false;
    Key signer; // NULL: the key itself
    long version = 0;
    std::vector<std::pair<std::string, std::string>> names; // more of the subject; to be ignored
    std::string password;                                   // an attribute; to be ignored
};

std::string MakeRequest(const Key &key, const RequestOptions &options = {}); // DER
std::string Pem(const char *name, const std::string &der);

Certificate ParsePem(const std::string &pem);
Certificate ParseDer(const std::string &der);

// Whether the chain leaf <- issuing is accepted for a purpose (X509_PURPOSE_*) with `root` as the only anchor.
bool Verifies(X509 *leaf, const std::vector<Certificate> &sent, X509 *root, int purpose,
              int64_t utc_ns, std::string *ret_error = nullptr);

// Every extension as "critical? short-name: text", sorted by OpenSSL's order in the certificate.
std::vector<std::string> Extensions(X509 *certificate);

// A folder that is gone at the end.
class Folder {
  public:
    Folder();
    ~Folder();
    std::string path;
    std::string File(const char *name) const { return path + "/" + name; }
    std::string Read(const char *name) const;
    void Write(const char *name, const std::string &content, unsigned mode) const;
};

// An arena and an error of one test.
class Memory {
  public:
    Memory();
    ~Memory();
    pv_arena *arena;
    pv_error error;
    std::string Reason() const { return error.reason == nullptr ? "" : error.reason->name; }
    std::string Message() const { return error.message == nullptr ? "" : error.message; }
    void Clear() { pv_error_init(&error, arena); }
};

// A fresh authority, initialised and loaded.
class Authority {
  public:
    explicit Authority(const char *domain = kDomain, std::vector<const char *> hosts = {});
    ~Authority();
    pv_signing Signing(const std::string &csr) const;
    Folder folder;
    Memory memory;
    pv_authority *loaded = nullptr;
};

} // namespace purvey
#endif
