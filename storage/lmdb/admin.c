#define _GNU_SOURCE /* renameat2 */
#include "storage/lmdb/admin.h"

#include "storage/lmdb/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

__attribute__((format(printf, 3, 4))) static pv_status refuse(char *ret_error, pv_code code,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A sentence that is too long for its place is cut; it is only for people. */
    (void)vsnprintf(ret_error, PV_LMDB_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return pv_status_of(code);
}

/* A failed call of LMDB or of the operating system, on a file. */
static pv_status refuse_code(char *ret_error, const char *what, const char *file, int code)
{
    pv_code as = PV_CODE_UNAVAILABLE;
    if (code == EEXIST) { as = PV_CODE_ALREADY_EXISTS; }
    if (code == EACCES || code == EPERM || code == EROFS) { as = PV_CODE_PERMISSION_DENIED; }
    if (code == ENOSPC || code == EDQUOT || code == EFBIG) { as = PV_CODE_RESOURCE_EXHAUSTED; }
    return refuse(ret_error, as, "\"%s\" cannot be %s: %s.", file, what, mdb_strerror(code));
}

/* --- measuring --- */

/* Takes the next word off a line: its number, or -1 if it is none, as "-" for no snapshot. */
static int64_t take_number(const char **line)
{
    int64_t number = -1;
    *line += strspn(*line, " ");
    size_t digits = strspn(*line, "0123456789");
    size_t size = strcspn(*line, " \n");
    for (size_t i = 0; digits == size && i < digits; i++) {
        number = (number < 0 ? 0 : number) * 10 + ((*line)[i] - '0');
    }
    *line += size;
    return number;
}

/* A line of mdb_reader_list: process, thread, number of its snapshot. The first line has the titles. */
static int take_reader(const char *line, void *context)
{
    pv_lmdb_readers *readers = (pv_lmdb_readers *)context;
    int64_t process = take_number(&line);
    (void)take_number(&line);
    int64_t number = take_number(&line);
    if (process < 0 || number < 0 || process == readers->except) { return 0; }
    readers->count++;
    if (readers->oldest_pid == 0 || (size_t)number < readers->oldest_txnid) {
        readers->oldest_pid = process;
        readers->oldest_txnid = (size_t)number;
    }
    return 0;
}

int pv_lmdb_list_readers(MDB_env *env, int64_t except, pv_lmdb_readers *ret_readers)
{
    memset(ret_readers, 0, sizeof *ret_readers);
    ret_readers->except = except;
    int code = mdb_reader_list(env, take_reader, ret_readers);
    return code < 0 ? code : MDB_SUCCESS;
}

/* The table of free pages: values begin with a count. */
static int count_free(MDB_txn *txn, uint64_t *ret_pages)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    uint64_t pages = 0;
    int code = mdb_cursor_open(txn, 0, &cursor);
    if (code != MDB_SUCCESS) { return code; }
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
        size_t count = 0;
        if (value.mv_size >= sizeof count) { memcpy(&count, value.mv_data, sizeof count); }
        pages += count;
    }
    mdb_cursor_close(cursor);
    *ret_pages = pages;
    return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

static uint64_t pages_of(const MDB_stat *stat)
{
    return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

static int measure_tables(pv_lmdb_store *store, pv_lmdb_stat *stat)
{
    MDB_txn *txn = NULL;
    MDB_stat rows, free_list;
    uint64_t free_pages = 0;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code != MDB_SUCCESS) { return code; }
    stat->commits = mdb_txn_id(txn); /* of the snapshot whose rows are counted */
    code = mdb_stat(txn, store->dbi, &rows);
    if (code == MDB_SUCCESS) { code = mdb_stat(txn, 0, &free_list); }
    if (code == MDB_SUCCESS) { code = count_free(txn, &free_pages); }
    mdb_txn_abort(txn);
    if (code != MDB_SUCCESS) { return code; }
    stat->page_bytes = rows.ms_psize;
    stat->rows = rows.ms_entries;
    stat->used_bytes = (pages_of(&rows) + pages_of(&free_list)) * rows.ms_psize;
    stat->free_bytes = free_pages * rows.ms_psize;
    return MDB_SUCCESS;
}

static int measure_readers(pv_lmdb_store *store, pv_lmdb_stat *stat)
{
    int dead = 0;
    int code = mdb_reader_check(store->env, &dead);
    if (code != MDB_SUCCESS) { return code; }
    pv_lmdb_readers readers;
    code = pv_lmdb_list_readers(store->env, getpid(), &readers);
    stat->readers = readers.count;
    stat->readers_cleared = (uint32_t)dead;
    stat->oldest_pid = readers.oldest_pid;
    if (readers.oldest_pid != 0 && readers.oldest_txnid < stat->commits) {
        stat->oldest_commits = stat->commits - readers.oldest_txnid;
    }
    return code;
}

pv_status pv_lmdb_measure(pv_store *base, pv_lmdb_stat *ret_stat,
                          char ret_error[PV_LMDB_ERROR_SIZE])
{
    pv_lmdb_store *store = (pv_lmdb_store *)base;
    pv_lmdb_stat stat;
    MDB_envinfo info;
    struct stat file;
    int handle = -1;
    memset(&stat, 0, sizeof stat);
    int code = mdb_env_info(store->env, &info);
    if (code == MDB_SUCCESS) { code = mdb_env_get_fd(store->env, &handle); }
    if (code == MDB_SUCCESS && fstat(handle, &file) != 0) { code = errno; }
    if (code == MDB_SUCCESS) { code = measure_tables(store, &stat); }
    if (code == MDB_SUCCESS) {
        stat.file_bytes = (uint64_t)file.st_size;
        stat.map_bytes = info.me_mapsize;
        code = measure_readers(store, &stat);
    }
    if (code != MDB_SUCCESS) { return refuse_code(ret_error, "measured", "The store", code); }
    *ret_stat = stat;
    return pv_ok();
}

/* --- copies --- */

static int sync_folder_of(const char *file)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(file, '/');
    int size = slash == NULL ? 1 : (int)(slash - file) + 1;
    if (snprintf(folder, sizeof folder, "%.*s", size, slash == NULL ? "." : file) >= PATH_SIZE) {
        return ENAMETOOLONG;
    }
    int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) { return errno; }
    int code = fsync(handle) == 0 ? 0 : errno;
    (void)close(handle);
    return code;
}

pv_status pv_lmdb_copy(pv_store *base, const char *file, pv_lmdb_copy_kind kind,
                       char ret_error[PV_LMDB_ERROR_SIZE])
{
    pv_lmdb_store *store = (pv_lmdb_store *)base;
    int handle = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (handle < 0) { return refuse_code(ret_error, "made", file, errno); }
    int code =
        mdb_env_copyfd2(store->env, handle, kind == PV_LMDB_COPY_COMPACT ? MDB_CP_COMPACT : 0);
    if (code == MDB_SUCCESS && fsync(handle) != 0) { code = errno; }
    if (close(handle) != 0 && code == MDB_SUCCESS) { code = errno; }
    if (code == MDB_SUCCESS) { return pv_ok(); }
    (void)unlink(file);
    return refuse_code(ret_error, "written", file, code);
}

pv_status pv_lmdb_name(const char *file, const char *name, bool replace,
                       char ret_error[PV_LMDB_ERROR_SIZE])
{
    int code = 0;
    if (renameat2(AT_FDCWD, file, AT_FDCWD, name, replace ? 0 : RENAME_NOREPLACE) != 0) {
        code = errno;
    }
    if (code == 0) { code = sync_folder_of(name); }
    return code == 0 ? pv_ok() : refuse_code(ret_error, "made", name, code);
}

/* --- the place of a store --- */

struct pv_lmdb_place {
    pv_lmdb_store *held; /* nothing of it is open but its lock */
    char data[PATH_SIZE];
    char lock[PATH_SIZE];
};

pv_status pv_lmdb_hold(const char *path, bool create, pv_lmdb_place **ret_place,
                       char ret_error[PV_LMDB_ERROR_SIZE])
{
    pv_lmdb_place *place = (pv_lmdb_place *)calloc(1, sizeof *place);
    PV_ASSERT(place != NULL);
    pv_status status = pv_lmdb_lock(path, create, &place->held, ret_error);
    if (!pv_is_ok(status)) {
        free(place);
        return status;
    }
    /* pv_lmdb_lock has refused a path that is too long. */
    (void)snprintf(place->data, sizeof place->data, "%s/data.mdb", path);
    (void)snprintf(place->lock, sizeof place->lock, "%s/lock.mdb", path);
    *ret_place = place;
    return status;
}

bool pv_lmdb_is_taken(const pv_lmdb_place *place)
{
    struct stat data;
    return stat(place->data, &data) == 0 && data.st_size > 0;
}

pv_status pv_lmdb_install(pv_lmdb_place *place, const char *file,
                          char ret_error[PV_LMDB_ERROR_SIZE])
{
    /* The table of readers counts the commits of the old file; whoever has it open keeps it. */
    if (unlink(place->lock) != 0 && errno != ENOENT) {
        return refuse_code(ret_error, "removed", place->lock, errno);
    }
    return pv_lmdb_name(file, place->data, true, ret_error);
}

void pv_lmdb_let_go(pv_lmdb_place *place)
{
    if (place == NULL) { return; }
    pv_lmdb_destroy(place->held);
    free(place);
}
