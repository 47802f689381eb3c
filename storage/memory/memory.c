#include "storage/memory/memory.h"

#include "storage/engine.h"
#include "storage/memory/tree.h"

#include <pthread.h>
#include <stdlib.h>

/* Snapshots are roots of a persistent tree (storage/memory/tree.h). The lock guards the published root and
 * all reference counts; what a root leads to never changes, so reading takes no lock. */
typedef struct memory_store {
    pv_store base; /* first: pv_store * is cast to memory_store * */
    pthread_mutex_t lock;
    pv_tree committed;
    size_t open_views;
    uint64_t bytes_max;
} memory_store;

struct pv_engine_view {
    memory_store *store;
    pv_tree tree;
};

struct pv_engine_cursor {
    const pv_engine_view *view;
    const pv_tree_row *at; /* NULL: before the first move, and after the end */
};

static memory_store *of(pv_store *store)
{
    return (memory_store *)store;
}

static void lock(memory_store *store)
{
    PV_ASSERT(pthread_mutex_lock(&store->lock) == 0);
}

static void unlock(memory_store *store)
{
    PV_ASSERT(pthread_mutex_unlock(&store->lock) == 0);
}

static void memory_close(pv_store *base)
{
    memory_store *store = of(base);
    PV_ASSERT(store->open_views == 0);
    pv_tree_release(&store->committed);
    PV_ASSERT(pthread_mutex_destroy(&store->lock) == 0);
    free(store);
}

static pv_status open_view(memory_store *store, pv_engine_view **ret_view)
{
    pv_engine_view *view = (pv_engine_view *)malloc(sizeof *view);
    PV_ASSERT(view != NULL);
    view->store = store;
    lock(store);
    view->tree = pv_tree_share(&store->committed);
    store->open_views++;
    unlock(store);
    *ret_view = view;
    return pv_ok();
}

static void close_view(pv_engine_view *view)
{
    memory_store *store = view->store;
    lock(store);
    pv_tree_release(&view->tree);
    store->open_views--;
    unlock(store);
    free(view);
}

static pv_status memory_read_begin(pv_store *store, pv_engine_view **ret_view)
{
    return open_view(of(store), ret_view);
}

static void memory_read_end(pv_store *store, pv_engine_view *view)
{
    PV_ASSERT(view->store == of(store));
    close_view(view);
}

static pv_status memory_write_begin(pv_store *store, pv_engine_view **ret_view)
{
    PV_TRY(open_view(of(store), ret_view));
    pv_tree_begin_change(&(*ret_view)->tree);
    return pv_ok();
}

static void memory_write_abort(pv_store *store, pv_engine_view *view)
{
    memory_read_end(store, view);
}

static pv_status memory_write_commit(pv_store *base, pv_engine_view *view)
{
    memory_store *store = of(base);
    lock(store);
    pv_tree old = store->committed;
    store->committed = pv_tree_share(&view->tree);
    pv_tree_release(&old);
    unlock(store);
    close_view(view);
    return pv_ok();
}

static pv_status memory_get(pv_engine_view *view, pv_view key, pv_view *ret_value)
{
    const pv_tree_row *row = pv_tree_at_least(&view->tree, key, true);
    if (row == NULL || !pv_view_equal(pv_tree_row_key(row), key)) {
        return pv_status_of(PV_CODE_NOT_FOUND);
    }
    *ret_value = pv_tree_row_value(row);
    return pv_ok();
}

static pv_status memory_put(pv_engine_view *view, pv_view key, pv_view value)
{
    memory_store *store = view->store;
    lock(store);
    pv_tree_put(&view->tree, key, value);
    unlock(store);
    bool full = store->bytes_max > 0 && view->tree.bytes > store->bytes_max;
    return full ? pv_status_of(PV_CODE_RESOURCE_EXHAUSTED) : pv_ok();
}

static pv_status memory_remove(pv_engine_view *view, pv_view key)
{
    lock(view->store);
    pv_tree_remove(&view->tree, key);
    unlock(view->store);
    return pv_ok();
}

static pv_status memory_cursor_open(pv_engine_view *view, pv_arena *arena,
                                    pv_engine_cursor **ret_cursor)
{
    pv_engine_cursor *cursor = (pv_engine_cursor *)pv_arena_zalloc(arena, 1, sizeof *cursor);
    if (cursor == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    cursor->view = view;
    *ret_cursor = cursor;
    return pv_ok();
}

static const pv_tree_row *move(const pv_engine_cursor *cursor, pv_seek seek, pv_view key)
{
    const pv_tree *tree = &cursor->view->tree;
    switch (seek) {
    case PV_SEEK_AT_LEAST: return pv_tree_at_least(tree, key, true);
    case PV_SEEK_BELOW: return pv_tree_below(tree, key);
    case PV_SEEK_NEXT: return pv_tree_at_least(tree, pv_tree_row_key(cursor->at), false);
    case PV_SEEK_PREVIOUS: return pv_tree_below(tree, pv_tree_row_key(cursor->at));
    }
    return NULL;
}

static pv_status memory_cursor_move(pv_engine_cursor *cursor, pv_seek seek, pv_view key,
                                    pv_view *ret_key, pv_view *ret_value)
{
    PV_ASSERT(cursor->at != NULL || seek == PV_SEEK_AT_LEAST || seek == PV_SEEK_BELOW);
    cursor->at = move(cursor, seek, key);
    if (cursor->at == NULL) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_key = pv_tree_row_key(cursor->at);
    *ret_value = pv_tree_row_value(cursor->at);
    return pv_ok();
}

static void memory_cursor_close(pv_engine_cursor *cursor)
{
    cursor->at = NULL;
}

static const pv_engine memory_engine = {
    .close = memory_close,
    .read_begin = memory_read_begin,
    .read_end = memory_read_end,
    .write_begin = memory_write_begin,
    .write_commit = memory_write_commit,
    .write_abort = memory_write_abort,
    .get = memory_get,
    .put = memory_put,
    .remove = memory_remove,
    .cursor_open = memory_cursor_open,
    .cursor_move = memory_cursor_move,
    .cursor_close = memory_cursor_close,
};

pv_status pv_memory_open(const pv_memory_options *options, pv_store **ret_store)
{
    memory_store *store = (memory_store *)calloc(1, sizeof *store);
    PV_ASSERT(store != NULL);
    PV_ASSERT(pthread_mutex_init(&store->lock, NULL) == 0);
    store->bytes_max = options == NULL ? 0 : options->bytes_max;
    char error[PV_STORE_ERROR_SIZE];
    pv_status status = pv_store_attach(&store->base, &memory_engine, "The store in memory",
                                       PV_ATTACH_CREATE, error);
    if (!pv_is_ok(status)) {
        memory_close(&store->base);
        return status;
    }
    *ret_store = &store->base;
    return pv_ok();
}
