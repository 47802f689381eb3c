// power — looks at the images of many seeds (explorer.h), several at a time, until enough were seen.
#include "tests/fault/disk.h"
#include "tests/fault/explorer.h"
#include "tests/fault/report.h"
#include "tests/fault/workload.h"

#include "base/status.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace purvey {
namespace {

constexpr size_t kFindingsToEnd = 20; // more say nothing new
constexpr uint64_t kDeathsMax = 4;    // of one seed's explorers; then it is given up

// One seed being explored.
struct Run {
    Task task;
    Shared *shared = nullptr;
    pid_t process = 0;
    uint64_t deaths = 0;
};

// Everything that was seen.
struct Totals {
    uint64_t seeds, looked, lost, intact, empty, refused, died, calls, batches;
};

class Power {
  public:
    Power(const Options &given, Report *to) : options(given), report(to)
    {
        one_state = options.number("state") > 0;
        lose_size = options.text("lose-size") == "yes";
        planted = options.text("plant");
        next_seed = options.number("seed");
    }

    void run()
    {
        do {
            while (running.size() < options.number("jobs") && !enough()) { begin(next_seed++); }
            wait_for_one();
        } while (!running.empty() || !enough());
    }

    void tell()
    {
        report->count("seeds", totals.seeds);
        report->count("states", totals.looked);
        report->count("states_intact", totals.intact);
        report->count("states_that_lost_an_answer", totals.lost);
        report->count("states_before_the_first_answer", totals.empty);
        report->count("states_refused", totals.refused);
        report->count("readers_died", totals.died);
        report->count("io_calls", totals.calls);
        report->count("batches", totals.batches);
        report->count(
            "states_per_second",
            static_cast<uint64_t>(static_cast<double>(totals.looked) / report->seconds()));
        std::string told = std::to_string(totals.looked) + " states of " +
                           std::to_string(totals.seeds) + " seeds in " +
                           std::to_string(static_cast<int>(report->seconds())) + " s";
        if (!planted.empty()) {
            report->judge(totals.lost > 0,
                          "a planted " + planted + " is found as a lost answer; " + told);
        } else if (lose_size) {
            report->judge(report->findings() == 0,
                          "a disk that forgets a file's length: no wrong answer; " + told + ": " +
                              std::to_string(totals.intact) + " intact, " +
                              std::to_string(totals.refused + totals.empty) + " refused, " +
                              std::to_string(totals.died) + " ended their reader");
        } else {
            report->judge(report->findings() == 0 && totals.looked > 0, told + ", nothing lost");
        }
    }

  private:
    bool enough() const
    {
        if (one_state) { return totals.seeds > 0 || !running.empty(); }
        if (report->findings() >= kFindingsToEnd || (!planted.empty() && totals.lost > 0)) {
            return true;
        }
        uint64_t seconds = options.number("seconds");
        return totals.looked >= options.number("states") ||
               (seconds > 0 && report->seconds() > static_cast<double>(seconds));
    }

    void begin(uint64_t seed)
    {
        Run run;
        run.task.seed = seed;
        run.task.lose_size = lose_size;
        run.task.plant = planted;
        run.task.folder = make_folder("power");
        if (one_state) { run.task.first = run.task.last = options.number("state"); }
        void *memory = mmap(nullptr, sizeof *run.shared, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        PV_ASSERT(memory != MAP_FAILED);
        run.shared = static_cast<Shared *>(memory);
        start(&run);
        running.push_back(run);
    }

    void start(Run *run)
    {
        fflush(stdout);
        run->process = fork();
        PV_ASSERT(run->process >= 0);
        if (run->process == 0) {
            explore(run->task, run->shared);
            _exit(0);
        }
    }

    void wait_for_one()
    {
        int status = 0;
        pid_t ended = wait(&status);
        for (size_t i = 0; i < running.size(); i++) {
            Run &run = running[i];
            if (run.process != ended) { continue; }
            bool died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
            if (died && again(&run, status)) { return start(&run); }
            finish(run);
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
            return;
        }
    }

    // An explorer died by an image. Whether the ones behind it are to be looked at.
    bool again(Run *run, int status)
    {
        totals.died++;
        run->deaths++;
        bool by_image = run->shared->state >= run->task.first; // else by the workload
        if (!lose_size || !by_image) {
            std::string how = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "an exit code";
            report->finding(replay_of(run->task, run->shared->state) +
                            ": the reader ended by: " + how);
        }
        run->task.first = run->shared->state + 1;
        return by_image && !one_state && planted.empty() && (lose_size || run->deaths < kDeathsMax);
    }

    void finish(const Run &run)
    {
        const Shared &seen = *run.shared;
        totals.seeds++;
        totals.looked += seen.looked;
        totals.lost += seen.lost;
        totals.intact += seen.intact;
        totals.empty += seen.empty;
        totals.refused += seen.refused;
        totals.calls += seen.calls;
        totals.batches += seen.batches;
        for (uint64_t i = 0; i < seen.findings && i < kFindingsMax; i++) {
            report->finding(seen.texts[i]);
        }
        munmap(run.shared, sizeof *run.shared);
        remove_folder(run.task.folder);
    }

    const Options &options;
    Report *report;
    bool one_state;
    bool lose_size;
    std::string planted;
    uint64_t next_seed;
    std::vector<Run> running;
    Totals totals = {};
};

} // namespace
} // namespace purvey

int main(int argc, char **argv)
{
    purvey::Options options(argc, argv,
                            {{"states", "100000"}, // to look at, at least
                             {"seconds", "0"},     // begin no further seed after; 0: no bound
                             {"seed", "1"},        // the first
                             {"state", "0"},       // look at this image of the seed alone
                             {"jobs", "1"},        // seeds at a time
                             {"plant", ""},        // nosync or nometasync: must be found
                             {"lose-size", "no"},  // yes: the disk forgets how long the file is
                             {"json", ""}});
    struct rlimit no_core = {0, 0}; // explorers may die, of maps of a terabyte
    (void)setrlimit(RLIMIT_CORE, &no_core);
    const std::string &plant = options.text("plant");
    if (!plant.empty() && purvey::flags_named(plant) == 0) {
        fprintf(stderr, "power: --plant is nosync or nometasync, not %s\n", plant.c_str());
        return 2;
    }
    std::string name = !plant.empty()                       ? "power-" + plant
                       : options.text("lose-size") == "yes" ? "power-lose-size"
                                                            : "power";
    purvey::Report report(name);
    purvey::Power power(options, &report);
    power.run();
    power.tell();
    return report.end(options.text("json"));
}
