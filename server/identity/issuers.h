/* issuers.h — the authorities that issue clients' certificates, as they stand in the folder. Internal to
 * server/identity.
 *
 *   issuing.pem            signs now
 *   issuing-next.pem       prepared: signs once it is activated
 *   issuing-XXXX.pem       signed before, and still is accepted; XXXX: the first 16 digits of its SHA-256
 *   issuing-XXXX.key       the key of the authority with this SHA-256, wherever its certificate stands; issuing.key is
 *                          that of the first, as `purvey init` made it
 *   retired.pem            those of which nothing is accepted any more
 * Every step of a rotation is one rename: whenever a process dies, the folder says one thing or the other. */
#ifndef PV_SERVER_IDENTITY_ISSUERS_H
#define PV_SERVER_IDENTITY_ISSUERS_H

#include "server/identity/key_pair.h"
#include "server/identity/rotation.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PV_ISSUERS_NEXT "issuing-next.pem"

enum { PV_ISSUER_FILE_SIZE = 32 };

/* One of them. */
typedef struct pv_issuing {
    pv_issuing_info info;
    pv_key_pair pair; /* the key is NULL if it is not in the folder */
} pv_issuing;

typedef struct pv_issuers {
    X509 *root;
    const char *trust_domain; /* in the arena */
    pv_issuing list[PV_ISSUERS_MAX];
    size_t count;
    STACK_OF(X509) * retired; /* what stands in retired.pem */
} pv_issuers;

/* Reads all of them, in the order above, and checks that they belong together: keys to certificates, certificates to
 * the root, all to one trust domain. What was read is freed by the caller, also after a refusal. */
PV_MUST_USE pv_status pv_issuers_read(const char *folder, pv_arena *arena, pv_error *error,
                                      pv_issuers *ret_issuers);
void pv_issuers_free(pv_issuers *issuers);

/* The one in this state; NULL: none. */
const pv_issuing *pv_issuers_in(const pv_issuers *issuers, pv_issuing_state state);
/* The one with this digest; NULL: none. */
const pv_issuing *pv_issuers_find(const pv_issuers *issuers, const uint8_t sha256[PV_SHA256_SIZE]);

/* "issuing-XXXX.pem", or with another suffix. */
void pv_issuer_file(const pv_issuer *issuer, const char *suffix,
                    char ret_name[PV_ISSUER_FILE_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
