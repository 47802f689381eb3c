// kill — kills the real server at random moments under load, starts it again, and holds what is on the disk against
// what the clients were told. Several servers at a time, each with clients of its own over real mTLS.
#include "base/id.h"
#include "storage/lmdb/lmdb.h"
#include "tests/e2e/house.h"
#include "tests/fault/partners.h"
#include "tests/fault/report.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

namespace purvey {
namespace {

constexpr uint64_t kWritersPerTrade = 2;
constexpr uint64_t kAnswersMax = 40;           // answers in a life before its end is near
constexpr uint64_t kMicroseconds = 3000;       // and then at most
constexpr uint64_t kStartMicroseconds = 25000; // a life that ends while it begins
constexpr auto kPatience =
    std::chrono::milliseconds(400); // with a life in which nothing is answered
constexpr size_t kFindingsMax = 20;

// A server with its house, its clients and its killer.
class Victim {
  public:
    Victim(uint64_t own_seed, uint64_t check_after)
        : seed(own_seed), every(check_after), chance(own_seed), house(usage_file())
    {
        PV_ASSERT(house.ready);
        PV_ASSERT(house.stop(SIGKILL) == -SIGKILL); // SIGTERM waits for clients
        lives = std::make_unique<Lives>(
            std::vector<std::string>{server_program(), "--data", house.on.data}, house.on.folder);
    }

    void run(uint64_t kills, std::chrono::steady_clock::time_point until)
    {
        std::vector<std::thread> clients = begin_clients();
        uint64_t kills_left = kills;
        while (kills_left > 0 && ledger.findings().size() < kFindingsMax &&
               std::chrono::steady_clock::now() < until) {
            if (!live()) { break; }
            kills_left--;
            killed++;
            if (killed % every == 0 || kills_left == 0) { check(); }
        }
        last_life();
        lives->finish();
        lives->kill(); // also ends the stream that is watched
        for (std::thread &client : clients) { client.join(); }
        check();
    }

    Ledger ledger;
    uint64_t killed = 0;
    uint64_t killed_starting = 0;
    uint64_t checked = 0;

  private:
    Partner partner(const actor &who, const std::string &name)
    {
        return Partner{name, read_file(house.authority("server-ca.pem")), read_file(who.cert_path),
                       read_file(who.key_path)};
    }

    std::vector<std::thread> begin_clients()
    {
        chain &people = house.people;
        survey &seen = house.seen;
        Place of_distributor = {lives.get(), &ledger, partner(people.distributor, "distributor"),
                                0};
        Place of_vendor = {lives.get(), &ledger, partner(people.vendors[0], "vendor"), 0};
        Place of_operator = {lives.get(), &ledger, partner(people.operator_, "operator"), 0};
        const survey_subscription &used = seen.subscriptions[0];
        Reported on = {seen.vendors[0].product_id, seen.vendors[0].contract_id,
                       seen.items[used.items[0]].mpn, seen.customers[used.customer].sub_account};
        std::string account = people.distributor.account_id;
        std::vector<std::thread> clients;
        auto add = [&](Place place, const std::function<void(Place)> &work) {
            place.seed = chance.next() >> 32; // it stands in names, which are short
            clients.emplace_back(work, place);
        };
        for (uint64_t i = 0; i < kWritersPerTrade; i++) {
            add(of_distributor, [=](const Place &p) { write(p, Trade::kDistributor, account); });
            add(of_vendor, [=](const Place &p) { write(p, Trade::kVendor, account); });
        }
        add(of_operator, [=](const Place &p) { write(p, Trade::kOperator, account); });
        add(of_vendor, [=](const Place &p) { upload(p, on); });
        add(of_distributor, [](const Place &p) { watch(p); });
        return clients;
    }

    static void pause(uint64_t microseconds)
    {
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    }

    // One life. False: the server does not start.
    bool live()
    {
        if (chance.one_in(10)) {
            PV_ASSERT(lives->start(false));
            pause(chance.below(kStartMicroseconds));
            killed_starting++;
        } else {
            if (!lives->start(true)) {
                ledger.finding("the server does not start again: " + lives->log());
                lives->kill();
                return false;
            }
            wait_for_answers(chance.below(kAnswersMax) + 1);
            pause(chance.below(kMicroseconds));
        }
        lives->kill();
        return true;
    }

    void wait_for_answers(uint64_t count)
    {
        uint64_t enough = ledger.answered + count;
        auto until = std::chrono::steady_clock::now() + kPatience;
        while (ledger.answered < enough && std::chrono::steady_clock::now() < until) { pause(100); }
    }

    // What is on the disk now. Looked at without the server's lock: a process that another thread begins just now
    // would hold it too for a moment, and keep out the next life.
    void check()
    {
        checked++;
        pv_store *store = nullptr;
        char why[PV_LMDB_ERROR_SIZE];
        pv_lmdb_options options = {};
        options.look = true;
        if (!pv_is_ok(pv_lmdb_open(house.folder("store").c_str(), &options, &store, why))) {
            return ledger.finding(why);
        }
        Content content = read_content(store, true);
        pv_store_close(store);
        pv_id account;
        PV_ASSERT(pv_id_parse("acc", pv_view_text(house.people.distributor.account_id), &account));
        std::string feed(reinterpret_cast<const char *>(account.bytes), PV_ID_SIZE);
        newest = content.feeds[feed].size();
        ledger.check(content, feed);
    }

    // Lets everybody come to an end: what was wanted is answered, and the watcher sees all that was there.
    void last_life()
    {
        if (!lives->start(true)) {
            return ledger.finding("the last life does not begin: " + lives->log());
        }
        auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (ledger.events < newest && std::chrono::steady_clock::now() < until) { pause(1000); }
        if (ledger.events < newest) {
            ledger.finding("the watcher saw " + std::to_string(ledger.events) + " events of " +
                           std::to_string(newest));
        }
    }

    uint64_t seed;
    uint64_t every;
    Chance chance;
    House house;
    std::unique_ptr<Lives> lives;
    uint64_t newest = 0; // events in the watcher's feed at the last check
};

int run_all(const Options &options)
{
    Report report("kill");
    uint64_t count = options.number("servers");
    uint64_t kills = options.number("kills");
    uint64_t seconds = options.number("seconds");
    std::vector<std::unique_ptr<Victim>> victims;
    for (uint64_t i = 0; i < count; i++) {
        victims.push_back(
            std::make_unique<Victim>(options.number("seed") + i, options.number("check-every")));
    }
    auto begun = std::chrono::steady_clock::now();
    auto until = begun + std::chrono::seconds(seconds == 0 ? 24 * 3600 : seconds);
    std::vector<std::thread> threads;
    for (auto &victim : victims) {
        threads.emplace_back([&] { victim->run((kills + count - 1) / count, until); });
    }
    for (std::thread &thread : threads) { thread.join(); }
    double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();

    uint64_t killed = 0, starting = 0, answered = 0, repeated = 0, replayed = 0, records = 0,
             events = 0, checked = 0;
    for (auto &victim : victims) {
        killed += victim->killed;
        starting += victim->killed_starting;
        checked += victim->checked;
        answered += victim->ledger.answered;
        repeated += victim->ledger.repeated;
        replayed += victim->ledger.replayed;
        records += victim->ledger.records;
        events += victim->ledger.events;
        for (const std::string &one : victim->ledger.findings()) { report.finding(one); }
    }
    report.count("kills", killed);
    report.count("kills_while_starting", starting);
    report.count("writes_answered", answered);
    report.count("writes_repeated", repeated);
    report.count("answers_replayed", replayed);
    report.count("usage_records_answered", records);
    report.count("events_watched", events);
    report.count("stores_checked", checked);
    report.count("kills_per_100_seconds",
                 static_cast<uint64_t>(static_cast<double>(killed) * 100 / took));
    char text[300];
    snprintf(
        text, sizeof text,
        "%llu kills of %llu servers in %.0f s (%.1f a second), %llu writes answered and none lost, "
        "%llu repeated and none done twice, %llu events without a gap",
        static_cast<unsigned long long>(killed), static_cast<unsigned long long>(count), took,
        static_cast<double>(killed) / took, static_cast<unsigned long long>(answered),
        static_cast<unsigned long long>(repeated), static_cast<unsigned long long>(events));
    report.judge(report.findings() == 0 && killed > 0 && answered > 0 && events > 0, text);
    return report.end(options.text("json"));
}

} // namespace
} // namespace purvey

int main(int argc, char **argv)
{
    purvey::Options options(argc, argv,
                            {{"kills", "2000"},
                             {"seconds", "0"},      // no further life after; 0: no bound
                             {"servers", "3"},      // at a time
                             {"seed", "1"},         // of the first server
                             {"check-every", "50"}, // kills between two readings of a whole store
                             {"json", ""}});
    // The folder of the tests, or memory: a killed process loses nothing that it has written to either.
    if (getenv("TEST_TMPDIR") == nullptr) {
        setenv("TMPDIR", getenv("FAULT_TMPDIR") == nullptr ? "/dev/shm" : getenv("FAULT_TMPDIR"),
               1);
    }
    return purvey::run_all(options);
}
