/* lmdb.h — the embedded engine: one folder with data.mdb, lock.mdb (LMDB's) and server.lock (ours).
 * Default sync mode only: a commit has reached the disk twice (pages, then the meta page) before it returns.
 *
 * One server at a time (server.lock refuses a second); any number of processes may look beside it. Do not use
 * a store after fork, put it on a network file system, or copy data.mdb while a server runs other than by
 * storage/lmdb/admin.h.
 * Fatal errors: when a write or a sync fails, what is on the disk is not knowable from here; the process
 * logs it and aborts, and reads the truth when it starts again. A full map is not fatal: RESOURCE_EXHAUSTED. */
#ifndef PV_STORAGE_LMDB_LMDB_H
#define PV_STORAGE_LMDB_LMDB_H

#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The map reserves addresses, not memory or disk. By default it is larger than any store we mean to keep on one
 * machine. A smaller one (where addresses are rationed) grows by itself: twice as large whenever less than
 * 64 MiB of it are left, in a moment without snapshots. If a batch was lost because the map was full, the next
 * one waits up to a second for such a moment. */
#define PV_LMDB_MAP_BYTES (UINT64_C(1) << 40)

enum { PV_LMDB_READERS_MAX = 1024, PV_LMDB_ERROR_SIZE = 512 };

/* Zero stands for the default of each. */
typedef struct pv_lmdb_options {
    uint64_t map_bytes; /* of the map at the start: PV_LMDB_MAP_BYTES, or what the store needs */
    uint64_t map_bytes_max; /* up to which it grows: PV_LMDB_MAP_BYTES */
    uint32_t readers_max;   /* snapshots open at the same time: PV_LMDB_READERS_MAX */
    bool create;            /* make the folder, and a store in it, where there is none */
    bool
        look; /* read only, also beside a server or from a backup: nothing is made, locked or upgraded */
} pv_lmdb_options;

/* Opens the store in the folder `path` (to look also: in the backup file `path`); `options` may be NULL. Close
 * with pv_store_close.
 * NOT_FOUND (nothing there), FAILED_PRECONDITION (no store, another format, in use by another server),
 * PERMISSION_DENIED (cannot write or read there), DATA_LOSS (damaged), UNAVAILABLE (anything else the operating
 * system says): `ret_error` then holds one sentence for people that names the path. */
PV_MUST_USE pv_status pv_lmdb_open(const char *path, const pv_lmdb_options *options,
                                   pv_store **ret_store, char ret_error[PV_LMDB_ERROR_SIZE]);

/* Frees the slots of readers (tools) that died, and logs a reader, by its process, whose snapshot is older than
 * a minute; to be called each minute. `store` is of this engine. */
void pv_lmdb_check_readers(pv_store *store);

#ifdef __cplusplus
}
#endif
#endif
