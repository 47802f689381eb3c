/* record.h — rows that are no objects: replayed answers, packed blocks, uses, small settings.
 * Keys are built in storage/keys.c and nowhere else. */
#ifndef PV_STORAGE_RECORD_H
#define PV_STORAGE_RECORD_H

#include "base/id.h"
#include "base/time.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The stored outcome of a request_id: scoped to account, user and method path. RESOURCE_EXHAUSTED: method
 * and request_id together pass about 360 bytes, or the answer PV_STORE_VALUE_MAX less 8. */
PV_MUST_USE pv_status pv_replay_get(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                                    pv_view request_id, pv_view *ret_answer);
PV_MUST_USE pv_status pv_replay_put(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                                    pv_view request_id, pv_time now, pv_view answer);

/* When a stored outcome was given, from its row as a scan shows it. */
PV_MUST_USE bool pv_replay_time(pv_view row, pv_time *ret_time);

/* Packed blocks of an owner object (a usage report): numbered, at most PV_STORE_BLOCK_MAX bytes advised. */
PV_MUST_USE pv_status pv_block_put(pv_txn *txn, pv_id owner, uint32_t number, pv_view block);
PV_MUST_USE pv_status pv_block_get(pv_txn *txn, pv_id owner, uint32_t number, pv_view *ret_block);
PV_MUST_USE pv_status pv_block_scan(pv_txn *txn, pv_arena *arena, pv_id owner, uint32_t from,
                                    pv_scan **ret_scan);
/* Number in the key of a scanned block. */
PV_MUST_USE bool pv_block_number(pv_view key, uint32_t *ret_number);
/* Deletes at most `limit` blocks; ret_more tells whether some are left. */
PV_MUST_USE pv_status pv_block_delete(pv_txn *txn, pv_arena *arena, pv_id owner, uint32_t limit,
                                      bool *ret_more);

/* A set of 128-bit digests per owner with a small value: which usage records a contract has seen. */
PV_MUST_USE pv_status pv_digest_get(pv_txn *txn, pv_id owner, const uint8_t digest[16],
                                    pv_view *ret_value);
PV_MUST_USE pv_status pv_digest_put(pv_txn *txn, pv_id owner, const uint8_t digest[16],
                                    pv_view value);

/* When an object (a certificate) was used: a row beside its own, so that noting it changes neither etag nor revision.
 * The first use stays what it was. */
typedef struct pv_use {
    pv_time first;
    pv_time last;
    pv_view peer_address; /* of the last */
} pv_use;

/* NOT_FOUND: it was never used. */
PV_MUST_USE pv_status pv_use_get(pv_txn *txn, pv_id object, pv_use *ret_use);
/* Notes a use; one that is older than the last that was noted changes nothing. */
PV_MUST_USE pv_status pv_use_put(pv_txn *txn, pv_id object, pv_time now, const char *peer_address);
/* A row as a scan shows it. False: it is none. */
PV_MUST_USE bool pv_use_read(pv_view row, pv_use *ret_use);

/* A named value of the store itself: trust domain, token key. The names "format" and "revision" are the
 * store layer's own: to put them is a programmer error. */
PV_MUST_USE pv_status pv_setting_get(pv_txn *txn, const char *name, pv_view *ret_value);
PV_MUST_USE pv_status pv_setting_put(pv_txn *txn, const char *name, pv_view value);

#ifdef __cplusplus
}
#endif
#endif
