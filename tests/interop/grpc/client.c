/* client.c — gRPC's interoperability test client on our runtime.
 * usage: client --server_host=H --server_port=N --use_tls=true|false --test_case=NAME[,NAME...]
 *        [--server_host_override=H] [--ca_file=F] [--use_test_ca=true]
 * Prints "ok NAME" or "FAIL NAME" for each case; exit 0: all passed, 1: not, 2: wrong command line.
 * TLS always verifies the server against --ca_file, so --use_test_ca changes nothing. */
#include "tests/interop/grpc/cases.h"
#include "tests/interop/grpc/flags.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { CASE_ARENA_BYTES = 64 * 1024 * 1024, DEADLINE_MS = 20 * 1000 };

static const struct {
    const char *name;
    bool (*run)(interop_run *run);
} cases[] = {
    {"empty_unary", interop_empty_unary},
    {"large_unary", interop_large_unary},
    {"client_streaming", interop_client_streaming},
    {"server_streaming", interop_server_streaming},
    {"ping_pong", interop_ping_pong},
    {"empty_stream", interop_empty_stream},
    {"cancel_after_begin", interop_cancel_after_begin},
    {"cancel_after_first_response", interop_cancel_after_first_response},
    {"timeout_on_sleeping_server", interop_timeout_on_sleeping_server},
    {"custom_metadata", interop_custom_metadata},
    {"status_code_and_message", interop_status_code_and_message},
    {"special_status_message", interop_special_status_message},
    {"unimplemented_method", interop_unimplemented_method},
    {"unimplemented_service", interop_unimplemented_service},
    {"client_compressed_unary", interop_client_compressed_unary},
    {"server_compressed_unary", interop_server_compressed_unary},
    {"client_compressed_streaming", interop_client_compressed_streaming},
    {"server_compressed_streaming", interop_server_compressed_streaming},
};

static bool run_case(const pv_client_config *config, bool (*function)(interop_run *run))
{
    interop_run run;
    memset(&run, 0, sizeof run);
    run.arena = pv_arena_create(CASE_ARENA_BYTES);
    pv_error_init(&run.error, run.arena);
    bool passed = false;
    if (pv_is_ok(pv_client_create(config, &run.error, &run.client))) {
        passed = function(&run);
        pv_client_destroy(run.client);
    } else {
        (void)interop_fail("%s", run.error.message);
    }
    pv_arena_destroy(run.arena);
    return passed;
}

/* Runs the cases of a list with commas between them. */
static int run_list(const pv_client_config *config, const char *list)
{
    int failures = 0;
    while (*list != '\0') {
        size_t size = strcspn(list, ",");
        size_t i = 0;
        size_t count = sizeof cases / sizeof cases[0];
        while (i < count &&
               (strlen(cases[i].name) != size || memcmp(cases[i].name, list, size) != 0)) {
            i++;
        }
        if (i == count) {
            (void)interop_fail("there is no test case %.*s", (int)size, list);
            return 2;
        }
        bool passed = run_case(config, cases[i].run);
        (void)printf("%s %s\n", passed ? "ok" : "FAIL", cases[i].name);
        (void)fflush(stdout);
        failures += passed ? 0 : 1;
        list += size + (list[size] == ',' ? 1 : 0);
    }
    return failures == 0 ? 0 : 1;
}

enum { HOST, PORT, OVERRIDE, CASES, USE_TLS, CA, TEST_CA, FLAGS };

static int run_with_flags(const interop_flag *flags, int port, bool use_tls)
{
    char target[300];
    (void)snprintf(target, sizeof target, "%.255s:%d", flags[HOST].value, port);
    pv_client_config config;
    memset(&config, 0, sizeof config);
    config.target = target;
    config.deadline_ms = DEADLINE_MS;
    if (!use_tls) { return run_list(&config, flags[CASES].value); }
    char *ca = interop_read_file(flags[CA].value);
    if (ca == NULL) { return 2; }
    pv_client_tls tls;
    memset(&tls, 0, sizeof tls);
    tls.ca = ca;
    tls.server_name = flags[OVERRIDE].value;
    config.tls = &tls;
    int result = run_list(&config, flags[CASES].value);
    free(ca);
    return result;
}

int main(int count, char **words)
{
    interop_flag flags[FLAGS] = {
        [HOST] = {"server_host", "localhost"},
        [PORT] = {"server_port", NULL},
        [OVERRIDE] = {"server_host_override", NULL},
        [CASES] = {"test_case", "large_unary"},
        [USE_TLS] = {"use_tls", "false"},
        [CA] = {"ca_file", NULL},
        [TEST_CA] = {"use_test_ca", "true"},
    };
    int port = 0;
    bool use_tls = false;
    if (!interop_flags_parse(count, words, flags, FLAGS) ||
        !interop_flag_port(&flags[PORT], &port) || !interop_flag_truth(&flags[USE_TLS], &use_tls)) {
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run_with_flags(flags, port, use_tls);
}
