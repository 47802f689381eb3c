// invariants.h — what must be true of a store's content whenever it is opened, read by scanning all of it. An oracle
// beside the store: it looks at rows and keys, and asks no function that the flows use to find them.
#ifndef PV_TESTS_FAULT_INVARIANTS_H
#define PV_TESTS_FAULT_INVARIANTS_H

#include "storage/store.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace purvey {

// What a scan of the whole store found.
struct Content {
    uint64_t digest = 0; // of all keys and values
    uint64_t rows = 0;
    uint64_t revision = 0;
    std::string problem; // the first invariant that does not hold; empty: all do
    std::map<std::string, uint64_t> objects; // by type, a space and name: how many there are
    std::set<std::string> requests;          // whose answers are stored
    // By account (16 bytes): object and revision of each event in its feed, in order.
    std::map<std::string, std::vector<std::string>> feeds;
};

// Reads everything. Checked unless only the digest is wanted: every row is readable and not newer than the store; the
// index entries are those of the rows, no more and no fewer; each feed and each owner's blocks are numbered without a
// gap; every event has its audit entry with the same revision, in the trail of who made the change, and the
// other way round.
Content read_content(pv_store *store, bool check);

} // namespace purvey

#endif
