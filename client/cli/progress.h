/* progress.h — how far a long upload is: on a terminal a bar drawn over itself, elsewhere a line
 * every ten seconds. Only on err; data on out is never disturbed. */
#ifndef PV_CLIENT_CLI_PROGRESS_H
#define PV_CLIENT_CLI_PROGRESS_H

#include "client/cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PV_PROGRESS_DRAW_NS \
    (INT64_C(100) * 1000 * 1000) /* on a terminal: smooth enough, and cheap */
#define PV_PROGRESS_LINE_NS (INT64_C(10) * 1000 * 1000 * 1000) /* in a log */

typedef struct pv_progress {
    FILE *out;
    bool is_terminal;
    const char *what; /* "records" */
    uint64_t total;
    uint64_t first; /* done before the start: not counted in the rate */
    int64_t start_ns;
    int64_t next_ns; /* when to write again */
    bool drawn;
} pv_progress;

/* `done` of `total` are done when it starts; times are of pv_time_monotonic_ns. */
void pv_progress_start(pv_progress *progress, pv_cli *cli, const char *what, uint64_t done,
                       uint64_t total, int64_t now_ns);

/* Writes if it is time. */
void pv_progress_update(pv_progress *progress, uint64_t done, int64_t now_ns);

/* Takes the bar away, so that the next line of err stands alone. */
void pv_progress_end(pv_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
