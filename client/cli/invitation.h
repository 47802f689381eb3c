/* invitation.h — the one text that somebody who is invited is handed: a secret, a point, and the beginning of the
 * SHA-256 of the certificate (DER) of the service's root in hexadecimal digits. With the second part whoever knows
 * nothing of the service can tell it before the first part is said. */
#ifndef PV_CLIENT_CLI_INVITATION_H
#define PV_CLIENT_CLI_INVITATION_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_FINGERPRINT_SIZE = 16, PV_INVITATION_BYTES_MAX = 1024 };

typedef struct pv_invitation {
    const char *secret; /* in the arena */
    uint8_t fingerprint[PV_FINGERPRINT_SIZE];
} pv_invitation;

/* Takes the text apart; space around it does not count. False: it is not whole. */
PV_MUST_USE bool pv_invitation_parse(pv_arena *arena, const char *text,
                                     pv_invitation *ret_invitation);

#ifdef __cplusplus
}
#endif
#endif
