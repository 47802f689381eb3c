/* reply.h — building a packed reply by hand, for reads that splice stored bytes (call->reply). */
#ifndef PV_SERVER_FLOWS_REPLY_H
#define PV_SERVER_FLOWS_REPLY_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends a length-delimited field (a message, string or bytes). */
void pv_reply_bytes(pv_buffer *reply, unsigned number, pv_view bytes);

/* Appends a varint field (a bool, enum or unsigned number). */
void pv_reply_number(pv_buffer *reply, unsigned number, uint64_t value);

/* Makes the buffer (in call->scratch) the call's reply. Refuses when the arena was exhausted. */
PV_MUST_USE pv_status pv_reply_send(pv_call *call, const pv_buffer *reply);

#ifdef __cplusplus
}
#endif
#endif
