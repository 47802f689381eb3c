/* What a handler reads and sends beside the messages: any key is found or not, any pair is kept or
 * refused, and what is kept is what gRPC can send. */
#include "server/rpc/internal.h"
#include "tests/fuzz/fuzz.h"

enum { ENTRIES_MAX = 8 };

static grpc_slice slice_of(pv_view bytes)
{
    return grpc_slice_from_copied_buffer((const char *)bytes.data, bytes.size);
}

/* The metadata of a request, as the core gives it; half of what is asked for is there. */
static void read_request(pv_rpc_call *call, pv_view *input)
{
    grpc_metadata entries[ENTRIES_MAX];
    memset(entries, 0, sizeof entries);
    call->metadata.metadata = entries;
    while (call->metadata.count < ENTRIES_MAX && (pv_fuzz_byte(input) & 1) != 0) {
        grpc_metadata *one = &entries[call->metadata.count++];
        one->key = slice_of(pv_fuzz_piece(input));
        one->value = slice_of(pv_fuzz_piece(input));
    }
    for (size_t i = 0; i < call->metadata.count; i++) {
        pv_view key =
            pv_view_of(GRPC_SLICE_START_PTR(entries[i].key), GRPC_SLICE_LENGTH(entries[i].key));
        const char *text = pv_arena_dup(call->exchange.call.arena, key);
        pv_view found = pv_rpc_metadata(pv_rpc_base(call), text);
        bool cut = strlen(text) < key.size; /* at a NUL, which the core refuses */
        PV_ASSERT(cut || found.data != NULL);
        PV_ASSERT(cut || found.size <= UINT8_MAX);
    }
    for (size_t i = 0; i < call->metadata.count; i++) {
        grpc_slice_unref(entries[i].key);
        grpc_slice_unref(entries[i].value);
    }
    call->metadata.count = 0;
}

static void check_pairs(const struct pv_rpc_pair *pairs, size_t count)
{
    grpc_metadata slices[PV_RPC_HEADERS_MAX + PV_RPC_TRAILERS_MAX];
    PV_ASSERT(pv_rpc_pairs_slices(pairs, count, slices) == count);
    for (size_t i = 0; i < count; i++) {
        PV_ASSERT(grpc_header_key_is_legal(slices[i].key) != 0);
        PV_ASSERT(grpc_is_binary_header(slices[i].key) != 0 ||
                  grpc_header_nonbin_value_is_legal(slices[i].value) != 0);
        PV_ASSERT(GRPC_SLICE_LENGTH(slices[i].value) == pairs[i].value.size);
        grpc_slice_unref(slices[i].key);
        grpc_slice_unref(slices[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_rpc_call *call = (pv_rpc_call *)pv_arena_zalloc(arena, 1, sizeof *call);
    PV_ASSERT(call != NULL);
    pv_call *base = pv_rpc_base(call);
    base->arena = arena;
    read_request(call, &input);
    while (input.size > 0) {
        uint8_t choice = pv_fuzz_byte(&input);
        const char *key = pv_arena_dup(arena, pv_fuzz_piece(&input));
        pv_view value = pv_fuzz_piece(&input);
        size_t before = call->trailer_count + call->header_count;
        bool kept = (choice & 1) != 0 ? pv_rpc_trailer_bytes(base, key, value)
                                      : pv_rpc_header(base, key, value);
        PV_ASSERT(call->trailer_count + call->header_count == before + (kept ? 1 : 0));
    }
    check_pairs(call->headers, call->header_count);
    check_pairs(call->trailers, call->trailer_count);
    pv_arena_destroy(arena);
    return 0;
}
