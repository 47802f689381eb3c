#include "protos/runtime/fields.h"

#include "protos/runtime/json.h"
#include "protos/runtime/limits.h"
#include "tests/unit/runtime/support.h"

namespace {

const char *const good_id = "tst_01j9zzzzzzzzzzzzzzzzzzzzzz";

class FieldsTest : public RuntimeTest {
  protected:
    /* What is violated in a Ruled that is good but for the given JSON members. */
    std::string check(const std::string &members)
    {
        forget();
        std::string text = "{" + members;
        if (members.find("\"id\"") == std::string::npos) {
            text += std::string(members.empty() ? "" : ",") + "\"id\":\"" + good_id + "\"";
        }
        if (members.find("\"color\"") == std::string::npos) { text += R"(,"color":"RED")"; }
        if (members.find("\"items\"") == std::string::npos) {
            text += R"(,"items":[{"name":"abc"}])";
        }
        text += "}";
        ProtobufCMessage *message = nullptr;
        pv_status read = pv_json_read(&pt_ruled__info, pv_view_of(text.data(), text.size()),
                                      nullptr, arena, &error, &message);
        EXPECT_TRUE(pv_is_ok(read))
            << (error.message == nullptr ? "" : error.message) << " in " << text;
        if (message == nullptr) { return "?"; }
        return check(message);
    }

    std::string check(const ProtobufCMessage *message)
    {
        pv_status status = pv_fields_check(&pt_ruled__info, message, &error);
        EXPECT_EQ(pv_is_ok(status), error.violation_count == 0);
        if (!pv_is_ok(status)) { EXPECT_EQ(reason(), "INVALID_FIELD"); }
        return violations();
    }
};

TEST_F(FieldsTest, EachRuleIsChecked)
{
    const struct {
        const char *members, *violations;
    } rows[] = {
        {"", ""},
        /* required */
        {R"("id":"")", "id: is required"},
        {R"("color":"UNSPECIFIED")", "color: must not be unspecified"},
        /* ids */
        {R"("id":"ord_01j9zzzzzzzzzzzzzzzzzzzzzz")",
         "id: must be an id, \"tst_\" and 26 characters, not \"ord_01j9zzzzzzzzzzzzzzzzzzzzzz\""},
        {R"("id":"tst_01J9ZZZZZZZZZZZZZZZZZZZZZZ")",
         "id: must be an id, \"tst_\" and 26 characters, not \"tst_01J9ZZZZZZZZZZZZZZZZZZZZZZ\""},
        {R"("reference_id":"x")",
         "reference_id: must be an id, \"tst_\" and 26 characters, not \"x\""},
        {R"("reference_id":"")", "reference_id: must be an id, \"tst_\" and 26 characters"},
        /* lengths in code points */
        {R"("title":"Zoë Müller")", ""},
        {R"("title":"Zoë Müllers")", "title: must have 10 characters or fewer; it has 11"},
        {R"("title":"a")", "title: must have 2 characters or more; it has 1"},
        {R"("title":"")", ""},
        {R"("blob":"YWI=")", ""},
        {R"("blob":"YQ==")", "blob: must have 2 bytes or more; it has 1"},
        {R"("blob":"YWJjZGU=")", "blob: must have 4 bytes or fewer; it has 5"},
        /* ranges: 0 is not set */
        {R"("count":0)", ""},
        {R"("count":100)", ""},
        {R"("count":101)", "count: must be from 1 to 100, not 101"},
        {R"("count":-1)", "count: must be from 1 to 100, not -1"},
        {R"("large":"9223372036854775807")", ""},
        {R"("large":"9223372036854775808")",
         "large: must be from 0 to 9223372036854775807, not 9223372036854775808"},
        {R"("numbers":[0,100000,-5])", ""},
        {R"("numbers":[1,-6])", "numbers[1]: must be from -5 to 100000, not -6"},
        /* patterns */
        {R"("reference_email":"a@b.c")", ""},
        {R"("reference_email":"a b@c")",
         "reference_email: must be an e-mail address, not \"a b@c\""},
        {R"("reference_email":"a\u001b@c")",
         "reference_email: must be an e-mail address, not \"a\\x1b@c\""},
        /* values of sensitive fields are not repeated */
        {R"("secret":"pass word")", "secret: must be letters, digits, \"_\" and \"-\" only"},
        /* decimals */
        {R"("item":{"name":"abc","amount":"1.25"})", ""},
        {R"("item":{"name":"abc","amount":"1.250"})", ""},
        {R"("item":{"name":"abc","amount":"1.255"})",
         "item.amount: must have 2 decimals or fewer, not \"1.255\""},
        {R"("item":{"name":"abc","amount":"-1"})",
         "item.amount: must not be below zero, not \"-1\""},
        {R"("item":{"name":"abc","amount":"-0"})", ""},
        {R"("item":{"name":"abc","amount":"1e3"})",
         "item.amount: must be a decimal number of up to 18 integer digits and 18 decimals, "
         "without exponent, not \"1e3\""},
        {R"("item":{"name":"abc","amount":{}})",
         "item.amount: must be a decimal number of up to 18 integer digits and 18 decimals, "
         "without exponent"},
        {R"("balance":"-0.000000000000000001")", ""},
        /* nested and repeated messages */
        {R"("items":[{"name":"abc"},{"name":"a"},{}])",
         "items[1].name: must have 2 characters or more; it has 1\nitems[2].name: is required"},
        {R"("items":[])", "items: must have 1 elements or more; it has 0"},
        {R"("items":[{},{},{},{}])", "items: must have 3 elements or fewer; it has 4"},
        {R"("item":{"name":"abcdef"})", "item.name: must have 5 characters or fewer; it has 6"},
        /* elements of a list count as set */
        {R"("tags":["a","","b"])", ""},
        {R"("tags":["a","toolong"])", "tags[1]: must have 5 characters or fewer; it has 7"},
        {R"("tags":["a","b","a"])", "tags: has the same element more than once: \"a\""},
        {R"("ids":[""])", "ids[0]: must be an id, \"tst_\" and 26 characters"},
        /* maps */
        {R"("notes":{"a":"b"})", ""},
        {R"("notes":{"a":"1","b":"2","c":"3","d":"4"})",
         "notes: must have 3 elements or fewer; it has 4"},
        {R"("notes":{"":"x"})", "notes[\"\"]: must have a key of 1 to 64 characters; it has 0"},
        {R"("item_by_name":{"x y":{"name":"a"}})",
         "item_by_name[\"x y\"].name: must have 2 characters or more; it has 1"},
        /* output only: ignored with all below it */
        {R"("server_side":{"title":"much too long a title","server_side":{}})", ""},
        {R"("item":{"name":"abc","note":"much too long"})", ""},
        {R"("revision":"5")", ""},
        /* times */
        {R"("start_time":"2024-09-01T00:00:00Z","term":"-1.5s")", ""},
    };
    for (const auto &row : rows) { EXPECT_EQ(check(row.members), row.violations) << row.members; }
}

TEST_F(FieldsTest, AllViolationsAreCollectedAndTheFirstIsTheMessage)
{
    EXPECT_EQ(check(R"("id":"","title":"x","count":500,"items":[{"name":"a"}])"),
              "id: is required\ntitle: must have 2 characters or more; it has 1\n"
              "count: must be from 1 to 100, not 500\nitems[0].name: must have 2 characters or "
              "more; it has 1");
    EXPECT_STREQ(error.message, "id is required");
    EXPECT_EQ(error.reason->code, PV_CODE_INVALID_ARGUMENT);
}

TEST_F(FieldsTest, ViolationsBeyondTheBoundAreCounted)
{
    std::string tags = "\"tags\":[";
    for (int i = 0; i < 50; i++) {
        tags += (i == 0 ? "\"toolong" : ",\"toolong") + std::to_string(i) + "\"";
    }
    check(tags + "]");
    EXPECT_EQ(error.violation_count, static_cast<size_t>(PV_ERROR_VIOLATIONS_MAX));
    EXPECT_EQ(error.dropped, 30u);
}

TEST_F(FieldsTest, LongValuesAreCutInTheError)
{
    std::string text = check("\"reference_email\":\"" + std::string(5000, 'x') + "\"");
    EXPECT_LT(text.size(), 200u);
    EXPECT_EQ(text.substr(text.size() - 5), "x...\"");
}

TEST_F(FieldsTest, TimesOutOfRangeAreRefused)
{
    const struct {
        int64_t seconds;
        int32_t nanos;
        const char *violation;
    } rows[] = {
        {0, 0, ""},
        {INT64_C(9214646399), 999999999, ""},
        {INT64_C(9214646400), 0, "start_time: must be a time in the years 1970 to 2261"},
        {-1, 0, "start_time: must be a time in the years 1970 to 2261"},
        {INT64_MIN, 0, "start_time: must be a time in the years 1970 to 2261"},
        {INT64_MAX, 0, "start_time: must be a time in the years 1970 to 2261"},
        {1, -1, "start_time: must have nanos from 0 to 999999999, not -1"},
        {1, 1000000000, "start_time: must have nanos from 0 to 999999999, not 1000000000"},
    };
    for (const auto &row : rows) {
        forget();
        pt_ruled ruled = PT_RULED__INIT;
        Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
        pt_ruled_item item = PT_RULED_ITEM__INIT;
        pt_ruled_item *items[] = {&item};
        item.name = dup("abc");
        ruled.id = dup(good_id);
        ruled.color = PT_COLOR_RED;
        ruled.items = items;
        ruled.n_items = 1;
        ruled.start_time = &time;
        time.seconds = row.seconds;
        time.nanos = row.nanos;
        EXPECT_EQ(check(&ruled.base), row.violation);
    }
}

TEST_F(FieldsTest, DurationsOutOfRangeAreRefused)
{
    const struct {
        int64_t seconds;
        int32_t nanos;
        bool good;
    } rows[] = {
        {0, 0, true},
        {-1, -1, true},
        {0, -1, true},
        {INT64_C(315576000000), 0, true},
        {INT64_C(315576000001), 0, false},
        {INT64_C(-315576000001), 0, false},
        {INT64_MIN, 0, false},
        {1, -1, false},
        {-1, 1, false},
        {0, 1000000000, false},
        {0, -1000000000, false},
    };
    for (const auto &row : rows) {
        forget();
        Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
        duration.seconds = row.seconds;
        duration.nanos = row.nanos;
        pt_ruled ruled = PT_RULED__INIT;
        ruled.term = &duration;
        EXPECT_EQ(check(&ruled.base).find("term: ") == std::string::npos, row.good)
            << row.seconds << " " << row.nanos;
    }
}

TEST_F(FieldsTest, AMapKeyThatComesTwiceIsRefused)
{
    /* The id, the color and an item, then one entry twice. */
    Bytes item = Bytes().bytes(1, "abc"), entry = Bytes().bytes(1, "k").bytes(2, "v");
    Bytes bytes =
        Bytes().bytes(1, good_id).number(3, 1).bytes(7, item).bytes(12, entry).bytes(12, entry);
    EXPECT_EQ(check(&unpack<pt_ruled>(&pt_ruled__info, bytes)->base),
              "notes: has the same key more than once: \"k\"");
}

TEST_F(FieldsTest, AMapEntryWithoutItsMessageIsRefused)
{
    Bytes item = Bytes().bytes(1, "abc");
    Bytes bytes =
        Bytes().bytes(1, good_id).number(3, 1).bytes(7, item).bytes(21, Bytes().bytes(1, "k"));
    EXPECT_EQ(check(&unpack<pt_ruled>(&pt_ruled__info, bytes)->base),
              "item_by_name[\"k\"]: must have a value");
}

TEST_F(FieldsTest, UniqueHoldsForManyElementsInAnyOrder)
{
    auto ids = [](int count, int same) {
        std::string text = "\"ids\":[";
        for (int i = 0; i < count; i++) {
            char id[40];
            snprintf(id, sizeof id, "%s\"tst_01j9%022d\"", i == 0 ? "" : ",",
                     (i == same ? 0 : i) * 7919 % 5003);
            text += id;
        }
        return text + "]";
    };
    EXPECT_EQ(check(ids(5000, -1)), "");
    for (int same : {1, 2, 2500, 4999}) {
        EXPECT_EQ(check(ids(5000, same)),
                  "ids: has the same element more than once: \"tst_01j90000000000000000000000\"");
    }
}

} // namespace
