/* identity.h — who is at the other end: from the certificate that TLS has verified to the caller's account,
 * user and rights. The certificate's row in the store decides, not what stands in the certificate: the row is
 * found by the SHA-256 of its DER, and nothing is parsed from names.
 *
 * Cost: rows are read once per certificate and kept with the generation under which they were read; a call
 * compares the generation and the times. pv_identity_changed moves the generation on, so that a revoked
 * certificate, a deactivated user or account, or a lowered grant counts from the next call, also on a
 * connection that is open.
 *
 * Threads: everything may be called on any thread at the same time; the lock is held only to copy a row.
 * Order of refusal: NO_CERTIFICATE, CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED,
 * ACCOUNT_INACTIVE, USER_INACTIVE. */
#ifndef PV_SERVER_IDENTITY_IDENTITY_H
#define PV_SERVER_IDENTITY_IDENTITY_H

#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Certificates kept in memory: as many as the connections a server holds. One more takes another's place. */
enum { PV_IDENTITY_CACHE_MAX = 4096 };

/* Names of the settings that `purvey init` writes (storage/record.h). */
#define PV_SETTING_OPERATOR "operator_account" /* id of the operator's account, as text */
#define PV_SETTING_TRUST_DOMAIN "trust_domain" /* text */
#define PV_SETTING_TOKEN_KEY "token_key" /* 32 random bytes: secret behind page and resume tokens */

typedef struct pv_identity pv_identity;

/* Makes the look-up over an open store that was initialised: FAILED_PRECONDITION (STORE_NOT_INITIALISED)
 * if it was not. The store outlives it. */
PV_MUST_USE pv_status pv_identity_create(pv_store *store, pv_error *error,
                                         pv_identity **ret_identity);

/* NULL is permitted. */
void pv_identity_destroy(pv_identity *identity);

/* The caller behind a peer at this time. `ret_caller` is a copy and lives as long as its owner wants; the
 * rights in it are, for each module, the weaker of the certificate's scope and the user's grant. */
PV_MUST_USE pv_status pv_identity_resolve(pv_identity *identity, const pv_peer *peer, pv_time now,
                                          pv_caller *ret_caller, pv_error *error);

/* Says that an account, user or certificate has changed. Call it after the change is durable and before it is
 * answered. */
void pv_identity_changed(pv_identity *identity);

extern const pv_reason pv_identity_reason_not_initialised;

#ifdef __cplusplus
}
#endif
#endif
