/* probe_check.c — what a server showed, held against what it should be. */
#include "client/cli/probe.h"

#include "base/digest.h"
#include "client/cli/keypair.h"
#include "client/cli/trouble.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static pv_status check_root(const pv_probe *probe, X509 *leaf, X509_STORE *roots, pv_error *error)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = context != NULL && X509_STORE_CTX_init(context, roots, leaf, probe->chain) == 1;
    if (good) {
        /* Times are told of by themselves. */
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
        (void)X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
        good = X509_verify_cert(context) == 1;
    }
    int why = context == NULL ? X509_V_ERR_OUT_OF_MEM : X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    if (good) { return pv_ok(); }
    return pv_refuse(error, &pv_trouble_server_root_wrong,
                     "The certificate that %s shows is not of a root of the profile: %s.",
                     probe->name, X509_verify_cert_error_string(why));
}

static void append_name(pv_buffer *names, const GENERAL_NAME *name)
{
    const char *separator = names->size == 0 ? "" : ", ";
    if (name->type == GEN_DNS) {
        pv_buffer_printf(names, "%s%.*s", separator, ASN1_STRING_length(name->d.dNSName),
                         (const char *)ASN1_STRING_get0_data(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
        char *text = i2s_ASN1_OCTET_STRING(NULL, name->d.iPAddress);
        const uint8_t *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
        if (ASN1_STRING_length(name->d.iPAddress) == 4) {
            pv_buffer_printf(names, "%s%d.%d.%d.%d", separator, bytes[0], bytes[1], bytes[2],
                             bytes[3]);
        } else if (text != NULL) {
            pv_buffer_printf(names, "%s[%s]", separator, text);
        }
        OPENSSL_free(text);
    }
}

static pv_status check_name(const pv_probe *probe, X509 *leaf, pv_arena *arena, pv_error *error)
{
    if (X509_check_host(leaf, probe->name, 0, 0, NULL) == 1 ||
        X509_check_ip_asc(leaf, probe->name, 0) == 1) {
        return pv_ok();
    }
    pv_buffer names = pv_buffer_of(arena);
    GENERAL_NAMES *list = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        append_name(&names, sk_GENERAL_NAME_value(list, i));
    }
    GENERAL_NAMES_free(list);
    return pv_refuse(error, &pv_trouble_server_name_wrong,
                     "The server's certificate is not for %s but for %s.", probe->name,
                     names.size == 0 ? "no name" : pv_buffer_text(&names));
}

static pv_status check_time(X509 *leaf, pv_time now, pv_error *error, pv_time *ret_end)
{
    pv_time begin = now;
    char text[PV_TIME_TEXT_SIZE];
    char limit[PV_TIME_TEXT_SIZE];
    now.utc_ns -= now.utc_ns % PV_NS_PER_S;
    pv_time_format(now, text);
    if (!pv_keypair_time(X509_get0_notBefore(leaf), &begin) ||
        !pv_keypair_time(X509_get0_notAfter(leaf), ret_end)) {
        return pv_refuse(error, &pv_trouble_server_root_wrong,
                         "The times of the server's certificate are no times.");
    }
    if (now.utc_ns > ret_end->utc_ns) {
        pv_time_format(*ret_end, limit);
        return pv_refuse(error, &pv_trouble_server_expired,
                         "The server's certificate expired at %s; it is %s here.", limit, text);
    }
    if (now.utc_ns < begin.utc_ns) {
        pv_time_format(begin, limit);
        return pv_refuse(error, &pv_trouble_server_not_yet_valid,
                         "The server's certificate is valid from %s on; it is %s here.", limit,
                         text);
    }
    return pv_ok();
}

static pv_status load_roots(const char *path, pv_error *error, X509_STORE **ret_roots)
{
    X509_STORE *roots = X509_STORE_new();
    if (roots != NULL && X509_STORE_load_file(roots, path) == 1) {
        *ret_roots = roots;
        return pv_ok();
    }
    X509_STORE_free(roots);
    ERR_clear_error();
    return pv_refuse(error, &pv_trouble_root_invalid,
                     "%s cannot be read, or holds no certificate (PEM).", path);
}

pv_status pv_probe_check_roots(const char *roots_path, pv_error *error)
{
    X509_STORE *roots = NULL;
    PV_TRY(load_roots(roots_path, error, &roots));
    X509_STORE_free(roots);
    return pv_ok();
}

pv_status pv_probe_check(const pv_probe *probe, const char *roots_path, pv_time now,
                         pv_arena *arena, pv_error *error, pv_time *ret_end)
{
    X509 *leaf = sk_X509_num(probe->chain) > 0 ? sk_X509_value(probe->chain, 0) : NULL;
    X509_STORE *roots = NULL;
    PV_TRY(load_roots(roots_path, error, &roots));
    pv_status status =
        leaf == NULL ? pv_refuse(error, &pv_trouble_tls_failed, "The server showed no certificate.")
                     : check_root(probe, leaf, roots, error);
    X509_STORE_free(roots);
    PV_TRY(status);
    PV_TRY(check_name(probe, leaf, arena, error));
    return check_time(leaf, now, error, ret_end);
}

static const char *pem_of(X509 *certificate, pv_arena *arena)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    const char *pem = NULL;
    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1) {
        long size = BIO_get_mem_data(bio, &data);
        pem = pv_arena_dup(arena, pv_view_of(data, (size_t)size));
    }
    BIO_free(bio);
    return pem;
}

pv_status pv_probe_find(const pv_probe *probe, const uint8_t fingerprint[PV_FINGERPRINT_SIZE],
                        pv_arena *arena, pv_error *error, const char **ret_pem)
{
    for (int i = 0; i < sk_X509_num(probe->chain); i++) {
        X509 *one = sk_X509_value(probe->chain, i);
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (X509_digest(one, EVP_sha256(), digest, &size) == 1 && size == PV_SHA256_SIZE &&
            memcmp(digest, fingerprint, PV_FINGERPRINT_SIZE) == 0) {
            *ret_pem = pem_of(one, arena);
            return *ret_pem != NULL ? pv_ok() : pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
        }
    }
    return pv_refuse(error, &pv_trouble_fingerprint_wrong, NULL);
}
