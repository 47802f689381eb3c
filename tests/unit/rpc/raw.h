// raw.h — a client that sends what ours would not: any bytes, compressed or missing messages.
#ifndef PV_TESTS_UNIT_RPC_RAW_H
#define PV_TESTS_UNIT_RPC_RAW_H

#include <string>

#include <grpc/grpc.h>

struct RawAnswer {
    grpc_status_code status;
    std::string message;
    std::string bytes;   // of the answer
    std::string details; // grpc-status-details-bin
};

class RawClient {
  public:
    explicit RawClient(const std::string &target);
    ~RawClient();
    RawClient(const RawClient &) = delete;
    RawClient &operator=(const RawClient &) = delete;

    bool gzip = false; // compress the request
    bool without_message = false;
    bool hold_message = false; // wait for the status without sending anything or half-closing
    int64_t deadline_ms = 10000;

    RawAnswer call(const std::string &path, const std::string &bytes);

  private:
    grpc_channel *channel_;
};

// Sends bytes over TCP and returns what comes back until the server closes or is silent for a while.
std::string exchange_bytes(int port, const std::string &bytes, int wait_ms);

#endif
