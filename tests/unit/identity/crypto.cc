#include "tests/unit/identity/crypto.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace purvey {

static Key Hold(EVP_PKEY *key)
{
    EXPECT_NE(key, nullptr);
    return Key(key, EVP_PKEY_free);
}

static Key Generate(const char *algorithm, const std::function<bool(EVP_PKEY_CTX *)> &configure)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr);
    EVP_PKEY *key = nullptr;
    EXPECT_EQ(EVP_PKEY_keygen_init(context), 1);
    EXPECT_TRUE(configure(context));
    EXPECT_EQ(EVP_PKEY_generate(context, &key), 1);
    EVP_PKEY_CTX_free(context);
    return Hold(key);
}

Key EcKey(const char *curve)
{
    return Hold(EVP_EC_gen(curve));
}

Key ExplicitEcKey()
{
    return Generate("EC", [](EVP_PKEY_CTX *context) {
        char curve[] = "P-256";
        char encoding[] = OSSL_PKEY_EC_ENCODING_EXPLICIT;
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, encoding, 0),
            OSSL_PARAM_construct_end()};
        return EVP_PKEY_CTX_set_params(context, params) == 1;
    });
}

Key CompressedEcKey()
{
    Key key = EcKey("P-256");
    EXPECT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                             OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
              1);
    return key;
}

Key RsaKey(size_t bits, unsigned exponent)
{
    return Generate("RSA", [bits, exponent](EVP_PKEY_CTX *context) mutable {
        size_t size = bits;
        OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &size),
                               OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
                               OSSL_PARAM_construct_end()};
        return EVP_PKEY_CTX_set_params(context, params) == 1;
    });
}

Key RsaPublicKey(size_t bits, unsigned exponent)
{
    BIGNUM *modulus = BN_new();
    BIGNUM *power = BN_new();
    EXPECT_EQ(BN_rand(modulus, static_cast<int>(bits), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
    EXPECT_EQ(BN_set_word(power, exponent), 1);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EXPECT_EQ(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
    EXPECT_EQ(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, power), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    EVP_PKEY *key = nullptr;
    EXPECT_EQ(EVP_PKEY_fromdata_init(context), 1);
    EXPECT_EQ(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(power);
    return Hold(key);
}

Key NamedKey(const char *algorithm)
{
    return Generate(algorithm, [](EVP_PKEY_CTX *) { return true; });
}

static void AddExtensions(X509_REQ *request, const RequestOptions &options)
{
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    for (const auto &[nid, value] : options.extensions) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, nullptr, nullptr, request, nullptr, 0);
        X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
        ASSERT_NE(extension, nullptr) << value;
        ASSERT_GT(sk_X509_EXTENSION_push(list, extension), 0);
    }
    if (!options.extensions.empty()) { ASSERT_EQ(X509_REQ_add_extensions(request, list), 1); }
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static bool Sign(X509_REQ *request, EVP_PKEY *key, const RequestOptions &options)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = nullptr;
    const EVP_MD *digest =
        options.digest == nullptr ? nullptr : EVP_get_digestbyname(options.digest);
    bool done = EVP_DigestSignInit(context, &key_context, digest, nullptr, key) == 1;
    if (options.pss) {
        done = done && EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1;
    }
    done = done && X509_REQ_sign_ctx(request, context) > 0;
    EVP_MD_CTX_free(context);
    return done;
}

std::string MakeRequest(const Key &key, const RequestOptions &options)
{
    X509_REQ *request = X509_REQ_new();
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    EXPECT_EQ(X509_NAME_add_entry_by_txt(
                  subject, "CN", MBSTRING_UTF8,
                  reinterpret_cast<const unsigned char *>(options.common_name.c_str()), -1, -1, 0),
              1);
    for (const auto &[field, value] : options.names) {
        EXPECT_EQ(X509_NAME_add_entry_by_txt(subject, field.c_str(), MBSTRING_UTF8,
                                             reinterpret_cast<const unsigned char *>(value.data()),
                                             static_cast<int>(value.size()), -1, 0),
                  1);
    }
    if (!options.password.empty()) {
        EXPECT_EQ(X509_REQ_add1_attr_by_NID(
                      request, NID_pkcs9_challengePassword, MBSTRING_ASC,
                      reinterpret_cast<const unsigned char *>(options.password.c_str()), -1),
                  1);
    }
    EXPECT_EQ(X509_REQ_set_version(request, options.version), 1);
    EXPECT_EQ(X509_REQ_set_pubkey(request, key.get()), 1);
    AddExtensions(request, options);
    EXPECT_TRUE(
        Sign(request, options.signer == nullptr ? key.get() : options.signer.get(), options));
    unsigned char *der = nullptr;
    int size = i2d_X509_REQ(request, &der);
    EXPECT_GT(size, 0);
    std::string result(reinterpret_cast<char *>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    X509_REQ_free(request);
    return result;
}

std::string Pem(const char *name, const std::string &der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EXPECT_GT(PEM_write_bio(bio, name, "", reinterpret_cast<const unsigned char *>(der.data()),
                            static_cast<long>(der.size())),
              0);
    char *data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string result(data, static_cast<size_t>(size));
    BIO_free(bio);
    return result;
}

Certificate ParsePem(const std::string &pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
    BIO_free(bio);
    EXPECT_NE(certificate, nullptr);
    return certificate;
}

Certificate ParseDer(const std::string &der)
{
    const unsigned char *position = reinterpret_cast<const unsigned char *>(der.data());
    Certificate certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())), X509_free);
    EXPECT_NE(certificate, nullptr);
    return certificate;
}

bool Verifies(X509 *leaf, const std::vector<Certificate> &sent, X509 *root, int purpose,
              int64_t utc_ns, std::string *ret_error)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    for (const Certificate &certificate : sent) { sk_X509_push(chain, certificate.get()); }
    EXPECT_EQ(X509_STORE_add_cert(store, root), 1);
    EXPECT_EQ(X509_STORE_CTX_init(context, store, leaf, chain), 1);
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    EXPECT_EQ(X509_VERIFY_PARAM_set_purpose(parameters, purpose), 1);
    X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(utc_ns / 1000000000));
    X509_VERIFY_PARAM_set_auth_level(parameters, 2);
    bool verified = X509_verify_cert(context) == 1;
    if (ret_error != nullptr) {
        *ret_error = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    }
    X509_STORE_CTX_free(context);
    sk_X509_free(chain);
    X509_STORE_free(store);
    return verified;
}

std::vector<std::string> Extensions(X509 *certificate)
{
    std::vector<std::string> result;
    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);
        BIO *bio = BIO_new(BIO_s_mem());
        EXPECT_EQ(X509V3_EXT_print(bio, extension, X509V3_EXT_DUMP_UNKNOWN, 0), 1);
        char *data = nullptr;
        long size = BIO_get_mem_data(bio, &data);
        std::string text(data, static_cast<size_t>(size));
        while (!text.empty() && text.back() == '\n') { text.pop_back(); }
        result.push_back(std::string(X509_EXTENSION_get_critical(extension) ? "critical " : "") +
                         OBJ_nid2sn(OBJ_obj2nid(X509_EXTENSION_get_object(extension))) + ": " +
                         text);
        BIO_free(bio);
    }
    return result;
}

Folder::Folder()
{
    const char *base = getenv("TEST_TMPDIR");
    std::string form = std::string(base == nullptr ? "/tmp" : base) + "/authority-XXXXXX";
    EXPECT_NE(mkdtemp(form.data()), nullptr);
    path = form;
}

Folder::~Folder()
{
    std::filesystem::remove_all(path);
}

std::string Folder::Read(const char *name) const
{
    std::ifstream file(File(name), std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    std::stringstream content;
    content << file.rdbuf();
    return content.str();
}

void Folder::Write(const char *name, const std::string &content, unsigned mode) const
{
    std::filesystem::remove(File(name));
    std::ofstream(File(name), std::ios::binary) << content;
    EXPECT_EQ(chmod(File(name).c_str(), mode), 0);
}

Memory::Memory() : arena(pv_arena_create(1024 * 1024))
{
    pv_error_init(&error, arena);
}

Memory::~Memory()
{
    pv_arena_destroy(arena);
}

Authority::Authority(const char *domain, std::vector<const char *> hosts)
{
    pv_authority_options options = {folder.path.c_str(), domain,   hosts.data(),
                                    hosts.size(),        At(kNow), nullptr};
    EXPECT_TRUE(pv_is_ok(pv_authority_init(&options, &memory.error))) << memory.Message();
    EXPECT_TRUE(
        pv_is_ok(pv_authority_load(folder.path.c_str(), memory.arena, &memory.error, &loaded)))
        << memory.Message();
}

Authority::~Authority()
{
    pv_authority_close(loaded);
}

pv_signing Authority::Signing(const std::string &csr) const
{
    pv_signing signing = {};
    signing.csr = View(csr);
    signing.account_id = kAccount;
    signing.user_id = kUser;
    signing.certificate_id = kCertificate;
    signing.not_before = At(kNow - INT64_C(300) * 1000000000);
    signing.not_after = At(kNow + INT64_C(90) * 86400 * 1000000000);
    for (uint8_t i = 0; i < PV_SERIAL_SIZE; i++) {
        signing.serial[i] = static_cast<uint8_t>(0x41 + i);
    }
    return signing;
}

} // namespace purvey
