// fixture.h — an edge on loopback with real certificates in a folder of its own, and behind it a core: a
// UNIX socket that takes the preface and plays every frame back once it is whole.
#ifndef PV_TESTS_UNIT_EDGE_FIXTURE_H
#define PV_TESTS_UNIT_EDGE_FIXTURE_H

#include "server/edge/edge.h"
#include "tests/hostile/h2.h"
#include "tests/unit/rpc/certificates.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace purvey {

// What the core saw of one connection.
struct Arrival {
    std::string name; // of the peer's socket, as gRPC writes it
    std::string bytes;
    bool ended = false;
};

class Core {
  public:
    explicit Core(const std::string &path, int backlog = 128);
    ~Core();
    std::vector<Arrival> arrivals();
    std::atomic<bool> accepts{true};
    std::atomic<bool> reads{true};
    std::atomic<size_t> keeps_back{0}; // bytes at the end of what it would say

  private:
    void accept_all();
    void serve(int fd, size_t index);

    int listener_ = -1;
    std::atomic<bool> over_{false};
    std::mutex lock_;
    std::vector<Arrival> arrivals_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

// Waits, in small steps, for something that other threads bring about; ten seconds at most.
bool eventually(const std::function<bool()> &holds);

std::string folder_of_test();
void write_file(const std::string &path, const std::string &text, unsigned mode = 0600);

class Edge : public ::testing::Test {
  protected:
    Edge();
    ~Edge() override;

    // Starts it; changes to `config` and `bounds` before.
    void start();
    std::string address() const;
    // A peer with this certificate that has said its preface. `server_name` goes out as SNI.
    std::unique_ptr<h2::Peer> connect(const Certificate &as, const std::string &server_name = "");
    // Whether a call on this stream is answered: all of it has come back.
    static bool answers(h2::Peer *peer, uint32_t stream = 1);
    pv_edge_counts counts() const;
    // SHA-256 in hexadecimal of the certificate that the server shows to who asks for this name.
    std::string shown_for(const std::string &server_name) const;
    static std::string hex(const Certificate &certificate);

    std::string folder = folder_of_test();
    Authority clients{"clients"}, servers{"servers"};
    Certificate server = servers.issue("DNS:localhost");
    Certificate one = clients.issue("URI:spiffe://test/one");
    Certificate two = clients.issue("URI:spiffe://test/two");
    pv_edge_listener listener = {};
    pv_edge_config config = {};
    std::string roots_path = folder + "/roots.pem", certificate_path = folder + "/server.pem",
                key_path = folder + "/server.key", pairs_path = folder + "/pairs",
                core_path = folder + "/core.sock";
    pv_arena *arena = nullptr;
    pv_error error = {};
    std::unique_ptr<Core> core;
    pv_edge *edge = nullptr;
};

} // namespace purvey

#endif
