/* The map grows by itself. LMDB moves it in memory then, which no snapshot survives: new ones wait, and the
 * committer waits for those that are open. As long as there is room it does not wait at all but takes the
 * next moment at which there is no snapshot; only after a batch was lost for want of room it waits a little. */
#include "storage/lmdb/engine.h"

#include "base/log.h"
#include "base/time.h"

#include <errno.h>
#include <sys/mman.h>

enum { WAIT_MS = 1000, NS_PER_MS = 1000000 };

/* The map grows when less than this is left: more than a batch usually writes. */
static const uint64_t reserve_bytes = 64 * 1024 * 1024;

static uint64_t used_bytes(pv_lmdb_store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    int code = mdb_env_info(store->env, &info);
    if (code == MDB_SUCCESS) { code = mdb_env_stat(store->env, &stat); }
    if (code != MDB_SUCCESS) { pv_lmdb_die("ask for the size", code); }
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

static uint64_t next_size(const pv_lmdb_store *store, uint64_t used)
{
    uint64_t doubled = store->map_bytes * 2;
    uint64_t least = used + 2 * reserve_bytes;
    uint64_t next = doubled > least ? doubled : least;
    return next < store->map_bytes_max ? next : store->map_bytes_max;
}

/* Whether there are addresses for a map of this size; LMDB would be left without any map if there are not. */
static bool has_addresses(uint64_t bytes)
{
    void *probe =
        mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) { return false; }
    PV_ASSERT(munmap(probe, (size_t)bytes) == 0);
    return true;
}

/* Waits until no snapshot is open; the lock is held. */
static bool await_readers(pv_lmdb_store *store, int64_t wait_ms)
{
    int64_t until_ns = pv_time_now().utc_ns + wait_ms * NS_PER_MS;
    const struct timespec until = {.tv_sec = until_ns / PV_NS_PER_S,
                                   .tv_nsec = until_ns % PV_NS_PER_S};
    while (store->reading > 0 && wait_ms > 0) {
        int code = pthread_cond_timedwait(&store->moved, &store->lock, &until);
        if (code == ETIMEDOUT) { break; }
        PV_ASSERT(code == 0);
    }
    return store->reading == 0;
}

static void move_map(pv_lmdb_store *store, uint64_t bytes)
{
    int code = mdb_env_set_mapsize(store->env, (size_t)bytes);
    if (code != MDB_SUCCESS) { pv_lmdb_die("grow the map", code); }
    const pv_log_field fields[] = {pv_log_number("from_bytes", (int64_t)store->map_bytes),
                                   pv_log_number("to_bytes", (int64_t)bytes)};
    pv_log(PV_LOG_INFO, "store_map_grown", fields, sizeof fields / sizeof fields[0]);
    store->map_bytes = bytes;
    store->full = false;
}

void pv_lmdb_grow(pv_lmdb_store *store)
{
    if (store->map_bytes >= store->map_bytes_max) { return; }
    uint64_t used = used_bytes(store);
    if (!store->full && used + reserve_bytes <= store->map_bytes) { return; }
    uint64_t bytes = next_size(store, used);
    if (!has_addresses(bytes)) {
        pv_log_field field = pv_log_number("to_bytes", (int64_t)bytes);
        pv_log(PV_LOG_WARN, "store_map_cannot_grow", &field, 1);
        return;
    }
    PV_ASSERT(pthread_mutex_lock(&store->lock) == 0);
    store->growing = true;
    if (await_readers(store, store->full ? WAIT_MS : 0)) { move_map(store, bytes); }
    store->growing = false;
    PV_ASSERT(pthread_cond_broadcast(&store->moved) == 0);
    PV_ASSERT(pthread_mutex_unlock(&store->lock) == 0);
}
