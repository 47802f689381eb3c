/* dispatch.h — from the path of a call to its method: a hash table built once. Immutable after
 * creation, so any thread may look. */
#ifndef PV_SERVER_RPC_DISPATCH_H
#define PV_SERVER_RPC_DISPATCH_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_rpc_method {
    pv_method_info info;
    const pv_handler *handler;
    bool builtin; /* health and reflection: the application's `run` is not asked */
    size_t request_bytes_max;
} pv_rpc_method;

typedef struct pv_rpc_dispatch pv_rpc_dispatch;

pv_rpc_dispatch *pv_rpc_dispatch_create(size_t service_count_max, size_t method_count_max);
void pv_rpc_dispatch_destroy(pv_rpc_dispatch *dispatch);

/* Adds the methods of a service, which must outlive the table. `builtin` ones may be called by
 * every authenticated caller and count as reads, whatever their options say. False: a path is
 * there already. */
PV_MUST_USE bool pv_rpc_dispatch_add(pv_rpc_dispatch *dispatch, const pv_service *service,
                                     bool builtin, size_t request_bytes_default);

/* NULL: no such method. The match is exact. */
const pv_rpc_method *pv_rpc_dispatch_find(const pv_rpc_dispatch *dispatch, pv_view path);

/* Number of the service with this full name, in the order they were added; false: there is none. */
bool pv_rpc_dispatch_find_service(const pv_rpc_dispatch *dispatch, const char *name,
                                  size_t *ret_index);

/* The names of the services, in the order they were added; NULL past the last. */
const char *pv_rpc_dispatch_service(const pv_rpc_dispatch *dispatch, size_t index);

/* The largest request of all methods. */
size_t pv_rpc_dispatch_request_bytes_max(const pv_rpc_dispatch *dispatch);

#ifdef __cplusplus
}
#endif
#endif
