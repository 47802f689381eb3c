// Record ids of a contract, on every engine, against a plain map: many reports that are uploaded to in turn, replaced,
// rejected and deleted; a report of a hundred thousand records; ids with the same hash.
#include "base/siphash.h"
#include "server/flows/usage/blocks.h"
#include "server/flows/usage/seen.h"
#include "storage/record.h"
#include "storage/runs.h"
#include "tests/unit/storage/fixture.h"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace store_test {
namespace {

pv_id ReportId(size_t number)
{
    pv_id id = {{0xee, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)}};
    return id;
}

void RandomBytes(void *context, uint8_t *bytes, size_t size)
{
    auto &random = *static_cast<std::mt19937_64 *>(context);
    for (size_t i = 0; i < size; i++) { bytes[i] = static_cast<uint8_t>(random()); }
}

// "report.number" of who had an id first; "" if nobody had.
std::string Text(const usage_seen &first)
{
    if (pv_id_is_zero(first.report)) { return ""; }
    size_t report = static_cast<size_t>(first.report.bytes[1]) << 8 | first.report.bytes[2];
    return std::to_string(report) + "." + std::to_string(first.number);
}

// The store's part of uploads to reports of one contract, as upload.c puts it together.
class Contract {
  public:
    explicit Contract(const Engine &engine) : store_(engine)
    {
        ids_.random = RandomBytes;
        ids_.context = &random_;
        context_.ids = &ids_;
        context_.now.utc_ns = INT64_C(1764547200) * PV_NS_PER_S;
        call_.context = &context_;
        pv_error_init(&call_.error, arena_);
        call_.arena = arena_;
    }

    // One message of records with these ids; gives of each who had it first.
    std::vector<std::string> Send(size_t report, const std::vector<std::string> &record_ids)
    {
        std::vector<pv_usage_record> records(record_ids.size(),
                                             pv_usage_record PV_USAGE_RECORD__INIT);
        std::vector<pv_usage_record *> list;
        for (size_t i = 0; i < records.size(); i++) {
            records[i].record_id = const_cast<char *>(record_ids[i].c_str());
            records[i].state = PV_USAGE_RECORD_STATE_VALID;
            list.push_back(&records[i]);
        }
        std::vector<std::string> firsts;
        Change(report, [&](usage_ledger *ledger) {
            if (ledger->generation == 0) { usage_ledger_restart(ledger); }
            usage_seen_step *seen = nullptr;
            PV_TRY(usage_seen_look(&call_, contract_, ReportId(report), ledger, list.data(),
                                   list.size(), &seen));
            usage_writer writer = usage_writer_of(&call_, ReportId(report), ledger);
            for (size_t i = 0; i < records.size(); i++) {
                firsts.push_back(Text(usage_seen_first(seen, i)));
                records[i].number = ++ledger->records;
                PV_TRY(usage_writer_add(&writer, &records[i]));
            }
            PV_TRY(usage_writer_end(&writer, ledger));
            return usage_seen_note(seen, ledger);
        });
        return firsts;
    }

    void Replace(size_t report)
    {
        Change(report, [&](usage_ledger *ledger) {
            usage_ledger_restart(ledger);
            return usage_ledger_sweep(&call_, ReportId(report), ledger, USAGE_SWEEP_LARGE);
        });
    }

    void Reject(size_t report)
    {
        Change(report, [](usage_ledger *ledger) {
            ledger->released = true;
            return pv_ok();
        });
    }

    pv_runs_size Size()
    {
        Read read(store_.get());
        pv_runs *runs = nullptr;
        EXPECT_CODE("OK", pv_runs_open(read, read.arena(), contract_, &runs));
        return pv_runs_measure(runs);
    }

    pv_store *store() const { return store_.get(); }
    pv_id id() const { return contract_; }
    void Reopen() { store_.Reopen(); }
    size_t most_memory = 0; // of one step

  private:
    template <typename Step> void Change(size_t report, Step step)
    {
        Write write(store_.get());
        context_.txn = write;
        call_.scratch = write.arena();
        usage_ledger ledger;
        ASSERT_CODE("OK", usage_ledger_load(&call_, ReportId(report), &ledger));
        ASSERT_CODE("OK", step(&ledger)) << call_.error.message;
        ASSERT_CODE("OK", usage_ledger_save(&call_, ReportId(report), &ledger));
        most_memory = std::max(most_memory, pv_arena_used(write.arena()));
        ASSERT_EQ(write.Commit(), "OK");
    }

    Store store_;
    Arena arena_;
    std::mt19937_64 random_{1};
    pv_id_source ids_ = {};
    pv_context context_ = {};
    pv_call call_ = {};
    pv_id contract_ = {{0xcc}};
};

// What Contract should say.
class Model {
  public:
    std::vector<std::string> Send(size_t report, const std::vector<std::string> &record_ids)
    {
        std::vector<std::string> firsts;
        for (const std::string &id : record_ids) {
            uint64_t number = ++records_[report];
            auto known = first_.find(id);
            firsts.push_back(known == first_.end() ? "" : known->second.second);
            if (known == first_.end() && !id.empty()) {
                first_[id] = {report, std::to_string(report) + "." + std::to_string(number)};
            }
        }
        return firsts;
    }

    void Release(size_t report, bool replaced)
    {
        for (auto at = first_.begin(); at != first_.end();) {
            at = at->second.first == report ? first_.erase(at) : std::next(at);
        }
        if (replaced) { records_[report] = 0; }
    }

  private:
    std::map<std::string, std::pair<size_t, std::string>> first_;
    std::map<size_t, uint64_t> records_;
};

class Seen : public testing::TestWithParam<Engine> {};

TEST_P(Seen, AsAPlainMapWhateverBecomesOfTheReports)
{
    const uint64_t seed = Seed(21);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    Contract contract(GetParam());
    Model model;
    constexpr size_t kReports = 12;
    constexpr size_t kIds = 4000; // few, so that most come again
    bool rejected[kReports] = {};
    for (int round = 0; round < 250; round++) {
        size_t report = random() % kReports;
        uint64_t what = random() % 10;
        if (what == 0 || rejected[report]) { // a deletion and a new upload are the same here
            contract.Replace(report);
            model.Release(report, true);
            rejected[report] = false;
        } else if (what == 1) {
            contract.Reject(report);
            model.Release(report, false);
            rejected[report] = true;
            continue;
        }
        std::vector<std::string> ids;
        size_t count = random() % 5 == 0 ? 1 + random() % 5 : 1 + random() % 400;
        for (size_t i = 0; i < count; i++) {
            bool none = random() % 100 == 0;
            ids.push_back(none ? "" : "record-" + std::to_string(random() % kIds));
        }
        ASSERT_EQ(contract.Send(report, ids), model.Send(report, ids)) << round;
        if (GetParam().durable && round % 50 == 49) { contract.Reopen(); }
    }
}

// A hundred messages of a thousand, then the same ids in other reports: each is found, with its number. What a step
// needs does not grow with the report.
TEST_P(Seen, ALargeReportIsWhollyKnownAndNoStepGrowsWithIt)
{
    Contract contract(GetParam());
    auto id_of = [](size_t number) { return "meter/" + std::to_string(number); };
    constexpr size_t kMessages = 100;
    std::vector<std::string> nobody(USAGE_SEEN_MAX);
    size_t most_at_first = 0;
    for (size_t message = 0; message < kMessages; message++) {
        std::vector<std::string> ids;
        for (size_t i = 0; i < USAGE_SEEN_MAX; i++) {
            ids.push_back(id_of(message * USAGE_SEEN_MAX + i + 1));
        }
        ASSERT_EQ(contract.Send(1, ids), nobody) << message;
        if (message == 20) { most_at_first = contract.most_memory; }
    }
    EXPECT_LE(contract.most_memory, 2 * most_at_first);
    EXPECT_LE(contract.most_memory, size_t{4} << 20);
    EXPECT_EQ(contract.Size().entries, kMessages * USAGE_SEEN_MAX);
    std::mt19937_64 random(3);
    for (size_t report = 2; report < 5; report++) {
        std::vector<std::string> ids, firsts;
        for (size_t i = 0; i < USAGE_SEEN_MAX; i++) {
            size_t number = 1 + random() % (2 * kMessages * USAGE_SEEN_MAX);
            bool known = number <= kMessages * USAGE_SEEN_MAX;
            ids.push_back(known ? id_of(number) : id_of(number) + "/" + std::to_string(report));
            firsts.push_back(known ? "1." + std::to_string(number) : "");
        }
        for (size_t i = 0; i < ids.size(); i++) { // an unknown one may be drawn twice
            auto before = std::find(ids.begin(), ids.begin() + static_cast<long>(i), ids[i]);
            if (firsts[i].empty() && before != ids.begin() + static_cast<long>(i)) {
                firsts[i] = std::to_string(report) + "." + std::to_string(before - ids.begin() + 1);
            }
        }
        EXPECT_EQ(contract.Send(report, ids), firsts);
    }
}

// Uploads that replace each other leave nothing behind but what later merges have still to drop.
TEST_P(Seen, ReplacedRecordsDoNotPileUp)
{
    Contract contract(GetParam());
    std::vector<std::string> ids;
    for (size_t i = 0; i < USAGE_SEEN_MAX; i++) { ids.push_back("r" + std::to_string(i)); }
    for (int upload = 0; upload < 100; upload++) {
        contract.Replace(1);
        EXPECT_EQ(contract.Send(1, ids), std::vector<std::string>(ids.size())) << upload;
    }
    EXPECT_LE(contract.Size().entries, 20U * USAGE_SEEN_MAX);
}

// Two ids with one hash: the record tells them apart.
TEST_P(Seen, AHashOnlyLeadsToARecord)
{
    Contract contract(GetParam());
    ASSERT_EQ(contract.Send(1, {"a", "b"}), (std::vector<std::string>{"", ""}));
    {
        Write write(contract.store());
        pv_view head;
        ASSERT_CODE("OK", pv_block_get(write, contract.id(), 0, &head));
        ASSERT_GE(head.size, static_cast<size_t>(PV_SIPHASH_KEY_SIZE));
        uint64_t hash_of_c = pv_siphash(head.data, View("c"));
        pv_run_entry entry = {hash_of_c, uint64_t{1} << 32 | 2}; // leads to "b"
        pv_runs *runs = nullptr;
        ASSERT_CODE("OK", pv_runs_open(write, write.arena(), contract.id(), &runs));
        ASSERT_CODE("OK", pv_runs_add(runs, &entry, 1, nullptr, nullptr));
        ASSERT_EQ(write.Commit(), "OK");
    }
    EXPECT_EQ(contract.Send(2, {"c", "b", "c"}), (std::vector<std::string>{"", "1.2", "2.1"}));
    EXPECT_EQ(contract.Send(3, {"c"}), (std::vector<std::string>{"2.1"}));
}

INSTANTIATE_TEST_SUITE_P(Engines, Seen, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
