// partners.h — clients that write, upload and watch while their server is killed again and again, and remember what
// they were told. A call that got no answer is repeated with its request_id until it gets one.
// Threads: each client is one; the ledger is shared by them and by who checks.
#ifndef PV_TESTS_FAULT_PARTNERS_H
#define PV_TESTS_FAULT_PARTNERS_H

#include "tests/e2e/caller.h"
#include "tests/fault/chance.h"
#include "tests/fault/invariants.h"
#include "tests/fault/lives.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace purvey {

// One write that somebody wanted.
struct Wanted {
    std::string method, request, request_id;
    std::string
        object; // "type name" of what it makes; no two writes want the same. Empty: it makes nothing
    std::string root;         // of the answer: "hub"
    std::string id, revision; // as answered
    bool answered = false;
};

// What all clients of one server wanted, were told and found wrong.
class Ledger {
  public:
    std::atomic<uint64_t> answered{0}; // writes
    std::atomic<uint64_t> repeated{0}; // writes that were sent again
    std::atomic<uint64_t> replayed{0}; // of them answered from the store
    std::atomic<uint64_t> records{0};  // usage records of uploads that were answered
    std::atomic<uint64_t> events{0};   // seen by who watches

    size_t want(const Wanted &wanted); // its number, for `told`
    void told(size_t number, const Answer &answer);
    Wanted at(size_t number);
    size_t size();

    void seen(const std::string &event); // the next of the feed: "object revision"
    void finding(const std::string &what);
    std::vector<std::string> findings();

    // Holds what a store held after a kill against what was answered until now; `feed` is of the account that watches.
    void check(const Content &content, const std::string &feed);

  private:
    std::mutex lock;
    std::vector<Wanted> all;
    std::vector<std::string> watched;
    std::vector<std::string> found;
};

// What a client needs.
struct Place {
    Lives *lives;
    Ledger *ledger;
    Partner who;
    uint64_t seed;
};

// What a vendor reports usage on.
struct Reported {
    std::string product_id, contract_id, mpn, subscription;
};

// Each returns when there is no further life. The first makes objects of these kinds, changes some, and asks again for
// some that were answered long ago.
enum class Trade { kDistributor, kVendor, kOperator };
void write(Place place, Trade trade, const std::string &account_id);
void upload(Place place, const Reported &on);
void watch(Place place);

} // namespace purvey

#endif
