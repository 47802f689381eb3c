// storage/feed.h and storage/record.h.
#include "storage/feed.h"
#include "storage/record.h"

#include "tests/unit/storage/things.h"

#include <map>
#include <random>
#include <vector>

namespace store_test {
namespace {

class Records : public testing::TestWithParam<Engine> {};

std::vector<std::string> Entries(pv_txn *txn, pv_arena *arena, pv_id account, uint64_t after)
{
    std::vector<std::string> entries;
    pv_scan *scan = nullptr;
    EXPECT_CODE("OK", pv_feed_scan(txn, arena, account, after, &scan));
    pv_view key, entry;
    uint64_t expected = after + 1;
    while (pv_is_ok(pv_scan_next(scan, &key, &entry))) {
        uint64_t sequence = 0;
        EXPECT_TRUE(pv_feed_sequence(key, &sequence));
        EXPECT_EQ(sequence, expected++) << "no gap";
        entries.push_back(Bytes(entry));
    }
    pv_scan_close(scan);
    return entries;
}

void Append(pv_txn *txn, pv_id account, const std::string &entry)
{
    uint64_t sequence = 0;
    ASSERT_CODE("OK", pv_feed_next_sequence(txn, account, &sequence));
    ASSERT_CODE("OK", pv_feed_append(txn, account, sequence, View(entry)));
}

TEST_P(Records, FeedCountsFromOne)
{
    Store store(GetParam());
    Write write(store.get());
    uint64_t oldest = 9, newest = 9, sequence = 9;
    ASSERT_CODE("OK", pv_feed_bounds(write, Id(1), &oldest, &newest));
    EXPECT_EQ(oldest, 0U);
    EXPECT_EQ(newest, 0U);
    EXPECT_TRUE(Entries(write, write.arena(), Id(1), 0).empty());
    ASSERT_CODE("OK", pv_feed_next_sequence(write, Id(1), &sequence));
    EXPECT_EQ(sequence, 1U);
    Append(write, Id(1), "a");
    Append(write, Id(1), "b");
    ASSERT_CODE("OK", pv_feed_bounds(write, Id(1), &oldest, &newest));
    EXPECT_EQ(oldest, 1U);
    EXPECT_EQ(newest, 2U);
    pv_view entry;
    ASSERT_CODE("OK", pv_feed_read(write, Id(1), 2, &entry));
    EXPECT_EQ(Bytes(entry), "b");
    EXPECT_CODE("NOT_FOUND", pv_feed_read(write, Id(1), 3, &entry));
    EXPECT_CODE("NOT_FOUND", pv_feed_read(write, Id(1), 0, &entry));
    EXPECT_CODE("NOT_FOUND", pv_feed_read(write, Id(2), 1, &entry));
}

TEST_P(Records, FeedScanStartsBehindANumber)
{
    Store store(GetParam());
    Write write(store.get());
    for (const char *entry : {"a", "b", "c"}) { Append(write, Id(1), entry); }
    using Texts = std::vector<std::string>;
    EXPECT_EQ(Entries(write, write.arena(), Id(1), 0), (Texts{"a", "b", "c"}));
    EXPECT_EQ(Entries(write, write.arena(), Id(1), 2), (Texts{"c"}));
    EXPECT_EQ(Entries(write, write.arena(), Id(1), 3), Texts{});
    EXPECT_EQ(Entries(write, write.arena(), Id(1), UINT64_MAX), Texts{});
}

// Calls that are refused, batches that are lost, several accounts: what is committed has no gap.
TEST_P(Records, FeedsHaveNoGapWhateverIsAborted)
{
    const uint64_t seed = Seed(4);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store(GetParam());
    std::map<uint64_t, std::vector<std::string>> committed;
    int text = 0;
    for (int round = 0; round < 80; round++) {
        Arena arena;
        pv_batch *batch = nullptr;
        ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
        auto pending = committed;
        for (size_t call = random() % 4; call > 0; call--) {
            pv_txn *txn = nullptr;
            ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
            auto own = pending;
            for (size_t event = random() % 4; event > 0; event--) {
                const uint64_t account = 1 + random() % 3;
                own[account].push_back(std::to_string(text++));
                Append(txn, Id(account), own[account].back());
            }
            for (auto &feed : own) {
                ASSERT_EQ(Entries(txn, arena, Id(feed.first), 0), feed.second);
            }
            if (random() % 3 == 0) {
                pv_txn_abort(txn);
            } else {
                ASSERT_CODE("OK", pv_txn_commit(txn));
                pending = own;
            }
        }
        if (random() % 4 == 0) {
            pv_batch_abort(batch);
        } else {
            ASSERT_CODE("OK", pv_batch_commit(batch));
            committed = pending;
        }
        Read read(store.get());
        for (auto &feed : committed) {
            ASSERT_EQ(Entries(read, read.arena(), Id(feed.first), 0), feed.second);
        }
    }
}

using RecordsDeathTest = Records;

TEST_P(RecordsDeathTest, FeedTakesNoOtherNumberThanTheNext)
{
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Store store(GetParam());
    Write write(store.get());
    EXPECT_DEATH((void)!pv_is_ok(pv_feed_append(write, Id(1), 2, View("b"))), "next");
    Append(write, Id(1), "a");
    EXPECT_DEATH((void)!pv_is_ok(pv_feed_append(write, Id(1), 1, View("b"))), "next");
}

TEST_P(RecordsDeathTest, SettingsOfTheStoreLayerAreNotForOthers)
{
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Store store(GetParam());
    Write write(store.get());
    EXPECT_DEATH((void)!pv_is_ok(pv_setting_put(write, "format", View("x"))), "own");
    EXPECT_DEATH((void)!pv_is_ok(pv_setting_put(write, "revision", View("x"))), "own");
}

TEST_P(Records, ReplayIsScopedToAccountUserMethodAndRequest)
{
    Store store(GetParam());
    Write write(store.get());
    ASSERT_CODE("OK", pv_replay_put(write, Id(1), Id(2), View("/s/M"), View("r"), Seconds(5),
                                    View("answer")));
    pv_view answer;
    ASSERT_CODE("OK", pv_replay_get(write, Id(1), Id(2), View("/s/M"), View("r"), &answer));
    EXPECT_EQ(Bytes(answer), "answer");
    EXPECT_CODE("NOT_FOUND", pv_replay_get(write, Id(2), Id(2), View("/s/M"), View("r"), &answer));
    EXPECT_CODE("NOT_FOUND", pv_replay_get(write, Id(1), Id(1), View("/s/M"), View("r"), &answer));
    EXPECT_CODE("NOT_FOUND", pv_replay_get(write, Id(1), Id(2), View("/s/N"), View("r"), &answer));
    EXPECT_CODE("NOT_FOUND", pv_replay_get(write, Id(1), Id(2), View("/s/M"), View("R"), &answer));
    EXPECT_CODE("NOT_FOUND", pv_replay_get(write, Id(1), Id(2), View("/s/Mr"), View(""), &answer));
    ASSERT_CODE("OK",
                pv_replay_put(write, Id(1), Id(2), View("/s/M"), View("e"), Seconds(5), View("")));
    ASSERT_CODE("OK", pv_replay_get(write, Id(1), Id(2), View("/s/M"), View("e"), &answer));
    EXPECT_EQ(answer.size, 0U);
}

TEST_P(Records, ReplayIsBounded)
{
    Store store(GetParam());
    Write write(store.get());
    const std::string largest(PV_STORE_VALUE_MAX - 8, 'x');
    EXPECT_CODE("OK", pv_replay_put(write, Id(1), Id(2), View("/s/M"), View("r"), Seconds(5),
                                    View(largest)));
    pv_view answer;
    ASSERT_CODE("OK", pv_replay_get(write, Id(1), Id(2), View("/s/M"), View("r"), &answer));
    EXPECT_EQ(Bytes(answer), largest);
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_replay_put(write, Id(1), Id(2), View("/s/M"), View("r"),
                                                    Seconds(5), View(largest + "x")));
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_replay_get(write, Id(1), Id(2), View("/s/M"),
                                                    View(std::string(400, 'r')), &answer));
}

std::vector<uint32_t> Blocks(pv_txn *txn, pv_arena *arena, pv_id owner, uint32_t from)
{
    std::vector<uint32_t> numbers;
    pv_scan *scan = nullptr;
    EXPECT_CODE("OK", pv_block_scan(txn, arena, owner, from, &scan));
    pv_view key, block;
    while (pv_is_ok(pv_scan_next(scan, &key, &block))) {
        uint32_t number = 0;
        EXPECT_TRUE(pv_block_number(key, &number));
        EXPECT_EQ(Bytes(block), std::to_string(number));
        numbers.push_back(number);
    }
    pv_scan_close(scan);
    return numbers;
}

TEST_P(Records, BlocksAreNumberedPerOwnerAndDeletedInPortions)
{
    Store store(GetParam());
    Write write(store.get());
    using Numbers = std::vector<uint32_t>;
    for (uint32_t number : {0U, 1U, 2U, 255U, 256U, UINT32_MAX}) {
        ASSERT_CODE("OK", pv_block_put(write, Id(1), number, View(std::to_string(number))));
    }
    ASSERT_CODE("OK", pv_block_put(write, Id(2), 0, View("0")));
    pv_view block;
    ASSERT_CODE("OK", pv_block_get(write, Id(1), 255, &block));
    EXPECT_EQ(Bytes(block), "255");
    EXPECT_CODE("NOT_FOUND", pv_block_get(write, Id(1), 3, &block));
    EXPECT_EQ(Blocks(write, write.arena(), Id(1), 0), (Numbers{0, 1, 2, 255, 256, UINT32_MAX}));
    EXPECT_EQ(Blocks(write, write.arena(), Id(1), 255), (Numbers{255, 256, UINT32_MAX}));
    bool more = false;
    ASSERT_CODE("OK", pv_block_delete(write, write.arena(), Id(1), 4, &more));
    EXPECT_TRUE(more);
    EXPECT_EQ(Blocks(write, write.arena(), Id(1), 0), (Numbers{256, UINT32_MAX}));
    ASSERT_CODE("OK", pv_block_delete(write, write.arena(), Id(1), 2, &more));
    EXPECT_FALSE(more) << "exactly as many as were left";
    ASSERT_CODE("OK", pv_block_delete(write, write.arena(), Id(1), 2, &more));
    EXPECT_FALSE(more);
    EXPECT_EQ(Blocks(write, write.arena(), Id(2), 0), (Numbers{0})) << "of another owner";
}

TEST_P(Records, DigestsAreASetPerOwner)
{
    Store store(GetParam());
    Write write(store.get());
    const uint8_t one[16] = {1}, two[16] = {2};
    pv_view value;
    ASSERT_CODE("OK", pv_digest_put(write, Id(1), one, View("seen")));
    ASSERT_CODE("OK", pv_digest_get(write, Id(1), one, &value));
    EXPECT_EQ(Bytes(value), "seen");
    EXPECT_CODE("NOT_FOUND", pv_digest_get(write, Id(1), two, &value));
    EXPECT_CODE("NOT_FOUND", pv_digest_get(write, Id(2), one, &value));
}

TEST_P(Records, AUseKeepsTheFirstAndTheNewestOfTheOthers)
{
    Store store(GetParam());
    Write write(store.get());
    pv_use use;
    EXPECT_CODE("NOT_FOUND", pv_use_get(write, Id(1), &use));
    const struct {
        int64_t second;
        const char *address;
        int64_t last;
        const char *last_address;
    } steps[] = {
        {5, "one", 5, "one"}, {9, "two", 9, "two"}, {7, "late", 9, "two"}, {9, "same", 9, "two"}};
    for (const auto &step : steps) {
        ASSERT_CODE("OK", pv_use_put(write, Id(1), Seconds(step.second), step.address));
        ASSERT_CODE("OK", pv_use_get(write, Id(1), &use));
        EXPECT_EQ(use.first.utc_ns, Seconds(5).utc_ns);
        EXPECT_EQ(use.last.utc_ns, Seconds(step.last).utc_ns);
        EXPECT_EQ(Bytes(use.peer_address), step.last_address);
    }
    EXPECT_CODE("NOT_FOUND", pv_use_get(write, Id(2), &use));
}

TEST_P(Records, SettingsAreNamed)
{
    Store store(GetParam());
    {
        Write write(store.get());
        ASSERT_CODE("OK", pv_setting_put(write, "trust_domain", View("example.org")));
        ASSERT_EQ(write.Commit(), "OK");
    }
    Read read(store.get());
    pv_view value;
    ASSERT_CODE("OK", pv_setting_get(read, "trust_domain", &value));
    EXPECT_EQ(Bytes(value), "example.org");
    EXPECT_CODE("NOT_FOUND", pv_setting_get(read, "trust", &value));
    EXPECT_CODE("OK", pv_setting_get(read, "format", &value));
}

INSTANTIATE_TEST_SUITE_P(Engines, Records, testing::ValuesIn(kEngines), EngineName);
INSTANTIATE_TEST_SUITE_P(Engines, RecordsDeathTest, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
