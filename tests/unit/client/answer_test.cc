// What is written: forms of answers, tables, errors and exit codes.
#include "client/cli/table.h"
#include "client/cli/terminal.h"
#include "tests/unit/client/fake.h"

#include <gtest/gtest.h>

namespace {

const char page[] =
    R"({"orders":[)"
    R"({"id":"ord_1","state":"PENDING","kind":"PURCHASE","subscription_id":"sub_1",)"
    R"("create_time":"2026-01-02T03:04:05.678Z"},)"
    R"({"id":"ord_22","state":"INQUIRING","kind":"CANCEL","external_id":"caf\u00e9",)"
    R"("create_time":"2026-01-02T03:04:05Z"}],)"
    R"("next_page_token":"T"})";

fake::Result list(const char *output)
{
    fake::reset();
    fake::answers["ListOrders"] = {{page}};
    return fake::run({"order", "list", "-o", output});
}

TEST(Answer, TableIsAlignedAndLeavesEmptyColumnsOut)
{
    fake::Result result = list("table");
    EXPECT_EQ(
        result.out,
        "ID      STATE      KIND      EXTERNAL_ID  SUBSCRIPTION_ID  CREATE_TIME\n"
        "ord_1   PENDING    PURCHASE               sub_1            2026-01-02T03:04:05Z\n"
        "ord_22  INQUIRING  CANCEL    caf\xC3\xA9                          2026-01-02T03:04:05Z\n");
    EXPECT_EQ(result.err, "next_page_token: T\n");
}

TEST(Answer, IdsAndLinesAreOnePerElement)
{
    EXPECT_EQ(list("id").out, "ord_1\nord_22\n");
    std::string lines = list("jsonl").out;
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
    EXPECT_EQ(lines.rfind(R"({"id":"ord_1",)", 0), 0u);
    EXPECT_EQ(list("json").out.rfind("{\n  \"orders\": [\n", 0), 0u);
}

TEST(Answer, AnEmptyListSaysSo)
{
    fake::reset();
    fake::Result result = fake::run({"order", "list"});
    EXPECT_EQ(result.exit, PV_EXIT_OK);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "(none)\n");
}

TEST(Answer, AnObjectIsWrittenInFull)
{
    fake::reset();
    fake::answers["GetOrder"] = {{R"({"order":{"id":"ord_1","etag":"\"1\"","state":"PENDING",)"
                                  R"("items":[{"item_id":"itm_1"},{"item_id":"itm_2"}],)"
                                  R"("note":"two\nlines \u001b[31m"}})"}};
    fake::Result result = fake::run({"order", "get", "ord_1"});
    EXPECT_EQ(result.out, "id                ord_1\n"
                          "etag              \"1\"\n"
                          "state             PENDING\n"
                          "items[0].item_id  itm_1\n"
                          "items[1].item_id  itm_2\n"
                          "note              two\\x0Alines \\x1B[31m\n");
}

TEST(Answer, AllFollowsThePages)
{
    for (const char *output : {"table", "json", "jsonl", "id"}) {
        fake::reset();
        fake::answers["ListOrders"] = {{R"({"orders":[{"id":"a"}],"next_page_token":"t1"})"},
                                       {R"({"orders":[],"next_page_token":"t2"})"},
                                       {R"({"orders":[{"id":"b"},{"id":"c"}]})"}};
        fake::Result result =
            fake::run({"order", "list", "--all", "--page-size", "1", "-o", output});
        EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
        ASSERT_EQ(fake::calls.size(), 3u);
        EXPECT_EQ(fake::calls[1].requests[0], R"({"page_size":1,"page_token":"t1"})");
        EXPECT_EQ(fake::calls[2].requests[0], R"({"page_size":1,"page_token":"t2"})");
        for (const char *id : {"a", "b", "c"}) {
            EXPECT_NE(result.out.find(id), std::string::npos) << output;
        }
        EXPECT_EQ(result.err, "") << output;
        EXPECT_EQ(result.out.find("next_page_token"), std::string::npos);
    }
}

TEST(Answer, AllFollowsNumbersToo)
{
    fake::reset();
    fake::answers["ListUsageRecords"] = {{R"({"records":[{"number":1}],"next_after_number":1})"},
                                         {R"({"records":[{"number":2}]})"}};
    fake::Result result =
        fake::run({"usage-report", "list-records", "urp_1", "--all", "-o", "jsonl"});
    EXPECT_EQ(result.out, "{\"number\":\"1\"}\n{\"number\":\"2\"}\n") << result.err;
    EXPECT_EQ(fake::calls.at(1).requests[0], R"({"report_id":"urp_1","after_number":"1"})");
}

TEST(Answer, ServerStreamsAreLines)
{
    for (const char *output : {"table", "json", "jsonl"}) {
        fake::reset();
        fake::streams["ExportUsageRecords"] = {
            {{R"({"records":[{"number":1},{"number":2}]})", R"({"records":[{"number":3}]})"}}};
        fake::Result result = fake::run({"usage-report", "export-records", "urp_1", "-o", output});
        EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
        EXPECT_EQ(result.out, "{\"number\":\"1\"}\n{\"number\":\"2\"}\n{\"number\":\"3\"}\n");
    }
}

TEST(Answer, AStreamThatBreaksIsAFailure)
{
    fake::reset();
    fake::streams["ExportUsageRecords"] = {
        {{R"({"records":[{"number":1}]})"}, {"", PV_CODE_UNAVAILABLE, "UNAVAILABLE", "gone"}}};
    fake::Result result = fake::run({"usage-report", "export-records", "urp_1"});
    EXPECT_EQ(result.exit, PV_EXIT_UNAVAILABLE);
    EXPECT_EQ(result.out, "{\"number\":\"1\"}\n");
    EXPECT_EQ(result.err, "error: UNAVAILABLE: gone\n  next: purvey doctor says whether it is the "
                          "way there, a certificate or the service.\n");
}

TEST(Failure, TellsReasonFieldsValuesAndNextStep)
{
    fake::reset();
    fake::answers["PendOrder"] = {{"",
                                   PV_CODE_FAILED_PRECONDITION,
                                   "STATE_FORBIDS",
                                   "The order is APPROVED.",
                                   {{"state", "APPROVED"}, {"allowed_states", "INQUIRING"}}}};
    fake::Result result = fake::run({"order", "pend", "ord_1", "--request-id", "r"});
    EXPECT_EQ(result.exit, PV_EXIT_PRECONDITION);
    EXPECT_EQ(
        result.err.rfind("error: FAILED_PRECONDITION (STATE_FORBIDS): The order is APPROVED.\n"
                         "  state = APPROVED\n"
                         "  allowed_states = INQUIRING\n"
                         "  next: ",
                         0),
        0u)
        << result.err;
    fake::reset();
    fake::answers["ListOrders"] = {{"",
                                    PV_CODE_INVALID_ARGUMENT,
                                    "INVALID_FIELD",
                                    "page_size is wrong\x1b[2J",
                                    {},
                                    {{"page_size", "must be 0 or more"}}}};
    fake::Result wrong = fake::run({"order", "list"});
    EXPECT_EQ(
        wrong.err.rfind("error: INVALID_ARGUMENT (INVALID_FIELD): page_size is wrong\\x1B[2J\n"
                        "  field page_size: must be 0 or more\n",
                        0),
        0u)
        << wrong.err;
}

TEST(Failure, ARepeatableWriteSaysHowToRepeatIt)
{
    fake::reset();
    fake::answers["PendOrder"] = {
        {"", PV_CODE_RESOURCE_EXHAUSTED, "QUEUE_FULL", "Too much waits.", {}, {}, 1500}};
    fake::Result result = fake::run({"order", "pend", "ord_1", "--request-id", "my-id"});
    EXPECT_EQ(result.exit, PV_EXIT_UNAVAILABLE);
    EXPECT_NE(result.err.find("retry after: 1.500s"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("--request-id my-id"), std::string::npos) << result.err;
}

TEST(Failure, EveryCodeHasItsExit)
{
    const std::pair<pv_code, pv_exit> exits[] = {
        {PV_CODE_OK, PV_EXIT_OK},
        {PV_CODE_CANCELLED, PV_EXIT_OTHER},
        {PV_CODE_UNKNOWN, PV_EXIT_OTHER},
        {PV_CODE_INVALID_ARGUMENT, PV_EXIT_USAGE},
        {PV_CODE_DEADLINE_EXCEEDED, PV_EXIT_UNAVAILABLE},
        {PV_CODE_NOT_FOUND, PV_EXIT_NOT_FOUND},
        {PV_CODE_ALREADY_EXISTS, PV_EXIT_PRECONDITION},
        {PV_CODE_PERMISSION_DENIED, PV_EXIT_AUTH},
        {PV_CODE_RESOURCE_EXHAUSTED, PV_EXIT_UNAVAILABLE},
        {PV_CODE_FAILED_PRECONDITION, PV_EXIT_PRECONDITION},
        {PV_CODE_ABORTED, PV_EXIT_PRECONDITION},
        {PV_CODE_OUT_OF_RANGE, PV_EXIT_USAGE},
        {PV_CODE_UNIMPLEMENTED, PV_EXIT_OTHER},
        {PV_CODE_INTERNAL, PV_EXIT_OTHER},
        {PV_CODE_UNAVAILABLE, PV_EXIT_UNAVAILABLE},
        {PV_CODE_DATA_LOSS, PV_EXIT_OTHER},
        {PV_CODE_UNAUTHENTICATED, PV_EXIT_AUTH},
    };
    for (const auto &[code, exit] : exits) {
        EXPECT_EQ(pv_exit_of(code), exit) << pv_code_name(code);
        fake::reset();
        fake::answers["GetOrder"] = {{"{}", code, "X", "x"}};
        EXPECT_EQ(fake::run({"order", "get", "ord_1"}).exit, exit) << pv_code_name(code);
    }
}

TEST(Terminal, ShowsNothingThatATerminalObeys)
{
    struct {
        const char *text, *shown;
        size_t columns_max, columns;
    } rows[] = {
        {"plain", "plain", 0, 5},
        {"caf\xC3\xA9", "caf\xC3\xA9", 0, 4},
        {"a\x1b[0m", "a\\x1B[0m", 0, 8},
        {"a\tb\n", "a\\x09b\\x0A", 0, 10},
        {"\xC2\x9B", "\\xC2\\x9B", 0, 8}, // a C1 control
        {"\xE2\x80\xAE"
         "x",
         "\\xE2\\x80\\xAEx", 0, 13}, // right-to-left override
        {"\xFF", "\\xFF", 0, 4},
        {"abcdef", "abc\xE2\x80\xA6", 4, 4},
        {"abcd", "abcd", 4, 4},
        {"", "", 4, 0},
    };
    pv_arena *arena = pv_arena_create(1 << 20);
    for (const auto &row : rows) {
        size_t columns = 99;
        EXPECT_STREQ(pv_terminal_text(arena, row.text, row.columns_max, &columns), row.shown);
        EXPECT_EQ(columns, row.columns) << row.text;
    }
    pv_arena_destroy(arena);
}

} // namespace
