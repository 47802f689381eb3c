// A store's indexes follow what the program declares, whatever the last program declared, wherever the work
// was cut off; and a store of format 1 becomes one of this format.
#include "tests/unit/storage/things.h"

#include "storage/catalogue.h"
#include "storage/schema.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>

namespace store_test {
namespace {

// A release of the program: things with some of their indexes, perhaps changed.
class Release {
  public:
    Release(std::vector<pv_index_info> indexes, bool has_members = true)
        : indexes_(std::move(indexes))
    {
        things_ = ts_thing__object;
        things_.indexes = indexes_.data();
        things_.index_count = static_cast<uint8_t>(indexes_.size());
        objects_ = {&things_};
        if (has_members) { objects_.push_back(&ts_member__object); }
        schema_.objects = objects_.data();
        schema_.object_count = objects_.size();
        schema_.progress = [](void *context, const char *definition, bool dropped) {
            static_cast<Release *>(context)->told_.insert((dropped ? "dropped " : "built ") +
                                                          std::string(definition));
        };
        schema_.context = this;
    }
    Release(const Release &) = delete;
    Release &operator=(const Release &) = delete;

    const pv_object_info *things() const { return &things_; }
    const pv_schema *schema() const { return &schema_; }
    const std::set<std::string> &told() const { return told_; }

    std::string Apply(pv_store *store) const
    {
        char error[PV_SCHEMA_ERROR_SIZE];
        const pv_status status = pv_schema_apply(store, &schema_, error);
        return pv_is_ok(status) ? "OK" : Code(status) + ": " + error;
    }

  private:
    std::vector<pv_index_info> indexes_;
    pv_object_info things_;
    std::vector<const pv_object_info *> objects_;
    pv_schema schema_ = {};
    std::set<std::string> told_;
};

const pv_index_info &Index(uint8_t number)
{
    const pv_index_info *index = pv_index_find(&ts_thing__object, number);
    return *index;
}

std::vector<pv_index_info> AllIndexes()
{
    return {ts_thing__object.indexes, ts_thing__object.indexes + ts_thing__object.index_count};
}

Thing MakeThing(uint64_t number)
{
    Thing thing;
    thing.number = number;
    thing.seller = 100 + number % 7;
    thing.buyer = number % 3 == 0 ? 0 : 200 + number % 5;
    thing.shade = static_cast<unsigned>(number % 3);
    thing.name = std::string(number % 4 == 0 ? 120 : 3, static_cast<char>('a' + number % 3)) +
                 std::to_string(number);
    thing.size = static_cast<uint32_t>(number % 5);
    thing.heavy = number % 2 == 0;
    thing.happened_ns = static_cast<int64_t>(number * 1000);
    thing.code = number % 5 == 0 ? "" : "code" + std::to_string(number);
    return thing;
}

void PutThings(pv_store *store, const pv_object_info *things, uint64_t count)
{
    Write write(store);
    for (uint64_t number = 1; number <= count; number++) {
        ThingMessage message(MakeThing(number));
        ASSERT_CODE(
            "OK", pv_object_put(write, things, write.arena(), Seconds(1), message.base(), nullptr));
    }
    ASSERT_EQ(write.Commit(), "OK");
}

// All keys of a space.
std::set<std::string> KeysOf(pv_store *store, const char *space)
{
    std::set<std::string> keys;
    Read read(store);
    pv_range range;
    EXPECT_CODE("OK", pv_range_of_prefix(read.arena(), View(space), &range));
    pv_scan *scan = nullptr;
    EXPECT_CODE("OK", pv_scan_open(read, read.arena(), range, &scan));
    pv_view key, value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { keys.insert(Bytes(key)); }
    pv_scan_close(scan);
    return keys;
}

// The index entries that `count` things have when every one of them is put under the release.
std::set<std::string> Expected(const Release &release, uint64_t count)
{
    Store fresh(kEngines[0]);
    PutThings(fresh.get(), release.things(), count);
    return KeysOf(fresh.get(), "i");
}

void ExpectReady(pv_store *store, size_t count)
{
    Read read(store);
    size_t found = 0;
    for (const std::string &key : KeysOf(store, "x")) {
        pv_view value;
        pv_catalogue_row row;
        ASSERT_CODE("OK", pv_txn_get(read, View(key), &value));
        ASSERT_TRUE(pv_catalogue_read(View(key), value, &row));
        EXPECT_EQ(row.state, PV_INDEX_READY) << Bytes(row.definition);
        found++;
    }
    EXPECT_EQ(found, count);
}

constexpr uint64_t kThings = 60;

// From one release to another: which indexes each has.
struct Change {
    const char *name;
    std::vector<pv_index_info> before, after;
};

pv_index_info Renumbered(uint8_t number, const pv_index_info &index)
{
    pv_index_info changed = index;
    changed.number = number;
    return changed;
}

std::vector<Change> Changes()
{
    return {
        {"nothing_to_everything", {}, AllIndexes()},
        {"everything_to_nothing", AllIndexes(), {}},
        {"the_same", AllIndexes(), AllIndexes()},
        {"one_added", {Index(1), Index(2)}, {Index(1), Index(2), Index(9)}},
        {"one_removed", {Index(1), Index(2), Index(9)}, {Index(1), Index(9)}},
        {"other_fields_under_one_number", {Renumbered(1, Index(2))}, {Renumbered(1, Index(9))}},
        {"two_change_places",
         {Renumbered(1, Index(2)), Renumbered(2, Index(1))},
         {Index(1), Index(2)}},
        {"for_one_party_only", {Renumbered(4, Index(9))}, {Renumbered(4, Index(8))}},
        {"becomes_unique", {Renumbered(7, Index(2))}, {Index(7)}},
    };
}

class SchemaChanges : public testing::TestWithParam<Engine> {};

TEST_P(SchemaChanges, IndexesEqualThoseOfAStoreThatAlwaysHadThem)
{
    for (const Change &change : Changes()) {
        SCOPED_TRACE(change.name);
        Store store(GetParam());
        const Release old_release(change.before), new_release(change.after);
        ASSERT_EQ(old_release.Apply(store.get()), "OK");
        PutThings(store.get(), old_release.things(), kThings);
        ASSERT_EQ(new_release.Apply(store.get()), "OK");
        EXPECT_EQ(KeysOf(store.get(), "i"), Expected(new_release, kThings));
        ExpectReady(store.get(), 1 + change.after.size() + 1 + ts_member__object.index_count);
        ASSERT_EQ(old_release.Apply(store.get()), "OK") << "and back";
        EXPECT_EQ(KeysOf(store.get(), "i"), Expected(old_release, kThings));
    }
}

// With each budget the work is done in many transactions, and after each of them the program may end.
TEST_P(SchemaChanges, WorkGoesOnWhereItWasCutOff)
{
    for (const uint32_t budget : {1U, 2U, 5U, 17U, 300U}) {
        if (GetParam().durable && budget < 17) {
            continue;
        } // a sync each: only where there is none
        for (const Change &change : Changes()) {
            SCOPED_TRACE(std::string(change.name) + " in steps of " + std::to_string(budget));
            Store store(GetParam());
            const Release old_release(change.before), new_release(change.after);
            ASSERT_EQ(old_release.Apply(store.get()), "OK");
            PutThings(store.get(), old_release.things(), kThings);
            bool done = false;
            int steps = 0;
            for (; !done && steps < 10000; steps++) {
                char error[PV_SCHEMA_ERROR_SIZE];
                ASSERT_CODE("OK",
                            pv_schema_step(store.get(), new_release.schema(), budget, &done, error))
                    << error;
                if (GetParam().durable && steps % 5 == 2) { store.Reopen(); }
            }
            ASSERT_TRUE(done);
            EXPECT_EQ(KeysOf(store.get(), "i"), Expected(new_release, kThings));
        }
    }
}

// Half-way forward, then the older program again: it takes back what it does not know.
TEST_P(SchemaChanges, OlderProgramTakesBackWhatWasHalfDone)
{
    for (int steps = 1; steps < 40; steps += 3) {
        Store store(GetParam());
        const Release old_release({Index(1), Renumbered(2, Index(9))}), new_release(AllIndexes());
        ASSERT_EQ(old_release.Apply(store.get()), "OK");
        PutThings(store.get(), old_release.things(), kThings);
        for (int i = 0; i < steps; i++) {
            bool done = false;
            char error[PV_SCHEMA_ERROR_SIZE];
            ASSERT_CODE("OK", pv_schema_step(store.get(), new_release.schema(), 20, &done, error));
        }
        ASSERT_EQ(old_release.Apply(store.get()), "OK");
        EXPECT_EQ(KeysOf(store.get(), "i"), Expected(old_release, kThings)) << steps;
    }
}

TEST_P(SchemaChanges, NothingToDoWritesNothing)
{
    Store store(GetParam());
    const Release release(AllIndexes());
    ASSERT_EQ(release.Apply(store.get()), "OK");
    PutThings(store.get(), release.things(), 3);
    const uint64_t before = pv_txn_revision(Read(store.get()));
    ASSERT_EQ(release.Apply(store.get()), "OK");
    EXPECT_EQ(pv_txn_revision(Read(store.get())), before);
}

TEST_P(SchemaChanges, EachIndexIsTold)
{
    Store store(GetParam());
    Release first({Index(1)}), second({Index(9)});
    ASSERT_EQ(first.Apply(store.get()), "OK");
    EXPECT_EQ(first.told().count("built purvey.testing.storage.v1.Thing by shade(8/13)"), 1U)
        << testing::PrintToString(first.told());
    EXPECT_EQ(first.told().count("built purvey.testing.storage.v1.Thing by id"), 1U);
    ASSERT_EQ(second.Apply(store.get()), "OK");
    const std::set<std::string> expected = {
        "dropped purvey.testing.storage.v1.Thing by shade(8/13)",
        "built purvey.testing.storage.v1.Thing by size(10/6)"};
    EXPECT_EQ(second.told(), expected);
}

TEST_P(SchemaChanges, ObjectThatIsGoneLosesItsIndexesAndKeepsItsRows)
{
    Store store(GetParam());
    const Release with({}, true), without({}, false);
    ASSERT_EQ(with.Apply(store.get()), "OK");
    {
        Write write(store.get());
        ts_member member = TS_MEMBER__INIT;
        std::string id = IdText("mem", Id(1)), account = IdText("acc", Id(2));
        char name[] = "name";
        member.id = id.data();
        member.account_id = account.data();
        member.name = name;
        ASSERT_CODE("OK", pv_object_put(write, &ts_member__object, write.arena(), Seconds(1),
                                        &member.base, nullptr));
        ASSERT_EQ(write.Commit(), "OK");
    }
    const std::set<std::string> entries = KeysOf(store.get(), "i");
    EXPECT_EQ(entries.size(), 2U);
    ASSERT_EQ(without.Apply(store.get()), "OK");
    EXPECT_TRUE(KeysOf(store.get(), "i").empty());
    EXPECT_EQ(KeysOf(store.get(), "o").size(), 1U);
    ASSERT_EQ(with.Apply(store.get()), "OK");
    EXPECT_EQ(KeysOf(store.get(), "i"), entries) << "what the rows say comes back";
}

TEST_P(SchemaChanges, UniqueIndexOverValuesThatAreNotIsRefusedByName)
{
    Store store(GetParam());
    const Release old_release({});
    ASSERT_EQ(old_release.Apply(store.get()), "OK");
    {
        Write write(store.get());
        for (uint64_t number : {1, 2}) {
            Thing thing = MakeThing(number);
            thing.seller = 100;
            thing.code = "same";
            ThingMessage message(thing);
            ASSERT_CODE("OK", pv_object_put(write, old_release.things(), write.arena(), Seconds(1),
                                            message.base(), nullptr));
        }
        ASSERT_EQ(write.Commit(), "OK");
    }
    const Release new_release({Index(4)});
    const std::string refused = new_release.Apply(store.get());
    EXPECT_EQ(refused, "FAILED_PRECONDITION: Index 4 of purvey.testing.storage.v1.Thing is unique "
                       "and cannot be built: " +
                           IdText("thi", Id(1)) + " and " + IdText("thi", Id(2)) +
                           " hold the same value.");
    ASSERT_EQ(old_release.Apply(store.get()), "OK") << "the older program goes on";
    EXPECT_EQ(KeysOf(store.get(), "i"), [&] {
        std::set<std::string> by_id;
        for (const std::string &key : KeysOf(store.get(), "i")) {
            if (key[18] == PV_INDEX_BY_ID) { by_id.insert(key); }
        }
        return by_id;
    }());
}

// What a program of format 1 left: no catalogue, and indexes of which only the entries tell.
TEST_P(SchemaChanges, StoreOfFormat1IsUpgraded)
{
    if (!GetParam().durable) { GTEST_SKIP() << "forgets its format"; }
    Store store(GetParam());
    const Release old_release({Index(1), Renumbered(40, Index(2))}), release(AllIndexes());
    PutThings(store.get(), old_release.things(), kThings);
    {
        Write write(store.get());
        ASSERT_CODE("OK", pv_txn_put(write, View(std::string("mformat\0\0", 9)),
                                     View(std::string("purvey\0\0\0\1", 10))));
        ASSERT_EQ(write.Commit(), "OK");
    }
    ASSERT_TRUE(KeysOf(store.get(), "x").empty()) << "as format 1 is";
    store.Reopen();
    {
        Read read(store.get());
        pv_view format;
        ASSERT_CODE("OK", pv_txn_get(read, View(std::string("mformat\0\0", 9)), &format));
        EXPECT_EQ(Bytes(format), std::string("purvey\0\0\0\3", 10));
        EXPECT_EQ(KeysOf(store.get(), "x"), std::set<std::string>{std::string("x\0\0", 3)});
    }
    for (bool done = false; !done;) {
        char error[PV_SCHEMA_ERROR_SIZE];
        ASSERT_CODE("OK", pv_schema_step(store.get(), release.schema(), 25, &done, error)) << error;
        store.Reopen();
    }
    EXPECT_EQ(KeysOf(store.get(), "i"), Expected(release, kThings));
    ExpectReady(store.get(), 1 + ts_thing__object.index_count + 1 + ts_member__object.index_count);
}

// Killed at any moment, also within a transaction, as often as it takes.
TEST_P(SchemaChanges, KilledProgramGoesOn)
{
    if (!GetParam().durable) { GTEST_SKIP() << "forgets everything"; }
    Folder folder;
    const Release old_release({Index(1), Renumbered(2, Index(9))}), release(AllIndexes());
    pv_store *store = nullptr;
    GetParam().open(folder.path(), 0, &store);
    ASSERT_EQ(old_release.Apply(store), "OK");
    PutThings(store, old_release.things(), kThings);
    pv_store_close(store);
    int ends = 0;
    for (int round = 0; ends == 0 && round < 500; round++) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            GetParam().open(folder.path(), 0, &store);
            for (bool done = false; !done;) {
                char error[PV_SCHEMA_ERROR_SIZE];
                if (!pv_is_ok(pv_schema_step(store, release.schema(), 10, &done, error))) {
                    _exit(2);
                }
            }
            _exit(0);
        }
        usleep(static_cast<useconds_t>(3000 + 700 * round));
        kill(child, SIGKILL);
        int how = 0;
        ASSERT_EQ(waitpid(child, &how, 0), child);
        ASSERT_TRUE(WIFSIGNALED(how) || WEXITSTATUS(how) == 0);
        ends += WIFEXITED(how) ? 1 : 0;
    }
    ASSERT_EQ(ends, 1);
    GetParam().open(folder.path(), 0, &store);
    EXPECT_EQ(KeysOf(store, "i"), Expected(release, kThings));
    pv_store_close(store);
}

INSTANTIATE_TEST_SUITE_P(Engines, SchemaChanges, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
