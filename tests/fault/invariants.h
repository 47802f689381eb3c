// invariants.h — what a store holds, read by scanning all of it, to be held against what was acknowledged: the content
// as a whole, whose answers are stored, which objects there are, what the feeds say. What must be true of any store,
// `purvey store check` knows (storage/check.h); it is asked, and nothing of it is repeated here.
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

// Reads everything. Checked unless only the digest is wanted: the store passes `purvey store check`, and the
// changes that the feeds tell are those of the audit trails: who made them, at which revision.
Content read_content(pv_store *store, bool check);

} // namespace purvey

#endif
