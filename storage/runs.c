#include "storage/runs.h"

#include "storage/keys.h"
#include "storage/run_level.h"

/* The list of runs is block 0 of run 0: format, next number, levels; of each level the number of runs, the runs, and
 * the merge with its output if one is at work. */
enum {
    FORMAT = 1,
    RUN_SIZE = 4 + 1 + 1 + 8,
    MERGE_SIZE = RUN_SIZE + 1 + 4 + 8,
    LEVEL_SIZE_MAX = 1 + 1 + PV_RUNS_PER_LEVEL * RUN_SIZE + MERGE_SIZE,
    LIST_HEAD_SIZE = 1 + 4 + 1,
    LIST_SIZE_MAX = LIST_HEAD_SIZE + PV_RUNS_LEVELS * LEVEL_SIZE_MAX,
    LINES_AHEAD = 64 /* lines of filters on their way from memory at a time */
};

/* --- the list of runs --- */

/* Reads from the front of the list; beyond its end everything is zero and `ok` false. */
typedef struct reader {
    pv_view rest;
    bool ok;
} reader;

static uint64_t take(reader *from, size_t size)
{
    uint8_t bytes[8] = {0};
    if (from->rest.size < size) {
        from->ok = false;
        return 0;
    }
    memcpy(bytes + sizeof bytes - size, from->rest.data, size);
    from->rest = pv_view_of(from->rest.data + size, from->rest.size - size);
    return pv_load_u64(bytes);
}

static uint8_t *put(uint8_t *to, uint64_t number, size_t size)
{
    uint8_t bytes[8];
    pv_store_u64(bytes, number);
    memcpy(to, bytes + sizeof bytes - size, size);
    return to + size;
}

static pv_run take_run(reader *from)
{
    pv_run run = {.number = (uint32_t)take(from, 4)};
    run.slice_bits = (uint8_t)take(from, 1);
    run.filter_bits = (uint8_t)take(from, 1);
    run.entries = take(from, 8);
    from->ok = from->ok && run.slice_bits < 31 && run.filter_bits <= run.slice_bits;
    return run;
}

static uint8_t *put_run(uint8_t *to, const pv_run *run)
{
    to = put(to, run->number, 4);
    to = put(to, run->slice_bits, 1);
    to = put(to, run->filter_bits, 1);
    return put(to, run->entries, 8);
}

static void take_level(reader *from, pv_run_level *level)
{
    level->count = (uint32_t)take(from, 1);
    level->merging = take(from, 1) != 0;
    from->ok = from->ok && level->count <= PV_RUNS_PER_LEVEL;
    from->ok = from->ok && (!level->merging || level->count >= PV_RUNS_FAN);
    for (uint32_t i = 0; from->ok && i < level->count; i++) { level->runs[i] = take_run(from); }
    if (!level->merging) { return; }
    level->output = take_run(from);
    level->part_bits = (uint8_t)take(from, 1);
    level->done = (uint32_t)take(from, 4);
    level->credit = (int64_t)take(from, 8);
    from->ok = from->ok && level->part_bits < 31 && level->done >> level->part_bits == 0;
    from->ok = from->ok && level->output.slice_bits >= level->part_bits &&
               level->output.filter_bits == level->part_bits;
    for (size_t i = 0; from->ok && i < PV_RUNS_FAN; i++) {
        from->ok = level->runs[i].slice_bits <= level->part_bits;
    }
}

static uint8_t *put_level(uint8_t *to, const pv_run_level *level)
{
    to = put(to, level->count, 1);
    to = put(to, level->merging ? 1 : 0, 1);
    for (uint32_t i = 0; i < level->count; i++) { to = put_run(to, &level->runs[i]); }
    if (!level->merging) { return to; }
    to = put_run(to, &level->output);
    to = put(to, level->part_bits, 1);
    to = put(to, level->done, 4);
    return put(to, (uint64_t)level->credit, 8);
}

pv_status pv_runs_open(pv_txn *txn, pv_arena *arena, pv_id owner, pv_runs **ret_runs)
{
    pv_runs *runs = pv_arena_zalloc(arena, 1, sizeof *runs);
    if (runs == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    runs->txn = txn;
    runs->arena = arena;
    runs->owner = owner;
    runs->next_number = PV_RUN_LIST + 1;
    *ret_runs = runs;
    pv_key key = pv_key_of_run(owner, PV_RUN_LIST, 0);
    pv_view list;
    pv_status status = pv_txn_get(txn, pv_key_view(&key), &list);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(status);
    reader from = {list, true};
    bool known = take(&from, 1) == FORMAT;
    runs->next_number = (uint32_t)take(&from, 4);
    runs->level_count = (uint32_t)take(&from, 1);
    from.ok = from.ok && known && runs->level_count <= PV_RUNS_LEVELS;
    for (uint32_t i = 0; from.ok && i < runs->level_count; i++) {
        take_level(&from, &runs->levels[i]);
    }
    bool whole = from.ok && from.rest.size == 0;
    return pv_status_of(whole ? PV_CODE_OK : PV_CODE_DATA_LOSS);
}

static pv_status save(const pv_runs *runs)
{
    uint8_t *list = pv_arena_alloc(runs->arena, LIST_SIZE_MAX);
    if (list == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    uint8_t *end = put(list, FORMAT, 1);
    end = put(end, runs->next_number, 4);
    end = put(end, runs->level_count, 1);
    for (uint32_t i = 0; i < runs->level_count; i++) { end = put_level(end, &runs->levels[i]); }
    pv_key key = pv_key_of_run(runs->owner, PV_RUN_LIST, 0);
    return pv_txn_put(runs->txn, pv_key_view(&key), pv_view_of(list, (size_t)(end - list)));
}

/* --- finding --- */

/* The hashes that are looked for, and those of them that are in the part of a run which counts. */
typedef struct search {
    const pv_runs *runs;
    const uint64_t *hashes;
    size_t begin;
    size_t end;
    pv_runs_found found;
    void *context;
} search;

/* Tells of the entries of one hash; gives the position behind them. */
static pv_status tell(const search *of, size_t index, pv_view slice, size_t *position)
{
    size_t count = pv_run_count(slice);
    uint64_t hash = of->hashes[index];
    size_t at = pv_run_seek(slice, *position, hash);
    *position = at; /* not behind them: the same hash may be looked for twice */
    for (; at < count && pv_run_hash_at(slice, at) == hash; at++) {
        PV_TRY(of->found(of->context, index, pv_run_entry_at(slice, at).value));
    }
    return pv_ok();
}

static pv_status find_in_block(const search *of, const pv_run *run)
{
    pv_view slice;
    PV_TRY(pv_run_get_slice(of->runs->txn, of->runs->owner, run, 0, &slice));
    size_t position = 0;
    for (size_t i = of->begin; i < of->end; i++) { PV_TRY(tell(of, i, slice, &position)); }
    return pv_ok();
}

static pv_status find_in_slice(const search *of, const pv_run *run, size_t index)
{
    pv_view slice;
    uint32_t number = pv_run_part_of(of->hashes[index], run->slice_bits);
    PV_TRY(pv_run_get_slice(of->runs->txn, of->runs->owner, run, number, &slice));
    size_t position = 0;
    return tell(of, index, slice, &position);
}

/* A run's filter that was read last. */
typedef struct filter_read {
    pv_view bytes;
    uint64_t number;
} filter_read;

/* The line of each of `count` hashes from `begin` on. */
static pv_status read_lines(const search *of, const pv_run *run, size_t begin, size_t count,
                            filter_read *last, const uint8_t **ret_lines)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = of->hashes[begin + i];
        uint32_t wanted = pv_run_part_of(hash, run->filter_bits);
        if (wanted != last->number) {
            PV_TRY(pv_run_get_filter(of->runs->txn, of->runs->owner, run, wanted, &last->bytes));
            last->number = wanted;
        }
        ret_lines[i] = pv_run_line(last->bytes, run->filter_bits, hash);
    }
    return pv_ok();
}

static pv_status find_by_filter(const search *of, const pv_run *run)
{
    const uint8_t *lines[LINES_AHEAD];
    filter_read last = {.number = UINT64_MAX};
    for (size_t begin = of->begin; begin < of->end; begin += LINES_AHEAD) {
        size_t count = of->end - begin < LINES_AHEAD ? of->end - begin : (size_t)LINES_AHEAD;
        PV_TRY(read_lines(of, run, begin, count, &last, lines));
        for (size_t i = 0; i < count; i++) {
            if (!pv_run_may_have(lines[i], of->hashes[begin + i])) { continue; }
            PV_TRY(find_in_slice(of, run, begin + i));
        }
    }
    return pv_ok();
}

static pv_status find_in_level(const search *whole, uint32_t number)
{
    const pv_run_level *level = &whole->runs->levels[number];
    size_t moved = 0; /* hashes that the merge has moved to its output */
    if (level->merging) {
        uint64_t first = pv_run_level_moved(level);
        while (moved < whole->end && whole->hashes[moved] < first) { moved++; }
    }
    search of = *whole;
    for (uint32_t i = 0; i < level->count; i++) {
        of.begin = level->merging && i < PV_RUNS_FAN ? moved : 0;
        PV_TRY(number == 0 ? find_in_block(&of, &level->runs[i])
                           : find_by_filter(&of, &level->runs[i]));
    }
    of.begin = 0;
    of.end = moved;
    return level->merging ? find_by_filter(&of, &level->output) : pv_ok();
}

pv_status pv_runs_find(pv_runs *runs, const uint64_t *hashes, size_t count, pv_runs_found found,
                       void *context)
{
    search of = {runs, hashes, 0, count, found, context};
    for (uint32_t i = 0; i < runs->level_count; i++) { PV_TRY(find_in_level(&of, i)); }
    return pv_ok();
}

/* --- adding --- */

/* The newest run of the first level, if it can take in `count` more entries. */
static pv_run *unfilled(pv_run_level *level, size_t count)
{
    uint32_t fixed = level->merging ? (uint32_t)PV_RUNS_FAN : 0;
    if (level->count == fixed) { return NULL; }
    pv_run *newest = &level->runs[level->count - 1];
    return newest->entries + count <= PV_RUNS_ADD_MAX ? newest : NULL;
}

/* Merges new entries into those of a block; `into` has room for both. */
static size_t merge_block(pv_view slice, const pv_run_entry *entries, size_t count,
                          pv_run_entry *into)
{
    size_t size = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t next = pv_run_seek(slice, at, entries[i].hash);
        for (; at < next; at++) { into[size++] = pv_run_entry_at(slice, at); }
        into[size++] = entries[i];
    }
    for (; at < pv_run_count(slice); at++) { into[size++] = pv_run_entry_at(slice, at); }
    return size;
}

static pv_status add_to(pv_runs *runs, pv_run *run, const pv_run_entry *entries, size_t count)
{
    pv_view slice;
    PV_TRY(pv_run_get_slice(runs->txn, runs->owner, run, 0, &slice));
    if (pv_run_count(slice) != run->entries) { return pv_status_of(PV_CODE_DATA_LOSS); }
    pv_run_entry *all = pv_arena_alloc(runs->arena, sizeof *all * PV_RUNS_ADD_MAX);
    if (all == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    run->entries = merge_block(slice, entries, count, all);
    return pv_run_put_slice(runs->txn, runs->arena, runs->owner, run, 0, all, run->entries);
}

pv_status pv_runs_add(pv_runs *runs, const pv_run_entry *entries, size_t count, pv_runs_keep keep,
                      void *context)
{
    PV_ASSERT(count <= PV_RUNS_ADD_MAX);
    if (count == 0) { return pv_ok(); }
    if (runs->level_count == 0) { runs->level_count = 1; }
    pv_run_level *first = &runs->levels[0];
    pv_run *run = unfilled(first, count);
    if (run != NULL) {
        PV_TRY(add_to(runs, run, entries, count));
    } else {
        PV_ASSERT(first->count < PV_RUNS_PER_LEVEL);
        run = &first->runs[first->count++];
        *run = (pv_run){.number = runs->next_number++, .entries = count};
        PV_TRY(pv_run_put_slice(runs->txn, runs->arena, runs->owner, run, 0, entries, count));
    }
    PV_TRY(pv_run_level_merge(runs, count, keep, context));
    return save(runs);
}

pv_runs_size pv_runs_measure(const pv_runs *runs)
{
    pv_runs_size size = {.levels = runs->level_count};
    for (uint32_t i = 0; i < runs->level_count; i++) {
        const pv_run_level *level = &runs->levels[i];
        size.runs += level->count + (level->merging ? 1 : 0);
        for (uint32_t k = 0; k < level->count; k++) { size.entries += level->runs[k].entries; }
    }
    return size;
}
