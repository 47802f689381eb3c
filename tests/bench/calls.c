/* calls — calls of purveyd beside the bare C core's echo of the same size, over mTLS. */
#include "client/demo/chain.h"
#include "client/demo/sample.h"
#include "protos/runtime/message.h"
#include "purvey/order/v1/order_service.pv.h"
#include "purvey/order/v1/tier_account_service.pv.h"
#include "purvey/usage/v1/usage_report_service.pv.h"
#include "tests/bench/bench.h"
#include "tests/bench/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READS = 20000, /* calls of a reading row in one round */
    IN_FLIGHT = 64,
    ORDERS = 600,       /* approved in one round */
    RECORDS = 100000,   /* uploaded in one round */
    IMPORTED = 1000000, /* over one stream, once */
    RECORDS_PER_MESSAGE = 500,
    PAGE = 50,
    ECHO_BYTES = 100
};

enum { ECHO_SMALL, GET, ECHO_GET, LIST, ECHO_LIST, APPROVE, USAGE, ROWS };

typedef struct world {
    bench *bench;
    pv_arena *arena;
    survey survey;
    chain chain;
    load_target server;
    load_target yardstick; /* the echo on the bare core */
    row rows[ROWS];
    const char *order_id;
} world;

static pv_view packed(const world *of, const ProtobufCMessage *message)
{
    pv_view bytes;
    bool encoded = pv_message_encode(message, of->arena, &bytes);
    PV_ASSERT(encoded);
    return bytes;
}

/* A pending purchase of a new customer; gives the packed request that approves it. */
static bool pending_order(world *of, size_t number, const pv_order **ret_order)
{
    const actor *who = &of->chain.reseller;
    pv_create_tier_account_request customer = PV_CREATE_TIER_ACCOUNT_REQUEST__INIT;
    pv_create_tier_account_response *made = NULL;
    customer.kind = PV_TIER_ACCOUNT_KIND_CUSTOMER;
    customer.name = text_of("Bench");
    customer.parent_id = text_of(of->chain.reseller_tier_id);
    customer.request_id = actor_request_id(who);
    ASK(who, pv_tier_account_client_create_tier_account, &customer, &made);

    pv_order_item_input item = PV_ORDER_ITEM_INPUT__INIT;
    item.mpn = text_of(of->survey.items[0].mpn);
    item.unlimited = 1;
    pv_order_item_input *items[] = {&item};
    pv_parameter_value value = PV_PARAMETER_VALUE__INIT;
    value.name = text_of("sub_account");
    value.value = text_of("bench");
    pv_parameter_value *params[] = {&value};
    pv_create_order_request request = PV_CREATE_ORDER_REQUEST__INIT;
    pv_create_order_response *response = NULL;
    request.kind = PV_ORDER_KIND_PURCHASE;
    request.product_id = text_of(of->survey.vendors[0].product_id);
    request.marketplace_id = text_of(of->chain.marketplace_id);
    request.customer_id = made->tier_account->id;
    request.external_id = pv_arena_printf(of->arena, "bench-%zu", number);
    request.items = items;
    request.n_items = 1;
    request.params = params;
    request.n_params = 1;
    request.request_id = actor_request_id(who);
    ASK(who, pv_order_client_create_order, &request, &response);
    *ret_order = response->order;
    return true;
}

static bool run_read(world *of, int measured, int round, const load_target *target,
                     const char *path, pv_view request, size_t calls)
{
    load_result result = load_run(target, path, &request, 1, calls, IN_FLIGHT);
    return row_take(&of->rows[measured], round, &result);
}

static bool run_echo(world *of, int measured, int round, size_t size, size_t calls)
{
    uint8_t *bytes = pv_arena_zalloc(of->arena, size + 1, 1);
    PV_ASSERT(bytes != NULL);
    return run_read(of, measured, round, &of->yardstick, "/bench.Echo/Unary",
                    pv_view_of(bytes, size), calls);
}

static bool run_get(world *of, int round)
{
    pv_get_order_request request = PV_GET_ORDER_REQUEST__INIT;
    request.order_id = text_of(of->order_id);
    return run_read(of, GET, round, &of->server, "/purvey.order.v1.OrderService/GetOrder",
                    packed(of, &request.base), READS) &&
           run_echo(of, ECHO_GET, round, of->rows[GET].bytes, READS);
}

static bool run_list(world *of, int round)
{
    pv_list_orders_request request = PV_LIST_ORDERS_REQUEST__INIT;
    request.page_size = PAGE;
    return run_read(of, LIST, round, &of->server, "/purvey.order.v1.OrderService/ListOrders",
                    packed(of, &request.base), READS / 10) &&
           run_echo(of, ECHO_LIST, round, of->rows[LIST].bytes, READS / 10);
}

static bool run_approve(world *of, int round)
{
    pv_view *requests = pv_arena_zalloc(of->arena, ORDERS, sizeof *requests);
    PV_ASSERT(requests != NULL);
    for (size_t i = 0; i < ORDERS; i++) {
        const pv_order *order = NULL;
        if (!pending_order(of, (size_t)round * ORDERS + i, &order)) { return false; }
        pv_approve_order_request request = PV_APPROVE_ORDER_REQUEST__INIT;
        request.order_id = order->id;
        request.etag = order->etag;
        request.template_id = text_of(of->survey.vendors[0].template_id);
        request.request_id = actor_request_id(&of->chain.vendors[0]);
        requests[i] = packed(of, &request.base);
        of->order_id = order->id;
    }
    load_result result = load_run(&of->server, "/purvey.order.v1.OrderService/ApproveOrder",
                                  requests, ORDERS, ORDERS, IN_FLIGHT);
    return row_take(&of->rows[APPROVE], round, &result);
}

/* Memory of a process that is its own, not the store's map, in MiB. */
static double own_mib(pid_t process)
{
    char line[128];
    double mib = 0;
    snprintf(line, sizeof line, "/proc/%d/status", (int)process);
    FILE *file = fopen(line, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) { mib = strtod(line + 8, NULL) / 1024; }
    }
    if (file != NULL) { fclose(file); }
    return mib;
}

/* The server's memory during an upload, after each tenth. */
typedef struct memory {
    double mib[10];
} memory;

/* Uploads records of the first subscription's first item. `watched` may be NULL. */
static bool upload(world *of, const char *report_id, size_t total, memory *watched)
{
    const actor *who = &of->chain.vendors[0];
    const survey_subscription *target = &of->survey.subscriptions[0];
    const survey_report *period = &of->survey.reports[0];
    Google__Protobuf__Timestamp start = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp end = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    start.seconds = period->start.utc_ns / PV_NS_PER_S;
    end.seconds = start.seconds + 3600;
    static pv_usage_record records[RECORDS_PER_MESSAGE];
    static pv_usage_record *list[RECORDS_PER_MESSAGE];
    static char ids[RECORDS_PER_MESSAGE][64];
    pv_error error;
    pv_error_init(&error, of->arena);
    pv_client_call *call = NULL;
    pv_client_options options = {.deadline_ms = 600000};
    pv_status status = pv_usage_report_client_upload_usage_records_open(who->client, of->arena,
                                                                        &options, &call, &error);
    for (size_t sent = 0; pv_is_ok(status) && sent < total; sent += RECORDS_PER_MESSAGE) {
        for (size_t i = 0; i < RECORDS_PER_MESSAGE; i++) {
            snprintf(ids[i], sizeof ids[i], "%s-%zu", report_id, sent + i);
            records[i] = (pv_usage_record)PV_USAGE_RECORD__INIT;
            records[i].record_id = ids[i];
            records[i].mpn = text_of(of->survey.items[target->items[0]].mpn);
            records[i].subscription_id = text_of(target->subscription_id);
            records[i].quantity = text_of("1");
            records[i].amount = text_of("0.00001605990");
            records[i].start_time = &start;
            records[i].end_time = &end;
            list[i] = &records[i];
        }
        pv_upload_usage_records_request request = PV_UPLOAD_USAGE_RECORDS_REQUEST__INIT;
        if (sent == 0) {
            request.report_id = text_of(report_id);
            request.truncate = 1;
            request.request_id = actor_request_id(who);
        }
        request.records = list;
        request.n_records = RECORDS_PER_MESSAGE;
        status = pv_usage_report_client_upload_usage_records_send(call, &request);
        size_t tenth = sent / (total / 10);
        if (watched != NULL) { watched->mib[tenth] = own_mib(of->server.server); }
    }
    pv_upload_usage_records_response *response = NULL;
    if (call != NULL) {
        status = pv_usage_report_client_upload_usage_records_finish(call, of->arena, &response);
    }
    if (!pv_is_ok(status)) { return actor_refused(who, "upload", status, &error); }
    return response->report->stats->valid == total || bench_fail("records were refused");
}

static bool make_report(world *of, const char **ret_id)
{
    const actor *who = &of->chain.vendors[0];
    const survey_report *period = &of->survey.reports[0];
    Google__Protobuf__Timestamp start = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp end = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    start.seconds = period->start.utc_ns / PV_NS_PER_S;
    end.seconds = period->end.utc_ns / PV_NS_PER_S;
    pv_create_usage_report_request request = PV_CREATE_USAGE_REPORT_REQUEST__INIT;
    pv_create_usage_report_response *response = NULL;
    request.product_id = text_of(of->survey.vendors[0].product_id);
    request.contract_id = text_of(of->survey.vendors[0].contract_id);
    request.name = text_of("Bench");
    request.currency = text_of(of->survey.currency);
    request.period_start = &start;
    request.period_end = &end;
    request.request_id = actor_request_id(who);
    ASK(who, pv_usage_report_client_create_usage_report, &request, &response);
    *ret_id = response->report->id;
    return true;
}

static bool run_usage(world *of, int round)
{
    const char *report_id = NULL;
    if (!make_report(of, &report_id)) { return false; }
    double cpu = load_cpu_s(of->server.server);
    int64_t started = pv_time_monotonic_ns();
    if (!upload(of, report_id, RECORDS, NULL)) { return false; }
    double wall = (double)(pv_time_monotonic_ns() - started) / 1e9;
    of->rows[USAGE].us[round] = (load_cpu_s(of->server.server) - cpu) * 1e6 / RECORDS;
    of->rows[USAGE].rate[round] = RECORDS / wall;
    return true;
}

/* A million records over one stream, and what the server holds meanwhile. */
static bool run_import(world *of)
{
    const char *report_id = NULL;
    memory watched = {{0}};
    if (!make_report(of, &report_id)) { return false; }
    double before_mib = own_mib(of->server.server);
    double cpu = load_cpu_s(of->server.server);
    int64_t started = pv_time_monotonic_ns();
    if (!upload(of, report_id, IMPORTED, &watched)) { return false; }
    double wall = (double)(pv_time_monotonic_ns() - started) / 1e9;
    double us = (load_cpu_s(of->server.server) - cpu) * 1e6 / IMPORTED;
    double most_mib = before_mib;
    printf("\n%d usage records over one stream: %.0f per second, %.2f us of server CPU each\n"
           "server's own MiB before, and after each tenth: %.1f |",
           IMPORTED, IMPORTED / wall, us, before_mib);
    for (size_t i = 0; i < sizeof watched.mib / sizeof watched.mib[0]; i++) {
        printf(" %.1f", watched.mib[i]);
        if (watched.mib[i] > most_mib) { most_mib = watched.mib[i]; }
    }
    printf("\n");
    json_array_append_new(of->bench->results,
                          json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f}", "bench", "import",
                                    "row", "usage import over one stream", "records", IMPORTED,
                                    "per_second", IMPORTED / wall, "server_cpu_us", us,
                                    "own_mib_before", before_mib, "own_mib_first_tenth",
                                    watched.mib[0], "own_mib_most", most_mib));
    return true;
}

static void name_rows(row *rows)
{
    static const struct {
        const char *name;
        int yardstick;
    } list[ROWS] = {
        [ECHO_SMALL] = {"echo 100 B, bare core", ECHO_SMALL},
        [GET] = {"GetOrder", ECHO_GET},
        [ECHO_GET] = {"echo, size of GetOrder", ECHO_SMALL},
        [LIST] = {"ListOrders(50)", ECHO_LIST},
        [ECHO_LIST] = {"echo, size of ListOrders", ECHO_SMALL},
        [APPROVE] = {"ApproveOrder (durable)", ECHO_SMALL},
        [USAGE] = {"usage record", ECHO_SMALL},
    };
    for (size_t i = 0; i < ROWS; i++) {
        rows[i].name = list[i].name;
        rows[i].yardstick = &rows[list[i].yardstick];
    }
}

static bool set_up(world *of)
{
    platform *on = &of->bench->platform;
    if (!bench_platform(of->bench)) { return false; }
    const char *file = platform_path(on, "usage.csv");
    if (!sample_write(file) || !survey_read(of->arena, file, &of->survey)) { return false; }
    of->chain = (chain){.platform = on, .survey = &of->survey, .quiet = true};
    if (!chain_people(&of->chain) || !chain_contracts(&of->chain) || !chain_products(&of->chain) ||
        !chain_subscriptions(&of->chain)) {
        return false;
    }
    const actor *vendor = &of->chain.vendors[0];
    of->server = bench_target(of->bench, on->address, on->process);
    of->server.certificate = platform_read(of->arena, vendor->cert_path);
    of->server.key = platform_read(of->arena, vendor->key_path);
    return bench_start(of->bench, of->bench->echo, &of->yardstick);
}

static bool run_rounds(world *of)
{
    bool reads = bench_wants(of->bench, "get") || bench_wants(of->bench, "list");
    for (int round = 0; round < ROW_ROUNDS; round++) {
        if (!run_echo(of, ECHO_SMALL, round, ECHO_BYTES, READS)) { return false; }
        /* Orders are needed by the reading rows too. */
        if ((reads || bench_wants(of->bench, "approve")) && !run_approve(of, round)) {
            return false;
        }
        if (bench_wants(of->bench, "get") && !run_get(of, round)) { return false; }
        if (bench_wants(of->bench, "list") && !run_list(of, round)) { return false; }
        if (bench_wants(of->bench, "usage") && !run_usage(of, round)) { return false; }
    }
    rows_report(of->rows, ROWS, of->bench->results);
    return !bench_wants(of->bench, "import") || run_import(of);
}

bool bench_calls(bench *on)
{
    world of = {.bench = on, .arena = on->arena};
    name_rows(of.rows);
    bool done = set_up(&of) && run_rounds(&of);
    bench_stop(&of.yardstick);
    chain_end(&of.chain);
    return done;
}
