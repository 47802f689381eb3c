/* generated — the echo of echo.c served through generated code and server/rpc: what the runtime adds to the bare core,
 * wire check, decode and encode included.
 *
 * usage: generated CA.pem CERT.pem KEY.pem [SOCKET]   (prints its port; ends on SIGTERM)
 * TLS ends in the core; with SOCKET in an edge in front, and the core listens on that UNIX socket. */
#include "base/file.h"
#include "echo.pv.h"
#include "server/edge/edge.h"
#include "server/rpc/server.h"
#include "tests/bench/stream.h"

#include <signal.h>
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

/* An edge that refuses no load of the benchmarks; its limits on frames are the product's. */
static pv_status make_edge(char **argv, pv_error *error, pv_edge **ret_edge)
{
    enum { MANY = 100000 };
    const pv_edge_listener listener = {
        .address = "127.0.0.1:0", .core_path = argv[4], .demands_certificate = true};
    const pv_edge_config config = {
        .listeners = &listener,
        .listener_count = 1,
        .tls = {.client_roots = argv[1], .certificate = argv[2], .key = argv[3]},
        .bounds = {.connections_per_source = MANY,
                   .connections_per_certificate = MANY,
                   .handshakes_per_second = MANY},
    };
    return pv_edge_create(&config, error, ret_edge);
}

static bool find_peer(void *app, const char *name, pv_rpc_front_peer *ret_peer)
{
    pv_edge_peer peer;
    if (!pv_edge_find(app, name, &peer)) { return false; }
    memset(ret_peer, 0, sizeof *ret_peer);
    ret_peer->has_certificate = peer.has_certificate;
    memcpy(ret_peer->certificate_sha256, peer.certificate_sha256, sizeof peer.certificate_sha256);
    return true;
}

int main(int argc, char **argv)
{
    static const pv_service *const services[] = {&purvey_bench_v1_echo_service__service};
    if (argc != 4 && argc != 5) { return 2; }
    signal(SIGPIPE, SIG_IGN);
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);
    pv_edge *edge = NULL;
    pv_status status = argc == 5 ? make_edge(argv, &error, &edge) : pv_ok();
    const pv_rpc_tls tls = {
        .ca = pv_file_read(arena, argv[1]),
        .certificate = pv_file_read(arena, argv[2]),
        .key = pv_file_read(arena, argv[3]),
    };
    const pv_rpc_front front = {.app = edge, .find = find_peer};
    const pv_rpc_config config = {
        .address = edge == NULL ? "127.0.0.1:0" : pv_arena_printf(arena, "unix:%s", argv[4]),
        .front = edge == NULL ? NULL : &front,
        .tls = edge == NULL ? &tls : NULL,
        .error_domain = "bench",
    };
    pv_rpc_server *server = NULL;
    if (pv_is_ok(status)) {
        status = pv_rpc_server_create(&config, services, 1, NULL, &error, &server);
    }
    if (!pv_is_ok(status)) {
        fprintf(stderr, "generated: %s\n", error.message);
        return 1;
    }
    if (edge != NULL) { pv_edge_start(edge); }
    printf("%d\n", edge == NULL ? pv_rpc_server_port(server) : pv_edge_port(edge, 0));
    fflush(stdout);
    pv_rpc_server_run(server, 0);
    pv_rpc_server_destroy(server);
    pv_edge_destroy(edge);
    pv_arena_destroy(arena);
    return 0;
}
