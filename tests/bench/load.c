#include "tests/bench/load.h"

#include "base/status.h"
#include "base/time.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEADLINE_S = 60 };

typedef struct slot {
    grpc_call *call;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *answer;
    grpc_status_code status;
    grpc_slice details;
    int64_t started_ns;
} slot;

typedef struct loader {
    grpc_channel *channels[LOAD_CONNECTIONS_MAX];
    size_t connections;
    grpc_completion_queue *queue;
    const char *path;
    const pv_view *requests;
    size_t request_count;
    size_t sent;
    size_t done;
    size_t count;
    double *latency_us;
    load_result result;
} loader;

/* Run time of all threads, in nanoseconds: finer than the ticks of /proc/PID/stat. */
double load_cpu_s(pid_t process)
{
    char folder[64];
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)process);
    DIR *tasks = opendir(folder);
    double seconds = 0;
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        char path[384];
        snprintf(path, sizeof path, "%s/%s/schedstat", folder, task->d_name);
        FILE *file = task->d_name[0] == '.' ? NULL : fopen(path, "r");
        unsigned long long nanoseconds = 0;
        if (file != NULL && fscanf(file, "%llu", &nanoseconds) == 1) {
            seconds += (double)nanoseconds / 1e9;
        }
        if (file != NULL) { fclose(file); }
    }
    if (tasks != NULL) { closedir(tasks); }
    return seconds;
}

grpc_channel *load_connect(const load_target *target)
{
    grpc_ssl_pem_key_cert_pair pair = {.private_key = target->key,
                                       .cert_chain = target->certificate};
    grpc_channel_credentials *credentials =
        grpc_ssl_credentials_create_ex(target->ca, &pair, NULL, NULL);
    grpc_arg arguments[2] = {
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
         .value = {.integer = 1}},
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value = {.string = (char *)(uintptr_t) "localhost"}},
    };
    grpc_channel_args args = {.num_args = 2, .args = arguments};
    grpc_channel *channel = grpc_channel_create(target->address, credentials, &args);
    grpc_channel_credentials_release(credentials);
    return channel;
}

static void send_one(loader *run, slot *of)
{
    memset(of, 0, sizeof *of);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_seconds(DEADLINE_S, GPR_TIMESPAN));
    of->call =
        grpc_channel_create_call(run->channels[run->sent % run->connections], NULL, 0, run->queue,
                                 grpc_slice_from_static_string(run->path), NULL, deadline, NULL);
    pv_view request = run->requests[run->sent++ % run->request_count];
    grpc_slice bytes = grpc_slice_from_static_buffer(request.data, request.size);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&bytes, 1);
    grpc_op operations[6];
    memset(operations, 0, sizeof operations);
    operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    operations[1].op = GRPC_OP_SEND_MESSAGE;
    operations[1].data.send_message.send_message = message;
    operations[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    operations[3].op = GRPC_OP_RECV_INITIAL_METADATA;
    operations[3].data.recv_initial_metadata.recv_initial_metadata = &of->initial;
    operations[4].op = GRPC_OP_RECV_MESSAGE;
    operations[4].data.recv_message.recv_message = &of->answer;
    operations[5].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    operations[5].data.recv_status_on_client.trailing_metadata = &of->trailing;
    operations[5].data.recv_status_on_client.status = &of->status;
    operations[5].data.recv_status_on_client.status_details = &of->details;
    of->started_ns = pv_time_monotonic_ns();
    PV_ASSERT(grpc_call_start_batch(of->call, operations, 6, of, NULL) == GRPC_CALL_OK);
    grpc_byte_buffer_destroy(message);
}

static void take_one(loader *run, slot *of)
{
    run->latency_us[run->done++] = (double)(pv_time_monotonic_ns() - of->started_ns) / 1000;
    if (of->status != GRPC_STATUS_OK && run->result.failed++ == 0) {
        run->result.first_failure = (int)of->status;
        char *text = grpc_slice_to_c_string(of->details);
        fprintf(stderr, "load: %s answers %d: %s\n", run->path, (int)of->status, text);
        gpr_free(text);
    }
    if (of->answer != NULL) {
        run->result.answer_bytes = grpc_byte_buffer_length(of->answer);
        grpc_byte_buffer_destroy(of->answer);
    }
    grpc_slice_unref(of->details);
    grpc_metadata_array_destroy(&of->initial);
    grpc_metadata_array_destroy(&of->trailing);
    grpc_call_unref(of->call);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Runs `count` calls; the first ones of a connection, which pay for the handshake, are not measured. */
static void drive(loader *run, slot *slots, size_t count, size_t in_flight)
{
    run->count = count;
    run->sent = 0;
    run->done = 0;
    for (size_t i = 0; i < in_flight && run->sent < count; i++) { send_one(run, &slots[i]); }
    while (run->done < count) {
        grpc_event event =
            grpc_completion_queue_next(run->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        PV_ASSERT(event.type == GRPC_OP_COMPLETE);
        take_one(run, event.tag);
        if (run->sent < count) { send_one(run, event.tag); }
    }
}

/* Waits for the handshake before the clock starts, without spending a request. */
static void await_ready(grpc_channel *channel, grpc_completion_queue *queue)
{
    for (int tries = 0; tries < 100; tries++) {
        grpc_connectivity_state state = grpc_channel_check_connectivity_state(channel, 1);
        if (state == GRPC_CHANNEL_READY) { return; }
        grpc_channel_watch_connectivity_state(
            channel, state,
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(100, GPR_TIMESPAN)),
            queue, NULL);
        (void)grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    }
}

load_result load_run(const load_target *target, const char *path, const pv_view *requests,
                     size_t request_count, size_t count, size_t in_flight)
{
    grpc_init();
    loader run = {
        .connections = target->connections == 0 ? 1 : target->connections,
        .queue = grpc_completion_queue_create_for_next(NULL),
        .path = path,
        .requests = requests,
        .request_count = request_count,
        .latency_us = calloc(count, sizeof(double)),
    };
    slot *slots = calloc(in_flight, sizeof *slots);
    PV_ASSERT(run.latency_us != NULL);
    PV_ASSERT(slots != NULL);
    for (size_t i = 0; i < run.connections; i++) {
        run.channels[i] = load_connect(target);
        await_ready(run.channels[i], run.queue);
    }
    double cpu = load_cpu_s(target->server);
    int64_t started = pv_time_monotonic_ns();
    drive(&run, slots, count, in_flight);
    run.result.wall_s = (double)(pv_time_monotonic_ns() - started) / 1e9;
    run.result.server_us_per_call = (load_cpu_s(target->server) - cpu) * 1e6 / (double)count;
    run.result.calls = count;
    qsort(run.latency_us, count, sizeof(double), compare_doubles);
    run.result.p50_us = run.latency_us[count / 2];
    run.result.p99_us = run.latency_us[count * 99 / 100];
    free(run.latency_us);
    free(slots);
    for (size_t i = 0; i < run.connections; i++) { grpc_channel_destroy(run.channels[i]); }
    grpc_completion_queue_shutdown(run.queue);
    while (grpc_completion_queue_next(run.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN) {}
    grpc_completion_queue_destroy(run.queue);
    grpc_shutdown_blocking();
    return run.result;
}
