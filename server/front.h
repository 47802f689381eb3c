/* front.h — the edge as purveyd uses it: its settings, the UNIX socket between it and the core, who a connection of the
 * core belongs to, and which connections a change of identities ends.
 *
 * The socket is DATA/run/core.sock, in a folder that only this user may enter. It is named through a descriptor of that
 * folder, because the name of a UNIX socket has at most 107 bytes and DATA may have more.
 *
 * Threads: front_identity_changed and the hook of front_rpc on any thread; all others on main's. */
#ifndef PV_SERVER_FRONT_H
#define PV_SERVER_FRONT_H

#include "server/config.h"
#include "server/edge/edge.h"
#include "server/identity/identity.h"
#include "server/pipeline/pipeline.h"
#include "server/rpc/server.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct front front;

/* Reads certificates and takes the port. `front` lives in the arena; the store, the identity and the pipeline, which is
 * told of refused handshakes, outlive it. */
PV_MUST_USE pv_status front_open(const pv_config *config, pv_arena *arena, pv_store *store,
                                 pv_identity *identity, pv_pipeline *pipeline, pv_error *error,
                                 front **ret_front);

/* What the core needs to be told: where it listens, and who asks. */
const char *front_core_address(const front *self);
pv_rpc_front front_rpc(front *self);

void front_start(front *self); /* once the core serves */
int front_port(const front *self);
int front_enrol_port(const front *self); /* -1: there is no such listener */

/* Certificates are read again: because a file has changed, or because somebody says so. */
void front_reload(front *self);
void front_tick(front *self); /* every second or so */

/* Logs what the edge has counted since the start, if it is not what was logged last. */
void front_log_counts(front *self);

/* After a change of this account's certificates or users, or of itself: ends the connections of
 * those of its certificates that are no longer let in. The zero id: of every account. */
void front_identity_changed(front *self, pv_id account);

void front_drain(front *self);
void front_close(front *self); /* NULL is permitted */

#ifdef __cplusplus
}
#endif
#endif
