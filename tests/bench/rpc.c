/* rpc — the runtime and generated code beside an echo written by hand on the bare C core (echo.c), both with mTLS. */
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "tests/bench/bench.h"
#include "tests/bench/count.h"
#include "tests/bench/rows.h"
#include "tests/bench/stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CALLS = 20000 /* of a row in one round */, IN_FLIGHT = 64, ECHO_BYTES = 100 };

/* The request of both echoes: ECHO_BYTES with its tag and length. */
static pv_view request_bytes(bench *of)
{
    static char text[ECHO_BYTES - 1];
    memset(text, 'x', sizeof text - 1);
    purvey_bench_v1_echo_request request = PURVEY_BENCH_V1_ECHO_REQUEST__INIT;
    request.text = text;
    pv_view bytes;
    bool encoded = pv_message_encode(&request.base, of->arena, &bytes);
    PV_ASSERT(encoded);
    return bytes;
}

typedef load_result measure(const load_target *target, const char *path, pv_view request);

static load_result unary(const load_target *target, const char *path, pv_view request)
{
    return load_run(target, path, &request, 1, CALLS, IN_FLIGHT);
}

/* Each pair is one thing done by the bare core and by generated code. */
static const struct pair {
    const char *names[2];
    const char *paths[2];
    measure *run;
} pairs[] = {
    {{"echo 100 B, bare core", "echo 100 B, generated"},
     {"/bench.Echo/Unary", "/purvey.bench.v1.EchoService/Echo"},
     unary},
    {{"message down 100 B, bare core", "message down 100 B, generated"},
     {"/bench.Echo/Down", "/purvey.bench.v1.EchoService/Down"},
     stream_down},
    {{"message up 100 B, bare core", "message up 100 B, generated"},
     {"/bench.Echo/Up", "/purvey.bench.v1.EchoService/Up"},
     stream_up},
};
enum { PAIRS = sizeof pairs / sizeof pairs[0], SERVERS = 2 };

static void note(bench *of, const char *name, json_t *values)
{
    json_object_set_new(values, "row", json_string(name));
    json_array_append_new(of->results, values);
}

/* Allocations of one call or message, in all and by our own code. */
static void count_allocations(bench *of, const load_target *servers,
                              const allocation_count *const *counts, pv_view request)
{
    printf("\n%-32s %14s %14s\n", "allocations of one", "in all", "by our code");
    for (size_t i = 0; i < PAIRS; i++) {
        for (size_t side = 0; side < SERVERS; side++) {
            allocation_count before = *counts[side];
            load_result result = pairs[i].run(&servers[side], pairs[i].paths[side], request);
            double all = (double)(counts[side]->all - before.all) / (double)result.calls;
            double own = (double)(counts[side]->own - before.own) / (double)result.calls;
            printf("%-32s %14.2f %14.4f\n", pairs[i].names[side], all, own);
            note(of, pairs[i].names[side],
                 json_pack("{s:f, s:f}", "allocations", all, "own_allocations", own));
        }
    }
}

/* Memory while readers do not read: it must not grow with time. */
static void measure_slow_readers(bench *of, const load_target *servers, pv_view request)
{
    printf("\n%d streams that are not read, KiB of server memory each after", SLOW_STREAMS);
    for (size_t i = 0; i < SLOW_SAMPLES; i++) { printf(" %d ms", slow_sample_ms[i]); }
    printf("\n");
    for (size_t side = 0; side < SERVERS; side++) {
        slow_result slow = stream_slow(&servers[side], pairs[1].paths[side], request);
        json_t *list = json_array();
        printf("%-32s", pairs[1].names[side]);
        for (size_t i = 0; i < SLOW_SAMPLES; i++) {
            double kib = (double)(slow.after[i] - slow.before) / 1024 / SLOW_STREAMS;
            printf(" %10.1f", kib);
            json_array_append_new(list, json_real(kib));
        }
        printf("\n");
        note(of, pairs[1].names[side], json_pack("{s:o}", "slow_reader_kib", list));
    }
}

static bool measure_pairs(bench *of, const load_target *servers, pv_view request)
{
    row rows[PAIRS * SERVERS];
    memset(rows, 0, sizeof rows);
    for (int round = 0; round < ROW_ROUNDS; round++) {
        for (size_t i = 0; i < PAIRS; i++) {
            for (size_t side = 0; side < SERVERS; side++) {
                row *measured = &rows[i * SERVERS + side];
                measured->name = pairs[i].names[side];
                measured->yardstick = &rows[i * SERVERS];
                load_result result = pairs[i].run(&servers[side], pairs[i].paths[side], request);
                if (!row_take(measured, round, &result)) { return false; }
            }
        }
    }
    rows_report(rows, PAIRS * SERVERS, of->results);
    return true;
}

/* Starts a server that counts its allocations where the benchmark reads them. */
static bool start_counted(bench *of, const char *path, load_target *ret_target,
                          const allocation_count **ret_count)
{
    const char *file_path = platform_path(
        &of->platform, pv_arena_printf(of->arena, "%s.count", strrchr(path, '/') + 1));
    int file = open(file_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof **ret_count) != 0) {
        return bench_fail("no file for counts");
    }
    void *map = mmap(NULL, sizeof **ret_count, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED) { return bench_fail("no map for counts"); }
    *ret_count = map;
    setenv(COUNT_FILE, file_path, 1);
    bool started = bench_start(of, path, ret_target);
    unsetenv(COUNT_FILE);
    return started;
}

bool bench_rpc(bench *of)
{
    load_target servers[SERVERS] = {{0}};
    const allocation_count *counts[SERVERS] = {NULL};
    bool done = bench_platform(of) && start_counted(of, of->echo, &servers[0], &counts[0]) &&
                start_counted(of, of->generated, &servers[1], &counts[1]);
    if (done) {
        pv_view request = request_bytes(of);
        done = measure_pairs(of, servers, request);
        count_allocations(of, servers, counts, request);
        measure_slow_readers(of, servers, request);
    }
    for (size_t side = 0; side < SERVERS; side++) { bench_stop(&servers[side]); }
    return done;
}
