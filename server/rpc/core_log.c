/* core_log.c — the core's own log, as records of ours. Remote peers can make the core write lines
 * (failed handshakes, unknown server names, bad headers), so only some per second are written; the
 * next second begins with the number of those that were left out.
 *
 * The core's hook has no user data: its counters are the one static state of this runtime. */
#include "base/log.h"
#include "base/time.h"
#include "server/rpc/internal.h"

#include <grpc/support/log.h>
#include <stdatomic.h>

static _Atomic(int64_t) current_second;
static _Atomic(int64_t) lines;

static void write_line(gpr_log_func_args *args)
{
    int64_t second = pv_time_monotonic_ns() / PV_NS_PER_S;
    if (atomic_exchange(&current_second, second) != second) {
        int64_t left_out = atomic_exchange(&lines, 0) - PV_RPC_CORE_LOG_LINES_PER_SECOND;
        if (left_out > 0) {
            pv_log_field field = pv_log_number("lines", left_out);
            pv_log(PV_LOG_WARN, "grpc_core_log_left_out", &field, 1);
        }
    }
    if (atomic_fetch_add(&lines, 1) >= PV_RPC_CORE_LOG_LINES_PER_SECOND) { return; }
    /* What the core calls an error is mostly a peer's: a failed handshake, a bad header. */
    pv_log_level level = args->severity == GPR_LOG_SEVERITY_ERROR ? PV_LOG_WARN : PV_LOG_DEBUG;
    pv_log_field fields[] = {
        pv_log_text("text", args->message),
        pv_log_text("file", args->file),
        pv_log_number("line", args->line),
    };
    pv_log(level, "grpc_core", fields, sizeof fields / sizeof fields[0]);
}

void pv_rpc_core_log_install(void)
{
    gpr_set_log_function(write_line);
}
