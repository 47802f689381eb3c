/* call.c — what all calls have in common: their life, deadline, metadata, messages, the status at
 * the end. */
#include "client/rpc/internal.h"
#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/time.h>
#include <stdlib.h>

/* By address: the bytes of a short slice are inside it. */
static pv_view view_of(const grpc_slice *slice)
{
    return pv_view_of(GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

/* --- life --- */

static void on_sent(pv_client_call *call, bool ok)
{
    call->sending = false;
    call->unsendable = call->unsendable || !ok;
    pv_method_kind kind = call->method->kind;
    if (kind == PV_METHOD_CLIENT_STREAM || kind == PV_METHOD_BIDI_STREAM) {
        pv_client_loop_tell(call, PV_CLIENT_ROOM);
    }
}

static void on_closed(pv_client_call *call, bool ok)
{
    call->closing = false;
    call->unsendable = call->unsendable || !ok;
}

static void on_received(pv_client_call *call, bool ok)
{
    (void)ok; /* a receive that failed leaves no message */
    bool one_only = call->method->kind == PV_METHOD_CLIENT_STREAM;
    call->inbox_full = call->inbox != NULL;
    call->drained = !call->inbox_full || one_only;
    if (call->inbox_full && !one_only) { pv_client_loop_tell(call, PV_CLIENT_MESSAGE); }
}

/* The status, and with it, of a unary call, everything. */
static void on_status(pv_client_call *call, bool ok)
{
    (void)ok; /* the status says how it went */
    bool unary = call->method->kind == PV_METHOD_UNARY;
    call->sending = call->sending && !unary;
    call->drained = call->drained || unary;
}

/* Of a time from now on, what lies before the instant. What has passed gives a call that fails at
 * once. */
static int64_t at_most_until(pv_time instant, int64_t wait_ms)
{
    if (instant.utc_ns == 0) { return wait_ms; }
    int64_t left_ms = (instant.utc_ns - pv_time_now().utc_ns) / PV_NS_PER_MS;
    return left_ms < wait_ms ? left_ms : wait_ms;
}

pv_client_call *pv_client_call_create(pv_client *client, const pv_method_info *method,
                                      pv_arena *arena, const pv_client_options *options,
                                      pv_error *error)
{
    pv_client_call *call = (pv_client_call *)calloc(1, sizeof *call);
    PV_ASSERT(call != NULL);
    call->client = client;
    call->method = method;
    call->arena = arena;
    call->error = error;
    if (error != NULL) { pv_error_init(error, arena); }
    int64_t deadline_ms = client->deadline_ms;
    if (options != NULL) {
        call->ret_metadata = options->ret_metadata;
        call->loop = options->loop;
        call->app = options->app;
        if (options->deadline_ms > 0) { deadline_ms = options->deadline_ms; }
        deadline_ms = at_most_until(options->deadline, deadline_ms);
    }
    if (call->loop == NULL) {
        call->loop = &call->own_loop;
        pv_client_loop_init(call->loop);
    }
    call->loop->calls++;
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(deadline_ms, GPR_TIMESPAN));
    call->grpc =
        grpc_channel_create_call(client->channel, NULL, GRPC_PROPAGATE_DEFAULTS, call->loop->queue,
                                 grpc_slice_from_static_string(method->path), NULL, deadline, NULL);
    PV_ASSERT(call->grpc != NULL);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);
    call->status_text = grpc_empty_slice();
    call->on_sent = (pv_client_tag){on_sent, call};
    call->on_closed = (pv_client_tag){on_closed, call};
    call->on_received = (pv_client_tag){on_received, call};
    call->on_status = (pv_client_tag){on_status, call};
    return call;
}

void pv_client_call_destroy(pv_client_call *call)
{
    PV_ASSERT(call->pending == 0);
    pv_client_loop_forget(call);
    call->loop->calls--;
    if (call->inbox != NULL) { grpc_byte_buffer_destroy(call->inbox); }
    grpc_slice_unref(call->status_text);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_call_unref(call->grpc);
    if (call->loop == &call->own_loop) { pv_client_loop_deinit(call->loop); }
    free(call);
}

void pv_client_cancel(pv_client_call *call)
{
    __atomic_store_n(&call->cancelled, true, __ATOMIC_RELAXED);
    (void)grpc_call_cancel(call->grpc, NULL);
}

void pv_client_call_batch(pv_client_call *call, const grpc_op *ops, size_t count,
                          const pv_client_tag *tag)
{
    grpc_call_error error =
        grpc_call_start_batch(call->grpc, ops, count, (void *)(uintptr_t)tag, NULL);
    PV_ASSERT(error == GRPC_CALL_OK);
    call->pending++;
}

void pv_client_call_wait(pv_client_call *call, bool (*done)(const pv_client_call *call))
{
    while (!done(call)) {
        bool came = pv_client_loop_pump(call->loop, gpr_inf_future(GPR_CLOCK_MONOTONIC));
        PV_ASSERT(came);
    }
}

bool pv_client_call_ended(const pv_client_call *call)
{
    return call->pending == 0;
}

/* --- metadata --- */

size_t pv_client_op_metadata(const pv_client_options *options, grpc_op *op, grpc_metadata *metadata)
{
    op->op = GRPC_OP_SEND_INITIAL_METADATA;
    if (options == NULL) { return 0; }
    if (options->wait_for_ready) {
        op->flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY |
                    GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET;
    }
    PV_ASSERT(options->metadata_count <= PV_CLIENT_METADATA_MAX);
    for (size_t i = 0; i < options->metadata_count; i++) {
        memset(&metadata[i], 0, sizeof metadata[i]);
        metadata[i].key = grpc_slice_from_copied_string(options->metadata[i].key);
        pv_view value = options->metadata[i].value;
        metadata[i].value = grpc_slice_from_copied_buffer((const char *)value.data, value.size);
    }
    op->data.send_initial_metadata.count = options->metadata_count;
    op->data.send_initial_metadata.metadata = metadata;
    return options->metadata_count;
}

void pv_client_metadata_drop(grpc_metadata *metadata, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        grpc_slice_unref(metadata[i].key);
        grpc_slice_unref(metadata[i].value);
    }
}

static void copy_metadata(const grpc_metadata_array *array, pv_arena *arena,
                          pv_client_pair **ret_pairs, size_t *ret_count)
{
    *ret_count = 0;
    *ret_pairs = (pv_client_pair *)pv_arena_zalloc(arena, array->count + 1, sizeof **ret_pairs);
    if (*ret_pairs == NULL) { return; }
    for (size_t i = 0; i < array->count; i++) {
        pv_client_pair *pair = &(*ret_pairs)[*ret_count];
        pv_view value = view_of(&array->metadata[i].value);
        pair->key = pv_arena_dup(arena, view_of(&array->metadata[i].key));
        pair->value = pv_view_of(pv_arena_dup(arena, value), value.size);
        if (pair->key == NULL || pair->value.data == NULL) { return; }
        (*ret_count)++;
    }
}

static pv_view find_metadata(const grpc_metadata_array *array, const char *key)
{
    for (size_t i = 0; i < array->count; i++) {
        if (pv_view_equal(view_of(&array->metadata[i].key), pv_view_text(key))) {
            return view_of(&array->metadata[i].value);
        }
    }
    return pv_view_of(NULL, 0);
}

/* --- messages --- */

grpc_byte_buffer *pv_client_encode(const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    grpc_slice slice = grpc_slice_malloc(size);
    size_t packed = protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    PV_ASSERT(packed == size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/* A fault of the server's answer, not of the caller: whatever the check says, it is INTERNAL
 * here. */
static pv_status bad_answer(pv_client_call *call, const char *what)
{
    pv_error unused;
    pv_error *error = call->error == NULL ? &unused : call->error;
    pv_error_init(error, call->arena);
    return pv_refuse(error, &pv_reason_internal, "the server's answer to %s: %s",
                     call->method->path, what);
}

pv_status pv_client_call_decode(pv_client_call *call, pv_arena *arena,
                                ProtobufCMessage **ret_message)
{
    if (call->inbox == NULL) { return bad_answer(call, "there is no message"); }
    grpc_byte_buffer_reader reader;
    if (grpc_byte_buffer_reader_init(&reader, call->inbox) == 0) {
        return bad_answer(call, "it cannot be decompressed");
    }
    grpc_slice bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(call->inbox);
    call->inbox = NULL;
    call->inbox_full = false;
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = NULL;
    pv_status status =
        pv_message_decode(call->method->response, view_of(&bytes), arena, &error, &message);
    grpc_slice_unref(bytes);
    if (!pv_is_ok(status)) {
        return bad_answer(call, error.message != NULL ? error.message : error.reason->text);
    }
    *ret_message = message;
    return pv_ok();
}

/* --- the end --- */

static pv_code code_of(grpc_status_code status)
{
    bool known = (int)status >= (int)PV_CODE_OK && (int)status <= (int)PV_CODE_UNAUTHENTICATED;
    return known ? (pv_code)status : PV_CODE_UNKNOWN;
}

/* A call that reaches a server in the moment of its shutdown is reset by the server's core without a status, which
 * the core here tells as CANCELLED. Nobody cancelled it: the server is not there any more. */
static void name_reset(pv_client_call *call, pv_view details)
{
    bool by_us = __atomic_load_n(&call->cancelled, __ATOMIC_RELAXED);
    if (call->status != GRPC_STATUS_CANCELLED || by_us || details.size > 0) { return; }
    call->status = GRPC_STATUS_UNAVAILABLE;
    grpc_slice_unref(call->status_text);
    call->status_text =
        grpc_slice_from_static_string("the server ended the call without an answer");
}

pv_status pv_client_call_conclude(pv_client_call *call)
{
    pv_client_call_wait(call, pv_client_call_ended);
    if (call->concluded) { return call->result; }
    call->concluded = true;
    pv_view details = find_metadata(&call->trailing, "grpc-status-details-bin");
    name_reset(call, details);
    call->result = pv_status_of(code_of(call->status));
    if (call->ret_metadata != NULL) {
        pv_client_metadata *metadata = call->ret_metadata;
        copy_metadata(&call->initial, call->arena, &metadata->initial, &metadata->initial_count);
        copy_metadata(&call->trailing, call->arena, &metadata->trailing, &metadata->trailing_count);
    }
    if (!pv_is_ok(call->result) && call->error != NULL) {
        pv_client_error_read(call->error, call->arena, call->result.code,
                             view_of(&call->status_text), details);
    }
    return call->result;
}
