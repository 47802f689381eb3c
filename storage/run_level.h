/* run_level.h — the levels of an owner's runs, how they are stored, and merging. Internal to storage. */
#ifndef PV_STORAGE_RUN_LEVEL_H
#define PV_STORAGE_RUN_LEVEL_H

#include "storage/run_block.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /* Runs of a level: a merge at work, and as many again that came meanwhile. See pv_run_level_merge. */
    PV_RUNS_PER_LEVEL = 2 * PV_RUNS_FAN + 1,
    /* Mean entries of a slice, at most: a block of two to four pages. Hashes are evenly distributed, so that a slice
     * has 6 standard deviations more than that about once in 10^9. */
    PV_RUN_SLICE_ENTRIES = 850
};

/* Runs of about one size, oldest first. While `merging`, the first PV_RUNS_FAN of them are being merged into
 * `output`: parts 0 to done - 1 of the range of hashes are there, the others still in the old ones. */
typedef struct pv_run_level {
    pv_run runs[PV_RUNS_PER_LEVEL];
    uint32_t count;
    bool merging;
    pv_run output;
    uint8_t part_bits; /* the merge does 2^part_bits parts, one at a time */
    uint32_t done;
    int64_t credit; /* entries that additions have paid for and that were not merged yet */
} pv_run_level;

struct pv_runs {
    pv_txn *txn;
    pv_arena *arena;
    pv_id owner;
    uint32_t next_number;
    uint32_t level_count;
    pv_run_level levels[PV_RUNS_LEVELS];
};

/* The least hash that the merge of a level has not moved yet. */
static inline uint64_t pv_run_level_moved(const pv_run_level *level)
{
    return pv_run_part_begin(level->done, level->part_bits);
}

/* Pays for `count` entries that were added, and merges what is paid for, on all levels. */
PV_MUST_USE pv_status pv_run_level_merge(pv_runs *runs, size_t count, pv_runs_keep keep,
                                         void *context);

#ifdef __cplusplus
}
#endif
#endif
