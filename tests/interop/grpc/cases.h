/* cases.h — the test cases of gRPC's interoperability tests, by doc/interop-test-descriptions.md of
 * the gRPC project. Each returns whether the peer behaved; what it did instead is on stderr. */
#ifndef PV_TESTS_INTEROP_GRPC_CASES_H
#define PV_TESTS_INTEROP_GRPC_CASES_H

#include "client/rpc/client.h"
#include "grpc/testing/test.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One case's connection and memory. */
typedef struct interop_run {
    pv_client *client;
    pv_arena *arena;
    pv_error error;              /* of the last call */
    pv_client_metadata metadata; /* of the last call with interop_echo_options */
} interop_run;

/* Says what went wrong; always false. */
__attribute__((format(printf, 1, 2))) bool interop_fail(const char *format, ...);

/* Whether a call of `what` ended with this code; says so if not. */
bool interop_expect(const interop_run *run, const char *what, pv_status status, pv_code code);

/* The same for UNKNOWN with this message. */
bool interop_expect_unknown(const interop_run *run, const char *what, pv_status status,
                            const char *message);

/* A payload of zeros, in the run's memory. */
grpc_testing_payload *interop_zeros(interop_run *run, size_t size);

/* Whether it has `size` zeros. */
bool interop_check_payload(const grpc_testing_payload *payload, size_t size);

/* Options of a call that sends the metadata a test server echoes; then whether it did. */
pv_client_options interop_echo_options(interop_run *run);
bool interop_check_echo(const interop_run *run, const char *what);

/* unary.c */
bool interop_empty_unary(interop_run *run);
bool interop_large_unary(interop_run *run);
bool interop_status_code_and_message(interop_run *run);
bool interop_special_status_message(interop_run *run);
bool interop_unimplemented_method(interop_run *run);
bool interop_unimplemented_service(interop_run *run);
bool interop_custom_metadata(interop_run *run);
bool interop_client_compressed_unary(interop_run *run);
bool interop_server_compressed_unary(interop_run *run);

/* streams.c */
bool interop_client_streaming(interop_run *run);
bool interop_server_streaming(interop_run *run);
bool interop_ping_pong(interop_run *run);
bool interop_empty_stream(interop_run *run);
bool interop_cancel_after_begin(interop_run *run);
bool interop_cancel_after_first_response(interop_run *run);
bool interop_timeout_on_sleeping_server(interop_run *run);
bool interop_client_compressed_streaming(interop_run *run);
bool interop_server_compressed_streaming(interop_run *run);
bool interop_stream_status(interop_run *run);   /* the second half of status_code_and_message */
bool interop_stream_metadata(interop_run *run); /* the second half of custom_metadata */

#ifdef __cplusplus
}
#endif
#endif
