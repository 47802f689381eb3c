#include "storage/run_level.h"

/* An addition pays for this many entries of merging on each level, for each of its own. A merge must be over before
 * its level has got PV_RUNS_FAN more runs: those come of at least half as many entries as the merge may have,
 * because the newest block takes in what fits, so twice would just do. */
enum { PAY = 3 };

/* The entries of one part of the range of hashes, in order, as they come out of a merge. */
typedef struct part {
    uint32_t number;
    pv_run_entry *entries;
    size_t count;
    size_t looked_at; /* entries that were merged, also those that were dropped */
} part;

/* --- one part --- */

/* A run's entries in the part; the next one is at `at`. */
typedef struct source {
    pv_view slice;
    size_t at;
    size_t end;
} source;

static pv_status open_source(const pv_runs *runs, const pv_run_level *level, const pv_run *run,
                             uint32_t number, source *ret_source)
{
    unsigned coarser = level->part_bits - run->slice_bits;
    PV_TRY(pv_run_get_slice(runs->txn, runs->owner, run, number >> coarser, &ret_source->slice));
    ret_source->at = pv_run_seek(ret_source->slice, 0, pv_run_part_begin(number, level->part_bits));
    ret_source->end = pv_run_count(ret_source->slice);
    bool is_last = (number + 1) >> level->part_bits != 0;
    if (!is_last) {
        uint64_t behind = pv_run_part_begin((uint64_t)number + 1, level->part_bits);
        ret_source->end = pv_run_seek(ret_source->slice, ret_source->at, behind);
    }
    return pv_ok();
}

/* The source with the least hash, of equal ones the oldest; NULL: all are at their end. */
static source *least(source *sources, uint64_t *ret_hash)
{
    source *best = NULL;
    for (size_t i = 0; i < PV_RUNS_FAN; i++) {
        if (sources[i].at == sources[i].end) { continue; }
        uint64_t hash = pv_run_hash_at(sources[i].slice, sources[i].at);
        if (best == NULL || hash < *ret_hash) {
            best = &sources[i];
            *ret_hash = hash;
        }
    }
    return best;
}

/* Reads all of the part before anything is written, since writing ends what was borrowed. */
static pv_status read_part(const pv_runs *runs, const pv_run_level *level, pv_runs_keep keep,
                           void *context, part *of)
{
    source sources[PV_RUNS_FAN];
    of->looked_at = 0;
    for (size_t i = 0; i < PV_RUNS_FAN; i++) {
        PV_TRY(open_source(runs, level, &level->runs[i], of->number, &sources[i]));
        of->looked_at += sources[i].end - sources[i].at;
    }
    of->count = 0;
    of->entries = pv_arena_alloc(runs->arena, of->looked_at * sizeof *of->entries);
    if (of->entries == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    uint64_t hash = 0;
    for (source *from; (from = least(sources, &hash)) != NULL; from->at++) {
        pv_run_entry entry = pv_run_entry_at(from->slice, from->at);
        bool wanted = false;
        PV_TRY(keep(context, entry.value, &wanted));
        if (wanted) { of->entries[of->count++] = entry; }
    }
    return pv_ok();
}

static pv_status write_part(const pv_runs *runs, const pv_run_level *level, const part *of)
{
    const pv_run *output = &level->output;
    PV_TRY(pv_run_put_filter(runs->txn, runs->arena, runs->owner, output, of->number, of->entries,
                             of->count));
    for (size_t begin = 0, end; begin < of->count; begin = end) {
        uint32_t slice = pv_run_part_of(of->entries[begin].hash, output->slice_bits);
        end = begin + 1;
        while (end < of->count &&
               pv_run_part_of(of->entries[end].hash, output->slice_bits) == slice) {
            end++;
        }
        PV_TRY(pv_run_put_slice(runs->txn, runs->arena, runs->owner, output, slice,
                                of->entries + begin, end - begin));
    }
    return pv_ok();
}

/* Deletes the blocks of a run that have nothing in them any more once this part has been moved. */
static pv_status delete_moved(const pv_runs *runs, const pv_run_level *level, const pv_run *run,
                              bool has_filters, uint32_t number)
{
    unsigned coarser = level->part_bits - run->slice_bits;
    uint32_t next = number + 1;
    if (next >> coarser << coarser == next) {
        PV_TRY(pv_run_delete_slice(runs->txn, runs->owner, run, number >> coarser));
    }
    coarser = level->part_bits - run->filter_bits;
    if (!has_filters || next >> coarser << coarser != next) { return pv_ok(); }
    return pv_run_delete_filter(runs->txn, runs->owner, run, number >> coarser);
}

static pv_status move_part(pv_runs *runs, uint32_t number, pv_runs_keep keep, void *context)
{
    pv_run_level *level = &runs->levels[number];
    part of = {.number = level->done};
    PV_TRY(read_part(runs, level, keep, context, &of));
    PV_TRY(write_part(runs, level, &of));
    for (size_t i = 0; i < PV_RUNS_FAN; i++) {
        PV_TRY(delete_moved(runs, level, &level->runs[i], number > 0, of.number));
    }
    level->output.entries += of.count;
    level->done++;
    /* An empty part costs a look at its blocks. */
    level->credit -= (int64_t)of.looked_at + 1;
    return pv_ok();
}

/* --- one merge --- */

static void start(pv_runs *runs, uint32_t number)
{
    pv_run_level *level = &runs->levels[number];
    uint64_t entries = 0;
    uint8_t bits = 0;
    for (size_t i = 0; i < PV_RUNS_FAN; i++) {
        entries += level->runs[i].entries;
        if (level->runs[i].slice_bits > bits) { bits = level->runs[i].slice_bits; }
    }
    level->merging = true;
    level->done = 0;
    level->credit = 0;
    level->part_bits = bits;
    while (entries >> bits > PV_RUN_SLICE_ENTRIES) { bits++; }
    level->output = (pv_run){
        .number = runs->next_number++, .slice_bits = bits, .filter_bits = level->part_bits};
}

/* The old runs are gone, the new one is a run of the next level. */
static void finish(pv_runs *runs, uint32_t number)
{
    pv_run_level *level = &runs->levels[number];
    level->merging = false;
    level->count -= PV_RUNS_FAN;
    memmove(level->runs, level->runs + PV_RUNS_FAN, level->count * sizeof level->runs[0]);
    if (level->output.entries == 0) { return; }
    PV_ASSERT(number + 1 < PV_RUNS_LEVELS);
    if (runs->level_count == number + 1) { runs->level_count++; }
    pv_run_level *next = &runs->levels[number + 1];
    PV_ASSERT(next->count < PV_RUNS_PER_LEVEL);
    next->runs[next->count++] = level->output;
}

/* From the last level to the first, so that there is room for what comes out of a merge. A level that is full all the
 * same is merged at once. */
pv_status pv_run_level_merge(pv_runs *runs, size_t count, pv_runs_keep keep, void *context)
{
    for (uint32_t number = runs->level_count; number-- > 0;) {
        pv_run_level *level = &runs->levels[number];
        if (!level->merging && level->count > PV_RUNS_FAN) { start(runs, number); }
        if (!level->merging) { continue; }
        level->credit += (int64_t)(PAY * count);
        while (level->merging && (level->credit > 0 || level->count == PV_RUNS_PER_LEVEL)) {
            PV_TRY(move_part(runs, number, keep, context));
            if (level->done >> level->part_bits != 0) { finish(runs, number); }
        }
    }
    return pv_ok();
}
