/* feed.h — each account's event feed: entries numbered 1, 2, 3 ... without a gap, written in the
 * transaction of their cause. The store knows them as bytes.
 * On one writer the number is given at commit order; a distributed engine gives it in a sequencer. */
#ifndef PV_STORAGE_FEED_H
#define PV_STORAGE_FEED_H

#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Number the next entry of the account's feed will get, for the event's own text. */
PV_MUST_USE pv_status pv_feed_next_sequence(pv_txn *txn, pv_id account, uint64_t *ret_sequence);

/* Appends under the number that pv_feed_next_sequence told; another number is a programmer error. */
PV_MUST_USE pv_status pv_feed_append(pv_txn *txn, pv_id account, uint64_t sequence, pv_view entry);

/* Number of the newest entry, 0 if none; and of the oldest kept one. */
PV_MUST_USE pv_status pv_feed_bounds(pv_txn *txn, pv_id account, uint64_t *ret_oldest,
                                     uint64_t *ret_newest);

/* The entry with this number. NOT_FOUND. */
PV_MUST_USE pv_status pv_feed_read(pv_txn *txn, pv_id account, uint64_t sequence,
                                   pv_view *ret_entry);

/* Opens a scan of the entries behind `after`, oldest first. */
PV_MUST_USE pv_status pv_feed_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after,
                                   pv_scan **ret_scan);

/* Number of a scanned entry, from its key. False: the key is of no feed. */
PV_MUST_USE bool pv_feed_sequence(pv_view key, uint64_t *ret_sequence);

#ifdef __cplusplus
}
#endif
#endif
