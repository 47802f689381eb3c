#include "storage/txn.h"

/* A walk over the engine's rows and the overlay's at once. Of each side the row that comes next is held
 * ready; the nearer one is given, and of two with the same key the overlay's, which hides the other. */
struct pv_scan {
    pv_txn *txn;
    pv_scan *older; /* in txn->scans */
    pv_scan **owner;
    pv_engine_cursor *cursor;
    pv_range range;
    uint32_t given; /* entries so far */
    bool started;
    bool engine_ready; /* engine_key and engine_value are the engine's next row */
    bool engine_ended;
    pv_view engine_key;
    pv_view engine_value;
    const pv_overlay_node *node; /* the overlay's next row; NULL: none */
};

pv_status pv_range_of_prefix(pv_arena *arena, pv_view prefix, pv_range *ret_range)
{
    pv_range range;
    range.from = prefix;
    range.to = pv_view_of(NULL, 0);
    range.reverse = false;
    range.limit = 0;
    size_t size = prefix.size;
    while (size > 0 && prefix.data[size - 1] == 0xff) { size--; }
    if (size > 0) {
        uint8_t *to = (uint8_t *)pv_arena_dup(arena, pv_view_of(prefix.data, size));
        if (to == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
        to[size - 1]++;
        range.to = pv_view_of(to, size);
    }
    *ret_range = range;
    return pv_ok();
}

static pv_status copy_bound(pv_arena *arena, pv_view *bound)
{
    if (bound->size == 0) { return pv_ok(); }
    const char *copy = pv_arena_dup(arena, *bound);
    if (copy == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    bound->data = (const uint8_t *)copy;
    return pv_ok();
}

pv_status pv_scan_open(pv_txn *txn, pv_arena *arena, pv_range range, pv_scan **ret_scan)
{
    PV_TRY(copy_bound(arena, &range.from));
    PV_TRY(copy_bound(arena, &range.to));
    pv_scan *scan = (pv_scan *)pv_arena_zalloc(arena, 1, sizeof *scan);
    if (scan == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    PV_TRY(txn->store->engine->cursor_open(txn->view, arena, &scan->cursor));
    scan->txn = txn;
    scan->range = range;
    scan->older = txn->scans;
    scan->owner = &txn->scans;
    if (scan->older != NULL) { scan->older->owner = &scan->older; }
    txn->scans = scan;
    *ret_scan = scan;
    return pv_ok();
}

void pv_scan_close(pv_scan *scan)
{
    if (scan == NULL || scan->cursor == NULL) { return; }
    scan->txn->store->engine->cursor_close(scan->cursor);
    scan->cursor = NULL;
    *scan->owner = scan->older;
    if (scan->older != NULL) { scan->older->owner = scan->owner; }
}

/* Whether the walk has left its range at the key. The side it came from is inside by the first seek. */
static bool is_beyond(const pv_scan *scan, pv_view key)
{
    if (scan->range.reverse) { return pv_view_compare(key, scan->range.from) < 0; }
    return scan->range.to.size > 0 && pv_view_compare(key, scan->range.to) >= 0;
}

static pv_status ready_engine(pv_scan *scan)
{
    if (scan->engine_ready || scan->engine_ended) { return pv_ok(); }
    const pv_range *range = &scan->range;
    pv_seek seek = range->reverse ? PV_SEEK_PREVIOUS : PV_SEEK_NEXT;
    pv_view key = pv_view_of(NULL, 0);
    if (!scan->started) {
        seek = range->reverse ? PV_SEEK_BELOW : PV_SEEK_AT_LEAST;
        key = range->reverse ? range->to : range->from;
    }
    pv_status status = scan->txn->store->engine->cursor_move(
        scan->cursor, seek, key, &scan->engine_key, &scan->engine_value);
    scan->engine_ended = status.code == PV_CODE_NOT_FOUND;
    if (scan->engine_ended) { return pv_ok(); }
    PV_TRY(status);
    scan->engine_ended = is_beyond(scan, scan->engine_key);
    scan->engine_ready = !scan->engine_ended;
    return pv_ok();
}

static void ready_overlay(pv_scan *scan)
{
    if (!scan->started) {
        const pv_overlay *overlay = &scan->txn->overlay;
        scan->node = scan->range.reverse ? pv_overlay_below(overlay, scan->range.to)
                                         : pv_overlay_at_least(overlay, scan->range.from);
    }
    if (scan->node != NULL && is_beyond(scan, scan->node->key)) { scan->node = NULL; }
}

/* Below zero: the engine's row comes first; zero: both rows have one key; above: the overlay's. */
static int compare_sides(const pv_scan *scan)
{
    if (scan->node == NULL) { return -1; }
    if (!scan->engine_ready) { return 1; }
    int order = pv_view_compare(scan->engine_key, scan->node->key);
    return scan->range.reverse ? -order : order;
}

/* The next entry of the range, whatever its limit. */
static pv_status next_entry(pv_scan *scan, pv_view *ret_key, pv_view *ret_value)
{
    for (;;) {
        PV_TRY(ready_engine(scan));
        ready_overlay(scan);
        scan->started = true;
        if (!scan->engine_ready && scan->node == NULL) { return pv_status_of(PV_CODE_NOT_FOUND); }
        int order = compare_sides(scan);
        if (order <= 0) { scan->engine_ready = false; }
        if (order < 0) {
            *ret_key = scan->engine_key;
            *ret_value = scan->engine_value;
            return pv_ok();
        }
        const pv_overlay_node *node = scan->node;
        scan->node = scan->range.reverse ? node->previous : node->next[0];
        if (!node->deleted) {
            *ret_key = node->key;
            *ret_value = node->value;
            return pv_ok();
        }
    }
}

pv_status pv_scan_next(pv_scan *scan, pv_view *ret_key, pv_view *ret_value)
{
    PV_ASSERT(scan->cursor != NULL);
    if (scan->range.limit > 0 && scan->given == scan->range.limit) {
        return pv_status_of(PV_CODE_NOT_FOUND);
    }
    PV_TRY(next_entry(scan, ret_key, ret_value));
    scan->given++;
    return pv_ok();
}
