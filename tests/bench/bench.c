/* bench — what a call costs the server, side by side with the bare C core in the same run.
 *
 * usage: bench --server PURVEYD --cli PURVEY --echo ECHO --generated GENERATED [NAME] [--json OUT.json]
 * NAME is one of rpc, get, list, approve, usage; without it all run. Rounds of all rows are interleaved, because the
 * machine's speed drifts; the medians and their ratios are printed. The load is closed-loop and bounded. */
#include "base/digest.h"
#include "client/demo/chain.h"
#include "client/demo/sample.h"
#include "echo.pv.h"
#include "protos/runtime/message.h"
#include "purvey/order/v1/order_service.pv.h"
#include "purvey/order/v1/tier_account_service.pv.h"
#include "purvey/usage/v1/usage_report_service.pv.h"
#include "tests/bench/load.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    ROUNDS = 3,
    READS = 20000, /* calls of a reading row in one round */
    IN_FLIGHT = 64,
    ORDERS = 600,     /* approved in one round */
    RECORDS = 100000, /* uploaded in one round */
    RECORDS_PER_MESSAGE = 500,
    PAGE = 50,
    ARENA_BYTES = 1024 * 1024 * 1024,
    ECHO_BYTES = 100
};

typedef enum row {
    ECHO_SMALL,
    GENERATED,
    GET,
    ECHO_GET,
    LIST,
    ECHO_LIST,
    APPROVE,
    USAGE,
    ROWS
} row;

static const char *const row_names[ROWS] = {
    "echo 100 B",
    "generated echo 100 B",
    "GetOrder",
    "echo, size of GetOrder",
    "ListOrders(50)",
    "echo, size of ListOrders",
    "ApproveOrder (durable)",
    "usage record",
};
/* The yardstick of each row. */
static const row yardsticks[ROWS] = {ECHO_SMALL, ECHO_SMALL, ECHO_GET,   ECHO_SMALL,
                                     ECHO_LIST,  ECHO_SMALL, ECHO_SMALL, ECHO_SMALL};

typedef struct bench {
    pv_arena *arena;
    platform platform;
    survey survey;
    chain chain;
    load_target server;
    load_target yardstick;     /* the echo on the bare core */
    load_target generated;     /* the same echo through generated code and the runtime */
    double us[ROWS][ROUNDS];   /* server CPU per call or record */
    double rate[ROWS][ROUNDS]; /* per second */
    double p99[ROWS][ROUNDS];
    size_t bytes[ROWS];
    const char *order_id;
} bench;

static bool fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    return false;
}

/* Starts one of the echo servers, which print the port they took. */
static bool start_echo(bench *of, const char *path, load_target *ret_target)
{
    const char *folder = platform_path(&of->platform, "data/authority");
    const char *arguments[] = {path, pv_arena_printf(of->arena, "%s/root.pem", folder),
                               pv_arena_printf(of->arena, "%s/server.pem", folder),
                               pv_arena_printf(of->arena, "%s/server.key", folder), NULL};
    int ends[2];
    if (pipe(ends) != 0) { return fail("no pipe"); }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    *ret_target = of->server;
    int error = posix_spawn(&ret_target->server, path, &actions, NULL,
                            (char *const *)(uintptr_t)arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    char port[16] = "";
    ssize_t size = error == 0 ? read(ends[0], port, sizeof port - 1) : 0;
    close(ends[0]);
    if (size <= 0) { return fail("an echo server does not start"); }
    ret_target->address = pv_arena_printf(of->arena, "127.0.0.1:%d", (int)strtol(port, NULL, 10));
    return true;
}

static pv_view packed(const bench *of, const ProtobufCMessage *message)
{
    pv_view bytes;
    bool encoded = pv_message_encode(message, of->arena, &bytes);
    PV_ASSERT(encoded);
    return bytes;
}

/* A pending purchase of a new customer; gives the packed request that approves it. */
static bool pending_order(bench *of, size_t number, const pv_order **ret_order)
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

static bool run_read(bench *of, row measured, int round, const load_target *target,
                     const char *path, pv_view request, size_t calls)
{
    load_result result = load_run(target, path, &request, 1, calls, IN_FLIGHT);
    if (result.failed > 0) { return fail(row_names[measured]); }
    of->us[measured][round] = result.server_us_per_call;
    of->rate[measured][round] = (double)calls / result.wall_s;
    of->p99[measured][round] = result.p99_us;
    of->bytes[measured] = result.answer_bytes;
    return true;
}

static bool run_echo(bench *of, row measured, int round, size_t size, size_t calls)
{
    uint8_t *bytes = pv_arena_zalloc(of->arena, size + 1, 1);
    PV_ASSERT(bytes != NULL);
    return run_read(of, measured, round, &of->yardstick, "/bench.Echo/Unary",
                    pv_view_of(bytes, size), calls);
}

static bool run_generated(bench *of, int round)
{
    char text[ECHO_BYTES - 1] = "";
    memset(text, 'x', sizeof text - 1);
    purvey_bench_v1_echo_request request = PURVEY_BENCH_V1_ECHO_REQUEST__INIT;
    request.text = text; /* with its tag and length: ECHO_BYTES */
    return run_read(of, GENERATED, round, &of->generated, "/purvey.bench.v1.EchoService/Echo",
                    packed(of, &request.base), READS);
}

static bool run_get(bench *of, int round)
{
    pv_get_order_request request = PV_GET_ORDER_REQUEST__INIT;
    request.order_id = text_of(of->order_id);
    return run_read(of, GET, round, &of->server, "/purvey.order.v1.OrderService/GetOrder",
                    packed(of, &request.base), READS) &&
           run_echo(of, ECHO_GET, round, of->bytes[GET], READS);
}

static bool run_list(bench *of, int round)
{
    pv_list_orders_request request = PV_LIST_ORDERS_REQUEST__INIT;
    request.page_size = PAGE;
    return run_read(of, LIST, round, &of->server, "/purvey.order.v1.OrderService/ListOrders",
                    packed(of, &request.base), READS / 10) &&
           run_echo(of, ECHO_LIST, round, of->bytes[LIST], READS / 10);
}

static bool run_approve(bench *of, int round)
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
    if (result.failed > 0) { return fail("ApproveOrder"); }
    of->us[APPROVE][round] = result.server_us_per_call;
    of->rate[APPROVE][round] = ORDERS / result.wall_s;
    of->p99[APPROVE][round] = result.p99_us;
    of->bytes[APPROVE] = result.answer_bytes;
    return true;
}

/* Uploads RECORDS records of the first subscription's first item. */
static bool upload(bench *of, const char *report_id)
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
    pv_client_options options = {.deadline_ms = 120000};
    pv_status status = pv_usage_report_client_upload_usage_records_open(who->client, of->arena,
                                                                        &options, &call, &error);
    for (size_t sent = 0; pv_is_ok(status) && sent < RECORDS; sent += RECORDS_PER_MESSAGE) {
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
    }
    pv_upload_usage_records_response *response = NULL;
    if (call != NULL) {
        status = pv_usage_report_client_upload_usage_records_finish(call, of->arena, &response);
    }
    if (!pv_is_ok(status)) { return actor_refused(who, "upload", status, &error); }
    return response->report->stats->valid == RECORDS || fail("records were refused");
}

static bool run_usage(bench *of, int round)
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
    double cpu = load_cpu_s(of->server.server);
    int64_t started = pv_time_monotonic_ns();
    if (!upload(of, response->report->id)) { return false; }
    double wall = (double)(pv_time_monotonic_ns() - started) / 1e9;
    of->us[USAGE][round] = (load_cpu_s(of->server.server) - cpu) * 1e6 / RECORDS;
    of->rate[USAGE][round] = RECORDS / wall;
    return true;
}

static bool set_up(bench *of, const char *server, const char *cli, const char *echo,
                   const char *generated)
{
    if (!platform_begin(&of->platform, of->arena, server, cli)) { return false; }
    const char *file = platform_path(&of->platform, "usage.csv");
    if (!sample_write(file) || !survey_read(of->arena, file, &of->survey)) { return false; }
    of->chain = (chain){.platform = &of->platform, .survey = &of->survey, .quiet = true};
    if (!chain_people(&of->chain) || !chain_contracts(&of->chain) || !chain_products(&of->chain) ||
        !chain_subscriptions(&of->chain)) {
        return false;
    }
    const actor *vendor = &of->chain.vendors[0];
    of->server = (load_target){
        .address = of->platform.address,
        .ca =
            platform_read(of->arena, platform_path(&of->platform, "data/authority/server-ca.pem")),
        .certificate = platform_read(of->arena, vendor->cert_path),
        .key = platform_read(of->arena, vendor->key_path),
        .server = of->platform.process,
    };
    return start_echo(of, echo, &of->yardstick) && start_echo(of, generated, &of->generated);
}

static bool wanted(const char *only, const char *name)
{
    return only == NULL || strcmp(only, name) == 0;
}

static bool run_rounds(bench *of, const char *only)
{
    for (int round = 0; round < ROUNDS; round++) {
        if (!run_echo(of, ECHO_SMALL, round, ECHO_BYTES, READS)) { return false; }
        if (wanted(only, "rpc") && !run_generated(of, round)) { return false; }
        /* Orders are needed by the reading rows too. */
        if (!run_approve(of, round)) { return false; }
        if (wanted(only, "get") && !run_get(of, round)) { return false; }
        if (wanted(only, "list") && !run_list(of, round)) { return false; }
        if (wanted(only, "usage") && !run_usage(of, round)) { return false; }
    }
    return true;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double *values)
{
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare_doubles);
    return sorted[ROUNDS / 2];
}

static json_t *report(const bench *of)
{
    json_t *list = json_array();
    printf("%-28s %10s %12s %12s %10s %22s\n", "median of 3 rounds", "bytes", "per second",
           "p99 us", "CPU us", "ratio to yardstick");
    for (int i = 0; i < ROWS; i++) {
        double us = median(of->us[i]);
        if (us <= 0) { continue; }
        double ratio = us / median(of->us[yardsticks[i]]);
        printf("%-28s %10zu %12.0f %12.0f %10.2f %10.2f (%s)\n", row_names[i], of->bytes[i],
               median(of->rate[i]), median(of->p99[i]), us, ratio, row_names[yardsticks[i]]);
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:f, s:f, s:f, s:f}", "row", row_names[i], "answer_bytes",
                            (json_int_t)of->bytes[i], "per_second", median(of->rate[i]), "p99_us",
                            median(of->p99[i]), "server_cpu_us", us, "ratio", ratio));
    }
    return list;
}

static void stop_echo(const load_target *echo)
{
    if (echo->server <= 0) { return; }
    kill(echo->server, SIGTERM);
    while (waitpid(echo->server, NULL, 0) < 0 && errno == EINTR) {}
}

static void stop(bench *of)
{
    chain_end(&of->chain);
    platform_stop(&of->platform, SIGTERM);
    stop_echo(&of->yardstick);
    stop_echo(&of->generated);
    pv_arena_destroy(of->arena);
}

int main(int argc, char **argv)
{
    const char *server = NULL;
    const char *cli = NULL;
    const char *echo = NULL;
    const char *generated = NULL;
    const char *json = NULL;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--server") == 0      ? &server
                             : strcmp(argv[i], "--cli") == 0       ? &cli
                             : strcmp(argv[i], "--echo") == 0      ? &echo
                             : strcmp(argv[i], "--generated") == 0 ? &generated
                             : strcmp(argv[i], "--json") == 0      ? &json
                                                                   : NULL;
        if (value != NULL && i + 1 < argc) {
            *value = argv[++i];
        } else if (only == NULL &&
                   (wanted(argv[i], "rpc") || wanted(argv[i], "get") || wanted(argv[i], "list") ||
                    wanted(argv[i], "approve") || wanted(argv[i], "usage"))) {
            only = argv[i];
        } else {
            fprintf(stderr,
                    "bench: %s is not understood; rows are rpc, get, list, approve, usage\n",
                    argv[i]);
            return 2;
        }
    }
    if (server == NULL || cli == NULL || echo == NULL || generated == NULL) { return 2; }
    signal(SIGPIPE, SIG_IGN);
    bench of = {.arena = pv_arena_create(ARENA_BYTES)};
    bool done = set_up(&of, server, cli, echo, generated) && run_rounds(&of, only);
    if (done) {
        json_t *rows = report(&of);
        if (json != NULL && json_dump_file(rows, json, JSON_INDENT(2)) != 0) {
            done = fail("the JSON cannot be written");
        }
        json_decref(rows);
    }
    stop(&of);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
