// Long random runs of batches, calls, scans and snapshots on each engine, compared step by step with a
// std::map; and readers on other threads while a writer commits. PV_TEST_SEED plays another run.
#include "tests/unit/storage/fixture.h"

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace store_test {
namespace {

using Rows = std::map<std::string, std::string>;

// One store and what it should hold. Keys are short strings over few bytes, 00 and FF among them, so that
// they collide, begin each other and stand at the ends of ranges.
class Model {
  public:
    Model(Store &store, uint64_t seed) : store_(store), random_(seed) {}

    void Batch()
    {
        Arena arena;
        pv_batch *batch = nullptr;
        ASSERT_CODE("OK", pv_batch_begin(store_.get(), &batch));
        Rows pending = committed_;
        uint64_t revision = revision_;
        const size_t calls = Below(4);
        for (size_t i = 0; i < calls; i++) {
            pv_txn *txn = nullptr;
            ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
            ASSERT_EQ(pv_txn_revision(txn), revision + 1);
            Rows own = pending;
            const bool wrote = Call(txn, own);
            if (Below(4) == 0) {
                pv_txn_abort(txn);
                continue;
            }
            ASSERT_CODE("OK", pv_txn_commit(txn));
            pending = own;
            revision += wrote ? 1 : 0;
        }
        if (Below(5) == 0) {
            pv_batch_abort(batch);
            return;
        }
        ASSERT_CODE("OK", pv_batch_commit(batch));
        committed_ = pending;
        revision_ = revision;
    }

    void Snapshots()
    {
        if (snapshots_.size() < 4 && Below(2) == 0) {
            snapshots_.push_back(std::make_unique<Snapshot>(store_.get(), committed_, revision_));
        }
        for (auto &snapshot : snapshots_) {
            Check(snapshot->read, snapshot->rows);
            ASSERT_EQ(pv_txn_revision(snapshot->read), snapshot->revision);
        }
        if (!snapshots_.empty() && Below(3) == 0) {
            snapshots_.erase(snapshots_.begin() + static_cast<long>(Below(snapshots_.size())));
        }
    }

    void Reopen()
    {
        snapshots_.clear();
        store_.Reopen();
    }

    size_t Below(size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  private:
    struct Snapshot {
        Snapshot(pv_store *store, const Rows &state, uint64_t number)
            : read(store), rows(state), revision(number)
        {
        }
        Read read;
        Rows rows;
        uint64_t revision;
    };

    std::string Key()
    {
        static const char bytes[] = {'\0', '\x01', 'a', 'b', '\x7f', '\x80', '\xff'};
        std::string key = "n";
        for (size_t size = Below(4); size > 0; size--) { key += bytes[Below(sizeof bytes)]; }
        if (Below(50) == 0) { key += std::string(Below(PV_STORE_KEY_MAX - key.size() + 1), 'x'); }
        return key;
    }

    std::string Value()
    {
        const size_t size = Below(20) == 0 ? Below(9000) : Below(40);
        return std::string(size, static_cast<char>('a' + Below(26)));
    }

    bool Call(pv_txn *txn, Rows &own)
    {
        bool wrote = false;
        for (size_t step = Below(30); step > 0; step--) {
            const std::string key = Key();
            switch (Below(6)) {
            case 0:
            case 1:
            case 2: {
                const std::string value = Value();
                EXPECT_CODE("OK", pv_txn_put(txn, View(key), View(value)));
                own[key] = value;
                wrote = true;
                break;
            }
            case 3:
                EXPECT_CODE("OK", pv_txn_delete(txn, View(key)));
                own.erase(key);
                wrote = true;
                break;
            default: Check(txn, own);
            }
        }
        return wrote;
    }

    void Check(pv_txn *txn, const Rows &rows)
    {
        const std::string key = Key();
        pv_view value;
        const pv_status status = pv_txn_get(txn, View(key), &value);
        const auto row = rows.find(key);
        ASSERT_EQ(Code(status), row == rows.end() ? "NOT_FOUND" : "OK");
        if (row != rows.end()) { ASSERT_EQ(Bytes(value), row->second); }
        Scan(txn, rows, Key(), Below(4) == 0 ? "o" : Key(), Below(2) == 0,
             Below(3) == 0 ? Below(5) : SIZE_MAX);
    }

    void Scan(pv_txn *txn, const Rows &rows, const std::string &from, const std::string &to,
              bool reverse, size_t most)
    {
        std::vector<std::pair<std::string, std::string>> expected;
        for (auto row = rows.lower_bound(from); row != rows.end() && row->first < to; ++row) {
            expected.push_back(*row);
        }
        if (reverse) { std::reverse(expected.begin(), expected.end()); }
        if (expected.size() > most) { expected.resize(most); }
        Arena arena(size_t{1} << 20);
        pv_scan *scan = nullptr;
        pv_range range = {View(from), View(to), reverse, 0};
        ASSERT_CODE("OK", pv_scan_open(txn, arena, range, &scan));
        for (size_t i = 0; i < expected.size(); i++) {
            pv_view key, value;
            ASSERT_CODE("OK", pv_scan_next(scan, &key, &value)) << i;
            ASSERT_EQ(Bytes(key), expected[i].first);
            ASSERT_EQ(Bytes(value), expected[i].second);
        }
        if (most == SIZE_MAX) {
            pv_view key, value;
            ASSERT_CODE("NOT_FOUND", pv_scan_next(scan, &key, &value));
        }
        pv_scan_close(scan);
    }

    Store &store_;
    std::mt19937_64 random_;
    Rows committed_;
    uint64_t revision_ = 0;
    std::vector<std::unique_ptr<Snapshot>> snapshots_;
};

class ModelTest : public testing::TestWithParam<Engine> {};

TEST_P(ModelTest, RandomRunsEqualASortedMap)
{
    for (uint64_t run = 0; run < 8; run++) {
        const uint64_t seed = Seed(20261122) + run;
        SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
        Store store(GetParam());
        Model model(store, seed);
        for (int step = 0; step < 150; step++) {
            model.Batch();
            model.Snapshots();
            if (GetParam().durable && model.Below(40) == 0) { model.Reopen(); }
            if (HasFatalFailure()) { return; }
        }
    }
}

// Every commit writes one number into all rows; whoever reads must find one number in all of them.
TEST_P(ModelTest, ReadersOnOtherThreadsSeeWholeBatches)
{
    constexpr int kRows = 20;
    constexpr int kCommits = 200;
    Store store(GetParam());
    std::atomic<bool> done{false};
    std::atomic<long> torn{0}, reads{0};
    auto reader = [&] {
        uint64_t newest = 0;
        while (!done.load()) {
            Arena arena(size_t{1} << 20);
            pv_txn *txn = nullptr;
            if (!pv_is_ok(pv_read_begin(store.get(), arena, &txn))) {
                torn++;
                return;
            }
            pv_scan *scan = nullptr;
            pv_range range = {View("n"), View("o"), false, 0};
            std::string first;
            int rows = 0;
            if (pv_is_ok(pv_scan_open(txn, arena, range, &scan))) {
                pv_view key, value;
                while (pv_is_ok(pv_scan_next(scan, &key, &value))) {
                    if (rows++ == 0) { first = Bytes(value); }
                    torn += Bytes(value) == first ? 0 : 1;
                }
            }
            torn += (rows == 0 && pv_txn_revision(txn) == 0) || rows == kRows ? 0 : 1;
            torn += rows == 0 || first == std::to_string(pv_txn_revision(txn)) ? 0 : 1;
            torn += pv_txn_revision(txn) >= newest ? 0 : 1;
            newest = pv_txn_revision(txn);
            pv_txn_abort(txn);
            reads++;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) { threads.emplace_back(reader); }
    for (int commit = 1; commit <= kCommits; commit++) {
        Write write(store.get());
        for (int row = 0; row < kRows; row++) {
            const std::string key = "n" + std::to_string(row);
            ASSERT_CODE("OK", pv_txn_put(write, View(key), View(std::to_string(commit))));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }
    while (reads.load() < 100) { std::this_thread::yield(); }
    done = true;
    for (std::thread &thread : threads) { thread.join(); }
    EXPECT_EQ(torn.load(), 0);
}

// What one call read and wrote, or what one snapshot held.
struct Seen {
    uint64_t revision = 0;
    bool wrote = false;
    Rows read; // of the range [from, to)
    std::string from, to;
    std::vector<std::pair<std::string, std::string>> writes;
};

std::string HistoryKey(uint64_t number)
{
    return "n" + std::to_string(10 + number % 50);
}

Rows ReadRange(pv_txn *txn, pv_arena *arena, const std::string &from, const std::string &to)
{
    Rows rows;
    pv_scan *scan = nullptr;
    pv_range range = {View(from), View(to), false, 0};
    EXPECT_CODE("OK", pv_scan_open(txn, arena, range, &scan));
    pv_view key, value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { rows[Bytes(key)] = Bytes(value); }
    pv_scan_close(scan);
    return rows;
}

// Reads a range of the fifty keys and writes what depends on it.
Seen RandomCall(pv_txn *txn, pv_arena *arena, std::mt19937_64 &random)
{
    Seen seen;
    seen.revision = pv_txn_revision(txn);
    const uint64_t first = random() % 50;
    seen.from = HistoryKey(first);
    seen.to = HistoryKey(first) + "~";
    if (random() % 4 == 0) { seen.to = "n99"; }
    seen.read = ReadRange(txn, arena, seen.from, seen.to);
    for (uint64_t i = random() % 3; i > 0; i--) {
        const std::string key = HistoryKey(random());
        const std::string value =
            std::to_string(seen.read.size()) + ":" + std::to_string(random() % 1000);
        const bool gone = random() % 4 == 0;
        EXPECT_CODE("OK",
                    gone ? pv_txn_delete(txn, View(key)) : pv_txn_put(txn, View(key), View(value)));
        seen.writes.emplace_back(key, gone ? "" : value);
    }
    seen.wrote = !seen.writes.empty();
    return seen;
}

// Plays the calls in the order of their revisions on a map: each must have read what stands there then.
void ExpectExplained(const std::vector<Seen> &calls, const std::vector<Seen> &snapshots)
{
    Rows rows;
    std::map<uint64_t, Rows> states = {{0, rows}};
    uint64_t newest = 0;
    for (const Seen &call : calls) {
        ASSERT_EQ(call.revision, newest + 1);
        const Rows read(rows.lower_bound(call.from), rows.lower_bound(call.to));
        ASSERT_EQ(call.read, read) << "call " << call.revision;
        for (const auto &[key, value] : call.writes) {
            rows.erase(key);
            if (!value.empty()) { rows[key] = value; }
        }
        newest += call.wrote ? 1 : 0;
        states[newest] = rows;
    }
    for (const Seen &snapshot : snapshots) {
        ASSERT_EQ(snapshot.read, states.at(snapshot.revision)) << "snapshot " << snapshot.revision;
    }
}

// Batches of random calls by one committer while readers take snapshots: the whole history is explained by
// the calls one after the other, and every snapshot is the state after one of them.
TEST_P(ModelTest, HistoryIsExplainedByTheOrderOfRevisions)
{
    const uint64_t seed = Seed(20261126);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    Store store(GetParam());
    std::atomic<bool> done{false};
    std::vector<std::vector<Seen>> snapshots(3);
    std::vector<std::thread> readers;
    for (std::vector<Seen> &mine : snapshots) {
        readers.emplace_back([&store, &done, &mine] {
            while (!done.load() && mine.size() < 3000) {
                Read read(store.get());
                Seen seen;
                seen.revision = pv_txn_revision(read);
                seen.read = ReadRange(read, read.arena(), "n", "o");
                mine.push_back(seen);
            }
        });
    }
    std::mt19937_64 random(seed);
    std::vector<Seen> calls;
    while (calls.size() < 5000 && !HasFatalFailure()) {
        Arena arena;
        pv_batch *batch = nullptr;
        ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
        const size_t before = calls.size();
        for (uint64_t i = 1 + random() % 64; i > 0; i--) {
            pv_txn *txn = nullptr;
            ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
            const Seen seen = RandomCall(txn, arena, random);
            if (random() % 5 == 0) {
                pv_txn_abort(txn);
                continue;
            }
            ASSERT_CODE("OK", pv_txn_commit(txn));
            calls.push_back(seen);
        }
        if (random() % 10 == 0) {
            pv_batch_abort(batch);
            calls.resize(before);
        } else {
            ASSERT_CODE("OK", pv_batch_commit(batch));
        }
    }
    done = true;
    for (std::thread &reader : readers) { reader.join(); }
    for (const std::vector<Seen> &mine : snapshots) { ExpectExplained(calls, mine); }
}

INSTANTIATE_TEST_SUITE_P(Engines, ModelTest, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
