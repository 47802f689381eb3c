/* store.h — the store as everything above it sees it: an ordered map from bytes to bytes with snapshot
 * reads and serialisable writes. Every promise here is one that an optimistic transaction over a network
 * can keep too (LMDB and memory are the engines today); tests/unit/storage holds each engine to them.
 *
 * Order. Keys are ordered as memcmp orders them, a key before all longer ones that it begins. A scan gives
 * the keys of a range in that order or backwards, each once, and ends after the range's limit.
 *
 * Reading. A transaction sees one snapshot: all calls committed before it began and durable, nothing
 * later, however long it lives. Reads never wait for the committer and never make a write fail. Keep a
 * snapshot short (seconds, and end it before waiting for a peer): while it lives, what was overwritten
 * since cannot be used again and the store grows. It lives PV_STORE_SNAPSHOT_S on every engine; an engine
 * that ends it then says UNAVAILABLE.
 *
 * Writing. Calls are grouped. A batch is one transaction of the engine, made durable by one sync; a pv_txn
 * opened on it is one call's part, one after the other. A call reads the batch as earlier calls left it,
 * and its own writes before that, also in scans (read-your-own-writes). Its writes stay in an overlay
 * until pv_txn_commit folds them into the batch, so a refused call leaves no trace. The calls of all
 * batches have the effect of running one after the other in the order of their revisions (serialisable:
 * no lost update, no write skew, no phantom). A call may be answered only after pv_batch_commit returned
 * OK. A handler has no effect before that and may be run again; where the outcome of a commit cannot be
 * known (UNAVAILABLE), the row of the request_id tells on retry.
 *
 * Revision. Every call that wrote has a number, one more than the call before it; see pv_txn_revision.
 *
 * Refusals. A write that is refused (a limit, an empty key) refuses its whole call: pv_txn_commit gives the
 * same code again and the batch goes on without it. When the store itself is full the whole batch is lost:
 * commit of the call, every later pv_write_begin and pv_batch_commit say RESOURCE_EXHAUSTED, and the store
 * goes on with what it had.
 *
 * Threads. A batch and its transactions belong to one thread (the committer) from begin to end. Read
 * transactions may be opened on any thread and used by one at a time.
 *
 * Borrowed memory. A value from pv_txn_get is valid until the transaction is written to or ends, a key and a
 * value from a scan until the next call on that scan or its end; copy with pv_arena_dup to keep them.
 * Values may be unaligned. What is handed in is copied, except the bounds in pv_range_of_prefix's range.
 *
 * Errors. Each means one thing wherever it comes from here:
 *   NOT_FOUND           there is no such key; of a scan: it is at its end
 *   INVALID_ARGUMENT    the key is empty
 *   RESOURCE_EXHAUSTED  a limit below is passed, the arena is too small, there are too many snapshots, or
 *                       the store is full
 *   DATA_LOSS           what is stored cannot be what was written
 *   UNAVAILABLE         of pv_batch_commit: the outcome is not known; of a read: the snapshot is too old,
 *                       read again (never from an embedded engine)
 * A failed write or sync aborts the process: it restarts and re-reads, because the outcome is not knowable.
 * A limit or key of the wrong size is the caller's mistake or its peer's; anything else that is against the
 * rules (writing in a read, a second batch, a write under an open scan) is a programmer error and aborts. */
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
    PV_STORE_TXN_WRITES_MAX = 20000,          /* keys written by one call */
    PV_STORE_TXN_BYTES_MAX = 8 * 1024 * 1024, /* bytes of keys and values written by one call */
    PV_STORE_SNAPSHOT_S = 10                  /* seconds that every engine lets a snapshot live */
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

/* The value of a key; an empty value is a value. NOT_FOUND. */
PV_MUST_USE pv_status pv_txn_get(pv_txn *txn, pv_view key, pv_view *ret_value);

/* Sets the value of a key; the last write of a key counts. */
PV_MUST_USE pv_status pv_txn_put(pv_txn *txn, pv_view key, pv_view value);

/* Deleting what is not there is OK. */
PV_MUST_USE pv_status pv_txn_delete(pv_txn *txn, pv_view key);

/* What to scan: keys from `from` (included) up to `to` (excluded), in order, or from the end when `reverse`.
 * Say the limit when it is known: an engine over a network fetches no more. */
typedef struct pv_range {
    pv_view from;
    pv_view to; /* empty: no upper bound */
    bool reverse;
    uint32_t limit; /* entries given at most; 0: all */
} pv_range;

/* Range of all keys that begin with `prefix`; the upper bound is made in `arena`. */
PV_MUST_USE pv_status pv_range_of_prefix(pv_arena *arena, pv_view prefix, pv_range *ret_range);

/* Opens a scan in `arena`, which also keeps a copy of the bounds. Writing in the transaction while a scan is
 * open is a programmer error. */
PV_MUST_USE pv_status pv_scan_open(pv_txn *txn, pv_arena *arena, pv_range range,
                                   pv_scan **ret_scan);

/* The next entry; NOT_FOUND at the end of the range and after its limit, and ever after. */
PV_MUST_USE pv_status pv_scan_next(pv_scan *scan, pv_view *ret_key, pv_view *ret_value);

/* Ends a scan, before its transaction ends. NULL is permitted. */
void pv_scan_close(pv_scan *scan);

#ifdef __cplusplus
}
#endif
#endif
