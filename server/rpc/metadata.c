/* metadata.c — what travels beside the messages: the application's headers and trailers, and the
 * metadata of the request. */
#include "server/rpc/internal.h"

/* By address: the bytes of a short slice are inside it. */
static pv_view view_of(const grpc_slice *slice)
{
    return pv_view_of(GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice));
}

/* Keeps a copy of the pair if gRPC can send it. */
static bool add(pv_arena *arena, struct pv_rpc_pair *pairs, size_t *count, size_t count_max,
                const char *key, pv_view value)
{
    if (*count == count_max) { return false; }
    const char *own_key = pv_arena_dup(arena, pv_view_text(key));
    const char *own_value = pv_arena_dup(arena, value);
    if (own_key == NULL || own_value == NULL) { return false; }
    grpc_slice key_slice = grpc_slice_from_static_string(own_key);
    grpc_slice value_slice = grpc_slice_from_static_buffer(own_value, value.size);
    bool legal = grpc_header_key_is_legal(key_slice) != 0 &&
                 (grpc_is_binary_header(key_slice) != 0 ||
                  grpc_header_nonbin_value_is_legal(value_slice) != 0);
    if (!legal) { return false; }
    pairs[*count].key = own_key;
    pairs[*count].value = pv_view_of(own_value, value.size);
    (*count)++;
    return true;
}

bool pv_rpc_trailer(pv_call *base, const char *key, const char *value)
{
    return pv_rpc_trailer_bytes(base, key, pv_view_text(value));
}

bool pv_rpc_trailer_bytes(pv_call *base, const char *key, pv_view value)
{
    pv_rpc_call *call = pv_rpc_call_of(base);
    return add(base->arena, call->trailers, &call->trailer_count, PV_RPC_TRAILERS_MAX, key, value);
}

bool pv_rpc_header(pv_call *base, const char *key, pv_view value)
{
    pv_rpc_call *call = pv_rpc_call_of(base);
    if (call->headers_closed) { return false; }
    return add(base->arena, call->headers, &call->header_count, PV_RPC_HEADERS_MAX, key, value);
}

size_t pv_rpc_pairs_slices(const struct pv_rpc_pair *pairs, size_t count, grpc_metadata *ret_slices)
{
    memset(ret_slices, 0, count * sizeof *ret_slices);
    for (size_t i = 0; i < count; i++) {
        ret_slices[i].key = grpc_slice_from_static_string(pairs[i].key);
        ret_slices[i].value =
            grpc_slice_from_copied_buffer((const char *)pairs[i].value.data, pairs[i].value.size);
    }
    return count;
}

pv_view pv_rpc_metadata(const pv_call *base, const char *key)
{
    const pv_rpc_call *call = (const pv_rpc_call *)(const void *)base;
    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];
        if (pv_view_equal(view_of(&entry->key), pv_view_text(key))) {
            return view_of(&entry->value);
        }
    }
    return pv_view_of(NULL, 0);
}
