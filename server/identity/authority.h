/* authority.h — the certificate authority of the platform: its keys and certificates are files in one folder,
 * made offline by pv_authority_init; a running server loads the issuing part and signs client certificates
 * from our template alone. Another issuing authority takes over from it now and then (rotation.h).
 *
 *   root.pem        trusted by purveyd for its clients       root.key       not needed by a server: keep it offline
 *   issuing.pem     signs client certificates                issuing.key
 *   retired.pem     issuing authorities of which nothing is accepted any more; may be missing
 *   server-ca.pem   trusted by clients for purveyd           server-ca.key  needed to renew server.pem only
 *   server.pem      certificate of purveyd                   server.key
 *
 * All keys are ECDSA P-256. Key files have mode 0600, and a key that others may read is refused. Two roots, so
 * that trusting the one can never admit a certificate of the other side.
 * Lifetimes: roots ten years, issuing authority five, server certificate 397 days (what common TLS clients
 * still accept of a server). Certificates begin an hour before they are made, for clocks that are behind.
 *
 * Threads: init and renewal are single-threaded; a loaded authority signs on any thread, and is loaded again by one.
 * Memory: the authority lives in the arena it was loaded into, and is closed before that arena ends.
 * Reasons: AUTHORITY_FILES (a file is missing, exists already, or cannot be read or written; the message names
 * it), and those of pv_signer. */
#ifndef PV_SERVER_IDENTITY_AUTHORITY_H
#define PV_SERVER_IDENTITY_AUTHORITY_H

#include "server/identity/signer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PV_AUTHORITY_ROOT "root.pem"
#define PV_AUTHORITY_ROOT_KEY "root.key"
#define PV_AUTHORITY_ISSUING "issuing.pem"
#define PV_AUTHORITY_ISSUING_KEY "issuing.key"
#define PV_AUTHORITY_RETIRED "retired.pem"
#define PV_AUTHORITY_SERVER_ROOT "server-ca.pem"
#define PV_AUTHORITY_SERVER_ROOT_KEY "server-ca.key"
#define PV_AUTHORITY_SERVER "server.pem"
#define PV_AUTHORITY_SERVER_KEY "server.key"

/* Characters of a trust domain; keeps the URI name of a certificate below 255 bytes. */
enum { PV_TRUST_DOMAIN_MAX = 100, PV_HOSTS_MAX = 32 };

extern const pv_reason pv_authority_reason_files;

typedef struct pv_authority pv_authority;

/* What to make. */
typedef struct pv_authority_options {
    const char *folder; /* made with mode 0700 if it is not there; must hold none of the files */
    const char *
        trust_domain; /* as in spiffe://<trust domain>/...: lower case letters, digits, '.' and '-' */
    const char *const
        *hosts; /* DNS names and IP addresses of purveyd, beside localhost, 127.0.0.1 and ::1 */
    size_t host_count; /* at most PV_HOSTS_MAX */
    pv_time now;
    /* Where the key lies that signs what is made (root.key, server-ca.key); NULL: in the folder. */
    const char *key_file;
} pv_authority_options;

/* Makes all the files. When it fails half-way the files made so far stay, and the folder must be emptied:
 * a key is never written over. */
PV_MUST_USE pv_status pv_authority_init(const pv_authority_options *options, pv_error *error);

/* Makes a new key and certificate for purveyd from server-ca.key, in place of the old ones, for the hosts of the
 * options, or for those of the old certificate if there are none. `trust_domain` is not looked at. */
PV_MUST_USE pv_status pv_authority_renew_server(const pv_authority_options *options,
                                                pv_error *error);

/* Goes on with a renewal that died between its two files. For a server before it reads them. */
PV_MUST_USE pv_status pv_authority_settle(const char *folder, pv_error *error);

/* Loads what signs client certificates (root.pem, and the issuing authorities with their keys) and checks that they
 * belong together. */
PV_MUST_USE pv_status pv_authority_load(const char *folder, pv_arena *arena, pv_error *error,
                                        pv_authority **ret_authority);

/* Loads it again, from the same folder: what is signed from now on is signed as the files say. On failure, and if the
 * trust domain is another, everything stays as it was. */
PV_MUST_USE pv_status pv_authority_reload(pv_authority *authority, pv_error *error);

/* Whether files have changed since it was last loaded (well or not). On the thread that loads it. */
bool pv_authority_files_changed(const pv_authority *authority);

/* SHA-256 and end of one of the folder's certificates, by its file's name. */
PV_MUST_USE pv_status pv_authority_certificate(const char *folder, const char *name,
                                               pv_error *error, pv_issuer *ret_certificate);

/* The issuing authorities of which nothing is accepted any more. */
size_t pv_authority_refused(pv_authority *authority, pv_issuer ret_issuers[PV_ISSUERS_REFUSED_MAX]);

/* SHA-256 of server-ca.pem (DER): by it a client that knows nothing else can tell this service's certificate. */
PV_MUST_USE pv_status pv_authority_server_root(const char *folder,
                                               uint8_t ret_sha256[PV_SHA256_SIZE], pv_error *error);

/* Frees the keys. NULL is permitted. */
void pv_authority_close(pv_authority *authority);

/* The trust domain, as the issuing certificate is bound to it. Lives with the authority. */
const char *pv_authority_trust_domain(const pv_authority *authority);

/* Signs; see pv_signer.sign. */
PV_MUST_USE pv_status pv_authority_sign(pv_authority *authority, const pv_signing *signing,
                                        pv_arena *arena, pv_signed *ret_signed, pv_error *error);

/* The authority as flows see it (pv_context.authority). Lives with the authority. */
const pv_signer *pv_authority_signer(const pv_authority *authority);

#ifdef __cplusplus
}
#endif
#endif
