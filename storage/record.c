#include "storage/record.h"

#include "storage/keys.h"
#include "storage/txn.h"

static pv_status get(pv_txn *txn, const pv_key *key, pv_view *ret_value)
{
    return pv_txn_get(txn, pv_key_view(key), ret_value);
}

static pv_status put(pv_txn *txn, const pv_key *key, pv_view value)
{
    return pv_txn_put(txn, pv_key_view(key), value);
}

static pv_status scan_prefix(pv_txn *txn, pv_arena *arena, const pv_key *prefix, const pv_key *from,
                             pv_scan **ret_scan)
{
    pv_range range;
    PV_TRY(pv_range_of_prefix(arena, pv_key_view(prefix), &range));
    range.from = pv_key_view(from);
    return pv_scan_open(txn, arena, range, ret_scan);
}

/* --- replayed answers: the value is the time of the answer (8 bytes), which tells when it may go, and the
 * answer --- */

enum { REPLAY_TIME_SIZE = 8 };

pv_status pv_replay_get(pv_txn *txn, pv_id account, pv_id user, pv_view method, pv_view request_id,
                        pv_view *ret_answer)
{
    pv_key key = pv_key_of_replay(account, user, method, request_id);
    pv_view value;
    PV_TRY(get(txn, &key, &value));
    if (value.size < REPLAY_TIME_SIZE) { return pv_status_of(PV_CODE_DATA_LOSS); }
    *ret_answer = pv_view_of(value.data + REPLAY_TIME_SIZE, value.size - REPLAY_TIME_SIZE);
    return pv_ok();
}

pv_status pv_replay_put(pv_txn *txn, pv_id account, pv_id user, pv_view method, pv_view request_id,
                        pv_time now, pv_view answer)
{
    pv_key key = pv_key_of_replay(account, user, method, request_id);
    uint8_t *value = (uint8_t *)pv_arena_alloc(pv_txn_arena(txn), REPLAY_TIME_SIZE + answer.size);
    if (value == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_store_u64(value, (uint64_t)now.utc_ns);
    if (answer.size > 0) { memcpy(value + REPLAY_TIME_SIZE, answer.data, answer.size); }
    return put(txn, &key, pv_view_of(value, REPLAY_TIME_SIZE + answer.size));
}

bool pv_replay_time(pv_view row, pv_time *ret_time)
{
    if (row.size < REPLAY_TIME_SIZE) { return false; }
    ret_time->utc_ns = (int64_t)pv_load_u64(row.data);
    return true;
}

/* --- packed blocks --- */

pv_status pv_block_put(pv_txn *txn, pv_id owner, uint32_t number, pv_view block)
{
    pv_key key = pv_key_of_block(owner, number);
    return put(txn, &key, block);
}

pv_status pv_block_get(pv_txn *txn, pv_id owner, uint32_t number, pv_view *ret_block)
{
    pv_key key = pv_key_of_block(owner, number);
    return get(txn, &key, ret_block);
}

pv_status pv_block_scan(pv_txn *txn, pv_arena *arena, pv_id owner, uint32_t from,
                        pv_scan **ret_scan)
{
    pv_key prefix = pv_key_prefix_block(owner);
    pv_key first = pv_key_of_block(owner, from);
    return scan_prefix(txn, arena, &prefix, &first, ret_scan);
}

bool pv_block_number(pv_view key, uint32_t *ret_number)
{
    return pv_key_read_block(key, ret_number);
}

/* Reads the numbers of the first `limit` blocks; writing has to wait until the scan is closed. */
static pv_status read_numbers(pv_scan *scan, uint32_t limit, uint32_t *numbers, uint32_t *ret_count,
                              bool *ret_more)
{
    for (uint32_t count = 0;; count++) {
        pv_view key, block;
        pv_status status = pv_scan_next(scan, &key, &block);
        bool ended = status.code == PV_CODE_NOT_FOUND;
        if (!ended) { PV_TRY(status); }
        if (ended || count == limit) {
            *ret_count = count;
            *ret_more = !ended;
            return pv_ok();
        }
        if (!pv_key_read_block(key, &numbers[count])) { return pv_status_of(PV_CODE_DATA_LOSS); }
    }
}

pv_status pv_block_delete(pv_txn *txn, pv_arena *arena, pv_id owner, uint32_t limit, bool *ret_more)
{
    uint32_t *numbers = (uint32_t *)pv_arena_zalloc(arena, limit, sizeof numbers[0]);
    if (numbers == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_scan *scan = NULL;
    PV_TRY(pv_block_scan(txn, arena, owner, 0, &scan));
    uint32_t count = 0;
    bool more = false;
    pv_status status = read_numbers(scan, limit, numbers, &count, &more);
    pv_scan_close(scan);
    PV_TRY(status);
    for (uint32_t i = 0; i < count; i++) {
        pv_key key = pv_key_of_block(owner, numbers[i]);
        PV_TRY(pv_txn_delete(txn, pv_key_view(&key)));
    }
    *ret_more = more;
    return pv_ok();
}

/* --- uses: the value is both times (8 bytes each) and the address --- */

enum { USE_HEAD_SIZE = 16 };

bool pv_use_read(pv_view row, pv_use *ret_use)
{
    if (row.size < USE_HEAD_SIZE) { return false; }
    ret_use->first.utc_ns = (int64_t)pv_load_u64(row.data);
    ret_use->last.utc_ns = (int64_t)pv_load_u64(row.data + 8);
    ret_use->peer_address = pv_view_of(row.data + USE_HEAD_SIZE, row.size - USE_HEAD_SIZE);
    return true;
}

pv_status pv_use_get(pv_txn *txn, pv_id object, pv_use *ret_use)
{
    pv_key key = pv_key_of_use(object);
    pv_view value;
    PV_TRY(get(txn, &key, &value));
    return pv_use_read(value, ret_use) ? pv_ok() : pv_status_of(PV_CODE_DATA_LOSS);
}

pv_status pv_use_put(pv_txn *txn, pv_id object, pv_time now, const char *peer_address)
{
    pv_key key = pv_key_of_use(object);
    pv_use use = {now, now, pv_view_text(peer_address)};
    pv_use before;
    pv_status status = pv_use_get(txn, object, &before);
    if (pv_is_ok(status)) {
        if (before.last.utc_ns >= now.utc_ns) { return pv_ok(); }
        use.first = before.first;
    } else if (status.code != PV_CODE_NOT_FOUND) {
        return status;
    }
    size_t size = USE_HEAD_SIZE + use.peer_address.size;
    uint8_t *value = (uint8_t *)pv_arena_alloc(pv_txn_arena(txn), size);
    if (value == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_store_u64(value, (uint64_t)use.first.utc_ns);
    pv_store_u64(value + 8, (uint64_t)use.last.utc_ns);
    memcpy(value + USE_HEAD_SIZE, use.peer_address.data, use.peer_address.size);
    return put(txn, &key, pv_view_of(value, size));
}

/* --- digests --- */

pv_status pv_digest_get(pv_txn *txn, pv_id owner, const uint8_t digest[16], pv_view *ret_value)
{
    pv_key key = pv_key_of_digest(owner, digest);
    return get(txn, &key, ret_value);
}

pv_status pv_digest_put(pv_txn *txn, pv_id owner, const uint8_t digest[16], pv_view value)
{
    pv_key key = pv_key_of_digest(owner, digest);
    return put(txn, &key, value);
}

/* --- settings --- */

pv_status pv_setting_get(pv_txn *txn, const char *name, pv_view *ret_value)
{
    pv_key key = pv_key_of_setting(pv_view_text(name));
    return get(txn, &key, ret_value);
}

pv_status pv_setting_put(pv_txn *txn, const char *name, pv_view value)
{
    PV_ASSERT(!pv_setting_is_own(pv_view_text(name)));
    pv_key key = pv_key_of_setting(pv_view_text(name));
    return put(txn, &key, value);
}
