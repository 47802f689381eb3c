/* Stored rows of a World that are no rows any more. */
#include "storage/audit.h"
#include "storage/keys.h"
#include "tests/unit/flows/harness.h"

namespace purvey {

namespace {

/* Puts bytes that are no row into the place of one. */
void overwrite(pv_store *store, pv_view key)
{
    pv_arena *arena = pv_arena_create(1024 * 1024);
    pv_batch *batch = nullptr;
    pv_txn *txn = nullptr;
    PV_ASSERT(pv_is_ok(pv_batch_begin(store, &batch)));
    PV_ASSERT(pv_is_ok(pv_write_begin(batch, arena, &txn)));
    PV_ASSERT(pv_is_ok(pv_txn_put(txn, key, pv_view_text("damaged"))));
    PV_ASSERT(pv_is_ok(pv_txn_commit(txn)));
    PV_ASSERT(pv_is_ok(pv_batch_commit(batch)));
    pv_arena_destroy(arena);
}

} // namespace

void World::damage(const pv_object_info *object, const std::string &id)
{
    pv_id parsed;
    PV_ASSERT(pv_id_parse(object->id_prefix, pv_view_text(id.c_str()), &parsed));
    pv_key key = pv_key_of_object(object->tag, parsed);
    overwrite(store(), pv_key_view(&key));
}

void World::damage_audit(const std::string &account_id, uint64_t number)
{
    pv_id account;
    PV_ASSERT(pv_id_parse("acc", pv_view_text(account_id.c_str()), &account));
    pv_arena *arena = pv_arena_create(1024 * 1024);
    pv_txn *txn = nullptr;
    pv_scan *scan = nullptr;
    PV_ASSERT(pv_is_ok(pv_read_begin(store(), arena, &txn)));
    PV_ASSERT(pv_is_ok(pv_audit_scan(txn, arena, account, 0, 0, false, &scan)));
    pv_view key;
    pv_view value;
    pv_audit_row row;
    do {
        PV_ASSERT(pv_is_ok(pv_scan_next(scan, &key, &value)) && pv_audit_read(key, value, &row));
    } while (row.link.sequence != number);
    std::string found(reinterpret_cast<const char *>(key.data), key.size);
    pv_scan_close(scan);
    pv_txn_abort(txn);
    pv_arena_destroy(arena);
    overwrite(store(), pv_view_of(found.data(), found.size()));
}

} // namespace purvey
