/* identity.h — who is at the other end: from the certificate that TLS has verified to the caller's account,
 * user and rights. The certificate's row in the store decides, not what stands in the certificate: the row is
 * found by the SHA-256 of its DER, and nothing is parsed from names.
 *
 * A certificate is bound to one membership, that is to one user in one account; the rights of a caller are those of
 * the member's groups together, cut by the scopes of the certificate.
 *
 * Cost: rows are read once per certificate and kept with the generation under which they were read; a call
 * compares the generation and the times. Whoever changes an account, user, membership, group or certificate says so
 * before (pv_identity_changing) and after it is durable (pv_identity_changed), which moves the generation on, so that a
 * revoked certificate, a removed member or a lowered right counts from the next call, also on a connection
 * that is open.
 *
 * Rights and data are of one moment: a caller is admitted before its transaction is opened, and what it may do could
 * change in between. pv_identity_confirm closes the gap: it compares the generation again inside the transaction, and
 * reads the rows in it if they could have changed.
 *
 * Uses of certificates are noted on the way (uses.h): a peer without an address is nobody's call, and is not noted.
 *
 * Threads: everything may be called on any thread at the same time; the lock is held only to copy a row.
 * A certificate that was renewed is superseded some days after the first use of the new one (PV_OVERLAP_S), by the time
 * alone: the rows are read anew once an hour until that use is known.
 *
 * Order of refusal: NO_CERTIFICATE, CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_ISSUER_REFUSED,
 * CERTIFICATE_EXPIRED, CERTIFICATE_SUPERSEDED, ACCOUNT_INACTIVE, USER_INACTIVE, MEMBERSHIP_ENDED. */
#ifndef PV_SERVER_IDENTITY_IDENTITY_H
#define PV_SERVER_IDENTITY_IDENTITY_H

#include "server/flows/flow.h"
#include "server/identity/signer.h"

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
 * rights in it are, for each module, the weaker of the certificate's scope and the member's rights. */
PV_MUST_USE pv_status pv_identity_resolve(pv_identity *identity, const pv_peer *peer, pv_time now,
                                          pv_caller *ret_caller, pv_error *error);

/* Makes sure that what was resolved is what the rows say in `txn`, a snapshot or write transaction of the same store
 * opened since; if not, `caller` is what they say now. `changed`: the transaction stands on changes that nobody has
 * announced yet, those of earlier calls of its batch. Reasons as above. */
PV_MUST_USE pv_status pv_identity_confirm(pv_identity *identity, pv_txn *txn, bool changed,
                                          const pv_peer *peer, pv_time now, pv_caller *caller,
                                          pv_error *error);

/* Whose certificate has this SHA-256, whatever its state, as its row says in a transaction of the same store: of
 * `ret_owner` account, user, membership and certificate are set, and no right. Memory is taken from `arena`.
 * NOT_FOUND. */
PV_MUST_USE pv_status pv_identity_find(const pv_identity *identity, pv_txn *txn,
                                       const uint8_t sha256[32], pv_arena *arena,
                                       pv_caller *ret_owner);

/* Announces that an account, user, membership, group or certificate is about to change: between the two nothing that
 * is kept counts. Call the first before the change can be seen by a reader, the second when it is durable and
 * before it is answered; in pairs, by one thread. */
void pv_identity_changing(pv_identity *identity);
void pv_identity_changed(pv_identity *identity);

/* From the next call on, refuses every certificate that one of these authorities has issued, and of others none: the
 * list takes the place of the one before. At most PV_ISSUERS_REFUSED_MAX. A certificate whose row does not say its
 * issuer (of an older release) counts as issued by one of them. */
void pv_identity_refuse_issuers(pv_identity *identity, const pv_issuer *issuers, size_t count);

/* The account of the platform's operator. */
pv_id pv_identity_operator(const pv_identity *identity);

/* Whether uses of certificates wait to be written, and writes them. For the committer. */
bool pv_identity_uses_wait(pv_identity *identity);
PV_MUST_USE pv_status pv_identity_write_uses(pv_identity *identity, pv_txn *txn);

extern const pv_reason pv_identity_reason_not_initialised;

#ifdef __cplusplus
}
#endif
#endif
