#include "certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <cstdlib>

struct Authority::Parts {
    EVP_PKEY *key = nullptr;
    X509 *certificate = nullptr;
    ~Parts()
    {
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
};

namespace {

void require(bool holds)
{
    if (!holds) { abort(); }
}

std::string text_of(BIO *bio)
{
    char *data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    return text;
}

std::string pem_of(X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    require(PEM_write_bio_X509(bio, certificate) == 1);
    return text_of(bio);
}

std::string pem_of(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    require(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return text_of(bio);
}

void extend(X509 *certificate, X509 *issuer, int nid, const std::string &value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    require(extension != nullptr);
    require(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

EVP_PKEY *make_key(const std::string &kind)
{
    EVP_PKEY *key = kind == "RSA"       ? EVP_RSA_gen(2048)
                    : kind == "ED25519" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                        : EVP_EC_gen(kind.c_str());
    require(key != nullptr);
    return key;
}

X509 *make(const std::string &name, EVP_PKEY *key, long valid_s)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    uint64_t serial = 0;
    require(RAND_bytes(reinterpret_cast<unsigned char *>(&serial), sizeof serial) == 1);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -300);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_s);
    X509_set_pubkey(certificate, key);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char *>(name.c_str()), -1, -1, 0);
    return certificate;
}

} // namespace

Authority::Authority(const std::string &name) : parts_(new Parts)
{
    parts_->key = EVP_EC_gen("P-256");
    X509 *certificate = make(name, parts_->key, 3600);
    parts_->certificate = certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    extend(certificate, certificate, NID_key_usage, "critical,keyCertSign");
    extend(certificate, certificate, NID_subject_key_identifier, "hash");
    require(X509_sign(certificate, parts_->key, EVP_sha256()) > 0);
    pem_ = pem_of(certificate);
}

Authority::~Authority() = default;

Certificate Authority::issue(const std::string &alternative_name, long valid_s,
                             const std::string &key_kind) const
{
    EVP_PKEY *key = make_key(key_kind);
    X509 *certificate = make("leaf", key, valid_s);
    X509_set_issuer_name(certificate, X509_get_subject_name(parts_->certificate));
    extend(certificate, parts_->certificate, NID_subject_alt_name, alternative_name);
    extend(certificate, parts_->certificate, NID_ext_key_usage, "serverAuth,clientAuth");
    require(X509_sign(certificate, parts_->key, EVP_sha256()) > 0);
    Certificate issued;
    issued.pem = pem_of(certificate);
    issued.key = pem_of(key);
    unsigned char *der = nullptr;
    int size = i2d_X509(certificate, &der);
    require(size > 0);
    SHA256(der, static_cast<size_t>(size), issued.sha256.data());
    OPENSSL_free(der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return issued;
}
