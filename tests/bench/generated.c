/* generated — the echo of echo.c served through generated code and server/rpc: what the runtime adds to the bare core,
 * wire check, decode and encode included.
 *
 * usage: generated CA.pem CERT.pem KEY.pem   (prints its port; ends on SIGTERM) */
#include "echo.pv.h"
#include "server/rpc/server.h"

#include <signal.h>
#include <stdio.h>

enum { FILE_BYTES_MAX = 64 * 1024, ARENA_BYTES = 1024 * 1024 };

pv_status purvey_bench_v1_echo_service_echo(pv_call *call,
                                            const purvey_bench_v1_echo_request *request,
                                            purvey_bench_v1_echo_response *response)
{
    (void)call;
    response->text = request->text;
    return pv_ok();
}

static const char *slurp(pv_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = pv_arena_zalloc(arena, FILE_BYTES_MAX, 1);
    PV_ASSERT(file != NULL);
    PV_ASSERT(text != NULL);
    size_t size = fread(text, 1, FILE_BYTES_MAX - 1, file);
    PV_ASSERT(size > 0);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    static const pv_service *const services[] = {&purvey_bench_v1_echo_service__service};
    if (argc != 4) { return 2; }
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    const pv_rpc_tls tls = {
        .ca = slurp(arena, argv[1]),
        .certificate = slurp(arena, argv[2]),
        .key = slurp(arena, argv[3]),
    };
    const pv_rpc_config config = {.address = "127.0.0.1:0", .tls = &tls, .error_domain = "bench"};
    pv_rpc_server *server = NULL;
    if (!pv_is_ok(pv_rpc_server_create(&config, services, 1, NULL, &error, &server))) {
        fprintf(stderr, "generated: %s\n", error.message);
        return 1;
    }
    pv_rpc_server_start(server);
    printf("%d\n", pv_rpc_server_port(server));
    fflush(stdout);
    int received = 0;
    sigwait(&stop, &received);
    pv_rpc_server_drain(server, 0);
    pv_rpc_server_destroy(server);
    pv_arena_destroy(arena);
    return 0;
}
