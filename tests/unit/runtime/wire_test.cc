#include "protos/runtime/wire.h"

#include "protos/runtime/limits.h"
#include "tests/unit/runtime/support.h"

#include <random>
#include <vector>

namespace {

class WireTest : public RuntimeTest {
  protected:
    bool check(const Bytes &bytes)
    {
        forget();
        pv_status status = pv_wire_check(&pt_everything__info, bytes.view(), &error);
        EXPECT_EQ(pv_is_ok(status), error.reason == nullptr);
        EXPECT_EQ(error.violation_count, pv_is_ok(status) ? 0u : 1u);
        return pv_is_ok(status);
    }
};

Bytes leaf(const std::string &name)
{
    return Bytes().bytes(LEAF_NAME, name);
}

TEST_F(WireTest, WellFormedMessagesPass)
{
    const Bytes rows[] = {
        Bytes(),
        Bytes().number(INT32_VALUE, 5).number(BOOL_VALUE, 1).bytes(STRING_VALUE, "Zo\xC3\xAB"),
        Bytes().number(INT32_VALUE, UINT64_MAX), /* -1 as 64 bits */
        Bytes().number(INT32_VALUE, UINT32_MAX), /* -1 as 32 bits */
        Bytes().number(COLOR, UINT64_MAX),       /* INFRARED */
        Bytes().number(INT64_VALUE, UINT64_MAX),
        Bytes().bytes(STRING_VALUE, "").bytes(BYTES_VALUE, std::string("\0\xFF", 2)),
        Bytes().fixed32(FIXED32_VALUE, 7).fixed64(FIXED64_VALUE, 8).fixed64(DOUBLE_VALUE, 9),
        Bytes()
            .number(INT32_LIST, 1)
            .bytes(INT32_LIST, Bytes().varint(2).varint(3))
            .number(INT32_LIST, 4),
        Bytes().bytes(INT32_LIST, ""),
        Bytes().bytes(DOUBLE_LIST, std::string(24, 'x')),
        Bytes().bytes(BOOL_LIST, Bytes().varint(0).varint(1)),
        Bytes().bytes(LEAF, leaf("a")).bytes(LEAF_LIST, leaf("b")).bytes(LEAF_LIST, leaf("c")),
        Bytes()
            .bytes(LEAF_LIST, leaf("b"))
            .bytes(LEAF, leaf("a"))
            .bytes(LEAF_LIST, leaf("c")), /* out of order */
        Bytes().bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k").bytes(2, "v")),
        Bytes().bytes(CHOICE_TEXT, ""),
        Bytes().number(OPTIONAL_INT32, 0),
        Bytes().number(1000, 1).bytes(1001, "\xFF").fixed32(1002, 1).fixed64(1003, 1),
        Bytes()
            .raw(std::string("\x88\x80\x80\x80\0", 5))
            .varint(5), /* the tag of field 1 with needless zeros */
    };
    for (const Bytes &bytes : rows) {
        EXPECT_TRUE(check(bytes)) << violations();
        ProtobufCMessage *message = nullptr;
        EXPECT_TRUE(pv_is_ok(
            pv_message_decode(&pt_everything__info, bytes.view(), arena, &error, &message)));
    }
}

TEST_F(WireTest, EveryFaultIsNamedWithThePathOfItsField)
{
    const std::string overlong(10, '\x80');
    const struct {
        Bytes bytes;
        const char *violation;
    } rows[] = {
        {Bytes().number(0, 1), "purvey.testing.v1.Everything: a field with the number 0"},
        {Bytes().raw("\x80"), "purvey.testing.v1.Everything: a truncated or overlong field tag"},
        {Bytes().raw(overlong + "\x01"),
         "purvey.testing.v1.Everything: a truncated or overlong field tag"},
        {Bytes().raw("\x88\x80\x80\x80\x10"),
         "purvey.testing.v1.Everything: a truncated or overlong field tag"},
        {Bytes().tag(INT32_VALUE, 0), "int32_value: a truncated or overlong number"},
        {Bytes().tag(INT32_VALUE, 0).raw(overlong + "\x01"),
         "int32_value: a truncated or overlong number"},
        {Bytes().tag(INT64_VALUE, 0).raw(std::string(9, '\xFF') + "\x02"),
         "int64_value: a truncated or overlong number"},
        {Bytes().tag(INT32_VALUE, 3),
         "int32_value: a group at field 1; groups and unknown wire types are not accepted"},
        {Bytes().tag(INT32_VALUE, 4), "int32_value: the end of a group at field 1; groups and "
                                      "unknown wire types are not accepted"},
        {Bytes().tag(1000, 3).tag(1000, 4), "purvey.testing.v1.Everything: a group at field 1000; "
                                            "groups and unknown wire types are not accepted"},
        {Bytes().tag(LEAF, 6),
         "leaf: wire type 6 at field 17; groups and unknown wire types are not accepted"},
        {Bytes().tag(LEAF, 7),
         "leaf: wire type 7 at field 17; groups and unknown wire types are not accepted"},
        {Bytes().fixed32(INT32_VALUE, 1),
         "int32_value: 32 bits on the wire where the field needs a varint"},
        {Bytes().bytes(INT32_VALUE, "\x01"),
         "int32_value: a length and bytes on the wire where the field needs a varint"},
        {Bytes().number(STRING_VALUE, 1),
         "string_value: a varint on the wire where the field needs a length and bytes"},
        {Bytes().number(STRING_LIST, 1),
         "string_list[0]: a varint on the wire where the field needs a length and bytes"},
        {Bytes().number(FIXED64_VALUE, 1),
         "fixed64_value: a varint on the wire where the field needs 64 bits"},
        {Bytes().tag(FIXED64_VALUE, 1).raw("1234567"), "fixed64_value: a truncated number"},
        {Bytes().tag(FIXED32_VALUE, 5).raw("123"), "fixed32_value: a truncated number"},
        {Bytes().tag(STRING_VALUE, 2).varint(5).raw("abcd"),
         "string_value: truncated: its length reaches behind the end, or is no length"},
        {Bytes().tag(STRING_VALUE, 2).varint(UINT64_C(1) << 32).raw("abcd"),
         "string_value: truncated: its length reaches behind the end, or is no length"},
        {Bytes().tag(STRING_VALUE, 2),
         "string_value: truncated: its length reaches behind the end, or is no length"},
        {Bytes().bytes(STRING_VALUE, "hello\xFF"), "string_value: not valid UTF-8 at byte 5"},
        {Bytes().bytes(STRING_VALUE, "\xED\xA0\x80"), "string_value: not valid UTF-8 at byte 0"},
        {Bytes().bytes(STRING_VALUE, std::string("ab\0cd", 5)), "string_value: a NUL at byte 2"},
        {Bytes().bytes(STRING_LIST, "a").bytes(STRING_LIST, "b").bytes(STRING_LIST, "\xC0"),
         "string_list[2]: not valid UTF-8 at byte 0"},
        {Bytes()
             .bytes(LEAF_LIST, leaf("a"))
             .bytes(LEAF_LIST, leaf("b"))
             .bytes(LEAF, leaf("x"))
             .bytes(LEAF_LIST, leaf("\xFF")),
         "leaf_list[2].name: not valid UTF-8 at byte 0"},
        {Bytes().bytes(
             LEAF, Bytes()
                       .bytes(LEAF_LEAVES, leaf("a"))
                       .bytes(LEAF_LEAVES, Bytes().bytes(LEAF_LEAVES, leaf(std::string("\0", 1))))),
         "leaf.leaves[1].leaves[0].name: a NUL at byte 0"},
        {Bytes().bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k").bytes(2, "\xFF")),
         "text_by_text[0].value: not valid UTF-8 at byte 0"},
        {Bytes().bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k").bytes(1, "l")),
         "text_by_text[0].key: comes a second time"},
        {Bytes().number(INT32_VALUE, 1).number(INT32_VALUE, 1), "int32_value: comes a second time"},
        {Bytes().bytes(LEAF, leaf("a")).number(BOOL_VALUE, 1).bytes(LEAF, leaf("b")),
         "leaf: comes a second time"},
        {Bytes().bytes(CHOICE_TEXT, "a").bytes(CHOICE_TEXT, "a"),
         "choice_text: comes a second time"},
        {Bytes().bytes(CHOICE_TEXT, "a").number(CHOICE_NUMBER, 1),
         "choice_number: comes together with choice_text, but only one of them may be set"},
        {Bytes().bytes(CHOICE_LEAF, leaf("a")).bytes(CHOICE_TEXT, "a"),
         "choice_text: comes together with choice_leaf, but only one of them may be set"},
        {Bytes().number(COLOR, 3), "color: 3 is no value of the enum purvey.testing.v1.Color"},
        {Bytes().number(COLOR, static_cast<uint64_t>(-2)),
         "color: -2 is no value of the enum purvey.testing.v1.Color"},
        {Bytes().number(COLOR, (UINT64_C(1) << 32) + 1),
         "color: 4294967297 is no value of the enum purvey.testing.v1.Color"},
        {Bytes().number(COLOR_LIST, 1).bytes(COLOR_LIST, Bytes().varint(0).varint(2).varint(9)),
         "color_list[3]: 9 is no value of the enum purvey.testing.v1.Color"},
        {Bytes().number(BOOL_VALUE, 2), "bool_value: a bool that is neither 0 nor 1"},
        {Bytes().number(INT32_VALUE, UINT64_C(1) << 40),
         "int32_value: a number of more than 32 bits"},
        {Bytes().number(UINT32_VALUE, UINT64_MAX), "uint32_value: a number of more than 32 bits"},
        {Bytes().number(SINT32_VALUE, UINT64_C(1) << 32),
         "sint32_value: a number of more than 32 bits"},
        {Bytes().bytes(INT32_LIST, Bytes().varint(1).raw("\x80")),
         "int32_list[1]: a truncated or overlong number"},
        {Bytes().bytes(DOUBLE_LIST, std::string(12, 'x')),
         "double_list[0]: 12 bytes are no whole number of elements of 8 bytes"},
        {Bytes().bytes(1000, "abc").tag(1001, 2).varint(9).raw("x"),
         "purvey.testing.v1.Everything: truncated or overlong value of the unknown field 1001"},
    };
    for (const auto &row : rows) {
        EXPECT_FALSE(check(row.bytes)) << row.violation;
        EXPECT_EQ(violations(), row.violation);
        EXPECT_EQ(reason(), "MALFORMED_MESSAGE");
        EXPECT_EQ(std::string(error.message), row.violation);
    }
}

TEST_F(WireTest, TheOffsetOfTheFieldIsNoted)
{
    EXPECT_FALSE(check(Bytes().number(INT32_VALUE, 1).bytes(LEAF, leaf("\xFF"))));
    ASSERT_EQ(error.metadata_count, 1u);
    EXPECT_STREQ(error.metadata[0].key, "offset");
    EXPECT_STREQ(error.metadata[0].value,
                 "5"); /* 2 of the number, 3 of the leaf's tag and length */
}

Bytes nested(int depth)
{
    Bytes inner;
    for (int i = 0; i < depth; i++) { inner = Bytes().bytes(LEAF_LEAVES, inner); }
    return Bytes().bytes(LEAF, inner);
}

TEST_F(WireTest, DepthIsBounded)
{
    /* The outermost message and the leaf are two levels. */
    EXPECT_TRUE(check(nested(PV_WIRE_DEPTH_MAX - 2))) << violations();
    EXPECT_FALSE(check(nested(PV_WIRE_DEPTH_MAX - 1)));
    EXPECT_NE(violations().find("messages nested deeper than 32 levels"), std::string::npos);
}

TEST_F(WireTest, AMessageNestedTenThousandDeepIsRefused)
{
    EXPECT_FALSE(check(nested(10000)));
    EXPECT_EQ(reason(), "MALFORMED_MESSAGE");
    /* The path keeps its end and loses its beginning. */
    EXPECT_EQ(std::string(error.violations[0].subject).substr(0, 3), "...");
    EXPECT_LT(strlen(error.violations[0].subject), static_cast<size_t>(PV_PATH_TEXT_SIZE));
}

TEST_F(WireTest, ElementsAreBoundedOverAllLevels)
{
    auto with = [](int leaves, int names, int numbers) {
        Bytes bytes, packed, inner;
        for (int i = 0; i < leaves; i++) { bytes.bytes(LEAF_LIST, ""); }
        for (int i = 0; i < numbers; i++) { packed.varint(1); }
        for (int i = 0; i < names; i++) { inner.bytes(LEAF_LEAVES, ""); }
        return bytes.bytes(INT32_LIST, packed).bytes(LEAF, inner);
    };
    EXPECT_TRUE(check(with(PV_WIRE_ELEMENTS_MAX, 0, 0)));
    EXPECT_TRUE(check(with(PV_WIRE_ELEMENTS_MAX - 2, 1, 1)));
    const Bytes rows[] = {
        with(PV_WIRE_ELEMENTS_MAX + 1, 0, 0), with(0, PV_WIRE_ELEMENTS_MAX + 1, 0),
        with(0, 0, PV_WIRE_ELEMENTS_MAX + 1), with(PV_WIRE_ELEMENTS_MAX - 1, 1, 1),
        Bytes().bytes(DOUBLE_LIST, std::string(8 * (PV_WIRE_ELEMENTS_MAX + 1), 'x'))};
    for (const Bytes &bytes : rows) {
        EXPECT_FALSE(check(bytes));
        EXPECT_EQ(reason(), "MESSAGE_TOO_LARGE");
        EXPECT_EQ(error.reason->code, PV_CODE_RESOURCE_EXHAUSTED);
    }
}

TEST_F(WireTest, UnknownFieldsAreBoundedOverAllLevels)
{
    Bytes bytes, inner;
    for (int i = 0; i < PV_WIRE_UNKNOWN_MAX - 1; i++) { bytes.number(2000, 1); }
    EXPECT_TRUE(check(bytes.bytes(LEAF, inner.number(2000, 1))));
    EXPECT_FALSE(check(bytes.number(2000, 1)));
    EXPECT_EQ(
        violations(),
        "purvey.testing.v1.Everything: more than 64 fields that the message type does not have");
}

/* What amplifies: little on the wire, much in memory. At its limit each of them is unpacked within
 * the bound, and with one more it is refused; what the bound of memory refuses would have left it. */
TEST_F(WireTest, MemoryToUnpackIsBoundedByTheSize)
{
    const struct {
        const char *name;
        Bytes (*message)(int count);
        int most; /* by another limit; 0: by the bound of memory */
    } rows[] = {
        {"empty messages",
         [](int count) {
             Bytes leaves;
             for (int i = 0; i < count; i++) { leaves.bytes(LEAF_LEAVES, ""); }
             return Bytes().bytes(LEAF, leaves);
         },
         0},
        {"empty entries of a map",
         [](int count) {
             Bytes bytes;
             for (int i = 0; i < count; i++) { bytes.bytes(TEXT_BY_TEXT, ""); }
             return bytes;
         },
         PV_WIRE_ELEMENTS_MAX},
        {"empty texts",
         [](int count) {
             Bytes bytes;
             for (int i = 0; i < count; i++) { bytes.bytes(STRING_LIST, ""); }
             return bytes;
         },
         PV_WIRE_ELEMENTS_MAX},
        {"packed numbers",
         [](int count) {
             return Bytes().bytes(INT32_LIST, std::string(static_cast<size_t>(count), '\1'));
         },
         PV_WIRE_ELEMENTS_MAX},
        {"unknown numbers",
         [](int count) {
             Bytes bytes;
             for (int i = 0; i < count; i++) { bytes.number(2000, 1); }
             return bytes;
         },
         PV_WIRE_UNKNOWN_MAX},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.name);
        int good = 0, bad = PV_WIRE_ELEMENTS_MAX + 1;
        while (bad - good > 1) {
            int middle = (good + bad) / 2;
            (check(row.message(middle)) ? good : bad) = middle;
        }
        auto bound = [](const Bytes &bytes) {
            return bytes.text.size() * PV_WIRE_EXPANSION_MAX + PV_WIRE_EXPANSION_FREE;
        };
        const Bytes most = row.message(good), more = row.message(bad);
        forget();
        ProtobufCMessage *message = nullptr;
        ASSERT_TRUE(pv_is_ok(
            pv_message_decode(&pt_everything__info, most.view(), arena, &error, &message)));
        EXPECT_LE(pv_arena_used(arena), bound(most));
        forget();
        EXPECT_FALSE(check(more));
        if (row.most != 0) {
            EXPECT_EQ(good, row.most);
            continue;
        }
        EXPECT_EQ(reason(), "MESSAGE_TOO_LARGE");
        EXPECT_LT(good, PV_WIRE_ELEMENTS_MAX);
        ASSERT_TRUE(pv_message_unpack(&pt_everything__info, more.view(), arena, &message));
        EXPECT_GT(pv_arena_used(arena), bound(more));
    }
}

TEST_F(WireTest, EveryPrefixOfAMessageIsRefusedOrAMessage)
{
    Bytes bytes = Bytes()
                      .number(INT32_VALUE, UINT64_MAX)
                      .bytes(STRING_VALUE, "hello")
                      .fixed64(DOUBLE_VALUE, 1)
                      .bytes(LEAF, Bytes().bytes(LEAF_NAME, "x").bytes(LEAF_LEAVES, leaf("y")))
                      .bytes(INT32_LIST, Bytes().varint(1).varint(300))
                      .bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k"));
    for (size_t size = 0; size <= bytes.text.size(); size++) {
        /* In memory of its own, so that reading behind it is found. */
        std::vector<char> prefix(bytes.text.begin(), bytes.text.begin() + static_cast<long>(size));
        forget();
        ProtobufCMessage *message = nullptr;
        pv_status status = pv_message_decode(&pt_everything__info, pv_view_of(prefix.data(), size),
                                             arena, &error, &message);
        EXPECT_EQ(pv_is_ok(status), message != nullptr);
    }
}

/* What passes the check unpacks, packs and passes again. */
TEST_F(WireTest, DamagedMessagesAreRefusedOrUnpack)
{
    std::mt19937 random(20261122);
    const Bytes whole =
        Bytes()
            .number(INT32_VALUE, UINT64_MAX)
            .number(COLOR, 2)
            .bytes(STRING_VALUE, "hello world")
            .bytes(LEAF, Bytes().bytes(LEAF_NAME, "x").bytes(LEAF_LEAVES, leaf("y")))
            .bytes(CHOICE_LEAF, leaf("z"))
            .bytes(INT32_LIST, Bytes().varint(1).varint(300))
            .bytes(LEAF_LIST, leaf("a"))
            .bytes(LEAF_LIST, leaf("b"))
            .bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k").bytes(2, "v"))
            .number(3000, 1);
    int passed = 0;
    for (int round = 0; round < 50000; round++) {
        Bytes damaged = whole;
        for (unsigned i = 0; i <= random() % 3; i++) {
            damaged.text[random() % damaged.text.size()] = static_cast<char>(random());
        }
        forget();
        ProtobufCMessage *message = nullptr;
        pv_status status =
            pv_message_decode(&pt_everything__info, damaged.view(), arena, &error, &message);
        if (!pv_is_ok(status)) {
            ASSERT_EQ(reason(), "MALFORMED_MESSAGE");
            ASSERT_EQ(error.violation_count, 1u)
                << error.message; /* not left to protobuf-c to find */
            continue;
        }
        passed++;
        pv_view packed;
        ASSERT_TRUE(pv_message_encode(message, arena, &packed));
        ASSERT_TRUE(pv_is_ok(pv_wire_check(&pt_everything__info, packed, &error))) << violations();
    }
    EXPECT_GT(passed, 1000);
}

} // namespace
