"""gRPC's interoperability test cases with Debian's grpcio and stubs generated from its .proto files.

usage: client.py STUBS ADDRESS [CA]   (STUBS holds grpc/testing/*_pb2*.py; with CA over TLS)
"""
import sys

import grpc

# The stubs' package has the library's name: both folders make it up.
grpc.__path__.append(sys.argv[1] + '/grpc')
from grpc.testing import empty_pb2, messages_pb2, test_pb2_grpc  # noqa: E402

ADDRESS = sys.argv[2]
CA = sys.argv[3] if len(sys.argv) > 3 else None
WAIT = 20
REQUESTS = (27182, 8, 1828, 45904)
ANSWERS = (31415, 9, 2653, 58979)
LARGE_REQUEST, LARGE_ANSWER = 271828, 314159
MESSAGE = 'test status message'
SPECIAL = '\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n'
TEXT = ('x-grpc-test-echo-initial', 'test_initial_metadata_value')
BYTES = ('x-grpc-test-echo-trailing-bin', b'\xab\xab\xab')
Code = grpc.StatusCode


def connect():
    if CA is None:
        return grpc.insecure_channel(ADDRESS)
    with open(CA, 'rb') as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(ADDRESS, credentials, [('grpc.ssl_target_name_override', 'foo.test.google.fr')])


def zeros(size):
    return messages_pb2.Payload(body=bytes(size))


def large(**fields):
    return messages_pb2.SimpleRequest(response_size=LARGE_ANSWER, payload=zeros(LARGE_REQUEST), **fields)


def output(sizes, payload=0):
    return messages_pb2.StreamingOutputCallRequest(
        response_parameters=[messages_pb2.ResponseParameters(size=size) for size in sizes], payload=zeros(payload))


def expect_error(code, function, text=None):
    try:
        function()
    except grpc.RpcError as error:
        assert error.code() == code, f'{error.code()} instead of {code}: {error.details()}'
        assert text is None or error.details() == text, f'{error.details()!r} instead of {text!r}'
        return
    raise AssertionError(f'no {code}')


class Pings:
    """Requests of a stream, each sent when the caller asks for it."""

    def __init__(self, call):
        import queue
        self.queue = queue.Queue()
        self.call = call(iter(self.queue.get, None), timeout=WAIT)

    def ping(self, request, size):
        self.queue.put(request)
        answer = next(self.call)
        assert answer.payload.body == bytes(size), f'{len(answer.payload.body)} bytes instead of {size}'

    def end(self):
        self.queue.put(None)
        assert not list(self.call), 'a message after the last answer'


def empty_unary(stub):
    assert stub.EmptyCall(empty_pb2.Empty(), timeout=WAIT) is not None


def large_unary(stub):
    assert stub.UnaryCall(large(), timeout=WAIT).payload.body == bytes(LARGE_ANSWER)


def client_streaming(stub):
    requests = (messages_pb2.StreamingInputCallRequest(payload=zeros(size)) for size in REQUESTS)
    assert stub.StreamingInputCall(requests, timeout=WAIT).aggregated_payload_size == sum(REQUESTS)


def server_streaming(stub):
    answers = list(stub.StreamingOutputCall(output(ANSWERS), timeout=WAIT))
    assert [len(one.payload.body) for one in answers] == list(ANSWERS)


def ping_pong(stub):
    pings = Pings(stub.FullDuplexCall)
    for request, answer in zip(REQUESTS, ANSWERS):
        pings.ping(output([answer], request), answer)
    pings.end()


def empty_stream(stub):
    assert not list(stub.FullDuplexCall(iter(()), timeout=WAIT))


def cancel_after_begin(stub):
    pings = Pings(stub.StreamingInputCall.future)
    pings.call.cancel()
    assert pings.call.cancelled() and pings.call.code() == Code.CANCELLED
    pings.queue.put(None)


def cancel_after_first_response(stub):
    pings = Pings(stub.FullDuplexCall)
    pings.ping(output([ANSWERS[0]], REQUESTS[0]), ANSWERS[0])
    pings.call.cancel()
    assert pings.call.code() == Code.CANCELLED
    pings.queue.put(None)


def timeout_on_sleeping_server(stub):
    def wait():
        import queue
        requests = queue.Queue()
        requests.put(output([], REQUESTS[0]))
        try:
            next(stub.FullDuplexCall(iter(requests.get, None), timeout=0.001))
        finally:
            requests.put(None)
    expect_error(Code.DEADLINE_EXCEEDED, wait)


def echoed(call):
    assert TEXT in list(call.initial_metadata()), 'no metadata in the headers'
    assert BYTES in list(call.trailing_metadata()), 'no metadata in the trailers'


def custom_metadata(stub):
    answer, call = stub.UnaryCall.with_call(large(), timeout=WAIT, metadata=(TEXT, BYTES))
    assert len(answer.payload.body) == LARGE_ANSWER
    echoed(call)
    stream = stub.FullDuplexCall(iter([output([LARGE_ANSWER], LARGE_REQUEST)]), timeout=WAIT, metadata=(TEXT, BYTES))
    assert [len(one.payload.body) for one in stream] == [LARGE_ANSWER]
    echoed(stream)


def status_code_and_message(stub):
    wanted = messages_pb2.EchoStatus(code=2, message=MESSAGE)
    expect_error(Code.UNKNOWN, lambda: stub.UnaryCall(messages_pb2.SimpleRequest(response_status=wanted)), MESSAGE)
    request = messages_pb2.StreamingOutputCallRequest(response_status=wanted)
    expect_error(Code.UNKNOWN, lambda: list(stub.FullDuplexCall(iter([request]), timeout=WAIT)), MESSAGE)


def special_status_message(stub):
    wanted = messages_pb2.EchoStatus(code=2, message=SPECIAL)
    expect_error(Code.UNKNOWN, lambda: stub.UnaryCall(messages_pb2.SimpleRequest(response_status=wanted)), SPECIAL)


def unimplemented_method(stub):
    expect_error(Code.UNIMPLEMENTED, lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=WAIT))


def unimplemented_service(stub):
    other = test_pb2_grpc.UnimplementedServiceStub(stub.channel)
    expect_error(Code.UNIMPLEMENTED, lambda: other.UnimplementedCall(empty_pb2.Empty(), timeout=WAIT))


# A server without compression: what should be compressed and is not is refused, what is compressed is refused as
# gRPC's doc/compression.md says, the rest is answered.
def client_compressed_unary(stub):
    yes, no = messages_pb2.BoolValue(value=True), messages_pb2.BoolValue(value=False)
    expect_error(Code.INVALID_ARGUMENT, lambda: stub.UnaryCall(large(expect_compressed=yes), timeout=WAIT))
    expect_error(Code.UNIMPLEMENTED, lambda: stub.UnaryCall(
        large(expect_compressed=yes), timeout=WAIT, compression=grpc.Compression.Gzip))
    assert len(stub.UnaryCall(large(expect_compressed=no), timeout=WAIT).payload.body) == LARGE_ANSWER


def client_compressed_streaming(stub):
    yes = messages_pb2.StreamingInputCallRequest(
        payload=zeros(REQUESTS[0]), expect_compressed=messages_pb2.BoolValue(value=True))
    expect_error(Code.INVALID_ARGUMENT, lambda: stub.StreamingInputCall(iter([yes]), timeout=WAIT))
    expect_error(Code.UNIMPLEMENTED, lambda: stub.StreamingInputCall(
        iter([yes]), timeout=WAIT, compression=grpc.Compression.Gzip))


def server_compressed_unary(stub):
    yes = messages_pb2.BoolValue(value=True)
    expect_error(Code.UNIMPLEMENTED, lambda: stub.UnaryCall(large(response_compressed=yes), timeout=WAIT))


def server_compressed_streaming(stub):
    request = output(ANSWERS[:2])
    request.response_parameters[0].compressed.value = True
    expect_error(Code.UNIMPLEMENTED, lambda: list(stub.StreamingOutputCall(request, timeout=WAIT)))


CASES = (
    empty_unary, large_unary, client_streaming, server_streaming, ping_pong, empty_stream, cancel_after_begin,
    cancel_after_first_response, timeout_on_sleeping_server, custom_metadata, status_code_and_message,
    special_status_message, unimplemented_method, unimplemented_service, client_compressed_unary,
    client_compressed_streaming, server_compressed_unary, server_compressed_streaming)


def main():
    failures = 0
    with connect() as channel:
        stub = test_pb2_grpc.TestServiceStub(channel)
        stub.channel = channel
        for case in CASES:
            try:
                case(stub)
                print('ok', case.__name__)
            except Exception as error:  # each case is one result, whatever went wrong
                failures += 1
                print('FAIL', f'{case.__name__}: {type(error).__name__} {error}')
    return 1 if failures else 0


sys.exit(main())
