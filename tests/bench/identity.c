/* Who calls: what finding the caller and its rights costs a call, kept and read anew, with one group and with as
 * many as a member may have, beside what a call costs the bare core; and what a handshake with a client's certificate
 * costs, in the bare core and in purveyd. */
#include "server/identity/identity.h"
#include "purvey/account/v1/group.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/identity/bootstrap.h"
#include "storage/object.h"
#include "tests/bench/bench.h"
#include "tests/bench/local.h"
#include "tests/bench/peers.h"

#include <stdio.h>

enum {
    CALLS = 200000,
    READS = 20000,
    GROUPS = 20,
    RAW_CALLS = 20000,
    RAW_IN_FLIGHT = 64,
    /* An edge lets five hundred of one source in at once. */
    HANDSHAKES = 100,
    HANDSHAKE_ROUNDS = 3,
    ARENA_BYTES = 64 << 20
};

typedef struct callers {
    pv_store *store;
    pv_identity *identity;
    pv_arena *arena;
    pv_peer peer;
    pv_id_source ids;
    pv_time now;
    const char *membership_id;
} callers;

/* The request is its own key, and the "certificate" is its id: the authority is not what is measured. */
static pv_status read_key(const pv_signer *signer, pv_view csr,
                          uint8_t ret_key_sha256[PV_SHA256_SIZE], pv_error *error)
{
    (void)signer;
    (void)error;
    pv_sha256(csr, ret_key_sha256);
    return pv_ok();
}

static pv_status sign(const pv_signer *signer, const pv_signing *signing, pv_arena *arena,
                      pv_signed *ret_signed, pv_error *error)
{
    (void)signer;
    (void)error;
    ret_signed->pem = pv_arena_dup(arena, pv_view_text(signing->certificate_id));
    ret_signed->chain_pem = ret_signed->pem;
    ret_signed->der = pv_view_text(ret_signed->pem);
    pv_sha256(ret_signed->der, ret_signed->sha256);
    memset(ret_signed->issuer_sha256, 0, PV_SHA256_SIZE);
    return pv_ok();
}

static pv_status issuer(const pv_signer *signer, pv_issuer *ret_issuer, pv_error *error)
{
    (void)signer;
    (void)error;
    *ret_issuer = (pv_issuer){.not_after = {INT64_MAX}};
    return pv_ok();
}

static bool begin(callers *of)
{
    pv_error error;
    pv_error_init(&error, of->arena);
    pv_signer signer = {.read_key = read_key, .sign = sign, .issuer = issuer};
    pv_bootstrap_options options = {.trust_domain = "bench.purvey",
                                    .operator_name = "Bench",
                                    .user_name = "Bench",
                                    .user_email = "",
                                    .csr = pv_view_text("request"),
                                    .lifetime_days = 1,
                                    .now = of->now,
                                    .ids = &of->ids};
    pv_bootstrapped made;
    if (!pv_is_ok(pv_bootstrap(of->store, &signer, &options, of->arena, &error, &made)) ||
        !pv_is_ok(pv_identity_create(of->store, &error, &of->identity))) {
        return bench_fail("no caller");
    }
    of->membership_id = made.membership_id;
    of->peer.has_certificate = true;
    pv_sha256(pv_view_text(made.certificate_id), of->peer.certificate_sha256);
    return true;
}

/* Puts the member into so many groups. */
static pv_status join_groups(const callers *of, pv_txn *txn, pv_membership *membership)
{
    pv_module_grant grant = PV_MODULE_GRANT__INIT;
    pv_module_grant *permissions[] = {&grant};
    grant.module = PV_MODULE_ORDER;
    grant.grant = PV_GRANT_VIEW;
    char **ids = pv_arena_zalloc(of->arena, GROUPS, sizeof *ids);
    for (int i = 0; i < GROUPS; i++) {
        pv_group group = PV_GROUP__INIT;
        ids[i] = pv_arena_zalloc(of->arena, PV_ID_TEXT_SIZE, 1);
        pv_id id = {{(uint8_t)i, 1}};
        pv_id_format(pv_group__object.id_prefix, id, ids[i]);
        group.id = ids[i];
        group.account_id = membership->account_id;
        group.state = PV_GROUP_STATE_ACTIVE;
        group.permissions = permissions;
        group.n_permissions = 1;
        PV_TRY(pv_object_put(txn, &pv_group__object, of->arena, of->now, &group.base, NULL));
    }
    membership->group_ids = ids;
    membership->n_group_ids = GROUPS;
    return pv_object_put(txn, &pv_membership__object, of->arena, of->now, &membership->base, NULL);
}

static bool widen(const callers *of)
{
    pv_batch *batch = NULL;
    pv_txn *txn = NULL;
    ProtobufCMessage *row = NULL;
    pv_id id;
    bool done =
        pv_id_parse(pv_membership__object.id_prefix, pv_view_text(of->membership_id), &id) &&
        pv_is_ok(pv_batch_begin(of->store, &batch)) &&
        pv_is_ok(pv_write_begin(batch, of->arena, &txn)) &&
        pv_is_ok(pv_object_load(txn, &pv_membership__object, id, of->arena, &row, NULL)) &&
        pv_is_ok(join_groups(of, txn, (pv_membership *)(void *)row)) &&
        pv_is_ok(pv_txn_commit(txn)) && pv_is_ok(pv_batch_commit(batch));
    return done || bench_fail("no groups");
}

/* What is done once for a call. */
typedef enum part { FIND_KEPT, CONFIRM_KEPT, FIND_ANEW, CONFIRM_ANEW, PARTS } part;

static const struct {
    const char *name;
    int calls;
} parts[PARTS] = {
    [FIND_KEPT] = {"find the caller, kept", CALLS},
    [CONFIRM_KEPT] = {"confirm it in the transaction, kept", CALLS},
    [FIND_ANEW] = {"find the caller, read anew", READS},
    [CONFIRM_ANEW] = {"confirm it, read in the transaction", READS},
};

static pv_status once(const callers *of, part what, pv_txn *txn, pv_caller *caller, pv_error *error)
{
    if (what == FIND_ANEW) {
        pv_identity_changing(of->identity);
        pv_identity_changed(of->identity);
    }
    if (what == FIND_KEPT || what == FIND_ANEW) {
        return pv_identity_resolve(of->identity, &of->peer, of->now, caller, error);
    }
    return pv_identity_confirm(of->identity, txn, what == CONFIRM_ANEW, &of->peer, of->now, caller,
                               error);
}

/* CPU of one in nanoseconds; 0 if one is refused. */
static double measure(const callers *of, part what)
{
    pv_caller caller;
    pv_error error;
    pv_txn *txn = NULL;
    pv_error_init(&error, of->arena);
    if (!pv_is_ok(pv_read_begin(of->store, of->arena, &txn))) { return 0; }
    bool good = pv_is_ok(once(of, FIND_KEPT, txn, &caller, &error));
    double begun = local_cpu_s();
    for (int i = 0; good && i < parts[what].calls; i++) {
        good = pv_is_ok(once(of, what, txn, &caller, &error));
    }
    double took = (local_cpu_s() - begun) * 1e9 / parts[what].calls;
    pv_txn_abort(txn);
    return good ? took : 0;
}

/* All parts, beside what a call costs the bare core in the same run. */
static bool measure_parts(bench *of, const callers *on, const char *groups, double raw_call_ns)
{
    for (part what = 0; what < PARTS; what++) {
        double ns = measure(on, what);
        if (ns <= 0) { return bench_fail(parts[what].name); }
        const char *name = pv_arena_printf(of->arena, "%s, %s", parts[what].name, groups);
        printf("%-52s %10.0f %16.4f\n", name, ns, ns / raw_call_ns);
        json_array_append_new(of->results,
                              json_pack("{s:s, s:s, s:f, s:f}", "bench", "identity", "row", name,
                                        "cpu_ns", ns, "ratio_to_raw_call", ns / raw_call_ns));
    }
    return true;
}

/* CPU of a call of the bare core with mTLS, an echo of a hundred bytes, in nanoseconds; 0: it failed. */
static double raw_call_ns(const load_target *echo)
{
    static const char text[100] = {0x0a, 98};
    const pv_view request = pv_view_of(text, sizeof text);
    load_result result = load_run(echo, "/bench.Echo/Unary", &request, 1, RAW_CALLS, RAW_IN_FLIGHT);
    return result.failed == 0 ? result.server_us_per_call * 1000 : 0;
}

/* Handshakes with a client's certificate, by turns: the bare core's TLS, and the edge of purveyd. */
static bool measure_handshakes(bench *of, const load_target *echo, const load_target *purveyd)
{
    const load_target *sides[] = {echo, purveyd};
    static const char *const names[] = {"handshakes, bare core", "handshakes, purveyd"};
    enum { SIDES = 2 };
    double per_second[SIDES] = {0}, cpu_ms[SIDES] = {0};
    for (int round = 0; round < HANDSHAKE_ROUNDS; round++) {
        for (size_t side = 0; side < SIDES; side++) {
            peers_handshakes shaken;
            if (!peers_shake_hands(sides[side], HANDSHAKES, &shaken)) {
                return bench_fail("a handshake failed");
            }
            per_second[side] += shaken.per_second / HANDSHAKE_ROUNDS;
            cpu_ms[side] += shaken.server_ms / HANDSHAKE_ROUNDS;
        }
    }
    printf("\n%-52s %10s %10s %9s\n", "with a client's certificate, one after the other",
           "a second", "CPU ms", "to core");
    for (size_t side = 0; side < SIDES; side++) {
        printf("%-52s %10.0f %10.2f %9.2f\n", names[side], per_second[side], cpu_ms[side],
               cpu_ms[side] / cpu_ms[0]);
        json_array_append_new(of->results,
                              json_pack("{s:s, s:s, s:f, s:f, s:f}", "bench", "identity", "row",
                                        names[side], "handshakes_per_second", per_second[side],
                                        "handshake_cpu_ms", cpu_ms[side], "ratio_to_core",
                                        cpu_ms[side] / cpu_ms[0]));
    }
    return true;
}

static bool run(bench *of, callers *on, const load_target *echo, const load_target *purveyd)
{
    if (!begin(on)) { return false; }
    double raw_ns = raw_call_ns(echo);
    if (raw_ns <= 0) { return bench_fail("no call of the bare core"); }
    printf("\n%-52s %10s %16s\n", "CPU of one call to know its caller", "ns", "to a raw call");
    printf("%-52s %10.0f %16.4f\n", "a whole call of the bare core, 100 B with mTLS", raw_ns, 1.0);
    if (!measure_parts(of, on, "one group", raw_ns) || !widen(on)) { return false; }
    pv_identity_changing(on->identity);
    pv_identity_changed(on->identity);
    return measure_parts(of, on, "twenty groups", raw_ns) && measure_handshakes(of, echo, purveyd);
}

bool bench_identity(bench *of)
{
    load_target echo = {0};
    if (!bench_platform(of) || !bench_start(of, of->echo, &echo)) { return false; }
    load_target purveyd = bench_target(of, of->platform.address, of->platform.process);
    const char *folder = local_folder(of->arena);
    callers on = {.store = folder == NULL ? NULL : local_store(folder),
                  .arena = pv_arena_create(ARENA_BYTES),
                  .ids = {.random = pv_random_bytes},
                  .now = pv_time_now()};
    bool done = on.store != NULL && run(of, &on, &echo, &purveyd);
    pv_identity_destroy(on.identity);
    pv_arena_destroy(on.arena);
    pv_store_close(on.store);
    local_remove(folder);
    bench_stop(&echo);
    return done;
}
