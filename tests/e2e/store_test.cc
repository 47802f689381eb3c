// What an operator does with a store, through the real command, beside the real server: backup under load, restore,
// check, stat, compact; and what each says when the store is damaged, not there, full, read-only or in use.
#include "tests/e2e/house.h"

#include "storage/lmdb/lmdb.h"
#include "storage/record.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <thread>

namespace purvey {
namespace {

namespace fs = std::filesystem;

Outcome store(const std::vector<std::string> &words)
{
    std::vector<std::string> command = {cli_program(), "store"};
    command.insert(command.end(), words.begin(), words.end());
    return run(command);
}

// Through a shell, with a limit or the like before it.
Outcome store_in_shell(const std::string &before, const std::string &words)
{
    return run({"/bin/sh", "-c", before + "; exec " + cli_program() + " store " + words});
}

::testing::AssertionResult says(const Outcome &outcome, int code, const std::string &what)
{
    const bool right =
        outcome.code == code && (outcome.out + outcome.err).find(what) != std::string::npos;
    if (right) { return ::testing::AssertionSuccess(); }
    return ::testing::AssertionFailure()
           << "code " << outcome.code << " for " << code << ", out: " << outcome.out
           << " err: " << outcome.err << " lacks: " << what;
}

// A platform without a server: `purvey init` alone, in a folder of its own.
std::string platform_folder(const std::string &name)
{
    const std::string folder = fresh_folder(name) + "/data";
    const Outcome made = run({cli_program(), "init", "--data", folder});
    EXPECT_EQ(made.code, 0) << made.err;
    return folder;
}

std::string data_file(const std::string &data)
{
    return data + "/store/data.mdb";
}

// Nothing but whole files under their final names.
void expect_no_partial(const std::string &folder)
{
    for (const auto &entry : fs::recursive_directory_iterator(folder)) {
        EXPECT_EQ(entry.path().string().find(".partial"), std::string::npos) << entry.path();
    }
}

uint64_t number_in(const std::string &json, const std::string &name)
{
    const size_t at = json.find("\"" + name + "\":");
    EXPECT_NE(at, std::string::npos) << name << " in " << json;
    return at == std::string::npos ? 0 : std::stoull(json.substr(at + name.size() + 3));
}

TEST(Store, BackupIsTakenUnderLoadAndRestoredElsewhere)
{
    House house;
    ASSERT_TRUE(house.ready);
    const std::string data = house.on.data;
    std::atomic<bool> done{false};
    std::atomic<int> joined{0};
    std::thread load([&] {
        while (!done.load()) {
            house.join(PV_ACCOUNT_TYPE_VENDOR, "Vendor " + std::to_string(joined.load()));
            joined++;
        }
    });
    const std::string folder = fresh_folder("backups");
    for (int i = 0; i < 5; i++) {
        const std::string file = folder + "/" + std::to_string(i) + ".store";
        EXPECT_TRUE(says(store({"backup", file, "--data", data}), 0, "checked"));
        EXPECT_TRUE(says(store({"check", file}), 0, "0 findings"));
    }
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings")) << "beside the server";
    done = true;
    load.join();
    EXPECT_GT(joined.load(), 0);
    EXPECT_TRUE(says(store({"backup", folder, "--data", data}), 0, folder + "/purvey-20"));
    expect_no_partial(folder);

    EXPECT_TRUE(says(store({"compact", "--data", data}), 4, "in use by another server"));
    EXPECT_TRUE(says(store({"restore", folder + "/4.store", "--data", data, "--force"}), 4,
                     "in use by another server"));
    EXPECT_EQ(house.stop(SIGTERM), 0);

    const Outcome now = store({"stat", "-o", "json", "--data", data});
    ASSERT_EQ(now.code, 0) << now.err;
    EXPECT_TRUE(says(store({"restore", folder + "/4.store", "--data", data}), 4,
                     "--force puts the backup in its place"));
    EXPECT_EQ(store({"stat", "-o", "json", "--data", data}).out, now.out)
        << "the refusal has changed nothing";
    EXPECT_TRUE(
        says(store({"restore", folder + "/4.store", "--data", data, "--force"}), 0, "restored"));
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"));
    const Outcome then = store({"stat", "-o", "json", "--data", data});
    EXPECT_LE(number_in(then.out, "revision"), number_in(now.out, "revision"));
    EXPECT_TRUE(says(store({"compact", "--data", data}), 0, "compacted"));
    EXPECT_EQ(number_in(store({"stat", "-o", "json", "--data", data}).out, "free_bytes"), 0U);
    ASSERT_TRUE(house.start()) << "a server goes on with it";
    house.join(PV_ACCOUNT_TYPE_VENDOR, "After");
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"));
    expect_no_partial(data);
}

TEST(Store, BackupKeepsAnOlderOneUnlessTold)
{
    const std::string data = platform_folder("keep");
    const std::string file = fresh_folder("kept") + "/b";
    write_file(file, "precious");
    EXPECT_TRUE(says(store({"backup", file, "--data", data}), 4, "is there already"));
    EXPECT_EQ(read_file(file), "precious");
    EXPECT_TRUE(says(store({"backup", file, "--data", data, "--force"}), 0, "checked"));
    EXPECT_TRUE(says(store({"check", file}), 0, "0 findings"));
    EXPECT_TRUE(says(store({"backup", file + "/below", "--data", data}), 6, "cannot be made"));
    EXPECT_TRUE(
        says(store({"restore", file + "x", "--data", data, "--force"}), 3, "There is no store"));
}

TEST(Store, BackupThatIsKilledLeavesNoFileOfItsName)
{
    const std::string data = platform_folder("killed");
    const std::string folder = fresh_folder("killed_to");
    for (int round = 0; round < 30; round++) {
        const std::string file = folder + "/b" + std::to_string(round);
        const pid_t child = begin({cli_program(), "store", "backup", file, "--data", data}, {},
                                  "/dev/null", "/dev/null");
        usleep(static_cast<useconds_t>(500 * round));
        kill(child, SIGKILL);
        int how = 0;
        ASSERT_EQ(waitpid(child, &how, 0), child);
        if (fs::exists(file)) { EXPECT_TRUE(says(store({"check", file}), 0, "0 findings")); }
    }
}

// --- usage ---

using Change = std::function<void(pv_txn *txn, pv_id report)>;

// Changes the store of a server that has ended, behind its back.
void meddle(const std::string &data, pv_id report, const Change &change)
{
    char why[PV_LMDB_ERROR_SIZE];
    pv_store *opened = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_lmdb_open((data + "/store").c_str(), nullptr, &opened, why))) << why;
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_batch *batch = nullptr;
    pv_txn *txn = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_batch_begin(opened, &batch)));
    ASSERT_TRUE(pv_is_ok(pv_write_begin(batch, arena, &txn)));
    change(txn, report);
    ASSERT_TRUE(pv_is_ok(pv_txn_commit(txn)));
    ASSERT_TRUE(pv_is_ok(pv_batch_commit(batch)));
    pv_arena_destroy(arena);
    pv_store_close(opened);
}

// The ledger with one byte changed; its layout is that of server/flows/usage/ledger.h.
void change_ledger(pv_txn *txn, pv_id report, size_t at)
{
    pv_view row;
    ASSERT_TRUE(pv_is_ok(pv_block_get(txn, report, 0, &row)));
    std::string bytes(reinterpret_cast<const char *>(row.data), row.size);
    ASSERT_LT(at, bytes.size());
    bytes[at] = static_cast<char>(bytes[at] + 1);
    ASSERT_TRUE(pv_is_ok(pv_block_put(txn, report, 0, pv_view_of(bytes.data(), bytes.size()))));
}

TEST(Store, UsageIsHeldAgainstItsLedgersAndSums)
{
    House house(usage_file());
    ASSERT_TRUE(house.ready);
    const std::string data = house.on.data;
    const std::string product = house.seen.vendors[0].product_id,
                      contract = house.seen.vendors[0].contract_id;
    const Outcome imported =
        run({cli_program(), "usage", "import", usage_file(500, "check-"), "--product", product,
             "--contract", contract, "--provider", "Vega"},
            house.environment(house.people.vendors[0]));
    SCOPED_TRACE(imported.out + imported.err);
    const size_t at = imported.out.find("urp_");
    ASSERT_NE(at, std::string::npos);
    pv_id report;
    ASSERT_TRUE(pv_id_parse("urp", pv_view_of(imported.out.data() + at, 30), &report));
    EXPECT_EQ(house.stop(SIGTERM), 0);
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"));
    const Outcome stat = store({"stat", "-o", "json", "--data", data});
    EXPECT_GE(number_in(stat.out, "blocks"), 4U) << "a ledger, records, sums, sources";

    const std::string good = read_file(data_file(data));
    const struct {
        Change change;
        const char *finding;
    } damages[] = {
        {[](pv_txn *txn, pv_id id) { change_ledger(txn, id, 25); },
         "it has other records than its ledger says"},
        {[](pv_txn *txn, pv_id id) { change_ledger(txn, id, 33); },
         "it has other valid records than its ledger says"},
        {[](pv_txn *txn, pv_id id) { change_ledger(txn, id, 41); },
         "it has other records than its ledger says"},
        {[](pv_txn *txn, pv_id id) { change_ledger(txn, id, 0); }, "it is no ledger"},
        {[](pv_txn *txn, pv_id id) { change_ledger(txn, id, 17); },
         "it has other records than its ledger says"},
        {[](pv_txn *txn, pv_id id) {
             ASSERT_TRUE(pv_is_ok(pv_block_put(txn, id, 5, pv_view_of("x", 1))));
         },
         "its report has no such block"},
        {[](pv_txn *txn, pv_id id) {
             id.bytes[15]++;
             ASSERT_TRUE(pv_is_ok(pv_block_put(txn, id, 0, pv_view_of("x", 1))));
         },
         "its owner is not there"},
    };
    for (const auto &damage : damages) {
        meddle(data, report, damage.change);
        EXPECT_TRUE(says(store({"check", "--data", data}), 1, damage.finding));
        write_file(data_file(data), good);
        EXPECT_EQ(unlink((data + "/store/lock.mdb").c_str()), 0); // of the other file
    }
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"));
}

// --- readers ---

// A process that looks at the store and then waits to be killed.
pid_t begin_reader(const std::string &data)
{
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        pv_lmdb_options options = {};
        options.look = true;
        char why[PV_LMDB_ERROR_SIZE];
        pv_store *opened = nullptr;
        pv_txn *txn = nullptr;
        const bool good =
            pv_is_ok(pv_lmdb_open((data + "/store").c_str(), &options, &opened, why)) &&
            pv_is_ok(pv_read_begin(opened, pv_arena_create(4096), &txn));
        const char byte = good ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1) { pause(); }
        _exit(1);
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'y');
    close(ready[0]);
    close(ready[1]);
    return child;
}

TEST(Store, StatNamesTheOldestReaderAndClearsADeadOne)
{
    House house;
    ASSERT_TRUE(house.ready);
    const std::string data = house.on.data;
    const pid_t reader = begin_reader(data);
    for (int i = 0; i < 3; i++) {
        house.join(PV_ACCOUNT_TYPE_VENDOR, "Vendor " + std::to_string(i));
    }
    const Outcome alive = store({"stat", "--data", data});
    EXPECT_TRUE(says(alive, 0, "process " + std::to_string(reader) + ", "));
    const Outcome json = store({"stat", "-o", "json", "--data", data});
    EXPECT_EQ(number_in(json.out, "oldest_reader_pid"), static_cast<uint64_t>(reader));
    EXPECT_GE(number_in(json.out, "oldest_reader_commits_behind"), 3U);
    ASSERT_EQ(kill(reader, SIGKILL), 0);
    ASSERT_EQ(waitpid(reader, nullptr, 0), reader);
    EXPECT_TRUE(says(store({"stat", "--data", data}), 0, "dead readers cleared"));
    const Outcome after = store({"stat", "-o", "json", "--data", data});
    EXPECT_EQ(number_in(after.out, "oldest_reader_pid"), 0U);
    EXPECT_EQ(number_in(after.out, "readers_cleared"), 0U);
}

// --- what is no good store ---

TEST(Store, WhatIsNoStoreIsRefusedInASentence)
{
    const std::string folder = fresh_folder("no_store");
    const std::string data = platform_folder("target");
    const std::string text = folder + "/text", empty = folder + "/empty", half = folder + "/half";
    write_file(text, std::string(100000, 'x'));
    write_file(empty, "");
    fs::copy_file(data_file(data), half);
    fs::resize_file(half, fs::file_size(half) / 2);
    for (const std::string &file : {text, empty, half, folder + "/none", folder}) {
        const Outcome checked = store({"check", file});
        EXPECT_NE(checked.code, 0) << file;
        EXPECT_TRUE(one_sentence_of("purvey", checked)) << file;
        const Outcome restored = store({"restore", file, "--data", data, "--force"});
        EXPECT_NE(restored.code, 0) << file;
        EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"))
            << "unharmed by " << file;
    }
    expect_no_partial(data);
}

// Random bytes of random pages, as a failing disk leaves them: the tools end by themselves, with findings, with a
// sentence, or with neither where the page was free or the text of a message; and a restore of it changes nothing.
TEST(Store, DamagedFilesAreToldAndNeverRestored)
{
    House house;
    ASSERT_TRUE(house.ready);
    for (int i = 0; i < 10; i++) {
        house.join(PV_ACCOUNT_TYPE_VENDOR, "Vendor " + std::to_string(i));
    }
    const std::string folder = fresh_folder("damaged");
    const std::string good = folder + "/good", bad = folder + "/bad",
                      target = platform_folder("intact");
    ASSERT_EQ(store({"backup", good, "--data", house.on.data}).code, 0);
    const std::string bytes = read_file(good), before = read_file(data_file(target));
    std::mt19937_64 random(20261126);
    int found = 0;
    for (int round = 0; round < 60; round++) {
        std::string damaged = bytes;
        const size_t page = 4096 * (2 + random() % (bytes.size() / 4096 - 2));
        const size_t count = round % 3 == 0 ? 4096 : 1 + random() % 16;
        for (size_t i = 0; i < count; i++) {
            damaged[page + (count == 4096 ? i : random() % 4096)] =
                round % 6 == 0 ? '\0' : static_cast<char>(random());
        }
        write_file(bad, damaged);
        const Outcome checked = store({"check", bad});
        ASSERT_GE(checked.code, 0) << "ended by a signal, or hangs: " << round << checked.err;
        if (checked.code == 0) { continue; }
        found++;
        EXPECT_FALSE((checked.out + checked.err).empty());
        const Outcome restored = store({"restore", bad, "--data", target, "--force"});
        EXPECT_NE(restored.code, 0) << round;
        EXPECT_NE(restored.err.find("purvey: "), std::string::npos) << restored.err;
    }
    EXPECT_GT(found, 20);
    EXPECT_EQ(read_file(data_file(target)), before);
    expect_no_partial(target);
    for (const size_t zeroed : {size_t{4096}, size_t{8192}}) {
        write_file(bad, std::string(zeroed, '\0') + bytes.substr(zeroed));
        const Outcome checked = store({"check", bad});
        EXPECT_NE(checked.code, 0);
        EXPECT_TRUE(one_sentence_of("purvey", checked));
    }
}

TEST(Store, ServerRefusesADamagedStoreInASentence)
{
    const std::string data = platform_folder("server_damaged");
    const std::string bytes = read_file(data_file(data));
    write_file(data_file(data), std::string(8192, '\0') + bytes.substr(8192));
    const Outcome outcome = run({server_program(), "--data", data, "--listen", "127.0.0.1:0"});
    EXPECT_TRUE(says(outcome, 1, "no Purvey store, or it is damaged"));
    EXPECT_TRUE(one_sentence_of("purveyd", outcome));
}

TEST(Store, TwoServersOnOneStore)
{
    House house;
    ASSERT_TRUE(house.ready);
    const Outcome second =
        run({server_program(), "--data", house.on.data, "--listen", "127.0.0.1:0"});
    EXPECT_TRUE(says(second, 1, "in use by another server (process "));
    EXPECT_TRUE(one_sentence_of("purveyd", second));
    house.join(PV_ACCOUNT_TYPE_VENDOR, "Still served");
}

TEST(Store, FullDiskRefusesACopyAndLeavesNothing)
{
    const std::string data = platform_folder("full");
    const std::string folder = fresh_folder("full_to");
    const Outcome limited =
        store_in_shell("trap '' XFSZ; ulimit -f 16", "backup " + folder + "/b --data " + data);
    EXPECT_TRUE(says(limited, 6, "cannot be written"));
    EXPECT_TRUE(one_sentence_of("purvey", limited));
    EXPECT_TRUE(fs::is_empty(folder));
    const Outcome compacted =
        store_in_shell("trap '' XFSZ; ulimit -f 16", "compact --data " + data);
    EXPECT_NE(compacted.code, 0);
    EXPECT_TRUE(says(store({"check", "--data", data}), 0, "0 findings"));
    expect_no_partial(data);
}

TEST(Store, FullFileSystemRefusesACopyAndLeavesNothing)
{
    const std::string data = platform_folder("full_fs");
    const std::string folder = fresh_folder("small_fs");
    if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=32k") != 0) {
        GTEST_SKIP() << "only root may mount a small file system";
    }
    const Outcome outcome = store({"backup", folder + "/b", "--data", data});
    EXPECT_TRUE(says(outcome, 6, "No space left on device"));
    EXPECT_TRUE(fs::is_empty(folder));
    EXPECT_EQ(umount(folder.c_str()), 0);
}

} // namespace
} // namespace purvey
