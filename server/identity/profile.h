/* profile.h — what the certificates of this service look like: five profiles, nothing else can be made.
 * Internal to server/identity.
 *
 *   ROOT         self-signed, CA, path length 1                        trusted by purveyd for its clients
 *   ISSUING      by ROOT, CA, path length 0, client authentication only, may name only URIs of the trust domain
 *   CLIENT       by ISSUING, no CA, client authentication only, one URI name
 *   SERVER_ROOT  self-signed, CA, path length 0                        trusted by clients
 *   SERVER       by SERVER_ROOT, no CA, server authentication only, DNS names and IP addresses
 * Two roots, so that trusting one can never admit a certificate of the other side.
 * All have a subject key identifier, those not self-signed an authority key identifier. */
#ifndef PV_SERVER_IDENTITY_PROFILE_H
#define PV_SERVER_IDENTITY_PROFILE_H

#include "base/time.h"
#include "server/identity/signer.h"

#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pv_profile_kind {
    PV_PROFILE_ROOT = 0,
    PV_PROFILE_ISSUING = 1,
    PV_PROFILE_CLIENT = 2,
    PV_PROFILE_SERVER_ROOT = 3,
    PV_PROFILE_SERVER = 4
} pv_profile_kind;

typedef struct pv_profile {
    pv_profile_kind kind;
    const char *common_name;
    EVP_PKEY *key;        /* that is certified; for the roots also the one that signs */
    X509 *issuer;         /* NULL for the roots */
    EVP_PKEY *issuer_key; /* NULL for the roots */
    pv_time not_before;   /* whole seconds */
    pv_time not_after;
    uint8_t serial[PV_SERIAL_SIZE];
    const char *trust_domain; /* ISSUING */
    const char *uri;          /* CLIENT */
    const char *const *hosts; /* SERVER: DNS names and IP addresses */
    size_t host_count;
} pv_profile;

/* Whether the text is a name that can stand in a certificate, of a host or the trust domain: labels of lower case
 * letters, digits and '-', joined by '.'. */
bool pv_profile_is_name(const char *text, size_t size_max);

/* Whether the text is an IPv4 or IPv6 address. */
bool pv_profile_is_address(const char *text);

/* Makes and signs the certificate, and checks the signature. NULL when OpenSSL refuses. Free with X509_free. */
X509 *pv_profile_make(const pv_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
