/* credentials.h — the keys and certificates of a profile, in a folder of its own beside the file of the profiles:
 *
 *     profiles/acme/current -> 2            the pair in use; other programs may use it by this name
 *     profiles/acme/2/key.pem               private key, mode 0600, made here
 *     profiles/acme/2/certificate.pem       its certificate and that of the authority behind it
 *     profiles/acme/2/server-ca.pem         the service's root
 *     profiles/acme/1/...                   the pair before, until the next one comes
 *     profiles/acme/3/key.pem, request.pem  a pair that is being made: request.pem is what is asked to be certified
 *
 * A new pair is made in four steps, each of which can be repeated after a crash: begin (key and request), complete (the
 * certificate), use (the link is replaced, which is one instant for every reader), finish. Until it is finished, begin
 * gives the same pair again, so that the same request is sent again.
 *
 * Memory: texts live in the arena. Threads: one. While it is open the folder is locked against other commands.
 * Root and certificates may be read by everybody, but nobody else can enter the folder.
 * Reasons: FILE_UNWRITTEN, those of keys.h and keypair.h. */
#ifndef PV_CLIENT_CLI_CREDENTIALS_H
#define PV_CLIENT_CLI_CREDENTIALS_H

#include "base/digest.h"
#include "client/cli/config.h"
#include "client/cli/keypair.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_credentials {
    pv_arena *arena;
    const char *name;   /* of the profile */
    const char *folder; /* profiles/NAME, as it can be opened */
    int lock;           /* -1: not open */
} pv_credentials;

/* One pair of the folder. */
typedef struct pv_credential {
    unsigned number;
    const char *certificate_path;
    const char *key_path;
    const char *ca_path;
    char *csr_pem; /* of one that is being made; else NULL */
} pv_credential;

/* Makes the folder if it is not there, and waits for the lock. Close it in any case. */
PV_MUST_USE pv_status pv_credentials_open(pv_credentials *self, pv_arena *arena,
                                          const pv_config *config, const char *name,
                                          pv_error *error);
void pv_credentials_close(pv_credentials *self);

/* The pair that is being made: that of an earlier attempt if there is one, else a new one. */
PV_MUST_USE pv_status pv_credentials_begin(const pv_credentials *self, pv_error *error,
                                           pv_credential *ret_made);

/* True if the pair in use has not been finished. */
bool pv_credentials_are_unfinished(const pv_credentials *self);

/* Finishes it, so that begin gives a new one. */
PV_MUST_USE pv_status pv_credentials_settle(const pv_credentials *self, pv_error *error);

/* Keeps the service's root with the pair. */
PV_MUST_USE pv_status pv_credentials_trust(const pv_credential *made, const char *pem,
                                           pv_error *error);

/* A request_id that is the same whenever the same request is sent with the same text. */
void pv_credentials_request_id(const pv_credential *made, const char *text,
                               char ret_id[PV_UUID_TEXT_SIZE]);

/* Keeps the certificate and what stands behind it, and holds it against the key. */
PV_MUST_USE pv_status pv_credentials_complete(const pv_credentials *self, const pv_credential *made,
                                              const char *certificate_pem, const char *chain_pem,
                                              pv_error *error, pv_keypair *ret_pair);

/* A copy of a pair that was made elsewhere, as the newest one. */
PV_MUST_USE pv_status pv_credentials_take(const pv_credentials *self, const char *key_pem,
                                          const char *certificate_pem, pv_error *error,
                                          pv_credential *ret_made);

/* Makes it the pair in use. */
PV_MUST_USE pv_status pv_credentials_use(const pv_credentials *self, const pv_credential *made,
                                         pv_error *error);

/* The pair is made: its request is removed, and with it the pairs older than the one before. */
PV_MUST_USE pv_status pv_credentials_finish(const pv_credentials *self, const pv_credential *made,
                                            pv_error *error);

/* Removes a pair that is being made: it can be of no use any more. */
PV_MUST_USE pv_status pv_credentials_drop(const pv_credentials *self, const pv_credential *made,
                                          pv_error *error);

/* Removes the folder with everything in it, keys too. */
PV_MUST_USE pv_status pv_credentials_erase(pv_credentials *self, pv_error *error);

/* Puts the name and the paths of the pair in use into a profile, relative to the file of the profiles. */
void pv_credentials_fill(const pv_credentials *self, pv_profile *profile);

/* The same with those of one pair, as they can be opened. */
void pv_credentials_show(const pv_credential *made, pv_profile *profile);

/* True if the profile's certificate and key are those of its folder: only these can be renewed here. */
bool pv_credentials_hold(const pv_credentials *self, const pv_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
