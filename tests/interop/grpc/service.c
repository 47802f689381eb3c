/* service.c — gRPC's TestService, by doc/interop-test-descriptions.md of the gRPC project. Payloads
 * are zeros. Not supported, and said so: compressed answers (UNIMPLEMENTED); a request that should
 * be compressed and is not gets INVALID_ARGUMENT, and one that is never gets here. */
#include "base/time.h"
#include "grpc/testing/test.pv.h"

enum { NS_PER_MICROSECOND = 1000 };

static const pv_reason bad_request = {"BAD_TEST_REQUEST", PV_CODE_INVALID_ARGUMENT,
                                      "The request cannot be served.", "Change the request."};
static const pv_reason not_compressed = {"REQUEST_NOT_COMPRESSED", PV_CODE_INVALID_ARGUMENT,
                                         "The request should be compressed and is not.",
                                         "Compress the request."};
static const pv_reason no_compression = {"ANSWER_NOT_COMPRESSED", PV_CODE_UNIMPLEMENTED,
                                         "This server does not compress.",
                                         "Ask for an uncompressed answer."};
static const pv_reason no_memory = {"ANSWER_TOO_LARGE", PV_CODE_RESOURCE_EXHAUSTED,
                                    "The answer needs more memory than a call may use.",
                                    "Ask for less."};
static const pv_reason not_here = {"UNIMPLEMENTED_CALL", PV_CODE_UNIMPLEMENTED,
                                   "This method is there to be missing.", "Call another."};

static bool is_true(const grpc_testing_bool_value *value)
{
    return value != NULL && value->value != 0;
}

/* Refuses as the client wished. The status may be of a message that goes away with its step. */
static pv_status echo_status(pv_call *call, const grpc_testing_echo_status *wanted)
{
    if (wanted == NULL || wanted->code == PV_CODE_OK) { return pv_ok(); }
    if (wanted->code < 0 || wanted->code > (int32_t)PV_CODE_UNAUTHENTICATED) {
        return pv_refuse(&call->error, &bad_request, "%d is no status code", wanted->code);
    }
    pv_reason *reason = (pv_reason *)pv_arena_zalloc(call->arena, 1, sizeof *reason);
    if (reason == NULL) { return pv_refuse(&call->error, &no_memory, NULL); }
    *reason = (pv_reason){"ECHOED_STATUS", (pv_code)wanted->code, "", ""};
    return pv_refuse(&call->error, reason, "%s", wanted->message);
}

static pv_status make_payload(pv_call *call, int32_t size, grpc_testing_payload **ret_payload)
{
    if (size < 0) { return pv_refuse(&call->error, &bad_request, "a size of %d bytes", size); }
    grpc_testing_payload *payload =
        (grpc_testing_payload *)pv_arena_zalloc(call->scratch, 1, sizeof *payload);
    uint8_t *body = (uint8_t *)pv_arena_zalloc(call->scratch, (size_t)size, 1);
    if (payload == NULL || body == NULL) { return pv_refuse(&call->error, &no_memory, NULL); }
    *payload = (grpc_testing_payload)GRPC_TESTING_PAYLOAD__INIT;
    payload->body.data = body;
    payload->body.len = (size_t)size;
    *ret_payload = payload;
    return pv_ok();
}

static pv_status check_type(pv_call *call, grpc_testing_payload_type type)
{
    if (type == GRPC_TESTING_COMPRESSABLE) { return pv_ok(); }
    return pv_refuse(&call->error, &bad_request, "payloads of type %d are not made here",
                     (int)type);
}

/* --- unary --- */

pv_status grpc_testing_test_service_empty_call(pv_call *call, const grpc_testing_empty *request,
                                               grpc_testing_empty *response)
{
    (void)call;
    (void)request;
    (void)response;
    return pv_ok();
}

pv_status grpc_testing_test_service_unary_call(pv_call *call,
                                               const grpc_testing_simple_request *request,
                                               grpc_testing_simple_response *response)
{
    PV_TRY(check_type(call, request->response_type));
    if (is_true(request->expect_compressed)) {
        return pv_refuse(&call->error, &not_compressed, NULL);
    }
    if (is_true(request->response_compressed)) {
        return pv_refuse(&call->error, &no_compression, NULL);
    }
    PV_TRY(echo_status(call, request->response_status));
    return make_payload(call, request->response_size, &response->payload);
}

pv_status grpc_testing_test_service_cacheable_unary_call(pv_call *call,
                                                         const grpc_testing_simple_request *request,
                                                         grpc_testing_simple_response *response)
{
    (void)request;
    PV_TRY(make_payload(call, 0, &response->payload));
    char *now = pv_arena_printf(call->scratch, "%lld", (long long)pv_time_now().utc_ns);
    if (now == NULL) { return pv_refuse(&call->error, &no_memory, NULL); }
    response->payload->body.data = (uint8_t *)now;
    response->payload->body.len = strlen(now);
    return pv_ok();
}

pv_status grpc_testing_test_service_unimplemented_call(pv_call *call,
                                                       const grpc_testing_empty *request,
                                                       grpc_testing_empty *response)
{
    (void)request;
    (void)response;
    return pv_refuse(&call->error, &not_here, NULL);
}

/* --- client stream --- */

pv_status grpc_testing_test_service_streaming_input_call_receive(
    pv_call *call, const grpc_testing_streaming_input_call_request *request)
{
    if (is_true(request->expect_compressed)) {
        return pv_refuse(&call->error, &not_compressed, NULL);
    }
    if (call->state == NULL) { call->state = pv_arena_zalloc(call->arena, 1, sizeof(int32_t)); }
    int32_t *sum = (int32_t *)call->state;
    if (sum == NULL) { return pv_refuse(&call->error, &no_memory, NULL); }
    size_t size = request->payload == NULL ? 0 : request->payload->body.len;
    if (size > (size_t)(INT32_MAX - *sum)) {
        return pv_refuse(&call->error, &bad_request, "the sum of sizes does not fit its field");
    }
    *sum += (int32_t)size;
    return pv_ok();
}

pv_status grpc_testing_test_service_streaming_input_call_finish(
    pv_call *call, grpc_testing_streaming_input_call_response *response)
{
    const int32_t *sum = (const int32_t *)call->state;
    response->aggregated_payload_size = sum == NULL ? 0 : *sum;
    return pv_ok();
}

/* --- answers of streams --- */

typedef struct answer {
    int32_t size;
    int32_t interval_us;
} answer;

/* What a stream still has to answer, in order. */
typedef struct stream {
    pv_buffer answers;
    size_t next;
    int64_t not_before_ns; /* monotonic; 0: the next answer's pause has not begun */
} stream;

static pv_status enqueue(pv_call *call, const grpc_testing_streaming_output_call_request *request)
{
    if (call->state == NULL) {
        stream *fresh = (stream *)pv_arena_zalloc(call->arena, 1, sizeof *fresh);
        if (fresh == NULL) { return pv_refuse(&call->error, &no_memory, NULL); }
        fresh->answers = pv_buffer_of(call->arena);
        call->state = fresh;
    }
    stream *own = (stream *)call->state;
    PV_TRY(check_type(call, request->response_type));
    PV_TRY(echo_status(call, request->response_status));
    for (size_t i = 0; i < request->n_response_parameters; i++) {
        const grpc_testing_response_parameters *one = request->response_parameters[i];
        if (is_true(one->compressed)) { return pv_refuse(&call->error, &no_compression, NULL); }
        if (one->interval_us < 0) {
            return pv_refuse(&call->error, &bad_request, "a pause of %d microseconds",
                             one->interval_us);
        }
        answer due = {one->size, one->interval_us};
        pv_buffer_append(&own->answers, pv_view_of(&due, sizeof due));
    }
    return own->answers.overflow ? pv_refuse(&call->error, &no_memory, NULL) : pv_ok();
}

/* Whether the answer's pause is over; begins it, or says how long to wait. */
static bool pause_is_over(pv_call *call, stream *own, const answer *due)
{
    int64_t now_ns = pv_time_monotonic_ns();
    if (own->not_before_ns == 0) {
        own->not_before_ns = now_ns + (int64_t)due->interval_us * NS_PER_MICROSECOND;
    }
    if (now_ns >= own->not_before_ns) { return true; }
    call->wake_after_ms = (own->not_before_ns - now_ns) / PV_NS_PER_MS + 1;
    return false;
}

/* `at_end` is what the stream does when nothing is left to answer. */
static pv_status answer_next(pv_call *call, grpc_testing_streaming_output_call_response *response,
                             pv_step at_end, pv_step *ret_step)
{
    stream *own = (stream *)call->state;
    call->wake_after_ms = 0;
    if (own == NULL || own->next == own->answers.size) {
        if (own != NULL) { own->next = own->answers.size = 0; }
        *ret_step = at_end;
        return pv_ok();
    }
    answer due;
    memcpy(&due, own->answers.data + own->next, sizeof due);
    if (due.interval_us > 0 && !pause_is_over(call, own, &due)) {
        *ret_step = PV_STEP_IDLE;
        return pv_ok();
    }
    own->next += sizeof due;
    own->not_before_ns = 0;
    *ret_step = PV_STEP_MESSAGE;
    return make_payload(call, due.size, &response->payload);
}

pv_status grpc_testing_test_service_streaming_output_call_next(
    pv_call *call, const grpc_testing_streaming_output_call_request *request,
    grpc_testing_streaming_output_call_response *response, pv_step *ret_step)
{
    if (call->state == NULL) { PV_TRY(enqueue(call, request)); }
    return answer_next(call, response, PV_STEP_END, ret_step);
}

pv_status grpc_testing_test_service_full_duplex_call_receive(
    pv_call *call, const grpc_testing_streaming_output_call_request *request)
{
    return enqueue(call, request);
}

pv_status grpc_testing_test_service_full_duplex_call_next(
    pv_call *call, grpc_testing_streaming_output_call_response *response, pv_step *ret_step)
{
    return answer_next(call, response, PV_STEP_IDLE, ret_step);
}

pv_status grpc_testing_test_service_half_duplex_call_receive(
    pv_call *call, const grpc_testing_streaming_output_call_request *request)
{
    return enqueue(call, request);
}

pv_status grpc_testing_test_service_half_duplex_call_next(
    pv_call *call, grpc_testing_streaming_output_call_response *response, pv_step *ret_step)
{
    *ret_step = PV_STEP_IDLE;
    return call->half_closed ? answer_next(call, response, PV_STEP_END, ret_step) : pv_ok();
}
