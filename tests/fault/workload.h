// workload.h — what runs while faults are made: the real flows through the real pipeline on a real LMDB store, in one
// thread, with a clock, ids and choices that follow from a seed. Two runs with one seed write the same bytes.
#ifndef PV_TESTS_FAULT_WORKLOAD_H
#define PV_TESTS_FAULT_WORKLOAD_H

#include "storage/lmdb/lmdb.h"
#include "tests/fault/chance.h"
#include "tests/fault/invariants.h"

#include <functional>
#include <string>
#include <vector>

namespace purvey {

enum class Size {
    kSmall, // accounts, users, certificates, hubs: a few dozen batches
    kWhole  // the whole chain: contracts, products, orders, subscriptions, usage
};

// Runs on a new store in `folder`, which must be empty; `map_bytes` 0: as the server does it. `told` is called after
// the store was made and after every batch: `ok` says how its commit ended. Gives the number of calls refused with
// RESOURCE_EXHAUSTED; a call that ends in another way than it must ends the process with a sentence.
uint64_t run_workload(const std::string &folder, uint64_t seed, Size size, uint64_t map_bytes,
                      const std::function<void(pv_store *store, bool ok)> &told);

// Opens a store the way the server does: the file, then the indexes. NULL, and why not.
pv_store *open_store(const std::string &folder, const pv_lmdb_options *options,
                     std::string *ret_why);

// A fresh folder on the fastest place there is, and its end.
std::string make_folder(const char *name);
void remove_folder(const std::string &folder);

} // namespace purvey

#endif
