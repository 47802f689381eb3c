#include "server/front.h"

#include "base/digest.h"
#include "protos/runtime/reasons.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/certificate.pv.h"
#include "server/flows/flow.h"
#include "server/identity/authority.h"
#include "storage/object.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* Descriptors that are no connection's: the store, files, the core's own. */
    DESCRIPTORS_KEPT = 128,
    SCAN_ARENA_BYTES = 4 * 1024 * 1024
};

/* The listeners. Who comes without a certificate meets the same core, which lets it call what is PUBLIC. */
enum { PARTNERS = 0, ENROLMENT = 1 };

struct front {
    pv_store *store;
    pv_identity *identity;
    pv_pipeline *pipeline;
    pv_edge_counts counts; /* as logged last */
    pv_arena *arena;
    pv_edge *edge;
    bool enrols;
    int run_folder;
    const char *core_path;
    const char *core_address;
};

/* --- opening --- */

static const char *format(pv_arena *arena, const char *folder, const char *name)
{
    const char *path = pv_arena_printf(arena, "%s/%s", folder, name);
    PV_ASSERT(path != NULL);
    return path;
}

/* Descriptors are what connections cost first: as many as the system allows. */
static size_t raise_file_limit(void)
{
    struct rlimit limit;
    PV_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    PV_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const pv_log_field field = pv_log_number("descriptors", (int64_t)limit.rlim_cur);
    pv_log(PV_LOG_INFO, "file limit raised", &field, 1);
    return (size_t)limit.rlim_cur;
}

/* No more connections than there are descriptors for: two each. */
static size_t connections_for(size_t wanted, size_t descriptors)
{
    size_t room = descriptors > 2 * DESCRIPTORS_KEPT ? (descriptors - DESCRIPTORS_KEPT) / 2 : 64;
    return wanted < room ? wanted : room;
}

static pv_status open_run_folder(front *self, const char *data, pv_error *error)
{
    const char *path = format(self->arena, data, "run");
    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        self->run_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    struct stat facts;
    if (self->run_folder < 0 || fchmod(self->run_folder, 0700) != 0 ||
        fstat(self->run_folder, &facts) != 0 || facts.st_uid != geteuid()) {
        return pv_refuse(error, &pv_reason_internal, "%s is no folder of ours: %s", path,
                         strerror(errno));
    }
    self->core_path = pv_arena_printf(self->arena, "/proc/self/fd/%d/core.sock", self->run_folder);
    self->core_address = pv_arena_printf(self->arena, "unix:%s", self->core_path);
    PV_ASSERT(self->core_path != NULL && self->core_address != NULL);
    return pv_ok();
}

static void note_refused(void *context, const pv_edge_refusal *refusal)
{
    const front *self = context;
    const pv_note note = {
        .kind = PV_AUDIT_KIND_HANDSHAKE_REFUSED,
        .reason = refusal->why,
        .method = "",
        .request_id = "",
        .peer_address = refusal->address,
        .certificate_sha256 = refusal->certificate_sha256,
    };
    pv_pipeline_note(self->pipeline, &note);
}

static pv_status open_edge(front *self, const pv_config *config, pv_error *error)
{
    const char *authority = format(self->arena, config->data, "authority");
    const pv_edge_listener listeners[] = {
        [PARTNERS] = {.address = config->listen,
                      .core_path = self->core_path,
                      .demands_certificate = true},
        [ENROLMENT] = {.address = config->enrol_listen, .core_path = self->core_path},
    };
    self->enrols = *config->enrol_listen != '\0';
    const pv_edge_config edge = {
        .listeners = listeners,
        .listener_count = self->enrols ? 2 : 1,
        .tls = {.client_roots = format(self->arena, authority, PV_AUTHORITY_ROOT),
                .client_refused = format(self->arena, authority, PV_AUTHORITY_RETIRED),
                .certificate = format(self->arena, authority, PV_AUTHORITY_SERVER),
                .key = format(self->arena, authority, PV_AUTHORITY_SERVER_KEY),
                .folder = *config->certificates != '\0'
                              ? config->certificates
                              : format(self->arena, config->data, "certificates"),
                .root = format(self->arena, authority, PV_AUTHORITY_SERVER_ROOT),
                .tls12 = config->tls12},
        .bounds = {.connections = connections_for(config->connections, raise_file_limit()),
                   .connections_per_source = config->connections_per_source,
                   .connections_per_certificate = config->connections_per_certificate,
                   .handshakes_per_second = config->handshakes_per_source},
        .refused = note_refused,
        .refused_context = self,
    };
    return pv_edge_create(&edge, error, &self->edge);
}

pv_status front_open(const pv_config *config, pv_arena *arena, pv_store *store,
                     pv_identity *identity, pv_pipeline *pipeline, pv_error *error,
                     front **ret_front)
{
    front *self = pv_arena_zalloc(arena, 1, sizeof *self);
    PV_ASSERT(self != NULL);
    self->arena = arena;
    self->store = store;
    self->identity = identity;
    self->pipeline = pipeline;
    self->run_folder = -1;
    pv_status status = open_run_folder(self, config->data, error);
    if (pv_is_ok(status)) { status = open_edge(self, config, error); }
    if (!pv_is_ok(status)) {
        front_close(self);
        return status;
    }
    *ret_front = self;
    return status;
}

/* --- between the core and the edge --- */

const char *front_core_address(const front *self)
{
    return self->core_address;
}

static bool find_peer(void *app, const char *name, pv_rpc_front_peer *ret_peer)
{
    const front *self = app;
    pv_edge_peer peer;
    if (!pv_edge_find(self->edge, name, &peer)) { return false; }
    _Static_assert(sizeof ret_peer->address >= sizeof peer.address &&
                       sizeof ret_peer->server_name >= sizeof peer.server_name &&
                       sizeof ret_peer->certificate_sha256 == sizeof peer.certificate_sha256,
                   "what the edge knows has room in what the runtime takes");
    memcpy(ret_peer->address, peer.address, sizeof peer.address);
    memcpy(ret_peer->server_name, peer.server_name, sizeof peer.server_name);
    memcpy(ret_peer->certificate_sha256, peer.certificate_sha256, sizeof peer.certificate_sha256);
    ret_peer->has_certificate = peer.has_certificate;
    return true;
}

pv_rpc_front front_rpc(front *self)
{
    return (pv_rpc_front){.app = self, .find = find_peer};
}

void front_start(front *self)
{
    pv_edge_start(self->edge);
}

int front_port(const front *self)
{
    return pv_edge_port(self->edge, PARTNERS);
}

int front_enrol_port(const front *self)
{
    return self->enrols ? pv_edge_port(self->edge, ENROLMENT) : -1;
}

/* --- certificates of the server --- */

void front_reload(front *self)
{
    enum { WORDS_BYTES = 64 * 1024 };
    pv_arena *words = pv_arena_create(WORDS_BYTES);
    pv_error error;
    pv_error_init(&error, words);
    if (pv_is_ok(pv_edge_reload(self->edge, &error))) {
        pv_log(PV_LOG_INFO, "certificates reloaded", NULL, 0);
    } else {
        const pv_log_field field = pv_log_text("why", error.message);
        pv_log(PV_LOG_ERROR, "certificates not reloaded, the old ones stay", &field, 1);
    }
    pv_arena_destroy(words);
}

void front_tick(front *self)
{
    if (pv_edge_files_changed(self->edge)) { front_reload(self); }
}

void front_log_counts(front *self)
{
    pv_edge_counts counts;
    pv_edge_count(self->edge, &counts);
    if (memcmp(&counts, &self->counts, sizeof counts) == 0) { return; }
    self->counts = counts;
    const pv_log_field fields[] = {
        pv_log_number("open", (int64_t)pv_edge_open(self->edge)),
        pv_log_number("accepted", (int64_t)counts.accepted),
        pv_log_number("established", (int64_t)counts.established),
        pv_log_number("handshakes_failed", (int64_t)counts.handshakes_failed),
        pv_log_number("refused_total", (int64_t)counts.refused_total),
        pv_log_number("refused_source", (int64_t)counts.refused_source),
        pv_log_number("refused_certificate", (int64_t)counts.refused_certificate),
        pv_log_number("core_unreachable", (int64_t)counts.core_unreachable),
        pv_log_number("breaches", (int64_t)counts.breaches),
        pv_log_number("expired", (int64_t)counts.expired),
        pv_log_number("closed_by_request", (int64_t)counts.closed_by_request),
        pv_log_number("accept_errors", (int64_t)counts.accept_errors),
    };
    pv_log(PV_LOG_INFO, "connections", fields, sizeof fields / sizeof *fields);
}

/* --- identities that are no longer let in --- */

static void close_if_refused(front *self, const pv_certificate *certificate, pv_arena *arena)
{
    pv_peer peer = {.has_certificate = true};
    pv_caller caller;
    pv_error error;
    pv_error_init(&error, arena);
    /* One that is not signed yet has no digest. */
    if (!pv_hex_parse(certificate->sha256, peer.certificate_sha256,
                      sizeof peer.certificate_sha256)) {
        return;
    }
    if (!pv_is_ok(pv_identity_resolve(self->identity, &peer, pv_time_now(), &caller, &error))) {
        pv_edge_close_certificate(self->edge, peer.certificate_sha256);
    }
}

/* One page of the account's certificates; gives whether there are more. */
static pv_status close_page(front *self, pv_txn *txn, pv_query *query, pv_arena *arena,
                            pv_arena *scratch)
{
    pv_query_run *run = NULL;
    PV_TRY(pv_query_open(txn, &pv_certificate__object, arena, query, &run));
    pv_id id;
    pv_row row;
    pv_status status;
    while (pv_is_ok(status = pv_query_next(run, &id, &row))) {
        ProtobufCMessage *message = NULL;
        pv_arena_reset(scratch);
        status = pv_object_load(txn, &pv_certificate__object, id, scratch, &message, NULL);
        if (!pv_is_ok(status)) { break; }
        close_if_refused(self, (const pv_certificate *)(const void *)message, scratch);
    }
    query->after = pv_view_of(NULL, 0);
    if (status.code == PV_CODE_OUT_OF_RANGE) {
        pv_view position = pv_query_position(run);
        query->after = pv_view_of(pv_arena_dup(arena, position), position.size);
    }
    pv_query_close(run);
    return status;
}

/* Ends the connections of those of the account's certificates that meet the condition, if any, and are no longer let
 * in. */
static void close_refused(front *self, pv_id account, const pv_condition *condition)
{
    pv_query query = {
        .account = account, .conditions = condition, .condition_count = condition == NULL ? 0 : 1};
    pv_arena *arena = pv_arena_create(SCAN_ARENA_BYTES);
    pv_arena *scratch = pv_arena_create(SCAN_ARENA_BYTES);
    pv_txn *txn = NULL;
    pv_status status = pv_read_begin(self->store, arena, &txn);
    if (pv_is_ok(status)) {
        do {
            status = close_page(self, txn, &query, arena, scratch);
        } while (status.code == PV_CODE_OUT_OF_RANGE && query.after.data != NULL);
    }
    if (status.code != PV_CODE_NOT_FOUND) {
        /* Their calls are refused all the same. */
        const pv_log_field field = pv_log_text("code", pv_code_name(status.code));
        pv_log(PV_LOG_ERROR, "connections of an account not looked through", &field, 1);
    }
    pv_txn_abort(txn);
    pv_arena_destroy(scratch);
    pv_arena_destroy(arena);
}

void front_identity_changed(front *self, pv_id account)
{
    if (pv_id_is_zero(account)) {
        /* The operator is a party of every certificate. */
        close_refused(self, pv_identity_operator(self->identity), NULL);
        return;
    }
    char account_id[PV_ID_TEXT_SIZE];
    pv_id_format(pv_account__object.id_prefix, account, account_id);
    const pv_condition of_account = pv_where(&pv_certificate__object, "account_id", account_id);
    close_refused(self, account, &of_account);
}

/* --- end --- */

void front_drain(front *self)
{
    pv_edge_drain(self->edge);
}

void front_close(front *self)
{
    if (self == NULL) { return; }
    pv_edge_destroy(self->edge);
    if (self->run_folder >= 0) { close(self->run_folder); }
}
