/* A List of 50 as the number of objects grows: queries on the objects of one account, by several filters and orders,
 * with the rows copied into a reply. */
#include "purvey/account/v1/account.pv.h"
#include "purvey/usage/v1/usage_report.pv.h"
#include "storage/object.h"
#include "tests/bench/bench.h"
#include "tests/bench/local.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    PAGE = 50,
    LISTS = 1500,   /* of each query at each size */
    PER_TXN = 1000, /* objects written in one transaction */
    SIZES = 4,
    PRODUCTS = 8,
    ARENA_BYTES = 256 << 20
};

static const uint64_t sizes[SIZES] = {1000, 10000, 100000, 1000000};

static const int64_t first_period_s = INT64_C(1700000000);

typedef struct lists {
    pv_store *store;
    pv_arena *arena; /* emptied for each list, or each transaction of objects */
    pv_id account;
} lists;

static pv_id id_of(uint64_t number)
{
    pv_id id = {{0}};
    for (int i = 0; i < 8; i++) { id.bytes[i] = (uint8_t)(number >> (8 * (7 - i))); }
    id.bytes[15] = 1;
    return id;
}

static char *id_text(pv_arena *arena, const char *prefix, uint64_t number)
{
    char *text = pv_arena_alloc(arena, PV_ID_TEXT_SIZE);
    PV_ASSERT(text != NULL);
    pv_id_format(prefix, id_of(number), text);
    return text;
}

static pv_status put_report(const lists *of, pv_txn *txn, uint64_t number)
{
    pv_usage_report report = PV_USAGE_REPORT__INIT;
    Google__Protobuf__Timestamp start = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    start.seconds = first_period_s + (int64_t)number * 60;
    report.id = id_text(of->arena, pv_usage_report__object.id_prefix, number + 1);
    report.vendor_id = id_text(of->arena, "acc", 1);
    report.product_id = id_text(of->arena, "prd", number % PRODUCTS + 1);
    report.contract_id = id_text(of->arena, "con", 1);
    report.state = number % 4 == 0 ? PV_USAGE_REPORT_STATE_PENDING : PV_USAGE_REPORT_STATE_CLOSED;
    report.external_id = pv_arena_printf(of->arena, "external-%llu", (unsigned long long)number);
    report.name = (char *)(uintptr_t) "A report of the bench";
    report.description = (char *)(uintptr_t) "About as long as what people write about a report.";
    report.currency = (char *)(uintptr_t) "USD";
    report.period_start = &start;
    pv_time now = {(first_period_s + (int64_t)number) * PV_NS_PER_S};
    return pv_object_put(txn, &pv_usage_report__object, of->arena, now, &report.base, NULL);
}

static bool grow(const lists *of, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to;) {
        pv_arena_reset(of->arena);
        pv_batch *batch = NULL;
        pv_txn *txn = NULL;
        if (!pv_is_ok(pv_batch_begin(of->store, &batch)) ||
            !pv_is_ok(pv_write_begin(batch, of->arena, &txn))) {
            return bench_fail("no transaction for objects");
        }
        for (int i = 0; i < PER_TXN; i++, number++) {
            if (!pv_is_ok(put_report(of, txn, number))) { return bench_fail("no object"); }
        }
        if (!pv_is_ok(pv_txn_commit(txn)) || !pv_is_ok(pv_batch_commit(batch))) {
            return bench_fail("no commit of objects");
        }
    }
    return true;
}

static uint16_t field_of(const char *name)
{
    const ProtobufCMessageDescriptor *message = pv_usage_report__object.message->descriptor;
    return (uint16_t)(protobuf_c_message_descriptor_get_field_by_name(message, name) -
                      message->fields);
}

typedef struct question {
    const char *name;
    pv_query query;
    pv_condition conditions[2];
} question;

static size_t make_questions(const lists *of, uint64_t size, question questions[8])
{
    size_t count = 0;
    pv_query all = {.account = of->account, .role = PV_ACCOUNT_TYPE_VENDOR};
    questions[count++] = (question){"all, oldest first", all, {{0}}};
    questions[count] = (question){"all, newest first", all, {{0}}};
    questions[count++].query.descending = true;
    pv_condition pending = {.field = field_of("state"), .number = PV_USAGE_REPORT_STATE_PENDING};
    questions[count] = (question){"state = PENDING", all, {pending}};
    questions[count++].query.condition_count = 1;
    questions[count] = (question){"state = PENDING, newest first", all, {pending}};
    questions[count].query.descending = true;
    questions[count++].query.condition_count = 1;
    pv_condition product = {.field = field_of("product_id")};
    static char product_id[PV_ID_TEXT_SIZE];
    pv_id_format("prd", id_of(1), product_id);
    product.text = pv_view_text(product_id);
    questions[count] = (question){"product_id and state", all, {product, pending}};
    questions[count++].query.condition_count = 2;
    pv_condition since = {.field = field_of("period_start"), .comparison = PV_GREATER_EQUAL};
    since.number = (uint64_t)((first_period_s + (int64_t)(size / 2) * 60) * PV_NS_PER_S);
    questions[count] = (question){"period_start >= the middle", all, {since}};
    questions[count++].query.condition_count = 1;
    return count;
}

/* One page on a snapshot of its own; false unless it is full. */
static bool list_page(const lists *of, const pv_query *query)
{
    pv_arena_reset(of->arena);
    pv_txn *txn = NULL;
    pv_query_run *run = NULL;
    if (!pv_is_ok(pv_read_begin(of->store, of->arena, &txn))) { return false; }
    bool full = pv_is_ok(pv_query_open(txn, &pv_usage_report__object, of->arena, query, &run));
    pv_buffer reply = pv_buffer_of(of->arena);
    for (int i = 0; full && i < PAGE; i++) {
        pv_id id;
        pv_row row;
        full = pv_is_ok(pv_query_next(run, &id, &row));
        if (full) { pv_buffer_append(&reply, row.message); }
    }
    pv_query_close(run);
    pv_txn_abort(txn);
    return full && !reply.overflow;
}

/* CPU of a page in microseconds; 0 if one cannot be listed. */
static double measure(const lists *of, question *asked)
{
    asked->query.conditions = asked->conditions;
    double begun = local_cpu_s();
    for (int i = 0; i < LISTS; i++) {
        if (!list_page(of, &asked->query)) { return 0; }
    }
    return (local_cpu_s() - begun) * 1e6 / LISTS;
}

static void report(const char *name, const double us[SIZES], json_t *results)
{
    double ratio = us[SIZES - 1] / us[0];
    printf("%-36s %10.2f %10.2f %10.2f %10.2f %16.2f\n", name, us[0], us[1], us[2], us[3], ratio);
    json_array_append_new(results, json_pack("{s:s, s:s, s:[f,f,f,f], s:f}", "bench", "list", "row",
                                             name, "cpu_us", us[0], us[1], us[2], us[3],
                                             "ratio_million_to_thousand", ratio));
}

static bool run(const lists *of, json_t *results)
{
    double us[8][SIZES] = {{0}};
    question questions[8];
    size_t count = 0;
    for (size_t i = 0; i < SIZES; i++) {
        if (!grow(of, i == 0 ? 0 : sizes[i - 1], sizes[i])) { return false; }
        count = make_questions(of, sizes[i], questions);
        for (size_t k = 0; k < count; k++) {
            us[k][i] = measure(of, &questions[k]);
            if (us[k][i] <= 0) { return bench_fail(questions[k].name); }
        }
    }
    printf("\n%-36s %10s %10s %10s %10s %16s\n", "CPU us of a List of 50, objects:", "1k", "10k",
           "100k", "1M", "million/thousand");
    for (size_t k = 0; k < count; k++) { report(questions[k].name, us[k], results); }
    return true;
}

bool bench_store_list(bench *of)
{
    const char *folder = local_folder(of->arena);
    pv_store *store = folder == NULL ? NULL : local_store(folder);
    lists on = {store, pv_arena_create(ARENA_BYTES), id_of(1)};
    bool done = store != NULL && run(&on, of->results);
    pv_arena_destroy(on.arena);
    pv_store_close(store);
    local_remove(folder);
    return done;
}
