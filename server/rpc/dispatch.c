#include "server/rpc/dispatch.h"

#include <stdlib.h>

struct pv_rpc_dispatch {
    size_t slot_count; /* a power of two, at least twice the methods */
    size_t method_count;
    size_t method_count_max;
    size_t request_bytes_max;
    size_t service_count;
    size_t service_count_max;
    const char **services;
    pv_rpc_method *methods;
    uint32_t *slots; /* method number + 1; 0: free */
};

/* FNV-1a. The table is fixed before the first call, so its longest probe is known and a peer that
 * chooses paths can only miss. */
static uint64_t hash(pv_view path)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < path.size; i++) {
        value = (value ^ path.data[i]) * UINT64_C(0x100000001b3);
    }
    return value ^ (value >> 29);
}

pv_rpc_dispatch *pv_rpc_dispatch_create(size_t service_count_max, size_t method_count_max)
{
    pv_rpc_dispatch *dispatch = (pv_rpc_dispatch *)calloc(1, sizeof *dispatch);
    PV_ASSERT(dispatch != NULL);
    dispatch->slot_count = 16;
    while (dispatch->slot_count < 2 * method_count_max) { dispatch->slot_count *= 2; }
    dispatch->method_count_max = method_count_max;
    dispatch->service_count_max = service_count_max;
    dispatch->services = (const char **)calloc(service_count_max + 1, sizeof *dispatch->services);
    dispatch->methods = (pv_rpc_method *)calloc(method_count_max + 1, sizeof *dispatch->methods);
    dispatch->slots = (uint32_t *)calloc(dispatch->slot_count, sizeof *dispatch->slots);
    PV_ASSERT(dispatch->services != NULL && dispatch->methods != NULL && dispatch->slots != NULL);
    return dispatch;
}

void pv_rpc_dispatch_destroy(pv_rpc_dispatch *dispatch)
{
    if (dispatch == NULL) { return; }
    free((void *)dispatch->services);
    free(dispatch->methods);
    free(dispatch->slots);
    free(dispatch);
}

/* The slot of the path, or the free one where it would stand. */
static size_t slot_of(const pv_rpc_dispatch *dispatch, pv_view path)
{
    size_t mask = dispatch->slot_count - 1;
    size_t slot = (size_t)hash(path) & mask;
    while (dispatch->slots[slot] != 0) {
        const pv_rpc_method *method = &dispatch->methods[dispatch->slots[slot] - 1];
        if (pv_view_equal(pv_view_text(method->info.path), path)) { break; }
        slot = (slot + 1) & mask;
    }
    return slot;
}

bool pv_rpc_dispatch_add(pv_rpc_dispatch *dispatch, const pv_service *service, bool builtin,
                         size_t request_bytes_default)
{
    PV_ASSERT(dispatch->service_count < dispatch->service_count_max);
    dispatch->services[dispatch->service_count] = service->info->name;
    dispatch->service_count++;
    for (size_t i = 0; i < service->info->method_count; i++) {
        const pv_method_info *info = &service->info->methods[i];
        size_t slot = slot_of(dispatch, pv_view_text(info->path));
        if (dispatch->slots[slot] != 0) { return false; }
        PV_ASSERT(dispatch->method_count < dispatch->method_count_max);
        pv_rpc_method *method = &dispatch->methods[dispatch->method_count];
        method->info = *info;
        method->handler = &service->handlers[i];
        method->builtin = builtin;
        method->request_bytes_max =
            info->request_bytes_max != 0 ? info->request_bytes_max : request_bytes_default;
        if (builtin) { method->info.flags = PV_METHOD_ANY; }
        if (method->request_bytes_max > dispatch->request_bytes_max) {
            dispatch->request_bytes_max = method->request_bytes_max;
        }
        dispatch->method_count++;
        dispatch->slots[slot] = (uint32_t)dispatch->method_count;
    }
    return true;
}

const pv_rpc_method *pv_rpc_dispatch_find(const pv_rpc_dispatch *dispatch, pv_view path)
{
    uint32_t number = dispatch->slots[slot_of(dispatch, path)];
    return number == 0 ? NULL : &dispatch->methods[number - 1];
}

size_t pv_rpc_dispatch_request_bytes_max(const pv_rpc_dispatch *dispatch)
{
    return dispatch->request_bytes_max;
}

bool pv_rpc_dispatch_find_service(const pv_rpc_dispatch *dispatch, const char *name,
                                  size_t *ret_index)
{
    for (size_t i = 0; i < dispatch->service_count; i++) {
        if (strcmp(dispatch->services[i], name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

const char *pv_rpc_dispatch_service(const pv_rpc_dispatch *dispatch, size_t index)
{
    return index < dispatch->service_count ? dispatch->services[index] : NULL;
}
