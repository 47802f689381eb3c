// Audit trails: entries chain in the order in which calls are folded into the store, and whatever is done to them from
// outside is found and named. On every engine.
#include "storage/check.h"
#include "storage/keys.h"
#include "tests/unit/storage/trails.h"

#include <functional>
#include <map>
#include <vector>

namespace store_test {
namespace {

std::string Raw(const pv_key &key)
{
    return Bytes(pv_key_view(&key));
}

// The rows of the audit trails, by key.
using Rows = std::map<std::string, std::string>;

Rows ReadRows(pv_store *store)
{
    Read read(store);
    Rows rows;
    for (pv_space space : {PV_SPACE_AUDIT, PV_SPACE_TRAIL}) {
        pv_key prefix = pv_key_prefix_space(space);
        pv_range range;
        pv_scan *scan = nullptr;
        EXPECT_CODE("OK", pv_range_of_prefix(read.arena(), pv_key_view(&prefix), &range));
        EXPECT_CODE("OK", pv_scan_open(read, read.arena(), range, &scan));
        pv_view key, value;
        while (pv_is_ok(pv_scan_next(scan, &key, &value))) { rows[Bytes(key)] = Bytes(value); }
        pv_scan_close(scan);
    }
    return rows;
}

// Makes the rows of the trails what they are here.
void WriteRows(pv_store *store, const Rows &rows)
{
    const Rows present = ReadRows(store);
    Write write(store);
    for (const auto &[key, value] : present) {
        if (rows.count(key) == 0) { ASSERT_CODE("OK", pv_txn_delete(write, View(key))); }
    }
    for (const auto &[key, value] : rows) {
        ASSERT_CODE("OK", pv_txn_put(write, View(key), View(value)));
    }
    ASSERT_EQ(write.Commit(), "OK");
}

// "number what" of each entry, backwards if wanted.
std::vector<std::string> Entries(pv_store *store, pv_id account, bool backwards = false,
                                 uint64_t revision = 0, uint32_t part = 0)
{
    Read read(store);
    std::vector<std::string> entries;
    pv_scan *scan = nullptr;
    if (backwards && revision == 0) { revision = UINT64_MAX; }
    EXPECT_CODE("OK", pv_audit_scan(read, read.arena(), account, revision, part, backwards, &scan));
    pv_view key, value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) {
        pv_audit_row row;
        EXPECT_TRUE(pv_audit_read(key, value, &row));
        ProtobufCMessage *message = protobuf_c_message_unpack(
            ts_entry__info.descriptor, nullptr, row.link.content.size, row.link.content.data);
        const ts_entry *entry = reinterpret_cast<ts_entry *>(message);
        EXPECT_EQ(entry->sequence, row.link.sequence);
        entries.push_back(std::to_string(row.revision) + "." + std::to_string(row.part) + " " +
                          std::to_string(row.link.sequence) + " " + entry->what);
        protobuf_c_message_free_unpacked(message, nullptr);
    }
    pv_scan_close(scan);
    return entries;
}

pv_trail TrailOf(pv_store *store, pv_id account)
{
    Read read(store);
    pv_trail trail;
    EXPECT_CODE("OK", pv_audit_open(read, account, &trail));
    return trail;
}

// What the check says, with the marks that the trails have afterwards.
struct Verdict {
    std::vector<std::string> findings;
    std::map<std::string, pv_chain_mark> heads;
};

Verdict Verify(pv_store *store)
{
    static const pv_schema schema = {};
    Verdict verdict;
    pv_check_rules rules = {};
    rules.schema = &schema;
    rules.account = rules.user = &ts_member__object;
    rules.audit_entry = &ts_entry__info;
    rules.found = [](void *context, const char *row, const char *what) {
        static_cast<Verdict *>(context)->findings.push_back(std::string(row) + ": " + what);
    };
    rules.trail = [](void *context, pv_id account, const pv_trail *trail, uint64_t) {
        auto &heads = static_cast<Verdict *>(context)->heads;
        EXPECT_TRUE(heads.emplace(IdText("mem", account), trail->head).second) << "told twice";
    };
    rules.context = &verdict;
    pv_check_summary summary;
    EXPECT_CODE("OK", pv_check_audit(store, &rules, &summary));
    EXPECT_TRUE(summary.whole);
    return verdict;
}

void PutAccount(pv_store *store, uint64_t number)
{
    Write write(store);
    ts_member member = TS_MEMBER__INIT;
    std::string id = IdText("mem", Id(number)), name = "name" + std::to_string(number);
    member.id = id.data();
    member.name = name.data();
    ASSERT_CODE("OK", pv_object_put(write, &ts_member__object, write.arena(), Seconds(1),
                                    &member.base, nullptr));
    ASSERT_EQ(write.Commit(), "OK");
}

// Two accounts; revisions 3 to 8, of which the first two make two entries each for account 1 and one for account 2.
void Fill(pv_store *store)
{
    PutAccount(store, 1);
    PutAccount(store, 2);
    for (int i = 0; i < 6; i++) {
        Write write(store);
        PutAudit(write, Id(1), "a" + std::to_string(i));
        if (i < 2) {
            PutAudit(write, Id(1), "b" + std::to_string(i));
            PutAudit(write, Id(2), "c" + std::to_string(i));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }
}

class Audit : public testing::TestWithParam<Engine> {};

TEST_P(Audit, EntriesStandInTheOrderOfTheirNumbersAndAreFoundBothWays)
{
    Store store(GetParam());
    Fill(store.get());
    const std::vector<std::string> forward = {"3.0 1 a0", "3.1 2 b0", "4.0 3 a1", "4.1 4 b1",
                                              "5.0 5 a2", "6.0 6 a3", "7.0 7 a4", "8.0 8 a5"};
    std::vector<std::string> backward(forward.rbegin(), forward.rend());
    EXPECT_EQ(Entries(store.get(), Id(1)), forward);
    EXPECT_EQ(Entries(store.get(), Id(1), true), backward);
    EXPECT_EQ(Entries(store.get(), Id(1), false, 7, 0),
              (std::vector<std::string>{"7.0 7 a4", "8.0 8 a5"}));
    EXPECT_EQ(Entries(store.get(), Id(1), true, 4, 1),
              (std::vector<std::string>{"4.0 3 a1", "3.1 2 b0", "3.0 1 a0"}));
    EXPECT_EQ(Entries(store.get(), Id(2)), (std::vector<std::string>{"3.0 1 c0", "4.0 2 c1"}));
    EXPECT_EQ(Entries(store.get(), Id(3)), std::vector<std::string>());
    EXPECT_EQ(Verify(store.get()).findings, std::vector<std::string>());
    EXPECT_EQ(TrailOf(store.get(), Id(1)).head.sequence, 8U);
    EXPECT_EQ(TrailOf(store.get(), Id(3)).head.sequence, 0U);
}

TEST_P(Audit, CallsOfOneBatchChainAndARefusedOneLeavesNoTrace)
{
    Store store(GetParam());
    PutAccount(store.get(), 1);
    pv_batch *batch = nullptr;
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    for (int call = 0; call < 30; call++) {
        Arena arena;
        pv_txn *txn = nullptr;
        ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
        for (int part = 0; part <= call % 3; part++) { PutAudit(txn, Id(1), "e"); }
        if (call % 5 == 0) {
            pv_txn_abort(txn);
        } else {
            ASSERT_CODE("OK", pv_txn_commit(txn));
        }
    }
    ASSERT_CODE("OK", pv_batch_commit(batch));
    EXPECT_EQ(Verify(store.get()).findings, std::vector<std::string>());
    EXPECT_EQ(TrailOf(store.get(), Id(1)).head.sequence, Entries(store.get(), Id(1)).size());
    const pv_trail before = TrailOf(store.get(), Id(1));
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    {
        Arena arena;
        pv_txn *txn = nullptr;
        ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
        PutAudit(txn, Id(1), "lost with its batch");
        ASSERT_CODE("OK", pv_txn_commit(txn));
    }
    pv_batch_abort(batch);
    const pv_trail after = TrailOf(store.get(), Id(1));
    EXPECT_EQ(memcmp(&before.head, &after.head, sizeof before.head), 0);
}

TEST_P(Audit, BisectionFindsTheFirstEntryOfANumber)
{
    Store store(GetParam());
    Fill(store.get());
    Read read(store.get());
    const std::map<uint64_t, uint64_t> revisions = {{0, 0}, {1, 0}, {2, 3}, {3, 3}, {4, 4},
                                                    {5, 4}, {6, 5}, {8, 7}, {9, 8}, {99, 8}};
    for (const auto &[number, revision] : revisions) {
        uint64_t found = 77, wanted = number;
        ASSERT_CODE("OK", pv_audit_seek(
                              read, read.arena(), Id(1),
                              [](void *context, const pv_audit_row *row) {
                                  return row->link.sequence < *static_cast<uint64_t *>(context);
                              },
                              &wanted, &found));
        EXPECT_EQ(found, revision) << number;
    }
}

TEST_P(Audit, EntriesOlderThanTheChainStandBeforeItAndNowhereElse)
{
    Store store(GetParam());
    PutAccount(store.get(), 1);
    const std::string old = PackedEntry(0, IdText("mem", Id(1)), "old");
    auto put_old = [&](uint64_t revision) {
        Write write(store.get());
        pv_key key = pv_key_of_audit(Id(1), revision, 0);
        ASSERT_CODE("OK", pv_txn_put(write, pv_key_view(&key), View(old)));
        ASSERT_EQ(write.Commit(), "OK");
    };
    put_old(2);
    for (const char *what : {"first", "second"}) {
        Write write(store.get());
        PutAudit(write, Id(1), what);
        ASSERT_EQ(write.Commit(), "OK");
    }
    EXPECT_EQ(Entries(store.get(), Id(1)),
              (std::vector<std::string>{"2.0 0 old", "3.0 1 first", "4.0 2 second"}));
    EXPECT_EQ(Verify(store.get()).findings, std::vector<std::string>());
    put_old(5);
    EXPECT_EQ(Verify(store.get()).findings,
              (std::vector<std::string>{"audit entry 5.0 of " + IdText("mem", Id(1)) +
                                        ": it is in no chain, and the account's chain has begun"}));
}

// Where account 1's entry of this number stands in Fill.
std::string Place(int number)
{
    return number <= 4 ? Raw(pv_key_of_audit(Id(1), 3 + static_cast<uint64_t>(number - 1) / 2,
                                             static_cast<uint32_t>(number - 1) % 2))
                       : Raw(pv_key_of_audit(Id(1), static_cast<uint64_t>(number), 0));
}

constexpr size_t kHashAt = 9, kPreviousAt = 41, kContentAt = 73; // in the row of an entry

// Makes the hashes of account 1's entries anew, as whoever can write into the store could.
void Forge(Rows *rows)
{
    pv_chain_mark at = {};
    std::string *last = nullptr;
    for (auto &[key, value] : *rows) {
        if (key.substr(0, 17) != Place(1).substr(0, 17)) { continue; }
        std::string content = value.substr(kContentAt);
        value.replace(kPreviousAt, PV_SHA256_SIZE, Bytes(pv_view_of(at.hash, PV_SHA256_SIZE)));
        pv_chain_hash(at.hash, View(content), at.hash);
        value.replace(kHashAt, PV_SHA256_SIZE, Bytes(pv_view_of(at.hash, PV_SHA256_SIZE)));
        last = &value;
    }
    std::string &trail = (*rows)[Raw(pv_key_of_trail(Id(1)))];
    trail.replace(1, 8 + PV_SHA256_SIZE, last->substr(1, 8 + PV_SHA256_SIZE));
}

std::string Alter(const std::string &row, const std::string &what)
{
    const uint64_t number = static_cast<uint8_t>(row[8]);
    return row.substr(0, kContentAt) + PackedEntry(number, IdText("mem", Id(1)), what);
}

TEST_P(Audit, WhateverIsDoneToATrailIsFoundAndNamed)
{
    const std::string trail = Raw(pv_key_of_trail(Id(1)));
    const std::string name = "audit entry ", of = " of " + IdText("mem", Id(1)) + ": ";
    struct Damage {
        const char *what;
        std::function<void(Rows *)> plant;
        std::string finding; // "": only a mark that was kept shows it
    };
    const Damage damages[] = {
        {"delete", [&](Rows *rows) { rows->erase(Place(6)); },
         name + "7.0" + of + "number 7: entries before it are missing"},
        {"delete the first", [&](Rows *rows) { rows->erase(Place(1)); },
         name + "3.1" + of + "number 2: entries before it are missing"},
        {"delete within a transaction", [&](Rows *rows) { rows->erase(Place(3)); },
         name + "4.1" + of + "an entry before it is missing"},
        {"alter", [&](Rows *rows) { (*rows)[Place(5)] = Alter((*rows)[Place(5)], "other"); },
         name + "5.0" + of + "number 5: it was altered: its hash is not that of its content"},
        {"alter the hash", [&](Rows *rows) { (*rows)[Place(5)][kHashAt] ^= 1; },
         name + "5.0" + of + "number 5: it was altered"},
        {"alter the number", [&](Rows *rows) { (*rows)[Place(5)][8] = 50; },
         name + "5.0" + of + "it says that its number is 5 and stands as 50"},
        {"alter and make its hash anew",
         [&](Rows *rows) {
             std::string &row = (*rows)[Place(5)];
             row = Alter(row, "other");
             uint8_t hash[PV_SHA256_SIZE];
             pv_chain_hash(reinterpret_cast<const uint8_t *>(row.data()) + kPreviousAt,
                           View(row.substr(kContentAt)), hash);
             row.replace(kHashAt, PV_SHA256_SIZE, Bytes(pv_view_of(hash, PV_SHA256_SIZE)));
         },
         name + "6.0" + of + "number 6: it does not follow the entry before it"},
        {"reorder", [&](Rows *rows) { std::swap((*rows)[Place(5)], (*rows)[Place(6)]); },
         name + "6.0" + of + "number 5: it is out of its order, or there twice"},
        {"insert",
         [&](Rows *rows) { (*rows)[Raw(pv_key_of_audit(Id(1), 5, 1))] = (*rows)[Place(5)]; },
         name + "5.1" + of + "number 5: it is out of its order, or there twice"},
        {"truncate at the tail", [&](Rows *rows) { rows->erase(Place(8)); },
         "audit trail of " + IdText("mem", Id(1)) +
             ": it tells that the newest entry is number 8, and the newest there is 7"},
        {"take the trail's row", [&](Rows *rows) { rows->erase(trail); },
         "audit trail of " + IdText("mem", Id(1)) +
             ": it tells that the newest entry is number 0, and the newest there is 8"},
        {"take all entries",
         [&](Rows *rows) {
             for (int i = 1; i <= 8; i++) { rows->erase(Place(i)); }
         },
         "audit trail of " + IdText("mem", Id(1)) + ": its newest entry, number 8, is not there"},
        {"swap between accounts",
         [&](Rows *rows) {
             std::swap((*rows)[Place(1)], (*rows)[Raw(pv_key_of_audit(Id(2), 3, 0))]);
         },
         name + "3.0" + of + "it says that it is of another account's trail"},
        {"cut off an entry", [&](Rows *rows) { (*rows)[Place(5)].resize(40); },
         name + "5.0" + of + "it is cut off"},
        {"truncate at the tail and forge the trail's row",
         [&](Rows *rows) {
             rows->erase(Place(8));
             (*rows)[trail].replace(1, 8 + PV_SHA256_SIZE,
                                    (*rows)[Place(7)].substr(1, 8 + PV_SHA256_SIZE));
             (*rows)[trail][1 + 2 * (8 + PV_SHA256_SIZE) + 7] = 7; // its revision
         },
         ""},
        {"forge with all hashes made anew",
         [&](Rows *rows) {
             (*rows)[Place(5)] = Alter((*rows)[Place(5)], "other");
             Forge(rows);
         },
         ""},
    };
    for (const Damage &damage : damages) {
        SCOPED_TRACE(damage.what);
        Store store(GetParam());
        Fill(store.get());
        const Verdict before = Verify(store.get());
        ASSERT_EQ(before.findings, std::vector<std::string>());
        Rows rows = ReadRows(store.get());
        damage.plant(&rows);
        WriteRows(store.get(), rows);
        if (GetParam().durable) { store.Reopen(); }
        const Verdict after = Verify(store.get());
        const std::string account = IdText("mem", Id(1));
        if (damage.finding.empty()) {
            EXPECT_EQ(after.findings, std::vector<std::string>());
            EXPECT_NE(
                memcmp(&before.heads.at(account), &after.heads.at(account), sizeof(pv_chain_mark)),
                0)
                << "whoever kept the head sees it";
            continue;
        }
        bool said = false;
        for (const std::string &finding : after.findings) {
            said = said || finding.find(damage.finding) != std::string::npos;
        }
        EXPECT_TRUE(said) << damage.finding << " is not said by "
                          << testing::PrintToString(after.findings);
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, Audit, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
