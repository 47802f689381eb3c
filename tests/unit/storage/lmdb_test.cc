// What pv_lmdb_open accepts and refuses, with the sentence that people read; and what is left of a store
// whose disk fails or whose process is killed.
#include "tests/unit/storage/fixture.h"

#include <linux/capability.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <vector>

namespace store_test {
namespace {

struct Opened {
    std::string code;
    std::string sentence;
    pv_store *store = nullptr;
};

Opened Open(const std::string &path, bool create = false)
{
    pv_lmdb_options options = {};
    options.map_bytes = uint64_t{1} << 28;
    options.create = create;
    char error[PV_LMDB_ERROR_SIZE];
    Opened opened;
    opened.code = Code(pv_lmdb_open(path.c_str(), &options, &opened.store, error));
    opened.sentence = error;
    return opened;
}

// Refused with the code; the sentence names the path, says `why` and is one sentence.
void ExpectRefused(const std::string &path, bool create, const std::string &code,
                   const std::string &why)
{
    const Opened opened = Open(path, create);
    EXPECT_EQ(opened.code, code) << opened.sentence;
    EXPECT_EQ(opened.store, nullptr);
    EXPECT_NE(opened.sentence.find(path), std::string::npos) << opened.sentence;
    EXPECT_NE(opened.sentence.find(why), std::string::npos) << opened.sentence;
    EXPECT_EQ(opened.sentence.find('\n'), std::string::npos);
    EXPECT_TRUE(!opened.sentence.empty() && opened.sentence.back() == '.') << opened.sentence;
}

void MakeStore(const std::string &path, int rows = 3)
{
    const Opened opened = Open(path, true);
    ASSERT_EQ(opened.code, "OK") << opened.sentence;
    {
        Write write(opened.store);
        for (int i = 0; i < rows; i++) {
            ASSERT_CODE("OK", pv_txn_put(write, View("n" + std::to_string(i)),
                                         View(std::string(500, 'v'))));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }
    pv_store_close(opened.store);
}

// Changes the rows of a closed store or of a new LMDB file behind our back.
void Meddle(const std::string &path, unsigned flags,
            const std::function<void(MDB_txn *, MDB_dbi)> &change)
{
    MDB_env *env = nullptr;
    MDB_txn *txn = nullptr;
    MDB_dbi dbi = 0;
    ASSERT_EQ(mdb_env_create(&env), 0);
    ASSERT_EQ(mdb_env_open(env, path.c_str(), 0, 0600), 0);
    ASSERT_EQ(mdb_txn_begin(env, nullptr, 0, &txn), 0);
    ASSERT_EQ(mdb_dbi_open(txn, nullptr, flags, &dbi), 0);
    change(txn, dbi);
    ASSERT_EQ(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

void PutRaw(MDB_txn *txn, MDB_dbi dbi, std::string key, std::string value)
{
    MDB_val k = {key.size(), key.data()};
    MDB_val v = {value.size(), value.data()};
    ASSERT_EQ(mdb_put(txn, dbi, &k, &v, 0), 0);
}

// As keys.h says: space 'm', the name, its end.
const std::string kFormatKey("mformat\0\0", 9);

TEST(LmdbOpen, MakesAStoreAndOpensItAgain)
{
    Folder folder;
    const std::string path = folder.path() + "/new";
    MakeStore(path);
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    ASSERT_EQ(stat((path + "/data.mdb").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);

    const Opened opened = Open(path);
    ASSERT_EQ(opened.code, "OK") << opened.sentence;
    EXPECT_EQ(opened.sentence, "");
    {
        Read read(opened.store);
        pv_view value;
        EXPECT_CODE("OK", pv_txn_get(read, View("n2"), &value));
        EXPECT_EQ(pv_txn_revision(read), 1U);
    }
    pv_store_close(opened.store);
}

TEST(LmdbOpen, DefaultsServe)
{
    Folder folder;
    MakeStore(folder.path());
    char error[PV_LMDB_ERROR_SIZE];
    pv_store *store = nullptr;
    ASSERT_EQ(Code(pv_lmdb_open(folder.path().c_str(), nullptr, &store, error)), "OK") << error;
    pv_lmdb_check_readers(store);
    pv_store_close(store);
}

TEST(LmdbOpen, RefusesAFolderThatIsNotThere)
{
    Folder folder;
    ExpectRefused(folder.path() + "/none", false, "NOT_FOUND", "There is no store");
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/none"));
    ExpectRefused(folder.path() + "/none/below", true, "NOT_FOUND", "make the folder");
}

TEST(LmdbOpen, RefusesAnEmptyFolderAndLeavesNothingInIt)
{
    Folder folder;
    ExpectRefused(folder.path(), false, "NOT_FOUND", "holds no data.mdb");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LmdbOpen, RefusesAnEmptyDataFileUnlessAskedToCreate)
{
    Folder folder;
    std::ofstream(folder.path() + "/data.mdb").close();
    ExpectRefused(folder.path(), false, "NOT_FOUND", "There is no store");
    MakeStore(folder.path());
}

TEST(LmdbOpen, RefusesAFileInPlaceOfTheFolder)
{
    Folder folder;
    const std::string path = folder.path() + "/file";
    std::ofstream(path) << "text";
    ExpectRefused(path, true, "FAILED_PRECONDITION", "is a file");
}

TEST(LmdbOpen, RefusesAPathThatIsTooLongOrEmpty)
{
    EXPECT_EQ(Open(std::string(5000, 'x')).code, "INVALID_ARGUMENT");
    EXPECT_EQ(Open("").code, "INVALID_ARGUMENT");
}

TEST(LmdbOpen, RefusesAFileThatIsNoStore)
{
    Folder folder;
    std::ofstream(folder.path() + "/data.mdb") << std::string(100000, 'x');
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION", "no Purvey store");
    ExpectRefused(folder.path(), true, "FAILED_PRECONDITION", "no Purvey store");
}

TEST(LmdbOpen, RefusesAFileTooShortToHaveABeginning)
{
    Folder folder;
    std::ofstream(folder.path() + "/data.mdb") << "x";
    ExpectRefused(folder.path(), true, "FAILED_PRECONDITION", "no Purvey store");
}

TEST(LmdbOpen, RefusesADamagedBeginning)
{
    Folder folder;
    MakeStore(folder.path());
    std::fstream file(folder.path() + "/data.mdb", std::ios::in | std::ios::out | std::ios::binary);
    file << std::string(8192, '\x5a'); // both of LMDB's meta pages
    file.close();
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION", "damaged");
}

TEST(LmdbOpen, RefusesACopyThatWasCutShort)
{
    Folder folder;
    MakeStore(folder.path(), 2000);
    const std::string data = folder.path() + "/data.mdb";
    const size_t bytes = std::filesystem::file_size(data);
    std::filesystem::resize_file(data, bytes / 2);
    ExpectRefused(folder.path(), false, "DATA_LOSS", "pages in use");
    EXPECT_EQ(std::filesystem::file_size(data), bytes / 2) << "what is refused is left as it is";
}

// Few pages are in use, at the end of the file: to count them says nothing.
TEST(LmdbOpen, RefusesAFileWithoutItsLastPages)
{
    Folder folder;
    MakeStore(folder.path(), 2000);
    const std::string data = folder.path() + "/data.mdb";
    const size_t before = std::filesystem::file_size(data);
    MakeStore(folder.path(), 2000); // all rows again, into new pages
    Meddle(folder.path(), 0, [](MDB_txn *txn, MDB_dbi dbi) {
        for (int i = 0; i < 1900; i++) {
            std::string key = "n" + std::to_string(i);
            MDB_val name = {key.size(), key.data()};
            (void)mdb_del(txn, dbi, &name, nullptr);
        }
    });
    ASSERT_GT(std::filesystem::file_size(data), before);
    std::filesystem::resize_file(data, before);
    ExpectRefused(folder.path(), false, "DATA_LOSS", "pages in use");
}

// LMDB does not write pages that a commit took and gave back: the file ends before the last page ever taken.
TEST(LmdbOpen, OpensAFileWhoseLastPagesWereNeverWritten)
{
    Folder folder;
    MakeStore(folder.path());
    // The last one meets pages that the first gave back, and only then returns its own at once.
    for (size_t bytes : {1U << 16, 1U << 10, 1U << 20}) {
        Meddle(folder.path(), 0, [bytes](MDB_txn *txn, MDB_dbi dbi) {
            std::string big(bytes, 'x');
            MDB_val name = {3, const_cast<char *>("big")}, value = {bytes, big.data()};
            ASSERT_EQ(mdb_put(txn, dbi, &name, &value, 0), 0);
            ASSERT_EQ(mdb_del(txn, dbi, &name, nullptr), 0);
        });
    }
    ASSERT_LT(std::filesystem::file_size(folder.path() + "/data.mdb"), 1U << 20);
    for (int i = 0; i < 2; i++) {
        const Opened opened = Open(folder.path());
        ASSERT_EQ(opened.code, "OK") << opened.sentence;
        pv_store_close(opened.store);
    }
}

TEST(LmdbOpen, RefusesAnLmdbFileOfAnotherProgram)
{
    Folder folder;
    Meddle(folder.path(), 0, [](MDB_txn *txn, MDB_dbi dbi) { PutRaw(txn, dbi, "key", "value"); });
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION", "no Purvey store");
    ExpectRefused(folder.path(), true, "FAILED_PRECONDITION", "no Purvey store");
}

TEST(LmdbOpen, RefusesATableWithOtherKeys)
{
    Folder folder;
    Meddle(folder.path(), MDB_DUPSORT,
           [](MDB_txn *txn, MDB_dbi dbi) { PutRaw(txn, dbi, "key", "value"); });
    ExpectRefused(folder.path(), true, "FAILED_PRECONDITION", "other keys");
}

// A process that died between making the file and the first commit.
TEST(LmdbOpen, CompletesAStoreThatWasOnlyBegun)
{
    Folder folder;
    Meddle(folder.path(), 0, [](MDB_txn *, MDB_dbi) {});
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION", "is empty");
    MakeStore(folder.path());
}

TEST(LmdbOpen, RefusesANewerFormat)
{
    Folder folder;
    MakeStore(folder.path());
    Meddle(folder.path(), 0, [](MDB_txn *txn, MDB_dbi dbi) {
        PutRaw(txn, dbi, kFormatKey, std::string("purvey\0\0\0\4", 10));
    });
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION",
                  "has format 4 and this program reads up to format 3: use the newer program");
}

TEST(LmdbOpen, RefusesAFormatRowThatCannotBeRead)
{
    for (const std::string &row :
         {std::string("purvey"), std::string("PURVEY\0\0\0\1", 10), std::string()}) {
        Folder folder;
        MakeStore(folder.path());
        Meddle(folder.path(), 0,
               [&](MDB_txn *txn, MDB_dbi dbi) { PutRaw(txn, dbi, kFormatKey, row); });
        ExpectRefused(folder.path(), false, "DATA_LOSS", "format row cannot be read");
    }
}

TEST(LmdbOpen, RefusesASecondServerInThisProcess)
{
    Folder folder;
    const Opened first = Open(folder.path(), true);
    ASSERT_EQ(first.code, "OK") << first.sentence;
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION",
                  "in use by another server (process " + std::to_string(getpid()) + ")");
    {
        Write write(first.store);
        EXPECT_CODE("OK", pv_txn_put(write, View("n"), View("1")));
        EXPECT_EQ(write.Commit(), "OK") << "the refusal has not harmed the first";
    }
    pv_store_close(first.store);
    const Opened second = Open(folder.path());
    EXPECT_EQ(second.code, "OK") << second.sentence;
    pv_store_close(second.store);
}

// A child holds the store; when it is killed its lock is gone with it.
TEST(LmdbOpen, RefusesASecondServerWhileTheFirstLives)
{
    Folder folder;
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const Opened opened = Open(folder.path(), true);
        const char byte = opened.code == "OK" ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1) { pause(); }
        _exit(1);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, 'y');
    ExpectRefused(folder.path(), false, "FAILED_PRECONDITION", "process " + std::to_string(child));
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const Opened opened = Open(folder.path());
    EXPECT_EQ(opened.code, "OK") << opened.sentence;
    pv_store_close(opened.store);
    close(ready[0]);
    close(ready[1]);
}

// Runs a check without the right of root to write everywhere; other users do not have it anyway.
void WithoutRights(const std::function<void()> &check)
{
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct rights[2] = {};
    ASSERT_EQ(syscall(SYS_capget, &header, rights), 0);
    const auto before = rights[0].effective;
    rights[0].effective &= ~((1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH));
    ASSERT_EQ(syscall(SYS_capset, &header, rights), 0);
    check();
    rights[0].effective = before;
    ASSERT_EQ(syscall(SYS_capset, &header, rights), 0);
}

TEST(LmdbOpen, RefusesAReadOnlyFolder)
{
    Folder folder;
    MakeStore(folder.path());
    ASSERT_EQ(chmod((folder.path() + "/data.mdb").c_str(), 0444), 0);
    ASSERT_EQ(chmod((folder.path() + "/server.lock").c_str(), 0444), 0);
    ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
    WithoutRights(
        [&] { ExpectRefused(folder.path(), false, "PERMISSION_DENIED", "must be writable"); });
    ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
    ASSERT_EQ(unlink((folder.path() + "/server.lock").c_str()), 0);
    ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
    WithoutRights(
        [&] { ExpectRefused(folder.path(), false, "PERMISSION_DENIED", "must be writable"); });
    ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
}

TEST(LmdbOpen, RefusesADataFileThatCannotBeWritten)
{
    Folder folder;
    MakeStore(folder.path());
    ASSERT_EQ(chmod((folder.path() + "/data.mdb").c_str(), 0444), 0);
    ASSERT_EQ(unlink((folder.path() + "/server.lock").c_str()), 0);
    ASSERT_EQ(unlink((folder.path() + "/lock.mdb").c_str()), 0);
    WithoutRights(
        [&] { ExpectRefused(folder.path(), false, "PERMISSION_DENIED", "open data.mdb"); });
}

TEST(LmdbOpen, AFailedOpenGivesTheLockBack)
{
    Folder folder;
    MakeStore(folder.path());
    Meddle(folder.path(), 0, [](MDB_txn *txn, MDB_dbi dbi) { PutRaw(txn, dbi, kFormatKey, "x"); });
    EXPECT_EQ(Open(folder.path()).code, "DATA_LOSS");
    EXPECT_EQ(Open(folder.path()).code, "DATA_LOSS") << "not: in use";
}

TEST(LmdbOpen, ReadersAreBoundedAndRefusedBeyond)
{
    Folder folder;
    pv_lmdb_options options = {};
    options.map_bytes = uint64_t{1} << 28;
    options.create = true;
    options.readers_max = 8;
    char error[PV_LMDB_ERROR_SIZE];
    pv_store *store = nullptr;
    ASSERT_EQ(Code(pv_lmdb_open(folder.path().c_str(), &options, &store, error)), "OK") << error;
    Arena arena;
    std::vector<pv_txn *> readers;
    pv_txn *txn = nullptr;
    while (readers.size() < 100 && pv_is_ok(pv_read_begin(store, arena, &txn))) {
        readers.push_back(txn);
    }
    EXPECT_GE(readers.size(), 8U);
    EXPECT_LT(readers.size(), 100U) << "LMDB fills a page with slots, but not for ever";
    EXPECT_CODE("RESOURCE_EXHAUSTED", pv_read_begin(store, arena, &txn));
    pv_txn_abort(readers.back());
    EXPECT_CODE("OK", pv_read_begin(store, arena, &readers.back()));
    for (pv_txn *reader : readers) { pv_txn_abort(reader); }
    pv_store_close(store);
}

// --- what a failing disk and a killed process leave ---

// Writes until a file may not grow any more. The signal of the limit is ignored, so that the write fails.
void WriteBeyondTheFileLimit(const std::string &path)
{
    const Opened opened = Open(path);
    struct rlimit limit = {uint64_t{1} << 20, uint64_t{1} << 20};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 0; i < 100; i++) {
        Write write(opened.store);
        EXPECT_CODE("OK", pv_txn_put(write, View("o" + std::to_string(i)),
                                     View(std::string(PV_STORE_VALUE_MAX, 'v'))));
        EXPECT_EQ(write.Commit(), "OK");
    }
}

TEST(LmdbDeathTest, FailedWriteEndsTheProcessAndHarmsNothing)
{
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    Folder folder;
    MakeStore(folder.path());
    EXPECT_EXIT(WriteBeyondTheFileLimit(folder.path()), testing::KilledBySignal(SIGABRT),
                "store_failed.*commit");
    const Opened opened = Open(folder.path());
    ASSERT_EQ(opened.code, "OK") << opened.sentence;
    {
        Read read(opened.store);
        pv_view value;
        EXPECT_CODE("OK", pv_txn_get(read, View("n2"), &value));
        EXPECT_GE(pv_txn_revision(read), 1U);
        Write write(opened.store);
        EXPECT_CODE("OK", pv_txn_put(write, View("p"), View("1")));
        EXPECT_EQ(write.Commit(), "OK");
    }
    pv_store_close(opened.store);
}

// Commits one number after the other, each into two rows, and tells each that is durable.
[[noreturn]] void CommitForEver(const std::string &path, int told)
{
    const Opened opened = Open(path);
    for (uint64_t number = 1;; number++) {
        Write write(opened.store);
        const std::string text = std::to_string(number);
        if (!pv_is_ok(pv_txn_put(write, View("n" + text), View(text))) ||
            !pv_is_ok(pv_txn_put(write, View("o"), View(text))) || write.Commit() != "OK" ||
            ::write(told, &number, sizeof number) != sizeof number) {
            _exit(1);
        }
    }
}

TEST(LmdbDeathTest, KilledProcessLosesNothingThatWasTold)
{
    for (int round = 0; round < 10; round++) {
        Folder folder;
        MakeStore(folder.path());
        int told[2];
        ASSERT_EQ(pipe(told), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) { CommitForEver(folder.path(), told[1]); }
        uint64_t newest = 0;
        for (int i = 0; i <= 3 * round; i++) {
            ASSERT_EQ(read(told[0], &newest, sizeof newest), static_cast<ssize_t>(sizeof newest));
        }
        ASSERT_EQ(kill(child, SIGKILL), 0);
        ASSERT_EQ(waitpid(child, nullptr, 0), child);
        close(told[1]);
        for (uint64_t number = 0; read(told[0], &number, sizeof number) == sizeof number;) {
            newest = number;
        }
        close(told[0]);

        const Opened opened = Open(folder.path());
        ASSERT_EQ(opened.code, "OK") << opened.sentence;
        {
            Read read(opened.store);
            pv_view value;
            ASSERT_CODE("OK", pv_txn_get(read, View("o"), &value));
            const uint64_t last = std::stoull(Bytes(value));
            EXPECT_GE(last, newest);
            EXPECT_LE(last, newest + 1) << "at most the one that was under way";
            EXPECT_EQ(pv_txn_revision(read), last + 1) << "after the one of MakeStore";
            for (uint64_t number = 1; number <= last; number++) {
                EXPECT_CODE("OK", pv_txn_get(read, View("n" + std::to_string(number)), &value));
            }
        }
        pv_store_close(opened.store);
    }
}

} // namespace
} // namespace store_test
