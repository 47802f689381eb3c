/* support.h — what the tests of protos/runtime share: an arena with an error, bytes written by
 * hand as a hostile peer would write them, and messages read from JSON. */
#ifndef PV_TESTS_UNIT_RUNTIME_SUPPORT_H
#define PV_TESTS_UNIT_RUNTIME_SUPPORT_H

#include "base/arena.h"
#include "base/error.h"
#include "everything.pv.h"
#include "protos/runtime/message.h"
#include "protos/runtime/reasons.h"

#include <gtest/gtest.h>

#include <string>

/* Writes fields of the wire format one by one, well-formed or not. */
class Bytes {
  public:
    Bytes &raw(const std::string &bytes) { return text += bytes, *this; }
    Bytes &varint(uint64_t value)
    {
        for (; value >= 0x80; value >>= 7) { text.push_back(static_cast<char>(value | 0x80)); }
        text.push_back(static_cast<char>(value));
        return *this;
    }
    Bytes &tag(uint32_t number, uint32_t wire)
    {
        return varint(static_cast<uint64_t>(number) << 3 | wire);
    }
    Bytes &number(uint32_t field, uint64_t value) { return tag(field, 0).varint(value); }
    Bytes &bytes(uint32_t field, const std::string &value)
    {
        return tag(field, 2).varint(value.size()).raw(value);
    }
    Bytes &bytes(uint32_t field, const Bytes &value) { return bytes(field, value.text); }
    Bytes &fixed32(uint32_t field, uint32_t value)
    {
        return tag(field, 5).raw(std::string(reinterpret_cast<const char *>(&value), sizeof value));
    }
    Bytes &fixed64(uint32_t field, uint64_t value)
    {
        return tag(field, 1).raw(std::string(reinterpret_cast<const char *>(&value), sizeof value));
    }
    pv_view view() const { return pv_view_of(text.data(), text.size()); }

    std::string text;
};

class RuntimeTest : public ::testing::Test {
  protected:
    explicit RuntimeTest(size_t ceiling = 64u << 20)
        : arena(pv_arena_create(ceiling)), error_arena(pv_arena_create(1 << 20))
    {
        pv_error_init(&error, error_arena);
    }
    ~RuntimeTest() override
    {
        pv_arena_destroy(arena);
        pv_arena_destroy(error_arena);
    }

    void forget()
    {
        pv_arena_reset(arena);
        pv_arena_reset(error_arena);
        pv_error_init(&error, error_arena);
    }

    /* "subject: description" of every violation, one a line. */
    std::string violations() const
    {
        std::string text;
        for (size_t i = 0; i < error.violation_count; i++) {
            if (i > 0) { text += "\n"; }
            text +=
                std::string(error.violations[i].subject) + ": " + error.violations[i].description;
        }
        return text;
    }

    std::string reason() const { return error.reason == nullptr ? "" : error.reason->name; }

    /* A message of our own bytes; NULL fails the test. */
    template <typename T> T *unpack(const pv_message_info *info, const Bytes &bytes)
    {
        ProtobufCMessage *message = nullptr;
        EXPECT_TRUE(pv_message_unpack(info, bytes.view(), arena, &message));
        return reinterpret_cast<T *>(message);
    }

    char *dup(const std::string &text)
    {
        return pv_arena_dup(arena, pv_view_of(text.data(), text.size()));
    }

    pv_arena *arena, *error_arena;
    pv_error error;
};

/* Numbers of the fields of Everything that the tests write by hand. */
enum {
    INT32_VALUE = 1,
    SINT32_VALUE = 2,
    UINT32_VALUE = 4,
    FIXED32_VALUE = 5,
    INT64_VALUE = 6,
    FIXED64_VALUE = 10,
    DOUBLE_VALUE = 12,
    BOOL_VALUE = 13,
    COLOR = 14,
    STRING_VALUE = 15,
    BYTES_VALUE = 16,
    LEAF = 17,
    CHOICE_TEXT = 18,
    CHOICE_NUMBER = 19,
    CHOICE_LEAF = 20,
    INT32_LIST = 22,
    DOUBLE_LIST = 24,
    BOOL_LIST = 25,
    COLOR_LIST = 26,
    STRING_LIST = 27,
    LEAF_LIST = 29,
    TEXT_BY_TEXT = 30,
    OPTIONAL_INT32 = 45,
    LEAF_NAME = 1,
    LEAF_SIZE = 2,
    LEAF_LEAVES = 3
};

#endif
