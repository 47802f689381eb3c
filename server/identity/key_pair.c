#include "server/identity/key_pair.h"

#include "base/digest.h"

#include <openssl/err.h>
#include <stdio.h>

enum { ISSUING_DAYS = 1826 };

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)
#define BACKDATE_NS (INT64_C(3600) * PV_NS_PER_S)

pv_status pv_authority_refuse(pv_error *error, const char *what)
{
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return pv_refuse(error, &pv_authority_reason_files, "%s: %s.", what, text);
}

void pv_key_pair_free(pv_key_pair *pair)
{
    EVP_PKEY_free(pair->key);
    X509_free(pair->certificate);
}

pv_time pv_certificate_end(const X509 *certificate)
{
    struct tm parts;
    PV_ASSERT(ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1);
    pv_time end;
    end.utc_ns = (int64_t)timegm(&parts) * PV_NS_PER_S;
    return end;
}

pv_issuer pv_certificate_summary(const X509 *certificate)
{
    pv_issuer summary;
    summary.not_after = pv_certificate_end(certificate);
    PV_ASSERT(X509_digest(certificate, EVP_sha256(), summary.sha256, NULL) == 1);
    return summary;
}

static void fill_serial(uint8_t serial[PV_SERIAL_SIZE])
{
    pv_random_bytes(NULL, serial, PV_SERIAL_SIZE);
    /* Positive, and always of sixteen bytes. */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
}

static pv_time whole_seconds(int64_t utc_ns)
{
    pv_time time;
    time.utc_ns = utc_ns - utc_ns % PV_NS_PER_S;
    return time;
}

pv_status pv_key_pair_make(pv_profile *profile, const pv_key_pair *issuer, pv_time now, int days,
                           pv_error *error, pv_key_pair *ret_pair)
{
    ret_pair->key = EVP_EC_gen("P-256");
    if (ret_pair->key == NULL) { return pv_authority_refuse(error, "Cannot make a key"); }
    profile->key = ret_pair->key;
    profile->issuer = issuer == NULL ? NULL : issuer->certificate;
    profile->issuer_key = issuer == NULL ? NULL : issuer->key;
    profile->not_before = whole_seconds(now.utc_ns - BACKDATE_NS);
    profile->not_after = whole_seconds(now.utc_ns + days * NS_PER_DAY);
    if (issuer != NULL) {
        pv_time end = pv_certificate_end(issuer->certificate);
        if (end.utc_ns <= now.utc_ns) {
            return pv_refuse(error, &pv_authority_reason_files, "The root has ended.");
        }
        if (profile->not_after.utc_ns > end.utc_ns) { profile->not_after = end; }
    }
    fill_serial(profile->serial);
    ret_pair->certificate = pv_profile_make(profile);
    return ret_pair->certificate == NULL ? pv_authority_refuse(error, "Cannot make a certificate")
                                         : pv_ok();
}

pv_status pv_key_pair_write(const pv_key_pair *pair, const char *folder,
                            const char *certificate_name, const char *key_name, pv_file_mode mode,
                            pv_error *error)
{
    PV_TRY(pv_file_write_key(folder, key_name, mode, pair->key, error));
    return pv_file_write_certificate(folder, certificate_name, mode, pair->certificate, error);
}

pv_status pv_key_pair_read(const char *folder, const char *certificate_name, const char *key_name,
                           const char *key_file, pv_error *error, pv_key_pair *ret_pair)
{
    PV_TRY(pv_file_read_certificate(folder, certificate_name, error, &ret_pair->certificate));
    if (key_file == NULL) {
        PV_TRY(pv_file_read_key(folder, key_name, error, &ret_pair->key));
    } else {
        PV_TRY(pv_file_read_key(*key_file == '/' ? "" : ".", key_file, error, &ret_pair->key));
    }
    if (X509_check_private_key(ret_pair->certificate, ret_pair->key) == 1) { return pv_ok(); }
    ERR_clear_error();
    return pv_refuse(error, &pv_authority_reason_files, "%s does not belong to %s in %s.",
                     key_file == NULL ? key_name : key_file, certificate_name, folder);
}

pv_status pv_key_pair_make_issuing(const char *trust_domain, const pv_key_pair *root, pv_time now,
                                   pv_error *error, pv_key_pair *ret_pair)
{
    /* A common name has at most 64 characters; the trust domain stands whole in the name constraint. */
    char name[PV_COMMON_NAME_MAX + 1];
    (void)snprintf(name, sizeof name, "Purvey client issuing %s", trust_domain);
    pv_profile profile;
    memset(&profile, 0, sizeof profile);
    profile.kind = PV_PROFILE_ISSUING;
    profile.common_name = name;
    profile.trust_domain = trust_domain;
    return pv_key_pair_make(&profile, root, now, ISSUING_DAYS, error, ret_pair);
}
