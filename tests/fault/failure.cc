// failure — lets every write and sync of LMDB fail once. A small workload runs in a child; its n-th pwrite, writev or
// fdatasync fails in one way; what the child was told and how it ended is held against what must be:
//   - after a failed write or sync the process ends (SIGABRT) before it answers anything;
//   - the store opens again and holds the last batch that was answered, or that one and the one that failed;
//   - a map that is full refuses with RESOURCE_EXHAUSTED, loses nothing, and works again with a larger map.
#include "storage/lmdb/lmdb.h"
#include "tests/fault/disk.h"
#include "tests/fault/report.h"
#include "tests/fault/workload.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <vector>

namespace purvey {
namespace {

constexpr uint64_t kSeed = 1;
constexpr uint64_t kFullMapBytes = 1 << 20;
constexpr unsigned kChildSeconds = 60;

struct Way {
    const char *name;
    int error; // 0: a short write
    bool done;
};

constexpr Way kWays[] = {
    {"EIO", EIO, false},
    {"EIO after the work was done", EIO, true},
    {"ENOSPC", ENOSPC, false},
    {"a short write", 0, false},
};

// What a child leaves behind.
struct Shared {
    uint64_t answered;       // batches whose commit returned OK; the new store is the first
    uint64_t answered_after; // of them after the failure
    uint64_t failed;         // the failure has happened
    uint64_t refused;        // calls refused with RESOURCE_EXHAUSTED
    uint64_t counts[kCallKinds];
    uint64_t digests[4096]; // of the content after each batch
};

class Failures {
  public:
    Failures(Report *to, uint64_t every, uint64_t from)
        : report(to), stride(every), offset(from), folder(make_folder("failure"))
    {
        void *memory = mmap(nullptr, sizeof *shared, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        PV_ASSERT(memory != MAP_FAILED);
        shared = static_cast<Shared *>(memory);
    }
    ~Failures()
    {
        remove_folder(folder);
        munmap(shared, sizeof *shared);
    }
    Failures(const Failures &) = delete;
    Failures &operator=(const Failures &) = delete;

    void run()
    {
        int status = child(Failure(), 0);
        report->judge(WIFEXITED(status) && WEXITSTATUS(status) == 0 && shared->answered > 1,
                      std::to_string(shared->answered - 1) + " batches when nothing fails");
        whole = *shared;
        for (size_t kind = 0; kind < kCallKinds; kind++) {
            for (const Way &way : kWays) { fail_each(static_cast<Call>(kind), way); }
        }
        full_map();
        report->count("calls_failed", tried);
        report->count("ended_by_abort", aborted);
    }

  private:
    // Runs the workload in a child with this failure planned. What it is told stands in `shared`.
    int child(const Failure &failure, uint64_t map_bytes)
    {
        *shared = Shared();
        remove_folder(folder);
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        fflush(stdout);
        pid_t process = fork();
        PV_ASSERT(process >= 0);
        if (process == 0) {
            // What the store says before it ends by a failure is expected, a thousand times.
            if (failure.number > 0) { (void)dup2(nowhere, STDERR_FILENO); }
            struct rlimit no_core = {0, 0};
            (void)setrlimit(RLIMIT_CORE, &no_core);
            alarm(kChildSeconds);
            disk().plan(failure);
            shared->refused = run_workload(folder, kSeed, Size::kSmall, map_bytes,
                                           [this](pv_store *store, bool ok) { note(store, ok); });
            memcpy(shared->counts, disk().counts, sizeof shared->counts);
            _exit(0);
        }
        (void)close(nowhere);
        int status = 0;
        PV_ASSERT(waitpid(process, &status, 0) == process);
        return status;
    }

    void note(pv_store *store, bool ok)
    {
        shared->failed = disk().failed;
        if (!ok) { return; }
        PV_ASSERT(shared->answered < sizeof shared->digests / sizeof *shared->digests);
        shared->digests[shared->answered++] = read_content(store, false).digest;
        shared->answered_after += shared->failed;
    }

    void fail_each(Call call, const Way &way)
    {
        uint64_t count = whole.counts[static_cast<size_t>(call)];
        bool writes = call == Call::kWrite || call == Call::kVector;
        if (!writes && way.error == 0) { return; } // a sync cannot be short
        if (count == 0) {
            if (way.error == EIO && !way.done) {
                printf("-- failure: LMDB does not call %s in its default mode\n", name_of(call));
            }
            return;
        }
        size_t before = report->findings();
        uint64_t runs = 0;
        for (uint64_t number = 1 + offset % stride; number <= count; number += stride) {
            fail_one(call, way, number);
            runs++;
        }
        report->judge(report->findings() == before && runs > 0,
                      std::string(name_of(call)) + " fails with " + way.name + ": " +
                          std::to_string(runs) + " of " + std::to_string(count) + " calls");
    }

    void fail_one(Call call, const Way &way, uint64_t number)
    {
        Failure failure;
        failure.call = call;
        failure.number = number;
        failure.error = way.error;
        failure.done = way.done;
        int status = child(failure, 0);
        bool aborts = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
        tried++;
        aborted += aborts;
        std::string what =
            std::string(name_of(call)) + " " + std::to_string(number) + " with " + way.name + ": ";
        // The first writes make the file: there the open refuses with a sentence, and the workload ends by that.
        if (!aborts) { report->finding(what + "the process goes on"); }
        if (shared->answered_after > 0) { report->finding(what + "an answer after the failure"); }
        std::string found = reopened(shared->answered, 0);
        if (!found.empty()) { report->finding(what + found); }
    }

    // Opens what is left; says what is wrong with it. `answered` batches must be there, one more may.
    std::string reopened(uint64_t answered, uint64_t map_bytes)
    {
        std::string why;
        pv_lmdb_options options = {};
        options.map_bytes = map_bytes;
        pv_store *store = open_store(folder, &options, &why);
        if (store == nullptr) {
            return answered == 0 ? "" : why; // nothing was answered: the store was not made yet
        }
        Content content = read_content(store, true);
        pv_store_close(store);
        if (!content.problem.empty()) { return content.problem; }
        for (uint64_t i = answered == 0 ? 0 : answered - 1; i <= answered && i < whole.answered;
             i++) {
            if (content.digest == whole.digests[i]) { return ""; }
        }
        return "the store holds neither what was answered last nor that and one batch more";
    }

    void full_map()
    {
        int status = child(Failure(), kFullMapBytes);
        whole = *shared; // what a run up to the full map answered
        bool ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        std::string found = reopened(shared->answered, 0);
        report->judge(ended && found.empty(), "a full map: " + std::to_string(shared->refused) +
                                                  " calls refused with RESOURCE_EXHAUSTED, " +
                                                  std::to_string(shared->answered - 1) +
                                                  " batches kept" +
                                                  (found.empty() ? "" : "; " + found));
    }

    Report *report;
    uint64_t stride;
    uint64_t offset;
    std::string folder;
    Shared *shared;
    Shared whole = {}; // of the run in which nothing fails
    uint64_t tried = 0;
    uint64_t aborted = 0;
};

} // namespace
} // namespace purvey

int main(int argc, char **argv)
{
    purvey::Options options(
        argc, argv,
        {{"every", "1"}, // fail each call whose number is `from` + a multiple of this
         {"from", "0"},
         {"json", ""}});
    purvey::Report report("failure");
    uint64_t every = options.number("every");
    purvey::Failures(&report, every == 0 ? 1 : every, options.number("from")).run();
    return report.end(options.text("json"));
}
