/* txn.h — the inside of a transaction, shared by storage/txn.c and storage/scan.c. Internal to storage. */
#ifndef PV_STORAGE_TXN_H
#define PV_STORAGE_TXN_H

#include "storage/engine.h"
#include "storage/overlay.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pv_txn {
    pv_store *store;
    pv_engine_view *view; /* the snapshot, or the batch's writer */
    pv_batch *batch;      /* NULL: a read */
    uint64_t revision;
    pv_overlay overlay; /* empty in a read */
    pv_scan *scans;     /* the open ones, newest first; closed with the transaction */
    pv_status failure;  /* not OK: a write was refused, and the call cannot be committed */
};

/* The setting that storage/format.c alone writes. */
#define PV_SETTING_FORMAT "format"

/* Whether a setting is one that the store layer itself writes. */
bool pv_setting_is_own(pv_view name);

/* The arena that the transaction lives in: for what must live as long as it. */
static inline pv_arena *pv_txn_arena(const pv_txn *txn)
{
    return txn->overlay.arena;
}

#ifdef __cplusplus
}
#endif
#endif
