#include "tests/isolation/mutants.h"

#include "server/flows/flow.h"
#include "server/flows/token.h"
#include "server/identity/access.h"
#include "storage/feed.h"
#include "storage/object.h"
#include "storage/record.h"

namespace purvey {

namespace {

Mutant planted = Mutant::kNone;
pv_id planted_account = {{0}};
pv_txn *last_txn = nullptr; /* of the last look-up, and what it found */
uint64_t last_revision = 0;

} // namespace

void plant(Mutant mutant)
{
    planted = mutant;
}

void plant_account(const char *account_id)
{
    PV_ASSERT(pv_id_parse("acc", pv_view_text(account_id), &planted_account));
}

} // namespace purvey

using purvey::last_revision;
using purvey::last_txn;
using purvey::Mutant;
using purvey::planted;
using purvey::planted_account;

/* What the linker puts in the place of each, and how it calls the one it took. */
extern "C" {

bool __real_pv_row_party(const pv_row *row, pv_id account, uint8_t *ret_role);
bool __wrap_pv_row_party(const pv_row *row, pv_id account, uint8_t *ret_role);
void __real_pv_error_resource(pv_error *error, const char *type, const char *name);
void __wrap_pv_error_resource(pv_error *error, const char *type, const char *name);
pv_status __real_pv_object_get(pv_txn *txn, const pv_object_info *object, pv_id id,
                               pv_row *ret_row);
pv_status __wrap_pv_object_get(pv_txn *txn, const pv_object_info *object, pv_id id,
                               pv_row *ret_row);
void __real_pv_txn_abort(pv_txn *txn);
void __wrap_pv_txn_abort(pv_txn *txn);
void __real_pv_batch_abort(pv_batch *batch);
void __wrap_pv_batch_abort(pv_batch *batch);
pv_status __real_pv_fields_check(const pv_message_info *info, const ProtobufCMessage *message,
                                 pv_error *error);
pv_status __wrap_pv_fields_check(const pv_message_info *info, const ProtobufCMessage *message,
                                 pv_error *error);
pv_status __real_pv_access_check(const pv_method_info *method, const pv_caller *caller,
                                 pv_error *error);
pv_status __wrap_pv_access_check(const pv_method_info *method, const pv_caller *caller,
                                 pv_error *error);
pv_status __real_pv_query_open(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                               const pv_query *query, pv_query_run **ret_run);
pv_status __wrap_pv_query_open(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                               const pv_query *query, pv_query_run **ret_run);
pv_status __real_pv_feed_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after,
                              pv_scan **ret_scan);
pv_status __wrap_pv_feed_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after,
                              pv_scan **ret_scan);
const char *__real_pv_token_make(pv_arena *arena, pv_view key, pv_view binding, pv_view position);
const char *__wrap_pv_token_make(pv_arena *arena, pv_view key, pv_view binding, pv_view position);
bool __real_pv_token_open(pv_arena *arena, pv_view key, pv_view binding, pv_view token,
                          pv_view *ret_position);
bool __wrap_pv_token_open(pv_arena *arena, pv_view key, pv_view binding, pv_view token,
                          pv_view *ret_position);
pv_status __real_pv_replay_get(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_view *ret_answer);
pv_status __wrap_pv_replay_get(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_view *ret_answer);
pv_status __real_pv_replay_put(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_time now, pv_view answer);
pv_status __wrap_pv_replay_put(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_time now, pv_view answer);

bool __wrap_pv_row_party(const pv_row *row, pv_id account, uint8_t *ret_role)
{
    if (planted != Mutant::kEverybodyIsAParty) {
        return __real_pv_row_party(row, account, ret_role);
    }
    if (ret_role != nullptr) { *ret_role = PV_PARTY_ANY; }
    return true;
}

pv_status __wrap_pv_object_get(pv_txn *txn, const pv_object_info *object, pv_id id, pv_row *ret_row)
{
    pv_status status = __real_pv_object_get(txn, object, id, ret_row);
    last_txn = txn;
    last_revision = pv_is_ok(status) ? ret_row->revision : 0;
    bool again = planted == Mutant::kExistenceCosts && pv_is_ok(status);
    return again ? __real_pv_object_get(txn, object, id, ret_row) : status;
}

/* Every NOT_FOUND names its resource. */
void __wrap_pv_error_resource(pv_error *error, const char *type, const char *name)
{
    if (planted == Mutant::kRefusalTells && last_revision != 0) {
        pv_error_note(error, "revision", "%llu", static_cast<unsigned long long>(last_revision));
    }
    if (planted == Mutant::kRefusalIsNoted && pv_txn_writes(last_txn)) {
        const uint8_t digest[16] = {1};
        PV_ASSERT(pv_is_ok(pv_digest_put(last_txn, planted_account, digest, pv_view_text(name))));
    }
    __real_pv_error_resource(error, type, name);
}

void __wrap_pv_txn_abort(pv_txn *txn)
{
    if (planted == Mutant::kRefusalIsNoted && txn != nullptr && pv_txn_writes(txn)) {
        PV_ASSERT(pv_is_ok(pv_txn_commit(txn)));
        return;
    }
    __real_pv_txn_abort(txn);
}

void __wrap_pv_batch_abort(pv_batch *batch)
{
    if (planted == Mutant::kRefusalIsNoted) {
        PV_ASSERT(pv_is_ok(pv_batch_commit(batch)));
        return;
    }
    __real_pv_batch_abort(batch);
}

pv_status __wrap_pv_fields_check(const pv_message_info *info, const ProtobufCMessage *message,
                                 pv_error *error)
{
    return planted == Mutant::kFieldsUnchecked ? pv_ok()
                                               : __real_pv_fields_check(info, message, error);
}

pv_status __wrap_pv_access_check(const pv_method_info *method, const pv_caller *caller,
                                 pv_error *error)
{
    bool open = planted == Mutant::kAccessOpen && caller != nullptr;
    return open ? pv_ok() : __real_pv_access_check(method, caller, error);
}

pv_status __wrap_pv_query_open(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                               const pv_query *query, pv_query_run **ret_run)
{
    pv_query changed = *query;
    if (planted == Mutant::kListsOfTheOperator) {
        changed.account = planted_account;
        changed.role = 0;
    }
    return __real_pv_query_open(txn, object, arena, &changed, ret_run);
}

pv_status __wrap_pv_feed_scan(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after,
                              pv_scan **ret_scan)
{
    pv_id of = planted == Mutant::kFeedOfTheOperator ? planted_account : account;
    return __real_pv_feed_scan(txn, arena, of, after, ret_scan);
}

const char *__wrap_pv_token_make(pv_arena *arena, pv_view key, pv_view binding, pv_view position)
{
    bool unbound = planted == Mutant::kTokensUnbound;
    return __real_pv_token_make(arena, key, unbound ? pv_view_text("all") : binding, position);
}

bool __wrap_pv_token_open(pv_arena *arena, pv_view key, pv_view binding, pv_view token,
                          pv_view *ret_position)
{
    bool unbound = planted == Mutant::kTokensUnbound;
    return __real_pv_token_open(arena, key, unbound ? pv_view_text("all") : binding, token,
                                ret_position);
}

pv_status __wrap_pv_replay_get(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_view *ret_answer)
{
    if (planted == Mutant::kAnswersShared) { account = user = pv_id{{0}}; }
    return __real_pv_replay_get(txn, account, user, method, request_id, ret_answer);
}

pv_status __wrap_pv_replay_put(pv_txn *txn, pv_id account, pv_id user, pv_view method,
                               pv_view request_id, pv_time now, pv_view answer)
{
    if (planted == Mutant::kAnswersShared) { account = user = pv_id{{0}}; }
    return __real_pv_replay_put(txn, account, user, method, request_id, now, answer);
}

} // extern "C"
