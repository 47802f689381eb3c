/* issued.h — holds certificates against the audit trail, for a check of the whole store (storage/check.h): every
 * certificate's row has the entry of its making in a trail, unless retention has taken that, and every such entry has
 * its row, unless an entry says that it was deleted.
 * Threads: one. Memory: of the arena; some forty bytes for each certificate. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_ISSUED_H
#define PV_SERVER_FLOWS_ACCOUNT_ISSUED_H

#include "base/arena.h"
#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct issued issued;

/* NULL: the arena has no memory. */
issued *issued_create(pv_arena *arena);

/* Takes in the content of one audit entry; entries come account by account in their order. NULL, or what is wrong. */
const char *issued_entry(issued *self, pv_arena *arena, pv_id account, pv_view content);

/* After the last entry: the next certificate or entry that has no counterpart, in words; NULL: no more. */
const char *issued_missing(issued *self, pv_txn *txn);

#ifdef __cplusplus
}
#endif
#endif
