#include "storage/audit.h"

#include "storage/keys.h"
#include "storage/txn.h"

/* Both kinds of rows begin with a byte that says how they are written. */
enum {
    ROW_CHAINED = 0,
    ROW_HEAD_SIZE = 1 + 8 + 2 * PV_SHA256_SIZE,
    TRAIL_FORMAT = 1,
    MARK_SIZE = 8 + PV_SHA256_SIZE,
    TRAIL_SIZE = 1 + 2 * MARK_SIZE + 8 + 4
};

/* --- the trail's own row --- */

static void store_mark(uint8_t bytes[MARK_SIZE], const pv_chain_mark *mark)
{
    pv_store_u64(bytes, mark->sequence);
    memcpy(bytes + 8, mark->hash, PV_SHA256_SIZE);
}

static pv_chain_mark load_mark(const uint8_t bytes[MARK_SIZE])
{
    pv_chain_mark mark = {.sequence = pv_load_u64(bytes)};
    memcpy(mark.hash, bytes + 8, PV_SHA256_SIZE);
    return mark;
}

bool pv_audit_read_trail(pv_view value, pv_trail *ret_trail)
{
    if (value.size != TRAIL_SIZE || value.data[0] != TRAIL_FORMAT) { return false; }
    const uint8_t *at = value.data + 1;
    ret_trail->head = load_mark(at);
    ret_trail->anchor = load_mark(at + MARK_SIZE);
    ret_trail->revision = pv_load_u64(at + 2 * MARK_SIZE);
    ret_trail->part = pv_load_u32(at + 2 * MARK_SIZE + 8);
    return true;
}

static pv_status put_trail(pv_txn *txn, pv_id account, const pv_trail *trail)
{
    uint8_t value[TRAIL_SIZE] = {TRAIL_FORMAT};
    store_mark(value + 1, &trail->head);
    store_mark(value + 1 + MARK_SIZE, &trail->anchor);
    pv_store_u64(value + 1 + 2 * MARK_SIZE, trail->revision);
    pv_store_u32(value + 1 + 2 * MARK_SIZE + 8, trail->part);
    pv_key key = pv_key_of_trail(account);
    return pv_txn_put(txn, pv_key_view(&key), pv_view_of(value, sizeof value));
}

pv_status pv_audit_open(pv_txn *txn, pv_id account, pv_trail *ret_trail)
{
    pv_key key = pv_key_of_trail(account);
    pv_view value;
    pv_status status = pv_txn_get(txn, pv_key_view(&key), &value);
    if (status.code == PV_CODE_NOT_FOUND) {
        memset(ret_trail, 0, sizeof *ret_trail);
        return pv_ok();
    }
    PV_TRY(status);
    return pv_audit_read_trail(value, ret_trail) ? pv_ok() : pv_status_of(PV_CODE_DATA_LOSS);
}

pv_status pv_audit_set_anchor(pv_txn *txn, pv_id account, const pv_chain_mark *anchor)
{
    pv_trail trail;
    PV_TRY(pv_audit_open(txn, account, &trail));
    trail.anchor = *anchor;
    return put_trail(txn, account, &trail);
}

/* --- entries --- */

pv_status pv_audit_append(pv_txn *txn, pv_id account, pv_trail *trail, pv_view content)
{
    uint64_t revision = pv_txn_revision(txn);
    bool same = trail->head.sequence > 0 && trail->revision == revision;
    uint32_t part = same ? trail->part + 1 : 0;
    uint8_t *row = (uint8_t *)pv_arena_alloc(pv_txn_arena(txn), ROW_HEAD_SIZE + content.size);
    if (row == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_chain_mark head = {.sequence = trail->head.sequence + 1};
    pv_chain_hash(trail->head.hash, content, head.hash);
    row[0] = ROW_CHAINED;
    store_mark(row + 1, &head);
    memcpy(row + 1 + MARK_SIZE, trail->head.hash, PV_SHA256_SIZE);
    memcpy(row + ROW_HEAD_SIZE, content.data, content.size);
    pv_key key = pv_key_of_audit(account, revision, part);
    PV_TRY(pv_txn_put(txn, pv_key_view(&key), pv_view_of(row, ROW_HEAD_SIZE + content.size)));
    trail->head = head;
    trail->revision = revision;
    trail->part = part;
    return put_trail(txn, account, trail);
}

bool pv_audit_read(pv_view key, pv_view value, pv_audit_row *ret_row)
{
    pv_audit_row row;
    memset(&row, 0, sizeof row);
    if (!pv_key_read_audit(key, &row.revision, &row.part)) { return false; }
    row.chained = value.size > 0 && value.data[0] == ROW_CHAINED;
    row.link.content = value;
    if (row.chained) {
        if (value.size < ROW_HEAD_SIZE) { return false; }
        pv_chain_mark mark = load_mark(value.data + 1);
        row.link.sequence = mark.sequence;
        memcpy(row.link.hash, mark.hash, sizeof mark.hash);
        memcpy(row.link.previous_hash, value.data + 1 + MARK_SIZE, PV_SHA256_SIZE);
        row.link.content = pv_view_of(value.data + ROW_HEAD_SIZE, value.size - ROW_HEAD_SIZE);
    }
    *ret_row = row;
    return true;
}

pv_status pv_audit_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t revision,
                        uint32_t part, bool backwards, pv_scan **ret_scan)
{
    pv_key prefix = pv_key_prefix_audit(account);
    pv_key place = pv_key_of_audit(account, revision, part);
    pv_range range;
    PV_TRY(pv_range_of_prefix(arena, pv_key_view(&prefix), &range));
    range.reverse = backwards;
    *(backwards ? &range.to : &range.from) = pv_key_view(&place);
    return pv_scan_open(txn, arena, range, ret_scan);
}

/* The first entry at or behind a revision. NOT_FOUND. */
static pv_status first_from(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t revision,
                            bool (*before)(void *context, const pv_audit_row *row), void *context,
                            uint64_t *ret_revision, bool *ret_before)
{
    pv_scan *scan = NULL;
    PV_TRY(pv_audit_scan(txn, arena, account, revision, 0, false, &scan));
    pv_view key, value;
    pv_audit_row row;
    pv_status status = pv_scan_next(scan, &key, &value);
    if (pv_is_ok(status) && !pv_audit_read(key, value, &row)) {
        status = pv_status_of(PV_CODE_DATA_LOSS);
    }
    if (pv_is_ok(status)) {
        *ret_revision = row.revision;
        *ret_before = before(context, &row);
    }
    pv_scan_close(scan);
    return status;
}

pv_status pv_audit_seek(pv_txn *txn, pv_arena *arena, pv_id account,
                        bool (*before)(void *context, const pv_audit_row *row), void *context,
                        uint64_t *ret_revision)
{
    /* Revisions below `low` begin with entries that are before, those from `high` on do not. */
    uint64_t low = 0, high = pv_txn_revision(txn) + 1, place = 0;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, found = 0;
        bool is_before = false;
        pv_status status =
            first_from(txn, arena, account, middle, before, context, &found, &is_before);
        if (status.code == PV_CODE_NOT_FOUND || (pv_is_ok(status) && !is_before)) {
            high = middle;
            continue;
        }
        PV_TRY(status);
        place = found;
        low = found + 1;
    }
    *ret_revision = place;
    return pv_ok();
}
