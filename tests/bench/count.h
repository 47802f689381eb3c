/* count.h — allocations of a server under test: count.c replaces malloc and its like in the binary that is linked with
 * it, and counts into a file that the benchmark maps too. The environment variable COUNT_FILE names the file; without
 * it nothing is counted. */
#ifndef PV_TESTS_BENCH_COUNT_H
#define PV_TESTS_BENCH_COUNT_H

#include <stdint.h>

#define COUNT_FILE "PURVEY_BENCH_COUNT_FILE"

/* Calls of malloc, calloc, realloc and aligned_alloc so far; written by several threads, atomically. */
typedef struct allocation_count {
    uint64_t all; /* by libraries too, which are gRPC and what it stands on */
    uint64_t own; /* by what is linked into the binary: our code */
} allocation_count;

#endif
