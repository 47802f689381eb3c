// The limits of storage/store.h, each at its value and one beyond it, and what happens when a store is full.
#include "tests/unit/storage/fixture.h"

#include <vector>

namespace store_test {
namespace {

class Limits : public testing::TestWithParam<Engine> {
  protected:
    std::string Put(pv_txn *txn, const std::string &key, const std::string &value)
    {
        return Code(pv_txn_put(txn, View(key), View(value)));
    }
};

std::string NumberedKey(int number)
{
    char text[16];
    std::snprintf(text, sizeof text, "n%07d", number);
    return text;
}

TEST_P(Limits, KeyOfTheGreatestSizeIsKept)
{
    Store store(GetParam());
    const std::string longest(PV_STORE_KEY_MAX, 'n');
    Write write(store.get());
    ASSERT_EQ(Put(write, longest, "value"), "OK");
    pv_view value;
    ASSERT_CODE("OK", pv_txn_get(write, View(longest), &value));
    ASSERT_EQ(write.Commit(), "OK");
    Read read(store.get());
    ASSERT_CODE("OK", pv_txn_get(read, View(longest), &value));
    EXPECT_EQ(Bytes(value), "value");
}

TEST_P(Limits, KeyOneByteTooLongIsRefused)
{
    Store store(GetParam());
    const std::string too_long(PV_STORE_KEY_MAX + 1, 'n');
    pv_view value;
    {
        Write write(store.get());
        EXPECT_CODE("RESOURCE_EXHAUSTED", pv_txn_get(write, View(too_long), &value));
        EXPECT_EQ(Put(write, "n", "1"), "OK");
        EXPECT_EQ(Put(write, too_long, "1"), "RESOURCE_EXHAUSTED");
        EXPECT_EQ(write.Commit(), "RESOURCE_EXHAUSTED") << "a refused write refuses its call";
    }
    {
        Write write(store.get());
        EXPECT_CODE("RESOURCE_EXHAUSTED", pv_txn_delete(write, View(too_long)));
    }
    Read read(store.get());
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_txn_get(read, View(too_long), &value));
    EXPECT_CODE("NOT_FOUND", pv_txn_get(read, View("n"), &value));
}

TEST_P(Limits, ScanBoundsMayBeLongerThanAnyKey)
{
    Store store(GetParam());
    const std::string longest(PV_STORE_KEY_MAX, 'n');
    const std::string beyond = longest + std::string(1000, '\0');
    {
        Write write(store.get());
        ASSERT_EQ(Put(write, longest, "1"), "OK");
        ASSERT_EQ(Put(write, "o", "2"), "OK");
        ASSERT_EQ(write.Commit(), "OK");
    }
    Read read(store.get());
    for (bool reverse : {false, true}) {
        pv_scan *scan = nullptr;
        pv_range range = {View(beyond), View("p"), reverse, 0};
        ASSERT_CODE("OK", pv_scan_open(read, read.arena(), range, &scan));
        pv_view key, value;
        ASSERT_CODE("OK", pv_scan_next(scan, &key, &value));
        EXPECT_EQ(Bytes(key), "o");
        EXPECT_CODE("NOT_FOUND", pv_scan_next(scan, &key, &value));
        pv_scan_close(scan);
    }
}

TEST_P(Limits, ValueOfTheGreatestSizeIsKeptAndOneMoreByteRefused)
{
    Store store(GetParam());
    const std::string largest(PV_STORE_VALUE_MAX, 'v');
    {
        Write write(store.get());
        ASSERT_EQ(Put(write, "n", largest), "OK");
        ASSERT_EQ(write.Commit(), "OK");
    }
    {
        Write write(store.get());
        EXPECT_EQ(Put(write, "n", largest + "v"), "RESOURCE_EXHAUSTED");
        EXPECT_EQ(write.Commit(), "RESOURCE_EXHAUSTED");
    }
    Read read(store.get());
    pv_view value;
    ASSERT_CODE("OK", pv_txn_get(read, View("n"), &value));
    EXPECT_EQ(Bytes(value), largest);
}

TEST_P(Limits, CallWritesAsManyKeysAsPermittedAndNotOneMore)
{
    Store store(GetParam());
    {
        Write write(store.get());
        for (int i = 0; i < PV_STORE_TXN_WRITES_MAX; i++) {
            ASSERT_EQ(Put(write, NumberedKey(i), "1"), "OK");
        }
        EXPECT_EQ(Put(write, NumberedKey(7), "2"), "OK")
            << "a key that is written again does not count again";
        EXPECT_CODE("OK", pv_txn_delete(write, View(NumberedKey(8))));
        ASSERT_EQ(write.Commit(), "OK");
    }
    {
        Write write(store.get());
        for (int i = 0; i < PV_STORE_TXN_WRITES_MAX; i++) {
            ASSERT_CODE("OK", pv_txn_delete(write, View(NumberedKey(i))));
        }
        EXPECT_EQ(Put(write, "o", "1"), "RESOURCE_EXHAUSTED") << "deletes count as well";
    }
    Read read(store.get());
    pv_view value;
    ASSERT_CODE("OK", pv_txn_get(read, View(NumberedKey(7)), &value));
    EXPECT_EQ(Bytes(value), "2");
    EXPECT_CODE("NOT_FOUND", pv_txn_get(read, View(NumberedKey(8)), &value));
    EXPECT_CODE("OK", pv_txn_get(read, View(NumberedKey(PV_STORE_TXN_WRITES_MAX - 1)), &value));
}

TEST_P(Limits, CallWritesAsManyBytesAsPermittedAndNotOneMore)
{
    Store store(GetParam());
    const std::string block(PV_STORE_VALUE_MAX, 'v');
    const size_t per_row = block.size() + NumberedKey(0).size();
    Write write(store.get());
    size_t written = 0;
    int number = 0;
    for (; written + per_row <= PV_STORE_TXN_BYTES_MAX; written += per_row) {
        ASSERT_EQ(Put(write, NumberedKey(number++), block), "OK");
    }
    const size_t left = PV_STORE_TXN_BYTES_MAX - written;
    const std::string last = NumberedKey(number);
    ASSERT_GT(left, last.size());
    EXPECT_EQ(Put(write, last, block.substr(0, left - last.size())), "OK");
    EXPECT_EQ(Put(write, last, block.substr(0, left - last.size() - 1)), "OK")
        << "a smaller value gives room back";
    EXPECT_EQ(Put(write, "o", ""), "OK") << "the byte that was given back";
    EXPECT_EQ(Put(write, "p", ""), "RESOURCE_EXHAUSTED");
    EXPECT_EQ(write.Commit(), "RESOURCE_EXHAUSTED");
}

TEST_P(Limits, OverlayThatFindsNoArenaRefusesTheCall)
{
    Store store(GetParam());
    Arena arena(size_t{64} << 10);
    pv_batch *batch = nullptr;
    pv_txn *txn = nullptr;
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
    ASSERT_EQ(Put(txn, "n", "1"), "OK");
    ASSERT_EQ(Put(txn, "o", std::string(PV_STORE_VALUE_MAX, 'v')), "RESOURCE_EXHAUSTED");
    pv_view value;
    EXPECT_CODE("NOT_FOUND", pv_txn_get(txn, View("o"), &value));
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_txn_commit(txn));
    ASSERT_CODE("OK", pv_batch_commit(batch));
    Read read(store.get());
    EXPECT_CODE("NOT_FOUND", pv_txn_get(read, View("n"), &value));
}

TEST_P(Limits, TransactionThatFindsNoArenaIsRefused)
{
    Store store(GetParam());
    Arena arena(16);
    pv_txn *txn = nullptr;
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_read_begin(store.get(), arena, &txn));
    pv_batch *batch = nullptr;
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_write_begin(batch, arena, &txn));
    pv_batch_abort(batch);
}

// The whole batch is lost, nothing of it is seen, and the store goes on with what it had.
TEST_P(Limits, FullStoreLosesTheBatchAndNothingElse)
{
    Store store(GetParam(), uint64_t{1} << 20);
    {
        Write write(store.get());
        ASSERT_EQ(Put(write, "n", "kept"), "OK");
        ASSERT_EQ(write.Commit(), "OK");
    }
    pv_batch *batch = nullptr;
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    Arena arena;
    pv_txn *txn = nullptr;
    ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
    ASSERT_EQ(Put(txn, "o", "lost with the batch"), "OK");
    ASSERT_CODE("OK", pv_txn_commit(txn));
    ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
    for (int i = 0; i < 40; i++) {
        ASSERT_EQ(Put(txn, NumberedKey(i), std::string(PV_STORE_VALUE_MAX, 'v')), "OK");
    }
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_txn_commit(txn));
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_write_begin(batch, arena, &txn));
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_batch_commit(batch));

    Read read(store.get());
    pv_view value;
    EXPECT_CODE("OK", pv_txn_get(read, View("n"), &value));
    EXPECT_CODE("NOT_FOUND", pv_txn_get(read, View("o"), &value));
    EXPECT_CODE("NOT_FOUND", pv_txn_get(read, View(NumberedKey(0)), &value));
    EXPECT_EQ(pv_txn_revision(read), 1U);
    Write write(store.get());
    EXPECT_EQ(Put(write, "o", "small"), "OK");
    EXPECT_EQ(write.Commit(), "OK") << "what still fits goes in";
}

TEST_P(Limits, WritingTheSameKeysAgainDoesNotFillAStore)
{
    Store store(GetParam(), uint64_t{1} << 20);
    for (int round = 0; round < 40; round++) {
        Write write(store.get());
        ASSERT_EQ(Put(write, "n", std::string(PV_STORE_VALUE_MAX, 'v')), "OK");
        ASSERT_EQ(Put(write, NumberedKey(round), std::string(PV_STORE_VALUE_MAX, 'v')), "OK");
        if (round > 0) { ASSERT_CODE("OK", pv_txn_delete(write, View(NumberedKey(round - 1)))); }
        ASSERT_EQ(write.Commit(), "OK") << round;
    }
}

TEST_P(Limits, ScanThatFindsNoArenaIsRefused)
{
    Store store(GetParam());
    Read read(store.get());
    Arena arena(16);
    pv_scan *scan = nullptr;
    pv_range range = {View("n"), View("o"), false, 0};
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_scan_open(read, arena, range, &scan));
}

TEST_P(Limits, ScansLeftOpenEndWithTheirTransaction)
{
    Store store(GetParam());
    for (int round = 0; round < 3; round++) {
        Read read(store.get());
        Write write(store.get());
        for (int i = 0; i < 5; i++) {
            pv_scan *scan = nullptr;
            pv_range range = {View("a"), View("z"), false, 0};
            pv_view key, value;
            ASSERT_CODE("OK", pv_scan_open(read, read.arena(), range, &scan));
            ASSERT_CODE("OK", pv_scan_next(scan, &key, &value));
            if (i == 2) { pv_scan_close(scan); }
            ASSERT_CODE("OK", pv_scan_open(write, write.arena(), range, &scan));
            ASSERT_CODE("OK", pv_scan_next(scan, &key, &value));
            if (i == 3) { pv_scan_close(scan); }
        }
    }
}

using LimitsDeathTest = Limits;

TEST_P(LimitsDeathTest, WritingWhileAScanIsOpenIsAProgrammerError)
{
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Store store(GetParam());
    Write write(store.get());
    pv_scan *scan = nullptr;
    pv_range range = {View("a"), View("z"), false, 0};
    ASSERT_CODE("OK", pv_scan_open(write, write.arena(), range, &scan));
    EXPECT_DEATH((void)Put(write, "n", "1"), "scans");
    pv_scan *newer = nullptr;
    ASSERT_CODE("OK", pv_scan_open(write, write.arena(), range, &newer));
    pv_scan_close(scan);
    EXPECT_DEATH((void)Put(write, "n", "1"), "scans") << "the newer one is still open";
    pv_scan_close(newer);
    EXPECT_EQ(Put(write, "n", "1"), "OK");
}

TEST_P(LimitsDeathTest, WritingInASnapshotIsAProgrammerError)
{
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Store store(GetParam());
    Read read(store.get());
    EXPECT_FALSE(pv_txn_writes(read));
    EXPECT_DEATH((void)Put(read, "n", "1"), "batch");
}

INSTANTIATE_TEST_SUITE_P(Engines, Limits, testing::ValuesIn(kEngines), EngineName);
INSTANTIATE_TEST_SUITE_P(Engines, LimitsDeathTest, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
