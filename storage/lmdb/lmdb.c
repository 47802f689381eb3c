#include "storage/lmdb/engine.h"

#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <stdlib.h>

/* Threads: pv_store's users call read_begin and read_end from any thread; `lock` guards the pool of idle
 * snapshots and their count, and is held for moments, or while the map moves (grow.c). LMDB's own mutex is
 * held by the committer's thread from write_begin to its end. */

enum { OLD_SNAPSHOT_S = 50 }; /* a minute between two looks, less what they are late */

void pv_lmdb_die(const char *operation, int code)
{
    pv_log_field fields[] = {pv_log_text("operation", operation),
                             pv_log_text("error", mdb_strerror(code)), pv_log_number("code", code)};
    pv_log(PV_LOG_ERROR, "store_failed", fields, sizeof fields / sizeof fields[0]);
    abort();
}

/* What a failed operation of LMDB means to the caller. Does not return when the store's state is unknown. */
static pv_status status_of(const char *operation, int code)
{
    switch (code) {
    case MDB_SUCCESS: return pv_ok();
    case MDB_NOTFOUND: return pv_status_of(PV_CODE_NOT_FOUND);
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL: return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_CURSOR_FULL: return pv_status_of(PV_CODE_DATA_LOSS);
    case MDB_MAP_RESIZED: return pv_status_of(PV_CODE_UNAVAILABLE); /* of one that looks */
    default: pv_lmdb_die(operation, code);
    }
}

static pv_lmdb_store *of(pv_store *store)
{
    return (pv_lmdb_store *)store;
}

static MDB_val value_of(pv_view view)
{
    MDB_val value;
    value.mv_size = view.size;
    value.mv_data = (void *)(uintptr_t)view.data; /* LMDB does not write through it */
    return value;
}

static pv_view view_of(const MDB_val *value)
{
    return pv_view_of(value->mv_data, value->mv_size);
}

/* --- snapshots --- */

static void lock(pv_lmdb_store *store)
{
    PV_ASSERT(pthread_mutex_lock(&store->lock) == 0);
}

static void unlock(pv_lmdb_store *store)
{
    PV_ASSERT(pthread_mutex_unlock(&store->lock) == 0);
}

/* A view that was used before, or NULL; its snapshot counts as open from now on. */
static pv_engine_view *enter(pv_lmdb_store *store)
{
    lock(store);
    while (store->growing) { PV_ASSERT(pthread_cond_wait(&store->moved, &store->lock) == 0); }
    store->reading++;
    pv_engine_view *view = store->idle;
    if (view != NULL) { store->idle = view->next_idle; }
    unlock(store);
    return view;
}

/* The snapshot is over. `view` is kept for the next one; NULL: there is none to keep. */
static void leave(pv_lmdb_store *store, pv_engine_view *view)
{
    lock(store);
    if (view != NULL) {
        view->next_idle = store->idle;
        store->idle = view;
    }
    store->reading--;
    if (store->growing && store->reading == 0) {
        PV_ASSERT(pthread_cond_broadcast(&store->moved) == 0);
    }
    unlock(store);
}

static void destroy_view(pv_engine_view *view)
{
    if (view->spare != NULL) { mdb_cursor_close(view->spare); }
    if (view->txn != NULL) { mdb_txn_abort(view->txn); }
    free(view);
}

/* Opens or renews the snapshot of the newest commit. */
static int renew(pv_lmdb_store *store, pv_engine_view *view)
{
    if (view->txn != NULL) { return mdb_txn_renew(view->txn); }
    return mdb_txn_begin(store->env, NULL, MDB_RDONLY, &view->txn);
}

/* LMDB 0.9.24 reads the number of the newest commit and then copies the meta page of that number, and does
 * not look whether that page has meanwhile been written over by the commit after next. A thread that was
 * held up between the two steps would see a commit that is not on the disk yet, and one later perhaps not
 * see it. For that a commit must have begun between the steps: then we take another snapshot. */
static int renew_whole(pv_lmdb_store *store, pv_engine_view *view)
{
    for (;;) {
        uint64_t before = __atomic_load_n(&store->commits_begun, __ATOMIC_ACQUIRE);
        int code = renew(store, view);
        if (code != MDB_SUCCESS) { return code; }
        /* Adding nothing orders what was read above before this look, as a plain load would not. */
        uint64_t after = __atomic_fetch_add(&store->commits_begun, 0, __ATOMIC_ACQ_REL);
        if (after == before) { return code; }
        mdb_txn_reset(view->txn);
    }
}

static pv_status lmdb_read_begin(pv_store *base, pv_engine_view **ret_view)
{
    pv_lmdb_store *store = of(base);
    pv_engine_view *view = enter(store);
    if (view == NULL) {
        view = (pv_engine_view *)calloc(1, sizeof *view);
        PV_ASSERT(view != NULL);
        view->dbi = store->dbi;
    }
    int code = renew_whole(store, view);
    if (code != MDB_SUCCESS) {
        destroy_view(view);
        leave(store, NULL);
        return status_of("open a snapshot", code);
    }
    *ret_view = view;
    return pv_ok();
}

static void lmdb_read_end(pv_store *base, pv_engine_view *view)
{
    mdb_txn_reset(view->txn);
    leave(of(base), view);
}

/* --- the writer --- */

static pv_status lmdb_write_begin(pv_store *base, pv_engine_view **ret_view)
{
    pv_lmdb_store *store = of(base);
    PV_ASSERT(!store->look);
    pv_lmdb_grow(store);
    int code = mdb_txn_begin(store->env, NULL, 0, &store->writer.txn);
    if (code != MDB_SUCCESS) { return status_of("begin a write", code); }
    store->writer.dbi = store->dbi;
    store->writer.writes = true;
    *ret_view = &store->writer;
    return pv_ok();
}

static pv_status lmdb_write_commit(pv_store *base, pv_engine_view *view)
{
    pv_lmdb_store *store = of(base);
    PV_ASSERT(view == &store->writer);
    MDB_txn *txn = view->txn;
    view->txn = NULL;
    __atomic_fetch_add(&store->commits_begun, 1, __ATOMIC_SEQ_CST);
    int code = mdb_txn_commit(txn);
    store->full = code == MDB_MAP_FULL;
    return status_of("commit", code);
}

static void lmdb_write_abort(pv_store *base, pv_engine_view *view)
{
    pv_lmdb_store *store = of(base);
    PV_ASSERT(view == &store->writer);
    mdb_txn_abort(view->txn);
    view->txn = NULL;
    store->full = store->full || view->full;
    view->full = false;
}

static pv_status lmdb_put(pv_engine_view *view, pv_view key, pv_view value)
{
    MDB_val lmdb_key = value_of(key);
    MDB_val lmdb_value = value_of(value);
    int code = mdb_put(view->txn, view->dbi, &lmdb_key, &lmdb_value, 0);
    view->full = view->full || code == MDB_MAP_FULL;
    return status_of("put", code);
}

static pv_status lmdb_remove(pv_engine_view *view, pv_view key)
{
    MDB_val lmdb_key = value_of(key);
    int code = mdb_del(view->txn, view->dbi, &lmdb_key, NULL);
    view->full = view->full || code == MDB_MAP_FULL; /* what is deleted is copied first */
    return code == MDB_NOTFOUND ? pv_ok() : status_of("delete", code);
}

/* --- reading --- */

static pv_status lmdb_get(pv_engine_view *view, pv_view key, pv_view *ret_value)
{
    MDB_val lmdb_key = value_of(key);
    MDB_val lmdb_value;
    int code = mdb_get(view->txn, view->dbi, &lmdb_key, &lmdb_value);
    if (code != MDB_SUCCESS) { return status_of("get", code); }
    *ret_value = view_of(&lmdb_value);
    return pv_ok();
}

/* A snapshot keeps the last cursor that was closed, so that most scans allocate nothing. A cursor of the
 * writer cannot outlive its transaction and is not kept. */
static pv_status lmdb_cursor_open(pv_engine_view *view, pv_arena *arena,
                                  pv_engine_cursor **ret_cursor)
{
    pv_engine_cursor *cursor = (pv_engine_cursor *)pv_arena_zalloc(arena, 1, sizeof *cursor);
    if (cursor == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    cursor->view = view;
    int code;
    if (view->spare != NULL) {
        cursor->cursor = view->spare;
        view->spare = NULL;
        code = mdb_cursor_renew(view->txn, cursor->cursor);
        if (code != MDB_SUCCESS) { mdb_cursor_close(cursor->cursor); }
    } else {
        code = mdb_cursor_open(view->txn, view->dbi, &cursor->cursor);
    }
    if (code != MDB_SUCCESS) { return status_of("open a cursor", code); }
    *ret_cursor = cursor;
    return pv_ok();
}

static void lmdb_cursor_close(pv_engine_cursor *cursor)
{
    pv_engine_view *view = cursor->view;
    if (view->writes || view->spare != NULL) {
        mdb_cursor_close(cursor->cursor);
    } else {
        view->spare = cursor->cursor;
    }
    cursor->cursor = NULL;
}

static int seek_below(MDB_cursor *cursor, MDB_val *key, MDB_val *value)
{
    if (key->mv_size == 0) { return mdb_cursor_get(cursor, key, value, MDB_LAST); }
    int code = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) { return mdb_cursor_get(cursor, key, value, MDB_LAST); }
    return code == MDB_SUCCESS ? mdb_cursor_get(cursor, key, value, MDB_PREV) : code;
}

static int move(MDB_cursor *cursor, pv_seek seek, MDB_val *key, MDB_val *value)
{
    switch (seek) {
    case PV_SEEK_AT_LEAST:
        return mdb_cursor_get(cursor, key, value, key->mv_size == 0 ? MDB_FIRST : MDB_SET_RANGE);
    case PV_SEEK_BELOW: return seek_below(cursor, key, value);
    case PV_SEEK_NEXT: return mdb_cursor_get(cursor, key, value, MDB_NEXT);
    case PV_SEEK_PREVIOUS: return mdb_cursor_get(cursor, key, value, MDB_PREV);
    }
    return EINVAL;
}

static pv_status lmdb_cursor_move(pv_engine_cursor *cursor, pv_seek seek, pv_view key,
                                  pv_view *ret_key, pv_view *ret_value)
{
    MDB_val lmdb_key = value_of(key);
    MDB_val lmdb_value;
    int code = move(cursor->cursor, seek, &lmdb_key, &lmdb_value);
    if (code != MDB_SUCCESS) { return status_of("scan", code); }
    *ret_key = view_of(&lmdb_key);
    *ret_value = view_of(&lmdb_value);
    return pv_ok();
}

/* --- the end --- */

static void lmdb_close(pv_store *base)
{
    pv_lmdb_store *store = of(base);
    PV_ASSERT(store->writer.txn == NULL);
    for (pv_engine_view *view = store->idle; view != NULL; view = store->idle) {
        store->idle = view->next_idle;
        destroy_view(view);
    }
    pv_lmdb_destroy(store);
}

/* Says which process has had the same oldest snapshot open for a minute: it keeps pages from being used again. */
static void watch_oldest(pv_lmdb_store *store)
{
    pv_lmdb_readers readers;
    int code = pv_lmdb_list_readers(store->env, 0, &readers);
    if (code != MDB_SUCCESS) { pv_lmdb_die("list readers", code); }
    int64_t now = pv_time_monotonic_ns();
    if (readers.oldest_pid == 0 || readers.oldest_txnid != store->oldest_txnid) {
        store->oldest_txnid = readers.oldest_txnid;
        store->oldest_since_ns = now;
        return;
    }
    MDB_envinfo info;
    int64_t seconds = (now - store->oldest_since_ns) / PV_NS_PER_S;
    code = mdb_env_info(store->env, &info);
    if (code != MDB_SUCCESS) { pv_lmdb_die("ask for the size", code); }
    if (seconds < OLD_SNAPSHOT_S || info.me_last_txnid == readers.oldest_txnid) { return; }
    const pv_log_field fields[] = {
        pv_log_number("pid", readers.oldest_pid), pv_log_number("seconds", seconds),
        pv_log_number("commits_since", (int64_t)(info.me_last_txnid - readers.oldest_txnid))};
    pv_log(PV_LOG_WARN, "store_old_reader", fields, sizeof fields / sizeof fields[0]);
}

void pv_lmdb_check_readers(pv_store *base)
{
    int dead = 0;
    int code = mdb_reader_check(of(base)->env, &dead);
    if (code != MDB_SUCCESS) { pv_lmdb_die("check readers", code); }
    if (dead > 0) {
        pv_log_field field = pv_log_number("freed", dead);
        pv_log(PV_LOG_WARN, "store_dead_readers", &field, 1);
    }
    watch_oldest(of(base));
}

const pv_engine pv_lmdb_engine = {
    .close = lmdb_close,
    .read_begin = lmdb_read_begin,
    .read_end = lmdb_read_end,
    .write_begin = lmdb_write_begin,
    .write_commit = lmdb_write_commit,
    .write_abort = lmdb_write_abort,
    .get = lmdb_get,
    .put = lmdb_put,
    .remove = lmdb_remove,
    .cursor_open = lmdb_cursor_open,
    .cursor_move = lmdb_cursor_move,
    .cursor_close = lmdb_cursor_close,
};
