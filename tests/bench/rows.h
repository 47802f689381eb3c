/* rows.h — the measured rows of a benchmark: values per round, their medians, and the ratio of each row to another one,
 * its yardstick. */
#ifndef PV_TESTS_BENCH_ROWS_H
#define PV_TESTS_BENCH_ROWS_H

#include "tests/bench/load.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ROW_ROUNDS = 3 };

typedef struct row {
    const char *name;
    const struct row *yardstick;
    size_t bytes;            /* of an answer */
    double us[ROW_ROUNDS];   /* server CPU for one call, message or record; 0: not measured */
    double rate[ROW_ROUNDS]; /* of them in a second */
    double p50[ROW_ROUNDS];  /* microseconds that half of them took at most; 0: not measured */
    double p99[ROW_ROUNDS];  /* and 99 of 100 */
} row;

/* Takes over what a load found; false after a sentence on stderr if a call of it failed. */
bool row_take(row *of, int round, const load_result *result);

/* Prints the medians of all rows that were measured, and adds them to `results`. */
void rows_report(const row *rows, size_t count, json_t *results);

#ifdef __cplusplus
}
#endif
#endif
