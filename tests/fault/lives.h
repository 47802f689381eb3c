// lives.h — a server that is killed and started again, and the clients that come back to it. Each life has a port of
// its own, so that no client waits out the back-off of a connection to the life before.
// Threads: the one that kills calls start, kill and stop; clients call next and connect.
#ifndef PV_TESTS_FAULT_LIVES_H
#define PV_TESTS_FAULT_LIVES_H

#include "client/rpc/client.h"

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace purvey {

// Who connects: PEM texts.
struct Partner {
    std::string name;
    std::string ca, certificate, key;
};

class Lives {
  public:
    // `command` is purveyd with its data folder; what it writes goes to files in `folder`.
    Lives(const std::vector<std::string> &command, const std::string &folder);
    ~Lives();
    Lives(const Lives &) = delete;
    Lives &operator=(const Lives &) = delete;

    // Begins a life. With `wait`, until the server listens; false: it ended instead, or took ten seconds.
    bool start(bool wait);
    void kill();             // SIGKILL, and waits for the end
    int wait_end();          // waits for the server to end by itself; gives the status of waitpid
    void finish();           // no further life: `next` says so to everybody
    std::string log() const; // what the server of the last life wrote

    // Waits for a life other than `seen`; gives its number. 0: there is none any more.
    uint64_t next(uint64_t seen);
    // The partner's connection in this life, shared by its threads. Empty: that life is over.
    std::shared_ptr<pv_client> connect(uint64_t life, const Partner &who);

    uint64_t now() const { return born; } // number of the life; 1: the first

  private:
    bool wait_for_port();
    void end_life();

    std::vector<std::string> command;
    std::string folder;
    pid_t process = 0;
    uint64_t born = 0;

    std::mutex lock; // guards what follows
    std::condition_variable changed;
    uint64_t life = 0; // 0: none at the moment
    std::string address;
    bool finished = false;
    std::map<std::string, std::shared_ptr<pv_client>> clients; // of this life, by partner
};

} // namespace purvey

#endif
