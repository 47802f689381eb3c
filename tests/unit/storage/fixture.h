// fixture.h — opens stores of each engine for the tests of storage, each in a folder of its own.
#ifndef PV_TESTS_UNIT_STORAGE_FIXTURE_H
#define PV_TESTS_UNIT_STORAGE_FIXTURE_H

#include "base/arena.h"
#include "storage/lmdb/lmdb.h"
#include "storage/memory/memory.h"
#include "storage/store.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>

namespace store_test {

inline std::string Code(pv_status status)
{
    return pv_code_name(status.code);
}

inline pv_view View(const char *literal)
{
    return pv_view_text(literal);
}
inline pv_view View(const std::string &bytes)
{
    return pv_view_of(bytes.data(), bytes.size());
}

inline std::string Bytes(pv_view view)
{
    return std::string(reinterpret_cast<const char *>(view.data),
                       view.data == nullptr ? 0 : view.size);
}

#define EXPECT_CODE(code, expression) EXPECT_EQ(store_test::Code(expression), code)
#define ASSERT_CODE(code, expression) ASSERT_EQ(store_test::Code(expression), code)

// The seed of a randomised test: PV_TEST_SEED, or the default. Tests print it in their trace.
inline uint64_t Seed(uint64_t fallback)
{
    const char *text = std::getenv("PV_TEST_SEED");
    return text == nullptr ? fallback : std::strtoull(text, nullptr, 0);
}

// A folder that is removed with everything in it.
class Folder {
  public:
    Folder()
    {
        const char *given = std::getenv("TEST_TMPDIR"); // set by Bazel
        std::filesystem::path parent =
            given == nullptr ? std::filesystem::temp_directory_path() : given;
        std::string pattern = (parent / "pv_store_XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    const std::string &path() const { return path_; }

  private:
    std::string path_;
};

// An engine under test: to add one, write its opener and its line in kEngines.
struct Engine {
    const char *name;
    bool durable; // a store that is opened again has what was committed
    // Opens the store in the folder, making it if it is not there. `bytes_max`: about how much goes in before
    // it is full; 0: more than any test needs.
    void (*open)(const std::string &folder, uint64_t bytes_max, pv_store **ret_store);
};

inline void OpenMemory(const std::string &, uint64_t bytes_max, pv_store **ret_store)
{
    pv_memory_options options = {};
    options.bytes_max = bytes_max;
    ASSERT_CODE("OK", pv_memory_open(&options, ret_store));
}

inline void OpenLmdb(const std::string &folder, uint64_t bytes_max, pv_store **ret_store)
{
    pv_lmdb_options options = {};
    options.map_bytes = bytes_max == 0 ? uint64_t{1} << 30 : bytes_max;
    options.map_bytes_max = bytes_max;
    options.create = true;
    char error[PV_LMDB_ERROR_SIZE];
    ASSERT_EQ(Code(pv_lmdb_open(folder.c_str(), &options, ret_store, error)), "OK") << error;
}

inline const Engine kEngines[] = {
    {"memory", false, OpenMemory},
    {"lmdb", true, OpenLmdb},
};

inline std::string EngineName(const testing::TestParamInfo<Engine> &info)
{
    return info.param.name;
}

inline void PrintTo(const Engine &engine, std::ostream *out)
{
    *out << engine.name;
}

// An open store.
class Store {
  public:
    explicit Store(const Engine &engine, uint64_t bytes_max = 0)
        : engine_(engine), bytes_max_(bytes_max)
    {
        Open();
    }
    ~Store() { pv_store_close(store_); }
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;
    pv_store *get() const { return store_; }

    // Only for engines that keep something.
    void Reopen()
    {
        pv_store_close(store_);
        store_ = nullptr;
        Open();
    }

  private:
    void Open() { engine_.open(folder_.path(), bytes_max_, &store_); }

    Engine engine_;
    uint64_t bytes_max_;
    Folder folder_;
    pv_store *store_ = nullptr;
};

// An arena for one scope.
class Arena {
  public:
    explicit Arena(size_t ceiling_bytes = size_t{64} << 20) : arena_(pv_arena_create(ceiling_bytes))
    {
    }
    ~Arena() { pv_arena_destroy(arena_); }
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;
    operator pv_arena *() const { return arena_; }

  private:
    pv_arena *arena_;
};

// One batch with one call on it, for tests in which batches are not the subject.
class Write {
  public:
    explicit Write(pv_store *store)
    {
        EXPECT_CODE("OK", pv_batch_begin(store, &batch_));
        EXPECT_CODE("OK", pv_write_begin(batch_, arena_, &txn_));
    }
    ~Write()
    {
        if (batch_ == nullptr) { return; }
        pv_txn_abort(txn_);
        pv_batch_abort(batch_);
    }
    Write(const Write &) = delete;
    Write &operator=(const Write &) = delete;
    operator pv_txn *() const { return txn_; }
    pv_arena *arena() const { return arena_; }

    std::string Commit()
    {
        pv_status status = pv_txn_commit(txn_);
        pv_status durable = pv_batch_commit(batch_);
        batch_ = nullptr;
        return Code(pv_is_ok(status) ? durable : status);
    }

  private:
    Arena arena_;
    pv_batch *batch_ = nullptr;
    pv_txn *txn_ = nullptr;
};

// A snapshot.
class Read {
  public:
    explicit Read(pv_store *store) { EXPECT_CODE("OK", pv_read_begin(store, arena_, &txn_)); }
    ~Read() { pv_txn_abort(txn_); }
    Read(const Read &) = delete;
    Read &operator=(const Read &) = delete;
    operator pv_txn *() const { return txn_; }
    pv_arena *arena() const { return arena_; }

  private:
    Arena arena_;
    pv_txn *txn_ = nullptr;
};

} // namespace store_test

#endif
