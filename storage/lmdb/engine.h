/* engine.h — the inside of the LMDB engine, shared by lmdb.c (operations) and open.c (opening and what it
 * refuses). Internal to storage/lmdb, the only folder that includes <lmdb.h>. */
#ifndef PV_STORAGE_LMDB_ENGINE_H
#define PV_STORAGE_LMDB_ENGINE_H

#include "storage/engine.h"
#include "storage/lmdb/lmdb.h"

#include <lmdb.h>
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_engine_view {
    MDB_txn *txn;
    MDB_dbi dbi;
    bool writes;
    MDB_cursor *spare; /* of a snapshot: a closed cursor kept for the next scan */
    struct pv_engine_view *next_idle;
};

struct pv_engine_cursor {
    pv_engine_view *view;
    MDB_cursor *cursor;
};

typedef struct pv_lmdb_store {
    pv_store base; /* first: pv_store * is cast to pv_lmdb_store * */
    MDB_env *env;
    MDB_dbi dbi;
    int lock_file; /* holds the lock on server.lock; -1: none */
    pthread_mutex_t lock;
    pv_engine_view
        *idle; /* snapshots that were ended, with their reader slots: see mdb_txn_reset */
    pv_engine_view writer;
    uint64_t commits_begun; /* atomic; see lmdb_read_begin */
} pv_lmdb_store;

extern const pv_engine pv_lmdb_engine;

/* Logs which operation failed and aborts the process. */
__attribute__((noreturn)) void pv_lmdb_die(const char *operation, int code);

/* Frees a store, also one that was opened only in part. */
void pv_lmdb_destroy(pv_lmdb_store *store);

#ifdef __cplusplus
}
#endif
#endif
