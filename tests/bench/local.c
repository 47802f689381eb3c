#include "tests/bench/local.h"

#include "storage/lmdb/lmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *local_folder(pv_arena *arena)
{
    const char *parent = getenv("TMPDIR");
    char *path = pv_arena_printf(arena, "%s/purvey-bench-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (path != NULL && mkdtemp(path) != NULL) { return path; }
    fprintf(stderr, "bench: no folder can be made in %s\n", parent == NULL ? "/tmp" : parent);
    return NULL;
}

void local_remove(const char *folder)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "server.lock"};
    if (folder == NULL) { return; }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

pv_store *local_store(const char *folder)
{
    pv_lmdb_options options = {.create = true};
    pv_store *store = NULL;
    char error[PV_LMDB_ERROR_SIZE];
    if (pv_is_ok(pv_lmdb_open(folder, &options, &store, error))) { return store; }
    fprintf(stderr, "bench: %s\n", error);
    return NULL;
}

static double clock_s(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double local_cpu_s(void)
{
    return clock_s(CLOCK_THREAD_CPUTIME_ID);
}

double local_wall_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double local_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}
