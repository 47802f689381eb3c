/* rpc — the runtime and generated code beside an echo written by hand on the bare C core (echo.c), both with mTLS. */
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "tests/bench/bench.h"
#include "tests/bench/rows.h"

#include <string.h>

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

static bool measure(bench *of, const load_target *core, const load_target *generated)
{
    row rows[] = {{.name = "echo 100 B, bare core"}, {.name = "echo 100 B, generated"}};
    rows[0].yardstick = rows[1].yardstick = &rows[0];
    pv_view request = request_bytes(of);
    for (int round = 0; round < ROW_ROUNDS; round++) {
        load_result result = load_run(core, "/bench.Echo/Unary", &request, 1, CALLS, IN_FLIGHT);
        if (!row_take(&rows[0], round, &result)) { return false; }
        result =
            load_run(generated, "/purvey.bench.v1.EchoService/Echo", &request, 1, CALLS, IN_FLIGHT);
        if (!row_take(&rows[1], round, &result)) { return false; }
    }
    rows_report(rows, sizeof rows / sizeof rows[0], of->results);
    return true;
}

bool bench_rpc(bench *of)
{
    load_target core = {0};
    load_target generated = {0};
    bool done = bench_platform(of) && bench_start(of, of->echo, &core) &&
                bench_start(of, of->generated, &generated) && measure(of, &core, &generated);
    bench_stop(&core);
    bench_stop(&generated);
    return done;
}
