/* unary.c — the unary cases, and the checks that all cases share. */
#include "tests/interop/grpc/cases.h"

#include <stdio.h>

enum { LARGE_REQUEST = 271828, LARGE_ANSWER = 314159 };

typedef grpc_testing_simple_request simple_request;
typedef grpc_testing_simple_response simple_response;

/* --- shared --- */

bool interop_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    return false;
}

static const char *message_of(const interop_run *run)
{
    return run->error.message == NULL ? "" : run->error.message;
}

bool interop_expect(const interop_run *run, const char *what, pv_status status, pv_code code)
{
    if (status.code == code) { return true; }
    return interop_fail("%s ended with %s (%s) instead of %s", what, pv_code_name(status.code),
                        pv_is_ok(status) ? "" : message_of(run), pv_code_name(code));
}

bool interop_expect_unknown(const interop_run *run, const char *what, pv_status status,
                            const char *message)
{
    if (!interop_expect(run, what, status, PV_CODE_UNKNOWN)) { return false; }
    if (strcmp(message_of(run), message) == 0) { return true; }
    return interop_fail("%s said \"%s\" instead of \"%s\"", what, message_of(run), message);
}

grpc_testing_payload *interop_zeros(interop_run *run, size_t size)
{
    grpc_testing_payload *payload =
        (grpc_testing_payload *)pv_arena_zalloc(run->arena, 1, sizeof *payload);
    uint8_t *body = (uint8_t *)pv_arena_zalloc(run->arena, size, 1);
    PV_ASSERT(payload != NULL && body != NULL);
    *payload = (grpc_testing_payload)GRPC_TESTING_PAYLOAD__INIT;
    payload->body.data = body;
    payload->body.len = size;
    return payload;
}

bool interop_check_payload(const grpc_testing_payload *payload, size_t size)
{
    size_t arrived = payload == NULL ? 0 : payload->body.len;
    if (arrived != size) {
        return interop_fail("a payload of %zu bytes instead of %zu", arrived, size);
    }
    for (size_t i = 0; i < arrived; i++) {
        if (payload->body.data[i] != 0) { return interop_fail("byte %zu is not zero", i); }
    }
    return true;
}

static const char initial_key[] = "x-grpc-test-echo-initial";
static const char initial_value[] = "test_initial_metadata_value";
static const char trailing_key[] = "x-grpc-test-echo-trailing-bin";
static const uint8_t trailing_value[] = {0xab, 0xab, 0xab};

pv_client_options interop_echo_options(interop_run *run)
{
    static const pv_client_pair sent[] = {
        {initial_key, {(const uint8_t *)initial_value, sizeof initial_value - 1}},
        {trailing_key, {trailing_value, sizeof trailing_value}},
    };
    pv_client_options options;
    memset(&options, 0, sizeof options);
    options.metadata = sent;
    options.metadata_count = sizeof sent / sizeof sent[0];
    options.ret_metadata = &run->metadata;
    return options;
}

static bool has_pair(const pv_client_pair *pairs, size_t count, const char *key, pv_view value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].key, key) == 0 && pv_view_equal(pairs[i].value, value)) { return true; }
    }
    return false;
}

bool interop_check_echo(const interop_run *run, const char *what)
{
    const pv_client_metadata *got = &run->metadata;
    if (!has_pair(got->initial, got->initial_count, initial_key, pv_view_text(initial_value))) {
        return interop_fail("%s sent no %s in its headers", what, initial_key);
    }
    pv_view value = pv_view_of(trailing_value, sizeof trailing_value);
    if (!has_pair(got->trailing, got->trailing_count, trailing_key, value)) {
        return interop_fail("%s sent no %s in its trailers", what, trailing_key);
    }
    return true;
}

/* --- cases --- */

bool interop_empty_unary(interop_run *run)
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY__INIT;
    grpc_testing_empty *response = NULL;
    pv_status status = grpc_testing_test_client_empty_call(run->client, run->arena, NULL, &request,
                                                           &response, &run->error);
    return interop_expect(run, "EmptyCall", status, PV_CODE_OK) && response != NULL;
}

static simple_request large_request(interop_run *run)
{
    simple_request request = GRPC_TESTING_SIMPLE_REQUEST__INIT;
    request.response_size = LARGE_ANSWER;
    request.payload = interop_zeros(run, LARGE_REQUEST);
    return request;
}

static pv_status unary(interop_run *run, const pv_client_options *options,
                       const simple_request *request, simple_response **ret_response)
{
    return grpc_testing_test_client_unary_call(run->client, run->arena, options, request,
                                               ret_response, &run->error);
}

static bool large_call(interop_run *run, const pv_client_options *options,
                       const simple_request *request)
{
    simple_response *response = NULL;
    pv_status status = unary(run, options, request, &response);
    return interop_expect(run, "UnaryCall", status, PV_CODE_OK) && response != NULL &&
           interop_check_payload(response->payload, LARGE_ANSWER);
}

bool interop_large_unary(interop_run *run)
{
    simple_request request = large_request(run);
    return large_call(run, NULL, &request);
}

static bool status_comes_back(interop_run *run, const char *message)
{
    grpc_testing_echo_status wanted = GRPC_TESTING_ECHO_STATUS__INIT;
    simple_request request = GRPC_TESTING_SIMPLE_REQUEST__INIT;
    wanted.code = PV_CODE_UNKNOWN;
    wanted.message = pv_arena_dup(run->arena, pv_view_text(message));
    request.response_status = &wanted;
    simple_response *response = NULL;
    pv_status status = unary(run, NULL, &request, &response);
    return interop_expect_unknown(run, "UnaryCall", status, message);
}

bool interop_status_code_and_message(interop_run *run)
{
    return status_comes_back(run, "test status message") && interop_stream_status(run);
}

bool interop_special_status_message(interop_run *run)
{
    return status_comes_back(
        run, "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n");
}

bool interop_unimplemented_method(interop_run *run)
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY__INIT;
    grpc_testing_empty *response = NULL;
    pv_status status = grpc_testing_test_client_unimplemented_call(
        run->client, run->arena, NULL, &request, &response, &run->error);
    return interop_expect(run, "UnimplementedCall", status, PV_CODE_UNIMPLEMENTED);
}

bool interop_unimplemented_service(interop_run *run)
{
    grpc_testing_empty request = GRPC_TESTING_EMPTY__INIT;
    grpc_testing_empty *response = NULL;
    pv_status status = grpc_testing_unimplemented_client_unimplemented_call(
        run->client, run->arena, NULL, &request, &response, &run->error);
    return interop_expect(run, "UnimplementedService", status, PV_CODE_UNIMPLEMENTED);
}

bool interop_custom_metadata(interop_run *run)
{
    simple_request request = large_request(run);
    pv_client_options options = interop_echo_options(run);
    return large_call(run, &options, &request) && interop_check_echo(run, "UnaryCall") &&
           interop_stream_metadata(run);
}

/* Our client never compresses, which is the probe of the description: a server with the feature
 * misses the compression. The compressed call that would follow is not made. */
bool interop_client_compressed_unary(interop_run *run)
{
    grpc_testing_bool_value yes = GRPC_TESTING_BOOL_VALUE__INIT;
    simple_request request = large_request(run);
    yes.value = 1;
    request.expect_compressed = &yes;
    simple_response *response = NULL;
    pv_status status = unary(run, NULL, &request, &response);
    if (!interop_expect(run, "UnaryCall", status, PV_CODE_INVALID_ARGUMENT)) { return false; }
    yes.value = 0;
    return large_call(run, NULL, &request);
}

/* A server that does not compress says so; it answers a request that does not ask for it. */
bool interop_server_compressed_unary(interop_run *run)
{
    grpc_testing_bool_value yes = GRPC_TESTING_BOOL_VALUE__INIT;
    simple_request request = large_request(run);
    yes.value = 1;
    request.response_compressed = &yes;
    simple_response *response = NULL;
    pv_status status = unary(run, NULL, &request, &response);
    if (!interop_expect(run, "UnaryCall", status, PV_CODE_UNIMPLEMENTED)) { return false; }
    yes.value = 0;
    return large_call(run, NULL, &request);
}
