#include "raw.h"

#include <arpa/inet.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/compression.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

RawClient::RawClient(const std::string &target)
{
    grpc_init();
    grpc_channel_credentials *credentials = grpc_insecure_credentials_create();
    grpc_arg args[2] = {};
    args[0].type = GRPC_ARG_INTEGER;
    args[0].key = const_cast<char *>(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL);
    args[0].value.integer = 1;
    args[1].type = GRPC_ARG_INTEGER;
    args[1].key = const_cast<char *>(GRPC_ARG_ENABLE_RETRIES);
    grpc_channel_args list = {2, args};
    channel_ = grpc_channel_create(target.c_str(), credentials, &list);
    grpc_channel_credentials_release(credentials);
}

RawClient::~RawClient()
{
    grpc_channel_destroy(channel_);
    grpc_shutdown_blocking();
}

static std::string text_of(const grpc_slice &slice)
{
    return std::string(reinterpret_cast<const char *>(GRPC_SLICE_START_PTR(slice)),
                       GRPC_SLICE_LENGTH(slice));
}

RawAnswer RawClient::call(const std::string &path, const std::string &bytes)
{
    grpc_completion_queue *queue = grpc_completion_queue_create_for_pluck(nullptr);
    gpr_timespec deadline =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(deadline_ms, GPR_TIMESPAN));
    grpc_slice path_slice = grpc_slice_from_copied_string(path.c_str());
    grpc_call *call = grpc_channel_create_call(channel_, nullptr, GRPC_PROPAGATE_DEFAULTS, queue,
                                               path_slice, nullptr, deadline, nullptr);
    grpc_slice_unref(path_slice);
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes.data(), bytes.size());
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    grpc_metadata metadata[1] = {};
    metadata[0].key = grpc_slice_from_static_string("grpc-internal-encoding-request");
    metadata[0].value = grpc_slice_from_static_string("gzip");
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_metadata_array_init(&initial);
    grpc_metadata_array_init(&trailing);
    grpc_byte_buffer *inbox = nullptr;
    grpc_status_code status = GRPC_STATUS_UNKNOWN;
    grpc_slice details = grpc_empty_slice();

    grpc_op ops[6] = {};
    size_t count = 0;
    ops[count].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[count].data.send_initial_metadata.metadata = metadata;
    ops[count++].data.send_initial_metadata.count = gzip ? 1 : 0;
    if (!without_message && !hold_message) {
        ops[count].op = GRPC_OP_SEND_MESSAGE;
        ops[count++].data.send_message.send_message = message;
    }
    if (!hold_message) { ops[count++].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT; }
    ops[count].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[count++].data.recv_initial_metadata.recv_initial_metadata = &initial;
    ops[count].op = GRPC_OP_RECV_MESSAGE;
    ops[count++].data.recv_message.recv_message = &inbox;
    ops[count].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    ops[count].data.recv_status_on_client.trailing_metadata = &trailing;
    ops[count].data.recv_status_on_client.status = &status;
    ops[count++].data.recv_status_on_client.status_details = &details;
    if (grpc_call_start_batch(call, ops, count, this, nullptr) != GRPC_CALL_OK) { abort(); }
    grpc_completion_queue_pluck(queue, this, gpr_inf_future(GPR_CLOCK_MONOTONIC), nullptr);

    RawAnswer answer;
    answer.status = status;
    answer.message = text_of(details);
    for (size_t i = 0; i < trailing.count; i++) {
        if (text_of(trailing.metadata[i].key) == "grpc-status-details-bin") {
            answer.details = text_of(trailing.metadata[i].value);
        }
    }
    if (inbox != nullptr) {
        grpc_byte_buffer_reader reader;
        if (grpc_byte_buffer_reader_init(&reader, inbox) != 0) {
            grpc_slice all = grpc_byte_buffer_reader_readall(&reader);
            answer.bytes = text_of(all);
            grpc_slice_unref(all);
            grpc_byte_buffer_reader_destroy(&reader);
        }
        grpc_byte_buffer_destroy(inbox);
    }
    grpc_byte_buffer_destroy(message);
    grpc_metadata_array_destroy(&initial);
    grpc_metadata_array_destroy(&trailing);
    grpc_slice_unref(details);
    grpc_call_unref(call);
    grpc_completion_queue_shutdown(queue);
    grpc_completion_queue_destroy(queue);
    return answer;
}

std::string exchange_bytes(int port, const std::string &bytes, int wait_ms)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
        write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size())) {
        pollfd one = {fd, POLLIN, 0};
        char buffer[4096];
        while (poll(&one, 1, wait_ms) > 0) {
            ssize_t size = read(fd, buffer, sizeof buffer);
            if (size <= 0) { break; }
            answer.append(buffer, static_cast<size_t>(size));
        }
    }
    close(fd);
    return answer;
}
