/* generated — the echo of echo.c served through generated code and server/rpc: what the runtime adds to the bare core,
 * wire check, decode and encode included.
 *
 * usage: generated CA.pem CERT.pem KEY.pem   (prints its port; ends on SIGTERM) */
#include "base/file.h"
#include "echo.pv.h"
#include "server/rpc/server.h"
#include "tests/bench/stream.h"

#include <stdio.h>

enum { ARENA_BYTES = 1024 * 1024, TEXT_BYTES_MAX = 1024 };

pv_status purvey_bench_v1_echo_service_echo(pv_call *call,
                                            const purvey_bench_v1_echo_request *request,
                                            purvey_bench_v1_echo_response *response)
{
    (void)call;
    response->text = request->text;
    return pv_ok();
}

pv_status purvey_bench_v1_echo_service_down_next(pv_call *call,
                                                 const purvey_bench_v1_echo_request *request,
                                                 purvey_bench_v1_echo_response *response,
                                                 pv_step *ret_step)
{
    uint32_t *sent = call->state;
    if (sent == NULL) { sent = call->state = pv_arena_zalloc(call->arena, 1, sizeof *sent); }
    if (sent == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    *ret_step = *sent == STREAM_MESSAGES ? PV_STEP_END : PV_STEP_MESSAGE;
    if (*ret_step == PV_STEP_END) { return pv_ok(); }
    (*sent)++;
    response->text = request->text;
    return pv_ok();
}

pv_status purvey_bench_v1_echo_service_up_receive(pv_call *call,
                                                  const purvey_bench_v1_echo_request *request)
{
    char *kept = call->state;
    if (kept == NULL) { kept = call->state = pv_arena_zalloc(call->arena, TEXT_BYTES_MAX, 1); }
    size_t size = strlen(request->text) + 1;
    if (kept == NULL || size > TEXT_BYTES_MAX) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    memcpy(kept, request->text, size);
    return pv_ok();
}

pv_status purvey_bench_v1_echo_service_up_finish(pv_call *call,
                                                 purvey_bench_v1_echo_response *response)
{
    if (call->state != NULL) { response->text = call->state; }
    return pv_ok();
}

int main(int argc, char **argv)
{
    static const pv_service *const services[] = {&purvey_bench_v1_echo_service__service};
    if (argc != 4) { return 2; }
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    const pv_rpc_tls tls = {
        .ca = pv_file_read(arena, argv[1]),
        .certificate = pv_file_read(arena, argv[2]),
        .key = pv_file_read(arena, argv[3]),
    };
    const pv_rpc_config config = {.address = "127.0.0.1:0", .tls = &tls, .error_domain = "bench"};
    pv_rpc_server *server = NULL;
    if (!pv_is_ok(pv_rpc_server_create(&config, services, 1, NULL, &error, &server))) {
        fprintf(stderr, "generated: %s\n", error.message);
        return 1;
    }
    printf("%d\n", pv_rpc_server_port(server));
    fflush(stdout);
    pv_rpc_server_run(server, 0);
    pv_rpc_server_destroy(server);
    pv_arena_destroy(arena);
    return 0;
}
