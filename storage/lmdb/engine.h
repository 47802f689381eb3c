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
    bool full;         /* of the writer: the map had no room */
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
    bool look;     /* opened for reading alone */

    pthread_mutex_t lock; /* guards what follows up to the line */
    pthread_cond_t moved; /* `reading` went to zero while `growing`, or `growing` is over */
    /* Snapshots that were ended, with their reader slots: see mdb_txn_reset. */
    pv_engine_view *idle;
    uint32_t reading; /* open snapshots */
    bool growing;     /* the map moves: no snapshot may begin */
    /* --- */

    pv_engine_view writer;
    uint64_t commits_begun; /* atomic; see renew_whole */
    uint64_t map_bytes;     /* of the committer, as what follows */
    uint64_t map_bytes_max;
    bool full;           /* a batch was lost because the map was full */
    size_t oldest_txnid; /* of pv_lmdb_check_readers: the oldest snapshot it saw, and since when */
    int64_t oldest_since_ns;
} pv_lmdb_store;

extern const pv_engine pv_lmdb_engine;

/* Logs which operation failed and aborts the process. */
__attribute__((noreturn)) void pv_lmdb_die(const char *operation, int code);

/* Makes the map larger when little of it is left. Of the committer, with no write open. */
void pv_lmdb_grow(pv_lmdb_store *store);

/* What other processes read. */
typedef struct pv_lmdb_readers {
    uint32_t count;      /* open snapshots */
    int64_t oldest_pid;  /* 0: none is open */
    size_t oldest_txnid; /* the commit it sees */
    int64_t except;      /* the process that is not counted; 0: all are */
} pv_lmdb_readers;

/* Lists the snapshots of all processes but one; gives a code of LMDB. */
int pv_lmdb_list_readers(MDB_env *env, int64_t except, pv_lmdb_readers *ret_readers);

/* Takes the lock of the folder, making it with `create`, and opens nothing; pv_lmdb_destroy gives it back. */
PV_MUST_USE pv_status pv_lmdb_lock(const char *path, bool create, pv_lmdb_store **ret_store,
                                   char ret_error[PV_LMDB_ERROR_SIZE]);

/* Frees a store, also one that was opened only in part. */
void pv_lmdb_destroy(pv_lmdb_store *store);

#ifdef __cplusplus
}
#endif
#endif
