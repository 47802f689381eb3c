/* local.h — what benchmarks of the store in their own process share: a store of LMDB in a temporary folder,
 * and clocks. */
#ifndef PV_TESTS_BENCH_LOCAL_H
#define PV_TESTS_BENCH_LOCAL_H

#include "base/arena.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A new folder below TMPDIR, or /tmp; NULL after a sentence on stderr. */
const char *local_folder(pv_arena *arena);

/* Removes the folder with what LMDB and the store leave in it. NULL is permitted. */
void local_remove(const char *folder);

/* A new store in the folder; NULL after a sentence on stderr. */
pv_store *local_store(const char *folder);

/* CPU time of the calling thread, and the time that passes, in seconds. */
double local_cpu_s(void);
double local_wall_s(void);

/* The middle one of the values, which are put in order. */
double local_median(double *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
