/* server.c — gRPC's interoperability test server on our runtime.
 * usage: server --port=N --use_tls=true|false [--tls_cert_file=F --tls_key_file=F] [--edge_socket=PATH]
 * Listens on loopback; says the port in a line on stdout; ends on SIGTERM or SIGINT. TLS ends in the core; with
 * --edge_socket in an edge in front, and the core listens on that UNIX socket, whose folder must be ours alone. */
#include "server/rpc/server.h"
#include "server/edge/edge.h"

#include "grpc/testing/test.pv.h"
#include "tests/interop/grpc/flags.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 4 * 1024 * 1024, GRACE_MS = 1000, MESSAGE_ARENA_BYTES = 64 * 1024 };

typedef struct edge_options {
    const char *address, *socket, *certificate, *key;
} edge_options;

/* Marks a call whose metadata has been echoed. */
struct pv_context {
    bool echoed;
};

static const pv_reason no_room = {"METADATA_NOT_ECHOED", PV_CODE_RESOURCE_EXHAUSTED,
                                  "The metadata cannot be sent back.", "Send less."};

/* Two keys come back: one as initial metadata, one, which holds bytes, with the status. */
static pv_status admit(void *app, pv_call *call)
{
    (void)app;
    if (call->context != NULL) { return pv_ok(); }
    call->context = (struct pv_context *)pv_arena_zalloc(call->arena, 1, sizeof *call->context);
    if (call->context == NULL) { return pv_refuse(&call->error, &no_room, NULL); }
    call->context->echoed = true;

    static const char initial_key[] = "x-grpc-test-echo-initial";
    static const char trailing_key[] = "x-grpc-test-echo-trailing-bin";
    pv_view initial = pv_rpc_metadata(call, initial_key);
    pv_view trailing = pv_rpc_metadata(call, trailing_key);
    bool done = (initial.data == NULL || pv_rpc_header(call, initial_key, initial)) &&
                (trailing.data == NULL || pv_rpc_trailer_bytes(call, trailing_key, trailing));
    if (done && strcmp(call->method->name, "CacheableUnaryCall") == 0) {
        done = pv_rpc_header(call, "cache-control", pv_view_text("max-age=60, public"));
    }
    return done ? pv_ok() : pv_refuse(&call->error, &no_room, NULL);
}

static bool find_peer(void *app, const char *name, pv_rpc_front_peer *ret_peer)
{
    pv_edge_peer peer;
    if (!pv_edge_find((pv_edge *)app, name, &peer)) { return false; }
    memset(ret_peer, 0, sizeof *ret_peer);
    return true;
}

/* Its limits on frames and bytes are the product's; the peers are too few to meet the other ones. */
static pv_status make_edge(const edge_options *options, pv_error *error, pv_edge **ret_edge)
{
    enum { MANY = 1000 };
    pv_edge_listener listener;
    memset(&listener, 0, sizeof listener);
    listener.address = options->address;
    listener.core_path = options->socket;
    pv_edge_config config;
    memset(&config, 0, sizeof config);
    config.listeners = &listener;
    config.listener_count = 1;
    config.tls.client_roots = config.tls.certificate = options->certificate;
    config.tls.key = options->key;
    config.bounds.handshakes_per_second = MANY;
    return pv_edge_create(&config, error, ret_edge);
}

static bool serve(pv_rpc_config *config, const edge_options *with_edge)
{
    static const pv_service *const services[] = {&grpc_testing_test_service__service};
    pv_rpc_hooks hooks;
    memset(&hooks, 0, sizeof hooks);
    hooks.admit = admit;
    pv_arena *arena = pv_arena_create(MESSAGE_ARENA_BYTES);
    pv_error error;
    pv_error_init(&error, arena);

    /* Before the first thread, so that all threads leave these signals to sigwait. */
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);

    pv_edge *edge = NULL;
    pv_rpc_server *server = NULL;
    pv_status status = with_edge == NULL ? pv_ok() : make_edge(with_edge, &error, &edge);
    const pv_rpc_front front = {edge, find_peer};
    if (edge != NULL) { config->front = &front; }
    if (pv_is_ok(status)) {
        status = pv_rpc_server_create(config, services, 1, &hooks, &error, &server);
    }
    if (pv_is_ok(status)) {
        pv_rpc_server_start(server);
        if (edge != NULL) { pv_edge_start(edge); }
        (void)printf("listening on 127.0.0.1:%d\n",
                     edge == NULL ? pv_rpc_server_port(server) : pv_edge_port(edge, 0));
        (void)fflush(stdout);
        int received = 0;
        (void)sigwait(&stop, &received);
        if (edge != NULL) { pv_edge_drain(edge); }
        pv_rpc_server_drain(server, GRACE_MS);
        pv_rpc_server_destroy(server);
    } else {
        (void)fprintf(stderr, "%s\n", error.message != NULL ? error.message : "no server");
    }
    pv_edge_destroy(edge);
    pv_arena_destroy(arena);
    return pv_is_ok(status);
}

int main(int count, char **words)
{
    enum { PORT, USE_TLS, CERTIFICATE, KEY, EDGE_SOCKET, FLAGS };
    interop_flag flags[FLAGS] = {{"port", NULL},
                                 {"use_tls", "false"},
                                 {"tls_cert_file", NULL},
                                 {"tls_key_file", NULL},
                                 {"edge_socket", NULL}};
    int port = 0;
    bool use_tls = false;
    if (!interop_flags_parse(count, words, flags, FLAGS) ||
        !interop_flag_port(&flags[PORT], &port) || !interop_flag_truth(&flags[USE_TLS], &use_tls)) {
        return 2;
    }
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", port);
    pv_rpc_config config;
    memset(&config, 0, sizeof config);
    config.address = address;
    config.error_domain = "interop.test";
    config.request_bytes_max = REQUEST_BYTES_MAX;
    config.health = true;
    config.reflection = true;
    if (!use_tls) { return serve(&config, NULL) ? 0 : 1; }
    if (flags[EDGE_SOCKET].value != NULL) {
        const edge_options edge = {address, flags[EDGE_SOCKET].value, flags[CERTIFICATE].value,
                                   flags[KEY].value};
        char core_address[128];
        (void)snprintf(core_address, sizeof core_address, "unix:%s", edge.socket);
        config.address = core_address;
        return serve(&config, &edge) ? 0 : 1;
    }

    char *certificate = interop_read_file(flags[CERTIFICATE].value);
    char *key = certificate == NULL ? NULL : interop_read_file(flags[KEY].value);
    pv_rpc_tls tls = {NULL, certificate, key};
    config.tls = &tls;
    config.without_client_certificates = true;
    bool served = key != NULL && serve(&config, NULL);
    free(certificate);
    free(key);
    return served ? 0 : 1;
}
