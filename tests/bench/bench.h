/* bench.h — what the benchmarks share. main.c chooses which of them run; each has a file of its own and one function
 * here. A benchmark starts the servers that it compares, measures its rows (rows.h) in interleaved rounds, and adds
 * what it found to `results`. Load is closed-loop and bounded. */
#ifndef PV_TESTS_BENCH_BENCH_H
#define PV_TESTS_BENCH_BENCH_H

#include "base/arena.h"
#include "client/demo/platform.h"
#include "tests/bench/load.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bench {
    pv_arena *arena;
    const char *name; /* the rows that were asked for, with spaces between them; NULL: all */
    /* Binaries. */
    const char *server;
    const char *cli;
    const char *echo;
    const char *generated;
    json_t *results; /* an array, one object per row */
    /* A purveyd with an authority of its own, from bench_platform on. */
    platform platform;
} bench;

/* The benchmarks. False: a sentence was printed to stderr. */
bool bench_rpc(bench *of);      /* the runtime beside the bare C core */
bool bench_calls(bench *of);    /* calls of purveyd beside the bare C core */
bool bench_identity(bench *of); /* who calls, beside the bare C core's calls and handshakes */
/* The store in this process: */
bool bench_store_commit(bench *of); /* group commit beside LMDB itself */
bool bench_store_list(bench *of);   /* a List as the number of objects grows */
bool bench_store_usage(bench *of);  /* usage records: ids, packing, commit */

bool bench_edge(bench *of); /* server/edge beside TLS that ends in the core */

/* Starts `of->platform` if it does not run yet; main.c stops it. */
bool bench_platform(bench *of);

/* What to load `process` at `address` with: the operator's certificate of the platform. */
load_target bench_target(bench *of, const char *address, pid_t process);

/* Starts a server that is called with the platform's root, certificate and key and prints the port it takes. */
bool bench_start(bench *of, const char *path, load_target *ret_target);

/* The same with one more argument; NULL: without. */
bool bench_start_with(bench *of, const char *path, const char *argument, load_target *ret_target);

/* Ends it; one that was never started is passed over. */
void bench_stop(load_target *target);

/* True if the row `name` is to be measured. */
bool bench_wants(const bench *of, const char *name);

/* Says on stderr what went wrong; false. */
bool bench_fail(const char *what);

#ifdef __cplusplus
}
#endif
#endif
