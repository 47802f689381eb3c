/* admin.h — what operators do with an LMDB store: measure it, copy it while it is used, and put a copy in its
 * place. Storage/check.h judges what is in it, on every engine.
 *
 * Copies are written beside their place under another name, are on the disk when they are said to be, and get
 * their name in one step: a name stands for a whole store or for nothing.
 * Errors: as pv_lmdb_open, with one sentence. A damaged file can end the process (LMDB follows what it reads):
 * do this in a process of its own. */
#ifndef PV_STORAGE_LMDB_ADMIN_H
#define PV_STORAGE_LMDB_ADMIN_H

#include "storage/lmdb/lmdb.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_lmdb_stat {
    uint64_t file_bytes; /* length of data.mdb */
    uint64_t used_bytes; /* of it, pages that hold rows */
    uint64_t free_bytes; /* of it, pages that writes use again before the file grows */
    uint64_t map_bytes;  /* of the newest server */
    uint32_t page_bytes;
    uint64_t rows;
    uint64_t commits;         /* number of the newest commit, as LMDB counts them */
    uint32_t readers;         /* snapshots open in other processes */
    uint32_t readers_cleared; /* slots of dead processes that were freed now */
    int64_t oldest_pid;       /* process of the oldest of these snapshots; 0: there is none */
    uint64_t
        oldest_commits; /* how many commits are newer than it: what they freed cannot be used again */
} pv_lmdb_stat;

/* Measures an open store, and frees the slots of readers that died. */
PV_MUST_USE pv_status pv_lmdb_measure(pv_store *store, pv_lmdb_stat *ret_stat,
                                      char ret_error[PV_LMDB_ERROR_SIZE]);

typedef enum pv_lmdb_copy_kind {
    PV_LMDB_COPY_PLAIN = 0,  /* page by page: fast, a snapshot is open for the shortest time */
    PV_LMDB_COPY_COMPACT = 1 /* rows alone, in order: the smallest file */
} pv_lmdb_copy_kind;

/* Writes one snapshot of an open store into a new file and syncs it. ALREADY_EXISTS: there is such a file. What
 * an error has left of the file is removed. */
PV_MUST_USE pv_status pv_lmdb_copy(pv_store *store, const char *file, pv_lmdb_copy_kind kind,
                                   char ret_error[PV_LMDB_ERROR_SIZE]);

/* Gives a synced file its name in the same folder, and syncs the folder. ALREADY_EXISTS unless `replace`. */
PV_MUST_USE pv_status pv_lmdb_name(const char *file, const char *name, bool replace,
                                   char ret_error[PV_LMDB_ERROR_SIZE]);

/* The place of a store, kept from every server: as long as it is held, none opens it. */
typedef struct pv_lmdb_place pv_lmdb_place;

/* Takes the folder `path`, making it with `create`. FAILED_PRECONDITION: a server has it. */
PV_MUST_USE pv_status pv_lmdb_hold(const char *path, bool create, pv_lmdb_place **ret_place,
                                   char ret_error[PV_LMDB_ERROR_SIZE]);

/* Whether there is something where a store would be. */
bool pv_lmdb_is_taken(const pv_lmdb_place *place);

/* Makes a synced file in the folder its store, in place of what is there. No process that looks at the old
 * store is disturbed. */
PV_MUST_USE pv_status pv_lmdb_install(pv_lmdb_place *place, const char *file,
                                      char ret_error[PV_LMDB_ERROR_SIZE]);

/* NULL is permitted. */
void pv_lmdb_let_go(pv_lmdb_place *place);

#ifdef __cplusplus
}
#endif
#endif
