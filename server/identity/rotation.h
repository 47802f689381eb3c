/* rotation.h — how an authority that issues clients' certificates takes over from another, without a call that fails:
 *
 *   prepare    makes the next one with root.key. Clients and servers trust the root, so what it signs is accepted from
 *              now on; it signs nothing yet.
 *   activate   it signs from now on. What the one before has signed is accepted as before.
 *   retire     nothing that it signed is accepted any more: when its last certificate has ended, or at once, because
 *              its key is in other hands. Its key is removed.
 *
 * All work on files alone, beside a running server, which reads them again (pv_authority_reload); root.key may lie on
 * another medium. One process at a time holds the folder; each step is one rename (issuers.h).
 *
 * Threads: one at a time. Reasons: AUTHORITY_FILES. */
#ifndef PV_SERVER_IDENTITY_ROTATION_H
#define PV_SERVER_IDENTITY_ROTATION_H

#include "server/identity/authority.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Issuing authorities in a folder, retired ones included. */
enum { PV_ISSUERS_MAX = PV_ISSUERS_REFUSED_MAX + 16 };

typedef enum pv_issuing_state {
    PV_ISSUING_ACTIVE = 0,   /* signs */
    PV_ISSUING_PREPARED = 1, /* will sign */
    PV_ISSUING_RETIRING = 2, /* signed before; what it signed is accepted */
    PV_ISSUING_RETIRED = 3   /* nothing that it signed is accepted */
} pv_issuing_state;

/* One of them. */
typedef struct pv_issuing_info {
    pv_issuer issuer;
    pv_issuing_state state;
    bool has_key;
} pv_issuing_info;

/* Lists them, in the arena; ACTIVE first, or none if it was retired. */
PV_MUST_USE pv_status pv_authority_list(const char *folder, pv_arena *arena, pv_error *error,
                                        const pv_issuing_info **ret_list, size_t *ret_count);

/* Makes the next one. Of the options `folder`, `key_file` (of root.key) and `now` are looked at. Refuses if there is a
 * prepared one already. */
PV_MUST_USE pv_status pv_authority_prepare(const pv_authority_options *options, pv_error *error,
                                           pv_issuer *ret_issuer);

/* Lets the prepared one sign. */
PV_MUST_USE pv_status pv_authority_activate(const char *folder, pv_time now, pv_error *error,
                                            pv_issuer *ret_issuer);

/* Retires the one with this SHA-256; one that is retired already stays so. Refuses the active one unless `compromised`:
 * then the prepared one, if there is any, takes over; else nobody signs until another is prepared and activated.
 * Whether certificates of it still live is the caller's to ask. */
PV_MUST_USE pv_status pv_authority_retire(const char *folder, const uint8_t sha256[PV_SHA256_SIZE],
                                          bool compromised, pv_time now, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
