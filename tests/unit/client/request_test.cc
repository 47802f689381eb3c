// From a command line to the request that is sent.
#include "tests/unit/client/fake.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace {

using Words = std::vector<std::string>;

struct Sent {
    const char *rule;
    Words arguments;
    const char *request; // JSON; request_ids as UUID
};

const Sent sent[] = {
    {"an ID", {"order", "get", "ord_1"}, R"({"order_id":"ord_1"})"},
    {"an ID as a flag", {"order", "get", "--order-id", "ord_1"}, R"({"order_id":"ord_1"})"},
    {"a flag with =", {"order", "get", "--order-id=ord_1"}, R"({"order_id":"ord_1"})"},
    {"underscores do too", {"order", "get", "--order_id", "ord_1"}, R"({"order_id":"ord_1"})"},
    {"flags of every command may stand first",
     {"-o", "json", "order", "--deadline", "5s", "get", "ord_1"},
     R"({"order_id":"ord_1"})"},
    {"numbers and texts",
     {"order", "list", "--page-size", "7", "--filter", "state = PENDING"},
     R"({"page_size":7,"filter":"state = PENDING"})"},
    {"a value may begin with a dash",
     {"order", "list", "--filter", "-x", "--page-size=-3"},
     R"({"page_size":-3,"filter":"-x"})"},
    {"a request_id is made",
     {"order", "pend", "ord_1"},
     R"({"order_id":"ord_1","request_id":"UUID"})"},
    {"a request_id is kept",
     {"order", "pend", "ord_1", "--request-id", "mine"},
     R"({"order_id":"ord_1","request_id":"mine"})"},
    {"dry run",
     {"order", "pend", "ord_1", "--dry-run"},
     R"({"order_id":"ord_1","request_id":"UUID","validate_only":true})"},
    {"a switch",
     {"order", "pend", "ord_1", "--validate-only"},
     R"({"order_id":"ord_1","request_id":"UUID","validate_only":true})"},
    {"a switch turned off",
     {"order", "pend", "ord_1", "--validate-only=false"},
     R"({"order_id":"ord_1","request_id":"UUID"})"},
    {"enums in any case, without their prefix; elements as pairs and as JSON",
     {"order", "create", "--kind", "purchase", "--items", "mpn=X,quantity=2.50", "--items",
      R"({"item_id":"itm_1","unlimited":true})", "--request-id", "r"},
     R"({"kind":"ORDER_KIND_PURCHASE","items":[{"mpn":"X",)"
     R"("quantity":{"value":"2.50"}},{"item_id":"itm_1","unlimited":true}],"request_id":"r"})"},
    {"times",
     {"usage-report", "create", "--period-start", "2024-09-01", "--period-end",
      "2024-10-01T02:00:00+02:00"},
     R"({"period_start":"2024-09-01T00:00:00Z","period_end":"2024-10-01T00:00:00Z",)"
     R"("request_id":"UUID"})"},
    {"the whole request as JSON",
     {"order", "list", "--json", R"({"page_size":3,"filter":"a"})"},
     R"({"page_size":3,"filter":"a"})"},
    {"flags are added to JSON and win",
     {"order", "list", "--json", R"({"page_size":3,"filter":"a"})", "--filter", "b"},
     R"({"page_size":3,"filter":"b"})"},
    {"elements are added behind those of JSON",
     {"order", "create", "--json", R"({"items":[{"mpn":"A"}]})", "--items", "mpn=B", "--request-id",
      "r"},
     R"({"items":[{"mpn":"A"},{"mpn":"B"}],"request_id":"r"})"},
    {"words behind -- are no flags", {"order", "get", "--", "--odd"}, R"({"order_id":"--odd"})"},
    {"@@ is an @", {"order", "list", "--filter", "@@x"}, R"({"filter":"@x"})"},
};

TEST(Request, IsWhatTheCommandLineSays)
{
    for (const Sent &row : sent) {
        fake::reset();
        fake::Result result = fake::run(row.arguments);
        EXPECT_EQ(result.exit, PV_EXIT_OK) << row.rule << ": " << result.err;
        ASSERT_EQ(fake::calls.size(), 1u) << row.rule;
        EXPECT_EQ(fake::without_uuids(fake::calls[0].requests.at(0)), row.request) << row.rule;
    }
}

TEST(Request, NestedFieldsAreSetByTheirPath)
{
    fake::reset();
    fake::Result result = fake::run(
        {"tier-account", "create", "--contact.email", "a@b.example", "--request-id", "r"});
    if (result.exit == PV_EXIT_OK) {
        EXPECT_NE(fake::calls.at(0).requests.at(0).find("a@b.example"), std::string::npos);
    } else {
        // The path of the contact is the .proto's business; a wrong one is told with what there is.
        EXPECT_EQ(result.exit, PV_EXIT_USAGE);
    }
}

struct Refused {
    Words arguments;
    const char *told; // a part of it
};

const Refused refused[] = {
    {{"order", "get"}, "which order? Write: purvey order get ID."},
    {{"order", "get", "a", "b"}, "\"b\" is too much"},
    {{"order", "list", "ord_1"}, "order list takes no ID"},
    {{"order", "lst"}, "order has no lst; did you mean list"},
    {{"ordr", "list"}, "there is no command ordr; did you mean order"},
    {{"order"}, "what about order?"},
    {{"order", "list", "--pagesize", "3"},
     "there is no flag --pagesize here; did you mean --page_size?"},
    {{"order", "list", "--page-size"}, "--page-size needs a value"},
    {{"order", "list", "--page-size", "many"}, "--page-size: \"many\" is no whole number"},
    {{"order", "create", "--kind", "buy"}, "--kind: \"buy\" is none of PURCHASE"},
    {{"order", "create", "--items", "mpm=X"}, "OrderItemInput has no field mpm; did you mean mpn"},
    {{"order", "create", "--items", "X"}, "neither"},
    {{"order", "create", "--items", "{\"mpn\":"}, "--items:"},
    {{"order", "create", "--items.mpn", "X"}, "there is no flag --items.mpn"},
    {{"order", "pend", "x", "--validate-only=maybe"}, "neither true nor false"},
    {{"usage-report", "create", "--period-start", "soon"}, "no time like 2026-11-22T20:00:00Z"},
    {{"order", "list", "--json", "{"}, "--json: line 1, column 2"},
    {{"order", "list", "--json", "{\"pag\":1}"}, "has no field \"pag\""},
    {{"order", "list", "--json", "@/nonexistent"}, "the request cannot be read from /nonexistent"},
    {{"order", "list", "--filter", "@/nonexistent"}, "--filter cannot be read from /nonexistent"},
    {{"order", "list", "-o", "yaml"}, "--output yaml is none of table, json, jsonl and id"},
    {{"order", "list", "--deadline", "soon"}, "--deadline soon is no time"},
    {{"order", "list", "--deadline", "0s"}, "--deadline 0s is no time"},
    {{"order", "list", "--all=yes"}, "--all takes no value"},
    {{"order", "get", "x", "--all"}, "order get has no pages for --all"},
    {{"order", "get", "x", "--dry-run"}, "changes nothing"},
    {{"order", "list", "-x"}, "there is no flag -x"},
    {{"--deadline"}, "a command is missing"},
    {{"help", "ordr"}, "did you mean order"},
    {{"completion", "fish"}, "which shell?"},
    {{"version", "x"}, "\"x\" is too much"},
};

TEST(Request, MistakesAreToldAndNothingIsSent)
{
    for (const Refused &row : refused) {
        fake::reset();
        fake::Result result = fake::run(row.arguments);
        std::string words;
        for (const std::string &word : row.arguments) { words += word + " "; }
        EXPECT_EQ(result.exit, PV_EXIT_USAGE) << words;
        EXPECT_NE(result.err.find(row.told), std::string::npos) << words << "said: " << result.err;
        EXPECT_EQ(result.out, "") << words;
        EXPECT_TRUE(fake::calls.empty()) << words;
    }
}

TEST(Request, TheMadeRequestIdIsTold)
{
    fake::reset();
    fake::Result result = fake::run({"order", "pend", "ord_1"});
    EXPECT_EQ(fake::without_uuids(result.err), "request_id: UUID\n");
    std::string uuid = result.err.substr(12, 36);
    EXPECT_NE(fake::calls.at(0).requests.at(0).find(uuid), std::string::npos);
    EXPECT_EQ(fake::run({"order", "pend", "ord_1", "--request-id", uuid}).err, "");
}

TEST(Request, EtagAutoReadsTheObjectFirst)
{
    fake::reset();
    fake::answers["GetOrder"] = {{R"({"order":{"id":"ord_1","etag":"\"7\""}})"}};
    fake::Result result =
        fake::run({"order", "pend", "ord_1", "--etag", "auto", "--request-id", "r"});
    EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
    ASSERT_EQ(fake::calls.size(), 2u);
    EXPECT_EQ(fake::calls[0].method, "GetOrder");
    EXPECT_EQ(fake::calls[1].requests.at(0),
              R"({"order_id":"ord_1","request_id":"r","etag":"\"7\""})");
}

TEST(Request, EtagAutoOfAnAbsentObjectIsNotFound)
{
    fake::reset();
    fake::answers["GetOrder"] = {{"", PV_CODE_NOT_FOUND, "NOT_FOUND", "There is no Order ord_1."}};
    EXPECT_EQ(fake::run({"order", "pend", "ord_1", "--etag", "auto"}).exit, PV_EXIT_NOT_FOUND);
    EXPECT_EQ(fake::calls.size(), 1u);
}

std::string temporary_file(const std::string &content)
{
    std::string path = testing::TempDir() + "request_test_" + std::to_string(getpid());
    FILE *file = fopen(path.c_str(), "wb");
    EXPECT_EQ(fwrite(content.data(), 1, content.size(), file), content.size());
    EXPECT_EQ(fclose(file), 0);
    return path;
}

TEST(Request, FilesAndStandardInputAreRead)
{
    std::string path = temporary_file("-----BEGIN-----\nx\n");
    fake::reset();
    EXPECT_EQ(
        fake::run({"certificate", "issue", "--csr-pem", "@" + path, "--request-id", "r"}).exit,
        PV_EXIT_OK);
    EXPECT_EQ(fake::calls.at(0).requests.at(0),
              R"({"csr_pem":"-----BEGIN-----\nx\n","request_id":"r"})");
    fake::reset();
    EXPECT_EQ(
        fake::run({"certificate", "issue", "--csr-der", "@" + path, "--request-id", "r"}).exit,
        PV_EXIT_OK);
    EXPECT_EQ(fake::calls.at(0).requests.at(0),
              R"({"csr_der":"LS0tLS1CRUdJTi0tLS0tCngK","request_id":"r"})");
    fake::reset();
    EXPECT_EQ(fake::run({"order", "list", "--json", "@-"}, R"({"page_size":4})").exit, PV_EXIT_OK);
    EXPECT_EQ(fake::calls.at(0).requests.at(0), R"({"page_size":4})");
    unlink(path.c_str());
}

TEST(Request, DeadlineGoesWithTheCall)
{
    for (const auto &[text, ms] : std::vector<std::pair<std::string, int64_t>>{
             {"500ms", 500}, {"10s", 10000}, {"2m", 120000}, {"1h", 3600000}}) {
        fake::reset();
        EXPECT_EQ(fake::run({"order", "list", "--deadline", text}).exit, PV_EXIT_OK);
        EXPECT_EQ(fake::calls.at(0).deadline_ms, ms);
    }
}

TEST(Request, ClientStreamsReadLines)
{
    fake::reset();
    fake::streams["UploadUsageRecords"] = {{{R"({"stored":"3"})"}}};
    fake::Result result =
        fake::run({"usage-report", "upload-records", "urp_1", "--request-id", "r", "-o", "json"},
                  "{\"records\":[{\"record_id\":\"1\"}]}\n\n"
                  "{\"first_number\":2,\"records\":[{\"record_id\":\"2\"},{\"record_id\":\"3\"}]}");
    EXPECT_EQ(result.exit, PV_EXIT_OK) << result.err;
    EXPECT_EQ(fake::calls.at(0).requests,
              (std::vector<std::string>{
                  R"({"report_id":"urp_1","records":[{"record_id":"1"}],"request_id":"r"})",
                  R"({"first_number":"2","records":[{"record_id":"2"},{"record_id":"3"}]})"}));
    EXPECT_EQ(result.out, "{\n  \"stored\": \"3\"\n}\n");
    fake::reset();
    fake::Result bad =
        fake::run({"usage-report", "upload-records", "urp_1"}, "{}\n{\"recrds\":[]}\n");
    EXPECT_EQ(bad.exit, PV_EXIT_USAGE);
    EXPECT_NE(bad.err.find("line 2: "), std::string::npos) << bad.err;
    EXPECT_NE(bad.err.find("recrds"), std::string::npos) << bad.err;
}

} // namespace
