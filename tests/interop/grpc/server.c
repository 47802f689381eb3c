/* server.c — gRPC's interoperability test server on our runtime.
 * usage: server --port=N --use_tls=true|false [--tls_cert_file=F --tls_key_file=F]
 * Listens on loopback; says the port in a line on stdout; ends on SIGTERM or SIGINT. */
#include "server/rpc/server.h"

#include "grpc/testing/test.pv.h"
#include "tests/interop/grpc/flags.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 4 * 1024 * 1024, GRACE_MS = 1000, MESSAGE_ARENA_BYTES = 64 * 1024 };

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

static bool serve(const pv_rpc_config *config)
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

    pv_rpc_server *server = NULL;
    pv_status status = pv_rpc_server_create(config, services, 1, &hooks, &error, &server);
    if (pv_is_ok(status)) {
        pv_rpc_server_start(server);
        (void)printf("listening on 127.0.0.1:%d\n", pv_rpc_server_port(server));
        (void)fflush(stdout);
        int received = 0;
        (void)sigwait(&stop, &received);
        pv_rpc_server_drain(server, GRACE_MS);
        pv_rpc_server_destroy(server);
    } else {
        (void)fprintf(stderr, "%s\n", error.message != NULL ? error.message : "no server");
    }
    pv_arena_destroy(arena);
    return pv_is_ok(status);
}

int main(int count, char **words)
{
    enum { PORT, USE_TLS, CERTIFICATE, KEY, FLAGS };
    interop_flag flags[FLAGS] = {
        {"port", NULL}, {"use_tls", "false"}, {"tls_cert_file", NULL}, {"tls_key_file", NULL}};
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
    if (!use_tls) { return serve(&config) ? 0 : 1; }

    char *certificate = interop_read_file(flags[CERTIFICATE].value);
    char *key = certificate == NULL ? NULL : interop_read_file(flags[KEY].value);
    pv_rpc_tls tls = {NULL, certificate, key};
    config.tls = &tls;
    config.without_client_certificates = true;
    bool served = key != NULL && serve(&config);
    free(certificate);
    free(key);
    return served ? 0 : 1;
}
