// certificates.h — authorities and certificates for the tests, made when they are needed.
#ifndef PV_TESTS_UNIT_RPC_CERTIFICATES_H
#define PV_TESTS_UNIT_RPC_CERTIFICATES_H

#include <array>
#include <cstdint>
#include <memory>
#include <string>

struct Certificate {
    std::string pem;
    std::string key;
    std::array<uint8_t, 32> sha256; // of the DER
};

class Authority {
  public:
    explicit Authority(const std::string &name);
    ~Authority();
    Authority(const Authority &) = delete;
    Authority &operator=(const Authority &) = delete;

    const std::string &pem() const { return pem_; }

    // `alternative_name` as OpenSSL writes it: "DNS:localhost", "URI:spiffe://test/account/a". `key` is "P-256",
    // "P-384", "ED25519" or "RSA".
    Certificate issue(const std::string &alternative_name, long valid_s = 3600,
                      const std::string &key = "P-256") const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
    std::string pem_;
};

#endif
