/* held.h — judges the rows that usage keeps beside its objects, for a check of the whole store (storage/check.h):
 * ledgers, record blocks, sums, the sources of contracts. Every block belongs to a report or a contract; the
 * records of a report are numbered 1, 2, 3 ... and are as many, and as many of them valid, as its ledger says;
 * its sums are of as many records and of the same quantity.
 * Threads: one. Memory: of the arena; some hundred bytes for each report. */
#ifndef PV_SERVER_FLOWS_USAGE_HELD_H
#define PV_SERVER_FLOWS_USAGE_HELD_H

#include "base/arena.h"
#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct usage_held usage_held;

/* NULL: the arena has no memory. */
usage_held *usage_held_create(pv_arena *arena);

/* Judges one block; blocks come in the order of owners and numbers, all in one transaction. NULL, or what is
 * wrong, in `arena`. */
const char *usage_held_block(usage_held *held, pv_txn *txn, pv_arena *arena, pv_id owner,
                             uint32_t number, pv_view value);

/* After the last block: the next report of which something is missing, in words; NULL: no more. */
const char *usage_held_missing(usage_held *held, pv_txn *txn, pv_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
