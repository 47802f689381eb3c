/* edge — server/edge in front of the core beside TLS that ends in the core: the same service, runtime and client. */
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "tests/bench/bench.h"
#include "tests/bench/peers.h"
#include "tests/bench/rows.h"

#include <stdio.h>
#include <string.h>

enum { SIDES = 2, HANDSHAKES = 300, IDLE = 500 };

static const char *const side_names[SIDES] = {"core's TLS", "edge"};

static const struct shape {
    size_t connections, in_flight, calls;
} shapes[] = {{1, 1, 3000}, {1, 10, 10000}, {1, 100, 20000},
              {8, 1, 3000}, {8, 10, 10000}, {8, 100, 20000}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static bool start(bench *of, size_t side, load_target *ret_target)
{
    const char *socket = side == 0 ? NULL : platform_path(&of->platform, "edge.sock");
    return bench_start_with(of, of->generated, socket, ret_target);
}

static pv_view request_bytes(bench *of)
{
    purvey_bench_v1_echo_request request = PURVEY_BENCH_V1_ECHO_REQUEST__INIT;
    request.text = pv_arena_printf(of->arena, "%098d", 0);
    pv_view bytes;
    bool encoded = pv_message_encode(&request.base, of->arena, &bytes);
    PV_ASSERT(encoded);
    return bytes;
}

static void note(bench *of, const char *name, json_t *values)
{
    json_object_set_new(values, "row", json_string(name));
    json_array_append_new(of->results, values);
}

static bool measure_calls(bench *of, const load_target *servers)
{
    row rows[SHAPES * SIDES];
    memset(rows, 0, sizeof rows);
    pv_view request = request_bytes(of);
    for (int round = 0; round < ROW_ROUNDS; round++) {
        for (size_t i = 0; i < SHAPES * SIDES; i++) {
            const struct shape *shape = &shapes[i / SIDES];
            load_target target = servers[i % SIDES];
            target.connections = shape->connections;
            rows[i].name = pv_arena_printf(of->arena, "%zu on %zu, %s", shape->in_flight,
                                           shape->connections, side_names[i % SIDES]);
            rows[i].yardstick = &rows[i / SIDES * SIDES];
            load_result result = load_run(&target, "/purvey.bench.v1.EchoService/Echo", &request, 1,
                                          shape->calls, shape->in_flight);
            if (!row_take(&rows[i], round, &result)) { return false; }
        }
    }
    rows_report(rows, SHAPES * SIDES, of->results);
    return true;
}

static bool measure_connections(bench *of, const load_target *servers)
{
    printf("\n%-32s %14s %14s %14s\n", "connections", "handshakes/s", "CPU ms each",
           "idle KiB each");
    for (size_t side = 0; side < SIDES; side++) {
        peers_handshakes shaken;
        if (!peers_shake_hands(&servers[side], HANDSHAKES, &shaken)) {
            return bench_fail("a handshake failed");
        }
        double kib = peers_idle_kib(&servers[side], IDLE);
        if (kib < 0) { return bench_fail("a connection that rests was refused"); }
        printf("%-32s %14.0f %14.2f %14.1f\n", side_names[side], shaken.per_second,
               shaken.server_ms, kib);
        note(of, pv_arena_printf(of->arena, "connections, %s", side_names[side]),
             json_pack("{s:f, s:f, s:f}", "handshakes_per_second", shaken.per_second,
                       "handshake_cpu_ms", shaken.server_ms, "idle_kib", kib));
    }
    return true;
}

static void report_attack(bench *of, size_t side, const peers_attack *attack)
{
    printf("%-28s %-11s %7.2f %9.3f %11.2f %9.2f %7zu  %s\n", attack->name, side_names[side],
           attack->seconds, attack->server_s, attack->memory_mib, attack->neighbour_p99_ms,
           attack->neighbour_failed, attack->end);
    fflush(stdout);
    note(of, pv_arena_printf(of->arena, "attack: %s, %s", attack->name, side_names[side]),
         json_pack("{s:f, s:f, s:f, s:f, s:I, s:s}", "seconds", attack->seconds, "server_cpu_s",
                   attack->server_s, "memory_mib", attack->memory_mib, "neighbour_p99_ms",
                   attack->neighbour_p99_ms, "neighbour_failed",
                   (json_int_t)attack->neighbour_failed, "end", attack->end));
}

/* Each attack meets a fresh server, whose memory nobody has grown before. */
static bool measure_attacks(bench *of)
{
    double call_us[SIDES] = {0};
    printf("\n%-28s %-11s %7s %9s %11s %9s %7s  %s\n", "attack", "", "s", "CPU s", "memory MiB",
           "p99 ms", "failed", "its end");
    for (size_t i = 0; i < PEERS_ATTACKS; i++) {
        for (size_t side = 0; side < SIDES; side++) {
            load_target target = {0};
            if (!start(of, side, &target)) { return false; }
            peers_attack attack = peers_run_attack(&target, i, call_us[side]);
            if (i == 0) { call_us[side] = attack.server_s * 1e6 / (double)attack.neighbour_calls; }
            report_attack(of, side, &attack);
            bench_stop(&target);
        }
    }
    return true;
}

bool bench_edge(bench *of)
{
    load_target servers[SIDES] = {{0}};
    bool done = bench_platform(of) && start(of, 0, &servers[0]) && start(of, 1, &servers[1]) &&
                measure_calls(of, servers) && measure_connections(of, servers);
    for (size_t side = 0; side < SIDES; side++) { bench_stop(&servers[side]); }
    return done && measure_attacks(of);
}
