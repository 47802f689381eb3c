/* uses.h — which certificates are used, on the way from the calls to the store: whoever finds a caller notes the use
 * here, in memory, and the committer writes what was noted (storage/record.h, pv_use). A certificate is noted when
 * it is used for the first time and then once in PV_USE_STEP_S, so a call costs a comparison and a certificate
 * at most a row an hour; a crash loses what was noted and not yet written.
 *
 * Threads: any. Bounded: PV_USES_MAX notes wait; one that finds its place taken is noted by a later call. */
#ifndef PV_SERVER_IDENTITY_USES_H
#define PV_SERVER_IDENTITY_USES_H

#include "base/id.h"
#include "base/time.h"
#include "storage/store.h"

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_USES_MAX = 1024,     /* a power of two */
    PV_USE_STEP_S = 3600,   /* a use so soon after the last that was noted is not noted */
    PV_USE_ADDRESS_MAX = 63 /* bytes; what is longer is cut */
};

/* One certificate that was used. */
typedef struct pv_use_note {
    pv_id certificate; /* zero: the place is free */
    pv_time time;
    char peer_address[PV_USE_ADDRESS_MAX + 1];
} pv_use_note;

typedef struct pv_uses {
    pthread_mutex_t lock; /* guards everything */
    size_t count;
    pv_use_note notes[PV_USES_MAX]; /* by the last bytes of the id, which are random */
} pv_uses;

void pv_uses_init(pv_uses *uses);
void pv_uses_deinit(pv_uses *uses);

/* Notes a use. False: another certificate waits in the place. */
bool pv_uses_note(pv_uses *uses, pv_id certificate, pv_time now, const char *peer_address);

/* Whether something waits to be written. */
bool pv_uses_wait(pv_uses *uses);

/* Writes what waits into a write transaction, and forgets it. */
PV_MUST_USE pv_status pv_uses_write(pv_uses *uses, pv_txn *txn);

#ifdef __cplusplus
}
#endif
#endif
