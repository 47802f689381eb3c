#include "tests/fault/explorer.h"

#include "server/identity/identity.h"
#include "storage/lmdb/lmdb.h"
#include "storage/record.h"
#include "tests/fault/disk.h"
#include "tests/fault/images.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <memory>

namespace purvey {

namespace {

constexpr int kRandomChoices = 12;     // per point
constexpr unsigned kStateSeconds = 10; // for one image; a reader that hangs is a finding
constexpr uint64_t kWriteOn = 64;      // every so many images are also written to

// What a workload wrote, and what the store held after each of its batches.
struct Trace {
    std::vector<DiskCall> calls;
    std::map<uint64_t, size_t> batches; // by digest of the content
    std::vector<size_t> acknowledged;   // calls made until each batch was
};

class Explorer {
  public:
    Explorer(const Task &what, Shared *told)
        : task(what), shared(told), folder(what.folder + "/image"), chance(what.seed)
    {
    }

    void run()
    {
        record();
        (void)mkdir(folder.c_str(), 0700); // there already if an explorer before this one died
        images = std::make_unique<Images>(folder + "/data.mdb");
        for (size_t i = 0; i < trace.calls.size() && !enough(); i++) {
            visit(i);
            if (trace.calls[i].durable) {
                images->add(trace.calls[i], true);
                visit(i);
                images->land();
            }
            images->add(trace.calls[i]);
            sizes.push_back(images->durable_bytes());
        }
        if (!enough()) { visit(trace.calls.size()); }
        shared->complete = !enough();
    }

  private:
    bool enough() const
    {
        return state > task.last || (!task.plant.empty() && shared->lost > 0) ||
               shared->findings >= kFindingsMax;
    }

    void record()
    {
        std::string live = task.folder + "/live";
        remove_folder(live);
        disk().recording = true;
        (void)run_workload(live, task.seed, Size::kWhole, 0, [this](pv_store *store, bool ok) {
            PV_ASSERT(ok);
            Content content = read_content(store, true);
            if (!content.problem.empty()) { finding("while nothing fails: " + content.problem); }
            trace.batches[content.digest] = trace.acknowledged.size();
            trace.acknowledged.push_back(disk().calls.size());
            bool made = trace.acknowledged.size() == 1;
            if (made && !task.plant.empty()) { disk().plant(flags_named(task.plant)); }
        });
        disk().recording = false;
        trace.calls.swap(disk().calls);
        remove_folder(live);
        shared->calls = trace.calls.size();
        shared->batches = trace.acknowledged.size() - 1;
    }

    void finding(const std::string &what)
    {
        if (shared->findings < kFindingsMax) {
            (void)snprintf(shared->texts[shared->findings], sizeof shared->texts[0], "%s: %s",
                           replay_of(task, state).c_str(), what.c_str());
        }
        shared->findings++;
    }

    // Looks at the images of a crash when this many calls are done.
    void visit(size_t done)
    {
        at = done;
        // Choices follow from the point alone, so that an image has the same number in every run.
        if (task.lose_size) { return visit_sizes(); }
        for (const Images::Choice &choice : images->choices(&chance, kRandomChoices)) {
            if (!images->is_new(choice) || ++state < task.first || enough()) { continue; }
            images->build(choice);
            look();
            images->undo(choice);
        }
    }

    // The file is only as long as it was at some sync before: the disk forgot its new length.
    void visit_sizes()
    {
        uint64_t now = images->durable_bytes();
        uint64_t then = sizes.empty() ? 0 : sizes[chance.below(sizes.size())];
        if (then >= now || ++state < task.first || enough()) { return; }
        images->cut(then);
        look();
        images->restore();
    }

    // Batches acknowledged before the crash.
    size_t batches_before() const
    {
        size_t count = 0;
        while (count < trace.acknowledged.size() && trace.acknowledged[count] <= at) { count++; }
        return count;
    }

    void look()
    {
        shared->state = state;
        shared->looked++;
        alarm(kStateSeconds);
        pv_store *store = nullptr;
        std::string why;
        bool making = batches_before() == 0; // the open goes on where the crash was
        if ((store = open_store(folder, nullptr, &why)) != nullptr) {
            if (judge(store) && state % kWriteOn == 0) { store = write_on(store); }
            pv_store_close(store);
            if (making) { images->restore(); }
        } else if (making) {
            shared->empty++;
        } else if (task.lose_size) {
            shared->refused++;
        } else {
            finding(why);
        }
        alarm(0);
    }

    bool judge(pv_store *store)
    {
        Content content = read_content(store, false);
        size_t before = batches_before();
        auto found = trace.batches.find(content.digest);
        if (found == trace.batches.end()) {
            finding(problem_of(store) + "; batches acknowledged: " + std::to_string(before));
            return false;
        }
        // Batch 0 is the new store.
        if (found->second + 1 < before || found->second > before) {
            shared->lost += found->second + 1 < before;
            finding("it holds what it held after batch " + std::to_string(found->second) +
                    ", and batch " + std::to_string(before - 1) + " was the last acknowledged");
            return false;
        }
        shared->intact++;
        return true;
    }

    static std::string problem_of(pv_store *store)
    {
        std::string problem = read_content(store, true).problem;
        return problem.empty() ? "it holds what it never held before the crash" : problem;
    }

    // A store that came through a crash can be written to: the new batch is there when it is opened again.
    pv_store *write_on(pv_store *store)
    {
        uint64_t revision = read_content(store, false).revision;
        pv_arena *arena = pv_arena_create(1 << 20);
        pv_batch *batch = nullptr;
        pv_txn *txn = nullptr;
        std::string why;
        PV_ASSERT(pv_is_ok(pv_batch_begin(store, &batch)));
        PV_ASSERT(pv_is_ok(pv_write_begin(batch, arena, &txn)));
        PV_ASSERT(pv_is_ok(pv_setting_put(txn, PV_SETTING_TRUST_DOMAIN, pv_view_text("again"))));
        PV_ASSERT(pv_is_ok(pv_txn_commit(txn)));
        PV_ASSERT(pv_is_ok(pv_batch_commit(batch)));
        pv_store_close(store);
        pv_arena_destroy(arena);
        store = open_store(folder, nullptr, &why);
        if (store == nullptr) {
            finding("written to and opened again: " + why);
        } else {
            Content content = read_content(store, true);
            if (!content.problem.empty() || content.revision != revision + 1) {
                finding("written to and opened again: " + content.problem);
            }
        }
        images->restore();
        return store;
    }

    Task task;
    Shared *shared;
    std::string folder;
    Chance chance;
    Trace trace;
    std::unique_ptr<Images> images;
    std::vector<uint64_t> sizes;
    uint64_t state = 0;
    size_t at = 0;
};

} // namespace

std::string replay_of(const Task &task, uint64_t state)
{
    return "./dev fault power --seed " + std::to_string(task.seed) + " --state " +
           std::to_string(state) + (task.lose_size ? " --lose-size yes" : "") +
           (task.plant.empty() ? "" : " --plant " + task.plant);
}

void explore(const Task &task, Shared *shared)
{
    Explorer(task, shared).run();
}

} // namespace purvey
