// storage/object.h: what a put sets, what a row holds, unique values, and that the indexes of a store are
// exactly what its rows say.
#include "tests/unit/storage/things.h"

#include <map>
#include <random>
#include <set>
#include <vector>

namespace store_test {
namespace {

// Parts of keys, written down once more from keys.h.
void AppendNumber(std::string &key, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8) { key += static_cast<char>(number >> shift); }
}

void AppendText(std::string &key, const std::string &text)
{
    if (text.size() <= 80) {
        key += text + std::string(2, '\0');
        return;
    }
    uint64_t hash = 0xcbf29ce484222325U;
    for (unsigned char c : text) { hash = (hash ^ c) * 0x100000001b3U; }
    key += text.substr(0, 80) + std::string("\0\1", 2);
    AppendNumber(key, hash);
}

class Objects : public testing::TestWithParam<Engine> {};

TEST_P(Objects, PutSetsRevisionEtagAndTimes)
{
    Store store(GetParam());
    {
        Write write(store.get());
        ASSERT_CODE("OK", pv_txn_put(write, View("n"), View("1")));
        ASSERT_EQ(write.Commit(), "OK");
    }
    Thing thing;
    Write write(store.get());
    ThingMessage message(thing);
    ASSERT_CODE("OK", pv_object_put(write, &ts_thing__object, write.arena(), pv_time{1234567890},
                                    message.base(), nullptr));
    EXPECT_EQ(message->revision, 2U);
    EXPECT_STREQ(message->etag, "\"2\"");
    ASSERT_NE(message->create_time, nullptr);
    EXPECT_EQ(message->create_time->seconds, 1);
    EXPECT_EQ(message->create_time->nanos, 234567890);
    EXPECT_EQ(message->update_time->seconds, 1);
    ASSERT_EQ(write.Commit(), "OK");

    Read read(store.get());
    ProtobufCMessage *loaded = nullptr;
    pv_row row;
    ASSERT_CODE("OK", pv_object_load(read, &ts_thing__object, Id(1), read.arena(), &loaded, &row));
    const ts_thing *found = reinterpret_cast<ts_thing *>(loaded);
    EXPECT_STREQ(found->etag, "\"2\"");
    EXPECT_EQ(found->revision, 2U);
    EXPECT_EQ(row.revision, 2U);
    EXPECT_EQ(found->create_time->nanos, 234567890);
}

TEST_P(Objects, SecondPutKeepsCreateTimeAndMovesTheRest)
{
    Store store(GetParam());
    Write write(store.get());
    ThingMessage message(Thing{});
    ASSERT_CODE("OK", pv_object_put(write, &ts_thing__object, write.arena(), Seconds(10),
                                    message.base(), nullptr));
    ASSERT_EQ(write.Commit(), "OK");
    Write again(store.get());
    ProtobufCMessage *loaded = nullptr;
    ASSERT_CODE("OK",
                pv_object_load(again, &ts_thing__object, Id(1), again.arena(), &loaded, nullptr));
    ASSERT_CODE(
        "OK", pv_object_put(again, &ts_thing__object, again.arena(), Seconds(20), loaded, nullptr));
    const ts_thing *thing = reinterpret_cast<ts_thing *>(loaded);
    EXPECT_EQ(thing->create_time->seconds, 10);
    EXPECT_EQ(thing->update_time->seconds, 20);
    EXPECT_EQ(thing->revision, 2U);
    EXPECT_STREQ(thing->etag, "\"2\"");
}

TEST_P(Objects, RowTellsItsPartiesWithoutDecoding)
{
    Store store(GetParam());
    Write write(store.get());
    Thing thing;
    thing.seller = 100;
    ASSERT_CODE("OK", PutThing(write, write.arena(), thing));
    pv_row row;
    ASSERT_CODE("OK", pv_object_get(write, &ts_thing__object, Id(1), &row));
    ASSERT_EQ(row.party_count, 2);
    uint8_t role = 0;
    EXPECT_TRUE(pv_row_party(&row, Id(100), &role));
    EXPECT_EQ(role, TS_SIDE_SELLER);
    EXPECT_TRUE(pv_row_party(&row, Id(100), nullptr));
    EXPECT_FALSE(pv_row_party(&row, Id(101), &role));
    EXPECT_FALSE(pv_row_party(&row, pv_id{}, &role)) << "an absent party is nobody";
    ThingMessage again(thing);
    std::vector<uint8_t> packed(row.message.size);
    ProtobufCMessage *loaded = nullptr;
    ASSERT_CODE("OK",
                pv_object_load(write, &ts_thing__object, Id(1), write.arena(), &loaded, nullptr));
    ASSERT_EQ(protobuf_c_message_get_packed_size(loaded), row.message.size);
    protobuf_c_message_pack(loaded, packed.data());
    EXPECT_EQ(Bytes(row.message), std::string(packed.begin(), packed.end()))
        << "the row holds the message as it is sent";
}

TEST_P(Objects, AbsentObjectsAreNotFound)
{
    Store store(GetParam());
    Write write(store.get());
    pv_row row;
    ProtobufCMessage *message = nullptr;
    EXPECT_CODE("NOT_FOUND", pv_object_get(write, &ts_thing__object, Id(1), &row));
    EXPECT_CODE("NOT_FOUND",
                pv_object_load(write, &ts_thing__object, Id(1), write.arena(), &message, &row));
    EXPECT_CODE("NOT_FOUND", pv_object_delete(write, &ts_thing__object, Id(1)));
    ASSERT_CODE("OK", PutThing(write, write.arena(), Thing{}));
    EXPECT_CODE("NOT_FOUND", pv_object_get(write, &ts_member__object, Id(1), &row))
        << "another type with the same id";
    EXPECT_CODE("OK", pv_object_delete(write, &ts_thing__object, Id(1)));
    EXPECT_CODE("NOT_FOUND", pv_object_get(write, &ts_thing__object, Id(1), &row));
}

TEST_P(Objects, PutRefusesWhatIsNoId)
{
    Store store(GetParam());
    Write write(store.get());
    char bad[] = "thi_not-an-id", no_prefix[] = "nothing", long_prefix[] = "accounts_01j9";
    {
        ThingMessage message(Thing{});
        message->id = bad;
        EXPECT_CODE("INVALID_ARGUMENT", pv_object_put(write, &ts_thing__object, write.arena(),
                                                      Seconds(1), message.base(), nullptr));
    }
    for (char *party : {bad, no_prefix, long_prefix}) {
        ThingMessage message(Thing{});
        message->buyer_id = party;
        EXPECT_CODE("INVALID_ARGUMENT", pv_object_put(write, &ts_thing__object, write.arena(),
                                                      Seconds(1), message.base(), nullptr));
    }
}

TEST_P(Objects, RowLargerThanAValueIsRefused)
{
    Store store(GetParam());
    Write write(store.get());
    Thing thing;
    thing.seller = 100;
    thing.name = std::string(PV_STORE_VALUE_MAX, 'x');
    EXPECT_CODE("RESOURCE_EXHAUSTED", PutThing(write, write.arena(), thing));
    thing.name = std::string(PV_STORE_VALUE_MAX - 300, 'x');
    EXPECT_CODE("OK", PutThing(write, write.arena(), thing));
}

TEST_P(Objects, ArenaThatIsTooSmallRefusesAndTellsItFromDamage)
{
    Store store(GetParam());
    Write write(store.get());
    Thing thing;
    thing.name = std::string(5000, 'x');
    Arena small(2000);
    EXPECT_CODE("RESOURCE_EXHAUSTED", PutThing(write, small, thing));
    ASSERT_CODE("OK", PutThing(write, write.arena(), thing));
    ProtobufCMessage *message = nullptr;
    EXPECT_CODE("RESOURCE_EXHAUSTED",
                pv_object_load(write, &ts_thing__object, Id(1), small, &message, nullptr));
    EXPECT_EQ(message, nullptr);
}

TEST_P(Objects, DamagedRowsAreDataLoss)
{
    const std::string key = "o\x07" + Bytes(pv_view_of(Id(1).bytes, 16));
    const std::string good_header = std::string("\x01\x00\0\0\0\0\0\0\0\x01", 10);
    const std::string rows[] = {"", "\x01", std::string("\x02") + good_header.substr(1),
                                std::string("\x01\x05") + good_header.substr(2),
                                std::string("\x01\x02") + good_header.substr(2) + "short"};
    for (const std::string &bytes : rows) {
        Store store(GetParam());
        Write write(store.get());
        ASSERT_CODE("OK", pv_txn_put(write, View(key), View(bytes)));
        pv_row row;
        EXPECT_CODE("DATA_LOSS", pv_object_get(write, &ts_thing__object, Id(1), &row));
        EXPECT_CODE("DATA_LOSS", PutThing(write, write.arena(), Thing{}));
    }
    Store store(GetParam());
    Write write(store.get());
    ASSERT_CODE("OK", pv_txn_put(write, View(key), View(good_header + "\xff\xff\xff")));
    ProtobufCMessage *message = nullptr;
    EXPECT_CODE("DATA_LOSS",
                pv_object_load(write, &ts_thing__object, Id(1), write.arena(), &message, nullptr));
}

// --- unique values ---

TEST_P(Objects, UniqueValueIsHeldByOneObjectOfTheParty)
{
    Store store(GetParam());
    Write write(store.get());
    Thing first, second;
    first.seller = second.seller = 100;
    first.code = second.code = "X1";
    second.number = 2;
    ASSERT_CODE("OK", PutThing(write, write.arena(), first));
    pv_id existing = {};
    EXPECT_CODE("ALREADY_EXISTS", PutThing(write, write.arena(), second, &existing));
    EXPECT_TRUE(pv_id_equal(existing, Id(1)));
    EXPECT_CODE("ALREADY_EXISTS", PutThing(write, write.arena(), second, nullptr));
    pv_row row;
    EXPECT_CODE("NOT_FOUND", pv_object_get(write, &ts_thing__object, Id(2), &row))
        << "nothing was written";
    EXPECT_CODE("OK", PutThing(write, write.arena(), first))
        << "an object does not clash with itself";
    second.seller = 101;
    EXPECT_CODE("OK", PutThing(write, write.arena(), second))
        << "another party may have the same value";
    Thing third;
    third.number = 3;
    third.buyer = 100;
    third.code = "X1";
    EXPECT_CODE("OK", PutThing(write, write.arena(), third)) << "the index is for sellers alone";
}

TEST_P(Objects, EmptyValueIsNotUnique)
{
    Store store(GetParam());
    Write write(store.get());
    for (uint64_t number = 1; number <= 3; number++) {
        Thing thing;
        thing.number = number;
        thing.seller = 100;
        EXPECT_CODE("OK", PutThing(write, write.arena(), thing));
    }
}

TEST_P(Objects, UniqueValueIsFreeAfterChangeAndDelete)
{
    Store store(GetParam());
    Write write(store.get());
    Thing first, second;
    first.seller = second.seller = 100;
    first.code = second.code = "X1";
    second.number = 2;
    ASSERT_CODE("OK", PutThing(write, write.arena(), first));
    first.code = "X2";
    ASSERT_CODE("OK", PutThing(write, write.arena(), first));
    ASSERT_CODE("OK", PutThing(write, write.arena(), second));
    ASSERT_CODE("OK", pv_object_delete(write, &ts_thing__object, Id(2)));
    first.code = "X1";
    EXPECT_CODE("OK", PutThing(write, write.arena(), first));
}

TEST_P(Objects, UniqueValueOfTwoFieldsClashesOnlyWhenBothAreTheSame)
{
    Store store(GetParam());
    Write write(store.get());
    Thing first, second;
    first.seller = second.seller = 100;
    first.name = second.name = "N";
    first.size = 1;
    second.size = 2;
    second.number = 2;
    ASSERT_CODE("OK", PutThing(write, write.arena(), first));
    ASSERT_CODE("OK", PutThing(write, write.arena(), second));
    second.size = 1;
    EXPECT_CODE("ALREADY_EXISTS", PutThing(write, write.arena(), second));
    first.size = second.size = 0;
    EXPECT_CODE("OK", PutThing(write, write.arena(), first));
    EXPECT_CODE("OK", PutThing(write, write.arena(), second)) << "one field is empty";
}

TEST_P(Objects, LongUniqueValuesAreComparedWhole)
{
    Store store(GetParam());
    Write write(store.get());
    const std::string beginning(300, 'x');
    Thing thing;
    thing.seller = 100;
    for (uint64_t number = 1; number <= 20; number++) {
        thing.number = number;
        thing.code = beginning + std::to_string(number);
        ASSERT_CODE("OK", PutThing(write, write.arena(), thing));
    }
    thing.number = 99;
    thing.code = beginning + "7";
    pv_id found = {};
    EXPECT_CODE("ALREADY_EXISTS", PutThing(write, write.arena(), thing, &found));
    EXPECT_TRUE(pv_id_equal(found, Id(7)));
    ASSERT_CODE("OK", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                     View(beginning + "13"), &found));
    EXPECT_TRUE(pv_id_equal(found, Id(13)));
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                            View(beginning), &found));
}

// The key of a long value holds a hash of it. Two values with one hash are hard to find, so an entry is
// planted where the other value's would be: the values in the rows must decide.
TEST_P(Objects, ValuesWithTheSameHashAreToldApart)
{
    Store store(GetParam());
    Write write(store.get());
    Thing first, second;
    first.seller = second.seller = 100;
    first.code = std::string(100, 'x') + "1";
    second.code = std::string(100, 'x') + "2";
    second.number = 2;
    ASSERT_CODE("OK", PutThing(write, write.arena(), first));
    std::string key = "i" + Bytes(pv_view_of(Id(100).bytes, 16)) + "\x07\x04";
    AppendText(key, second.code);
    ASSERT_CODE("OK", pv_txn_put(write, View(key + Bytes(pv_view_of(Id(1).bytes, 16))), View("")));
    pv_id found = {};
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                            View(second.code), &found));
    EXPECT_CODE("OK", PutThing(write, write.arena(), second));
    ASSERT_CODE("OK", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                     View(second.code), &found));
    EXPECT_TRUE(pv_id_equal(found, Id(2)));
}

TEST_P(Objects, FindAnswersForOnePartyAndOneValue)
{
    Store store(GetParam());
    Write write(store.get());
    Thing thing;
    thing.seller = 100;
    thing.buyer = 101;
    thing.code = "X1";
    ASSERT_CODE("OK", PutThing(write, write.arena(), thing));
    pv_id found = {};
    ASSERT_CODE("OK", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                     View("X1"), &found));
    EXPECT_TRUE(pv_id_equal(found, Id(1)));
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_thing__object, write.arena(), Id(101), 4,
                                            View("X1"), &found));
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                            View("X"), &found));
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_thing__object, write.arena(), Id(100), 4,
                                            View(""), &found));
}

TEST_P(Objects, IndexForAPartyOfWhateverRole)
{
    Store store(GetParam());
    Write write(store.get());
    std::string ids[2] = {IdText("mem", Id(1)), IdText("mem", Id(2))};
    std::string account = IdText("acc", Id(100)), seller = IdText("acc", Id(200)), name = "N",
                label = "L";
    ts_member member = TS_MEMBER__INIT;
    member.id = ids[0].data();
    member.account_id = account.data();
    member.seller_id = seller.data();
    member.name = name.data();
    member.label = label.data();
    ASSERT_CODE("OK", pv_object_put(write, &ts_member__object, write.arena(), Seconds(1),
                                    &member.base, nullptr));
    pv_id found = {};
    EXPECT_CODE("OK", pv_object_find(write, &ts_member__object, write.arena(), Id(100), 1,
                                     View("N"), &found));
    EXPECT_CODE("NOT_FOUND", pv_object_find(write, &ts_member__object, write.arena(), Id(200), 1,
                                            View("N"), &found));
    EXPECT_CODE("OK", pv_object_find(write, &ts_member__object, write.arena(), Id(200), 2,
                                     View("L"), &found));
    pv_row row;
    uint8_t role = 0;
    ASSERT_CODE("OK", pv_object_get(write, &ts_member__object, Id(1), &row));
    ASSERT_TRUE(pv_row_party(&row, Id(100), &role));
    EXPECT_EQ(role, PV_PARTY_ANY);
    member.id = ids[1].data();
    std::string other = "O";
    member.label = other.data();
    EXPECT_CODE("ALREADY_EXISTS", pv_object_put(write, &ts_member__object, write.arena(),
                                                Seconds(1), &member.base, nullptr));
}

// --- indexes equal a scan ---

// The keys that a thing should have, written down once more from keys.h and thing.proto.
void ExpectKeys(const Thing &thing, std::set<std::string> &keys)
{
    for (bool is_seller : {true, false}) {
        const uint64_t account = is_seller ? thing.seller : thing.buyer;
        if (account == 0) { continue; }
        const std::string id = Bytes(pv_view_of(Id(thing.number).bytes, 16));
        const std::string start = "i" + Bytes(pv_view_of(Id(account).bytes, 16)) + "\x07";
        const std::string buyer = thing.buyer == 0 ? "" : IdText("acc", Id(thing.buyer));
        std::string fields[10];
        AppendNumber(fields[1], thing.shade);
        AppendText(fields[2], thing.name);
        AppendNumber(fields[3], thing.shade);
        AppendNumber(fields[3], thing.size);
        AppendText(fields[3], thing.name);
        AppendText(fields[4], thing.code);
        AppendNumber(fields[5], static_cast<uint64_t>(thing.happened_ns) ^ uint64_t{1} << 63);
        AppendNumber(fields[6], thing.heavy ? 1 : 0);
        AppendNumber(fields[6], thing.weight);
        AppendText(fields[7], thing.name);
        AppendNumber(fields[7], thing.size);
        AppendText(fields[8], buyer);
        AppendNumber(fields[8], thing.size);
        AppendNumber(fields[9], thing.size);
        for (int number = 0; number <= 9; number++) {
            if ((number == 4 || number == 8) && !is_seller) { continue; }
            if (number == 4 && thing.code.empty()) { continue; }
            if (number == 7 && (thing.name.empty() || thing.size == 0)) { continue; }
            keys.insert(start + static_cast<char>(number) + fields[number] + id);
        }
    }
}

std::set<std::string> StoredKeys(pv_txn *txn, pv_arena *arena)
{
    std::set<std::string> keys;
    pv_range range = {View("i"), View("j"), false, 0};
    pv_scan *scan = nullptr;
    EXPECT_CODE("OK", pv_scan_open(txn, arena, range, &scan));
    pv_view key, value;
    while (pv_is_ok(pv_scan_next(scan, &key, &value))) { keys.insert(Bytes(key)); }
    pv_scan_close(scan);
    return keys;
}

bool Clashes(const std::map<uint64_t, Thing> &things, const Thing &thing)
{
    for (const auto &entry : things) {
        const Thing &other = entry.second;
        if (other.number == thing.number) { continue; }
        if (!thing.code.empty() && other.code == thing.code && thing.seller != 0 &&
            other.seller == thing.seller) {
            return true;
        }
        if (thing.name.empty() || thing.size == 0 || other.name != thing.name ||
            other.size != thing.size) {
            continue;
        }
        for (uint64_t account : {thing.seller, thing.buyer}) {
            if (account != 0 && (account == other.seller || account == other.buyer)) {
                return true;
            }
        }
    }
    return false;
}

TEST_P(Objects, IndexesEqualAScanAfterEveryChange)
{
    for (uint64_t run = 0; run < 4; run++) {
        const uint64_t seed = Seed(9) + run;
        SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
        std::mt19937_64 random(seed);
        Store store(GetParam());
        std::map<uint64_t, Thing> things;
        int clashes = 0;
        for (int step = 0; step < 120; step++) {
            Write write(store.get());
            std::map<uint64_t, Thing> next = things;
            for (int change = 0; change < 5; change++) {
                Thing thing;
                thing.number = 1 + random() % 12;
                thing.seller = random() % 4 == 0 ? 0 : 100 + random() % 2;
                thing.buyer = random() % 4 == 0 ? 0 : 101 + random() % 2; // 101 may be both
                thing.shade = static_cast<unsigned>(random() % 3);
                thing.name = std::string(random() % 3 == 0 ? random() % 120 : random() % 3, 'n');
                thing.size = random() % 3 == 0 ? UINT32_MAX : static_cast<uint32_t>(random() % 4);
                thing.weight = random() % 3 == 0 ? UINT64_MAX : random() % 4;
                thing.heavy = random() % 2 == 0;
                thing.happened_ns =
                    random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % 5000000000U);
                thing.code = std::string(random() % 3, 'c');
                if (random() % 4 == 0) {
                    EXPECT_EQ(Code(pv_object_delete(write, &ts_thing__object, Id(thing.number))),
                              next.erase(thing.number) == 1 ? "OK" : "NOT_FOUND");
                    continue;
                }
                const bool clash = Clashes(next, thing);
                clashes += clash ? 1 : 0;
                ASSERT_EQ(Code(PutThing(write, write.arena(), thing)),
                          clash ? "ALREADY_EXISTS" : "OK");
                if (!clash) { next[thing.number] = thing; }
            }
            std::set<std::string> expected;
            for (const auto &entry : next) { ExpectKeys(entry.second, expected); }
            ASSERT_EQ(StoredKeys(write, write.arena()), expected) << "in the call, step " << step;
            if (random() % 3 == 0) { continue; }
            ASSERT_EQ(write.Commit(), "OK");
            things = next;
            Read read(store.get());
            ASSERT_EQ(StoredKeys(read, read.arena()), expected) << "committed, step " << step;
        }
        EXPECT_GT(clashes, 10) << "the run should meet clashes";
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, Objects, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
