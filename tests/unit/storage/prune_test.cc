// What is past its time goes in bounded steps: the front of each feed and audit trail but never its newest
// entry, and each answer by itself. On every engine.
#include "storage/audit.h"
#include "storage/feed.h"
#include "storage/prune.h"
#include "storage/record.h"
#include "tests/unit/storage/things.h"

#include <map>
#include <vector>

namespace store_test {
namespace {

// Entries of these tests are their time in seconds as text; "?" is one whose time cannot be told.
bool TimeOf(pv_kept kind, pv_view entry, pv_arena *scratch, pv_time *ret_time)
{
    (void)kind;
    (void)scratch;
    if (Bytes(entry) == "?") { return false; }
    ret_time->utc_ns = std::stoll(Bytes(entry)) * PV_NS_PER_S;
    return true;
}

pv_prune_rule Before(int64_t seconds)
{
    pv_prune_rule rule = {};
    for (pv_time &before : rule.before) { before.utc_ns = seconds * PV_NS_PER_S; }
    rule.time_of = TimeOf;
    return rule;
}

// The ids of accounts at the ends of the order, and one between.
pv_id Account(int number)
{
    pv_id id = Id(static_cast<uint8_t>(number));
    if (number == 0) { memset(id.bytes, 0, sizeof id.bytes); }
    if (number == 9) { memset(id.bytes, 0xff, sizeof id.bytes); }
    return id;
}

// A store with entries of a sweep.
struct Kept {
    explicit Kept(Engine engine) : store(engine) {}

    void Feed(int account, const std::vector<std::string> &entries)
    {
        Write write(store.get());
        for (const std::string &entry : entries) {
            uint64_t sequence = 0;
            ASSERT_CODE("OK", pv_feed_next_sequence(write, Account(account), &sequence));
            ASSERT_CODE("OK", pv_feed_append(write, Account(account), sequence, View(entry)));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }

    // One audit entry in a transaction of its own.
    void Audit(int account, const std::string &entry)
    {
        Write write(store.get());
        pv_trail trail;
        ASSERT_CODE("OK", pv_audit_open(write, Account(account), &trail));
        ASSERT_CODE("OK", pv_audit_append(write, Account(account), &trail, View(entry)));
        ASSERT_EQ(write.Commit(), "OK");
    }

    void Answer(int request, int64_t seconds)
    {
        Write write(store.get());
        ASSERT_CODE("OK",
                    pv_replay_put(write, Account(1), Account(2), View("/s/M"),
                                  View(std::to_string(request)), Seconds(seconds), View("answer")));
        ASSERT_EQ(write.Commit(), "OK");
    }

    bool HasAnswer(int request)
    {
        Read read(store.get());
        pv_view answer;
        return pv_is_ok(pv_replay_get(read, Account(1), Account(2), View("/s/M"),
                                      View(std::to_string(request)), &answer));
    }

    // Runs a whole sweep; gives the number of its steps.
    int Sweep(const pv_prune_rule &rule, pv_prune_sweep *ret_sweep = nullptr)
    {
        pv_prune_sweep sweep = {};
        int steps = 0;
        while (sweep.kind != PV_KEPT_COUNT) {
            Write write(store.get());
            EXPECT_CODE("OK", pv_prune_step(write, write.arena(), &rule, &sweep));
            EXPECT_EQ(write.Commit(), "OK");
            steps++;
        }
        if (ret_sweep != nullptr) { *ret_sweep = sweep; }
        return steps;
    }

    std::string Bounds(int account)
    {
        Read read(store.get());
        uint64_t oldest = 0, newest = 0;
        EXPECT_CODE("OK", pv_feed_bounds(read, Account(account), &oldest, &newest));
        return std::to_string(oldest) + ".." + std::to_string(newest);
    }

    std::string Trail(int account)
    {
        Read read(store.get());
        pv_scan *scan = nullptr;
        EXPECT_CODE("OK", pv_audit_scan(read, read.arena(), Account(account), 0, 0, false, &scan));
        std::string trail;
        pv_view key, entry;
        pv_audit_row row;
        while (pv_is_ok(pv_scan_next(scan, &key, &entry))) {
            EXPECT_TRUE(pv_audit_read(key, entry, &row));
            trail += Bytes(row.link.content) + " ";
        }
        pv_scan_close(scan);
        return trail;
    }

    // What is left follows the entry that the trail remembers, up to its head.
    bool Verifies(int account, uint64_t kept_after)
    {
        Read read(store.get());
        pv_scan *scan = nullptr;
        pv_trail trail;
        EXPECT_CODE("OK", pv_audit_open(read, Account(account), &trail));
        EXPECT_EQ(trail.anchor.sequence, kept_after);
        EXPECT_CODE("OK", pv_audit_scan(read, read.arena(), Account(account), 0, 0, false, &scan));
        pv_chain_mark at = trail.anchor;
        pv_view key, entry;
        pv_audit_row row;
        bool whole = true;
        while (pv_is_ok(pv_scan_next(scan, &key, &entry))) {
            EXPECT_TRUE(pv_audit_read(key, entry, &row));
            whole = whole && pv_chain_follow(&at, &row.link) == PV_CHAIN_WHOLE;
        }
        pv_scan_close(scan);
        return whole && memcmp(&at, &trail.head, sizeof at) == 0;
    }

    Store store;
};

class Prune : public testing::TestWithParam<Engine> {};

TEST_P(Prune, TakesTheFrontOfEachFeedAndLeavesItsNewest)
{
    const struct {
        const char *what;
        std::vector<std::string> entries;
        const char *bounds;
    } rows[] = {
        {"nothing is old", {"10", "11"}, "1..2"},
        {"the front is old", {"1", "9", "10", "11"}, "3..4"},
        {"all is old: the newest stays", {"1", "2", "3"}, "3..3"},
        {"one old entry stays", {"1"}, "1..1"},
        {"an old entry behind a young one waits for it", {"1", "10", "2", "11"}, "2..4"},
        {"an entry without a time stays, and those behind it", {"1", "?", "2", "3"}, "2..4"},
        {"the cut itself stays", {"9", "10"}, "2..2"},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.what);
        Kept kept(GetParam());
        for (int account : {0, 3, 9}) { kept.Feed(account, row.entries); }
        for (int sweep = 0; sweep < 2; sweep++) {
            kept.Sweep(Before(10));
            for (int account : {0, 3, 9}) { EXPECT_EQ(kept.Bounds(account), row.bounds); }
        }
    }
}

TEST_P(Prune, TakesTheFrontOfEachAuditTrail)
{
    Kept kept(GetParam());
    for (const char *entry : {"1", "9", "10", "2"}) { kept.Audit(3, entry); }
    for (const char *entry : {"1", "2"}) { kept.Audit(9, entry); }
    kept.Sweep(Before(10));
    EXPECT_EQ(kept.Trail(3), "10 2 ");
    EXPECT_EQ(kept.Trail(9), "2 ");
    EXPECT_TRUE(kept.Verifies(3, 2));
    EXPECT_TRUE(kept.Verifies(9, 1));
    kept.Audit(9, "10");
    kept.Sweep(Before(10));
    EXPECT_EQ(kept.Trail(9), "10 ");
    EXPECT_TRUE(kept.Verifies(9, 2));
}

TEST_P(Prune, ATrailOfManyStepsVerifiesAfterEach)
{
    Kept kept(GetParam());
    const int entries = 2 * PV_PRUNE_STEP_MAX + 3;
    {
        Write write(kept.store.get());
        pv_trail trail;
        ASSERT_CODE("OK", pv_audit_open(write, Account(3), &trail));
        for (int i = 0; i < entries; i++) {
            ASSERT_CODE("OK", pv_audit_append(write, Account(3), &trail, View("1")));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }
    pv_prune_rule rule = Before(10);
    pv_prune_sweep sweep = {};
    while (sweep.kind != PV_KEPT_COUNT) {
        {
            Write write(kept.store.get());
            ASSERT_CODE("OK", pv_prune_step(write, write.arena(), &rule, &sweep));
            ASSERT_EQ(write.Commit(), "OK");
        }
        EXPECT_TRUE(kept.Verifies(3, sweep.gone[PV_KEPT_AUDIT])) << sweep.gone[PV_KEPT_AUDIT];
    }
    EXPECT_EQ(sweep.gone[PV_KEPT_AUDIT], static_cast<uint64_t>(entries - 1));
}

TEST_P(Prune, TakesEachOldAnswer)
{
    Kept kept(GetParam());
    for (int request = 0; request < 20; request++) { kept.Answer(request, request); }
    pv_prune_sweep sweep = {};
    kept.Sweep(Before(10), &sweep);
    EXPECT_EQ(sweep.gone[PV_KEPT_ANSWERS], 10U);
    for (int request = 0; request < 20; request++) {
        EXPECT_EQ(kept.HasAnswer(request), request >= 10) << request;
    }
}

TEST_P(Prune, LooksOnlyAtWhatHasARetention)
{
    Kept kept(GetParam());
    kept.Feed(3, {"1", "2"});
    kept.Audit(3, "1");
    kept.Audit(3, "2");
    kept.Answer(1, 1);
    pv_prune_rule rule = Before(10);
    rule.before[PV_KEPT_EVENTS].utc_ns = 0;
    rule.before[PV_KEPT_AUDIT].utc_ns = 0;
    kept.Sweep(rule);
    EXPECT_EQ(kept.Bounds(3), "1..2");
    EXPECT_EQ(kept.Trail(3), "1 2 ");
    EXPECT_FALSE(kept.HasAnswer(1));
    EXPECT_EQ(kept.Sweep(pv_prune_rule{}), 1) << "nothing to do: one step that says so";
}

TEST_P(Prune, GoesOnInBoundedStepsWhereItStopped)
{
    /* A feed of exactly one step, one less, one more and several, then one with a single entry. */
    const int step = PV_PRUNE_STEP_MAX;
    for (int size : {step - 1, step, step + 1, 2500}) {
        SCOPED_TRACE(size);
        Kept kept(GetParam());
        kept.Feed(3, std::vector<std::string>(static_cast<size_t>(size), "1"));
        kept.Feed(9, {"1"});
        pv_prune_sweep sweep = {};
        int steps = kept.Sweep(Before(10), &sweep);
        EXPECT_EQ(sweep.gone[PV_KEPT_EVENTS], static_cast<uint64_t>(size - 1));
        EXPECT_GE(steps, 3 + size / step) << "a step for each kind at the least";
        EXPECT_EQ(kept.Bounds(3), std::to_string(size) + ".." + std::to_string(size));
        EXPECT_EQ(kept.Bounds(9), "1..1");
    }
}

TEST_P(Prune, AStepThatIsNotCommittedLeavesItsEntriesToTheNextSweep)
{
    Kept kept(GetParam());
    kept.Feed(3, {"1", "2", "10"});
    pv_prune_rule rule = Before(10);
    pv_prune_sweep sweep = {};
    {
        Write write(kept.store.get());
        ASSERT_CODE("OK", pv_prune_step(write, write.arena(), &rule, &sweep));
    }
    EXPECT_EQ(kept.Bounds(3), "1..3");
    kept.Sweep(rule);
    EXPECT_EQ(kept.Bounds(3), "3..3");
}

INSTANTIATE_TEST_SUITE_P(Engines, Prune, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
