/* runs.h — a large multimap from 64-bit hashes to 64-bit values for each owner, kept in sorted runs: sixteen
 * bytes an entry in packed blocks and two more for filters, instead of a key of the store per entry. Made for
 * entries that come in thousands and are looked for in thousands, nearly always in vain.
 *
 * A run is written once and never changed, except that the newest one takes in more until it fills a block. When a
 * level has more than PV_RUNS_FAN runs, its oldest ones are merged into one run of the next level (O'Neil et al.,
 * "The log-structured merge-tree", 1996), a slice of the range of hashes at a time: pv_runs_add pays for its
 * entries with a bounded share of the merging, so no call is longer than others and nothing runs in the
 * background. The part that is merged is looked for in the new run, the rest still in the old ones.
 *
 * Runs of the first level are one block. All others are cut into equal slices of the range of hashes, a block
 * each, so that the slice of a hash is known without a search, and have Bloom filters (one in some 600 hashes that
 * are not there passes), so that looking for what is not there reads no slice. This needs hashes that are
 * evenly distributed whatever others send: use a keyed hash (base/siphash.h). Equal hashes are found as often as they
 * were added: whoever must be sure that two things are the same compares the things.
 *
 * Sizes: an entry is written once per level, of which there are log4 of the number of entries / 1000. A look at n
 * hashes reads at most n filters of each run; an owner has about three runs per level. Every engine gives the
 * same result; nothing is kept in memory between transactions. */
#ifndef PV_STORAGE_RUNS_H
#define PV_STORAGE_RUNS_H

#include "base/id.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_RUNS_FAN = 4,        /* runs merged into one of the next level */
    PV_RUNS_ADD_MAX = 1022, /* entries that a block of PV_STORE_BLOCK_MAX holds */
    PV_RUNS_LEVELS = 16     /* the last one would begin at 2^40 entries */
};

typedef struct pv_run_entry {
    uint64_t hash;
    uint64_t value;
} pv_run_entry;

/* The runs of one owner within one transaction. */
typedef struct pv_runs pv_runs;

/* What the owner's runs are; they live in `arena`, as does all that working on them needs. DATA_LOSS. */
PV_MUST_USE pv_status pv_runs_open(pv_txn *txn, pv_arena *arena, pv_id owner, pv_runs **ret_runs);

/* Told of each entry found: the position of its hash in the list, and its value. It may read in the transaction. */
typedef pv_status (*pv_runs_found)(void *context, size_t index, uint64_t value);

/* Looks for hashes, which are in ascending order, and tells of every entry that has one of them, in no order that
 * means anything. The first status of `found` that is not OK ends the search and is given back. */
PV_MUST_USE pv_status pv_runs_find(pv_runs *runs, const uint64_t *hashes, size_t count,
                                   pv_runs_found found, void *context);

/* Whether an entry with this value is still wanted; those that are not are dropped by merging, some day. It may
 * read in the transaction. */
typedef pv_status (*pv_runs_keep)(void *context, uint64_t value, bool *ret_keep);

/* Adds at most PV_RUNS_ADD_MAX entries, in ascending order of hashes, and merges a share of what is there.
 * RESOURCE_EXHAUSTED: a limit of the store, or of the arena. */
PV_MUST_USE pv_status pv_runs_add(pv_runs *runs, const pv_run_entry *entries, size_t count,
                                  pv_runs_keep keep, void *context);

/* How large it has become, for measurements and checks. */
typedef struct pv_runs_size {
    uint64_t entries; /* also those that are no longer wanted */
    uint32_t runs;
    uint32_t levels;
} pv_runs_size;

pv_runs_size pv_runs_measure(const pv_runs *runs);

#ifdef __cplusplus
}
#endif
#endif
