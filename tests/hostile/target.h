// target.h — a server under attack, in a process of its own, and the well-behaved client that works beside it.
#ifndef PV_TESTS_HOSTILE_TARGET_H
#define PV_TESTS_HOSTILE_TARGET_H

#include "client/rpc/client.h"
#include "tests/hostile/h2.h"

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace purvey {

class House;

// What the kernel tells of a process.
struct Vitals {
    int64_t rss_kib = 0;
    int64_t peak_kib = 0; // of rss since the last reset_peak
    double cpu_s = 0;
    int descriptors = 0;
};
Vitals vitals_of(pid_t process);
void reset_peak(pid_t process);

class Target {
  public:
    virtual ~Target() = default;
    Target(const Target &) = delete;
    Target &operator=(const Target &) = delete;

    virtual bool ready() const = 0;
    virtual pid_t process() const = 0;
    virtual std::string address() const = 0;
    virtual const h2::Tls *tls() const { return nullptr; } // of a peer with a good certificate
    // A client of our own library with a connection of its own; destroyed by the caller.
    virtual pv_client *connect() const = 0;
    // A small unary call.
    virtual pv_status ask(pv_client *client, pv_arena *arena, const pv_client_options *options,
                          pv_error *error) const = 0;
    virtual std::string log() const = 0;
    // Ends the server by SIGTERM; what it returned, or minus the signal that ended it.
    virtual int stop() = 0;

    h2::Options options() const;
    bool alive() const;

  protected:
    Target() = default;
};

// The runtime alone: gRPC's interoperability server on server/rpc, plain, no edge in front.
class Runtime : public Target {
  public:
    Runtime();
    ~Runtime() override;
    bool ready() const override { return !address_.empty(); }
    pid_t process() const override { return process_; }
    std::string address() const override { return address_; }
    pv_client *connect() const override;
    pv_status ask(pv_client *client, pv_arena *arena, const pv_client_options *options,
                  pv_error *error) const override;
    std::string log() const override;
    int stop() override;

  private:
    std::string folder_, address_;
    pid_t process_ = 0;
};

// purveyd as partners meet it, with the operator's certificate.
class Purveyd : public Target {
  public:
    Purveyd();
    ~Purveyd() override;
    bool ready() const override;
    pid_t process() const override;
    std::string address() const override;
    const h2::Tls *tls() const override { return tls_.get(); }
    pv_client *connect() const override;
    pv_status ask(pv_client *client, pv_arena *arena, const pv_client_options *options,
                  pv_error *error) const override;
    std::string log() const override;
    int stop() override;
    House &house() { return *house_; }
    h2::Tls tls_with(const std::string &alpn) const; // and the good certificate
    h2::Tls tls_of_server() const;                   // with the server's own certificate

  private:
    std::unique_ptr<House> house_;
    std::unique_ptr<h2::Tls> tls_;
};

// Calls without a pause worth mentioning, on one connection, until it is destroyed.
class Neighbour {
  public:
    explicit Neighbour(const Target &target);
    ~Neighbour();
    Neighbour(const Neighbour &) = delete;
    Neighbour &operator=(const Neighbour &) = delete;

    struct Tally {
        size_t calls = 0;
        size_t failed = 0;
        std::string failure; // the first one
        double p50_ms = 0, p99_ms = 0, max_ms = 0;
    };
    // What happened since the last time; waits until a call that began after this was asked has ended.
    Tally take();

  private:
    void work();

    const Target &target_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::vector<double> times_ms_;
    Tally tally_;
    uint64_t begun_ = 0, ended_ = 0;
    bool over_ = false;
    std::thread thread_;
};

} // namespace purvey

#endif
