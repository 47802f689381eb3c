// disk.h — what stands between LMDB and the disk in the programs of this folder: their calls that write or sync
// data.mdb are taken by the linker (--wrap, see BUILD) and come here. They can be recorded, made to fail at the n-th
// call, and LMDB can be given flags that break its promise, so that we know that a broken promise is found.
// Nothing of this is part of a program that is shipped.
// Threads: one. Files other than data.mdb pass through.
#ifndef PV_TESTS_FAULT_DISK_H
#define PV_TESTS_FAULT_DISK_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace purvey {

// One call that changed or synced the file.
struct DiskCall {
    bool sync = false;    // everything written before is durable
    bool durable = false; // a write that is durable when it returns (O_DSYNC)
    uint64_t offset = 0;
    std::string bytes;
};

enum class Call {
    kWrite,
    kVector,
    kSync,
    kMap
}; // pwrite and write; writev; fdatasync and fsync; msync
constexpr size_t kCallKinds = 4;
const char *name_of(Call call);

// How the n-th call of a kind fails.
struct Failure {
    Call call = Call::kWrite;
    uint64_t number = 0; // 1: the first; 0: none fails
    int error = 0;       // errno; 0: a short write
    bool done = false;   // the error is told after the work was done
};

struct Disk {
    bool recording = false;
    std::vector<DiskCall> calls;      // recorded
    uint64_t counts[kCallKinds] = {}; // calls of each kind since the last plan
    Failure failure;
    bool failed = false;                    // it has happened
    std::function<void(bool ok)> committed; // after each pv_batch_commit; may be empty

    void plan(const Failure &next);
    void plant(unsigned flags); // sets flags of the environment that was opened last
};

// The one disk of the process.
Disk &disk();

// Flags of mdb_env_open by name: "nosync", "nometasync"; 0: there is no such name.
unsigned flags_named(const std::string &name);

} // namespace purvey

#endif
