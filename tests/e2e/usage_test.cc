// Usage from outside: what is wrong with a record is told and refuses no other; a file that is no good
// file is refused whole, with its line; an upload that breaks off goes on where it was, and the totals
// are right to the last decimal.
#include "base/decimal.h"
#include "tests/e2e/house.h"

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

namespace purvey {
namespace {

class Usage : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { house = new House(usage_file()); }
    static void TearDownTestSuite()
    {
        delete house;
        house = nullptr;
    }
    void SetUp() override { ASSERT_TRUE(house->ready); }

    static pv_client *vendor() { return house->people.vendors[0].client; }
    static pv_client *distributor() { return house->people.distributor.client; }
    static const char *product() { return house->seen.vendors[0].product_id; }
    static const char *contract() { return house->seen.vendors[0].contract_id; }

    // An empty report of Vega for October.
    static std::string report()
    {
        Answer made = call(
            vendor(), "CreateUsageReport",
            form(R"({"product_id": "%s", "contract_id": "%s", "name": "October", "currency": "USD",
                                    "period_start": "2026-10-01T00:00:00Z", "period_end": "2026-11-01T00:00:00Z"})",
                 product(), contract()));
        EXPECT_TRUE(made.ok()) << made.told();
        return made.text("report.id");
    }
    static std::string header(const std::string &report_id, bool truncate)
    {
        return form(R"("report_id": "%s", "truncate": %s, "request_id": "%s", )", report_id.c_str(),
                    truncate ? "true" : "false", uuid().c_str());
    }
    // A good record; `change` is put behind it, where it replaces what it names.
    static std::string record(const std::string &id, const std::string &change = "{}")
    {
        json_error_t where;
        std::string good =
            form(R"({"record_id": "%s", "mpn": "VM-0/Hours", "subscription_external_id": "CUST-0",
            "quantity": "1.5", "amount": "0.25", "start_time": "2026-10-03T00:00:00Z",
            "end_time": "2026-10-04T00:00:00Z"})",
                 id.c_str());
        json_t *value = json_loads(good.c_str(), 0, &where);
        json_t *changes = json_loads(change.c_str(), 0, &where);
        PV_ASSERT(value != nullptr && changes != nullptr &&
                  json_object_update(value, changes) == 0);
        char *text = json_dumps(value, 0);
        std::string result = text;
        free(text);
        json_decref(changes);
        json_decref(value);
        return result;
    }
    static Answer upload(const std::string &report_id, const std::string &records,
                         Answer *ret_end = nullptr)
    {
        Stream stream(vendor(), "UploadUsageRecords");
        stream.send("{" + header(report_id, true) + "\"records\": [" + records + "]}");
        stream.half_close();
        Answer answer = stream.receive();
        Answer end = stream.finish();
        if (ret_end == nullptr) { EXPECT_TRUE(end.ok()) << end.told(); }
        if (ret_end != nullptr) { *ret_end = end; }
        return answer;
    }
    static uint64_t reports()
    {
        return call(vendor(), "ListUsageReports", R"({"page_size": 1000})").count("reports");
    }
    // Submits, accepts and closes; gives the sum of the charges in units of 10^-11.
    static __int128 bill(const std::string &report_id);

    static House *house;
};

House *Usage::house = nullptr;

__int128 Usage::bill(const std::string &report_id)
{
    std::string of_report = form(R"({"report_id": "%s")", report_id.c_str());
    Answer answer = call(vendor(), "SubmitUsageReport", of_report + "}");
    EXPECT_TRUE(answer.ok()) << answer.told();
    answer = call(distributor(), "AcceptUsageReport",
                  of_report + R"(, "etag": )" + quoted(answer.text("report.etag")) + "}");
    EXPECT_TRUE(answer.ok()) << answer.told();
    answer = call(distributor(), "CloseUsageReport",
                  of_report + R"(, "external_billing_id": "INV", "etag": )" +
                      quoted(answer.text("report.etag")) + "}");
    EXPECT_TRUE(answer.ok()) << answer.told();
    Answer charges = call(distributor(), "ListCharges", of_report + R"(, "page_size": 1000})");
    pv_decimal sum = {};
    EXPECT_TRUE(pv_decimal_parse(pv_view_text("0"), &sum));
    for (size_t i = 0; i < charges.count("charges"); i++) {
        std::string text = charges.text("charges." + std::to_string(i) + ".amount.amount.value");
        pv_decimal amount;
        EXPECT_TRUE(pv_decimal_parse(pv_view_text(text.c_str()), &amount)) << text;
        EXPECT_TRUE(pv_decimal_add(sum, amount, &sum));
    }
    char text[PV_DECIMAL_TEXT_SIZE];
    (void)pv_decimal_format(sum, text);
    std::string digits = text;
    size_t point = digits.find('.');
    std::string decimals = point == std::string::npos ? "" : digits.substr(point + 1);
    EXPECT_LE(decimals.size(), 11u) << digits;
    decimals.resize(11, '0');
    __int128 result = 0;
    for (char digit : digits.substr(0, point) + decimals) { result = result * 10 + (digit - '0'); }
    return result;
}

TEST_F(Usage, EveryWrongRecordIsToldWithItsColumnAndTheGoodOnesAreKept)
{
    const struct {
        const char *change, *code, *column;
    } cases[] = {
        {R"({"mpn": "NOPE"})", "ITEM_UNKNOWN", "mpn"},
        {R"({"subscription_external_id": "CUST-9"})", "SUBSCRIPTION_UNKNOWN",
         "subscription_external_id"},
        {R"({"record_id": "good"})", "DUPLICATE", "record_id"},
        {R"({"end_time": "2026-10-02T00:00:00Z"})", "TIME_REVERSED", "end_time"},
        {R"({"end_time": "2026-10-03T00:00:00Z"})", "TIME_REVERSED", "end_time"},
        {R"({"currency": "EUR"})", "CURRENCY", "currency"},
        {R"({"quantity": "1.123"})", "TOO_MANY_DECIMALS", "quantity"},
        {R"({"quantity": "0.0000000000000000001"})", "NUMBER_INVALID", "quantity"},
        {R"({"quantity": "1e3"})", "NUMBER_INVALID", "quantity"},
        {R"({"quantity": "-1"})", "NUMBER_NEGATIVE", "quantity"},
        {R"({"quantity": ""})", "FIELD_MISSING", "quantity"},
        {R"({"amount": ""})", "FIELD_MISSING", "amount"},
        {R"({"amount": "99999999999999999"})", "AMOUNT_TOO_LARGE", "amount"},
        {R"({"start_time": "2026-09-30T00:00:00Z"})", "OUTSIDE_PERIOD", "start_time"},
        {R"({"end_time": "2026-11-02T00:00:00Z"})", "OUTSIDE_PERIOD", "end_time"},
    };
    std::string records = record("good");
    size_t number = 1;
    for (const auto &one : cases) {
        records += ", " + record("bad-" + std::to_string(++number), one.change);
    }
    std::string id = report();
    Answer answer = upload(id, records);
    EXPECT_EQ(answer.text("report.state"), "USAGE_REPORT_STATE_INVALID");
    EXPECT_EQ(answer.text("report.stats.valid"), "1");
    ASSERT_EQ(answer.count("refused"), number - 1);
    number = 0;
    for (const auto &one : cases) {
        std::string place = "refused." + std::to_string(number) + ".";
        EXPECT_EQ(answer.text(place + "number"), std::to_string(number + 2));
        EXPECT_EQ(answer.text(place + "problems.0.code"),
                  std::string("USAGE_PROBLEM_CODE_") + one.code)
            << one.change;
        EXPECT_EQ(answer.text(place + "problems.0.column"), one.column) << one.change;
        EXPECT_NE(answer.text(place + "problems.0.message"), "") << one.change;
        number++;
    }
    EXPECT_EQ(
        call(vendor(), "SubmitUsageReport", form(R"({"report_id": "%s"})", id.c_str())).reason,
        "STATE_FORBIDS");
    // The same report without the bad ones is a good one.
    EXPECT_EQ(upload(id, record("good")).text("report.state"), "USAGE_REPORT_STATE_READY");
}

TEST_F(Usage, ARecordThatAnotherReportHasIsADuplicateAndNamesIt)
{
    std::string first = report();
    std::string second = report();
    EXPECT_EQ(upload(first, record("a") + "," + record("twice")).text("report.state"),
              "USAGE_REPORT_STATE_READY");
    Answer answer = upload(second, record("twice"));
    EXPECT_EQ(answer.text("refused.0.problems.0.code"), "USAGE_PROBLEM_CODE_DUPLICATE");
    EXPECT_EQ(answer.text("refused.0.problems.0.first_report_id"), first);
    EXPECT_EQ(answer.text("refused.0.problems.0.first_number"), "2");
}

TEST_F(Usage, AnUploadWithoutHeaderOrOutOfOrderIsRefused)
{
    std::string id = report();
    Stream headless(vendor(), "UploadUsageRecords");
    headless.send("{\"records\": [" + record("x") + "]}");
    EXPECT_EQ(headless.receive().json, nullptr);
    Answer end = headless.finish();
    EXPECT_EQ(end.reason, "UPLOAD_HEADER_INVALID") << end.told();
    Stream gap(vendor(), "UploadUsageRecords");
    gap.send("{" + header(id, true) + "\"first_number\": 1, \"records\": [" + record("x1") + "]}");
    gap.send("{\"first_number\": 3, \"records\": [" + record("x3") + "]}");
    gap.half_close();
    EXPECT_EQ(gap.receive().json, nullptr);
    end = gap.finish();
    EXPECT_EQ(end.reason, "UPLOAD_OUT_OF_ORDER") << end.told();
    Answer stored = call(vendor(), "GetUsageUpload", form(R"({"report_id": "%s"})", id.c_str()));
    EXPECT_EQ(stored.text("records"), "1") << "what was taken is kept, what was refused is not";
}

// --- files ---

// A file, what it is, and a word that its refusal must have.
struct BadFile {
    const char *name;
    std::string content;
    const char *word;
};

std::vector<BadFile> bad_files()
{
    std::string good = read_file(usage_file(6));
    std::string no_column = good;
    size_t at = no_column.find("ConsumedQuantity");
    no_column.replace(at, 16, "SomethingElse");
    size_t quote = good.find("Vega");
    std::string unclosed = good;
    unclosed.insert(quote, "\"");
    return {
        {"truncated in a row", good.substr(0, good.rfind("USD") + 2), "ine 7"},
        {"truncated in its header", good.substr(0, 40), "olumn"},
        {"unclosed quote", unclosed, "ine 2"},
        {"missing column", no_column, "ConsumedQuantity"},
        {"column twice", "BilledCost," + good, "BilledCost"},
        {"row with a field too many", good.substr(0, good.size() - 1) + ",more\n", "ine 7"},
        {"no text",
         std::string("\x7f"
                     "ELF\0\1\2\3\n\0\0",
                     11),
         "ine 1"},
        {"empty", "", "empty"},
    };
}

TEST_F(Usage, TheImportRefusesABadFileWholeAndNamesTheLine)
{
    uint64_t before = reports();
    for (const BadFile &bad : bad_files()) {
        std::string path = fresh_folder("bad") + "/file.csv";
        write_file(path, bad.content);
        Outcome outcome = run({cli_program(), "usage", "import", path, "--product", product(),
                               "--contract", contract(), "--provider", "Vega"},
                              house->environment(house->people.vendors[0]));
        EXPECT_TRUE(outcome.code == 1 || outcome.code == 2)
            << bad.name << ": exit code " << outcome.code;
        EXPECT_TRUE(one_sentence_of("purvey", outcome)) << bad.name;
        EXPECT_NE(outcome.err.find(path), std::string::npos)
            << bad.name << " does not name the file: " << outcome.err;
        if (bad.word != std::string("empty")) {
            EXPECT_NE(outcome.err.find(bad.word), std::string::npos)
                << bad.name << ": " << outcome.err;
        }
    }
    Outcome absent = run({cli_program(), "usage", "import", "/no/such/file.csv", "--product",
                          product(), "--contract", contract()},
                         house->environment(house->people.vendors[0]));
    EXPECT_TRUE(one_sentence_of("purvey", absent));
    EXPECT_EQ(reports(), before) << "something of a bad file was sent";
}

TEST_F(Usage, TheDemonstrationRefusesABadFileBeforeItBegins)
{
    for (const BadFile &bad : bad_files()) {
        std::string path = fresh_folder("bad") + "/file.csv";
        write_file(path, bad.content);
        Outcome outcome = run(
            {demo_program(), "--server", server_program(), "--cli", cli_program(), "--once", path});
        EXPECT_EQ(outcome.code, 1) << bad.name;
        EXPECT_TRUE(one_sentence_of("demo", outcome)) << bad.name;
        EXPECT_NE(outcome.err.find(path), std::string::npos)
            << bad.name << " does not name the file: " << outcome.err;
    }
}

TEST_F(Usage, RowsThatAreNoUsageAreRefusedOneByOneAndTheRestIsImported)
{
    std::string path = usage_file(10, "rows-");
    std::string content = read_file(path);
    content += "-1.5,USD,2026-10-01 00:00:00,2026-11-01 00:00:00,Usage,2026-10-01 "
               "00:00:00,2026-10-02 00:00:00,1,Hours,Vega,"
               "rows-a,Compute,VM-0,CUST-0\n"
               "1.5,USD,2026-10-01 00:00:00,2026-11-01 00:00:00,Tax,2026-10-01 00:00:00,2026-10-02 "
               "00:00:00,1,Hours,Vega,"
               "rows-b,Compute,VM-0,CUST-0\n"
               "1.5,USD,2026-10-01 00:00:00,2026-11-01 00:00:00,Usage,2026-10-01 "
               "00:00:00,2026-10-02 00:00:00,,Hours,Vega,"
               "rows-c,Compute,VM-0,CUST-0\n";
    write_file(path, content);
    Outcome outcome = run({cli_program(), "usage", "import", path, "--product", product(),
                           "--contract", contract(), "--provider", "Vega"},
                          house->environment(house->people.vendors[0]));
    EXPECT_EQ(outcome.code, 7) << outcome.err;
    for (const char *told :
         {"BilledCost", "ChargeCategory", "ConsumedQuantity", "12", "13", "14"}) {
        EXPECT_NE((outcome.err + outcome.out).find(told), std::string::npos)
            << told << " is not in\n"
            << outcome.err;
    }
    EXPECT_NE(outcome.out.find("3 refused"), std::string::npos) << outcome.out;
}

// --- broken uploads ---

TEST_F(Usage, AClientThatGoesAwayInTheMiddleResumesAndTheTotalIsRight)
{
    constexpr int kMessages = 40, kRecords = 50;
    std::string id = report();
    auto message = [&](uint64_t first, const std::string &head) {
        std::string records;
        for (uint64_t n = first; n < first + kRecords; n++) {
            records += (records.empty() ? "" : ",") +
                       record("resumed-" + std::to_string(n),
                              form(R"({"amount": "0.%011d"})", static_cast<int>(n)));
        }
        return "{" + head + form(R"("first_number": %d, "records": [)", static_cast<int>(first)) +
               records + "]}";
    };
    auto stored = [&] {
        return call(vendor(), "GetUsageUpload", form(R"({"report_id": "%s"})", id.c_str()));
    };
    {
        Stream stream(vendor(), "UploadUsageRecords");
        for (int i = 0; i < kMessages / 2; i++) {
            ASSERT_TRUE(stream.send(
                message(static_cast<uint64_t>(i) * kRecords + 1, i == 0 ? header(id, true) : "")));
        }
        // What is sent is stored behind the sender's back.
        for (int tries = 0; tries < 2000 && stored().text("records").size() < 2; tries++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    } // gone without a word
    Answer seen = stored();
    EXPECT_NE(seen.text("complete"), "true") << "an upload that broke off is not complete";
    EXPECT_EQ(
        call(vendor(), "SubmitUsageReport", form(R"({"report_id": "%s"})", id.c_str())).reason,
        "STATE_FORBIDS");
    // The server may still be storing what it had received: the resumed upload takes over.
    Answer answer;
    for (int tries = 0; tries < 20 && answer.json == nullptr; tries++) {
        uint64_t have = std::strtoull(stored().text("records").c_str(), nullptr, 10);
        EXPECT_EQ(have % kRecords, 0u) << "a message is stored whole or not at all";
        Stream stream(vendor(), "UploadUsageRecords");
        for (uint64_t next = have + 1; next <= kMessages * kRecords; next += kRecords) {
            if (!stream.send(message(next, next == have + 1 ? header(id, false) : ""))) { break; }
        }
        stream.half_close();
        answer = stream.receive();
        Answer end = stream.finish();
        EXPECT_TRUE(end.ok() || end.reason == "UPLOAD_OUT_OF_ORDER" ||
                    end.reason == "UPLOAD_IN_PROGRESS")
            << end.told();
    }
    EXPECT_EQ(answer.text("report.state"), "USAGE_REPORT_STATE_READY");
    constexpr int64_t kAll = kMessages * kRecords;
    EXPECT_EQ(answer.text("report.stats.valid"), std::to_string(kAll));
    EXPECT_EQ(static_cast<int64_t>(bill(id)), kAll * (kAll + 1) / 2);
}

TEST_F(Usage, AnImportKilledInTheMiddleGoesOnWithItsReportAndTheTotalIsRight)
{
    constexpr int kRows = 60000;
    std::string path = usage_file(kRows, "killed-");
    std::vector<std::string> words = {cli_program(), "usage",   "import",     path,
                                      "--product",   product(), "--contract", contract(),
                                      "--provider",  "Vega"};
    uint64_t before = reports();
    const std::vector<std::string> environment = house->environment(house->people.vendors[0]);
    pid_t process = begin(words, environment, "/dev/null", "/dev/null");
    std::string id;
    for (int tries = 0; tries < 5000; tries++) {
        Answer list = call(vendor(), "ListUsageReports", R"({"page_size": 1000})");
        if (list.count("reports") > before) {
            id = list.text("reports." + std::to_string(list.count("reports") - 1) + ".id");
            std::string have =
                call(vendor(), "GetUsageUpload", form(R"({"report_id": "%s"})", id.c_str()))
                    .text("records");
            if (have != "" && have != "0") { break; }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    kill(process, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(process, &status, 0), process);
    ASSERT_NE(id, "");
    words.push_back("--report");
    words.push_back(id);
    Outcome outcome = run(words, environment);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    constexpr int64_t kOdd = kRows / 2; // rows 1, 3, 5 ... are Vega's
    EXPECT_EQ(static_cast<int64_t>(bill(id)), kOdd * kOdd);
}

TEST_F(Usage, TheDemonstrationWithItsServerKilledInAnUploadHasTheSameCharges)
{
    constexpr int64_t kRows = 2001;
    std::string path = usage_file(kRows, "demo-");
    std::string folder = fresh_folder("summary");
    std::vector<std::string> words = {demo_program(), "--server",    server_program(),
                                      "--cli",        cli_program(), "--once",
                                      path,           "--summary"};
    std::string amounts[2];
    for (int crash = 0; crash < 2; crash++) {
        std::string summary = folder + (crash == 0 ? "/plain.json" : "/crash.json");
        std::vector<std::string> command = words;
        command.push_back(summary);
        if (crash == 1) { command.push_back("--crash"); }
        Outcome outcome = run(command);
        ASSERT_EQ(outcome.code, 0) << outcome.err << outcome.out;
        EXPECT_EQ(outcome.out.find("kill -9") != std::string::npos, crash == 1);
        Answer told;
        told.json = std::shared_ptr<json_t>(json_loads(read_file(summary).c_str(), 0, nullptr),
                                            json_decref);
        EXPECT_EQ(told.text("totals.USD"),
                  form("0.%011d", static_cast<int>(kRows * (kRows + 1) / 2)));
        EXPECT_EQ(told.count("refused"), 0u);
        for (size_t i = 0; i < told.count("charges"); i++) {
            std::string place = "charges." + std::to_string(i);
            amounts[crash] += told.text(place + ".vendor") + " " +
                              told.text(place + ".sub_account") + " " +
                              told.text(place + ".amount") + "\n";
        }
    }
    EXPECT_EQ(amounts[0], amounts[1]);
    EXPECT_NE(amounts[0], "");
}

} // namespace
} // namespace purvey
