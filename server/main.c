/* purveyd: reads its settings, opens what it needs, wires the parts, and waits for a signal.
 * Threads: this one waits for signals; server/edge has one for connections, server/rpc the polling
 * thread, server/pipeline the committer. SIGTERM and SIGINT drain and end; SIGHUP reads the authority and the
 * server's certificates again, as does a change of their files. */
#include "base/digest.h"
#include "google/rpc/error_details.pv.h"
#include "purvey/catalog.pv.h"
#include "server/config.h"
#include "server/front.h"
#include "server/identity/authority.h"
#include "server/identity/identity.h"
#include "server/pipeline/pipeline.h"
#include "server/rpc/server.h"
#include "server/served.h"
#include "server/trust.h"
#include "storage/lmdb/lmdb.h"
#include "storage/record.h"
#include "storage/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What the committer calls by itself. */
#define CHORE "/purvey.account.v1.MembershipService/ExpireInvitations"

enum { ARENA_BYTES = 64 * 1024 * 1024, TOKEN_KEY_BYTES = 32, SECONDS_PER_MINUTE = 60 };

/* Everything main owns. */
typedef struct purveyd {
    pv_arena *arena;
    pv_config config;
    pv_store *store;
    pv_authority *authority;
    pv_identity *identity;
    pv_pipeline *pipeline;
    front *front;
    pv_rpc_server *server;
    uint8_t token_key[TOKEN_KEY_BYTES];
    uint8_t server_root[PV_SHA256_SIZE];
} purveyd;

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "purveyd: %s: %s\n", what, why);
    return false;
}

static bool fail_error(const char *what, const pv_error *error)
{
    const char *why = error->message != NULL  ? error->message
                      : error->reason != NULL ? error->reason->text
                                              : "";
    return fail(what, why);
}

static pv_time wall_clock(void *context)
{
    (void)context;
    return pv_time_now();
}

/* A path inside the data folder, in the arena. */
static const char *path_in(purveyd *self, const char *folder, const char *name)
{
    const char *path = pv_arena_printf(self->arena, "%s/%s%s%s", self->config.data, folder,
                                       *name == '\0' ? "" : "/", name);
    PV_ASSERT(path != NULL);
    return path;
}

/* Secret behind page and resume tokens: kept in the store, so that tokens outlive a restart. */
static pv_status load_token_key(purveyd *self)
{
    pv_txn *txn = NULL;
    PV_TRY(pv_read_begin(self->store, self->arena, &txn));
    pv_view stored;
    pv_status status = pv_setting_get(txn, PV_SETTING_TOKEN_KEY, &stored);
    if (pv_is_ok(status) && stored.size != TOKEN_KEY_BYTES) {
        status = pv_status_of(PV_CODE_DATA_LOSS);
    }
    if (pv_is_ok(status)) { memcpy(self->token_key, stored.data, TOKEN_KEY_BYTES); }
    pv_txn_abort(txn);
    return status;
}

static void log_index(void *context, const char *definition, bool dropped)
{
    (void)context;
    const pv_log_field field = pv_log_text("index", definition);
    pv_log(PV_LOG_INFO, dropped ? "index dropped" : "index built", &field, 1);
}

static bool open_data(purveyd *self, pv_error *error)
{
    char why[PV_LMDB_ERROR_SIZE];
    _Static_assert((int)PV_LMDB_ERROR_SIZE == (int)PV_SCHEMA_ERROR_SIZE, "one size of sentences");
    pv_lmdb_options options = {.map_bytes = self->config.map_bytes};
    if (!pv_is_ok(pv_lmdb_open(path_in(self, "store", ""), &options, &self->store, why))) {
        return fail("the store cannot be opened", why);
    }
    const pv_schema schema = {.objects = pv_catalog__objects,
                              .object_count = pv_catalog__object_count,
                              .progress = log_index};
    if (!pv_is_ok(pv_schema_apply(self->store, &schema, why))) {
        return fail("the store cannot be brought up to date", why);
    }
    const char *authority = path_in(self, "authority", "");
    if (!pv_is_ok(pv_authority_settle(authority, error)) ||
        !pv_is_ok(pv_authority_load(authority, self->arena, error, &self->authority)) ||
        !pv_is_ok(pv_authority_server_root(authority, self->server_root, error))) {
        return fail_error("the authority cannot be loaded", error);
    }
    if (!pv_is_ok(pv_identity_create(self->store, error, &self->identity))) {
        return fail_error("run purvey init first", error);
    }
    if (!pv_is_ok(load_token_key(self))) {
        return fail("the store has no token key", self->config.data);
    }
    return true;
}

static void wake(void *context, const uint8_t topic[16])
{
    purveyd *self = context;
    pv_rpc_wake(self->server, topic);
}

static void identity_changed(void *context, pv_id account)
{
    purveyd *self = context;
    front_identity_changed(self->front, account);
}

static void make_pipeline(purveyd *self)
{
    PV_ASSERT(pv_served_count == pv_catalog__service_count);
    pv_pipeline_config config = {
        .store = self->store,
        .identity = self->identity,
        .authority = pv_authority_signer(self->authority),
        .resolver = self->config.resolves ? &self->config.resolver : NULL,
        .services = pv_catalog__services,
        .service_count = pv_catalog__service_count,
        .token_key = pv_view_of(self->token_key, TOKEN_KEY_BYTES),
        .server_root_sha256 = pv_view_of(self->server_root, PV_SHA256_SIZE),
        .attempts_per_minute = (uint32_t)self->config.enrol_attempts,
        .clock = wall_clock,
        .random = pv_random_bytes,
        .done = pv_rpc_done,
        .trailer = pv_rpc_trailer,
        .wake = wake,
        .wake_context = self,
        .retention = self->config.retention,
        .identity_changed = identity_changed,
    };
    config.chore.method = pv_served_method(CHORE, &config.chore.handler);
    self->pipeline = pv_pipeline_create(&config);
}

/* One line per refused call; answered ones only when asked for. */
static void log_call(void *context, const pv_call *call, const pv_rpc_summary *summary)
{
    (void)context;
    bool answered = summary->code == PV_CODE_OK || summary->code == PV_CODE_CANCELLED;
    const pv_caller *caller = call->context == NULL ? NULL : call->context->caller;
    const pv_log_field fields[] = {
        pv_log_text("method", summary->method),
        pv_log_text("code", pv_code_name(summary->code)),
        pv_log_text("reason", summary->reason),
        pv_log_text("account", caller == NULL ? "" : caller->account_id),
        pv_log_text("user", caller == NULL ? "" : caller->user_id),
        pv_log_text("peer", call->peer == NULL ? "" : call->peer->address),
        pv_log_number("us", summary->microseconds),
    };
    pv_log(answered ? PV_LOG_DEBUG : PV_LOG_INFO, "call", fields, sizeof fields / sizeof *fields);
}

static bool make_server(purveyd *self, pv_error *error)
{
    if (!pv_is_ok(front_open(&self->config, self->arena, self->store, self->identity,
                             self->pipeline, error, &self->front))) {
        return fail_error("the server cannot listen", error);
    }
    const pv_rpc_front edge = front_rpc(self->front);
    /* Read by tools to print error details, though no method mentions it. */
    static const pv_file_info *const extra_files[] = {&pv_file__google_rpc_error_details};
    const pv_rpc_config config = {
        .address = front_core_address(self->front),
        .front = &edge,
        .error_domain = "purvey",
        .health = true,
        .reflection = self->config.reflection,
        .reflection_files = extra_files,
        .reflection_file_count = 1,
    };
    const pv_rpc_hooks hooks = {
        .app = self->pipeline,
        .admit = pv_pipeline_admit,
        .run = pv_pipeline_run,
        .release = pv_pipeline_release,
        .finished = log_call,
    };
    if (!pv_is_ok(pv_rpc_server_create(&config, pv_served, pv_served_count, &hooks, error,
                                       &self->server))) {
        return fail_error("the server cannot listen", error);
    }
    return true;
}

static bool write_port(const purveyd *self)
{
    if (*self->config.port_file == '\0') { return true; }
    FILE *file = fopen(self->config.port_file, "w");
    if (file == NULL) { return fail(self->config.port_file, strerror(errno)); }
    bool written = fprintf(file, "%d\n", front_port(self->front)) > 0;
    int enrol_port = front_enrol_port(self->front);
    written = written && (enrol_port < 0 || fprintf(file, "%d\n", enrol_port) > 0);
    written = fclose(file) == 0 && written;
    return written || fail(self->config.port_file, "the port cannot be written");
}

static void serve(purveyd *self, const sigset_t *signals)
{
    const trust authority = {self->authority, self->identity, self->front};
    trust_begin(&authority);
    pv_pipeline_start(self->pipeline);
    pv_rpc_server_start(self->server);
    front_start(self->front);
    const pv_log_field fields[] = {
        pv_log_text("listen", self->config.listen),
        pv_log_number("port", front_port(self->front)),
        pv_log_number("enrol_port", front_enrol_port(self->front)),
        pv_log_text("data", self->config.data),
        pv_log_text("trust_domain", pv_authority_trust_domain(self->authority)),
        pv_log_number("pid", getpid()),
    };
    pv_log(PV_LOG_INFO, "serving", fields, sizeof fields / sizeof *fields);
    const struct timespec second = {.tv_sec = 1};
    unsigned seconds = 0;
    for (int received = 0; received != SIGTERM && received != SIGINT;) {
        received = sigtimedwait(signals, NULL, &second);
        if (received == SIGHUP) { trust_reload(&authority); }
        if (received < 0) { trust_tick(&authority); }
        /* A tool that read the store and was killed must not pin its snapshot for ever. */
        if (received < 0 && ++seconds % SECONDS_PER_MINUTE == 0) {
            pv_lmdb_check_readers(self->store);
            front_log_counts(self->front);
        }
    }
    pv_log(PV_LOG_INFO, "draining", NULL, 0);
    front_drain(self->front);
    pv_rpc_server_drain(self->server, self->config.drain_ms);
    front_log_counts(self->front);
}

/* Frees in the order that leaves nobody with something freed. */
static void close_all(purveyd *self)
{
    if (self->pipeline != NULL) { pv_pipeline_stop(self->pipeline); }
    pv_rpc_server_destroy(self->server);
    front_close(self->front);
    pv_pipeline_destroy(self->pipeline);
    pv_identity_destroy(self->identity);
    pv_authority_close(self->authority);
    pv_store_close(self->store);
    pv_arena_destroy(self->arena);
}

int main(int argc, char **argv)
{
    purveyd self = {.arena = pv_arena_create(ARENA_BYTES)};
    pv_config_outcome outcome = pv_config_read(argc, argv, self.arena, &self.config);
    if (outcome != PV_CONFIG_RUN) {
        pv_arena_destroy(self.arena);
        return outcome == PV_CONFIG_DONE ? EXIT_SUCCESS : 2;
    }
    pv_log_set_level(self.config.log_level);
    /* Blocked before any thread is made, so that only this thread receives them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    PV_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);

    pv_error error;
    pv_error_init(&error, self.arena);
    bool ready = open_data(&self, &error);
    if (ready) {
        make_pipeline(&self);
        ready = make_server(&self, &error) && write_port(&self);
    }
    if (ready) { serve(&self, &signals); }
    close_all(&self);
    return ready ? EXIT_SUCCESS : EXIT_FAILURE;
}
