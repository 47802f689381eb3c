// full — the real server on a disk that fills up: a tmpfs of a few megabytes where one can be mounted, and a limit on
// the size of files (RLIMIT_FSIZE), which needs no rights. It must end or refuse with RESOURCE_EXHAUSTED, start again
// or say why not, and hold everything that it answered when there is room again.
#include "storage/lmdb/lmdb.h"
#include "tests/e2e/house.h"
#include "tests/fault/partners.h"
#include "tests/fault/report.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace purvey {
namespace {

constexpr int kWritesMax = 20000;
constexpr int kRefusedEnough = 10;
constexpr uint64_t kRoom = 2 * 1024 * 1024; // above what the store needs when it is new
constexpr size_t kDescription = 1900;

class FullDisk {
  public:
    // `folder` is for what must not be short of room: the server's log.
    FullDisk(Report *to, const std::string &what, const std::string &folder)
        : report(to), name(what), own(folder), house(),
          lives({server_program(), "--data", house.on.data}, own)
    {
        PV_ASSERT(house.ready);
        actor who = house.join(PV_ACCOUNT_TYPE_DISTRIBUTOR, "Delta");
        partner = Partner{"distributor", read_file(house.authority("server-ca.pem")),
                          read_file(who.cert_path), read_file(who.key_path)};
        PV_ASSERT(house.stop(SIGKILL) == -SIGKILL); // SIGTERM waits for clients
    }
    ~FullDisk()
    {
        lives.kill();
        std::filesystem::remove_all(own);
    }
    FullDisk(const FullDisk &) = delete;
    FullDisk &operator=(const FullDisk &) = delete;

    uint64_t store_bytes() const
    {
        return std::filesystem::file_size(house.folder("store") + "/data.mdb");
    }

    // Writes until there is no room; `begin` starts the server with little room. Then the server is met again, still
    // without room.
    void fill(const std::function<bool()> &begin)
    {
        if (!begin()) {
            return report->judge(false, name + ": the server does not start: " + lives.log());
        }
        Answer last = write_until_refused();
        bool ended = last.code == PV_CODE_UNAVAILABLE || last.code == PV_CODE_DEADLINE_EXCEEDED;
        std::string how = "refused " + std::to_string(refused) + " writes with RESOURCE_EXHAUSTED";
        bool right = last.code == PV_CODE_RESOURCE_EXHAUSTED;
        if (ended) {
            int status = lives.wait_end();
            right = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
                    lives.log().find("store_failed") != std::string::npos;
            how = "ended by abort, with a line in its log";
        }
        report->judge(right, name + ": after " + std::to_string(ledger.answered) +
                                 " writes the server " + (right ? how : "answers " + last.told()));
        lives.kill();
        meet_again(begin);
    }

    // There is room again: everything that was answered is there, and a write is answered.
    void recover()
    {
        check();
        uint64_t answered = ledger.answered;
        bool goes_on = lives.start(true) && create().ok();
        report->judge(goes_on && ledger.findings().empty(),
                      name + ": with room again the " + std::to_string(answered) +
                          " answered writes are there, and one more is made");
        for (const std::string &one : ledger.findings()) { report->finding(one); }
        lives.kill();
        report->count(name + "_writes", answered);
    }

    Lives &server() { return lives; }

  private:
    Answer create()
    {
        Wanted wanted;
        std::string hub = "hub-" + std::to_string(ledger.size());
        wanted.method = "CreateHub";
        wanted.request_id = uuid();
        wanted.object = "purvey.product.v1.Hub " + hub;
        wanted.root = "hub";
        size_t number = ledger.want(wanted);
        std::shared_ptr<pv_client> client = lives.connect(lives.now(), partner);
        Answer answer =
            call(client.get(), wanted.method,
                 form(R"({"name": "%s", "description": "%s", "request_id": "%s"})", hub.c_str(),
                      std::string(kDescription, 'x').c_str(), wanted.request_id.c_str()));
        if (answer.ok()) { ledger.told(number, answer); }
        return answer;
    }

    Answer write_until_refused()
    {
        Answer answer;
        for (int i = 0; i < kWritesMax && refused < kRefusedEnough; i++) {
            answer = create();
            if (answer.ok()) { continue; }
            if (answer.code != PV_CODE_RESOURCE_EXHAUSTED) { break; }
            refused++;
        }
        return answer;
    }

    // Without room the server either starts, and then it reads, or says why not.
    void meet_again(const std::function<bool()> &begin)
    {
        bool started = begin();
        Answer read;
        if (started) {
            std::shared_ptr<pv_client> client = lives.connect(lives.now(), partner);
            read = call(client.get(), "ListHubs", R"({"page_size": 10})");
        }
        bool said = !started && lives.log().find("purveyd: ") != std::string::npos;
        report->judge((started && read.count("hubs") == 10) || said,
                      name + ": started again without room it " +
                          (started ? "reads" : "says: " + lives.log()));
        lives.kill();
    }

    void check()
    {
        pv_store *store = nullptr;
        char why[PV_LMDB_ERROR_SIZE];
        if (!pv_is_ok(pv_lmdb_open(house.folder("store").c_str(), nullptr, &store, why))) {
            return ledger.finding(why);
        }
        ledger.check(read_content(store, true), "");
        pv_store_close(store);
    }

    Report *report;
    std::string name;
    std::string own;
    House house;
    Lives lives;
    Ledger ledger;
    Partner partner;
    int refused = 0;
};

// Both hold their houses in this folder.
void set_place(const std::string &folder)
{
    PV_ASSERT(setenv(getenv("TEST_TMPDIR") == nullptr ? "TMPDIR" : "TEST_TMPDIR", folder.c_str(),
                     1) == 0);
}

void full_tmpfs(Report *report)
{
    std::string place = fresh_folder("tmpfs");
    if (mount("purvey", place.c_str(), "tmpfs", 0, "size=64m,mode=0700") != 0) {
        printf("-- full: no tmpfs can be mounted here (%s): the limit on file sizes has to do\n",
               strerror(errno));
        std::filesystem::remove_all(place);
        return;
    }
    {
        std::string logs = fresh_folder("full");
        set_place(place);
        FullDisk disk(report, "full-tmpfs", logs);
        auto resize = [&](uint64_t bytes) {
            std::string size = "size=" + std::to_string(bytes) + ",mode=0700";
            PV_ASSERT(mount("purvey", place.c_str(), "tmpfs", MS_REMOUNT, size.c_str()) == 0);
        };
        std::filesystem::space_info space = std::filesystem::space(place);
        resize(space.capacity - space.available + kRoom);
        disk.fill([&] { return disk.server().start(true); });
        resize(64 * 1024 * 1024);
        disk.recover();
    }
    PV_ASSERT(umount(place.c_str()) == 0);
    std::filesystem::remove_all(place);
}

void full_file(Report *report)
{
    FullDisk disk(report, "full-file", fresh_folder("full"));
    struct rlimit limit;
    PV_ASSERT(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    signal(SIGXFSZ, SIG_IGN); // the server inherits it: its writes then fail with EFBIG
    uint64_t bytes = disk.store_bytes() + kRoom;
    disk.fill([&] {
        struct rlimit little = limit;
        little.rlim_cur = bytes;
        PV_ASSERT(setrlimit(RLIMIT_FSIZE, &little) == 0);
        bool started = disk.server().start(true);
        PV_ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        return started;
    });
    disk.recover();
}

} // namespace
} // namespace purvey

int main(int argc, char **argv)
{
    purvey::Options options(argc, argv, {{"json", ""}});
    purvey::Report report("full");
    purvey::full_file(&report);
    purvey::full_tmpfs(&report);
    return report.end(options.text("json"));
}
