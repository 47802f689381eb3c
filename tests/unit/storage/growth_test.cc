// A store whose map was made small does not stay full: it grows in a moment without snapshots.
#include "tests/unit/storage/fixture.h"

#include <atomic>
#include <thread>
#include <vector>

namespace store_test {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class Growing {
  public:
    Growing(uint64_t map_bytes, uint64_t map_bytes_max) { Open(map_bytes, map_bytes_max); }
    ~Growing() { pv_store_close(store_); }
    Growing(const Growing &) = delete;
    Growing &operator=(const Growing &) = delete;
    pv_store *get() const { return store_; }

    void Open(uint64_t map_bytes, uint64_t map_bytes_max)
    {
        pv_store_close(store_);
        pv_lmdb_options options = {};
        options.map_bytes = map_bytes;
        options.map_bytes_max = map_bytes_max;
        options.create = true;
        char error[PV_LMDB_ERROR_SIZE];
        ASSERT_EQ(Code(pv_lmdb_open(folder_.path().c_str(), &options, &store_, error)), "OK")
            << error;
    }

    // A commit of one MiB under a name.
    std::string Fill(int number)
    {
        Write write(store_);
        for (int part = 0; part < 16; part++) {
            const std::string key = "n" + std::to_string(number) + "." + std::to_string(part);
            const std::string value(PV_STORE_VALUE_MAX, static_cast<char>('a' + number % 26));
            EXPECT_CODE("OK", pv_txn_put(write, View(key), View(value)));
        }
        return write.Commit();
    }

    void ExpectWhole(int count)
    {
        Read read(store_);
        for (int number = 0; number < count; number++) {
            for (int part = 0; part < 16; part++) {
                const std::string key = "n" + std::to_string(number) + "." + std::to_string(part);
                pv_view value;
                ASSERT_CODE("OK", pv_txn_get(read, View(key), &value)) << key;
                ASSERT_EQ(value.data[PV_STORE_VALUE_MAX - 1], 'a' + number % 26);
            }
        }
    }

  private:
    Folder folder_;
    pv_store *store_ = nullptr;
};

TEST(Growth, SmallMapTakesWhatIsWritten)
{
    Growing store(kMiB, 0);
    for (int number = 0; number < 150; number++) { ASSERT_EQ(store.Fill(number), "OK") << number; }
    store.ExpectWhole(150);
    store.Open(kMiB, 0);
    ASSERT_EQ(store.Fill(150), "OK") << "opened with a map that is too small for what is there";
    store.ExpectWhole(151);
}

TEST(Growth, MapGrowsNoFurtherThanItMay)
{
    Growing store(kMiB, 8 * kMiB);
    int number = 0;
    while (number < 20 && store.Fill(number) == "OK") { number++; }
    EXPECT_GE(number, 5);
    EXPECT_LT(number, 8);
    EXPECT_EQ(store.Fill(number), "RESOURCE_EXHAUSTED") << "and again";
    store.ExpectWhole(number);
}

// The snapshot keeps the map in its place: the batch is lost, the snapshot is not harmed, and the first batch
// after it finds room.
TEST(Growth, OpenSnapshotDelaysGrowthButNotForEver)
{
    Growing store(kMiB, 0);
    ASSERT_EQ(Write(store.get()).Commit(), "OK"); // the first moment without a snapshot is taken
    store.Open(4 * kMiB, 4 * kMiB);
    ASSERT_EQ(store.Fill(0), "OK");
    store.Open(4 * kMiB, 0);
    int number = 1;
    {
        Read read(store.get());
        pv_view value;
        ASSERT_CODE("OK", pv_txn_get(read, View("n0.3"), &value));
        while (number < 20 && store.Fill(number) == "OK") { number++; }
        EXPECT_LT(number, 20) << "nothing can be overwritten or moved under a snapshot";
        EXPECT_EQ(store.Fill(number), "RESOURCE_EXHAUSTED") << "after a second of waiting";
        EXPECT_EQ(Bytes(value), std::string(PV_STORE_VALUE_MAX, 'a'));
    }
    for (int more = 0; more < 10; more++) { ASSERT_EQ(store.Fill(number++), "OK"); }
    store.ExpectWhole(number);
}

// Readers come and go all the time; writers are never refused, and no reader sees a torn value.
TEST(Growth, MapMovesBetweenTheSnapshotsOfOtherThreads)
{
    Growing store(kMiB, 0);
    ASSERT_EQ(store.Fill(0), "OK");
    std::atomic<bool> done{false};
    std::atomic<int> torn{0}, reads{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; i++) {
        readers.emplace_back([&] {
            while (!done.load()) {
                Read read(store.get());
                pv_view value;
                const bool found = pv_is_ok(pv_txn_get(read, View("n0.7"), &value));
                torn += found && Bytes(value) == std::string(PV_STORE_VALUE_MAX, 'a') ? 0 : 1;
                reads++;
            }
        });
    }
    int refused = 0;
    for (int number = 1; number < 150; number++) { refused += store.Fill(number) == "OK" ? 0 : 1; }
    done = true;
    for (std::thread &reader : readers) { reader.join(); }
    EXPECT_EQ(torn.load(), 0);
    EXPECT_GT(reads.load(), 0);
    EXPECT_LE(refused, 2)
        << "a batch is lost at most where there was no moment before the map was full";
}

} // namespace
} // namespace store_test
