/* key_pair.h — a private key and its certificate, as the authority makes them for itself and for purveyd. Internal to
 * server/identity. */
#ifndef PV_SERVER_IDENTITY_KEY_PAIR_H
#define PV_SERVER_IDENTITY_KEY_PAIR_H

#include "server/identity/authority.h"
#include "server/identity/files.h"
#include "server/identity/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_COMMON_NAME_MAX = 64 };

typedef struct pv_key_pair {
    EVP_PKEY *key;
    X509 *certificate;
} pv_key_pair;

/* Frees both; NULL members are permitted. */
void pv_key_pair_free(pv_key_pair *pair);

/* Makes a P-256 key and its certificate by `issuer` (NULL: by itself), valid from an hour before `now` for so many
 * days, not beyond its issuer. Of the profile, key, issuer, times and serial are filled in here. */
PV_MUST_USE pv_status pv_key_pair_make(pv_profile *profile, const pv_key_pair *issuer, pv_time now,
                                       int days, pv_error *error, pv_key_pair *ret_pair);

/* Writes both, the key first. */
PV_MUST_USE pv_status pv_key_pair_write(const pv_key_pair *pair, const char *folder,
                                        const char *certificate_name, const char *key_name,
                                        pv_file_mode mode, pv_error *error);

/* Reads a certificate and its key and checks that they belong together. The key may lie elsewhere: `key_file`, a path
 * of its own; NULL: beside the certificate. What was read is freed by the caller, also after a refusal. */
PV_MUST_USE pv_status pv_key_pair_read(const char *folder, const char *certificate_name,
                                       const char *key_name, const char *key_file, pv_error *error,
                                       pv_key_pair *ret_pair);

/* Makes the clients' issuing authority of a root, with a name for its trust domain. */
PV_MUST_USE pv_status pv_key_pair_make_issuing(const char *trust_domain, const pv_key_pair *root,
                                               pv_time now, pv_error *error, pv_key_pair *ret_pair);

/* The end of a certificate, and its SHA-256 too. */
pv_time pv_certificate_end(const X509 *certificate);
pv_issuer pv_certificate_summary(const X509 *certificate);

/* Refuses with a sentence and what OpenSSL said. */
pv_status pv_authority_refuse(pv_error *error, const char *what);

#ifdef __cplusplus
}
#endif
#endif
