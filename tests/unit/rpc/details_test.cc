// Error details as they travel: what is sent, and what is cut when it is too much.
#include "google/rpc/error_details.pv.h"
#include "google/rpc/status.pv.h"
#include "protos/runtime/message.h"
#include "server/rpc/details.h"
#include "server/rpc/limits.h"

#include <gtest/gtest.h>

#include <string>

class DetailsTest : public ::testing::Test {
  protected:
    DetailsTest() : arena_(pv_arena_create(1 << 20)) { pv_error_init(&error_, arena_); }
    ~DetailsTest() override { pv_arena_destroy(arena_); }

    pv_rpc_details build(pv_code code)
    {
        pv_rpc_details details;
        pv_rpc_details_build(&error_, pv_status_of(code), "test", arena_, &details);
        return details;
    }

    const Google__Rpc__Status *unpack(const pv_rpc_details &details)
    {
        ProtobufCMessage *message = nullptr;
        EXPECT_TRUE(pv_message_unpack(&google_rpc_status__info, details.packed, arena_, &message));
        return reinterpret_cast<const Google__Rpc__Status *>(message);
    }

    // The detail of this type; nullptr: there is none.
    const ProtobufCMessage *detail(const Google__Rpc__Status *status, const pv_message_info *info)
    {
        std::string url = std::string("type.googleapis.com/") + info->descriptor->name;
        for (size_t i = 0; i < status->n_details; i++) {
            const Google__Protobuf__Any *any = status->details[i];
            ProtobufCMessage *message = nullptr;
            if (url != any->type_url) { continue; }
            EXPECT_TRUE(pv_message_unpack(info, pv_view_of(any->value.data, any->value.len), arena_,
                                          &message));
            return message;
        }
        return nullptr;
    }

    // A value of ErrorInfo.metadata; "" when absent.
    std::string noted(const Google__Rpc__Status *status, const std::string &key)
    {
        const auto *info = reinterpret_cast<const Google__Rpc__ErrorInfo *>(
            detail(status, &google_rpc_error_info__info));
        for (size_t i = 0; info != nullptr && i < info->n_metadata; i++) {
            if (key == info->metadata[i]->key) { return info->metadata[i]->value; }
        }
        return "";
    }

    pv_arena *arena_;
    pv_error error_;
};

static const pv_reason kReason = {"WRONG", PV_CODE_INVALID_ARGUMENT, "Something is wrong.",
                                  "Mend it."};

TEST_F(DetailsTest, SuccessHasNone)
{
    pv_rpc_details details = build(PV_CODE_OK);
    EXPECT_STREQ(details.message, "");
    EXPECT_EQ(details.packed.size, 0u);
}

TEST_F(DetailsTest, ARefusalWithoutAReasonIsNamedByItsCode)
{
    pv_rpc_details details = build(PV_CODE_ABORTED);
    EXPECT_STREQ(details.message, "ABORTED");
    EXPECT_EQ(details.packed.size, 0u);
}

TEST_F(DetailsTest, CodeMessageAndReasonAreTheSameInStatusAndDetails)
{
    (void)pv_refuse(&error_, &kReason, nullptr).code;
    pv_error_note(&error_, "state", "DRAFT");
    pv_rpc_details details = build(PV_CODE_INVALID_ARGUMENT);
    EXPECT_STREQ(details.message, kReason.text);
    const Google__Rpc__Status *status = unpack(details);
    EXPECT_EQ(status->code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_STREQ(status->message, kReason.text);
    const auto *info = reinterpret_cast<const Google__Rpc__ErrorInfo *>(
        detail(status, &google_rpc_error_info__info));
    ASSERT_NE(info, nullptr);
    EXPECT_STREQ(info->reason, "WRONG");
    EXPECT_STREQ(info->domain, "test");
    EXPECT_EQ(noted(status, "state"), "DRAFT");
    EXPECT_EQ(noted(status, "violations_omitted"), "");
    EXPECT_EQ(status->n_details, 1u);
}

TEST_F(DetailsTest, EachKindOfViolationHasItsType)
{
    const pv_message_info *types[] = {&google_rpc_bad_request__info,
                                      &google_rpc_precondition_failure__info,
                                      &google_rpc_quota_failure__info};
    for (int kind = 0; kind < 3; kind++) {
        pv_error_init(&error_, arena_);
        (void)pv_refuse(&error_, &kReason, nullptr).code;
        pv_error_violate(&error_, static_cast<pv_violation_kind>(kind), "TYPE", "subject", "what");
        const Google__Rpc__Status *status = unpack(build(PV_CODE_INVALID_ARGUMENT));
        for (int other = 0; other < 3; other++) {
            EXPECT_EQ(detail(status, types[other]) != nullptr, other == kind);
        }
    }
}

TEST_F(DetailsTest, RetryIsSecondsAndNanoseconds)
{
    (void)pv_refuse(&error_, &kReason, nullptr).code;
    error_.retry_after_ms = 61234;
    const auto *retry = reinterpret_cast<const Google__Rpc__RetryInfo *>(
        detail(unpack(build(PV_CODE_UNAVAILABLE)), &google_rpc_retry_info__info));
    ASSERT_NE(retry, nullptr);
    EXPECT_EQ(retry->retry_delay->seconds, 61);
    EXPECT_EQ(retry->retry_delay->nanos, 234000000);
}

TEST_F(DetailsTest, WhateverIsGivenFitsAndKeepsTheReason)
{
    const size_t sizes[] = {0, 1, 100, 190, 200, 400, 1000, 5000, 100000};
    for (size_t violation_size : sizes) {
        for (size_t value_size : {size_t{1}, size_t{300}, size_t{3000}, size_t{9000}}) {
            pv_arena_reset(arena_);
            pv_error_init(&error_, arena_);
            std::string text(violation_size, 'v');
            std::string value(value_size, 'm');
            (void)pv_refuse(&error_, &kReason, "%s", std::string(2000, 's').c_str()).code;
            for (int i = 0; i < 25; i++) {
                pv_error_violate(&error_, PV_VIOLATION_FIELD, nullptr, "field", "%s", text.c_str());
            }
            pv_error_note(&error_, "value", "%s", value.c_str());
            pv_error_note(&error_, "other", "%s", value.c_str());
            pv_error_resource(&error_, "type", value.c_str());
            pv_rpc_details details = build(PV_CODE_INVALID_ARGUMENT);
            EXPECT_LE(details.packed.size + strlen(details.message),
                      size_t{PV_RPC_DETAILS_BYTES_MAX});
            EXPECT_EQ(strlen(details.message), size_t{PV_RPC_MESSAGE_BYTES_MAX});
            ASSERT_GT(details.packed.size, 0u) << violation_size << " " << value_size;
            const Google__Rpc__Status *status = unpack(details);
            ASSERT_NE(detail(status, &google_rpc_error_info__info), nullptr);
            const auto *request = reinterpret_cast<const Google__Rpc__BadRequest *>(
                detail(status, &google_rpc_bad_request__info));
            size_t sent = request == nullptr ? 0 : request->n_field_violations;
            EXPECT_EQ(noted(status, "violations_omitted"), std::to_string(25 - sent));
            if (violation_size <= 100 && value_size == 1) { EXPECT_EQ(sent, 20u); }
        }
    }
}

TEST_F(DetailsTest, ALongMessageIsCutBetweenCharacters)
{
    std::string text = "x";
    for (int i = 0; i < 1000; i++) { text += "\xc3\xa9"; }
    (void)pv_refuse(&error_, &kReason, "%s", text.c_str()).code;
    pv_rpc_details details = build(PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(strlen(details.message), 511u);
}
