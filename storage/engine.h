/* engine.h — what an engine gives to the layer that all engines share (storage/txn.c, storage/scan.c):
 * snapshots, one write transaction, ordered cursors. Overlays, limits, calls of a batch, revisions and the
 * format of the store are not the engine's business. Internal to storage.
 *
 * To add an engine: embed pv_store as the first member of its own struct, fill a pv_engine, and call
 * pv_store_attach at the end of its open function.
 *
 * Threads: read_begin, read_end, get and cursors of a snapshot are called on any thread, one at a time per
 * snapshot; everything with the writer on the committer's thread alone. Snapshots live on while it works. */
#ifndef PV_STORAGE_ENGINE_H
#define PV_STORAGE_ENGINE_H

#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A snapshot, or the write transaction with what was put into it. Each engine defines its own. */
typedef struct pv_engine_view pv_engine_view;
typedef struct pv_engine_cursor pv_engine_cursor;

typedef enum pv_seek {
    PV_SEEK_AT_LEAST = 0, /* the first key at or above the given one (empty: the first of all) */
    PV_SEEK_BELOW = 1,    /* the last key below the given one (empty: the last of all) */
    PV_SEEK_NEXT = 2,     /* the key after the current one */
    PV_SEEK_PREVIOUS = 3  /* the key before the current one */
} pv_seek;

/* Keys are 1 to PV_STORE_KEY_MAX bytes and values at most PV_STORE_VALUE_MAX, except that a key to seek
 * may be of any size. Memory given out stays as it is until the view is written to or ends.
 * Codes: NOT_FOUND, RESOURCE_EXHAUSTED, DATA_LOSS. After another code than OK from put, remove or
 * write_commit the writer is spoilt: the caller only aborts it (write_commit has done so itself). */
typedef struct pv_engine {
    void (*close)(pv_store *store);
    pv_status (*read_begin)(pv_store *store, pv_engine_view **ret_view);
    void (*read_end)(pv_store *store, pv_engine_view *view);
    pv_status (*write_begin)(pv_store *store, pv_engine_view **ret_view);
    pv_status (*write_commit)(pv_store *store, pv_engine_view *view);
    void (*write_abort)(pv_store *store, pv_engine_view *view);
    pv_status (*get)(pv_engine_view *view, pv_view key, pv_view *ret_value);
    pv_status (*put)(pv_engine_view *view, pv_view key, pv_view value);
    pv_status (*remove)(pv_engine_view *view, pv_view key); /* OK when there is no such key */
    pv_status (*cursor_open)(pv_engine_view *view, pv_arena *arena, pv_engine_cursor **ret_cursor);
    pv_status (*cursor_move)(pv_engine_cursor *cursor, pv_seek seek, pv_view key, pv_view *ret_key,
                             pv_view *ret_value);
    void (*cursor_close)(pv_engine_cursor *cursor);
} pv_engine;

/* The one batch that can be open on a store. */
struct pv_batch {
    pv_store *store;
    pv_engine_view *writer; /* NULL: not open */
    uint64_t revision;      /* of the newest call committed to the batch, or of the store */
    bool changed;           /* some call wrote something */
    pv_status failure;      /* not OK: the writer is spoilt and the batch cannot be committed */
    pv_txn *call;           /* the call that is open on the batch */
};

struct pv_store {
    const pv_engine *engine;
    struct pv_batch batch;
};

/* Layout of keys and rows that this program writes and reads.
 *   1  the first
 *   2  has the catalogue of indexes (storage/schema.h)
 *   3  chains the entries of audit trails (storage/audit.h) */
enum { PV_STORE_FORMAT = 3, PV_STORE_ERROR_SIZE = 512 };

/* How to open: as what is there, of this format alone; bringing an older format up to this one; and also
 * making a store where there is nothing at all. */
typedef enum pv_attach {
    PV_ATTACH_AS_IS = 0,
    PV_ATTACH_UPGRADE = 1,
    PV_ATTACH_CREATE = 2
} pv_attach;

/* Completes an open: judges the format of the store. FAILED_PRECONDITION (no store, another format), DATA_LOSS,
 * RESOURCE_EXHAUSTED, with the reason in one sentence; `name` is what the sentence calls the store. */
PV_MUST_USE pv_status pv_store_attach(pv_store *store, const pv_engine *engine, const char *name,
                                      pv_attach how, char ret_error[PV_STORE_ERROR_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
