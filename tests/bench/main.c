/* bench — what a call costs the server, side by side with the bare C core in the same run.
 *
 * usage: bench --server PURVEYD --cli PURVEY --echo ECHO --generated GENERATED [NAME] [--json OUT.json]
 * NAME is a benchmark, or a row of one; without it all benchmarks run. */
#include "tests/bench/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1024 * 1024 * 1024 };

typedef struct entry {
    const char *name;
    bool (*run)(bench *of);
    const char *row; /* with spaces between several; NULL: all of them */
} entry;

static const entry entries[] = {
    {"rpc", bench_rpc, NULL},
    {"calls", bench_calls, NULL},
    {"edge", bench_edge, NULL},
    {"store", bench_store_commit, NULL},
    {"store", bench_store_list, NULL},
    {"store", bench_store_usage, NULL},
    {"store", bench_calls, "get list import"},
    {"identity", bench_identity, NULL},
    {"commit", bench_store_commit, "commit"},
    {"lists", bench_store_list, "lists"},
    {"chunks", bench_store_usage, "chunks"},
    {"import", bench_calls, "import"},
    {"get", bench_calls, "get"},
    {"list", bench_calls, "list"},
    {"approve", bench_calls, "approve"},
    {"usage", bench_calls, "usage"},
};

static const entry *find(const char *name)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (strcmp(entries[i].name, name) == 0) { return &entries[i]; }
    }
    return NULL;
}

static bool run(bench *of, const entry *chosen)
{
    bool done = true;
    for (size_t i = 0; done && i < sizeof entries / sizeof entries[0]; i++) {
        bool wanted =
            chosen == NULL ? entries[i].row == NULL : strcmp(entries[i].name, chosen->name) == 0;
        if (!wanted) { continue; }
        of->name = entries[i].row;
        done = entries[i].run(of);
    }
    return done;
}

int main(int argc, char **argv)
{
    bench of = {0};
    const char *json = NULL;
    const entry *chosen = NULL;
    const struct {
        const char *flag;
        const char **value;
    } flags[] = {{"--server", &of.server},
                 {"--cli", &of.cli},
                 {"--echo", &of.echo},
                 {"--generated", &of.generated},
                 {"--json", &json}};
    for (int i = 1; i < argc; i++) {
        const char **value = NULL;
        for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++) {
            if (strcmp(argv[i], flags[k].flag) == 0) { value = flags[k].value; }
        }
        if (value != NULL && i + 1 < argc) {
            *value = argv[++i];
        } else if (chosen == NULL && find(argv[i]) != NULL) {
            chosen = find(argv[i]);
        } else {
            fprintf(stderr, "bench: %s is not understood; there are", argv[i]);
            for (size_t k = 0; k < sizeof entries / sizeof entries[0]; k++) {
                fprintf(stderr, " %s", entries[k].name);
            }
            fputc('\n', stderr);
            return 2;
        }
    }
    if (of.server == NULL || of.cli == NULL || of.echo == NULL || of.generated == NULL) {
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    of.arena = pv_arena_create(ARENA_BYTES);
    of.results = json_array();
    bool done = run(&of, chosen);
    if (done && json != NULL && json_dump_file(of.results, json, JSON_INDENT(2)) != 0) {
        done = bench_fail("the JSON cannot be written");
    }
    platform_stop(&of.platform, SIGTERM);
    json_decref(of.results);
    pv_arena_destroy(of.arena);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
