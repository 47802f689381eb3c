/* What a client makes of the end of a call: the status, its message, its details and the trailers, as a
 * hostile server sends them, and as our own server packs them. The first byte chooses. */
#include "base/utf8.h"
#include "client/rpc/internal.h"
#include "server/rpc/details.h"
#include "server/rpc/limits.h"
#include "tests/fuzz/fuzz.h"

enum { TRAILERS_MAX = 8, ARENA_BYTES = 1 << 20 };

/* Whatever a server sends, a text is UTF-8. */
static size_t size_of(const char *text)
{
    size_t bad;
    PV_ASSERT(pv_utf8_check(pv_view_text(text), &bad));
    return strlen(text);
}

/* Reads every text, so that one that has no end or is not there is found. */
static void check_texts(const pv_error *error)
{
    PV_ASSERT(error->reason != NULL && error->reason->name[0] != '\0');
    PV_ASSERT(error->metadata_count <= PV_ERROR_METADATA_MAX);
    PV_ASSERT(error->violation_count <= PV_ERROR_VIOLATIONS_MAX);
    PV_ASSERT(error->retry_after_ms >= 0);
    size_t total = size_of(error->reason->text) + size_of(error->reason->next_step);
    total += error->message == NULL ? 0 : size_of(error->message);
    for (size_t i = 0; i < error->metadata_count; i++) {
        total += size_of(error->metadata[i].key) + size_of(error->metadata[i].value);
    }
    for (size_t i = 0; i < error->violation_count; i++) {
        const pv_error_violation *one = &error->violations[i];
        total += size_of(one->subject) + size_of(one->description);
        PV_ASSERT((one->type != NULL) == (error->violation_kind == PV_VIOLATION_PRECONDITION));
    }
    PV_ASSERT((error->resource_type == NULL) == (error->resource_name == NULL));
    if (error->resource_type != NULL) {
        total += size_of(error->resource_type) + size_of(error->resource_name);
    }
    PV_ASSERT(total <= ARENA_BYTES);
}

static void read_details(pv_view input, pv_arena *arena)
{
    pv_error error;
    pv_code code = (pv_code)(1 + pv_fuzz_byte(&input) % 16);
    pv_view text = pv_fuzz_piece(&input);
    pv_client_error_read(&error, arena, code, text, input);
    PV_ASSERT(error.reason->code == code);
    check_texts(&error);
}

static grpc_slice slice_of(pv_view bytes)
{
    return grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size);
}

/* The end of a call with these trailers, as the core would give it. */
static void conclude(pv_view input, pv_arena *arena)
{
    static const char *const keys[] = {"grpc-status-details-bin", "x-trace", "x-bytes-bin", ""};
    grpc_metadata trailers[TRAILERS_MAX];
    memset(trailers, 0, sizeof trailers);
    pv_error error;
    pv_error_init(&error, arena);
    pv_client_metadata metadata;
    pv_client_call call = {.arena = arena, .error = &error, .ret_metadata = &metadata};
    call.status = (grpc_status_code)(pv_fuzz_byte(&input) % 20);
    call.status_text = slice_of(pv_fuzz_piece(&input));
    call.trailing.metadata = trailers;
    while (call.trailing.count < TRAILERS_MAX && input.size > 0) {
        grpc_metadata *one = &trailers[call.trailing.count++];
        const char *key = keys[pv_fuzz_byte(&input) % 4];
        one->key = slice_of(*key == '\0' ? pv_fuzz_piece(&input) : pv_view_text(key));
        one->value = slice_of(pv_fuzz_piece(&input));
    }
    pv_status status = pv_client_call_conclude(&call);
    PV_ASSERT(metadata.trailing_count == call.trailing.count && metadata.initial_count == 0);
    if (!pv_is_ok(status)) { check_texts(&error); }
    PV_ASSERT(pv_client_call_conclude(&call).code == status.code);
    for (size_t i = 0; i < call.trailing.count; i++) {
        grpc_slice_unref(trailers[i].key);
        grpc_slice_unref(trailers[i].value);
    }
    grpc_slice_unref(call.status_text);
}

static char *text_of(pv_view *input, pv_arena *arena)
{
    return pv_arena_dup(arena, pv_fuzz_piece(input));
}

/* A refusal of our own server, packed and read again. */
static void pack_and_read(pv_view input, pv_arena *arena)
{
    pv_error error, again;
    pv_error_init(&error, arena);
    pv_reason reason = {
        .name = "SOME_REASON", .code = PV_CODE_ABORTED, .text = "No.", .next_step = ""};
    const char *message = text_of(&input, arena);
    pv_status status = pv_refuse(&error, &reason, "%s", message);
    pv_violation_kind kind = (pv_violation_kind)(pv_fuzz_byte(&input) % 3);
    bool resource = (pv_fuzz_byte(&input) & 1) != 0;
    if (resource) { pv_error_resource(&error, text_of(&input, arena), text_of(&input, arena)); }
    error.retry_after_ms = pv_fuzz_number(&input);
    while (input.size > 0) {
        if ((pv_fuzz_byte(&input) & 1) != 0) {
            pv_error_note(&error, text_of(&input, arena), "%s", text_of(&input, arena));
        } else {
            const char *type = kind == PV_VIOLATION_PRECONDITION ? text_of(&input, arena) : NULL;
            const char *subject = text_of(&input, arena);
            pv_error_violate(&error, kind, type, subject, "%s", text_of(&input, arena));
        }
    }
    pv_rpc_details details;
    pv_rpc_details_build(&error, status, "fuzz.example", arena, &details);
    PV_ASSERT(strlen(details.message) + details.packed.size <= PV_RPC_DETAILS_BYTES_MAX);
    pv_client_error_read(&again, arena, status.code, pv_view_text(details.message), details.packed);
    check_texts(&again);
    PV_ASSERT(strcmp(again.reason->name, reason.name) == 0);
    PV_ASSERT(again.retry_after_ms == error.retry_after_ms);
    PV_ASSERT(again.violation_count <= error.violation_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    switch (pv_fuzz_byte(&input) % 3) {
    case 0: read_details(input, arena); break;
    case 1: conclude(input, arena); break;
    default: pack_and_read(input, arena);
    }
    pv_arena_destroy(arena);
    return 0;
}
