#include "server/identity/csr.h"

#include "purvey/common/v1/error_reason.pv.h"
#include "server/identity/signer.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, RSA_EXPONENT = 65537, CURVE_NAME_MAX = 64 };

#define REFUSE(error, ...) \
    pv_refuse((error), &pv_error_reason_certificate_request_invalid, __VA_ARGS__)

/* Parses exactly one request; NULL when the bytes are none, or go on behind it, or are not the DER that the
 * request itself encodes to. */
static X509_REQ *parse_der(const uint8_t *data, size_t size)
{
    const unsigned char *position = data;
    X509_REQ *request = d2i_X509_REQ(NULL, &position, (long)size);
    if (request == NULL) { return NULL; }
    unsigned char *again = NULL;
    int again_size = i2d_X509_REQ(request, &again);
    bool same = position == data + size && again_size >= 0 && (size_t)again_size == size &&
                memcmp(again, data, size) == 0;
    OPENSSL_free(again);
    if (!same) {
        X509_REQ_free(request);
        return NULL;
    }
    return request;
}

static bool is_blank(pv_view text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\r' &&
            text.data[i] != '\n') {
            return false;
        }
    }
    return true;
}

static pv_status read_der(pv_view der, pv_error *error, X509_REQ **ret_request)
{
    if (der.size > PV_CSR_DER_MAX) {
        return REFUSE(error, "The signing request has %zu bytes; at most %d are read.", der.size,
                      PV_CSR_DER_MAX);
    }
    X509_REQ *request = parse_der(der.data, der.size);
    if (request == NULL) {
        return REFUSE(error, "The signing request is not exactly one PKCS #10 structure in DER.");
    }
    *ret_request = request;
    return pv_ok();
}

static pv_status read_pem(pv_view pem, pv_error *error, X509_REQ **ret_request)
{
    if (pem.size > PV_CSR_PEM_MAX) {
        return REFUSE(error, "The signing request has %zu bytes; at most %d are read.", pem.size,
                      PV_CSR_PEM_MAX);
    }
    static const char begin[] = "-----BEGIN ";
    size_t start = 0;
    while (start < pem.size && is_blank(pv_view_of(pem.data + start, 1))) { start++; }
    pv_view block = pv_view_of(pem.data + start, pem.size - start);
    BIO *bio = BIO_new_mem_buf(block.data, (int)block.size);
    char *name = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long der_size = 0;
    pv_status status;
    if (!pv_view_starts_with(block, pv_view_of(begin, sizeof begin - 1)) || bio == NULL ||
        PEM_read_bio(bio, &name, &header, &der, &der_size) != 1) {
        status = REFUSE(error, "The signing request is neither DER nor a PEM block.");
    } else if (strcmp(name, PEM_STRING_X509_REQ) != 0 &&
               strcmp(name, PEM_STRING_X509_REQ_OLD) != 0) {
        status =
            REFUSE(error, "The PEM block is a \"%.40s\", not a \"CERTIFICATE REQUEST\".", name);
    } else if (header[0] != '\0') {
        status =
            REFUSE(error, "The PEM block of the signing request has headers; it must have none.");
    } else {
        char *rest = NULL;
        long rest_size = BIO_get_mem_data(bio, &rest);
        if (rest_size > 0 && !is_blank(pv_view_of(rest, (size_t)rest_size))) {
            status = REFUSE(error, "There is more than one PEM block in the signing request.");
        } else {
            status = read_der(pv_view_of(der, (size_t)der_size), error, ret_request);
        }
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return status;
}

static pv_status check_curve(const EVP_PKEY *key, pv_error *error)
{
    char curve[CURVE_NAME_MAX] = "";
    char encoding[CURVE_NAME_MAX] = "";
    size_t size = 0;
    if (EVP_PKEY_get_group_name(key, curve, sizeof curve, &size) != 1 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof encoding,
                                       &size) != 1 ||
        strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0) {
        return REFUSE(error, "The key's curve is not given by name; use P-256 or P-384.");
    }
    int nid = OBJ_sn2nid(curve);
    if (nid != NID_X9_62_prime256v1 && nid != NID_secp384r1) {
        return REFUSE(error, "The key's curve is %s; use P-256 or P-384.", curve);
    }
    /* RFC 5480 lets nobody rely on it, and it would stand in the certificate as it came. */
    char form[CURVE_NAME_MAX] = "";
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form,
                                       sizeof form, &size) != 1 ||
        strcmp(form, OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 0) {
        return REFUSE(error, "The key's point is %s; send it uncompressed.", form);
    }
    return pv_ok();
}

static pv_status check_rsa(const EVP_PKEY *key, pv_error *error)
{
    int bits = EVP_PKEY_get_bits(key);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX) {
        return REFUSE(error, "The RSA key has %d bits; use %d to %d.", bits, RSA_BITS_MIN,
                      RSA_BITS_MAX);
    }
    BIGNUM *exponent = NULL;
    bool usual = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                 BN_is_word(exponent, RSA_EXPONENT) == 1;
    BN_free(exponent);
    if (!usual) { return REFUSE(error, "The RSA key's exponent is not %d.", RSA_EXPONENT); }
    return pv_ok();
}

static pv_status check_key(const EVP_PKEY *key, pv_error *error)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return pv_ok();
    case EVP_PKEY_EC: return check_curve(key, error);
    case EVP_PKEY_RSA: return check_rsa(key, error);
    default:
        return REFUSE(
            error,
            "The key is of a kind that is not accepted; use ECDSA P-256 or P-384, Ed25519 or RSA.");
    }
}

/* An allow-list, so that SHA-1 and whatever else is weak needs no mention. */
static bool is_accepted_signature(int nid)
{
    static const int accepted[] = {NID_ecdsa_with_SHA256,       NID_ecdsa_with_SHA384,
                                   NID_ecdsa_with_SHA512,       NID_ED25519,
                                   NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption,
                                   NID_sha512WithRSAEncryption};
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        if (accepted[i] == nid) { return true; }
    }
    return false;
}

static pv_status take_key(X509_REQ *request, pv_error *error, EVP_PKEY **ret_key)
{
    if (X509_REQ_get_version(request) != X509_REQ_VERSION_1) {
        return REFUSE(error, "The signing request is of another version than 1 (RFC 2986).");
    }
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    if (key == NULL) {
        return REFUSE(error, "The public key in the signing request cannot be read.");
    }
    PV_TRY(check_key(key, error));
    int signature = X509_REQ_get_signature_nid(request);
    if (!is_accepted_signature(signature)) {
        const char *name = OBJ_nid2sn(signature);
        return REFUSE(
            error,
            "The signing request is signed with %s; use SHA-256, SHA-384, SHA-512 or Ed25519.",
            name == NULL ? "an unknown algorithm" : name);
    }
    if (X509_REQ_verify(request, key) != 1) {
        return REFUSE(error, "The signature of the signing request does not fit its public key.");
    }
    PV_ASSERT(EVP_PKEY_up_ref(key) == 1);
    *ret_key = key;
    return pv_ok();
}

pv_status pv_csr_read(pv_view csr, pv_error *error, EVP_PKEY **ret_key)
{
    if (csr.size == 0) { return REFUSE(error, "The signing request is empty."); }
    static const uint8_t der_sequence = 0x30;
    X509_REQ *request = NULL;
    pv_status status = csr.data[0] == der_sequence ? read_der(csr, error, &request)
                                                   : read_pem(csr, error, &request);
    if (pv_is_ok(status)) {
        status = take_key(request, error, ret_key);
        X509_REQ_free(request);
    }
    /* What OpenSSL had to say about a stranger's bytes must not turn up at the next, unrelated error. */
    ERR_clear_error();
    return status;
}

pv_status pv_csr_digest(pv_view csr, pv_error *error, uint8_t ret_key_sha256[PV_SHA256_SIZE])
{
    EVP_PKEY *key = NULL;
    PV_TRY(pv_csr_read(csr, error, &key));
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    PV_ASSERT(size > 0); /* what was read can be written */
    pv_sha256(pv_view_of(der, (size_t)size), ret_key_sha256);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return pv_ok();
}
