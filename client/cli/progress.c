#include "client/cli/progress.h"

#include "base/time.h"

#include <inttypes.h>

enum { BAR_COLUMNS = 30 };

void pv_progress_start(pv_progress *progress, pv_cli *cli, const char *what, uint64_t done,
                       uint64_t total, int64_t now_ns)
{
    *progress = (pv_progress){
        .out = cli->err,
        .is_terminal = cli->err_is_terminal,
        .what = what,
        .total = total,
        .first = done,
        .start_ns = now_ns,
        .next_ns = now_ns + (cli->err_is_terminal ? PV_PROGRESS_DRAW_NS : PV_PROGRESS_LINE_NS),
    };
}

static uint64_t rate_per_second(const pv_progress *progress, uint64_t done, int64_t now_ns)
{
    uint64_t elapsed_ms = (uint64_t)((now_ns - progress->start_ns) / PV_NS_PER_MS);
    return elapsed_ms == 0 ? 0 : (done - progress->first) * 1000 / elapsed_ms;
}

static void put_rest(const pv_progress *progress, uint64_t done, uint64_t rate)
{
    fprintf(progress->out, "%" PRIu64 " of %" PRIu64 " %s, %" PRIu64 " a second", done,
            progress->total, progress->what, rate);
    if (rate > 0 && done < progress->total) {
        uint64_t seconds = (progress->total - done + rate - 1) / rate;
        fprintf(progress->out, ", %" PRIu64 ":%02" PRIu64 " left", seconds / 60, seconds % 60);
    }
}

static void draw(pv_progress *progress, uint64_t done, uint64_t rate)
{
    char bar[BAR_COLUMNS + 1];
    uint64_t filled = progress->total == 0 ? 0 : done * BAR_COLUMNS / progress->total;
    for (uint64_t i = 0; i < BAR_COLUMNS; i++) { bar[i] = i < filled ? '#' : '.'; }
    bar[BAR_COLUMNS] = '\0';
    fprintf(progress->out, "\r[%s] ", bar);
    put_rest(progress, done, rate);
    fputs("\033[K", progress->out);
    fflush(progress->out);
    progress->drawn = true;
}

void pv_progress_update(pv_progress *progress, uint64_t done, int64_t now_ns)
{
    if (now_ns < progress->next_ns) { return; }
    uint64_t rate = rate_per_second(progress, done, now_ns);
    if (progress->is_terminal) {
        draw(progress, done, rate);
        progress->next_ns = now_ns + PV_PROGRESS_DRAW_NS;
    } else {
        put_rest(progress, done, rate);
        fputc('\n', progress->out);
        progress->next_ns = now_ns + PV_PROGRESS_LINE_NS;
    }
}

void pv_progress_end(pv_progress *progress)
{
    if (!progress->drawn) { return; }
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->drawn = false;
}
