#include "base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace {

const pv_reason forbidden = {"FORBIDDEN", PV_CODE_PERMISSION_DENIED, "It is forbidden.", "Ask."};
const pv_reason absent = {"ABSENT", PV_CODE_NOT_FOUND, "It is absent.", "Look again."};

class ErrorTest : public ::testing::Test {
  protected:
    explicit ErrorTest(size_t ceiling = 1 << 16) : arena(pv_arena_create(ceiling))
    {
        pv_error_init(&error, arena);
    }
    ~ErrorTest() override { pv_arena_destroy(arena); }
    pv_arena *arena;
    pv_error error;
};

class ErrorWithoutMemoryTest : public ErrorTest {
  protected:
    ErrorWithoutMemoryTest() : ErrorTest(64) { (void)pv_arena_alloc(arena, 64); }
};

TEST_F(ErrorTest, RefusalCarriesCodeReasonAndMessage)
{
    EXPECT_EQ(pv_refuse(&error, &forbidden, "order %d", 5).code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(error.reason, &forbidden);
    EXPECT_STREQ(error.message, "order 5");
}

TEST_F(ErrorTest, WithoutFormatTheReasonsOwnTextStands)
{
    EXPECT_EQ(pv_refuse(&error, &forbidden, nullptr).code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(error.message, nullptr);
}

TEST_F(ErrorTest, TheFirstRefusalStands)
{
    (void)pv_refuse(&error, &forbidden, "first");
    EXPECT_EQ(pv_refuse(&error, &absent, "second").code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(error.reason, &forbidden);
    EXPECT_STREQ(error.message, "first");
}

TEST_F(ErrorTest, NotesBeyondTheMaximumAreDropped)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g",
                                       "h", "i", "j", "k", "l", "m", "n"};
    for (const char *key : keys) { pv_error_note(&error, key, "%s!", key); }
    ASSERT_EQ(error.metadata_count, static_cast<size_t>(PV_ERROR_METADATA_MAX));
    EXPECT_STREQ(error.metadata[11].key, "l");
    EXPECT_STREQ(error.metadata[11].value, "l!");
}

TEST_F(ErrorTest, ANoteWithTheSameKeyReplaces)
{
    pv_error_note(&error, "state", "%s", "DRAFT");
    pv_error_note(&error, "state", "%s", "PENDING");
    ASSERT_EQ(error.metadata_count, 1u);
    EXPECT_STREQ(error.metadata[0].value, "PENDING");
}

TEST_F(ErrorTest, ViolationsBeyondTheMaximumAreCounted)
{
    for (int i = 0; i < 25; i++) {
        pv_error_violate(&error, PV_VIOLATION_FIELD, nullptr, "items", "wrong %d", i);
    }
    EXPECT_EQ(error.violation_count, static_cast<size_t>(PV_ERROR_VIOLATIONS_MAX));
    EXPECT_EQ(error.dropped, 5u);
    EXPECT_STREQ(error.violations[19].description, "wrong 19");
}

TEST_F(ErrorTest, TextsAreCopied)
{
    char subject[] = "ord_1", type[] = "STATE", name[] = "ord_2";
    pv_error_violate(&error, PV_VIOLATION_PRECONDITION, type, subject, "is closed");
    pv_error_resource(&error, "purvey.order.v1.Order", name);
    subject[0] = type[0] = name[0] = 'X';
    EXPECT_STREQ(error.violations[0].subject, "ord_1");
    EXPECT_STREQ(error.violations[0].type, "STATE");
    EXPECT_STREQ(error.resource_name, "ord_2");
    EXPECT_EQ(error.violation_kind, PV_VIOLATION_PRECONDITION);
}

TEST_F(ErrorWithoutMemoryTest, CodeAndReasonStillArrive)
{
    EXPECT_EQ(pv_refuse(&error, &absent, "no room for %s", "this").code, PV_CODE_NOT_FOUND);
    EXPECT_EQ(error.reason, &absent);
    EXPECT_EQ(error.message, nullptr);
    pv_error_note(&error, "key", "value");
    pv_error_violate(&error, PV_VIOLATION_FIELD, nullptr, "name", "is empty");
    pv_error_resource(&error, "type", "name");
    EXPECT_EQ(error.metadata_count, 0u);
    EXPECT_EQ(error.violation_count, 0u);
    EXPECT_EQ(error.dropped, 1u);
    EXPECT_EQ(error.resource_type, nullptr);
}

} // namespace
