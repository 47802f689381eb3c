/* audit.h — each account's audit trail as the store knows it: entries as bytes, in the order of the revisions that
 * made them, chained by hashes (base/chain.h), and one row per account that says where the chain ends and, when
 * retention has taken entries from the front, behind which entry what is left begins.
 *
 * An entry's row: a zero byte (no message begins with one), number (8, big endian), hash (32), the hash before it
 * (32), and the content: a packed purvey.audit.v1.AuditEntry, which says its own number. Entries that were written
 * before there were chains are the message alone; a chain begins with number 1 behind them.
 *
 * Whoever appends reads and writes the account's head: calls that write into one account's trail come one after the
 * other, on every engine, as those that write into one feed do. There is no counter beyond the account. */
#ifndef PV_STORAGE_AUDIT_H
#define PV_STORAGE_AUDIT_H

#include "base/chain.h"
#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of an account's trail beside its entries. All zero: there is none. */
typedef struct pv_trail {
    pv_chain_mark head;   /* the newest entry */
    pv_chain_mark anchor; /* the newest of those that are not kept any more; zero: all are kept */
    uint64_t revision;    /* of the newest entry's key */
    uint32_t part;
} pv_trail;

/* An entry's row, taken apart. Borrowed. */
typedef struct pv_audit_row {
    uint64_t revision; /* of the transaction that made it */
    uint32_t part;     /* 0, 1, ... within it */
    bool chained;      /* false: made before there were chains; `link` has the content alone */
    pv_chain_link link;
} pv_audit_row;

/* Where the account's trail stands. */
PV_MUST_USE pv_status pv_audit_open(pv_txn *txn, pv_id account, pv_trail *ret_trail);

/* Appends an entry whose content says the number behind trail->head, and moves the trail on. */
PV_MUST_USE pv_status pv_audit_append(pv_txn *txn, pv_id account, pv_trail *trail, pv_view content);

/* Says that the entries up to this one are not kept any more: for retention (storage/prune.h), which deletes them in
 * the same transaction. */
PV_MUST_USE pv_status pv_audit_set_anchor(pv_txn *txn, pv_id account, const pv_chain_mark *anchor);

/* Opens a scan of the account's entries in their order, from this place on (included), or in the opposite order, from
 * below this place. */
PV_MUST_USE pv_status pv_audit_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t revision,
                                    uint32_t part, bool backwards, pv_scan **ret_scan);

/* Takes a scanned row apart. False: it is no audit entry. */
PV_MUST_USE bool pv_audit_read(pv_view key, pv_view value, pv_audit_row *ret_row);

/* Reads the row of a trail. False: it is none. */
PV_MUST_USE bool pv_audit_read_trail(pv_view value, pv_trail *ret_trail);

/* Finds by bisection a place (revision, part 0) at or before the first entry that is not `before`, in a trail whose
 * entries are first all `before` and then all not. From there on a scan skips only entries of one transaction. */
PV_MUST_USE pv_status pv_audit_seek(pv_txn *txn, pv_arena *arena, pv_id account,
                                    bool (*before)(void *context, const pv_audit_row *row),
                                    void *context, uint64_t *ret_revision);

#ifdef __cplusplus
}
#endif
#endif
