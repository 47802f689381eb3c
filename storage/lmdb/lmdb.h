/* lmdb.h — the embedded engine: one folder with data.mdb, lock.mdb (LMDB's) and server.lock (ours).
 * Default sync mode only: a commit has reached the disk twice (pages, then the meta page) before it returns.
 *
 * Do not: open a folder from two processes (server.lock refuses that), use a store after fork, put it on a
 * network file system, or copy data.mdb while a server runs other than by mdb_copy.
 * Fatal errors: when a write or a sync fails, what is on the disk is not knowable from here; the process
 * logs it and aborts, and reads the truth when it starts again. A full map is not fatal: RESOURCE_EXHAUSTED. */
#ifndef PV_STORAGE_LMDB_LMDB_H
#define PV_STORAGE_LMDB_LMDB_H

#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The map reserves addresses, not memory or disk; it cannot grow while the store is open, so it is made
 * larger than any store we mean to keep on one machine. */
#define PV_LMDB_MAP_BYTES (UINT64_C(1) << 40)

enum { PV_LMDB_READERS_MAX = 1024, PV_LMDB_ERROR_SIZE = 512 };

/* Zero stands for the default of each. */
typedef struct pv_lmdb_options {
    uint64_t map_bytes;   /* PV_LMDB_MAP_BYTES */
    uint32_t readers_max; /* snapshots open at the same time: PV_LMDB_READERS_MAX */
    bool create;          /* make the folder, and a store in it, where there is none */
} pv_lmdb_options;

/* Opens the store in the folder `path`; `options` may be NULL. Close with pv_store_close.
 * NOT_FOUND (nothing there), FAILED_PRECONDITION (no store, another format, in use by another server),
 * PERMISSION_DENIED (cannot write there), DATA_LOSS (damaged), UNAVAILABLE (anything else the operating
 * system says): `ret_error` then holds one sentence for people that names the path. */
PV_MUST_USE pv_status pv_lmdb_open(const char *path, const pv_lmdb_options *options,
                                   pv_store **ret_store, char ret_error[PV_LMDB_ERROR_SIZE]);

/* Frees the slots of readers (tools) that died; to be called each minute. `store` is of this engine. */
void pv_lmdb_check_readers(pv_store *store);

#ifdef __cplusplus
}
#endif
#endif
