/* echo — the yardstick: an echo server written by hand on the gRPC C core, with mTLS and nothing else. What a
 * call costs here is the floor; everything above it is ours.
 *
 * usage: echo CA.pem CERT.pem KEY.pem   (prints its port; ends on SIGTERM)
 * One polling thread, unregistered methods, one final batch per call: the same shape as server/rpc. */
#include "tests/bench/stream.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTSTANDING = 256, FILE_BYTES_MAX = 64 * 1024 };

typedef struct echo_call {
    enum { ARRIVING, READING, STREAMING, TAKING, ANSWERING } phase;
    enum { UNARY, DOWN, UP } kind;
    uint32_t sent; /* messages of a stream down */
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *message;
    grpc_byte_buffer *last; /* of a stream up */
    int cancelled;
} echo_call;

static grpc_server *server;
static grpc_completion_queue *queue;

static void die(const char *what)
{
    fprintf(stderr, "echo: %s\n", what);
    exit(1);
}

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) { die(path); }
    char *text = malloc(FILE_BYTES_MAX);
    if (text == NULL) { die("no memory"); }
    size_t size = fread(text, 1, FILE_BYTES_MAX - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

static void arm(echo_call *call)
{
    memset(call, 0, sizeof *call);
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    grpc_call_error error = grpc_server_request_call(server, &call->call, &call->details,
                                                     &call->metadata, queue, queue, call);
    if (error != GRPC_CALL_OK) { die("a call cannot be requested"); }
}

static void start(echo_call *call, const grpc_op *operations, size_t count)
{
    if (grpc_call_start_batch(call->call, operations, count, call, NULL) != GRPC_CALL_OK) {
        die("a batch was refused");
    }
}

static int kind_of(grpc_slice method)
{
    if (grpc_slice_str_cmp(method, "/bench.Echo/Down") == 0) { return DOWN; }
    return grpc_slice_str_cmp(method, "/bench.Echo/Up") == 0 ? UP : UNARY;
}

static void read_message(echo_call *call)
{
    grpc_op operation = {.op = GRPC_OP_RECV_MESSAGE};
    operation.data.recv_message.recv_message = &call->message;
    call->phase = READING;
    start(call, &operation, 1);
}

static void answer(echo_call *call)
{
    grpc_op operations[4];
    memset(operations, 0, sizeof operations);
    operations[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    operations[1].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
    operations[1].data.recv_close_on_server.cancelled = &call->cancelled;
    operations[2].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
    operations[2].data.send_status_from_server.status = GRPC_STATUS_OK;
    operations[3].op = GRPC_OP_SEND_MESSAGE;
    operations[3].data.send_message.send_message = call->message;
    call->phase = ANSWERING;
    start(call, operations, call->message == NULL ? 3 : 4);
}

/* The next message of a stream down; the last one with the status. All but the first may be buffered: a buffered
 * message in one batch with the headers would never be written. */
static void send_next(echo_call *call)
{
    grpc_byte_buffer *copy = grpc_byte_buffer_copy(call->message);
    grpc_op operations[4];
    memset(operations, 0, sizeof operations);
    size_t count = 0;
    bool first = call->sent == 0;
    bool last = ++call->sent == STREAM_MESSAGES;
    if (first) { operations[count++].op = GRPC_OP_SEND_INITIAL_METADATA; }
    operations[count].op = GRPC_OP_SEND_MESSAGE;
    operations[count].flags = first || last ? 0 : GRPC_WRITE_BUFFER_HINT;
    operations[count++].data.send_message.send_message = copy;
    if (last) {
        operations[count++].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
        operations[count].op = GRPC_OP_RECV_CLOSE_ON_SERVER;
        operations[count++].data.recv_close_on_server.cancelled = &call->cancelled;
    }
    call->phase = last ? ANSWERING : STREAMING;
    start(call, operations, count);
    grpc_byte_buffer_destroy(copy);
}

/* The peer of a stream has gone. */
static void abandon(echo_call *call)
{
    grpc_op operation = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    operation.data.recv_close_on_server.cancelled = &call->cancelled;
    call->phase = ANSWERING;
    start(call, &operation, 1);
}

/* A message of a stream up has come, or its end. */
static void take(echo_call *call)
{
    if (call->message == NULL) {
        call->message = call->last;
        call->last = NULL;
        answer(call);
        return;
    }
    if (call->last != NULL) { grpc_byte_buffer_destroy(call->last); }
    call->last = call->message;
    call->message = NULL;
    read_message(call);
    call->phase = TAKING;
}

static void received(echo_call *call)
{
    switch (call->kind) {
    case UNARY: answer(call); return;
    case DOWN: send_next(call); return;
    case UP: take(call); return;
    }
}

static void finish(echo_call *call)
{
    if (call->message != NULL) { grpc_byte_buffer_destroy(call->message); }
    grpc_slice_unref(call->details.method);
    grpc_slice_unref(call->details.host);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_unref(call->call);
}

/* Serves events until the queue is shut down or `until`. */
static bool serve(gpr_timespec until)
{
    for (;;) {
        grpc_event event = grpc_completion_queue_next(queue, until, NULL);
        if (event.type != GRPC_OP_COMPLETE) { return event.type == GRPC_QUEUE_SHUTDOWN; }
        echo_call *call = event.tag;
        if (call == NULL) { continue; }
        switch (call->phase) {
        case ARRIVING:
            if (!event.success) {
                free(call);
                break;
            }
            arm(calloc(1, sizeof *call));
            call->kind = kind_of(call->details.method);
            read_message(call);
            break;
        case READING: received(call); break;
        case TAKING: take(call); break;
        case STREAMING:
            if (event.success) {
                send_next(call);
            } else {
                abandon(call);
            }
            break;
        case ANSWERING:
            finish(call);
            free(call);
            break;
        default: die("an unknown phase");
        }
    }
}

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

static grpc_server_credentials *credentials(char **argv)
{
    grpc_ssl_pem_key_cert_pair pair = {.private_key = slurp(argv[3]), .cert_chain = slurp(argv[2])};
    return grpc_ssl_server_credentials_create_ex(
        slurp(argv[1]), &pair, 1, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 4) { die("usage: echo CA.pem CERT.pem KEY.pem"); }
    signal(SIGTERM, stop);
    grpc_init();
    queue = grpc_completion_queue_create_for_next(NULL);
    server = grpc_server_create(NULL, NULL);
    grpc_server_register_completion_queue(server, queue, NULL);
    int port = grpc_server_add_http2_port(server, "127.0.0.1:0", credentials(argv));
    if (port == 0) { die("no port"); }
    grpc_server_start(server);
    for (int i = 0; i < OUTSTANDING; i++) { arm(calloc(1, sizeof(echo_call))); }
    printf("%d\n", port);
    fflush(stdout);
    while (!stopping) {
        serve(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(100, GPR_TIMESPAN)));
    }
    grpc_server_shutdown_and_notify(server, queue, NULL);
    grpc_server_cancel_all_calls(server);
    serve(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(500, GPR_TIMESPAN)));
    grpc_server_destroy(server);
    grpc_completion_queue_shutdown(queue);
    while (!serve(gpr_inf_future(GPR_CLOCK_MONOTONIC))) {}
    grpc_completion_queue_destroy(queue);
    grpc_shutdown();
    return 0;
}
