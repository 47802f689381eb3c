/* trust.h — the authority of a running server, read again when its files change: who signs from now on, and whose
 * certificates are accepted no more. Their calls are refused first, then their connections end, and handshakes with
 * what they signed fail (server/front.h).
 *
 * Threads: main's. */
#ifndef PV_SERVER_TRUST_H
#define PV_SERVER_TRUST_H

#include "server/front.h"
#include "server/identity/authority.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed; they outlive it. */
typedef struct trust {
    pv_authority *authority;
    pv_identity *identity;
    front *front;
} trust;

/* Before the first call: refuses what retired authorities have issued. */
void trust_begin(const trust *self);

/* Reads everything again, server certificates too: because somebody says so. */
void trust_reload(const trust *self);

/* Reads again what has changed; every second or so. */
void trust_tick(const trust *self);

#ifdef __cplusplus
}
#endif
#endif
