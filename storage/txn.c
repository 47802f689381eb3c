#include "storage/txn.h"

#include "storage/keys.h"

static const char revision_name[] = "revision"; /* 8 bytes: number of the newest committed call */

bool pv_setting_is_own(pv_view name)
{
    return pv_view_equal(name, pv_view_text(revision_name)) ||
           pv_view_equal(name, pv_view_text(PV_SETTING_FORMAT));
}

static pv_status read_revision(const pv_engine *engine, pv_engine_view *view,
                               uint64_t *ret_revision)
{
    pv_key key = pv_key_of_setting(pv_view_text(revision_name));
    pv_view value;
    pv_status status = engine->get(view, pv_key_view(&key), &value);
    if (status.code == PV_CODE_NOT_FOUND) {
        *ret_revision = 0;
        return pv_ok();
    }
    PV_TRY(status);
    if (value.size != 8) { return pv_status_of(PV_CODE_DATA_LOSS); }
    *ret_revision = pv_load_u64(value.data);
    return pv_ok();
}

static pv_status write_revision(pv_batch *batch)
{
    pv_key key = pv_key_of_setting(pv_view_text(revision_name));
    uint8_t value[8];
    pv_store_u64(value, batch->revision);
    return batch->store->engine->put(batch->writer, pv_key_view(&key),
                                     pv_view_of(value, sizeof value));
}

/* --- the store --- */

void pv_store_close(pv_store *store)
{
    if (store == NULL) { return; }
    PV_ASSERT(store->batch.writer == NULL);
    store->engine->close(store);
}

/* --- batches --- */

pv_status pv_batch_begin(pv_store *store, pv_batch **ret_batch)
{
    pv_batch *batch = &store->batch;
    PV_ASSERT(batch->writer == NULL);
    pv_engine_view *writer = NULL;
    PV_TRY(store->engine->write_begin(store, &writer));
    pv_status status = read_revision(store->engine, writer, &batch->revision);
    if (!pv_is_ok(status)) {
        store->engine->write_abort(store, writer);
        return status;
    }
    batch->writer = writer;
    batch->changed = false;
    batch->failure = pv_ok();
    batch->call = NULL;
    *ret_batch = batch;
    return pv_ok();
}

pv_status pv_batch_commit(pv_batch *batch)
{
    PV_ASSERT(batch->writer != NULL);
    PV_ASSERT(batch->call == NULL);
    if (batch->changed && pv_is_ok(batch->failure)) { batch->failure = write_revision(batch); }
    pv_status status = batch->failure;
    if (!pv_is_ok(status) || !batch->changed) {
        pv_batch_abort(batch);
        return status;
    }
    pv_engine_view *writer = batch->writer;
    batch->writer = NULL;
    return batch->store->engine->write_commit(batch->store, writer);
}

void pv_batch_abort(pv_batch *batch)
{
    PV_ASSERT(batch->writer != NULL);
    PV_ASSERT(batch->call == NULL);
    pv_engine_view *writer = batch->writer;
    batch->writer = NULL;
    batch->store->engine->write_abort(batch->store, writer);
}

/* --- transactions --- */

static pv_txn *make_txn(pv_store *store, pv_arena *arena)
{
    pv_txn *txn = (pv_txn *)pv_arena_zalloc(arena, 1, sizeof *txn);
    if (txn == NULL) { return NULL; }
    txn->store = store;
    txn->failure = pv_ok();
    pv_overlay_init(&txn->overlay, arena);
    return txn;
}

pv_status pv_read_begin(pv_store *store, pv_arena *arena, pv_txn **ret_txn)
{
    pv_txn *txn = make_txn(store, arena);
    if (txn == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    PV_TRY(store->engine->read_begin(store, &txn->view));
    pv_status status = read_revision(store->engine, txn->view, &txn->revision);
    if (!pv_is_ok(status)) {
        store->engine->read_end(store, txn->view);
        return status;
    }
    *ret_txn = txn;
    return pv_ok();
}

pv_status pv_write_begin(pv_batch *batch, pv_arena *arena, pv_txn **ret_txn)
{
    PV_ASSERT(batch->writer != NULL);
    PV_ASSERT(batch->call == NULL);
    PV_TRY(batch->failure);
    pv_txn *txn = make_txn(batch->store, arena);
    if (txn == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    txn->batch = batch;
    txn->view = batch->writer;
    txn->revision = batch->revision + 1;
    batch->call = txn;
    *ret_txn = txn;
    return pv_ok();
}

static void close_scans(pv_txn *txn)
{
    while (txn->scans != NULL) { pv_scan_close(txn->scans); }
}

static pv_status fold(pv_txn *txn)
{
    const pv_engine *engine = txn->store->engine;
    for (const pv_overlay_node *node = txn->overlay.first[0]; node != NULL; node = node->next[0]) {
        if (node->deleted) {
            PV_TRY(engine->remove(txn->view, node->key));
        } else {
            PV_TRY(engine->put(txn->view, node->key, node->value));
        }
    }
    return pv_ok();
}

pv_status pv_txn_commit(pv_txn *txn)
{
    PV_ASSERT(txn->batch != NULL);
    PV_ASSERT(txn->batch->call == txn);
    pv_batch *batch = txn->batch;
    close_scans(txn);
    batch->call = NULL;
    PV_TRY(txn->failure);
    if (txn->overlay.count == 0) { return pv_ok(); }
    batch->failure = fold(txn);
    PV_TRY(batch->failure);
    batch->revision = txn->revision;
    batch->changed = true;
    return pv_ok();
}

void pv_txn_abort(pv_txn *txn)
{
    if (txn == NULL) { return; }
    close_scans(txn);
    if (txn->batch == NULL) {
        txn->store->engine->read_end(txn->store, txn->view);
    } else {
        PV_ASSERT(txn->batch->call == txn);
        txn->batch->call = NULL;
    }
}

uint64_t pv_txn_revision(const pv_txn *txn)
{
    return txn->revision;
}

bool pv_txn_writes(const pv_txn *txn)
{
    return txn->batch != NULL;
}

static pv_status check_key(pv_view key)
{
    if (key.size == 0) { return pv_status_of(PV_CODE_INVALID_ARGUMENT); }
    if (key.size > PV_STORE_KEY_MAX) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    return pv_ok();
}

pv_status pv_txn_get(pv_txn *txn, pv_view key, pv_view *ret_value)
{
    PV_TRY(check_key(key));
    const pv_overlay_node *node = pv_overlay_get(&txn->overlay, key);
    if (node == NULL) { return txn->store->engine->get(txn->view, key, ret_value); }
    if (node->deleted) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_value = node->value;
    return pv_ok();
}

static pv_status write_key(pv_txn *txn, pv_view key, pv_view value, bool deleted)
{
    PV_ASSERT(txn->batch != NULL);
    PV_ASSERT(txn->scans == NULL);
    pv_status status = check_key(key);
    if (pv_is_ok(status) && value.size > PV_STORE_VALUE_MAX) {
        status = pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    if (pv_is_ok(status)) { status = pv_overlay_set(&txn->overlay, key, value, deleted); }
    if (!pv_is_ok(status) && pv_is_ok(txn->failure)) { txn->failure = status; }
    return status;
}

pv_status pv_txn_put(pv_txn *txn, pv_view key, pv_view value)
{
    return write_key(txn, key, value, false);
}

pv_status pv_txn_delete(pv_txn *txn, pv_view key)
{
    return write_key(txn, key, pv_view_of(NULL, 0), true);
}
