/* stub.h — the functions on which generated client stubs stand. They are defined in client/rpc; this
 * header knows neither gRPC nor any domain. Callers do not use it directly: the typed wrappers in X.pv.h
 * do (`pv_order_client_get_order` and its like), one per method, and nothing else casts message types.
 *
 * Memory: requests are borrowed for the call of the function. Responses live in the arena given with the
 * call. Texts of `ret_error` live in that arena too.
 * Threads: a pv_client may be used from many threads; a pv_client_call by one thread at a time.
 * Time: every call has a deadline (pv_client_options); no function blocks beyond it. */
#ifndef PV_PROTOS_RUNTIME_STUB_H
#define PV_PROTOS_RUNTIME_STUB_H

#include "base/arena.h"
#include "base/error.h"
#include "protos/runtime/rules.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A connection to one server. */
typedef struct pv_client pv_client;

/* One streaming call that is open. */
typedef struct pv_client_call pv_client_call;

/* Deadline and metadata of one call. NULL stands for the client's defaults. */
typedef struct pv_client_options pv_client_options;

/* Calls a unary method and waits for its answer. `ret_error` is filled with what the server said when
 * the status is not OK; it may be NULL. */
pv_status pv_client_unary(pv_client *client, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          ProtobufCMessage **ret_response, pv_error *ret_error);

/* Opens a call of any kind; `request` goes out with it when the kind has one request only, and is NULL
 * otherwise. `ret_error` is kept and filled when the call ends; it may be NULL and must outlive the call.
 * When the status is not OK there is no call to finish. */
pv_status pv_client_start(pv_client *client, const pv_method_info *method, pv_arena *arena,
                          const pv_client_options *options, const ProtobufCMessage *request,
                          pv_client_call **ret_call, pv_error *ret_error);

/* The same without a request. */
pv_status pv_client_open(pv_client *client, const pv_method_info *method, pv_arena *arena,
                         const pv_client_options *options, pv_client_call **ret_call,
                         pv_error *ret_error);

/* Sends one message; blocks while the server does not take more. */
pv_status pv_client_send(pv_client_call *call, const ProtobufCMessage *message);

/* Says that no more messages will be sent. */
pv_status pv_client_close_send(pv_client_call *call);

/* Waits for the next message, which is unpacked into `arena`. OK with a NULL message is the end of the
 * stream: pv_client_finish tells how it ended. */
pv_status pv_client_receive(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_message);

/* Of calls with one answer: says that all is sent, waits for the answer, which is unpacked into `arena`,
 * and frees the call, also when it failed. */
pv_status pv_client_answer(pv_client_call *call, pv_arena *arena, ProtobufCMessage **ret_response);

/* Ends the call and frees it: the server's status if the stream has ended, otherwise the call is
 * cancelled. */
pv_status pv_client_finish(pv_client_call *call);

#ifdef __cplusplus
}
#endif
#endif
