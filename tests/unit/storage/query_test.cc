// Queries: what they find is what a filter over all objects finds, page by page; which order; what is refused.
#include "tests/unit/storage/things.h"

#include <algorithm>
#include <random>
#include <vector>

namespace store_test {
namespace {

class Queries : public testing::TestWithParam<Engine> {};

using Numbers = std::vector<uint64_t>;

uint64_t NumberOf(pv_id id)
{
    uint64_t number = 0;
    for (int i = 8; i < 16; i++) { number = number << 8 | id.bytes[i]; }
    return number;
}

pv_query QueryOf(uint64_t account, const std::vector<pv_condition> &conditions)
{
    pv_query query = {};
    query.account = Id(account);
    query.conditions = conditions.data();
    query.condition_count = conditions.size();
    return query;
}

// One page; ret_position is where the next begins, empty after the last.
std::string Page(pv_txn *txn, pv_query query, size_t size, Numbers &found, std::string &position)
{
    Arena arena(size_t{1} << 20);
    query.after = View(position);
    pv_query_run *run = nullptr;
    pv_status status = pv_query_open(txn, &ts_thing__object, arena, &query, &run);
    if (!pv_is_ok(status)) { return Code(status); }
    for (size_t i = 0; i < size && pv_is_ok(status); i++) {
        pv_id id;
        pv_row row;
        status = pv_query_next(run, &id, &row);
        if (pv_is_ok(status)) { found.push_back(NumberOf(id)); }
    }
    position = status.code == PV_CODE_NOT_FOUND ? "" : Bytes(pv_query_position(run));
    pv_query_close(run);
    return Code(status);
}

Numbers All(pv_txn *txn, const pv_query &query, size_t page_size = 1000000)
{
    Numbers found;
    std::string position;
    do {
        const std::string code = Page(txn, query, page_size, found, position);
        EXPECT_TRUE(code == "OK" || code == "NOT_FOUND") << code;
        if (code != "OK") { break; }
    } while (!position.empty());
    return found;
}

int Compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

// The condition on the plain value.
bool Holds(const Thing &thing, const pv_condition &condition)
{
    const std::string field = ts_thing__info.descriptor->fields[condition.field].name;
    const std::string text = Bytes(condition.text);
    int order = 0;
    if (field == "name") {
        order = thing.name.compare(text);
    } else if (field == "code") {
        order = thing.code.compare(text);
    } else if (field == "buyer_id") {
        order = (thing.buyer == 0 ? std::string() : IdText("acc", Id(thing.buyer))).compare(text);
    } else if (field == "shade") {
        order = Compare(thing.shade, condition.number);
    } else if (field == "size") {
        order = Compare(thing.size, condition.number);
    } else if (field == "weight") {
        order = Compare(thing.weight, condition.number);
    } else if (field == "heavy") {
        order = Compare(thing.heavy ? 1 : 0, condition.number);
    } else {
        const int64_t bound = static_cast<int64_t>(condition.number);
        order = thing.happened_ns < bound ? -1 : thing.happened_ns > bound;
    }
    switch (condition.comparison) {
    case PV_EQUAL: return order == 0;
    case PV_LESS: return order < 0;
    case PV_LESS_EQUAL: return order <= 0;
    case PV_GREATER: return order > 0;
    case PV_GREATER_EQUAL: return order >= 0;
    }
    return false;
}

bool IsListed(const Thing &thing, const pv_query &query)
{
    const bool sells = thing.seller != 0 && pv_id_equal(Id(thing.seller), query.account);
    const bool buys = thing.buyer != 0 && pv_id_equal(Id(thing.buyer), query.account);
    if (query.role == TS_SIDE_SELLER  ? !sells
        : query.role == TS_SIDE_BUYER ? !buys
                                      : !sells && !buys) {
        return false;
    }
    for (size_t i = 0; i < query.condition_count; i++) {
        if (!Holds(thing, query.conditions[i])) { return false; }
    }
    return true;
}

class Generator {
  public:
    explicit Generator(uint64_t seed) : random_(seed) {}

    uint64_t Below(uint64_t bound) { return random_() % bound; }

    std::string Text()
    {
        static const size_t sizes[] = {0, 1, 2, 79, 80, 81, 82, 200};
        std::string text(sizes[Below(std::size(sizes))], 'x');
        if (!text.empty()) { text.back() = static_cast<char>('a' + Below(3)); }
        return text;
    }

    Thing NewThing(uint64_t number)
    {
        Thing thing;
        thing.number = number;
        thing.seller = Below(5) == 0 ? 0 : 100 + Below(2);
        thing.buyer = Below(5) == 0 ? 0 : 101 + Below(2);
        thing.shade = static_cast<unsigned>(Below(3));
        thing.name = Text();
        thing.size = Size();
        thing.weight = Weight();
        thing.heavy = Below(2) == 0;
        thing.happened_ns = Happened();
        thing.code = Below(2) == 0 ? "" : Text();
        return thing;
    }

    pv_condition NewCondition(std::string &text)
    {
        static const char *fields[] = {"shade", "name",        "size", "weight",
                                       "heavy", "happened_at", "code", "buyer_id"};
        const std::string field = fields[Below(std::size(fields))];
        const auto comparison = Below(2) == 0 ? PV_EQUAL : static_cast<pv_comparison>(Below(5));
        text = field == "buyer_id" ? IdText("acc", Id(101 + Below(2))) : Text();
        if (field == "name" || field == "code" || field == "buyer_id") {
            return Where(field.c_str(), comparison, text);
        }
        uint64_t number = Below(3);
        if (field == "size") { number = Size(); }
        if (field == "weight") { number = Weight(); }
        if (field == "happened_at") {
            number = static_cast<uint64_t>(Happened()) - (Below(8) == 0 ? 1 : 0);
        }
        return Where(field.c_str(), comparison, number);
    }

  private:
    uint32_t Size() { return Below(5) == 0 ? UINT32_MAX : static_cast<uint32_t>(Below(4)); }
    uint64_t Weight() { return Below(5) == 0 ? UINT64_MAX : Below(4); }
    int64_t Happened()
    {
        return Below(4) == 0 ? 0 : static_cast<int64_t>(1 + Below(4)) * 700000000;
    }

    std::mt19937_64 random_;
};

TEST_P(Queries, PagesEqualAFilterOverAllObjects)
{
    const uint64_t seed = Seed(31);
    SCOPED_TRACE("PV_TEST_SEED=" + std::to_string(seed));
    Generator generator(seed);
    Store store(GetParam());
    std::vector<Thing> things;
    {
        Write write(store.get());
        for (uint64_t number = 1; number <= 150; number++) {
            const Thing thing = generator.NewThing(number);
            if (pv_is_ok(PutThing(write, write.arena(), thing))) { things.push_back(thing); }
        }
        ASSERT_GT(things.size(), 80U);
        ASSERT_EQ(write.Commit(), "OK");
    }
    Read read(store.get());
    size_t found_in_all = 0;
    for (int round = 0; round < 1500; round++) {
        std::vector<std::string> texts(4);
        std::vector<pv_condition> conditions;
        for (size_t i = generator.Below(4); i > 0; i--) {
            conditions.push_back(generator.NewCondition(texts[i]));
        }
        pv_query query = QueryOf(100 + generator.Below(3), conditions);
        static const uint8_t roles[] = {0, 0, TS_SIDE_SELLER, TS_SIDE_BUYER};
        query.role = roles[generator.Below(4)];
        Numbers expected;
        for (const Thing &thing : things) {
            if (IsListed(thing, query)) { expected.push_back(thing.number); }
        }
        std::string what;
        for (const pv_condition &condition : conditions) {
            what += std::string(ts_thing__info.descriptor->fields[condition.field].name) + " " +
                    std::to_string(condition.comparison) + " " + std::to_string(condition.number) +
                    Bytes(condition.text) + ", ";
        }
        const Numbers whole = All(read, query);
        Numbers sorted = whole;
        std::sort(sorted.begin(), sorted.end());
        ASSERT_EQ(sorted, expected) << what << "role " << int{query.role};
        ASSERT_EQ(All(read, query, 1 + generator.Below(7)), whole) << what;
        query.descending = true;
        Numbers reversed = All(read, query, 1 + generator.Below(7));
        std::reverse(reversed.begin(), reversed.end());
        ASSERT_EQ(reversed, whole) << what;
        found_in_all += whole.size();
    }
    EXPECT_GT(found_in_all, 2000U) << "the queries should find something";
}

// Five things of account 100, whose fields sort in different ways.
void PutFive(pv_txn *txn, pv_arena *arena)
{
    const struct {
        uint64_t number;
        unsigned shade;
        const char *name;
        uint32_t size;
        int64_t happened_s;
    } rows[] = {{1, 1, "d", 30, 5},
                {2, 2, "c", 20, 3},
                {3, 1, "e", 20, 4},
                {4, 1, "a", 10, 1},
                {5, 2, "b", 30, 2}};
    for (const auto &row : rows) {
        Thing thing;
        thing.number = row.number;
        thing.seller = 100;
        thing.shade = row.shade;
        thing.name = row.name;
        thing.size = row.size;
        thing.happened_ns = row.happened_s * PV_NS_PER_S;
        thing.code = std::string("code-") + row.name;
        ASSERT_CODE("OK", PutThing(txn, arena, thing));
    }
}

struct OrderCase {
    const char *name;
    std::vector<pv_condition> conditions;
    Numbers expected;
};

TEST_P(Queries, OrderIsThatOfTheIndexThatServes)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    const std::string b = "b";
    const OrderCase cases[] = {
        {"without conditions by id", {}, {1, 2, 3, 4, 5}},
        {"an equality by id", {Where("shade", PV_EQUAL, 1)}, {1, 3, 4}},
        {"a bounded field by that field",
         {Where("happened_at", PV_GREATER_EQUAL, 2 * uint64_t{1000000000})},
         {5, 2, 3, 1}},
        {"a bounded text by that text", {Where("name", PV_GREATER, b)}, {2, 1, 3}},
        {"equal values of the bounded field by id", {Where("size", PV_GREATER, 10)}, {2, 3, 1, 5}},
        {"an equality and a bound of one index",
         {Where("size", PV_LESS_EQUAL, 30), Where("shade", PV_EQUAL, 1)},
         {4, 3, 1}},
        {"a bound wins over an equality",
         {Where("shade", PV_EQUAL, 1), Where("happened_at", PV_GREATER, 0)},
         {4, 3, 1}},
        {"two bounds of one field",
         {Where("size", PV_GREATER, 10), Where("size", PV_LESS, 30)},
         {2, 3}},
        {"two equalities that contradict",
         {Where("shade", PV_EQUAL, 1), Where("shade", PV_EQUAL, 2)},
         {}},
        {"bounds that contradict", {Where("size", PV_GREATER, 20), Where("size", PV_LESS, 20)}, {}},
        {"a number no field can hold", {Where("size", PV_EQUAL, UINT64_MAX)}, {}},
        {"nothing is below zero", {Where("size", PV_LESS, 0)}, {}},
        {"nothing is above the greatest number", {Where("weight", PV_GREATER, UINT64_MAX)}, {}},
    };
    for (const OrderCase &row : cases) {
        SCOPED_TRACE(row.name);
        pv_query query = QueryOf(100, row.conditions);
        EXPECT_EQ(All(write, query), row.expected);
        query.descending = true;
        Numbers reversed = row.expected;
        std::reverse(reversed.begin(), reversed.end());
        EXPECT_EQ(All(write, query), reversed);
        EXPECT_EQ(All(write, query, 1), reversed);
    }
}

TEST_P(Queries, ListsOnlyTheAccountsOwn)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    EXPECT_EQ(All(write, QueryOf(101, {})), Numbers{});
    pv_query query = QueryOf(100, {});
    query.role = TS_SIDE_BUYER;
    EXPECT_EQ(All(write, query), Numbers{});
    query.role = TS_SIDE_SELLER;
    EXPECT_EQ(All(write, query).size(), 5U);
}

TEST_P(Queries, IndexForOnePartyServesOnlyItsRoleAndTheAnswerIsTheSame)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    Thing bought;
    bought.number = 6;
    bought.buyer = 100;
    bought.code = "code-a";
    ASSERT_CODE("OK", PutThing(write, write.arena(), bought));
    const std::string code = "code-a";
    const std::vector<pv_condition> conditions = {Where("code", PV_EQUAL, code)};
    pv_query query = QueryOf(100, conditions);
    EXPECT_EQ(All(write, query), (Numbers{4, 6})) << "both sides";
    query.role = TS_SIDE_SELLER;
    EXPECT_EQ(All(write, query), (Numbers{4}));
    query.role = TS_SIDE_BUYER;
    EXPECT_EQ(All(write, query), (Numbers{6}));
}

TEST_P(Queries, ChangesBetweenPagesNeitherRepeatNorSkipTheRest)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    const pv_query query = QueryOf(100, {});
    Numbers found;
    std::string position;
    ASSERT_EQ(Page(write, query, 2, found, position), "OK");
    ASSERT_CODE(
        "OK", pv_object_delete(write, &ts_thing__object, Id(2))); // the one the position stands on
    ASSERT_CODE("OK", pv_object_delete(write, &ts_thing__object, Id(4)));
    Thing added;
    added.number = 9;
    added.seller = 100;
    ASSERT_CODE("OK", PutThing(write, write.arena(), added));
    ASSERT_EQ(Page(write, query, 10, found, position), "NOT_FOUND");
    EXPECT_EQ(found, (Numbers{1, 2, 3, 5, 9}));
}

TEST_P(Queries, RefusesWhatNoIndexServes)
{
    Store store(GetParam());
    Read read(store.get());
    pv_query_run *run = nullptr;
    const std::string text = "x";
    std::vector<pv_condition> bad[] = {
        {Where("note", PV_EQUAL, text)},
        {Where("shade", PV_EQUAL, 1), Where("etag", PV_EQUAL, text)},
        {Where("numbers", PV_EQUAL, 1)},
        std::vector<pv_condition>(PV_QUERY_CONDITIONS_MAX + 1, Where("shade", PV_EQUAL, 1)),
        {Where("shade", static_cast<pv_comparison>(5), 1)},
    };
    pv_condition no_field = Where("shade", PV_EQUAL, 1);
    no_field.field = 999;
    for (const auto &conditions : bad) {
        const pv_query query = QueryOf(100, conditions);
        EXPECT_CODE("INVALID_ARGUMENT",
                    pv_query_open(read, &ts_thing__object, read.arena(), &query, &run));
    }
    const std::vector<pv_condition> outside = {no_field};
    pv_query query = QueryOf(100, outside);
    EXPECT_CODE("INVALID_ARGUMENT",
                pv_query_open(read, &ts_thing__object, read.arena(), &query, &run));
    const std::vector<pv_condition> most(PV_QUERY_CONDITIONS_MAX, Where("shade", PV_EQUAL, 1));
    query = QueryOf(100, most);
    EXPECT_CODE("OK", pv_query_open(read, &ts_thing__object, read.arena(), &query, &run));
    pv_query_close(run);
    pv_query_close(nullptr);
}

TEST_P(Queries, RefusesAPositionThatIsNotItsOwn)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    Numbers found;
    std::string by_id;
    ASSERT_EQ(Page(write, QueryOf(100, {}), 2, found, by_id), "OK");
    const std::vector<pv_condition> dark = {Where("shade", PV_EQUAL, 1)};
    EXPECT_EQ(Page(write, QueryOf(100, dark), 2, found, by_id), "INVALID_ARGUMENT");
    for (std::string position : {std::string("x"), std::string(16, '\0'), std::string(399, '\0'),
                                 std::string(5000, '\0')}) {
        EXPECT_EQ(Page(write, QueryOf(100, {}), 2, found, position), "INVALID_ARGUMENT")
            << position.size();
    }
    std::string behind_all = std::string(1, '\0') + std::string(16, '\xff');
    Numbers none;
    EXPECT_EQ(Page(write, QueryOf(100, {}), 2, none, behind_all), "NOT_FOUND");
    EXPECT_EQ(none, Numbers{});
}

TEST_P(Queries, ConditionTextMayHoldAnyBytes)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    for (const std::string &text : {std::string(1, '\0'), std::string(500, '\0'),
                                    std::string(500, '\xff'), std::string("a\0", 2)}) {
        for (pv_comparison comparison :
             {PV_EQUAL, PV_LESS, PV_LESS_EQUAL, PV_GREATER, PV_GREATER_EQUAL}) {
            const std::vector<pv_condition> conditions = {Where("name", comparison, text)};
            size_t expected = 0;
            for (const char *name : {"a", "b", "c", "d", "e"}) {
                Thing thing;
                thing.name = name;
                expected += Holds(thing, conditions[0]) ? 1 : 0;
            }
            EXPECT_EQ(All(write, QueryOf(100, conditions)).size(), expected);
        }
    }
}

TEST_P(Queries, EntryWithoutItsRowIsDataLoss)
{
    Store store(GetParam());
    Write write(store.get());
    PutFive(write, write.arena());
    const std::string key = "o\x07" + Bytes(pv_view_of(Id(3).bytes, 16));
    ASSERT_CODE("OK", pv_txn_delete(write, View(key)));
    Numbers found;
    std::string position;
    EXPECT_EQ(Page(write, QueryOf(100, {}), 10, found, position), "DATA_LOSS");
}

// More objects than one page looks at: a condition that an index serves finds its one object at once; one
// that is checked row by row gives short pages that go on where they ended.
TEST_P(Queries, PageEndsAfterLookingAtSoManyEntriesAndGoesOn)
{
    const uint64_t count = PV_QUERY_SCAN_MAX + 50;
    Store store(GetParam());
    pv_batch *batch = nullptr;
    ASSERT_CODE("OK", pv_batch_begin(store.get(), &batch));
    for (uint64_t first = 1; first <= count; first += 1000) {
        Arena arena;
        pv_txn *txn = nullptr;
        ASSERT_CODE("OK", pv_write_begin(batch, arena, &txn));
        for (uint64_t number = first; number < first + 1000 && number <= count; number++) {
            Thing thing;
            thing.number = number;
            thing.seller = 100;
            thing.shade = number == count - 10 ? 2 : 1;
            thing.weight = number == count - 5 ? 9 : 8;
            ASSERT_CODE("OK", PutThing(txn, arena, thing));
        }
        ASSERT_CODE("OK", pv_txn_commit(txn));
    }
    ASSERT_CODE("OK", pv_batch_commit(batch));

    Read read(store.get());
    const std::vector<pv_condition> served = {Where("shade", PV_EQUAL, 2)};
    EXPECT_EQ(All(read, QueryOf(100, served)), (Numbers{count - 10}));
    const std::vector<pv_condition> checked = {Where("weight", PV_EQUAL, 9)};
    Numbers found;
    std::string position;
    EXPECT_EQ(Page(read, QueryOf(100, checked), 50, found, position), "OUT_OF_RANGE");
    EXPECT_EQ(found, Numbers{});
    EXPECT_EQ(Page(read, QueryOf(100, checked), 50, found, position), "NOT_FOUND");
    EXPECT_EQ(found, (Numbers{count - 5}));
    Numbers all;
    EXPECT_EQ(Page(read, QueryOf(100, {}), count, all, position), "OUT_OF_RANGE")
        << "also when every row is given";
    EXPECT_EQ(all.size(), static_cast<size_t>(PV_QUERY_SCAN_MAX));
    EXPECT_EQ(Page(read, QueryOf(100, {}), count, all, position), "NOT_FOUND");
    EXPECT_EQ(all.size(), count);
}

INSTANTIATE_TEST_SUITE_P(Engines, Queries, testing::ValuesIn(kEngines), EngineName);

} // namespace
} // namespace store_test
