/* reasons.h — the refusals that the runtime itself gives, whatever the application: malformed
 * input, exhausted limits, time, cardinality. Names are sent as ErrorInfo.reason and never
 * change. Business reasons are generated from the application's REASON enum instead. */
#ifndef PV_PROTOS_RUNTIME_REASONS_H
#define PV_PROTOS_RUNTIME_REASONS_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_reason pv_reason_malformed_message;       /* bytes that are no such message */
extern const pv_reason pv_reason_invalid_field;           /* a field against its rule */
extern const pv_reason pv_reason_message_too_large;       /* bytes or elements beyond the limit */
extern const pv_reason pv_reason_arena_exhausted;         /* the call's memory is used up */
extern const pv_reason pv_reason_deadline_exceeded;       /* the caller's deadline has passed */
extern const pv_reason pv_reason_cancelled;               /* the caller has gone */
extern const pv_reason pv_reason_unimplemented_method;    /* no such method here */
extern const pv_reason pv_reason_server_draining;         /* the server is about to stop */
extern const pv_reason pv_reason_queue_full;              /* more work waits than is accepted */
extern const pv_reason pv_reason_internal;                /* a fault of the server */
extern const pv_reason pv_reason_unauthenticated_peer;    /* no client certificate */
extern const pv_reason pv_reason_compression_unsupported; /* a compressed message */
extern const pv_reason pv_reason_cardinality_violation;   /* none or many messages, not one */

/* All of the above, for references and tests. */
extern const pv_reason *const pv_runtime_reasons[];
extern const size_t pv_runtime_reason_count;

#ifdef __cplusplus
}
#endif
#endif
