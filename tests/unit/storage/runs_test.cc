// storage/runs.h, against a plain multimap: on both engines, through many merges, with entries that are dropped.
#include "storage/runs.h"

#include "tests/unit/storage/fixture.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace store_test {
namespace {

pv_id Owner(uint8_t number)
{
    pv_id id = {{number}};
    return id;
}

using Hits = std::multiset<std::pair<size_t, uint64_t>>;

Hits Find(pv_txn *txn, pv_arena *arena, pv_id owner, const std::vector<uint64_t> &hashes)
{
    Hits hits;
    pv_runs *runs = nullptr;
    EXPECT_CODE("OK", pv_runs_open(txn, arena, owner, &runs));
    auto found = [](void *context, size_t index, uint64_t value) {
        static_cast<Hits *>(context)->insert({index, value});
        return pv_ok();
    };
    EXPECT_CODE("OK", pv_runs_find(runs, hashes.data(), hashes.size(), found, &hits));
    return hits;
}

pv_status KeepAll(void *, uint64_t, bool *ret_keep)
{
    *ret_keep = true;
    return pv_ok();
}

// Wanted unless the value is below what `context` points to.
pv_status KeepFrom(void *context, uint64_t value, bool *ret_keep)
{
    *ret_keep = value >= *static_cast<uint64_t *>(context);
    return pv_ok();
}

std::string Add(pv_txn *txn, pv_arena *arena, pv_id owner, std::vector<pv_run_entry> entries,
                pv_runs_keep keep = KeepAll, void *context = nullptr)
{
    auto below = [](const pv_run_entry &a, const pv_run_entry &b) { return a.hash < b.hash; };
    std::sort(entries.begin(), entries.end(), below);
    pv_runs *runs = nullptr;
    EXPECT_CODE("OK", pv_runs_open(txn, arena, owner, &runs));
    return Code(pv_runs_add(runs, entries.data(), entries.size(), keep, context));
}

pv_runs_size Size(pv_txn *txn, pv_arena *arena, pv_id owner)
{
    pv_runs *runs = nullptr;
    EXPECT_CODE("OK", pv_runs_open(txn, arena, owner, &runs));
    return pv_runs_measure(runs);
}

// Rows of the whole store.
size_t Rows(pv_txn *txn, pv_arena *arena)
{
    pv_scan *scan = nullptr;
    EXPECT_CODE("OK", pv_scan_open(txn, arena, pv_range{}, &scan));
    size_t rows = 0;
    pv_view key, value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { rows++; }
    return rows;
}

class Runs : public testing::TestWithParam<Engine> {};

TEST_P(Runs, NothingIsFoundInNothing)
{
    Store store(GetParam());
    Read read(store.get());
    EXPECT_TRUE(Find(read, read.arena(), Owner(1), {0, 1, UINT64_MAX}).empty());
    EXPECT_EQ(Size(read, read.arena(), Owner(1)).runs, 0U);
}

TEST_P(Runs, EqualHashesAreAllFoundAndOwnersAreApart)
{
    Store store(GetParam());
    Write write(store.get());
    EXPECT_EQ(Add(write, write.arena(), Owner(1), {{7, 1}, {0, 2}, {UINT64_MAX, 3}}), "OK");
    EXPECT_EQ(Add(write, write.arena(), Owner(1), {{7, 4}}), "OK");
    EXPECT_EQ(Add(write, write.arena(), Owner(2), {{7, 5}}), "OK");
    EXPECT_EQ(Find(write, write.arena(), Owner(1), {0, 6, 7, 7, UINT64_MAX}),
              (Hits{{0, 2}, {2, 1}, {2, 4}, {3, 1}, {3, 4}, {4, 3}}));
    EXPECT_EQ(Find(write, write.arena(), Owner(2), {7}), (Hits{{0, 5}}));
    EXPECT_EQ(Size(write, write.arena(), Owner(1)).runs, 1U) << "small additions share a block";
}

// Additions of all sizes; after each the whole of it, what was never added, and often a reopened store.
TEST_P(Runs, FindWhatAPlainMapFinds)
{
    const uint64_t seed = Seed(11);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store(GetParam());
    std::multimap<uint64_t, uint64_t> model;
    std::vector<uint64_t> known;
    uint64_t next = 0;
    for (int round = 0; round < 120; round++) {
        Write write(store.get());
        size_t count = random() % 4 == 0 ? 1 + random() % 20 : PV_RUNS_ADD_MAX - random() % 600;
        std::vector<pv_run_entry> entries;
        for (size_t i = 0; i < count; i++) {
            bool again = !known.empty() && random() % 16 == 0;
            uint64_t hash = again ? known[random() % known.size()] : random();
            entries.push_back({hash, next});
            model.insert({hash, next++});
            known.push_back(hash);
        }
        ASSERT_EQ(Add(write, write.arena(), Owner(1), entries), "OK");
        ASSERT_EQ(write.Commit(), "OK");
        if (GetParam().durable && round % 30 == 29) { store.Reopen(); }

        std::vector<uint64_t> wanted;
        for (int i = 0; i < 500; i++) {
            wanted.push_back(random() % 2 == 0 ? known[random() % known.size()] : random());
        }
        std::sort(wanted.begin(), wanted.end());
        Hits expected;
        for (size_t i = 0; i < wanted.size(); i++) {
            auto range = model.equal_range(wanted[i]);
            for (auto at = range.first; at != range.second; ++at) {
                expected.insert({i, at->second});
            }
        }
        Read read(store.get());
        ASSERT_EQ(Find(read, read.arena(), Owner(1), wanted), expected) << round;
    }
    Read read(store.get());
    pv_runs_size size = Size(read, read.arena(), Owner(1));
    EXPECT_EQ(size.entries, next);
    EXPECT_GE(size.levels, 3U) << "merges of merges";
    EXPECT_LE(Rows(read, read.arena()), next / 250) << "blocks, not keys per entry";
}

// No addition writes or reads much more than another, however large the runs are: the limits of a transaction hold.
TEST_P(Runs, AnAdditionIsBounded)
{
    std::mt19937_64 random(5);
    Store store(GetParam());
    uint32_t most_runs = 0;
    size_t most_memory = 0;
    for (int round = 0; round < 300; round++) {
        Write write(store.get());
        std::vector<pv_run_entry> entries(500);
        for (pv_run_entry &entry : entries) { entry = {random(), 1}; }
        ASSERT_EQ(Add(write, write.arena(), Owner(1), entries), "OK");
        most_runs = std::max(most_runs, Size(write, write.arena(), Owner(1)).runs);
        most_memory = std::max(most_memory, pv_arena_used(write.arena()));
        ASSERT_EQ(write.Commit(), "OK");
    }
    EXPECT_LE(most_runs, 5U * (2 * PV_RUNS_FAN));
    EXPECT_LE(most_memory, size_t{2} << 20);
}

// What is no longer wanted leaves no more than a share behind, and nothing of it is found wrongly.
TEST_P(Runs, MergingDropsWhatIsNotWanted)
{
    std::mt19937_64 random(6);
    Store store(GetParam());
    uint64_t wanted_from = 0;
    uint64_t next = 0;
    for (int round = 0; round < 200; round++) {
        Write write(store.get());
        std::vector<pv_run_entry> entries(1000);
        for (pv_run_entry &entry : entries) { entry = {random(), next++}; }
        wanted_from = next - 2000;
        if (next < 2000) { wanted_from = 0; }
        ASSERT_EQ(Add(write, write.arena(), Owner(1), entries, KeepFrom, &wanted_from), "OK");
        ASSERT_EQ(write.Commit(), "OK");
    }
    Read read(store.get());
    EXPECT_LE(Size(read, read.arena(), Owner(1)).entries, 30000U);
    EXPECT_LE(Rows(read, read.arena()), 60U);
}

TEST_P(Runs, ACallbackThatRefusesEndsIt)
{
    Store store(GetParam());
    Write write(store.get());
    ASSERT_EQ(Add(write, write.arena(), Owner(1), {{1, 1}, {2, 2}}), "OK");
    pv_runs *runs = nullptr;
    ASSERT_CODE("OK", pv_runs_open(write, write.arena(), Owner(1), &runs));
    const uint64_t hashes[] = {1, 2};
    auto refuse = [](void *context, size_t, uint64_t) {
        ++*static_cast<int *>(context);
        return pv_status_of(PV_CODE_ABORTED);
    };
    int told = 0;
    EXPECT_CODE("ABORTED", pv_runs_find(runs, hashes, 2, refuse, &told));
    EXPECT_EQ(told, 1);
}

TEST_P(Runs, ADamagedListIsSaidToBeDamaged)
{
    Store store(GetParam());
    Write write(store.get());
    for (int i = 0; i < 6; i++) {
        std::vector<pv_run_entry> entries(1000);
        for (size_t k = 0; k < entries.size(); k++) { entries[k] = {k << 50, k}; }
        ASSERT_EQ(Add(write, write.arena(), Owner(1), entries), "OK");
    }
    const std::string key = "s" + std::string(1, '\x01') + std::string(15 + 8, '\0');
    pv_view list;
    ASSERT_CODE("OK", pv_txn_get(write, View(key), &list));
    const std::string good = Bytes(list);
    for (size_t size = 0; size < good.size(); size++) {
        ASSERT_CODE("OK", pv_txn_put(write, View(key), pv_view_of(good.data(), size)));
        pv_runs *runs = nullptr;
        EXPECT_CODE("DATA_LOSS", pv_runs_open(write, write.arena(), Owner(1), &runs)) << size;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, Runs, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
