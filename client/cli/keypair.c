#include "client/cli/keypair.h"

#include "client/cli/keys.h"
#include "client/cli/trouble.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static pv_status read_certificate(const char *path, pv_error *error, X509 **ret_certificate)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return pv_refuse(error, &pv_trouble_certificate_invalid,
                         "The certificate %s cannot be read: %s.", path, strerror(errno));
    }
    *ret_certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file); /* it was only read */
    ERR_clear_error();
    if (*ret_certificate != NULL) { return pv_ok(); }
    return pv_refuse(error, &pv_trouble_certificate_invalid, "%s holds no certificate (PEM).",
                     path);
}

bool pv_keypair_time(const ASN1_TIME *field, pv_time *ret_time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    bool good = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, field) == 1;
    ASN1_TIME_free(epoch);
    if (good) { ret_time->utc_ns = (days * INT64_C(86400) + seconds) * PV_NS_PER_S; }
    return good;
}

static pv_status describe(X509 *certificate, const char *path, pv_arena *arena, pv_error *error,
                          pv_keypair *ret_pair)
{
    char name[65] = ""; /* ub-common-name and a NUL */
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                    sizeof name);
    ret_pair->id = pv_arena_dup(arena, pv_view_text(name));
    if (ret_pair->id == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    if (pv_keypair_time(X509_get0_notBefore(certificate), &ret_pair->not_before) &&
        pv_keypair_time(X509_get0_notAfter(certificate), &ret_pair->not_after)) {
        return pv_ok();
    }
    return pv_refuse(error, &pv_trouble_certificate_invalid, "The times of %s are no times.", path);
}

pv_status pv_keypair_read(const char *certificate_path, const char *key_path, pv_arena *arena,
                          pv_error *error, pv_keypair *ret_pair)
{
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    pv_status status = read_certificate(certificate_path, error, &certificate);
    if (pv_is_ok(status)) { status = pv_keys_read(key_path, error, &key); }
    if (pv_is_ok(status) && X509_check_private_key(certificate, key) != 1) {
        ERR_clear_error();
        status = pv_refuse(error, &pv_trouble_key_mismatch, "%s is not the key of %s.", key_path,
                           certificate_path);
    }
    if (pv_is_ok(status)) {
        status = describe(certificate, certificate_path, arena, error, ret_pair);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}

pv_status pv_keypair_check_time(const pv_keypair *pair, pv_time now, pv_error *error)
{
    char limit[PV_TIME_TEXT_SIZE];
    char text[PV_TIME_TEXT_SIZE];
    now.utc_ns -= now.utc_ns % PV_NS_PER_S;
    pv_time_format(now, text);
    if (now.utc_ns > pair->not_after.utc_ns) {
        pv_time_format(pair->not_after, limit);
        return pv_refuse(error, &pv_trouble_certificate_expired,
                         "The certificate %s expired at %s; it is %s here.", pair->id, limit, text);
    }
    if (now.utc_ns < pair->not_before.utc_ns) {
        pv_time_format(pair->not_before, limit);
        return pv_refuse(error, &pv_trouble_certificate_not_yet_valid,
                         "The certificate %s is valid from %s on; it is %s here.", pair->id, limit,
                         text);
    }
    return pv_ok();
}

bool pv_keypair_is_due(const pv_keypair *pair, pv_time now)
{
    int64_t middle_ns =
        pair->not_before.utc_ns + (pair->not_after.utc_ns - pair->not_before.utc_ns) / 2;
    return now.utc_ns >= middle_ns;
}
