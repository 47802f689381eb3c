#include "storage/txn.h"

#include "storage/keys.h"

#include <stdio.h>

/* Settings of the store itself that this file alone writes. */
static const char revision_name[] = "revision"; /* 8 bytes: number of the newest committed call */
static const char format_name[] = "format";     /* format_mark, then the format in 4 bytes */
static const char format_mark[6] = {'p', 'u', 'r', 'v', 'e', 'y'};

bool pv_setting_is_own(pv_view name)
{
    return pv_view_equal(name, pv_view_text(revision_name)) ||
           pv_view_equal(name, pv_view_text(format_name));
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

__attribute__((format(printf, 2, 3))) static void say(char ret_error[PV_STORE_ERROR_SIZE],
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A sentence that is too long for its place is cut; it is only for people. */
    (void)vsnprintf(ret_error, PV_STORE_ERROR_SIZE, format, arguments);
    va_end(arguments);
}

static pv_status write_format(pv_store *store, const char *name,
                              char ret_error[PV_STORE_ERROR_SIZE])
{
    uint8_t value[sizeof format_mark + 4];
    memcpy(value, format_mark, sizeof format_mark);
    pv_store_u32(value + sizeof format_mark, PV_STORE_FORMAT);
    pv_key key = pv_key_of_setting(pv_view_text(format_name));

    pv_engine_view *writer = NULL;
    pv_status status = store->engine->write_begin(store, &writer);
    if (pv_is_ok(status)) {
        status = store->engine->put(writer, pv_key_view(&key), pv_view_of(value, sizeof value));
        if (pv_is_ok(status)) {
            status = store->engine->write_commit(store, writer);
        } else {
            store->engine->write_abort(store, writer);
        }
    }
    if (!pv_is_ok(status)) {
        say(ret_error, "%s could not be made: the first write gave %s.", name,
            pv_code_name(status.code));
    }
    return status;
}

/* Judges the format row of a store. `empty`: there is no row at all. */
static pv_status judge_format(pv_engine_view *view, const pv_engine *engine, pv_arena *arena,
                              const char *name, bool *ret_empty,
                              char ret_error[PV_STORE_ERROR_SIZE])
{
    pv_key key = pv_key_of_setting(pv_view_text(format_name));
    pv_view value;
    pv_status status = engine->get(view, pv_key_view(&key), &value);
    if (status.code == PV_CODE_NOT_FOUND) {
        pv_engine_cursor *cursor = NULL;
        PV_TRY(engine->cursor_open(view, arena, &cursor));
        pv_view any_key, any_value;
        status = engine->cursor_move(cursor, PV_SEEK_AT_LEAST, pv_view_of(NULL, 0), &any_key,
                                     &any_value);
        engine->cursor_close(cursor);
        *ret_empty = status.code == PV_CODE_NOT_FOUND;
        if (*ret_empty) { return pv_ok(); }
        PV_TRY(status);
        say(ret_error, "%s holds data, but it is no Purvey store: it has no format row.", name);
        return pv_status_of(PV_CODE_FAILED_PRECONDITION);
    }
    PV_TRY(status);
    *ret_empty = false;
    if (value.size != sizeof format_mark + 4 ||
        memcmp(value.data, format_mark, sizeof format_mark) != 0) {
        say(ret_error, "%s is damaged: its format row cannot be read.", name);
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    uint32_t format = pv_load_u32(value.data + sizeof format_mark);
    if (format != PV_STORE_FORMAT) {
        say(ret_error, "%s has format %u and this program reads format %d: use the %s program.",
            name, format, PV_STORE_FORMAT, format > PV_STORE_FORMAT ? "newer" : "older");
        return pv_status_of(PV_CODE_FAILED_PRECONDITION);
    }
    return pv_ok();
}

pv_status pv_store_attach(pv_store *store, const pv_engine *engine, const char *name, bool create,
                          char ret_error[PV_STORE_ERROR_SIZE])
{
    memset(store, 0, sizeof *store);
    store->engine = engine;
    store->batch.store = store;
    say(ret_error, "%s cannot be read.", name);
    pv_engine_view *view = NULL;
    PV_TRY(engine->read_begin(store, &view));
    pv_arena *arena = pv_arena_create(64 * 1024);
    bool empty = false;
    pv_status status = judge_format(view, engine, arena, name, &empty, ret_error);
    pv_arena_destroy(arena);
    engine->read_end(store, view);
    PV_TRY(status);
    if (empty && !create) {
        say(ret_error, "%s is empty: no Purvey store has been made there.", name);
        return pv_status_of(PV_CODE_FAILED_PRECONDITION);
    }
    if (empty) { PV_TRY(write_format(store, name, ret_error)); }
    ret_error[0] = '\0';
    return pv_ok();
}

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
