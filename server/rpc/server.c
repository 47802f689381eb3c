/* server.c — a server's life: creation, the polling thread, drain, end. */
#include "server/rpc/server.h"

#include "base/thread.h"
#include "grpc/health/v1/health.pv.h"
#include "grpc/reflection/v1/reflection.pv.h"
#include "protos/runtime/reasons.h"
#include "server/rpc/internal.h"

#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <signal.h>
#include <stdlib.h>

/* --- signals --- */

/* Signals belong to the application's threads: those of the core and the polling thread begin with
 * all of them blocked. */
static void block_signals(sigset_t *ret_before)
{
    sigset_t all;
    sigfillset(&all);
    PV_ASSERT(pthread_sigmask(SIG_SETMASK, &all, ret_before) == 0);
}

static void unblock_signals(const sigset_t *before)
{
    PV_ASSERT(pthread_sigmask(SIG_SETMASK, before, NULL) == 0);
}

/* --- creation --- */

static grpc_arg integer_arg(const char *key, size_t value)
{
    grpc_arg arg;
    memset(&arg, 0, sizeof arg);
    PV_ASSERT(value <= INT32_MAX);
    arg.type = GRPC_ARG_INTEGER;
    arg.key = (char *)(uintptr_t)key;
    arg.value.integer = (int)value;
    return arg;
}

static size_t or_default(size_t value, size_t value_default)
{
    return value == 0 ? value_default : value;
}

static grpc_server *create_core_server(const pv_rpc_config *config, size_t request_bytes_max)
{
    grpc_resource_quota *quota = grpc_resource_quota_create("purvey");
    grpc_resource_quota_resize(quota, PV_RPC_ARG_RESOURCE_QUOTA_BYTES);
    grpc_arg quota_arg;
    memset(&quota_arg, 0, sizeof quota_arg);
    quota_arg.type = GRPC_ARG_POINTER;
    quota_arg.key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA;
    quota_arg.value.pointer.p = quota;
    quota_arg.value.pointer.vtable = grpc_resource_quota_arg_vtable();
    grpc_arg list[] = {
        quota_arg,
        integer_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, PV_RPC_CONCURRENT_STREAMS),
        integer_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, request_bytes_max),
        integer_arg(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, PV_RPC_RESPONSE_BYTES_MAX),
        integer_arg(GRPC_ARG_MAX_METADATA_SIZE, PV_RPC_ARG_METADATA_BYTES),
        integer_arg(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, PV_RPC_ARG_HANDSHAKE_TIMEOUT_MS),
        integer_arg(GRPC_ARG_MAX_CONNECTION_IDLE_MS, PV_RPC_ARG_CONNECTION_IDLE_MS),
        integer_arg(GRPC_ARG_MAX_CONNECTION_AGE_MS, PV_RPC_ARG_CONNECTION_AGE_MS),
        integer_arg(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, PV_RPC_ARG_CONNECTION_AGE_GRACE_MS),
        integer_arg(GRPC_ARG_KEEPALIVE_TIME_MS,
                    or_default(config->keepalive_ms, PV_RPC_ARG_KEEPALIVE_MS)),
        integer_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                    or_default(config->keepalive_timeout_ms, PV_RPC_ARG_KEEPALIVE_TIMEOUT_MS)),
        integer_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        integer_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                    PV_RPC_ARG_PING_INTERVAL_MS),
        integer_arg(GRPC_ARG_HTTP2_MAX_PING_STRIKES, PV_RPC_ARG_PING_STRIKES),
        integer_arg(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
                    PV_RPC_ARG_COMPRESSION_BITSET),
        integer_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION,
                    0),                           /* we refuse compressed messages ourselves */
        integer_arg(GRPC_ARG_ALLOW_REUSEPORT, 0), /* two servers must not share a port in silence */
    };
    grpc_channel_args args = {sizeof list / sizeof list[0], list};
    grpc_server *server = grpc_server_create(&args, NULL);
    grpc_resource_quota_unref(quota);
    return server;
}

static pv_status add_service(pv_rpc_server *server, const pv_service *service, bool builtin,
                             pv_error *error)
{
    size_t bytes_max = builtin ? PV_RPC_REQUEST_BYTES_DEFAULT : server->request_bytes_max;
    if (pv_rpc_dispatch_add(server->dispatch, service, builtin, bytes_max)) { return pv_ok(); }
    return pv_refuse(error, &pv_reason_internal, "the service %s is given twice",
                     service->info->name);
}

/* The dispatch table, with the services that the runtime brings along. */
static pv_status add_services(pv_rpc_server *server, const pv_rpc_config *config, pv_error *error)
{
    const pv_service *own[3];
    size_t own_count = 0;
    if (config->health) { own[own_count++] = &grpc_health_v1_health__service; }
    if (config->reflection) {
        own[own_count++] = &grpc_reflection_v1_server_reflection__service;
        own[own_count++] = &pv_rpc_reflection_alpha_service;
    }
    size_t method_count = 0;
    for (size_t i = 0; i < own_count; i++) { method_count += own[i]->info->method_count; }
    for (size_t i = 0; i < server->service_count; i++) {
        method_count += server->services[i]->info->method_count;
    }
    server->dispatch = pv_rpc_dispatch_create(own_count + server->service_count, method_count);
    for (size_t i = 0; i < own_count; i++) { PV_TRY(add_service(server, own[i], true, error)); }
    for (size_t i = 0; i < server->service_count; i++) {
        PV_TRY(add_service(server, server->services[i], false, error));
    }
    if (config->reflection) {
        server->reflection = pv_rpc_reflection_create(server, own, own_count, config);
    }
    return pv_ok();
}

static const pv_service *const *copy_services(const pv_service *const *services, size_t count)
{
    const pv_service **copy = (const pv_service **)calloc(count + 1, sizeof *copy);
    PV_ASSERT(copy != NULL);
    for (size_t i = 0; i < count; i++) { copy[i] = services[i]; }
    return copy;
}

/* The core says that it has stopped when the connections are gone; the last events of calls may
 * still be on their way then. */
void pv_rpc_server_check_stopped(pv_rpc_server *server)
{
    if (!server->core_stopped || server->calls_open > 0) { return; }
    PV_ASSERT(pthread_mutex_lock(&server->lock) == 0);
    server->stopped = true;
    PV_ASSERT(pthread_cond_broadcast(&server->changed) == 0);
    PV_ASSERT(pthread_mutex_unlock(&server->lock) == 0);
}

static void on_stopped(void *owner, bool ok)
{
    (void)ok;
    pv_rpc_server *server = (pv_rpc_server *)owner;
    server->core_stopped = true;
    pv_rpc_server_check_stopped(server);
}

static pv_rpc_server *allocate(const pv_rpc_config *config, const pv_rpc_hooks *hooks)
{
    pv_rpc_server *server = (pv_rpc_server *)calloc(1, sizeof *server);
    PV_ASSERT(server != NULL);
    if (hooks != NULL) { server->hooks = *hooks; }
    server->error_domain = config->error_domain == NULL ? "" : config->error_domain;
    server->arena_bytes =
        config->arena_bytes == 0 ? PV_RPC_ARENA_BYTES_DEFAULT : config->arena_bytes;
    server->calls_max = config->calls_max == 0 ? PV_RPC_CALLS_MAX : config->calls_max;
    server->request_bytes_max = config->request_bytes_max == 0
                                    ? (size_t)PV_RPC_REQUEST_BYTES_DEFAULT
                                    : config->request_bytes_max;
    server->on_stopped.fire = on_stopped;
    server->on_stopped.owner = server;
    pthread_condattr_t clock;
    PV_ASSERT(pthread_mutex_init(&server->lock, NULL) == 0);
    PV_ASSERT(pthread_condattr_init(&clock) == 0);
    PV_ASSERT(pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0);
    PV_ASSERT(pthread_cond_init(&server->changed, &clock) == 0);
    PV_ASSERT(pthread_condattr_destroy(&clock) == 0);
    return server;
}

pv_status pv_rpc_server_create(const pv_rpc_config *config, const pv_service *const *services,
                               size_t service_count, const pv_rpc_hooks *hooks, pv_error *error,
                               pv_rpc_server **ret_server)
{
    pv_rpc_core_log_install();
    sigset_t before;
    block_signals(&before);
    grpc_init();
    pv_rpc_server *server = allocate(config, hooks);
    server->services = copy_services(services, service_count);
    server->service_count = service_count;
    server->peers = pv_rpc_peers_create(config->front);
    server->details_arena = pv_arena_create(PV_RPC_DETAILS_ARENA_BYTES);
    pv_status status = add_services(server, config, error);
    size_t request_bytes_max = pv_rpc_dispatch_request_bytes_max(server->dispatch);
    server->grpc = create_core_server(config, request_bytes_max);
    server->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->grpc, server->queue, NULL);
    pv_rpc_mailbox_open(server);
    if (pv_is_ok(status)) { status = pv_rpc_listen(server, config, error); }
    unblock_signals(&before);
    if (!pv_is_ok(status)) {
        pv_rpc_server_destroy(server);
        return status;
    }
    *ret_server = server;
    return status;
}

int pv_rpc_server_port(const pv_rpc_server *server)
{
    return server->port;
}

/* --- the polling thread --- */

static gpr_timespec next_deadline(const pv_rpc_server *server)
{
    int64_t next_ns = pv_rpc_idle_next_ns(server);
    if (next_ns == INT64_MAX) { return gpr_inf_future(GPR_CLOCK_MONOTONIC); }
    return gpr_time_from_nanos(next_ns, GPR_CLOCK_MONOTONIC);
}

static void *poll_events(void *data)
{
    pv_rpc_server *server = (pv_rpc_server *)data;
    server->poller = pthread_self();
    for (size_t i = 0; i < PV_RPC_OUTSTANDING_REQUESTS; i++) { pv_rpc_call_arm(server); }
    for (;;) {
        grpc_event event = grpc_completion_queue_next(server->queue, next_deadline(server), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN) { return NULL; }
        if (event.type == GRPC_OP_COMPLETE) {
            const pv_rpc_tag *tag = (const pv_rpc_tag *)event.tag;
            tag->fire(tag->owner, event.success != 0);
        }
        if (pv_rpc_idle_next_ns(server) != INT64_MAX) {
            pv_rpc_idle_beat(server, pv_time_monotonic_ns());
        }
    }
}

void pv_rpc_server_start(pv_rpc_server *server)
{
    PV_ASSERT(!server->started);
    server->started = true;
    sigset_t before;
    block_signals(&before);
    grpc_server_start(server->grpc);
    PV_ASSERT(pthread_create(&server->thread, NULL, poll_events, server) == 0);
    unblock_signals(&before);
    pv_thread_settle(server->thread, "rpc-poll");
}

void pv_rpc_server_run(pv_rpc_server *server, int64_t grace_ms)
{
    sigset_t stop;
    sigset_t before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    PV_ASSERT(pthread_sigmask(SIG_BLOCK, &stop, &before) == 0);
    PV_ASSERT(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    if (!server->started) { pv_rpc_server_start(server); }
    int number = 0;
    PV_ASSERT(sigwait(&stop, &number) == 0);
    pv_rpc_server_drain(server, grace_ms);
    unblock_signals(&before);
}

/* --- end --- */

/* Waits until every call and connection has ended; false: not within the time. A negative time is without end. */
static bool wait_stopped(pv_rpc_server *server, int64_t wait_ms)
{
    int64_t until_ns = pv_time_monotonic_ns() + wait_ms * PV_NS_PER_MS;
    struct timespec until = {until_ns / PV_NS_PER_S, until_ns % PV_NS_PER_S};
    PV_ASSERT(pthread_mutex_lock(&server->lock) == 0);
    int result = 0;
    while (!server->stopped && result == 0) {
        result = wait_ms < 0 ? pthread_cond_wait(&server->changed, &server->lock)
                             : pthread_cond_timedwait(&server->changed, &server->lock, &until);
    }
    bool stopped = server->stopped;
    PV_ASSERT(pthread_mutex_unlock(&server->lock) == 0);
    return stopped;
}

/* Waits for the grace, or until there has been no call for a while: a peer that rests may not look at its
 * connection (one on the C core does not), and never hears that it should go. False: not all have gone. */
static bool wait_quiet(pv_rpc_server *server, int64_t grace_ms)
{
    int64_t now_ns = pv_time_monotonic_ns();
    int64_t end_ns = now_ns + grace_ms * PV_NS_PER_MS;
    int64_t quiet_ns = now_ns;
    while (now_ns < end_ns && now_ns - quiet_ns < PV_RPC_DRAIN_QUIET_MS * PV_NS_PER_MS) {
        int64_t left_ms = (end_ns - now_ns) / PV_NS_PER_MS;
        if (wait_stopped(server, left_ms < PV_RPC_DRAIN_LOOK_MS ? left_ms : PV_RPC_DRAIN_LOOK_MS)) {
            return true;
        }
        now_ns = pv_time_monotonic_ns();
        if (__atomic_load_n(&server->calls_open, __ATOMIC_RELAXED) > 0) { quiet_ns = now_ns; }
    }
    return false;
}

void pv_rpc_server_drain(pv_rpc_server *server, int64_t grace_ms)
{
    PV_ASSERT(!pv_rpc_draining(server));
    pv_rpc_mailbox_drain(server);
    if (!server->started) { pv_rpc_server_start(server); }
    grpc_server_shutdown_and_notify(server->grpc, server->queue, &server->on_stopped);
    if (wait_quiet(server, grace_ms)) { return; }
    grpc_server_cancel_all_calls(server->grpc);
    (void)wait_stopped(server, -1);
}

void pv_rpc_server_destroy(pv_rpc_server *server)
{
    if (server == NULL) { return; }
    if (!pv_rpc_draining(server)) { pv_rpc_server_drain(server, 0); }
    grpc_server_destroy(server->grpc);
    grpc_completion_queue_shutdown(server->queue);
    PV_ASSERT(pthread_join(server->thread, NULL) == 0);
    pv_rpc_mailbox_close(server);
    grpc_completion_queue_destroy(server->queue);
    PV_ASSERT(server->calls_open == 0);
    pv_rpc_pool_clear(server);
    pv_rpc_peers_destroy(server->peers);
    pv_rpc_dispatch_destroy(server->dispatch);
    pv_rpc_reflection_destroy(server->reflection);
    pv_rpc_listener_destroy(server->listener);
    pv_arena_destroy(server->details_arena);
    free(server->idle.heap);
    free((void *)(uintptr_t)server->services);
    PV_ASSERT(pthread_cond_destroy(&server->changed) == 0);
    PV_ASSERT(pthread_mutex_destroy(&server->lock) == 0);
    free(server);
    /* The core ends in threads of its own; this waits for them if nobody else uses it. */
    grpc_shutdown_blocking();
}
