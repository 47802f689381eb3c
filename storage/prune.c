#include "storage/prune.h"

#include "storage/audit.h"
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
    pv_chain_mark *marks; /* of audit trails: that of each doomed entry, zero if it has none */
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

/* Of an audit entry its content, and where it stands in its chain. */
static pv_view content_of(const step *at, pv_view key, pv_view entry, pv_chain_mark *ret_mark)
{
    pv_audit_row row;
    memset(ret_mark, 0, sizeof *ret_mark);
    if (at->kind != PV_KEPT_AUDIT || !pv_audit_read(key, entry, &row)) { return entry; }
    if (row.chained) {
        ret_mark->sequence = row.link.sequence;
        memcpy(ret_mark->hash, row.link.hash, sizeof ret_mark->hash);
    }
    return row.link.content;
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
    pv_chain_mark mark;
    PV_TRY(next(at, scan, &key, &entry));
    pv_view series = pv_key_series(key);
    while (may_go(at, content_of(at, key, entry, &mark))) {
        at->from = key_of(key);
        if (at->looked == PV_PRUNE_STEP_MAX) { return pv_ok(); }
        pv_view old = key;
        PV_TRY(next(at, scan, &key, &entry));
        if (!pv_view_starts_with(key, series)) {
            at->from = key_of(key);
            return pv_ok();
        }
        at->marks[at->doomed_count] = mark;
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

/* Each trail remembers the last of its entries that goes. */
static pv_status set_anchors(const step *at)
{
    if (at->kind != PV_KEPT_AUDIT) { return pv_ok(); }
    for (uint32_t i = 0; i < at->doomed_count; i++) {
        bool last = i + 1 == at->doomed_count ||
                    !pv_view_starts_with(at->doomed[i + 1], pv_key_series(at->doomed[i]));
        pv_key_parts parts;
        if (!last || at->marks[i].sequence == 0 || !pv_key_read(at->doomed[i], &parts)) {
            continue;
        }
        PV_TRY(pv_audit_set_anchor(at->txn, parts.owner, &at->marks[i]));
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
    at.marks = (pv_chain_mark *)pv_arena_zalloc(arena, PV_PRUNE_STEP_MAX, sizeof at.marks[0]);
    if (at.doomed == NULL || at.marks == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    while (at.looked < PV_PRUNE_STEP_MAX && !at.over) { PV_TRY(look(&at)); }
    PV_TRY(delete_doomed(&at));
    PV_TRY(set_anchors(&at));
    move_on(sweep, &at);
    return pv_ok();
}
