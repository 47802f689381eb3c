#include "protos/runtime/message.h"

#include "tests/unit/runtime/support.h"

namespace {

class MessageTest : public RuntimeTest {
  protected:
    const pv_field *field(const char *name) const
    {
        int index = pv_field_find(pt_everything__info.descriptor, pv_view_text(name));
        EXPECT_GE(index, 0) << name;
        return &pt_everything__info.descriptor->fields[index];
    }

    pt_everything *full()
    {
        Bytes leaf = Bytes()
                         .bytes(LEAF_NAME, "leaf")
                         .number(LEAF_SIZE, 3)
                         .bytes(LEAF_LEAVES, Bytes().bytes(LEAF_NAME, "inner"));
        return unpack<pt_everything>(&pt_everything__info,
                                     Bytes()
                                         .number(INT32_VALUE, static_cast<uint64_t>(-5))
                                         .number(BOOL_VALUE, 1)
                                         .number(COLOR, 2)
                                         .bytes(STRING_VALUE, "text")
                                         .bytes(BYTES_VALUE, std::string("\0\1", 2))
                                         .bytes(LEAF, leaf)
                                         .bytes(CHOICE_TEXT, "chosen")
                                         .bytes(INT32_LIST, Bytes().varint(1).varint(2))
                                         .bytes(STRING_LIST, "a")
                                         .bytes(STRING_LIST, "")
                                         .bytes(LEAF_LIST, leaf)
                                         .bytes(LEAF_LIST, "")
                                         .bytes(TEXT_BY_TEXT, Bytes().bytes(1, "k").bytes(2, "v"))
                                         .number(OPTIONAL_INT32, 0)
                                         .bytes(5000, "unknown")
                                         .number(5001, 9));
    }
};

TEST_F(MessageTest, DecodeRefusesWhatTheWireCheckRefuses)
{
    ProtobufCMessage *message = nullptr;
    Bytes bytes = Bytes().bytes(STRING_VALUE, "\xFF");
    EXPECT_EQ(pv_message_decode(&pt_everything__info, bytes.view(), arena, &error, &message).code,
              PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(message, nullptr);
}

TEST_F(MessageTest, AnEmptyMessageDecodes)
{
    ProtobufCMessage *message = nullptr;
    EXPECT_TRUE(pv_is_ok(
        pv_message_decode(&pt_everything__info, pv_view_of(nullptr, 0), arena, &error, &message)));
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->descriptor, pt_everything__info.descriptor);
}

class SmallArenaTest : public RuntimeTest {
  protected:
    SmallArenaTest() : RuntimeTest(32 * 1024) {}
};

TEST_F(SmallArenaTest, AnExhaustedArenaIsToldAsSuch)
{
    Bytes bytes;
    for (int i = 0; i < 2000; i++) { bytes.bytes(LEAF_LIST, ""); }
    ProtobufCMessage *message = nullptr;
    EXPECT_EQ(pv_message_decode(&pt_everything__info, bytes.view(), arena, &error, &message).code,
              PV_CODE_RESOURCE_EXHAUSTED);
    EXPECT_EQ(reason(), "ARENA_EXHAUSTED");
    EXPECT_EQ(message, nullptr);
    EXPECT_FALSE(pv_message_unpack(&pt_everything__info, bytes.view(), arena, &message));
    EXPECT_EQ(message, nullptr);
    while (pv_arena_alloc(arena, 16) != nullptr) {}
    EXPECT_EQ(pv_message_new(&pt_everything__info, arena), nullptr);
    pt_everything empty = PT_EVERYTHING__INIT;
    empty.int32_value = 1;
    EXPECT_EQ(pv_message_copy(&empty.base, arena), nullptr);
    pv_view packed;
    EXPECT_FALSE(pv_message_encode(&empty.base, arena, &packed));
}

/* Every allocation fails once: no copy is half made. */
TEST(MessageFault, ACopyIsWholeOrNull)
{
    pv_arena *arena = pv_arena_create(1 << 20);
    Bytes bytes = Bytes()
                      .bytes(LEAF, Bytes().bytes(LEAF_NAME, "leaf"))
                      .bytes(STRING_LIST, "abc")
                      .bytes(BYTES_VALUE, "xy")
                      .bytes(LEAF_LIST, Bytes().bytes(LEAF_LEAVES, Bytes().bytes(LEAF_NAME, "x")))
                      .bytes(5000, "unknown");
    ProtobufCMessage *message = nullptr;
    ASSERT_TRUE(pv_message_unpack(&pt_everything__info, bytes.view(), arena, &message));
    bool copied = false;
    for (size_t ceiling = 16; !copied; ceiling += 16) {
        pv_arena *small = pv_arena_create(ceiling);
        ProtobufCMessage *copy = pv_message_copy(message, small);
        copied = copy != nullptr;
        if (copied) { EXPECT_TRUE(pv_message_equal(copy, message, arena)); }
        pv_arena_destroy(small);
    }
    pv_arena_destroy(arena);
}

TEST_F(MessageTest, EncodeOfDecodeIsTheSameBytes)
{
    pt_everything *message = full();
    pv_view packed, again;
    ASSERT_TRUE(pv_message_encode(&message->base, arena, &packed));
    ProtobufCMessage *second = nullptr;
    ASSERT_TRUE(pv_message_unpack(&pt_everything__info, packed, arena, &second));
    ASSERT_TRUE(pv_message_encode(second, arena, &again));
    EXPECT_TRUE(pv_view_equal(packed, again));
}

TEST_F(MessageTest, ACopyIsEqualAndSharesNothing)
{
    pt_everything *message = full();
    pv_arena *other = pv_arena_create(1 << 20);
    ProtobufCMessage *copy = pv_message_copy(&message->base, other);
    ASSERT_NE(copy, nullptr);
    pv_view before;
    ASSERT_TRUE(pv_message_encode(copy, other, &before));
    EXPECT_TRUE(pv_message_equal(copy, &message->base, other));
    pv_arena_reset(arena); /* under ASan what is shared would now be poisoned */
    pv_view after;
    ASSERT_TRUE(pv_message_encode(copy, other, &after));
    EXPECT_TRUE(pv_view_equal(before, after));
    EXPECT_EQ(copy->n_unknown_fields, 2u);
    pv_arena_destroy(other);
}

TEST_F(MessageTest, MessagesThatDifferAreNotEqual)
{
    pt_everything *a = full(), *b = full();
    EXPECT_TRUE(pv_message_equal(&a->base, &b->base, arena));
    b->string_value = dup("texT");
    EXPECT_FALSE(pv_message_equal(&a->base, &b->base, arena));
    b->string_value = dup("longer text");
    EXPECT_FALSE(pv_message_equal(&a->base, &b->base, arena));
    pt_leaf leaf = PT_LEAF__INIT;
    EXPECT_FALSE(pv_message_equal(&a->base, &leaf.base, arena));
}

TEST_F(MessageTest, FieldsAreFoundByName)
{
    const ProtobufCMessageDescriptor *descriptor = pt_everything__info.descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        EXPECT_EQ(pv_field_find(descriptor, pv_view_text(descriptor->fields[i].name)),
                  static_cast<int>(i));
    }
    EXPECT_EQ(pv_field_find(descriptor, pv_view_text("int32Value")), -1);
    EXPECT_EQ(pv_field_find(descriptor, pv_view_text("")), -1);
}

TEST_F(MessageTest, WhatIsSetIsSetAndNothingElse)
{
    pt_everything *message = full();
    pt_everything empty = PT_EVERYTHING__INIT;
    static const char *const set[] = {"int32_value",  "bool_value",   "color",
                                      "string_value", "bytes_value",  "leaf",
                                      "choice_text",  "int32_list",   "string_list",
                                      "leaf_list",    "text_by_text", "optional_int32"};
    for (unsigned i = 0; i < pt_everything__info.descriptor->n_fields; i++) {
        const pv_field *one = &pt_everything__info.descriptor->fields[i];
        bool expected = false;
        for (const char *name : set) { expected = expected || strcmp(name, one->name) == 0; }
        EXPECT_EQ(pv_field_is_set(&message->base, one), expected) << one->name;
        EXPECT_FALSE(pv_field_is_set(&empty.base, one)) << one->name;
        EXPECT_EQ(pv_field_count(&empty.base, one), 0u) << one->name;
    }
}

TEST_F(MessageTest, ValuesAreReadByDescriptor)
{
    pt_everything *message = full();
    EXPECT_EQ(pv_field_integer(&message->base, field("int32_value")), -5);
    EXPECT_EQ(pv_field_integer(&message->base, field("bool_value")), 1);
    EXPECT_EQ(pv_field_integer(&message->base, field("color")), 2);
    EXPECT_EQ(pv_field_integer(&message->base, field("uint64_value")), 0);
    EXPECT_EQ(pv_field_integer(&message->base, field("choice_number")), 0);
    EXPECT_STREQ(pv_field_string(&message->base, field("string_value")), "text");
    EXPECT_STREQ(pv_field_string(&message->base, field("choice_text")), "chosen");
    EXPECT_EQ(pv_field_count(&message->base, field("string_list")), 2u);
    EXPECT_STREQ(pv_field_string_at(&message->base, field("string_list"), 0), "a");
    EXPECT_EQ(pv_field_message(&message->base, field("choice_leaf")), nullptr);
    EXPECT_EQ(pv_field_message(&message->base, field("leaf")), &message->leaf->base);
    EXPECT_EQ(pv_field_message_at(&message->base, field("leaf_list"), 1),
              &message->leaf_list[1]->base);
    pt_everything other = PT_EVERYTHING__INIT;
    EXPECT_STREQ(pv_field_string(&other.base, field("choice_text")), "");
    EXPECT_STREQ(pv_field_string(&other.base, field("string_value")), "");
}

TEST_F(MessageTest, ValuesAreSetByDescriptor)
{
    pt_everything message = PT_EVERYTHING__INIT;
    pt_leaf leaf = PT_LEAF__INIT;
    pv_field_set_integer(&message.base, field("int32_value"), INT32_MIN);
    pv_field_set_integer(&message.base, field("uint32_value"), UINT32_MAX);
    pv_field_set_integer(&message.base, field("uint64_value"), 7);
    pv_field_set_integer(&message.base, field("color"), -1);
    pv_field_set_integer(&message.base, field("choice_number"), 0);
    pv_field_set_string(&message.base, field("string_value"), dup("new"));
    pv_field_set_message(&message.base, field("leaf"), &leaf.base);
    EXPECT_EQ(message.int32_value, INT32_MIN);
    EXPECT_EQ(message.uint32_value, UINT32_MAX);
    EXPECT_EQ(message.uint64_value, 7u);
    EXPECT_EQ(message.color, PT_COLOR_INFRARED);
    EXPECT_TRUE(pv_field_is_set(&message.base, field("choice_number")));
    EXPECT_STREQ(message.string_value, "new");
    EXPECT_EQ(message.leaf, &leaf);
    pv_field_set_string(&message.base, field("choice_text"), dup("instead"));
    EXPECT_FALSE(pv_field_is_set(&message.base, field("choice_number")));
    EXPECT_STREQ(pv_field_string(&message.base, field("choice_text")), "instead");
}

TEST_F(MessageTest, AssignAndClearWorkOnEveryField)
{
    pt_everything *message = full();
    pt_everything other = PT_EVERYTHING__INIT, empty = PT_EVERYTHING__INIT;
    for (unsigned i = 0; i < pt_everything__info.descriptor->n_fields; i++) {
        pv_field_assign(&other.base, &message->base, &pt_everything__info.descriptor->fields[i]);
    }
    message->base.n_unknown_fields = 0;
    EXPECT_TRUE(pv_message_equal(&other.base, &message->base, arena));
    for (unsigned i = 0; i < pt_everything__info.descriptor->n_fields; i++) {
        const pv_field *one = &pt_everything__info.descriptor->fields[i];
        pv_field_clear(&other.base, one);
        EXPECT_FALSE(pv_field_is_set(&other.base, one)) << one->name;
    }
    EXPECT_TRUE(pv_message_equal(&other.base, &empty.base, arena));
}

TEST_F(MessageTest, ClearingAMemberLeavesTheOtherMembersOfAOneofAlone)
{
    pt_everything *message = full();
    pv_field_clear(&message->base, field("choice_number"));
    EXPECT_STREQ(pv_field_string(&message->base, field("choice_text")), "chosen");
    pt_everything empty = PT_EVERYTHING__INIT;
    pv_field_assign(&message->base, &empty.base, field("choice_leaf"));
    EXPECT_STREQ(pv_field_string(&message->base, field("choice_text")), "chosen");
}

TEST(Reasons, AreCompleteAndDistinct)
{
    for (size_t i = 0; i < pv_runtime_reason_count; i++) {
        const pv_reason *reason = pv_runtime_reasons[i];
        EXPECT_NE(reason->code, PV_CODE_OK);
        EXPECT_GT(strlen(reason->text), 10u);
        EXPECT_GT(strlen(reason->next_step), 10u);
        for (size_t j = 0; j < i; j++) { EXPECT_STRNE(reason->name, pv_runtime_reasons[j]->name); }
    }
    EXPECT_EQ(pv_runtime_reason_count, 13u);
}

} // namespace
