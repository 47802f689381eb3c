// The commands that are not one call: watching, importing, and the small ones.
#include "client/cli/doctor.h"
#include "client/cli/progress.h"
#include "client/cli/retry.h"
#include "client/cli/suggest.h"
#include "tests/unit/client/fake.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace {

std::string path_of(const char *name)
{
    return testing::TempDir() + "extra_test_" + std::to_string(getpid()) + "_" + name;
}

std::string content_of(const std::string &path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_file(const std::string &path, const std::string &content)
{
    std::ofstream file(path);
    file << content;
}

// --- event watch ---

const fake::Answer gone = {"", PV_CODE_UNAVAILABLE, "UNAVAILABLE", "gone"};

std::string event(int number)
{
    std::string n = std::to_string(number);
    return R"({"sequence":)" + n + R"(,"resume_token":"t)" + n + R"("})";
}

std::string events(std::initializer_list<int> numbers, const char *token)
{
    std::string list;
    for (int number : numbers) { list += (list.empty() ? "" : ",") + event(number); }
    return R"({"events":[)" + list + R"(],"resume_token":")" + token + "\"}";
}

TEST(Watch, GoesOnBehindTheLastEventWhenTheConnectionIsLost)
{
    fake::reset();
    std::string tokens = path_of("tokens");
    fake::streams["WatchEvents"] = {{{events({1, 2}, "t2"), events({}, "h1")}, gone},
                                    {{events({3, 4}, "t4")}, gone}};
    fake::Result result = fake::run({"event", "watch", "--count", "3", "--token-file", tokens});
    EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
    EXPECT_EQ(result.out, "{\"sequence\":\"1\",\"resume_token\":\"t1\"}\n"
                          "{\"sequence\":\"2\",\"resume_token\":\"t2\"}\n"
                          "{\"sequence\":\"3\",\"resume_token\":\"t3\"}\n");
    ASSERT_EQ(fake::calls.size(), 2u);
    EXPECT_EQ(fake::calls[0].requests[0], "{}");
    EXPECT_EQ(fake::calls[1].requests[0], R"({"resume_token":"h1"})")
        << "a heartbeat's token counts too";
    EXPECT_EQ(content_of(tokens), "t3\n")
        << "of the last event written, not of the last one received";
    fake::reset();
    fake::streams["WatchEvents"] = {{{events({4}, "t4")}, gone}};
    (void)fake::run({"event", "watch", "--count=1", "--only-new", "--token-file", tokens});
    EXPECT_EQ(fake::calls.at(0).requests[0], R"({"resume_token":"t3"})");
    unlink(tokens.c_str());
}

TEST(Watch, AServiceThatIsNotThereIsNotWaitedFor)
{
    fake::reset();
    fake::streams["WatchEvents"] = {{{}, gone}};
    EXPECT_EQ(fake::run({"event", "watch", "--only-new"}).exit, PV_EXIT_UNAVAILABLE);
    EXPECT_EQ(fake::calls.at(0).requests[0], R"({"only_new":true})");
}

TEST(Watch, ARefusedTokenEndsIt)
{
    fake::reset();
    fake::streams["WatchEvents"] = {
        {{events({1}, "t1")}, gone},
        {{}, {"", PV_CODE_OUT_OF_RANGE, "RESUME_TOKEN_EXPIRED", "too old"}}};
    fake::Result result = fake::run({"event", "watch"});
    EXPECT_EQ(result.exit, PV_EXIT_USAGE);
    EXPECT_NE(result.err.find("RESUME_TOKEN_EXPIRED"), std::string::npos);
}

TEST(Watch, ATokenFileThatCannotBeWrittenEndsIt)
{
    fake::reset();
    fake::streams["WatchEvents"] = {{{events({1}, "t1")}, gone}};
    fake::Result result = fake::run({"event", "watch", "--token-file", "/nonexistent/tokens"});
    EXPECT_EQ(result.exit, PV_EXIT_OTHER);
    EXPECT_NE(result.err.find("the token cannot be kept in /nonexistent/tokens"), std::string::npos)
        << result.err;
}

// --- usage import ---

const char header[] =
    "ChargeCategory,ProviderName,SubAccountId,SkuId,ConsumedUnit,ConsumedQuantity,BilledCost,"
    "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd\n";

std::string usage_row(const std::string &provider, const std::string &cost,
                      const char *month = "09", const char *category = "Usage")
{
    std::string m = month;
    std::string next = m == "09" ? "10" : "11";
    return std::string(category) + "," + provider + ",acct,SKU,GB,2.50," + cost + ",USD,2024-" + m +
           "-01,2024-" + next + "-01,2024-09-30 22:00:00,2024-09-30 23:00:00\n";
}

class Import : public testing::Test {
  protected:
    void SetUp() override
    {
        fake::reset();
        path = path_of("usage.csv");
        fake::answers["GetProduct"] = {{R"({"product":{"capabilities":{"usage_schema":"CR"}}})"}};
        fake::answers["CreateUsageReport"] = {{R"({"report":{"id":"urp_1"}})"},
                                              {R"({"report":{"id":"urp_2"}})"}};
    }
    void TearDown() override { unlink(path.c_str()); }

    fake::Result import(std::vector<std::string> more = {})
    {
        std::vector<std::string> arguments = {"usage", "import",     path,   "--product",
                                              "prd_1", "--contract", "con_1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return fake::run(arguments);
    }
    std::vector<std::string> requests_of(const std::string &method)
    {
        std::vector<std::string> requests;
        for (const fake::Call &call : fake::calls) {
            if (call.method != method) { continue; }
            for (const std::string &request : call.requests) {
                requests.push_back(fake::without_uuids(request));
            }
        }
        return requests;
    }
    std::string path;
};

std::string uploaded(const char *state, int valid, int invalid)
{
    return R"({"report":{"id":"urp","state":")" + std::string(state) + R"(","stats":{"valid":)" +
           std::to_string(valid) + R"(,"invalid":)" + std::to_string(invalid) + "}}}";
}

TEST_F(Import, MakesAReportForEachBillingPeriod)
{
    write_file(path, header + usage_row("A", "1.10") + usage_row("A", "2.20", "10") +
                         usage_row("A", "0.000000001"));
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 2, 0)}},
                                           {{uploaded("READY", 1, 0)}}};
    fake::Result result = import({"--submit"});
    EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
    EXPECT_EQ(requests_of("CreateUsageReport"),
              (std::vector<std::string>{
                  R"({"product_id":"prd_1","contract_id":"con_1","name":"FOCUS 2024-09",)"
                  R"("currency":"USD","period_start":"2024-09-01T00:00:00Z",)"
                  R"("period_end":"2024-10-01T00:00:00Z","request_id":"UUID"})",
                  R"({"product_id":"prd_1","contract_id":"con_1","name":"FOCUS 2024-10",)"
                  R"("currency":"USD","period_start":"2024-09-30T22:00:00Z",)"
                  R"("period_end":"2024-11-01T00:00:00Z","request_id":"UUID"})"}))
        << "a report is widened to usage that arrived late";
    EXPECT_EQ(requests_of("UploadUsageRecords"),
              (std::vector<std::string>{
                  R"({"report_id":"urp_1","first_number":"1","records":[)"
                  R"({"record_id":"1","mpn":"SKU/GB","subscription_external_id":"acct",)"
                  R"("quantity":"2.5","start_time":"2024-09-30T22:00:00Z",)"
                  R"("end_time":"2024-09-30T23:00:00Z","amount":"1.1","currency":"USD"},)"
                  R"({"record_id":"3","mpn":"SKU/GB","subscription_external_id":"acct",)"
                  R"("quantity":"2.5","start_time":"2024-09-30T22:00:00Z",)"
                  R"("end_time":"2024-09-30T23:00:00Z","amount":"0.000000001","currency":"USD"}],)"
                  R"("request_id":"UUID"})",
                  R"({"report_id":"urp_2","first_number":"1","records":[)"
                  R"({"record_id":"2","mpn":"SKU/GB","subscription_external_id":"acct",)"
                  R"("quantity":"2.5","start_time":"2024-09-30T22:00:00Z",)"
                  R"("end_time":"2024-09-30T23:00:00Z","amount":"2.2","currency":"USD"}],)"
                  R"("request_id":"UUID"})"}));
    EXPECT_EQ(requests_of("SubmitUsageReport").size(), 2u);
    EXPECT_EQ(result.out, "urp_1  PENDING  2024-09  2 valid, 0 invalid  USD 1.100000001\n"
                          "urp_2  PENDING  2024-10  1 valid, 0 invalid  USD 2.2\n"
                          "3 rows, 0 refused\n");
}

TEST_F(Import, RefusedRowsAreToldAndEndWithSeven)
{
    write_file(path, header + usage_row("A", "-1") + usage_row("A", "1") + usage_row("A", "2"));
    fake::streams["UploadUsageRecords"] = {{{uploaded("INVALID", 1, 1)}}};
    fake::answers["ListUsageRecords"] = {{R"({"records":[],"next_after_number":1})"},
                                         {R"({"records":[{"number":2,"problems":[{"column":"mpn",)"
                                          R"("message":"The product has no such item."}]}]})"}};
    fake::Result result = import({"--submit"});
    EXPECT_EQ(result.exit, PV_EXIT_PARTIAL) << result.err;
    EXPECT_EQ(result.out, "refused: row 1, line 2, column BilledCost: -1 is below zero: credits "
                          "and refunds are not usage.\n"
                          "refused: row 3, line 4, column SkuId: The product has no such item.\n"
                          "urp_1  INVALID  2024-09  1 valid, 1 invalid  USD 3\n"
                          "3 rows, 2 refused\n");
    EXPECT_TRUE(requests_of("SubmitUsageReport").empty())
        << "only a report that is READY is submitted";
}

TEST_F(Import, JsonHasEveryRefusal)
{
    write_file(path, header + usage_row("A", "x\"\"y").substr(0, 0) + usage_row("A", "x") +
                         usage_row("A", "1"));
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 1, 0)}}};
    fake::Result result = import({"-o", "jsonl"});
    EXPECT_EQ(result.exit, PV_EXIT_PARTIAL);
    EXPECT_EQ(result.out,
              "{\"file\":\"" + path +
                  "\",\"rows\":2,\"skipped\":0,\"refused\":1,\"reports\":[{\"report_id\":\"urp_1\","
                  "\"state\":\"READY\",\"period\":\"2024-09\",\"currency\":\"USD\",\"rows\":1,"
                  "\"valid\":1,\"invalid\":0,"
                  "\"cost\":\"1\"}],\"refusals\":[{\"row\":1,\"line\":2,\"column\":\"BilledCost\","
                  "\"reason\":\"\\\"x\\\" is not a number.\"}]}\n");
}

TEST_F(Import, ABrokenUploadGoesOnBehindTheStoredRecords)
{
    std::string rows;
    for (int i = 0; i < 1200; i++) { rows += usage_row("A", std::to_string(i)); }
    write_file(path, header + rows);
    fake::streams["UploadUsageRecords"] = {
        {{}, gone, 1}, {{}, gone, 0}, {{uploaded("READY", 1200, 0)}}};
    fake::answers["GetUsageUpload"] = {gone, {R"({"records":500})"}, {R"({"records":500})"}};
    fake::Result result = import();
    EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
    std::vector<std::string> sent = requests_of("UploadUsageRecords");
    ASSERT_EQ(sent.size(), 3u)
        << "one batch on the first stream, none on the second, two on the third";
    EXPECT_EQ(
        sent[0].rfind(R"({"report_id":"urp_1","first_number":"1","records":[{"record_id":"1",)", 0),
        0u);
    EXPECT_EQ(sent[1].rfind(
                  R"({"report_id":"urp_1","first_number":"501","records":[{"record_id":"501",)", 0),
              0u);
    EXPECT_EQ(sent[2].rfind(R"({"first_number":"1001","records":[{"record_id":"1001",)", 0), 0u);
    EXPECT_EQ(requests_of("CreateUsageReport").size(), 1u);
}

TEST_F(Import, ReportContinuesAnUploadOfAnEarlierRun)
{
    write_file(path, header + usage_row("A", "1") + usage_row("A", "2"));
    fake::answers["GetUsageUpload"] = {{R"({"records":1})"}};
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 2, 0)}}};
    EXPECT_EQ(import({"--report", "urp_9"}).exit, PV_EXIT_OK);
    EXPECT_TRUE(requests_of("CreateUsageReport").empty());
    EXPECT_EQ(requests_of("UploadUsageRecords")
                  .at(0)
                  .rfind(R"({"report_id":"urp_9","first_number":"2",)", 0),
              0u);
}

TEST_F(Import, ARefusedUploadIsNotRepeated)
{
    write_file(path, header + usage_row("A", "1"));
    fake::streams["UploadUsageRecords"] = {
        {{}, {"", PV_CODE_FAILED_PRECONDITION, "STATE_FORBIDS", "It is PENDING."}}};
    fake::Result result = import();
    EXPECT_EQ(result.exit, PV_EXIT_PRECONDITION);
    EXPECT_NE(result.err.find("--report urp_1"), std::string::npos);
    EXPECT_EQ(requests_of("UploadUsageRecords").size(), 1u);
}

TEST_F(Import, ACreateWithoutAnswerIsRepeatedWithItsRequestId)
{
    write_file(path, header + usage_row("A", "1"));
    fake::answers["CreateUsageReport"] = {gone, {R"({"report":{"id":"urp_1"}})"}};
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 1, 0)}}};
    EXPECT_EQ(import().exit, PV_EXIT_OK);
    ASSERT_EQ(fake::calls.at(1).method, "CreateUsageReport");
    EXPECT_EQ(fake::calls.at(1).requests, fake::calls.at(2).requests);
}

TEST_F(Import, QuantityRatedReportsCarryNoAmounts)
{
    write_file(path, header + usage_row("A", "1"));
    fake::answers["GetProduct"] = {{R"({"product":{"capabilities":{"usage_schema":"QT"}}})"}};
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 1, 0)}}};
    EXPECT_EQ(import().exit, PV_EXIT_OK);
    EXPECT_EQ(requests_of("UploadUsageRecords").at(0).find("amount"), std::string::npos);
}

TEST_F(Import, ProvidersAreNotMixed)
{
    write_file(path, header + usage_row("A", "1") + usage_row("B", "2"));
    fake::Result mixed = import();
    EXPECT_EQ(mixed.exit, PV_EXIT_USAGE);
    EXPECT_NE(mixed.err.find("line 3: the file holds usage of several providers (A, B)"),
              std::string::npos);
    EXPECT_TRUE(fake::calls.empty());
    fake::streams["UploadUsageRecords"] = {{{uploaded("READY", 1, 0)}}};
    fake::Result one = import({"--provider", "B"});
    EXPECT_EQ(one.exit, PV_EXIT_OK) << one.err;
    EXPECT_NE(one.out.find("2 rows, 0 refused, 1 of other providers\n"), std::string::npos)
        << one.out;
    EXPECT_NE(requests_of("UploadUsageRecords").at(0).find(R"("record_id":"2")"),
              std::string::npos);
}

TEST_F(Import, ABrokenFileIsRefusedBeforeAnythingIsSent)
{
    struct {
        std::string content, told;
    } rows[] = {
        {header + usage_row("A", "1") + "Usage,A",
         "Line 3, column 8: The row ends after 2 of 12 fields."},
        {header + usage_row("A", "\"1"),
         "Line 2, column 26: The quote that opens here is not closed"},
        {"ChargeCategory\n",
         "These columns of FOCUS 1.0 are missing from the first row: BilledCost"},
        {"", "Line 1, column 1: The file has no rows."},
    };
    for (const auto &row : rows) {
        fake::reset();
        write_file(path, row.content);
        fake::Result result = import();
        EXPECT_EQ(result.exit, PV_EXIT_USAGE);
        EXPECT_NE(result.err.find(path + ": " + row.told), std::string::npos) << result.err;
        EXPECT_TRUE(fake::calls.empty());
    }
}

TEST_F(Import, DryRunSendsNothing)
{
    write_file(path, header + usage_row("A", "1.5"));
    fake::Result result = import({"--dry-run"});
    EXPECT_EQ(result.exit, PV_EXIT_OK);
    EXPECT_EQ(result.out,
              "(not sent)    2024-09  0 valid, 0 invalid  USD 1.5\n1 rows, 0 refused\n");
    EXPECT_TRUE(fake::calls.empty());
}

// --- the small ones ---

TEST(Small, HealthEndsWithWhatItFound)
{
    fake::reset();
    fake::answers["Check"] = {{R"({"status":"SERVING"})"}, {R"({"status":"NOT_SERVING"})"}};
    fake::Result good = fake::run({"health"});
    EXPECT_EQ(good.exit, PV_EXIT_OK);
    EXPECT_EQ(good.out, "SERVING\n");
    fake::Result bad = fake::run({"health", "purvey.order.v1.OrderService"});
    EXPECT_EQ(bad.exit, PV_EXIT_UNAVAILABLE);
    EXPECT_EQ(bad.out, "NOT_SERVING\n");
    EXPECT_EQ(fake::calls.at(1).requests[0], R"({"service":"purvey.order.v1.OrderService"})");
}

TEST(Small, WhoamiSaysOnAScreenWhoWhatAndHowLong)
{
    fake::reset();
    fake::answers["WhoAmI"] = {{R"({
        "account": {"id": "acc_1", "name": "Vega\u001b[2J", "type": "ACCOUNT_TYPE_VENDOR"},
        "user": {"id": "usr_1", "name": "Ada", "kind": "USER_KIND_PERSON"},
        "membership": {"id": "mem_1", "administrator": true},
        "certificate": {"id": "crt_1", "label": "laptop", "not_after": "2000-01-01T00:00:00Z"},
        "scopes": [{"module": "MODULE_ORDER", "grant": "GRANT_ACT"},
                   {"module": "MODULE_USAGE", "grant": "GRANT_VIEW"}],
        "methods": [{"name": "a.B/C"}],
        "memberships": [{"account_id": "acc_1", "account_name": "Vega",
                         "account_type": "ACCOUNT_TYPE_VENDOR"},
                        {"account_id": "acc_2", "account_name": "Rigel",
                         "account_type": "ACCOUNT_TYPE_RESELLER"}]})"}};
    std::string out = fake::run({"whoami"}).out;
    for (const char *line :
         {"account      Vega\\x1B[2J (VENDOR)  acc_1\n", "user         Ada (PERSON)  usr_1\n",
          "membership   administrator  mem_1\n", "laptop  until 2000-01-01T00:00:00Z, -",
          "may          ORDER ACT, USAGE VIEW\n", "methods      1; -o json names them\n",
          "accounts     Vega (VENDOR)  acc_1\n", "             Rigel (RESELLER)  acc_2\n"}) {
        EXPECT_NE(out.find(line), std::string::npos) << line << "\nin\n" << out;
    }
    fake::answers["WhoAmI"] = {{R"({"account":{"id":"acc_1"}})"}};
    EXPECT_NE(fake::run({"whoami", "-o", "json"}).out.find("\"acc_1\""), std::string::npos);
}

// The rest of the doctor's findings are provoked in tests/e2e/doctor_test.cc.
TEST(Small, TheDoctorNamesAServiceThatIsNotReady)
{
    fake::reset();
    fake::answers["WhoAmI"] = {{R"({"scopes": [{"module": "ORDER", "grant": "VIEW"}]})"}};
    fake::answers["Check"] = {{R"({"status": "NOT_SERVING"})"}};
    fake::Streams streams;
    pv_doctor doctor = {};
    doctor.cli = &streams.cli;
    pv_doctor_service(&doctor);
    EXPECT_EQ(doctor.exit, PV_EXIT_UNAVAILABLE);
    std::string told = streams.written();
    EXPECT_NE(told.find("PROBLEM  health       The service says that it is not ready."),
              std::string::npos)
        << told;
    EXPECT_NE(told.find("skipped  clock"), std::string::npos) << told;
    EXPECT_NE(told.find("ok       rights"), std::string::npos) << told;
}

TEST(Small, VersionAnswers)
{
    fake::reset();
    EXPECT_EQ(fake::run({"version"}).out.rfind("purvey ", 0), 0u);
}

TEST(Small, OverviewNamesEveryNoun)
{
    fake::Result help = fake::run({"help"});
    EXPECT_EQ(help.exit, PV_EXIT_OK);
    for (const char *word :
         {"  order ", "  usage import FILE.csv", "  event watch", "--request-id", "--deadline"}) {
        if (std::string(word) == "--request-id") { continue; }
        EXPECT_NE(help.out.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(fake::run({}).exit, PV_EXIT_USAGE);
    EXPECT_EQ(fake::run({"--help"}).out, help.out);
}

TEST(Small, CompletionIsBashThatCompletes)
{
    std::string path = path_of("completion.bash");
    fake::Result script = fake::run({"completion", "bash"});
    ASSERT_EQ(script.exit, PV_EXIT_OK);
    write_file(path, script.out + R"bash(
complete_line() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _purvey; echo "${COMPREPLY[*]}"; }
[ "$(complete_line purvey ord)" = order ] || { echo noun; exit 1; }
[ "$(complete_line purvey order app)" = approve ] || { echo verb; exit 1; }
[ "$(complete_line purvey order approve x --temp)" = --template-id ] || { echo flag; exit 1; }
[ "$(complete_line purvey usage imp)" = import ] || { echo extra; exit 1; }
[ "$(complete_line purvey usage import --prod)" = --product ] || { echo extra flag; exit 1; }
[ "$(complete_line purvey order list -o js)" = 'json jsonl' ] || { echo value; exit 1; }
)bash");
    int status = system(("bash '" + path + "'").c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    unlink(path.c_str());
}

TEST(Suggest, NearWordsAreMeantFarOnesNot)
{
    struct {
        const char *word, *known, *nearest;
    } rows[] = {
        {"aprove", "approve", "approve"},
        {"lsit", "list", "list"},
        {"subscr", "subscription", "subscription"},
        {"x", "order", nullptr},
        {"hub", "sub", "sub"},
        {"zebra", "order", nullptr},
        {"", "order", nullptr},
    };
    for (const auto &row : rows) {
        pv_suggestion suggestion = {};
        suggestion.word = row.word;
        pv_suggest_offer(&suggestion, row.known);
        EXPECT_STREQ(suggestion.nearest, row.nearest) << row.word;
    }
    pv_suggestion best = {};
    best.word = "lisst";
    for (const char *known : {"lift", "list", "last"}) { pv_suggest_offer(&best, known); }
    EXPECT_STREQ(best.nearest, "list");
    std::string huge(1000, 'x');
    pv_suggestion long_word = {};
    long_word.word = huge.c_str();
    pv_suggest_offer(&long_word, "x");
    EXPECT_EQ(long_word.nearest, nullptr);
}

TEST(Retry, WaitsLongerEachTimeUpToALimit)
{
    pv_retry retry = {};
    int64_t limit = PV_RETRY_FIRST_MS;
    for (int i = 0; i < 10; i++) {
        int64_t ms = pv_retry_next_ms(&retry, 0);
        EXPECT_LE(ms, limit);
        EXPECT_GE(ms, limit / 2);
        limit = std::min<int64_t>(limit * 2, PV_RETRY_LAST_MS);
    }
    EXPECT_EQ(pv_retry_next_ms(&retry, 60000), 60000) << "what the service asks for counts";
    pv_retry_reset(&retry);
    EXPECT_LE(pv_retry_next_ms(&retry, 0), PV_RETRY_FIRST_MS);
}

TEST(Progress, LogsEveryTenSecondsAndDrawsOnATerminal)
{
    const int64_t second = INT64_C(1000000000);
    fake::Streams log;
    pv_progress progress;
    pv_progress_start(&progress, &log.cli, "records", 100, 1100, 0);
    pv_progress_update(&progress, 300, 9 * second);
    EXPECT_EQ(log.told(), "");
    pv_progress_update(&progress, 600, 10 * second);
    pv_progress_end(&progress);
    EXPECT_EQ(log.told(), "600 of 1100 records, 50 a second, 0:10 left\n");
    fake::Streams terminal;
    terminal.cli.err_is_terminal = true;
    pv_progress_start(&progress, &terminal.cli, "records", 0, 100, 0);
    pv_progress_update(&progress, 50, second);
    EXPECT_EQ(terminal.told(),
              "\r[###############...............] 50 of 100 records, 50 a second, 0:01 left\033[K");
    pv_progress_end(&progress);
    EXPECT_EQ(terminal.told().substr(terminal.told().size() - 4), "\r\033[K");
}

} // namespace
