/* memory.h — the engine that keeps everything in memory and forgets it at the end: for tests and for
 * simulation. It keeps every promise of storage/store.h but durability.
 * Threads: as store.h says; snapshots and the committer do not wait for each other beyond short moments. */
#ifndef PV_STORAGE_MEMORY_MEMORY_H
#define PV_STORAGE_MEMORY_MEMORY_H

#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_memory_options {
    uint64_t
        bytes_max; /* of keys and values; 0: no limit. Beyond it the store is full, as a disk is. */
} pv_memory_options;

/* Opens an empty store; `options` may be NULL. Aborts when the process has no memory. */
PV_MUST_USE pv_status pv_memory_open(const pv_memory_options *options, pv_store **ret_store);

#ifdef __cplusplus
}
#endif
#endif
