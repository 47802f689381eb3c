/* prune.h — takes away what is kept for a time only: events, answers to request_ids, audit entries. A sweep
 * looks at all of them once, in bounded steps, each of them one call's part of a batch; how much time lies
 * between the steps is the caller's business. Where a sweep stands is no row: after a restart it begins anew.
 *
 * An account's events and its audit entries lie in the order of time and go from the front, up to the first
 * that stays; the newest of an account always stays, because the number of the next follows from it. So a
 * feed has no gap, and a sweep reads one entry of each account beyond those that go. Answers lie in no order
 * of time: each is looked at.
 * Where entries of a chained audit trail go, the trail remembers the last of them (storage/audit.h), so that what is
 * left can be verified from there.
 * The store knows events and audit entries as bytes: their age is asked of the caller. */
#ifndef PV_STORAGE_PRUNE_H
#define PV_STORAGE_PRUNE_H

#include "base/time.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is kept for a time, in the order of a sweep. */
typedef enum pv_kept {
    PV_KEPT_EVENTS = 0,
    PV_KEPT_ANSWERS = 1,
    PV_KEPT_AUDIT = 2,
    PV_KEPT_COUNT = 3
} pv_kept;

/* Entries that one step looks at: a few milliseconds of the committer's time. */
enum { PV_PRUNE_STEP_MAX = 1000 };

/* What may go. */
typedef struct pv_prune_rule {
    pv_time
        before[PV_KEPT_COUNT]; /* entries made before this may go; zero: all are kept for ever */
    /* When an event or an audit entry (its content) was made. False: it cannot be told, and the entry stays. */
    bool (*time_of)(pv_kept kind, pv_view entry, pv_arena *scratch, pv_time *ret_time);
} pv_prune_rule;

/* Where a sweep stands. Zero-initialise to begin one. */
typedef struct pv_prune_sweep {
    pv_kept kind; /* PV_KEPT_COUNT: the sweep is over */
    uint8_t from[PV_STORE_KEY_MAX];
    size_t from_size;             /* 0: at the first entry of the kind */
    uint64_t gone[PV_KEPT_COUNT]; /* entries deleted so far */
} pv_prune_sweep;

/* Looks at no more than PV_PRUNE_STEP_MAX entries of one kind and deletes those that may go, in a transaction
 * that can write. Memory of the step is the arena's. The sweep moves on only if the result is OK; when the
 * transaction is then not committed, the entries wait for the next sweep. */
PV_MUST_USE pv_status pv_prune_step(pv_txn *txn, pv_arena *arena, const pv_prune_rule *rule,
                                    pv_prune_sweep *sweep);

#ifdef __cplusplus
}
#endif
#endif
