/* streams.c — the cases of streams. */
#include "tests/interop/grpc/cases.h"

enum { STREAM_COUNT = 4, LARGE_ANSWER = 314159, LARGE_REQUEST = 271828, SHORT_DEADLINE_MS = 1 };

typedef grpc_testing_streaming_output_call_request output_request;
typedef grpc_testing_streaming_output_call_response output_response;
typedef grpc_testing_streaming_input_call_request input_request;
typedef grpc_testing_streaming_input_call_response input_response;

static const size_t request_sizes[STREAM_COUNT] = {27182, 8, 1828, 45904};
static const int32_t answer_sizes[STREAM_COUNT] = {31415, 9, 2653, 58979};

/* A request for answers of these sizes, in the run's memory. */
static output_request *ask(interop_run *run, const int32_t *sizes, size_t count)
{
    output_request *request = (output_request *)pv_arena_zalloc(run->arena, 1, sizeof *request);
    grpc_testing_response_parameters **list =
        (grpc_testing_response_parameters **)pv_arena_zalloc(run->arena, count, sizeof *list);
    PV_ASSERT(request != NULL && list != NULL);
    *request = (output_request)GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST__INIT;
    for (size_t i = 0; i < count; i++) {
        list[i] =
            (grpc_testing_response_parameters *)pv_arena_zalloc(run->arena, 1, sizeof *list[i]);
        PV_ASSERT(list[i] != NULL);
        *list[i] = (grpc_testing_response_parameters)GRPC_TESTING_RESPONSE_PARAMETERS__INIT;
        list[i]->size = sizes[i];
    }
    request->response_parameters = list;
    request->n_response_parameters = count;
    return request;
}

static pv_status open_duplex(interop_run *run, const pv_client_options *options,
                             pv_client_call **ret_call)
{
    return grpc_testing_test_client_full_duplex_call_open(run->client, run->arena, options,
                                                          ret_call, &run->error);
}

/* Ends a call that a case gave up. */
static bool abandon(pv_client_call *call)
{
    (void)pv_client_finish(call);
    return false;
}

/* Sends one message and takes its one answer. */
static bool ping(interop_run *run, pv_client_call *call, size_t request_size, int32_t answer_size)
{
    output_request *request = ask(run, &answer_size, 1);
    request->payload = interop_zeros(run, request_size);
    pv_status status = grpc_testing_test_client_full_duplex_call_send(call, request);
    output_response *response = NULL;
    if (pv_is_ok(status)) {
        status = grpc_testing_test_client_full_duplex_call_receive(call, run->arena, &response);
    }
    if (!interop_expect(run, "a message", status, PV_CODE_OK)) { return false; }
    if (response == NULL) { return interop_fail("the stream ended before its answer"); }
    return interop_check_payload(response->payload, (size_t)answer_size);
}

/* Half-closes, and nothing more may come. */
static bool end_duplex(interop_run *run, pv_client_call *call)
{
    output_response *response = NULL;
    pv_status status = pv_client_close_send(call);
    if (pv_is_ok(status)) {
        status = grpc_testing_test_client_full_duplex_call_receive(call, run->arena, &response);
    }
    if (response != NULL) {
        (void)interop_fail("a message after the last answer");
        return abandon(call);
    }
    pv_status ended = pv_client_finish(call);
    return interop_expect(run, "the end", pv_is_ok(ended) ? status : ended, PV_CODE_OK);
}

bool interop_ping_pong(interop_run *run)
{
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, NULL, &call);
    if (!interop_expect(run, "FullDuplexCall", status, PV_CODE_OK)) { return false; }
    for (size_t i = 0; i < STREAM_COUNT; i++) {
        if (!ping(run, call, request_sizes[i], answer_sizes[i])) { return abandon(call); }
    }
    return end_duplex(run, call);
}

bool interop_empty_stream(interop_run *run)
{
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, NULL, &call);
    return interop_expect(run, "FullDuplexCall", status, PV_CODE_OK) && end_duplex(run, call);
}

bool interop_stream_metadata(interop_run *run)
{
    pv_client_options options = interop_echo_options(run);
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, &options, &call);
    if (!interop_expect(run, "FullDuplexCall", status, PV_CODE_OK)) { return false; }
    if (!ping(run, call, LARGE_REQUEST, LARGE_ANSWER)) { return abandon(call); }
    return end_duplex(run, call) && interop_check_echo(run, "FullDuplexCall");
}

bool interop_stream_status(interop_run *run)
{
    static const char message[] = "test status message";
    grpc_testing_echo_status wanted = GRPC_TESTING_ECHO_STATUS__INIT;
    output_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST__INIT;
    wanted.code = PV_CODE_UNKNOWN;
    wanted.message = pv_arena_dup(run->arena, pv_view_text(message));
    request.response_status = &wanted;
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, NULL, &call);
    if (!interop_expect(run, "FullDuplexCall", status, PV_CODE_OK)) { return false; }
    /* The server may end the call before it is half-closed; the stream's end is taken either way. */
    (void)grpc_testing_test_client_full_duplex_call_send(call, &request);
    (void)pv_client_close_send(call);
    output_response *response = NULL;
    status = grpc_testing_test_client_full_duplex_call_receive(call, run->arena, &response);
    if (!pv_is_ok(status) || response != NULL) {
        (void)interop_fail("an answer instead of a status");
        return abandon(call);
    }
    return interop_expect_unknown(run, "FullDuplexCall", pv_client_finish(call), message);
}

bool interop_cancel_after_first_response(interop_run *run)
{
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, NULL, &call);
    if (!interop_expect(run, "FullDuplexCall", status, PV_CODE_OK)) { return false; }
    if (!ping(run, call, request_sizes[0], answer_sizes[0])) { return abandon(call); }
    pv_client_cancel(call);
    return interop_expect(run, "FullDuplexCall", pv_client_finish(call), PV_CODE_CANCELLED);
}

bool interop_timeout_on_sleeping_server(interop_run *run)
{
    pv_client_options options;
    memset(&options, 0, sizeof options);
    options.deadline_ms = SHORT_DEADLINE_MS;
    output_request request = GRPC_TESTING_STREAMING_OUTPUT_CALL_REQUEST__INIT;
    request.payload = interop_zeros(run, request_sizes[0]);
    pv_client_call *call = NULL;
    pv_status status = open_duplex(run, &options, &call);
    if (pv_is_ok(status)) {
        /* Each of these may be the one that the deadline ends; the status tells. */
        output_response *response = NULL;
        if (pv_is_ok(grpc_testing_test_client_full_duplex_call_send(call, &request))) {
            (void)grpc_testing_test_client_full_duplex_call_receive(call, run->arena, &response);
        }
        status = pv_client_finish(call);
    }
    return interop_expect(run, "FullDuplexCall", status, PV_CODE_DEADLINE_EXCEEDED);
}

/* --- client streams --- */

static pv_status open_input(interop_run *run, pv_client_call **ret_call)
{
    return grpc_testing_test_client_streaming_input_call_open(run->client, run->arena, NULL,
                                                              ret_call, &run->error);
}

static pv_status send_input(interop_run *run, pv_client_call *call, size_t size)
{
    input_request request = GRPC_TESTING_STREAMING_INPUT_CALL_REQUEST__INIT;
    request.payload = interop_zeros(run, size);
    return grpc_testing_test_client_streaming_input_call_send(call, &request);
}

bool interop_client_streaming(interop_run *run)
{
    pv_client_call *call = NULL;
    pv_status status = open_input(run, &call);
    if (!interop_expect(run, "StreamingInputCall", status, PV_CODE_OK)) { return false; }
    int32_t sum = 0;
    for (size_t i = 0; i < STREAM_COUNT && pv_is_ok(status); i++) {
        status = send_input(run, call, request_sizes[i]);
        sum += (int32_t)request_sizes[i];
    }
    input_response *response = NULL;
    status = grpc_testing_test_client_streaming_input_call_finish(call, run->arena, &response);
    if (!interop_expect(run, "StreamingInputCall", status, PV_CODE_OK)) { return false; }
    if (response == NULL) { return interop_fail("no answer"); }
    if (response->aggregated_payload_size == sum) { return true; }
    return interop_fail("a sum of %d instead of %d", response->aggregated_payload_size, sum);
}

bool interop_cancel_after_begin(interop_run *run)
{
    pv_client_call *call = NULL;
    pv_status status = open_input(run, &call);
    if (!interop_expect(run, "StreamingInputCall", status, PV_CODE_OK)) { return false; }
    pv_client_cancel(call);
    return interop_expect(run, "StreamingInputCall", pv_client_finish(call), PV_CODE_CANCELLED);
}

/* As in interop_client_compressed_unary. */
bool interop_client_compressed_streaming(interop_run *run)
{
    grpc_testing_bool_value yes = GRPC_TESTING_BOOL_VALUE__INIT;
    input_request request = GRPC_TESTING_STREAMING_INPUT_CALL_REQUEST__INIT;
    yes.value = 1;
    request.expect_compressed = &yes;
    request.payload = interop_zeros(run, request_sizes[0]);
    pv_client_call *call = NULL;
    pv_status status = open_input(run, &call);
    if (!interop_expect(run, "StreamingInputCall", status, PV_CODE_OK)) { return false; }
    (void)grpc_testing_test_client_streaming_input_call_send(call, &request);
    input_response *response = NULL;
    status = grpc_testing_test_client_streaming_input_call_finish(call, run->arena, &response);
    return interop_expect(run, "StreamingInputCall", status, PV_CODE_INVALID_ARGUMENT);
}

/* --- server streams --- */

/* The answers in their order, then the end with this code. */
static bool take_answers(interop_run *run, const output_request *request, size_t count,
                         pv_code code)
{
    pv_client_call *call = NULL;
    pv_status status = grpc_testing_test_client_streaming_output_call_open(
        run->client, run->arena, NULL, request, &call, &run->error);
    if (!pv_is_ok(status)) { return interop_expect(run, "StreamingOutputCall", status, code); }
    for (size_t i = 0; i <= count; i++) {
        output_response *response = NULL;
        status =
            grpc_testing_test_client_streaming_output_call_receive(call, run->arena, &response);
        if (!pv_is_ok(status) || (response == NULL) != (i == count)) {
            (void)interop_fail("answer %zu of %zu is not as expected", i + 1, count);
            return abandon(call);
        }
        if (response != NULL &&
            !interop_check_payload(response->payload, (size_t)answer_sizes[i])) {
            return abandon(call);
        }
    }
    return interop_expect(run, "StreamingOutputCall", pv_client_finish(call), code);
}

bool interop_server_streaming(interop_run *run)
{
    return take_answers(run, ask(run, answer_sizes, STREAM_COUNT), STREAM_COUNT, PV_CODE_OK);
}

/* As in interop_server_compressed_unary. */
bool interop_server_compressed_streaming(interop_run *run)
{
    grpc_testing_bool_value yes = GRPC_TESTING_BOOL_VALUE__INIT;
    output_request *request = ask(run, answer_sizes, 2);
    yes.value = 1;
    request->response_parameters[0]->compressed = &yes;
    return take_answers(run, request, 0, PV_CODE_UNIMPLEMENTED);
}
