#include "tests/bench/stream.h"

#include "base/status.h"
#include "base/time.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_S = 120 };

const int slow_sample_ms[SLOW_SAMPLES] = {250, 1000, 2000};

typedef struct stream {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_metadata_array initial, trailing;
    grpc_byte_buffer *message;
    grpc_status_code status;
    grpc_slice details;
} stream;

static bool run(stream *of, const grpc_op *ops, size_t count)
{
    PV_ASSERT(grpc_call_start_batch(of->call, ops, count, of, NULL) == GRPC_CALL_OK);
    grpc_event event =
        grpc_completion_queue_next(of->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    PV_ASSERT(event.type == GRPC_OP_COMPLETE);
    return event.success != 0;
}

static grpc_byte_buffer *buffer_of(pv_view bytes)
{
    grpc_slice slice = grpc_slice_from_static_buffer(bytes.data, bytes.size);
    return grpc_raw_byte_buffer_create(&slice, 1);
}

/* Opens the stream; with a request it is sent, and the sending half closed. */
static void begin(stream *of, const load_target *target, const char *path, const pv_view *request)
{
    memset(of, 0, sizeof *of);
    of->channel = load_connect(target);
    of->queue = grpc_completion_queue_create_for_next(NULL);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(DEADLINE_S, GPR_TIMESPAN));
    of->call = grpc_channel_create_call(of->channel, NULL, 0, of->queue,
                                        grpc_slice_from_static_string(path), NULL, deadline, NULL);
    grpc_op ops[3];
    memset(ops, 0, sizeof ops);
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[1].op = GRPC_OP_SEND_MESSAGE;
    ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    grpc_byte_buffer *message = request == NULL ? NULL : buffer_of(*request);
    ops[1].data.send_message.send_message = message;
    bool sent = run(of, ops, request == NULL ? 1 : 3);
    PV_ASSERT(sent);
    if (message != NULL) { grpc_byte_buffer_destroy(message); }
    memset(ops, 0, sizeof ops);
}

/* False at the end of the stream. */
static bool receive(stream *of, size_t *ret_bytes)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    op.data.recv_message.recv_message = &of->message;
    (void)run(of, &op, 1);
    if (of->message == NULL) { return false; }
    *ret_bytes = grpc_byte_buffer_length(of->message);
    grpc_byte_buffer_destroy(of->message);
    of->message = NULL;
    return true;
}

static void receive_headers(stream *of)
{
    grpc_op op = {.op = GRPC_OP_RECV_INITIAL_METADATA};
    op.data.recv_initial_metadata.recv_initial_metadata = &of->initial;
    (void)run(of, &op, 1);
}

static grpc_status_code end(stream *of)
{
    grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    op.data.recv_status_on_client.trailing_metadata = &of->trailing;
    op.data.recv_status_on_client.status = &of->status;
    op.data.recv_status_on_client.status_details = &of->details;
    (void)run(of, &op, 1);
    grpc_slice_unref(of->details);
    grpc_metadata_array_destroy(&of->initial);
    grpc_metadata_array_destroy(&of->trailing);
    grpc_call_unref(of->call);
    grpc_channel_destroy(of->channel);
    grpc_completion_queue_shutdown(of->queue);
    while (grpc_completion_queue_next(of->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN) {}
    grpc_completion_queue_destroy(of->queue);
    return of->status;
}

/* Time and the server's CPU from the beginning of a stream, without its handshake. */
typedef struct meter {
    double cpu_s;
    int64_t started_ns;
} meter;

static meter start_meter(const load_target *target)
{
    return (meter){load_cpu_s(target->server), pv_time_monotonic_ns()};
}

static void stop_meter(meter of, const load_target *target, load_result *result)
{
    result->wall_s = (double)(pv_time_monotonic_ns() - of.started_ns) / 1e9;
    result->server_us_per_call =
        (load_cpu_s(target->server) - of.cpu_s) * 1e6 / (double)result->calls;
}

load_result stream_down(const load_target *target, const char *path, pv_view request)
{
    grpc_init();
    load_result result = {0};
    stream of;
    begin(&of, target, path, &request);
    receive_headers(&of);
    meter measured = start_meter(target);
    while (receive(&of, &result.answer_bytes)) { result.calls++; }
    stop_meter(measured, target, &result);
    bool whole = end(&of) == GRPC_STATUS_OK && result.calls == STREAM_MESSAGES;
    result.failed = whole ? 0 : 1;
    grpc_shutdown_blocking();
    return result;
}

load_result stream_up(const load_target *target, const char *path, pv_view message)
{
    grpc_init();
    load_result result = {.calls = STREAM_MESSAGES};
    stream of;
    begin(&of, target, path, NULL);
    meter measured = start_meter(target);
    bool sent = true;
    for (size_t i = 0; sent && i < STREAM_MESSAGES; i++) {
        grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .flags = GRPC_WRITE_BUFFER_HINT};
        op.data.send_message.send_message = buffer_of(message);
        sent = run(&of, &op, 1);
        grpc_byte_buffer_destroy(op.data.send_message.send_message);
    }
    grpc_op close = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    (void)run(&of, &close, 1);
    receive_headers(&of);
    bool answered = receive(&of, &result.answer_bytes);
    stop_meter(measured, target, &result);
    result.failed = end(&of) == GRPC_STATUS_OK && sent && answered ? 0 : 1;
    grpc_shutdown_blocking();
    return result;
}

/* Resident memory of a process; 0 when it cannot be read. */
static int64_t resident_bytes(pid_t process)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/statm", (int)process);
    FILE *file = fopen(path, "r");
    long long size = 0;
    long long resident = 0;
    if (file == NULL) { return 0; }
    if (fscanf(file, "%lld %lld", &size, &resident) != 2) { resident = 0; }
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

slow_result stream_slow(const load_target *target, const char *path, pv_view request)
{
    grpc_init();
    static stream streams[SLOW_STREAMS];
    slow_result result = {.before = resident_bytes(target->server)};
    for (size_t i = 0; i < SLOW_STREAMS; i++) {
        size_t bytes;
        begin(&streams[i], target, path, &request);
        receive_headers(&streams[i]);
        (void)receive(&streams[i], &bytes);
    }
    int waited_ms = 0;
    for (size_t i = 0; i < SLOW_SAMPLES; i++) {
        int more_ms = slow_sample_ms[i] - waited_ms;
        struct timespec time = {more_ms / 1000, (long)(more_ms % 1000) * 1000000};
        nanosleep(&time, NULL);
        waited_ms = slow_sample_ms[i];
        result.after[i] = resident_bytes(target->server);
    }
    for (size_t i = 0; i < SLOW_STREAMS; i++) {
        (void)grpc_call_cancel(streams[i].call, NULL);
        (void)end(&streams[i]);
    }
    grpc_shutdown_blocking();
    return result;
}
