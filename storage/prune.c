#include "storage/prune.h"

#include "storage/keys.h"
#include "storage/record.h"

/* One step at work. Keys to delete are collected, because nothing is written while a scan is open. */
typedef struct step {
    pv_txn *txn;
    pv_arena *arena;
    const pv_prune_rule *rule;
    pv_kept kind;
    pv_key from;     /* where to look next */
    uint32_t looked; /* entries looked at */
    bool over;       /* there is nothing behind `from` */
    pv_view *doomed; /* keys, in the arena */
    uint32_t doomed_count;
} step;

static pv_key space_of(pv_kept kind)
{
    static const pv_space spaces[PV_KEPT_COUNT] = {
        [PV_KEPT_EVENTS] = PV_SPACE_FEED,
        [PV_KEPT_ANSWERS] = PV_SPACE_REPLAY,
        [PV_KEPT_AUDIT] = PV_SPACE_AUDIT,
    };
    return pv_key_prefix_space(spaces[kind]);
}

static bool may_go(const step *at, pv_view entry)
{
    pv_time made;
    bool told = at->kind == PV_KEPT_ANSWERS ? pv_replay_time(entry, &made)
                                            : at->rule->time_of(at->kind, entry, at->arena, &made);
    return told && made.utc_ns < at->rule->before[at->kind].utc_ns;
}

static pv_key key_of(pv_view bytes)
{
    pv_key key = {.size = bytes.size};
    PV_ASSERT(bytes.size <= sizeof key.bytes);
    memcpy(key.bytes, bytes.data, bytes.size);
    return key;
}

static pv_status open_scan(const step *at, pv_scan **ret_scan)
{
    pv_key space = space_of(at->kind);
    pv_range range;
    PV_TRY(pv_range_of_prefix(at->arena, pv_key_view(&space), &range));
    range.from = pv_key_view(&at->from);
    return pv_scan_open(at->txn, at->arena, range, ret_scan);
}

/* The next entry, and its key copied, so that it outlives the scan. */
static pv_status next(step *at, pv_scan *scan, pv_view *ret_key, pv_view *ret_entry)
{
    pv_view key;
    PV_TRY(pv_scan_next(scan, &key, ret_entry));
    char *copy = pv_arena_dup(at->arena, key);
    if (copy == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    *ret_key = pv_view_of(copy, key.size);
    at->looked++;
    return pv_ok();
}

static pv_status look_at_answers(step *at, pv_scan *scan)
{
    pv_view key, entry;
    while (at->looked < PV_PRUNE_STEP_MAX) {
        PV_TRY(next(at, scan, &key, &entry));
        if (may_go(at, entry)) { at->doomed[at->doomed_count++] = key; }
        at->from = key_of(key);
        pv_key_step(&at->from);
    }
    return pv_ok();
}

/* The entries of one account from the front: each goes when it is old enough and another follows it. Leaves
 * `from` at the first that stays for now, or behind the account when its turn is over. */
static pv_status look_at_series(step *at, pv_scan *scan)
{
    pv_view key, entry;
    PV_TRY(next(at, scan, &key, &entry));
    pv_view series = pv_key_series(key);
    while (may_go(at, entry)) {
        at->from = key_of(key);
        if (at->looked == PV_PRUNE_STEP_MAX) { return pv_ok(); }
        pv_view old = key;
        PV_TRY(next(at, scan, &key, &entry));
        if (!pv_view_starts_with(key, series)) {
            at->from = key_of(key);
            return pv_ok();
        }
        at->doomed[at->doomed_count++] = old;
    }
    at->from = key_of(series);
    at->over = !pv_key_step_over(&at->from);
    return pv_ok();
}

static pv_status look(step *at)
{
    pv_scan *scan = NULL;
    PV_TRY(open_scan(at, &scan));
    pv_status status =
        at->kind == PV_KEPT_ANSWERS ? look_at_answers(at, scan) : look_at_series(at, scan);
    pv_scan_close(scan);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    at->over = true;
    return pv_ok();
}

static pv_status delete_doomed(const step *at)
{
    for (uint32_t i = 0; i < at->doomed_count; i++) {
        PV_TRY(pv_txn_delete(at->txn, at->doomed[i]));
    }
    return pv_ok();
}

/* Where the next step begins. */
static void move_on(pv_prune_sweep *sweep, const step *at)
{
    sweep->gone[at->kind] += at->doomed_count;
    if (at->over) {
        sweep->kind++;
        sweep->from_size = 0;
        return;
    }
    memcpy(sweep->from, at->from.bytes, at->from.size);
    sweep->from_size = at->from.size;
}

pv_status pv_prune_step(pv_txn *txn, pv_arena *arena, const pv_prune_rule *rule,
                        pv_prune_sweep *sweep)
{
    while (sweep->kind < PV_KEPT_COUNT && rule->before[sweep->kind].utc_ns == 0) {
        sweep->kind++;
        sweep->from_size = 0;
    }
    if (sweep->kind == PV_KEPT_COUNT) { return pv_ok(); }
    step at = {.txn = txn, .arena = arena, .rule = rule, .kind = sweep->kind};
    at.from = sweep->from_size == 0 ? space_of(sweep->kind)
                                    : key_of(pv_view_of(sweep->from, sweep->from_size));
    at.doomed = (pv_view *)pv_arena_zalloc(arena, PV_PRUNE_STEP_MAX, sizeof at.doomed[0]);
    if (at.doomed == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    while (at.looked < PV_PRUNE_STEP_MAX && !at.over) { PV_TRY(look(&at)); }
    PV_TRY(delete_doomed(&at));
    move_on(sweep, &at);
    return pv_ok();
}
