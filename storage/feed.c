#include "storage/feed.h"

#include "storage/keys.h"
#include "storage/txn.h"

/* The number of the last entry is the number of the newest: there is no counter beside the entries, so that
 * an append touches one page. Whoever trims a feed must therefore leave its newest entry. */

/* Key of the first or the last entry. NOT_FOUND: the feed is empty. */
static pv_status read_end(pv_txn *txn, pv_id account, bool last, uint64_t *ret_sequence)
{
    pv_arena *arena = pv_txn_arena(txn);
    pv_key prefix = pv_key_prefix_feed(account);
    pv_range range;
    PV_TRY(pv_range_of_prefix(arena, pv_key_view(&prefix), &range));
    range.reverse = last;
    range.limit = 1;
    pv_scan *scan = NULL;
    PV_TRY(pv_scan_open(txn, arena, range, &scan));
    pv_view key, entry;
    pv_status status = pv_scan_next(scan, &key, &entry);
    if (pv_is_ok(status) && !pv_key_read_feed(key, ret_sequence)) {
        status = pv_status_of(PV_CODE_DATA_LOSS);
    }
    pv_scan_close(scan);
    return status;
}

static pv_status read_end_or_zero(pv_txn *txn, pv_id account, bool last, uint64_t *ret_sequence)
{
    uint64_t sequence = 0;
    pv_status status = read_end(txn, account, last, &sequence);
    if (status.code != PV_CODE_NOT_FOUND) { PV_TRY(status); }
    *ret_sequence = sequence;
    return pv_ok();
}

pv_status pv_feed_next_sequence(pv_txn *txn, pv_id account, uint64_t *ret_sequence)
{
    uint64_t newest;
    PV_TRY(read_end_or_zero(txn, account, true, &newest));
    *ret_sequence = newest + 1;
    return pv_ok();
}

/* Whether the number follows the newest entry's. */
static pv_status check_next(pv_txn *txn, pv_id account, uint64_t sequence, bool *ret_next)
{
    pv_view entry;
    pv_status status = pv_feed_read(txn, account, sequence, &entry);
    *ret_next = status.code == PV_CODE_NOT_FOUND;
    if (!*ret_next) { return status; }
    if (sequence == 1) { return pv_ok(); }
    status = pv_feed_read(txn, account, sequence - 1, &entry);
    *ret_next = pv_is_ok(status);
    return status.code == PV_CODE_NOT_FOUND ? pv_ok() : status;
}

pv_status pv_feed_append(pv_txn *txn, pv_id account, uint64_t sequence, pv_view entry)
{
    bool next;
    PV_TRY(check_next(txn, account, sequence, &next));
    PV_ASSERT(next);
    pv_key key = pv_key_of_feed(account, sequence);
    return pv_txn_put(txn, pv_key_view(&key), entry);
}

pv_status pv_feed_bounds(pv_txn *txn, pv_id account, uint64_t *ret_oldest, uint64_t *ret_newest)
{
    uint64_t oldest, newest;
    PV_TRY(read_end_or_zero(txn, account, false, &oldest));
    PV_TRY(read_end_or_zero(txn, account, true, &newest));
    *ret_oldest = oldest;
    *ret_newest = newest;
    return pv_ok();
}

pv_status pv_feed_read(pv_txn *txn, pv_id account, uint64_t sequence, pv_view *ret_entry)
{
    pv_key key = pv_key_of_feed(account, sequence);
    return pv_txn_get(txn, pv_key_view(&key), ret_entry);
}

pv_status pv_feed_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after,
                       pv_scan **ret_scan)
{
    pv_key prefix = pv_key_prefix_feed(account);
    pv_range range;
    PV_TRY(pv_range_of_prefix(arena, pv_key_view(&prefix), &range));
    pv_key from = pv_key_of_feed(account, after);
    pv_key_step(&from);
    range.from = pv_key_view(&from);
    return pv_scan_open(txn, arena, range, ret_scan);
}

bool pv_feed_sequence(pv_view key, uint64_t *ret_sequence)
{
    return pv_key_read_feed(key, ret_sequence);
}
