/* run_block.h — the blocks that runs are made of: slices, which are sorted entries, and Bloom filters. Internal to
 * storage.
 *
 * Slice: entries of sixteen bytes, hash and value, little endian. Filter: lines of 64 bytes; a hash has one line and
 * FILTER_PROBES bits in it (Putze, Sanders, Singler: "Cache-, hash- and space-efficient Bloom filters", 2007). */
#ifndef PV_STORAGE_RUN_BLOCK_H
#define PV_STORAGE_RUN_BLOCK_H

#include "storage/runs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Run 0 is the list of the others. */
enum { PV_RUN_ENTRY_SIZE = 16, PV_RUN_LIST = 0 };

/* The first block of filters: they stand behind the slices of their run. */
#define PV_RUN_FIRST_FILTER (UINT32_C(1) << 31)

/* One run, or one that is being written. */
typedef struct pv_run {
    uint32_t number;     /* in the keys of its blocks */
    uint8_t slice_bits;  /* it has 2^slice_bits slices */
    uint8_t filter_bits; /* and 2^filter_bits filters; not in the first level */
    uint64_t entries;
} pv_run;

/* The range of hashes is cut into 2^bits equal parts: which one a hash is in, and the least hash of a part. */
static inline uint32_t pv_run_part_of(uint64_t hash, unsigned bits)
{
    return bits == 0 ? 0 : (uint32_t)(hash >> (64 - bits));
}
static inline uint64_t pv_run_part_begin(uint64_t part, unsigned bits)
{
    return bits == 0 ? 0 : part << (64 - bits);
}

/* Empty slices, and filters of nothing, are not there: then the view is empty. DATA_LOSS. */
PV_MUST_USE pv_status pv_run_get_slice(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t slice,
                                       pv_view *ret_slice);
PV_MUST_USE pv_status pv_run_get_filter(pv_txn *txn, pv_id owner, const pv_run *run,
                                        uint32_t filter, pv_view *ret_filter);

/* Writes entries of one slice, and the filter of those of one part. The memory comes from `arena`. */
PV_MUST_USE pv_status pv_run_put_slice(pv_txn *txn, pv_arena *arena, pv_id owner, const pv_run *run,
                                       uint32_t slice, const pv_run_entry *entries, size_t count);
PV_MUST_USE pv_status pv_run_put_filter(pv_txn *txn, pv_arena *arena, pv_id owner,
                                        const pv_run *run, uint32_t filter,
                                        const pv_run_entry *entries, size_t count);

PV_MUST_USE pv_status pv_run_delete_slice(pv_txn *txn, pv_id owner, const pv_run *run,
                                          uint32_t slice);
PV_MUST_USE pv_status pv_run_delete_filter(pv_txn *txn, pv_id owner, const pv_run *run,
                                           uint32_t filter);

/* Entries of a slice as read. */
static inline size_t pv_run_count(pv_view slice)
{
    return slice.size / PV_RUN_ENTRY_SIZE;
}
uint64_t pv_run_hash_at(pv_view slice, size_t index);
pv_run_entry pv_run_entry_at(pv_view slice, size_t index);

/* Position of the first entry at or behind `from` whose hash is at least this; the count if there is none. Costs
 * little when it is near. */
size_t pv_run_seek(pv_view slice, size_t from, uint64_t hash);

/* The one line of a filter that a hash has, which is being brought near; NULL if the filter is of nothing. Lines are
 * far apart in memory: whoever has many hashes asks for all lines before it looks into the first. */
const uint8_t *pv_run_line(pv_view filter, unsigned filter_bits, uint64_t hash);

/* False: the hash is not there. */
bool pv_run_may_have(const uint8_t *line, uint64_t hash);

#ifdef __cplusplus
}
#endif
#endif
