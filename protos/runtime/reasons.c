#include "protos/runtime/reasons.h"

const pv_reason pv_reason_malformed_message = {
    .name = "MALFORMED_MESSAGE",
    .code = PV_CODE_INVALID_ARGUMENT,
    .text = "The request is not a well-formed message of its type.",
    .next_step = "Build the request with code generated from the current .proto files.",
};

const pv_reason pv_reason_invalid_field = {
    .name = "INVALID_FIELD",
    .code = PV_CODE_INVALID_ARGUMENT,
    .text = "One or more fields do not hold what they must.",
    .next_step = "Correct the fields named in the violations and send the request again.",
};

const pv_reason pv_reason_message_too_large = {
    .name = "MESSAGE_TOO_LARGE",
    .code = PV_CODE_RESOURCE_EXHAUSTED,
    .text = "The request is larger than this method accepts.",
    .next_step =
        "Split the request into smaller ones, or use the streaming method if there is one.",
};

const pv_reason pv_reason_arena_exhausted = {
    .name = "ARENA_EXHAUSTED",
    .code = PV_CODE_RESOURCE_EXHAUSTED,
    .text = "The call needs more memory than one call may use.",
    .next_step = "Ask for less at a time: a smaller page, fewer elements, shorter values.",
};

const pv_reason pv_reason_deadline_exceeded = {
    .name = "DEADLINE_EXCEEDED",
    .code = PV_CODE_DEADLINE_EXCEEDED,
    .text = "The deadline of the call passed before it was done.",
    .next_step = "Send the request again with the same request_id and a later deadline.",
};

const pv_reason pv_reason_cancelled = {
    .name = "CANCELLED",
    .code = PV_CODE_CANCELLED,
    .text = "The call was cancelled by the client.",
    .next_step = "If the outcome matters, send the request again with the same request_id.",
};

const pv_reason pv_reason_unimplemented_method = {
    .name = "UNIMPLEMENTED_METHOD",
    .code = PV_CODE_UNIMPLEMENTED,
    .text = "This server has no such method.",
    .next_step = "Check the method's path; server reflection lists what there is.",
};

const pv_reason pv_reason_server_draining = {
    .name = "SERVER_DRAINING",
    .code = PV_CODE_UNAVAILABLE,
    .text = "The server is about to stop and takes no new calls.",
    .next_step = "Connect again and send the request again with the same request_id.",
};

const pv_reason pv_reason_queue_full = {
    .name = "QUEUE_FULL",
    .code = PV_CODE_RESOURCE_EXHAUSTED,
    .text = "More requests are waiting than the server accepts.",
    .next_step =
        "Wait as long as the error says, then send the request again with the same request_id.",
};

const pv_reason pv_reason_internal = {
    .name = "INTERNAL",
    .code = PV_CODE_INTERNAL,
    .text = "The server failed on this request.",
    .next_step = "Report the request's id to the operator of the server.",
};

const pv_reason pv_reason_unauthenticated_peer = {
    .name = "UNAUTHENTICATED_PEER",
    .code = PV_CODE_UNAUTHENTICATED,
    .text = "The connection has no client certificate that this server accepts.",
    .next_step = "Connect with a client certificate issued by this server's authority.",
};

const pv_reason pv_reason_compression_unsupported = {
    .name = "COMPRESSION_UNSUPPORTED",
    .code = PV_CODE_UNIMPLEMENTED,
    .text = "The message is compressed, which this server does not accept.",
    .next_step = "Switch off compression of requests in the client.",
};

const pv_reason pv_reason_cardinality_violation = {
    .name = "CARDINALITY_VIOLATION",
    .code = PV_CODE_UNIMPLEMENTED,
    .text = "The call did not carry exactly one request message.",
    .next_step = "Send exactly one message, as the method's kind demands.",
};

const pv_reason *const pv_runtime_reasons[] = {
    &pv_reason_malformed_message,
    &pv_reason_invalid_field,
    &pv_reason_message_too_large,
    &pv_reason_arena_exhausted,
    &pv_reason_deadline_exceeded,
    &pv_reason_cancelled,
    &pv_reason_unimplemented_method,
    &pv_reason_server_draining,
    &pv_reason_queue_full,
    &pv_reason_internal,
    &pv_reason_unauthenticated_peer,
    &pv_reason_compression_unsupported,
    &pv_reason_cardinality_violation,
};

const size_t pv_runtime_reason_count = sizeof pv_runtime_reasons / sizeof pv_runtime_reasons[0];
