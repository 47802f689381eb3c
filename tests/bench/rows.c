#include "tests/bench/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool row_take(row *of, int round, const load_result *result)
{
    if (result->failed > 0) {
        fprintf(stderr, "bench: %s: %zu calls failed\n", of->name, result->failed);
        return false;
    }
    of->us[round] = result->server_us_per_call;
    of->rate[round] = (double)result->calls / result->wall_s;
    of->p50[round] = result->p50_us;
    of->p99[round] = result->p99_us;
    of->bytes = result->answer_bytes;
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double *values)
{
    double sorted[ROW_ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROW_ROUNDS, sizeof *sorted, compare_doubles);
    return sorted[ROW_ROUNDS / 2];
}

void rows_report(const row *rows, size_t count, json_t *results)
{
    printf("%-32s %8s %12s %10s %10s %10s %8s\n", "median of 3 rounds", "bytes", "per second",
           "p50 us", "p99 us", "CPU us", "ratio to");
    for (size_t i = 0; i < count; i++) {
        const row *of = &rows[i];
        double us = median(of->us);
        if (us <= 0) { continue; }
        double ratio = us / median(of->yardstick->us);
        double p50 = median(of->p50);
        double p99 = median(of->p99);
        printf("%-32s %8zu %12.0f %10.0f %10.0f %10.2f %8.2f %s\n", of->name, of->bytes,
               median(of->rate), p50, p99, us, ratio, of->yardstick->name);
        json_array_append_new(results, json_pack("{s:s, s:I, s:f, s:f, s:f, s:f, s:f, s:s}", "row",
                                                 of->name, "answer_bytes", (json_int_t)of->bytes,
                                                 "per_second", median(of->rate), "p50_us", p50,
                                                 "p99_us", p99, "server_cpu_us", us, "ratio", ratio,
                                                 "ratio_to", of->yardstick->name));
    }
}
