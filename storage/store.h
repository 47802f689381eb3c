/* store.h — the store as everything above it sees it: an ordered map from bytes to bytes with snapshot
 * reads and serialisable writes. Every promise here is one that an optimistic transaction over a network
 * can keep too (LMDB and memory are the engines today), so:
 *   - a handler has no effect before commit and may be run again;
 *   - the outcome of a commit can be unknown (UNAVAILABLE): the request_id row tells on retry;
 *   - the limits below hold on every engine.
 *
 * Reading: a transaction sees one snapshot, plus its own writes (read-your-own-writes, also in scans).
 * Writing: calls are grouped. A batch is one transaction of the engine, made durable by one sync; a pv_txn
 * opened on it is one call's part, one after the other. Its writes stay in an overlay until pv_txn_commit
 * folds them into the batch, so a refused call leaves no trace; later calls of the batch see what earlier
 * ones committed. A call may be answered only after pv_batch_commit returned OK.
 * A write that is refused (a limit, an empty key) refuses its whole call: pv_txn_commit gives the same code
 * again and the batch goes on without it. When the store itself is full the whole batch is lost: commit of
 * the call, every later pv_write_begin and pv_batch_commit say RESOURCE_EXHAUSTED.
 *
 * Threads: a batch and its transactions belong to one thread (the committer) from begin to end. Read
 * transactions may be opened on any thread and used by one at a time; they never wait for the committer.
 * Borrowed memory: a value from pv_txn_get or a scan is valid until the transaction is written to or ends;
 * copy it with pv_arena_dup to keep it. Values may be unaligned.
 * Errors: NOT_FOUND (no such key), INVALID_ARGUMENT (an empty key), RESOURCE_EXHAUSTED (a limit below, or the
 * map is full), DATA_LOSS (the store cannot be read as what it should be). A failed write or sync aborts the process:
 * it restarts and re-reads, because the outcome is not knowable. */
#ifndef PV_STORAGE_STORE_H
#define PV_STORAGE_STORE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_STORE_KEY_MAX = 400, /* bytes, at least 1: LMDB keeps 511, others less beside prefixes */
    PV_STORE_VALUE_MAX = 64 * 1024, /* bytes */
    PV_STORE_BLOCK_MAX = 16360, /* advised for packed blocks: four LMDB pages less their headers */
    PV_STORE_TXN_WRITES_MAX = 20000,         /* keys written by one call */
    PV_STORE_TXN_BYTES_MAX = 8 * 1024 * 1024 /* bytes written by one call */
};

typedef struct pv_store pv_store;
typedef struct pv_batch pv_batch;
typedef struct pv_txn pv_txn;
typedef struct pv_scan pv_scan;

/* Ends the use of the store; no transaction may be open. NULL is permitted. (To open one: storage/lmdb/lmdb.h
 * or storage/memory/memory.h.) */
void pv_store_close(pv_store *store);

/* Opens a snapshot for reading. The transaction lives in `arena`. RESOURCE_EXHAUSTED: too many readers. */
PV_MUST_USE pv_status pv_read_begin(pv_store *store, pv_arena *arena, pv_txn **ret_txn);

/* Opens the engine's write transaction. One at a time per store. */
PV_MUST_USE pv_status pv_batch_begin(pv_store *store, pv_batch **ret_batch);

/* Makes every committed call of the batch durable; frees the batch. Not OK: nothing of it has happened. */
PV_MUST_USE pv_status pv_batch_commit(pv_batch *batch);

/* Drops everything of the batch; frees it. */
void pv_batch_abort(pv_batch *batch);

/* Opens one call's transaction on the batch; its overlay lives in `arena`. */
PV_MUST_USE pv_status pv_write_begin(pv_batch *batch, pv_arena *arena, pv_txn **ret_txn);

/* Folds the overlay into the batch. Ends the transaction, whatever it returns; open scans are closed. */
PV_MUST_USE pv_status pv_txn_commit(pv_txn *txn);

/* Ends a transaction without effect (the only way to end a read); open scans are closed. NULL is permitted. */
void pv_txn_abort(pv_txn *txn);

/* Number of this transaction: larger than that of every transaction whose effects it sees; of a read, that
 * of the newest effect it sees, 0 in a new store. Objects carry it as `revision`. The number of a call that
 * was aborted or wrote nothing is given again. */
uint64_t pv_txn_revision(const pv_txn *txn);

/* Whether the transaction can write. */
bool pv_txn_writes(const pv_txn *txn);

PV_MUST_USE pv_status pv_txn_get(pv_txn *txn, pv_view key, pv_view *ret_value);
PV_MUST_USE pv_status pv_txn_put(pv_txn *txn, pv_view key, pv_view value);

/* Deleting what is not there is OK. */
PV_MUST_USE pv_status pv_txn_delete(pv_txn *txn, pv_view key);

/* What to scan: keys from `from` (included) up to `to` (excluded), in order, or from the end when `reverse`. */
typedef struct pv_range {
    pv_view from;
    pv_view to; /* empty: no upper bound */
    bool reverse;
} pv_range;

/* Range of all keys that begin with `prefix`; the upper bound is made in `arena`. */
PV_MUST_USE pv_status pv_range_of_prefix(pv_arena *arena, pv_view prefix, pv_range *ret_range);

/* Opens a scan in `arena`, which also keeps a copy of the bounds. Writing in the transaction while a scan is
 * open is a programmer error. */
PV_MUST_USE pv_status pv_scan_open(pv_txn *txn, pv_arena *arena, pv_range range,
                                   pv_scan **ret_scan);

/* The next entry; NOT_FOUND at the end. Key and value are borrowed until the next call on the scan. */
PV_MUST_USE pv_status pv_scan_next(pv_scan *scan, pv_view *ret_key, pv_view *ret_value);

/* Ends a scan, before its transaction ends. NULL is permitted. */
void pv_scan_close(pv_scan *scan);

#ifdef __cplusplus
}
#endif
#endif
