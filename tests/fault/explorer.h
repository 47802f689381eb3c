// explorer.h — explores what a loss of power leaves, for one seed. A workload runs on a real store while every
// write and sync of LMDB is recorded; then the files that a crash at each of these points could leave are built,
// opened the way the server opens its store, and read whole. What was acknowledged (pv_batch_commit returned) must
// be there; a batch that was not is there wholly or not at all: what is there is, byte for byte, what the store held
// after that batch. A crash while the store is made: the next open goes on to the same new store, or refuses.
// The content after each batch is held against the invariants when it is recorded.
// An explorer may die by the image it looks at, so it runs in a process of its own.
#ifndef PV_TESTS_FAULT_EXPLORER_H
#define PV_TESTS_FAULT_EXPLORER_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace purvey {

constexpr size_t kFindingsMax = 8; // per seed; more say nothing new
constexpr uint64_t kAll = UINT64_MAX;

// What an explorer's process tells the one that waits for it.
struct Shared {
    uint64_t state;   // the image that is looked at; they are numbered from 1
    uint64_t looked;  // images looked at
    uint64_t intact;  // that hold what they must
    uint64_t empty;   // refused with a sentence, before anything was acknowledged
    uint64_t refused; // refused with a sentence, where that is allowed
    uint64_t calls;   // of the workload
    uint64_t batches;
    uint64_t lost; // images without a batch that was acknowledged, all else being right
    uint64_t findings;
    char texts[kFindingsMax][400];
    bool complete; // every point was visited
};

struct Task {
    std::string folder; // for everything it writes
    uint64_t seed = 0;
    uint64_t first = 1;     // image to begin with
    uint64_t last = kAll;   // and to end with
    bool lose_size = false; // the disk forgets how long the file has become
    std::string plant;      // as for flags_named, once the store is made; empty: LMDB as it is
};

// Explores; what is found stands in `shared`.
void explore(const Task &task, Shared *shared);

// The command that looks at this image again.
std::string replay_of(const Task &task, uint64_t state);

} // namespace purvey

#endif
