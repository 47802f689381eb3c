// What the check finds in a store that was meddled with, each in one finding that names the row; and that it
// finds nothing in a store that was not.
#include "tests/unit/storage/trails.h"

#include "storage/catalogue.h"
#include "storage/check.h"
#include "storage/feed.h"
#include "storage/keys.h"
#include "storage/record.h"
#include "storage/runs.h"

#include <optional>
#include <vector>

namespace store_test {
namespace {

const pv_object_info *const kObjects[] = {&ts_thing__object, &ts_member__object};

const pv_schema *Schema()
{
    static pv_schema schema = {};
    schema.objects = kObjects;
    schema.object_count = std::size(kObjects);
    return &schema;
}

struct Found {
    std::vector<std::string> findings;
    pv_check_summary summary = {};
};

// Members stand for accounts, users and certificates, packed things for events and answers.
Found Check(pv_store *store)
{
    static const char *const settings[] = {"known", nullptr};
    Found found;
    pv_check_rules rules = {};
    rules.schema = Schema();
    rules.account = &ts_member__object;
    rules.user = &ts_member__object;
    rules.certificate = &ts_member__object;
    rules.event = rules.answer = &ts_thing__info;
    rules.audit_entry = &ts_entry__info;
    rules.settings = settings;
    rules.found = [](void *context, const char *row, const char *what) {
        static_cast<Found *>(context)->findings.push_back(std::string(row) + ": " + what);
    };
    rules.context = &found;
    EXPECT_CODE("OK", pv_check(store, &rules, &found.summary));
    EXPECT_EQ(found.summary.findings, found.findings.size());
    return found;
}

// A packed thing; of whatever name.
std::string Packed(const std::string &name)
{
    Thing thing;
    thing.name = name;
    ThingMessage message(thing);
    std::string bytes(protobuf_c_message_get_packed_size(message.base()), '\0');
    protobuf_c_message_pack(message.base(), reinterpret_cast<uint8_t *>(bytes.data()));
    return bytes;
}

void PutMember(pv_txn *txn, pv_arena *arena, uint64_t number)
{
    ts_member member = TS_MEMBER__INIT;
    std::string id = IdText("mem", Id(number)), account = IdText("acc", Id(number));
    std::string name = "name" + std::to_string(number);
    member.id = id.data();
    member.account_id = account.data();
    member.name = name.data();
    ASSERT_CODE("OK",
                pv_object_put(txn, &ts_member__object, arena, Seconds(1), &member.base, nullptr));
}

// A store with something of every kind.
void Fill(pv_store *store)
{
    char error[PV_SCHEMA_ERROR_SIZE];
    ASSERT_CODE("OK", pv_schema_apply(store, Schema(), error)) << error;
    Write write(store);
    PutMember(write, write.arena(), 100);
    for (uint64_t number = 1; number <= 5; number++) {
        Thing thing;
        thing.number = number;
        thing.seller = 100;
        thing.buyer = 200 + number;
        thing.name = "n" + std::to_string(number);
        thing.size = static_cast<uint32_t>(number);
        thing.code = "c" + std::to_string(number);
        ASSERT_CODE("OK", PutThing(write, write.arena(), thing));
        ASSERT_CODE("OK", pv_feed_append(write, Id(100), number, View(Packed("event"))));
        PutAudit(write, Id(100), "entry");
    }
    ASSERT_CODE("OK", pv_replay_put(write, Id(100), Id(100), View("Method"), View("request"),
                                    Seconds(1), View(Packed("answer"))));
    ASSERT_CODE("OK", pv_block_put(write, Id(1), 0, View("block")));
    const uint8_t digest[16] = {7};
    ASSERT_CODE("OK", pv_digest_put(write, Id(1), digest, View("note")));
    ASSERT_CODE("OK", pv_use_put(write, Id(100), Seconds(1), "address"));
    ASSERT_CODE("OK", pv_setting_put(write, "known", View("1")));
    pv_runs *runs = nullptr;
    ASSERT_CODE("OK", pv_runs_open(write, write.arena(), Id(9), &runs));
    const pv_run_entry entries[] = {{1, 2}, {3, 4}};
    ASSERT_CODE("OK", pv_runs_add(
                          runs, entries, 2,
                          [](void *, uint64_t, bool *keep) {
                              *keep = true;
                              return pv_ok();
                          },
                          nullptr));
    ASSERT_EQ(write.Commit(), "OK");
}

std::string Raw(const pv_key &key)
{
    return Bytes(pv_key_view(&key));
}

class Checks : public testing::TestWithParam<Engine> {};

TEST_P(Checks, GoodStoreHasNoFindings)
{
    Store store(GetParam());
    Fill(store.get());
    const Found found = Check(store.get());
    EXPECT_EQ(found.findings, std::vector<std::string>());
    EXPECT_TRUE(found.summary.whole);
    EXPECT_EQ(found.summary.objects, 6U);
    EXPECT_EQ(found.summary.events, 5U);
    EXPECT_EQ(found.summary.audit_entries, 5U);
    EXPECT_EQ(found.summary.audit_trails, 1U);
    EXPECT_EQ(found.summary.answers, 1U);
    EXPECT_EQ(found.summary.blocks, 1U);
    EXPECT_EQ(found.summary.digests, 1U);
    EXPECT_EQ(found.summary.uses, 1U);
    EXPECT_EQ(found.summary.run_blocks, 2U);
    EXPECT_EQ(found.summary.indexes,
              1U + ts_thing__object.index_count + 1 + ts_member__object.index_count);
    EXPECT_EQ(found.summary.revision, 2U);
    pv_check_summary counted = {};
    ASSERT_CODE("OK", pv_check_count(store.get(), &counted));
    EXPECT_EQ(counted.rows, found.summary.rows);
    EXPECT_EQ(counted.index_entries, found.summary.index_entries);
}

TEST_P(Checks, EmptyStoreLacksItsIndexesAndNothingElse)
{
    Store store(GetParam());
    const Found found = Check(store.get());
    EXPECT_EQ(found.findings.size(),
              1U + ts_thing__object.index_count + 1 + ts_member__object.index_count);
    EXPECT_NE(found.findings[0].find("is not there yet: purveyd builds it when it starts"),
              std::string::npos)
        << found.findings[0];
}

// Changes a row.
struct Damage {
    const char *name;
    std::string key;
    std::optional<std::string> value;  // none: the row is deleted
    std::vector<std::string> findings; // what each one says, somewhere
};

std::string Value(pv_store *store, const std::string &key)
{
    Read read(store);
    pv_view value = pv_view_of(nullptr, 0);
    EXPECT_CODE("OK", pv_txn_get(read, View(key), &value)) << key;
    return Bytes(value);
}

std::optional<std::string> To(const std::string &value)
{
    return value;
}

std::string Flipped(std::string bytes, size_t at)
{
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    return bytes;
}

std::vector<Damage> ObjectDamages(pv_store *store)
{
    const std::string thing3 = Raw(pv_key_of_object(7, Id(3))), id3 = IdText("thi", Id(3));
    const std::string row3 = Value(store, thing3);
    const std::string row4 = Value(store, Raw(pv_key_of_object(7, Id(4))));
    return {
        {"object_is_gone", thing3, std::nullopt, {"leads to an object that is not there"}},
        {"row_header",
         thing3,
         To("\x09" + row3.substr(1)),
         {"Thing " + id3 + ": its row header cannot be read"}},
        {"row_is_cut", thing3, To(row3.substr(0, 20)), {"its row header cannot be read"}},
        {"message_is_cut",
         thing3,
         To(row3.substr(0, row3.size() - 1)),
         {"it is no purvey.testing.storage.v1.Thing"}},
        {"row_of_another",
         thing3,
         To(row4),
         {"its message has another id", "it lacks its entry", "its object has other values now"}},
        {"revision_of_the_row",
         thing3,
         To(Flipped(row3, 9)),
         {"another revision than its row", "etag is not that of its revision",
          "is not between 1 and the store's"}},
        {"party_of_the_row",
         thing3,
         To(Flipped(row3, 20)),
         {"its party in seller_id is not the one of its row"}},
        {"type_unknown",
         Raw(pv_key_of_object(77, Id(1))),
         To(row3),
         {"this program knows no such object"}},
    };
}

// An entry of the seller's index for a thing; `size`: of index 9, which has it as its field.
std::string Entry(uint8_t index, const uint64_t *size, uint64_t thing)
{
    pv_key key = pv_key_prefix_index(Id(100), 7, index);
    if (size != nullptr) { pv_key_add_number(&key, *size); }
    pv_key_add_id(&key, Id(thing));
    return Raw(key);
}

std::vector<Damage> EntryDamages()
{
    const std::string id3 = IdText("thi", Id(3));
    const uint64_t size = 3, other_size = 77;
    const std::string by_size = Entry(9, &size, 3), wrong_size = Entry(9, &other_size, 3);
    const std::string nobody = Entry(PV_INDEX_BY_ID, nullptr, 55),
                      no_index = Entry(200, nullptr, 3);
    return {
        {"entry_is_gone",
         by_size,
         std::nullopt,
         {"Thing " + id3 + ": it lacks its entry: entry of index 9 of Thing for " +
          IdText("mem", Id(100)) + " to " + id3}},
        {"entry_too_many", wrong_size, To(""), {"its object has other values now"}},
        {"entry_with_a_value", by_size, To("x"), {"it holds 1 bytes and should be empty"}},
        {"entry_of_nobody", nobody, To(""), {"leads to an object that is not there"}},
        {"entry_of_no_index", no_index, To(""), {"this program knows no such index"}},
    };
}

std::vector<Damage> AccountDamages()
{
    const std::string event = Packed("event");
    return {
        {"event_is_gone",
         Raw(pv_key_of_feed(Id(100), 3)),
         std::nullopt,
         {"event 4 of " + IdText("mem", Id(100)) +
          ": the event before it has the number 2: the feed has a gap"}},
        {"event_zero", Raw(pv_key_of_feed(Id(100), 0)), To(event), {"feeds count from 1"}},
        {"event_of_nobody",
         Raw(pv_key_of_feed(Id(101), 1)),
         To(event),
         {"its account is not there"}},
        {"event_is_none",
         Raw(pv_key_of_feed(Id(100), 5)),
         To("\xff\xff"),
         {"it is no purvey.testing.storage.v1.Thing"}},
        {"audit_is_gone",
         Raw(pv_key_of_audit(Id(100), 2, 2)),
         std::nullopt,
         {"audit entry 2.3 of " + IdText("mem", Id(100)) + ": an entry before it is missing"}},
        {"audit_of_the_future",
         Raw(pv_key_of_audit(Id(100), 99, 0)),
         To(PackedEntry(6, IdText("mem", Id(100)), "entry")),
         {"the store has not come to this revision"}},
        {"trail_of_nobody",
         Raw(pv_key_of_trail(Id(101))),
         To(std::string(93, '\1')),
         {"audit trail of " + IdText("mem", Id(101)) + ": its account is not there"}},
        {"trail_cannot_be_read",
         Raw(pv_key_of_trail(Id(100))),
         To("short"),
         {"audit trail of " + IdText("mem", Id(100)) + ": it cannot be read"}},
        {"answer_of_nobody",
         Raw(pv_key_of_replay(Id(100), Id(44), View("M"), View("r"))),
         To(std::string(8, '\0') + event),
         {"answer to r of " + IdText("mem", Id(44)) + " of " + IdText("mem", Id(100)) +
          " to M: its user is not there"}},
        {"answer_without_time",
         Raw(pv_key_of_replay(Id(100), Id(100), View("M"), View("r"))),
         To("short"),
         {"it has no time"}},
        {"answer_is_none",
         Raw(pv_key_of_replay(Id(100), Id(100), View("M"), View("r"))),
         To(std::string(8, '\0') + "\xff"),
         {"it is no purvey.testing.storage.v1.Thing"}},
    };
}

std::vector<Damage> StoreDamages(pv_store *store)
{
    const std::string x1 = Raw(pv_key_of_catalogue(7, 1));
    const std::string use = Value(store, Raw(pv_key_of_use(Id(100))));
    return {
        {"use_of_nothing",
         Raw(pv_key_of_use(Id(101))),
         To(use),
         {"use of " + IdText("mem", Id(101)) + ": its certificate is not there"}},
        {"use_is_cut",
         Raw(pv_key_of_use(Id(100))),
         To(use.substr(0, 15)),
         {"use of " + IdText("mem", Id(100)) + ": it cannot be read"}},
        {"use_that_ends_before_it_begins",
         Raw(pv_key_of_use(Id(100))),
         To("\x01" + use.substr(1)),
         {"use of " + IdText("mem", Id(100)) + ": it cannot be read"}},
        {"setting_unknown",
         Raw(pv_key_of_setting(View("other"))),
         To("1"),
         {"setting other: this program knows no such setting"}},
        {"run_of_nobody",
         Raw(pv_key_of_run(Id(9), 77, 0)),
         To(std::string(16, '\0')),
         {"its owner has no such run"}},
        {"run_list",
         Raw(pv_key_of_run(Id(9), 0, 0)),
         To("x"),
         {"the list of its owner's runs cannot be read", "cannot be read"}},
        {"run_not_sorted",
         Raw(pv_key_of_run(Id(9), 1, 0)),
         To(std::string("\5\0\0\0\0\0\0\0"
                        "\1\0\0\0\0\0\0\0"
                        "\4\0\0\0\0\0\0\0"
                        "\1\0\0\0\0\0\0\0",
                        32)),
         {"it is no slice of its run"}},
        {"catalogue_row", x1, To("x"), {"it cannot be read", "is not there yet"}},
        {"catalogue_building",
         x1,
         To("\2" + Value(store, x1).substr(1)),
         {"the index is only built in part"}},
        {"catalogue_dropping",
         x1,
         To("\3" + Value(store, x1).substr(1)),
         {"the index is only dropped in part"}},
        {"catalogue_definition",
         x1,
         To(Value(store, x1) + " x"),
         {"builds it again when it starts"}},
        {"no_such_space", "q", To("1"), {"row 71: there is no such kind of row"}},
        {"key_too_short", "o\7", To("1"), {"there is no such kind of row"}},
    };
}

TEST_P(Checks, EveryDamageIsFoundAndNamed)
{
    Store whole(GetParam());
    Fill(whole.get());
    std::vector<Damage> damages = ObjectDamages(whole.get());
    for (const std::vector<Damage> &more :
         {EntryDamages(), AccountDamages(), StoreDamages(whole.get())}) {
        damages.insert(damages.end(), more.begin(), more.end());
    }
    for (const Damage &damage : damages) {
        SCOPED_TRACE(damage.name);
        Store store(GetParam());
        Fill(store.get());
        {
            pv_batch *batch = nullptr;
            pv_txn *txn = nullptr;
            Arena arena;
            ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
            ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
            ASSERT_CODE("OK", !damage.value.has_value()
                                  ? pv_txn_delete(txn, View(damage.key))
                                  : pv_txn_put(txn, View(damage.key), View(*damage.value)));
            ASSERT_CODE("OK", pv_txn_commit(txn));
            ASSERT_CODE("OK", pv_batch_commit(batch));
        }
        const Found found = Check(store.get());
        EXPECT_TRUE(found.summary.whole);
        ASSERT_FALSE(found.findings.empty());
        for (const std::string &wanted : damage.findings) {
            bool said = false;
            for (const std::string &finding : found.findings) {
                said = said || finding.find(wanted) != std::string::npos;
            }
            EXPECT_TRUE(said) << wanted << " is not said by "
                              << testing::PrintToString(found.findings);
        }
    }
}

TEST_P(Checks, UniqueValueHeldTwiceIsFoundOnce)
{
    Store store(GetParam());
    Fill(store.get());
    {
        // Put by a program whose .proto did not say that codes are unique.
        pv_object_info loose = ts_thing__object;
        std::vector<pv_index_info> indexes(loose.indexes, loose.indexes + loose.index_count);
        for (pv_index_info &index : indexes) { index.unique = false; }
        loose.indexes = indexes.data();
        Thing thing;
        thing.number = 6;
        thing.seller = 100;
        thing.name = "n6";
        thing.size = 6;
        thing.code = "c2";
        ThingMessage message(thing);
        Write write(store.get());
        ASSERT_CODE(
            "OK", pv_object_put(write, &loose, write.arena(), Seconds(1), message.base(), nullptr));
        ASSERT_EQ(write.Commit(), "OK");
    }
    const Found found = Check(store.get());
    ASSERT_EQ(found.findings.size(), 1U) << testing::PrintToString(found.findings);
    EXPECT_NE(found.findings[0].find("its value should be unique, and " + IdText("thi", Id(2)) +
                                     " holds it too"),
              std::string::npos)
        << found.findings[0];
}

INSTANTIATE_TEST_SUITE_P(Engines, Checks, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
