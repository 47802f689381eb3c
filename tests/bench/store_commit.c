/* Group commit: transactions through the pipeline and its committer, with 1 to 512 writers waiting at a time, beside
 * the same reads and writes on LMDB itself with one sync each, and with one sync for all. A transaction is what a call
 * of the domain costs: 4 reads, and 8 rows of together 1.2 KB, of which four lie in random places. */
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "server/pipeline/pipeline.h"
#include "tests/bench/bench.h"
#include "tests/bench/local.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ROUNDS = 3,
    WRITERS_MAX = 512,
    WRITES = 8,
    READS = 4,
    KEY_SIZE = 24,
    PRESENT = 100000, /* objects in both stores before the first round */
    LOADED_AT_ONCE = 500,
    SYNCED = 400,   /* transactions of one writer, or with one sync each, in a round */
    TOGETHER = 8000 /* transactions of one sync in a round */
};

static const size_t writers[] = {1, 8, 64, WRITERS_MAX};
enum { WIDTHS = sizeof writers / sizeof writers[0] };

/* --- the work --- */

typedef struct cell {
    uint8_t key[KEY_SIZE];
    size_t size;
} cell;

static const uint8_t filling[300] = {1};

static uint64_t mix(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

/* A key whose place is random, or that stands behind the one before it. */
static cell make_cell(char kind, bool random, uint64_t number, size_t size)
{
    cell made = {.size = size};
    made.key[0] = 'T';
    made.key[1] = (uint8_t)kind;
    uint64_t place = random ? mix(number) : __builtin_bswap64(number);
    memcpy(made.key + 2, &place, sizeof place);
    return made;
}

static void make_writes(uint64_t number, cell cells[WRITES])
{
    cells[0] = make_cell('o', true, number, 300);
    for (int i = 1; i < 4; i++) { cells[i] = make_cell((char)('0' + i), true, number, 8); }
    cells[4] = make_cell('e', false, 2 * number, 300);
    cells[5] = make_cell('e', false, 2 * number + 1, 300);
    cells[6] = make_cell('a', false, number, 250);
    cells[7] = make_cell('r', false, number, 8);
}

/* An object that is there. */
static cell make_read(uint64_t number, uint64_t i)
{
    return make_cell('o', true, mix(number * READS + i) % PRESENT, 300);
}

static uint64_t next_number = PRESENT; /* of the committer, or of the loop on LMDB */

/* --- on LMDB itself --- */

static bool lmdb_do(MDB_txn *txn, MDB_dbi dbi, uint64_t number)
{
    for (uint64_t i = 0; number >= PRESENT && i < READS; i++) {
        cell wanted = make_read(number, i);
        MDB_val key = {KEY_SIZE, wanted.key};
        MDB_val value;
        if (mdb_get(txn, dbi, &key, &value) != MDB_SUCCESS) { return false; }
    }
    cell cells[WRITES];
    make_writes(number, cells);
    for (size_t i = 0; i < WRITES; i++) {
        MDB_val key = {KEY_SIZE, cells[i].key};
        MDB_val value = {cells[i].size, (void *)(uintptr_t)filling};
        if (mdb_put(txn, dbi, &key, &value, 0) != MDB_SUCCESS) { return false; }
    }
    return true;
}

/* Transactions in groups of one sync. */
static bool lmdb_run(MDB_env *env, MDB_dbi dbi, uint64_t from, size_t count, size_t group)
{
    for (size_t done = 0; done < count; done += group) {
        MDB_txn *txn = NULL;
        if (mdb_txn_begin(env, NULL, 0, &txn) != MDB_SUCCESS) { return false; }
        for (size_t i = 0; i < group; i++) {
            if (!lmdb_do(txn, dbi, from + done + i)) { return false; }
        }
        if (mdb_txn_commit(txn) != MDB_SUCCESS) { return false; }
    }
    return true;
}

static bool lmdb_start(const char *folder, MDB_env **ret_env, MDB_dbi *ret_dbi)
{
    MDB_txn *txn = NULL;
    return mdb_env_create(ret_env) == MDB_SUCCESS &&
           mdb_env_set_mapsize(*ret_env, (size_t)1 << 36) == MDB_SUCCESS &&
           mdb_env_open(*ret_env, folder, MDB_NOTLS, 0600) == MDB_SUCCESS &&
           mdb_txn_begin(*ret_env, NULL, 0, &txn) == MDB_SUCCESS &&
           mdb_dbi_open(txn, NULL, 0, ret_dbi) == MDB_SUCCESS &&
           mdb_txn_commit(txn) == MDB_SUCCESS &&
           lmdb_run(*ret_env, *ret_dbi, 0, PRESENT, LOADED_AT_ONCE);
}

/* --- through the pipeline --- */

static pv_status txn_do(pv_txn *txn, uint64_t number)
{
    for (uint64_t i = 0; number >= PRESENT && i < READS; i++) {
        cell wanted = make_read(number, i);
        pv_view value;
        PV_TRY(pv_txn_get(txn, pv_view_of(wanted.key, KEY_SIZE), &value));
    }
    cell cells[WRITES];
    make_writes(number, cells);
    for (size_t i = 0; i < WRITES; i++) {
        PV_TRY(pv_txn_put(txn, pv_view_of(cells[i].key, KEY_SIZE),
                          pv_view_of(filling, cells[i].size)));
    }
    return pv_ok();
}

static pv_status handle(pv_call *call, const ProtobufCMessage *request, ProtobufCMessage *response)
{
    (void)request;
    (void)response;
    return txn_do(call->context->txn, next_number++);
}

static const pv_handler handler = {.unary = handle};
static const pv_method_info method = {
    .path = "/bench.Store/Write",
    .service = "bench.Store",
    .name = "Write",
    .kind = PV_METHOD_UNARY,
    .flags = PV_METHOD_WRITES | PV_METHOD_PUBLIC,
    .module = PV_MODULE_USAGE, /* none that changes who may do what */
    .request = &purvey_bench_v1_echo_request__info,
    .response = &purvey_bench_v1_echo_response__info,
};

/* One writer's call; the first member is what the pipeline knows. */
typedef struct writer {
    pv_exchange exchange;
    pv_arena *arena;
    double begun_s;
    struct writer *next; /* in the list of those that were answered */
} writer;

/* Writers whose call the committer has answered. */
typedef struct answered {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    writer *first;
    bool failed;
} answered;

static answered inbox = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, false};

static void done(pv_call *call, pv_status status)
{
    writer *of = (writer *)(void *)call;
    pthread_mutex_lock(&inbox.lock);
    inbox.failed = inbox.failed || !pv_is_ok(status);
    of->next = inbox.first;
    inbox.first = of;
    pthread_cond_signal(&inbox.filled);
    pthread_mutex_unlock(&inbox.lock);
}

static writer *take_answered(void)
{
    pthread_mutex_lock(&inbox.lock);
    while (inbox.first == NULL) { pthread_cond_wait(&inbox.filled, &inbox.lock); }
    writer *first = inbox.first;
    inbox.first = NULL;
    pthread_mutex_unlock(&inbox.lock);
    return first;
}

static void ask(pv_pipeline *pipeline, writer *of)
{
    pv_arena_reset(of->arena);
    pv_exchange_init(&of->exchange, &method, &handler, of->arena, of->arena);
    pv_exchange_receive(&of->exchange, PV_PHASE_UNARY, pv_view_of("", 0));
    of->begun_s = local_wall_s();
    pv_status status = pv_pipeline_admit(pipeline, &of->exchange.call);
    PV_ASSERT(pv_is_ok(status));
    pv_pipeline_run(pipeline, &of->exchange.call);
}

/* `count` transactions with `width` writers that ask again once they are answered; gives the time of each. */
static bool pipeline_run(pv_pipeline *pipeline, writer *all, size_t width, size_t count,
                         double *times_s)
{
    size_t asked = 0;
    for (; asked < width; asked++) { ask(pipeline, &all[asked]); }
    for (size_t finished = 0; finished < count;) {
        for (writer *of = take_answered(), *next; of != NULL; of = next) {
            next = of->next;
            times_s[finished++] = local_wall_s() - of->begun_s;
            pv_pipeline_release(pipeline, &of->exchange.call);
            if (asked < count) {
                ask(pipeline, of);
                asked++;
            }
        }
    }
    return !inbox.failed;
}

static bool store_load(pv_store *store)
{
    pv_arena *arena = pv_arena_create((size_t)64 << 20);
    bool loaded = true;
    for (uint64_t number = 0; loaded && number < PRESENT; number += LOADED_AT_ONCE) {
        pv_arena_reset(arena);
        pv_batch *batch = NULL;
        pv_txn *txn = NULL;
        loaded =
            pv_is_ok(pv_batch_begin(store, &batch)) && pv_is_ok(pv_write_begin(batch, arena, &txn));
        for (uint64_t i = 0; loaded && i < LOADED_AT_ONCE; i++) {
            loaded = pv_is_ok(txn_do(txn, number + i));
        }
        loaded = loaded && pv_is_ok(pv_txn_commit(txn)) && pv_is_ok(pv_batch_commit(batch));
    }
    pv_arena_destroy(arena);
    return loaded;
}

/* --- the measurement --- */

typedef struct figures {
    double each[ROUNDS];     /* LMDB, one sync per transaction: per second */
    double each_ms[ROUNDS];  /* and how long one takes */
    double together[ROUNDS]; /* LMDB, all in one transaction */
    double rate[WIDTHS][ROUNDS];
    double p50_ms[WIDTHS][ROUNDS];
} figures;

/* More writers do more transactions, so that every row takes about as long. */
static size_t count_of(size_t width)
{
    size_t count = SYNCED * width;
    return count < 2 * (size_t)TOGETHER ? count : 2 * (size_t)TOGETHER;
}

static bool run_round(pv_pipeline *pipeline, writer *all, MDB_env *env, MDB_dbi dbi, int round,
                      figures *found)
{
    static double times_s[2 * TOGETHER];
    uint64_t from = PRESENT + (uint64_t)round * (SYNCED + TOGETHER);
    double begun = local_wall_s();
    if (!lmdb_run(env, dbi, from, SYNCED, 1)) { return false; }
    double each_s = (local_wall_s() - begun) / SYNCED;
    found->each[round] = 1 / each_s;
    found->each_ms[round] = each_s * 1e3;
    for (size_t i = 0; i < WIDTHS; i++) {
        size_t count = count_of(writers[i]);
        begun = local_wall_s();
        if (!pipeline_run(pipeline, all, writers[i], count, times_s)) { return false; }
        found->rate[i][round] = (double)count / (local_wall_s() - begun);
        found->p50_ms[i][round] = local_median(times_s, count) * 1e3;
    }
    begun = local_wall_s();
    if (!lmdb_run(env, dbi, from + SYNCED, TOGETHER, TOGETHER)) { return false; }
    found->together[round] = TOGETHER / (local_wall_s() - begun);
    return true;
}

static void report_row(json_t *results, const char *name, double rate, double p50_ms, double each,
                       double together)
{
    printf("%-36s %12.0f %10.2f %14.2f %14.2f\n", name, rate, p50_ms, rate / each, rate / together);
    json_array_append_new(results, json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "bench", "commit",
                                             "row", name, "per_second", rate, "p50_ms", p50_ms,
                                             "ratio_to_sync_each", rate / each, "ratio_to_one_txn",
                                             rate / together));
}

static void report(figures *found, json_t *results)
{
    double each = local_median(found->each, ROUNDS);
    double together = local_median(found->together, ROUNDS);
    printf("\n%-36s %12s %10s %14s %14s\n", "group commit: 4 reads, 8 writes", "per second",
           "p50 ms", "to sync each", "to one for all");
    report_row(results, "LMDB, one sync per transaction", each,
               local_median(found->each_ms, ROUNDS), each, together);
    for (size_t i = 0; i < WIDTHS; i++) {
        char name[64];
        snprintf(name, sizeof name, "%zu concurrent writers", writers[i]);
        report_row(results, name, local_median(found->rate[i], ROUNDS),
                   local_median(found->p50_ms[i], ROUNDS), each, together);
    }
    report_row(results, "LMDB, all in one transaction", together, 0, each, together);
}

static pv_time read_clock(void *context)
{
    (void)context;
    return pv_time_now();
}

static void no_random(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    memset(bytes, 1, size);
}

static bool measure(pv_store *store, const char *lmdb_folder, json_t *results)
{
    MDB_env *env = NULL;
    MDB_dbi dbi = 0;
    if (!store_load(store) || !lmdb_start(lmdb_folder, &env, &dbi)) {
        return bench_fail("the stores cannot be filled");
    }
    writer *all = calloc(WRITERS_MAX, sizeof *all);
    PV_ASSERT(all != NULL);
    for (size_t i = 0; i < WRITERS_MAX; i++) { all[i].arena = pv_arena_create((size_t)1 << 20); }
    pv_pipeline_config config = {
        .store = store, .clock = read_clock, .random = no_random, .done = done};
    pv_pipeline *pipeline = pv_pipeline_create(&config);
    pv_pipeline_start(pipeline);
    static figures found;
    bool measured = true;
    for (int round = 0; measured && round < ROUNDS; round++) {
        measured = run_round(pipeline, all, env, dbi, round, &found);
    }
    pv_pipeline_stop(pipeline);
    pv_pipeline_destroy(pipeline);
    for (size_t i = 0; i < WRITERS_MAX; i++) { pv_arena_destroy(all[i].arena); }
    free(all);
    mdb_env_close(env);
    if (!measured) { return bench_fail("a transaction failed"); }
    report(&found, results);
    return true;
}

bool bench_store_commit(bench *of)
{
    const char *folder = local_folder(of->arena);
    const char *lmdb_folder = local_folder(of->arena);
    pv_store *store = folder == NULL || lmdb_folder == NULL ? NULL : local_store(folder);
    bool measured = store != NULL && measure(store, lmdb_folder, of->results);
    pv_store_close(store);
    local_remove(folder);
    local_remove(lmdb_folder);
    return measured;
}
