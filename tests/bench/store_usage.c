/* Usage records in the store: what an upload does with a message of records once they are checked. Their ids are looked
 * up among all that the contract has seen, the records are packed into blocks, the ids noted, and the transaction
 * committed with a sync. Shown as the index grows. */
#include "server/flows/usage/blocks.h"
#include "server/flows/usage/seen.h"
#include "storage/runs.h"
#include "tests/bench/bench.h"
#include "tests/bench/local.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PER_MESSAGE = 1000,
    REPORTS = 2, /* of one contract; no id comes twice */
    REPORT_RECORDS = 1000000,
    STEP_RECORDS = 250000, /* a row of the table */
    SCRATCH_BYTES = 16 << 20
};

/* One message of records, with ids of their own. */
typedef struct message {
    pv_usage_record records[PER_MESSAGE];
    pv_usage_record *list[PER_MESSAGE];
    char ids[PER_MESSAGE][48];
} message;

static void fill(message *of, uint64_t first, Google__Protobuf__Timestamp *start,
                 Google__Protobuf__Timestamp *end)
{
    for (size_t i = 0; i < PER_MESSAGE; i++) {
        pv_usage_record *record = &of->records[i];
        *record = (pv_usage_record)PV_USAGE_RECORD__INIT;
        snprintf(of->ids[i], sizeof of->ids[i], "meter-7/2024-09/%012llu",
                 (unsigned long long)(first + i));
        record->record_id = of->ids[i];
        record->item_id = (char *)(uintptr_t) "itm_00000000000000000000000001";
        record->subscription_id = (char *)(uintptr_t) "sub_00000000000000000000000001";
        record->quantity = (char *)(uintptr_t) "17.25";
        record->amount = (char *)(uintptr_t) "0.00001605990";
        record->start_time = start;
        record->end_time = end;
        record->state = PV_USAGE_RECORD_STATE_VALID;
        of->list[i] = record;
    }
}

/* The part of an upload's step that is the store's, as server/flows/usage/upload.c puts it together. */
static pv_status store_message(pv_call *call, pv_id contract, pv_id report, message *of)
{
    usage_ledger ledger;
    PV_TRY(usage_ledger_load(call, report, &ledger));
    if (ledger.generation == 0) { usage_ledger_restart(&ledger); }
    usage_seen_step *seen = NULL;
    PV_TRY(usage_seen_look(call, contract, report, &ledger, of->list, PER_MESSAGE, &seen));
    usage_writer writer = usage_writer_of(call, report, &ledger);
    for (size_t i = 0; i < PER_MESSAGE; i++) {
        usage_seen first = usage_seen_first(seen, i);
        PV_ASSERT(pv_id_is_zero(first.report));
        of->records[i].number = ledger.records + 1;
        PV_TRY(usage_writer_add(&writer, &of->records[i]));
        ledger.records++;
        ledger.valid++;
    }
    PV_TRY(usage_writer_end(&writer, &ledger));
    PV_TRY(usage_seen_note(seen, &ledger));
    return usage_ledger_save(call, report, &ledger);
}

typedef struct import {
    pv_store *store;
    struct pv_context context;
    pv_call call;
    pv_id_source ids;
    pv_id contract;
    message *message;
} import;

static bool run_message(import *of, pv_id report)
{
    pv_call *call = &of->call;
    pv_arena_reset(call->scratch);
    pv_error_init(&call->error, call->arena);
    pv_batch *batch = NULL;
    pv_txn *txn = NULL;
    if (!pv_is_ok(pv_batch_begin(of->store, &batch)) ||
        !pv_is_ok(pv_write_begin(batch, call->scratch, &txn))) {
        return false;
    }
    of->context.txn = txn;
    return pv_is_ok(store_message(call, of->contract, report, of->message)) &&
           pv_is_ok(pv_txn_commit(txn)) && pv_is_ok(pv_batch_commit(batch));
}

/* Memory of this process that is its own, not the store's map, in MiB. */
static double own_mib(void)
{
    char line[128];
    double mib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) { mib = strtod(line + 8, NULL) / 1024; }
    }
    if (file != NULL) { fclose(file); }
    return mib;
}

static void random_bytes(void *context, uint8_t *bytes, size_t size)
{
    uint64_t *state = context;
    for (size_t i = 0; i < size; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(*state >> 56);
    }
}

static pv_runs_size measure_index(import *of)
{
    pv_runs_size size = {0};
    pv_txn *txn = NULL;
    pv_runs *runs = NULL;
    pv_arena_reset(of->call.scratch);
    if (!pv_is_ok(pv_read_begin(of->store, of->call.scratch, &txn))) { return size; }
    if (pv_is_ok(pv_runs_open(txn, of->call.scratch, of->contract, &runs))) {
        size = pv_runs_measure(runs);
    }
    pv_txn_abort(txn);
    return size;
}

static bool run(import *of, json_t *results)
{
    Google__Protobuf__Timestamp start = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp end = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    start.seconds = 1725148800;
    end.seconds = start.seconds + 3600;
    printf("\n%-36s %14s %12s %10s %8s %10s\n", "usage records in the store", "per s and core",
           "per second", "CPU us", "runs", "own MiB");
    for (uint64_t done = 0; done < (uint64_t)REPORTS * REPORT_RECORDS; done += STEP_RECORDS) {
        pv_id report = {{9, (uint8_t)(done / REPORT_RECORDS)}};
        double cpu = 0;
        double wall = 0;
        for (uint64_t sent = 0; sent < STEP_RECORDS; sent += PER_MESSAGE) {
            fill(of->message, done + sent, &start, &end);
            double cpu_begun = local_cpu_s();
            double wall_begun = local_wall_s();
            if (!run_message(of, report)) { return bench_fail("a message was not stored"); }
            cpu += local_cpu_s() - cpu_begun;
            wall += local_wall_s() - wall_begun;
        }
        pv_runs_size index = measure_index(of);
        char name[64];
        snprintf(name, sizeof name, "up to record %llu", (unsigned long long)(done + STEP_RECORDS));
        printf("%-36s %14.0f %12.0f %10.2f %8u %10.1f\n", name, STEP_RECORDS / cpu,
               STEP_RECORDS / wall, cpu * 1e6 / STEP_RECORDS, index.runs, own_mib());
        json_array_append_new(
            results, json_pack("{s:s, s:s, s:f, s:f, s:f, s:i, s:f}", "bench", "usage", "row", name,
                               "per_second_and_core", STEP_RECORDS / cpu, "per_second",
                               STEP_RECORDS / wall, "cpu_us", cpu * 1e6 / STEP_RECORDS, "runs",
                               (int)index.runs, "own_mib", own_mib()));
    }
    return true;
}

bool bench_store_usage(bench *of)
{
    uint64_t state = 1;
    const char *folder = local_folder(of->arena);
import on = {.store = folder == NULL ? NULL:local_store(folder), .contract = { { 7 } } };
    on.ids = (pv_id_source){.random = random_bytes, .context = &state};
    on.context = (struct pv_context){.ids = &on.ids, .now = pv_time_now()};
    on.call.arena = pv_arena_create(SCRATCH_BYTES);
    on.call.scratch = pv_arena_create(SCRATCH_BYTES);
    on.call.context = &on.context;
    on.message = calloc(1, sizeof *on.message);
    PV_ASSERT(on.message != NULL);
    bool done = on.store != NULL && run(&on, of->results);
    free(on.message);
    pv_arena_destroy(on.call.arena);
    pv_arena_destroy(on.call.scratch);
    pv_store_close(on.store);
    local_remove(folder);
    return done;
}
