#include "storage/lmdb/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

_Static_assert((int)PV_LMDB_ERROR_SIZE == (int)PV_STORE_ERROR_SIZE, "one size of sentences");

/* What open works on. */
typedef struct opening {
    const char *path;
    pv_lmdb_options options;
    pv_lmdb_store *store;
    char *error;  /* PV_LMDB_ERROR_SIZE bytes */
    bool is_file; /* a backup, to be looked at */
    char data_path[PATH_SIZE];
    char lock_path[PATH_SIZE];
} opening;

/* Fills the sentence and gives the code as a status. */
__attribute__((format(printf, 3, 4))) static pv_status refuse(opening *o, pv_code code,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A sentence that is too long for its place is cut; it is only for people. */
    (void)vsnprintf(o->error, PV_LMDB_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return pv_status_of(code);
}

/* A failed call of the operating system. */
static pv_status refuse_errno(opening *o, const char *what, int code)
{
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS:
        return refuse(o, PV_CODE_PERMISSION_DENIED,
                      o->options.look ? "The store at \"%s\" must be readable: cannot %s (%s)."
                                      : "The store folder \"%s\" must be writable: cannot %s (%s).",
                      o->path, what, mdb_strerror(code));
    case ENOENT:
        return refuse(o, PV_CODE_NOT_FOUND, "There is no store at \"%s\": cannot %s (%s).", o->path,
                      what, mdb_strerror(code));
    default:
        return refuse(o, PV_CODE_UNAVAILABLE,
                      "The store at \"%s\" cannot be opened: cannot %s (%s).", o->path, what,
                      mdb_strerror(code));
    }
}

static pv_status make_paths(opening *o)
{
    int a = snprintf(o->data_path, sizeof o->data_path, "%s/data.mdb", o->path);
    int b = snprintf(o->lock_path, sizeof o->lock_path, "%s/server.lock", o->path);
    if (o->path[0] == '\0' || a < 0 || b < 0 || a >= PATH_SIZE || b >= PATH_SIZE) {
        return refuse(o, PV_CODE_INVALID_ARGUMENT,
                      "The path of the store is empty or longer than %d bytes.", PATH_SIZE);
    }
    return pv_ok();
}

static pv_status check_folder(opening *o)
{
    struct stat folder;
    if (stat(o->path, &folder) != 0) {
        if (errno != ENOENT || !o->options.create) {
            return refuse_errno(o, "find the folder", errno);
        }
        if (mkdir(o->path, 0700) != 0) { return refuse_errno(o, "make the folder", errno); }
        return pv_ok();
    }
    if (o->options.look && S_ISREG(folder.st_mode)) {
        o->is_file = true;
        memcpy(o->data_path, o->path, strlen(o->path) + 1);
        return pv_ok();
    }
    if (!S_ISDIR(folder.st_mode)) {
        return refuse(o, PV_CODE_FAILED_PRECONDITION, "\"%s\" is a file; a store is a folder.",
                      o->path);
    }
    return pv_ok();
}

static pv_status check_data_file(opening *o)
{
    struct stat data;
    bool found = stat(o->data_path, &data) == 0;
    if (!found && errno != ENOENT) { return refuse_errno(o, "look at data.mdb", errno); }
    bool empty = !found || data.st_size == 0;
    if (empty && !o->options.create) {
        return refuse(o, PV_CODE_NOT_FOUND, "There is no store at \"%s\": %s.", o->path,
                      o->is_file ? "the file is empty" : "the folder holds no data.mdb");
    }
    return pv_ok();
}

/* Takes the lock that keeps a second server away and leaves our process id in it for its error text. A lock
 * of flock(2) is between open files, so it also keeps out a second opener in this process. */
static pv_status take_lock(opening *o)
{
    if (o->options.look) { return pv_ok(); }
    int file = open(o->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) { return refuse_errno(o, "open server.lock", errno); }
    o->store->lock_file = file;
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        int code = errno;
        if (code != EWOULDBLOCK) { return refuse_errno(o, "lock server.lock", code); }
        char owner[32] = {0};
        ssize_t size = pread(file, owner, sizeof owner - 1, 0);
        if (size <= 0) { (void)snprintf(owner, sizeof owner, "unknown"); }
        return refuse(o, PV_CODE_FAILED_PRECONDITION,
                      "The store at \"%s\" is in use by another server (process %s).", o->path,
                      owner);
    }
    char self[32];
    int size = snprintf(self, sizeof self, "%ld", (long)getpid());
    if (ftruncate(file, 0) != 0 || pwrite(file, self, (size_t)size, 0) != size) {
        return refuse_errno(o, "write server.lock", errno);
    }
    return pv_ok();
}

static pv_status refuse_lmdb(opening *o, int code)
{
    switch (code) {
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        return refuse(o, PV_CODE_FAILED_PRECONDITION,
                      "\"%s\" is no Purvey store, or it is damaged: %s.", o->data_path,
                      mdb_strerror(code));
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_BAD_TXN:
        return refuse(o, PV_CODE_DATA_LOSS, "The store at \"%s\" is damaged: %s.", o->path,
                      mdb_strerror(code));
    default: return refuse_errno(o, "open data.mdb", code);
    }
}

static pv_status open_environment(opening *o)
{
    pv_lmdb_store *store = o->store;
    int code = mdb_env_create(&store->env);
    if (code != MDB_SUCCESS) { return refuse_lmdb(o, code); }
    /* To look takes the map of the newest server, which is what it was told to be. */
    if (!store->look) { code = mdb_env_set_mapsize(store->env, (size_t)o->options.map_bytes); }
    if (code == MDB_SUCCESS) { code = mdb_env_set_maxreaders(store->env, o->options.readers_max); }
    unsigned flags = MDB_NOTLS;
    if (store->look) { flags |= MDB_RDONLY; }
    if (o->is_file) { flags |= MDB_NOSUBDIR | MDB_NOLOCK; } /* nobody writes to a backup */
    if (code == MDB_SUCCESS) { code = mdb_env_open(store->env, o->path, flags, 0600); }
    MDB_envinfo info;
    if (code == MDB_SUCCESS) { code = mdb_env_info(store->env, &info); }
    if (code == MDB_SUCCESS) { store->map_bytes = info.me_mapsize; }
    return code == MDB_SUCCESS ? pv_ok() : refuse_lmdb(o, code);
}

/* Counts the pages from `first` on that stand in LMDB's own table of free pages. */
static int count_free(MDB_txn *txn, size_t first, size_t *ret_count)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, pages;
    *ret_count = 0;
    int code = mdb_cursor_open(txn, 0, &cursor);
    if (code != MDB_SUCCESS) { return code; }
    while ((code = mdb_cursor_get(cursor, &key, &pages, MDB_NEXT)) == MDB_SUCCESS) {
        /* The first number says how many follow. */
        size_t page = 0, count = 0;
        if (pages.mv_size >= sizeof count) { memcpy(&count, pages.mv_data, sizeof count); }
        for (size_t i = 1; i <= count && (i + 1) * sizeof page <= pages.mv_size; i++) {
            memcpy(&page, (const char *)pages.mv_data + i * sizeof page, sizeof page);
            *ret_count += page >= first;
        }
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
}

/* Of the `missing` pages of the file from `first` on, whether all are free ones. */
static bool only_free_missing(MDB_txn *txn, size_t first, size_t missing)
{
    size_t count = 0;
    return count_free(txn, first, &count) == MDB_SUCCESS && count >= missing;
}

static int set_length(opening *o, uint64_t bytes)
{
    return truncate(o->data_path, (off_t)bytes) == 0 ? 0 : errno;
}

/* Refuses a file that ends before a page in use, such as a copy that was cut short, or what a disk leaves that
 * forgot the file's length: LMDB would not notice, and the process would die on the first page that is missing.
 * Pages in use stand anywhere up to the last one that was ever taken. Behind the end of a good file there are
 * only free pages: LMDB does not write those that a commit took and gave back. To read its table of free pages,
 * which may be missing itself, the file is first made as long as it should be; missing pages are zeros then,
 * and LMDB refuses those. */
static pv_status check_length(opening *o, MDB_txn *txn)
{
    MDB_envinfo info;
    MDB_stat stat_of;
    struct stat data;
    int code = mdb_env_info(o->store->env, &info);
    if (code == MDB_SUCCESS) { code = mdb_env_stat(o->store->env, &stat_of); }
    if (code != MDB_SUCCESS) { return refuse_lmdb(o, code); }
    /* Looked at beside a server that commits: it has checked this when it opened. */
    if (info.me_last_txnid != mdb_txn_id(txn)) { return pv_ok(); }
    if (stat(o->data_path, &data) != 0) { return refuse_errno(o, "look at data.mdb", errno); }
    size_t there = (size_t)data.st_size / stat_of.ms_psize;
    size_t needed = info.me_last_pgno + 1;
    if (there >= needed) { return pv_ok(); }
    if (!o->store->look) { code = set_length(o, (uint64_t)needed * stat_of.ms_psize); }
    if (code != 0) { return refuse_errno(o, "make data.mdb longer", code); }
    if (only_free_missing(txn, there, needed - there)) { return pv_ok(); }
    if (!o->store->look) { code = set_length(o, (uint64_t)data.st_size); }
    if (code != 0) { return refuse_errno(o, "leave data.mdb as it was", code); }
    return refuse(
        o, PV_CODE_DATA_LOSS,
        "The store at \"%s\" is damaged: data.mdb ends after %lld bytes, and pages in use "
        "are missing behind it.",
        o->path, (long long)data.st_size);
}

/* The one table of a store is LMDB's unnamed one, with plain keys. */
static pv_status open_table(opening *o)
{
    pv_lmdb_store *store = o->store;
    MDB_txn *txn = NULL;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code != MDB_SUCCESS) { return refuse_lmdb(o, code); }
    unsigned flags = 0;
    code = mdb_dbi_open(txn, NULL, 0, &store->dbi);
    if (code == MDB_SUCCESS) { code = mdb_dbi_flags(txn, store->dbi, &flags); }
    pv_status status = code == MDB_SUCCESS ? pv_ok() : refuse_lmdb(o, code);
    if (pv_is_ok(status) && flags != 0) {
        status = refuse(o, PV_CODE_FAILED_PRECONDITION,
                        "\"%s\" is no Purvey store: its table has other keys.", o->data_path);
    }
    if (pv_is_ok(status)) { status = check_length(o, txn); }
    mdb_txn_abort(txn);
    PV_TRY(status);
    if (store->look) { return pv_ok(); }
    int dead = 0;
    code = mdb_reader_check(store->env, &dead);
    return code == MDB_SUCCESS ? pv_ok() : refuse_lmdb(o, code);
}

static pv_status attach(opening *o)
{
    char name[PV_LMDB_ERROR_SIZE / 2];
    (void)snprintf(name, sizeof name, "The store at \"%s\"", o->path);
    pv_attach how = o->options.look     ? PV_ATTACH_AS_IS
                    : o->options.create ? PV_ATTACH_CREATE
                                        : PV_ATTACH_UPGRADE;
    return pv_store_attach(&o->store->base, &pv_lmdb_engine, name, how, o->error);
}

static pv_status open_all(opening *o)
{
    PV_TRY(make_paths(o));
    PV_TRY(check_folder(o));
    PV_TRY(check_data_file(o));
    PV_TRY(take_lock(o));
    PV_TRY(open_environment(o));
    PV_TRY(open_table(o));
    return attach(o);
}

void pv_lmdb_destroy(pv_lmdb_store *store)
{
    if (store->env != NULL) { mdb_env_close(store->env); }
    if (store->lock_file >= 0) { (void)close(store->lock_file); } /* gives the lock back */
    PV_ASSERT(pthread_cond_destroy(&store->moved) == 0);
    PV_ASSERT(pthread_mutex_destroy(&store->lock) == 0);
    free(store);
}

static void begin(opening *o, const char *path, const pv_lmdb_options *options, char *error)
{
    memset(o, 0, sizeof *o);
    o->path = path;
    o->error = error;
    error[0] = '\0';
    if (options != NULL) { o->options = *options; }
    if (o->options.map_bytes == 0) { o->options.map_bytes = PV_LMDB_MAP_BYTES; }
    if (o->options.map_bytes_max == 0) { o->options.map_bytes_max = PV_LMDB_MAP_BYTES; }
    if (o->options.readers_max == 0) { o->options.readers_max = PV_LMDB_READERS_MAX; }
    pv_lmdb_store *store = (pv_lmdb_store *)calloc(1, sizeof *store);
    PV_ASSERT(store != NULL);
    store->lock_file = -1;
    store->look = o->options.look;
    store->map_bytes_max = o->options.map_bytes_max;
    PV_ASSERT(pthread_mutex_init(&store->lock, NULL) == 0);
    PV_ASSERT(pthread_cond_init(&store->moved, NULL) == 0);
    o->store = store;
}

pv_status pv_lmdb_open(const char *path, const pv_lmdb_options *options, pv_store **ret_store,
                       char ret_error[PV_LMDB_ERROR_SIZE])
{
    opening o;
    begin(&o, path, options, ret_error);
    pv_status status = open_all(&o);
    if (pv_is_ok(status)) {
        *ret_store = &o.store->base;
        return status;
    }
    /* Opening may have left an idle snapshot behind. */
    pv_lmdb_engine.close(&o.store->base);
    return status;
}

pv_status pv_lmdb_lock(const char *path, bool create, pv_lmdb_store **ret_store,
                       char ret_error[PV_LMDB_ERROR_SIZE])
{
    opening o;
    const pv_lmdb_options options = {.create = create};
    begin(&o, path, &options, ret_error);
    pv_status status = make_paths(&o);
    if (pv_is_ok(status)) { status = check_folder(&o); }
    if (pv_is_ok(status)) { status = take_lock(&o); }
    if (pv_is_ok(status)) {
        *ret_store = o.store;
    } else {
        pv_lmdb_destroy(o.store);
    }
    return status;
}
