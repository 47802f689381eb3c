/* details.h — turns a pv_error into what travels: the message, and google.rpc.Status with its
 * details for the trailer `grpc-status-details-bin`. Knows no transport.
 *
 * Limit: message and details together have at most PV_RPC_DETAILS_BYTES_MAX bytes, since a
 * client on gRPC 1.51 refuses larger trailers altogether. Violations are cut first, from the
 * end, then named values, then the resource; ErrorInfo.metadata["violations_omitted"] says how
 * many violations are missing. */
#ifndef PV_SERVER_RPC_DETAILS_H
#define PV_SERVER_RPC_DETAILS_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_rpc_details {
    const char *message; /* never NULL */
    pv_view packed; /* google.rpc.Status; empty when there is nothing beside code and message */
} pv_rpc_details;

/* Builds both in `arena`, which should have 256 KiB: without memory the details are left out. An
 * OK status, and one without a reason, has no details. The status decides the code that is sent. */
void pv_rpc_details_build(const pv_error *error, pv_status status, const char *domain,
                          pv_arena *arena, pv_rpc_details *ret_details);

#ifdef __cplusplus
}
#endif
#endif
