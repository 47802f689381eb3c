/* Who calls: what finding the caller and its rights costs a call, kept and read anew, with one group and with as
 * many as a member may have. */
#include "server/identity/identity.h"
#include "purvey/account/v1/group.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/identity/bootstrap.h"
#include "storage/object.h"
#include "tests/bench/bench.h"
#include "tests/bench/local.h"

#include <stdio.h>

enum { CALLS = 200000, READS = 20000, GROUPS = 20, ARENA_BYTES = 64 << 20 };

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

/* CPU of one call in nanoseconds; 0 if one is refused. */
static double measure(const callers *of, int calls, bool changed)
{
    pv_caller caller;
    pv_error error;
    pv_txn *txn = NULL;
    pv_error_init(&error, of->arena);
    if (!pv_is_ok(pv_read_begin(of->store, of->arena, &txn))) { return 0; }
    double begun = local_cpu_s();
    bool good = true;
    for (int i = 0; good && i < calls; i++) {
        good = pv_is_ok(pv_identity_resolve(of->identity, &of->peer, of->now, &caller, &error)) &&
               pv_is_ok(pv_identity_confirm(of->identity, txn, changed, &of->peer, of->now, &caller,
                                            &error));
    }
    double took = (local_cpu_s() - begun) * 1e9 / calls;
    pv_txn_abort(txn);
    return good ? took : 0;
}

static bool put(bench *of, const char *name, double ns, double kept)
{
    if (ns <= 0) { return bench_fail(name); }
    printf("%-36s %10.0f %10.1f\n", name, ns, ns / kept);
    json_array_append_new(of->results, json_pack("{s:s, s:s, s:f, s:f}", "bench", "identity", "row",
                                                 name, "cpu_ns", ns, "ratio_to_kept", ns / kept));
    return true;
}

static bool run(bench *of, callers *on)
{
    if (!begin(on)) { return false; }
    printf("\n%-36s %10s %10s\n", "CPU ns to know the caller of a call", "ns", "to kept");
    double kept = measure(on, CALLS, false);
    if (!put(of, "kept, nothing has changed", kept, kept) ||
        !put(of, "read anew, one group", measure(on, READS, true), kept) || !widen(on)) {
        return false;
    }
    pv_identity_changing(on->identity);
    pv_identity_changed(on->identity);
    return put(of, "kept, twenty groups", measure(on, CALLS, false), kept) &&
           put(of, "read anew, twenty groups", measure(on, READS, true), kept);
}

bool bench_identity(bench *of)
{
    const char *folder = local_folder(of->arena);
    callers on = {.store = folder == NULL ? NULL : local_store(folder),
                  .arena = pv_arena_create(ARENA_BYTES),
                  .ids = {.random = pv_random_bytes},
                  .now = pv_time_now()};
    bool done = on.store != NULL && run(of, &on);
    pv_identity_destroy(on.identity);
    pv_arena_destroy(on.arena);
    pv_store_close(on.store);
    local_remove(folder);
    return done;
}
