/* bootstrap.h — the first moment of a platform (`purvey init`): nobody can be asked for rights yet, so the
 * operator's account, its group Administrators, its first user, that user's membership and certificate are written
 * straight into an empty store, together with the settings that every server of the store needs. All in one
 * transaction; each object has its audit entry, under the method name "init". No events: nobody could watch. */
#ifndef PV_SERVER_IDENTITY_BOOTSTRAP_H
#define PV_SERVER_IDENTITY_BOOTSTRAP_H

#include "base/id.h"
#include "server/identity/signer.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_reason pv_bootstrap_reason_initialised;

/* What to begin with. Texts are 1 to 64 characters (name: 128) and were checked by the caller. */
typedef struct pv_bootstrap_options {
    const char *trust_domain;  /* that of the authority */
    const char *operator_name; /* of the company */
    const char *user_name;     /* of the first administrator */
    const char *user_email;    /* "" if none */
    pv_view csr;               /* signing request for the administrator's key */
    uint32_t lifetime_days;    /* of the certificate, 1 to 398 */
    pv_time now;
    pv_id_source *ids;
} pv_bootstrap_options;

/* What was made, in the arena. */
typedef struct pv_bootstrapped {
    const char *account_id;
    const char *user_id;
    const char *membership_id;
    const char *certificate_id;
    const char *certificate_pem;
    const char *chain_pem;
} pv_bootstrapped;

/* Begins a platform. The user is in the group Administrators, and the certificate carries all its rights. Refuses with
 * STORE_INITIALISED when the store has an operator already, and with the signer's reasons; then nothing was
 * written. */
PV_MUST_USE pv_status pv_bootstrap(pv_store *store, const pv_signer *signer,
                                   const pv_bootstrap_options *options, pv_arena *arena,
                                   pv_error *error, pv_bootstrapped *ret_made);

/* Lets an administrator of the operator in again, with a certificate for the key of options->csr, where nobody of the
 * operator can call any more: certificates were lost, have ended, or were issued by an authority that is refused. The
 * store is not served meanwhile. Of the options, csr, lifetime_days, now and ids are looked at. FAILED_PRECONDITION:
 * the store has no operator, or the operator no administrator who may call; and the signer's reasons. */
PV_MUST_USE pv_status pv_bootstrap_admit(pv_store *store, const pv_signer *signer,
                                         const pv_bootstrap_options *options, pv_arena *arena,
                                         pv_error *error, pv_bootstrapped *ret_made);

#ifdef __cplusplus
}
#endif
#endif
