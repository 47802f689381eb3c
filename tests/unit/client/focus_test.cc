// The rules of FOCUS rows: which are accepted, why others are refused, and that nothing is lost:
// the real file's totals are compared with another program's.
#include "client/focus/focus.h"
#include "client/focus/number.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

struct Row {
    uint64_t number;
    uint64_t line;
    pv_focus_refusal_kind kind;
    std::string column;
    unsigned field;
    std::string reason;
    std::string record_id;
    std::string provider_name;
    std::string sub_account_name;
    std::string cost;
    std::string quantity;
    int64_t period_start_ns;
};

struct Outcome {
    std::vector<Row> rows;
    pv_code code;
    std::string fault;
};

std::string text_of(pv_decimal value)
{
    char text[PV_DECIMAL_TEXT_SIZE];
    pv_decimal_format(value, text);
    return text;
}

Outcome read_path(const std::string &path)
{
    Outcome outcome;
    pv_arena *arena = pv_arena_create(4 << 20);
    pv_focus *focus = nullptr;
    pv_focus_row row = {};
    bool found = false;
    pv_status status = pv_focus_open(arena, path.c_str(), &focus);
    while (pv_is_ok(status) && pv_is_ok(status = pv_focus_next(focus, &found, &row)) && found) {
        bool accepted = row.refusal.kind == PV_FOCUS_ACCEPTED;
        outcome.rows.push_back(
            {row.number, row.line, row.refusal.kind,
             accepted ? "" : pv_focus_column_name(row.refusal.column), row.refusal.field,
             accepted ? "" : row.refusal.reason, row.record_id, row.provider_name,
             row.sub_account_name, accepted ? text_of(row.billed_cost) : "",
             accepted ? text_of(row.consumed_quantity) : "", row.billing_period_start.utc_ns});
    }
    outcome.code = status.code;
    outcome.fault = pv_is_ok(status) ? "" : pv_focus_fault_of(focus);
    pv_focus_close(focus);
    pv_arena_destroy(arena);
    return outcome;
}

Outcome read_text(const std::string &text)
{
    std::string path = testing::TempDir() + "focus_test_" + std::to_string(getpid()) + ".csv";
    FILE *file = fopen(path.c_str(), "wb");
    EXPECT_NE(file, nullptr);
    EXPECT_EQ(fwrite(text.data(), 1, text.size(), file), text.size());
    EXPECT_EQ(fclose(file), 0);
    Outcome outcome = read_path(path);
    EXPECT_EQ(unlink(path.c_str()), 0);
    return outcome;
}

using Values = std::map<std::string, std::string>;

const Values plain = {
    {"ChargeCategory", "Usage"},
    {"ProviderName", "Nimbus"},
    {"SubAccountId", "acct-7"},
    {"SkuId", "SKU1"},
    {"ConsumedUnit", "GB"},
    {"ConsumedQuantity", "2.5"},
    {"BilledCost", "0.00000080000"},
    {"BillingCurrency", "USD"},
    {"BillingPeriodStart", "2024-09-01 00:00:00"},
    {"BillingPeriodEnd", "2024-10-01 00:00:00"},
    {"ChargePeriodStart", "2024-09-18T22:00:00Z"},
    {"ChargePeriodEnd", "2024-09-18T23:00:00Z"},
};

// A file of one row: the plain one with some values replaced or added.
std::string file_of(Values values)
{
    values.insert(plain.begin(), plain.end());
    std::string header;
    std::string row;
    for (const auto &[name, value] : values) {
        header += (header.empty() ? "" : ",") + name;
        row += (header == name ? "\"" : ",\"") + value + "\"";
    }
    return header + "\n" + row + "\n";
}

TEST(Focus, PlainUsageIsAccepted)
{
    Outcome outcome = read_text(file_of({{"Id", "11472"}, {"SubAccountName", "Atlas"}}));
    ASSERT_EQ(outcome.code, PV_CODE_OK) << outcome.fault;
    ASSERT_EQ(outcome.rows.size(), 1u);
    const Row &row = outcome.rows[0];
    EXPECT_EQ(row.kind, PV_FOCUS_ACCEPTED) << row.reason;
    EXPECT_EQ(row.number, 1u);
    EXPECT_EQ(row.line, 2u);
    EXPECT_EQ(row.record_id, "11472");
    EXPECT_EQ(row.sub_account_name, "Atlas");
    EXPECT_EQ(row.provider_name, "Nimbus");
    EXPECT_EQ(row.cost, "0.0000008");
    EXPECT_EQ(row.quantity, "2.5");
    EXPECT_EQ(row.period_start_ns, INT64_C(1725148800) * PV_NS_PER_S);
}

TEST(Focus, WithoutIdTheRowNumberNamesTheRecord)
{
    for (const Values &values : {Values{}, Values{{"Id", ""}}, Values{{"Id", "NULL"}}}) {
        EXPECT_EQ(read_text(file_of(values)).rows.at(0).record_id, "1");
    }
}

struct Accepted {
    const char *rule;
    Values values;
};

const Accepted accepted[] = {
    {"a cost of zero", {{"BilledCost", "0.00000000000"}}},
    {"minus zero", {{"BilledCost", "-0.000"}}},
    {"E notation", {{"BilledCost", "35.2E-7"}}},
    {"zeros do not count as decimals", {{"ConsumedQuantity", "1.5000000000000000000000"}}},
    {"a charge period outside the billing period: usage that arrived late",
     {{"ChargePeriodStart", "2024-08-31 22:00:00"}, {"ChargePeriodEnd", "2024-08-31 23:00:00"}}},
    {"times with an offset", {{"ChargePeriodEnd", "2024-09-19T02:00:00+02:00"}}},
    {"dates", {{"BillingPeriodStart", "2024-09-01"}, {"BillingPeriodEnd", "2024-10-01"}}},
    {"other columns", {{"x_Team", "NULL"}, {"Tags", "{}"}}},
};

TEST(Focus, Accepts)
{
    for (const Accepted &row : accepted) {
        Outcome outcome = read_text(file_of(row.values));
        ASSERT_EQ(outcome.rows.size(), 1u) << row.rule << ": " << outcome.fault;
        EXPECT_EQ(outcome.rows[0].kind, PV_FOCUS_ACCEPTED)
            << row.rule << ": " << outcome.rows[0].reason;
    }
}

struct Refused {
    Values values;
    pv_focus_refusal_kind kind;
    const char *column;
    const char *reason;
};

const Refused refused[] = {
    {{{"ChargeCategory", "Credit"}},
     PV_FOCUS_REFUSED_NOT_USAGE,
     "ChargeCategory",
     "\"Credit\" is not Usage, and only usage is reported."},
    {{{"ChargeCategory", "usage"}},
     PV_FOCUS_REFUSED_NOT_USAGE,
     "ChargeCategory",
     "\"usage\" is not Usage, and only usage is reported."},
    {{{"ChargeCategory", "NULL"}},
     PV_FOCUS_REFUSED_MISSING,
     "ChargeCategory",
     "There is no value."},
    {{{"ChargeCategory", "Tax"}, {"BilledCost", "-1"}},
     PV_FOCUS_REFUSED_NOT_USAGE,
     "ChargeCategory",
     "\"Tax\" is not Usage, and only usage is reported."},
    {{{"BilledCost", "-0.00000000603"}},
     PV_FOCUS_REFUSED_NEGATIVE,
     "BilledCost",
     "-0.00000000603 is below zero: credits and refunds are not usage."},
    {{{"BilledCost", "-1"}, {"ConsumedQuantity", "-1"}},
     PV_FOCUS_REFUSED_NEGATIVE,
     "BilledCost",
     "-1 is below zero: credits and refunds are not usage."},
    {{{"BilledCost", ""}}, PV_FOCUS_REFUSED_MISSING, "BilledCost", "There is no value."},
    {{{"BilledCost", "1,5"}},
     PV_FOCUS_REFUSED_NOT_A_NUMBER,
     "BilledCost",
     "\"1,5\" is not a number."},
    {{{"BilledCost", "$3"}},
     PV_FOCUS_REFUSED_NOT_A_NUMBER,
     "BilledCost",
     "\"$3\" is not a number."},
    {{{"BilledCost", "0.1234567890123456789"}},
     PV_FOCUS_REFUSED_TOO_MANY_DECIMALS,
     "BilledCost",
     "0.1234567890123456789 has more than 18 decimals."},
    {{{"BilledCost", "1E-19"}},
     PV_FOCUS_REFUSED_TOO_MANY_DECIMALS,
     "BilledCost",
     "1E-19 has more than 18 decimals."},
    {{{"BilledCost", "1000000000000000000"}},
     PV_FOCUS_REFUSED_TOO_LARGE,
     "BilledCost",
     "1000000000000000000 has more than 18 digits before the point."},
    {{{"ConsumedQuantity", "NULL"}},
     PV_FOCUS_REFUSED_MISSING,
     "ConsumedQuantity",
     "There is no value."},
    {{{"ConsumedQuantity", "-2"}},
     PV_FOCUS_REFUSED_NEGATIVE,
     "ConsumedQuantity",
     "-2 is below zero: credits and refunds are not usage."},
    {{{"ConsumedQuantity", "many"}},
     PV_FOCUS_REFUSED_NOT_A_NUMBER,
     "ConsumedQuantity",
     "\"many\" is not a number."},
    {{{"ProviderName", ""}}, PV_FOCUS_REFUSED_MISSING, "ProviderName", "There is no value."},
    {{{"SubAccountId", "NULL"}}, PV_FOCUS_REFUSED_MISSING, "SubAccountId", "There is no value."},
    {{{"SkuId", ""}}, PV_FOCUS_REFUSED_MISSING, "SkuId", "There is no value."},
    {{{"ConsumedUnit", ""}}, PV_FOCUS_REFUSED_MISSING, "ConsumedUnit", "There is no value."},
    {{{"BillingCurrency", "usd"}},
     PV_FOCUS_REFUSED_NOT_A_CURRENCY,
     "BillingCurrency",
     "\"usd\" is not a currency code of three capital letters."},
    {{{"BillingCurrency", "USDT"}},
     PV_FOCUS_REFUSED_NOT_A_CURRENCY,
     "BillingCurrency",
     "\"USDT\" is not a currency code of three capital letters."},
    {{{"BillingPeriodStart", "yesterday"}},
     PV_FOCUS_REFUSED_NOT_A_TIME,
     "BillingPeriodStart",
     "\"yesterday\" is not a time like 2024-09-30T22:00:00Z."},
    {{{"BillingPeriodEnd", "2024-09-01"}},
     PV_FOCUS_REFUSED_END_BEFORE_START,
     "BillingPeriodEnd",
     "The period does not end after BillingPeriodStart, 2024-09-01 00:00:00."},
    {{{"ChargePeriodStart", "2024-02-30"}},
     PV_FOCUS_REFUSED_NOT_A_TIME,
     "ChargePeriodStart",
     "\"2024-02-30\" is not a time like 2024-09-30T22:00:00Z."},
    {{{"ChargePeriodEnd", ""}}, PV_FOCUS_REFUSED_MISSING, "ChargePeriodEnd", "There is no value."},
    {{{"ChargePeriodEnd", "2024-09-18T21:00:00Z"}},
     PV_FOCUS_REFUSED_END_BEFORE_START,
     "ChargePeriodEnd",
     "The period does not end after ChargePeriodStart, 2024-09-18T22:00:00Z."},
};

TEST(Focus, RefusesWithColumnAndReason)
{
    for (const Refused &row : refused) {
        Outcome outcome = read_text(file_of(row.values));
        ASSERT_EQ(outcome.rows.size(), 1u) << row.reason << ": " << outcome.fault;
        EXPECT_EQ(outcome.rows[0].kind, row.kind) << row.reason;
        EXPECT_EQ(outcome.rows[0].column, row.column);
        EXPECT_EQ(outcome.rows[0].reason, row.reason);
        EXPECT_EQ(outcome.rows[0].line, 2u);
        EXPECT_GT(outcome.rows[0].field, 0u);
        EXPECT_EQ(outcome.rows[0].record_id, "1") << "a refused row keeps its texts";
    }
}

TEST(Focus, NamesAreAtMostAHundredCharacters)
{
    std::string most;
    for (int i = 0; i < PV_FOCUS_NAME_MAX; i++) { most += "\xC3\xA9"; }
    for (const char *column : {"ProviderName", "SubAccountId", "SkuId", "ConsumedUnit", "Id"}) {
        EXPECT_EQ(read_text(file_of({{column, most}})).rows.at(0).kind, PV_FOCUS_ACCEPTED)
            << column;
        Row row = read_text(file_of({{column, most + "x"}})).rows.at(0);
        EXPECT_EQ(row.kind, PV_FOCUS_REFUSED_TOO_LONG) << column;
        EXPECT_EQ(row.column, column);
        EXPECT_EQ(row.reason, "The value has more than 100 characters.");
    }
}

TEST(Focus, LongValuesAreRepeatedAsWholeCharacters)
{
    std::string value;
    for (int i = 0; i < 100; i++) { value += "a\xC3\xA9"; }
    EXPECT_EQ(read_text(file_of({{"BilledCost", value}})).rows.at(0).reason,
              "\"" + value.substr(0, 60) + "\" is not a number.");
    EXPECT_EQ(read_text(file_of({{"BilledCost", "x" + value}})).rows.at(0).reason,
              "\"x" + value.substr(0, 58) + "\" is not a number.");
}

TEST(Focus, ARefusedRowDoesNotEndTheFile)
{
    std::string header =
        "ChargeCategory,ProviderName,SubAccountId,SkuId,ConsumedUnit,ConsumedQuantity,"
        "BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
        "ChargePeriodStart,ChargePeriodEnd\r\n";
    std::string tail = ",USD,2024-09-01,2024-10-01,2024-09-02,2024-09-03\r\n";
    Outcome outcome = read_text("\xEF\xBB\xBF" + header + "Usage,A,s,k,\"G\nB\",1,1.10" + tail +
                                "Tax,A,s,k,GB,1,1.10" + tail + "Usage,A,s,k,GB,1,2.20" + tail);
    ASSERT_EQ(outcome.code, PV_CODE_OK) << outcome.fault;
    ASSERT_EQ(outcome.rows.size(), 3u);
    EXPECT_EQ(outcome.rows[0].cost, "1.1");
    EXPECT_EQ(outcome.rows[1].kind, PV_FOCUS_REFUSED_NOT_USAGE);
    EXPECT_EQ(outcome.rows[1].line, 4u);
    EXPECT_EQ(outcome.rows[1].number, 2u);
    EXPECT_EQ(outcome.rows[1].field, 1u);
    EXPECT_EQ(outcome.rows[2].cost, "2.2");
}

TEST(Focus, AllMissingColumnsAreNamedAtOnce)
{
    Outcome outcome =
        read_text("ProviderName,SkuId,ConsumedUnit,BillingCurrency,BillingPeriodStart,"
                  "BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,chargecategory\n");
    EXPECT_EQ(outcome.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(outcome.fault,
              "These columns of FOCUS 1.0 are missing from the first row: ChargeCategory, "
              "BilledCost, ConsumedQuantity, SubAccountId.");
    EXPECT_EQ(read_text("x\n").code, PV_CODE_INVALID_ARGUMENT);
}

TEST(Focus, AColumnThatOccursTwiceIsAFault)
{
    Outcome outcome = read_text("SkuId,BilledCost,SkuId\n");
    EXPECT_EQ(outcome.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(outcome.fault, "The column SkuId occurs twice, as columns 1 and 3.");
}

TEST(Focus, AFaultOfTheFileIsToldWithLineAndColumn)
{
    std::string file = file_of({});
    Outcome cut = read_text(file + "\"x\",\"y");
    EXPECT_EQ(cut.code, PV_CODE_INVALID_ARGUMENT);
    EXPECT_EQ(cut.rows.size(), 1u);
    EXPECT_EQ(cut.fault,
              "Line 3, column 5: The quote that opens here is not closed before the file ends.");
    EXPECT_EQ(read_text(file + "1,2\n").fault,
              "Line 3, column 4: The row ends after 2 of 12 fields.");
    EXPECT_EQ(read_text("").fault, "Line 1, column 1: The file has no rows.");
    Outcome absent = read_path("/nonexistent/file.csv");
    EXPECT_EQ(absent.code, PV_CODE_UNAVAILABLE);
    EXPECT_EQ(absent.fault, "/nonexistent/file.csv cannot be opened: No such file or directory.");
}

struct Number {
    const char *text;
    pv_focus_number_fault fault;
    const char *value;
};

const Number numbers[] = {
    {"0", PV_FOCUS_NUMBER_OK, "0"},
    {"-0.0", PV_FOCUS_NUMBER_OK, "0"},
    {"007.50", PV_FOCUS_NUMBER_OK, "7.5"},
    {".5", PV_FOCUS_NUMBER_OK, "0.5"},
    {"100", PV_FOCUS_NUMBER_OK, "100"},
    {"1e2", PV_FOCUS_NUMBER_OK, "100"},
    {"1.5E+3", PV_FOCUS_NUMBER_OK, "1500"},
    {"35.2E-7", PV_FOCUS_NUMBER_OK, "0.00000352"},
    {"-1E-18", PV_FOCUS_NUMBER_OK, "-0.000000000000000001"},
    {"0E99999999999999999999", PV_FOCUS_NUMBER_OK, "0"},
    {"999999999999999999.999999999999999999", PV_FOCUS_NUMBER_OK,
     "999999999999999999.999999999999999999"},
    {"999999999999999999999999999999999999E-18", PV_FOCUS_NUMBER_OK,
     "999999999999999999.999999999999999999"},
    {"1E17", PV_FOCUS_NUMBER_OK, "100000000000000000"},
    {"1E18", PV_FOCUS_NUMBER_TOO_LARGE, nullptr},
    {"1E99999999999999999999", PV_FOCUS_NUMBER_TOO_LARGE, nullptr},
    {"1E-99999999999999999999", PV_FOCUS_NUMBER_TOO_MANY_DECIMALS, nullptr},
    {"12345678901234567890.5", PV_FOCUS_NUMBER_TOO_LARGE, nullptr},
    {"0.0000000000000000001", PV_FOCUS_NUMBER_TOO_MANY_DECIMALS, nullptr},
    {"", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"-", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"+1", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"--1", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {".", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1.", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1.2.3", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1E", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1E-", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1E1.5", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {" 1", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"1 ", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"0x1", PV_FOCUS_NUMBER_MALFORMED, nullptr},
    {"NaN", PV_FOCUS_NUMBER_MALFORMED, nullptr},
};

TEST(FocusNumber, ReadsExactly)
{
    for (const Number &row : numbers) {
        pv_decimal value = {12345};
        EXPECT_EQ(pv_focus_number_parse(pv_view_text(row.text), &value), row.fault) << row.text;
        if (row.value != nullptr) {
            EXPECT_EQ(text_of(value), row.value) << row.text;
        } else {
            EXPECT_TRUE(value.units == 12345) << row.text;
        }
    }
}

// The real file lies in the folder PURVEY_SHARED/data; without the variable in ../shared beside the
// repository (found through the links that Bazel makes of the sources). In CI it must be there; on a
// machine without it the tests say that they did not run.
std::string real_file()
{
    const char *shared = getenv("PURVEY_SHARED");
    if (shared != nullptr) { return std::string(shared) + "/data/focus-1.0-sample.csv"; }
    char *source = realpath(__FILE__, nullptr);
    std::string path = source == nullptr ? "" : source;
    free(source);
    size_t root = path.rfind("/tests/unit/client/");
    return path.substr(0, root == std::string::npos ? 0 : root) +
           "/../shared/data/focus-1.0-sample.csv";
}

bool is_missing(const std::string &path)
{
    const char *ci = getenv("CI");
    bool in_ci = ci != nullptr && std::string(ci) == "true";
    return !in_ci && access(path.c_str(), R_OK) != 0;
}

// Runs Python with exact decimals over the CSV; the answer's lines: accepted count, sum, refused
// row numbers.
std::vector<std::string> other_program(const std::string &path)
{
    const std::string program =
        "import csv,sys\n"
        "from decimal import Decimal as D,getcontext\n"
        "getcontext().prec=60\n"
        "ok=lambda r: r['ChargeCategory']=='Usage' and D(r['BilledCost'])>=0 and "
        "r['ConsumedQuantity'] not in ('','NULL')\n"
        "rows=list(csv.DictReader(open(sys.argv[1],newline='',encoding='utf-8')))\n"
        "good=[r for r in rows if ok(r)]\n"
        "print(len(good))\n"
        "print(sum(D(r['BilledCost']) for r in good))\n"
        "print(' '.join(str(i+1) for i,r in enumerate(rows) if not ok(r)))\n";
    FILE *pipe = popen(("python3 -c \"" + program + "\" '" + path + "'").c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    std::vector<std::string> lines(1);
    for (int byte = fgetc(pipe); byte != EOF; byte = fgetc(pipe)) {
        if (byte == '\n') {
            lines.emplace_back();
        } else {
            lines.back() += static_cast<char>(byte);
        }
    }
    EXPECT_EQ(pclose(pipe), 0) << "python3 must be installed and read the file";
    lines.resize(3);
    return lines;
}

TEST(FocusRealFile, TotalsEqualAnotherProgramsToTheLastDecimal)
{
    std::string path = real_file();
    if (is_missing(path)) {
        GTEST_SKIP() << path << " is not there (PURVEY_SHARED names its folder)";
    }
    Outcome outcome = read_path(path);
    ASSERT_EQ(outcome.code, PV_CODE_OK)
        << outcome.fault << " (set PURVEY_SHARED to the folder that holds data/)";
    EXPECT_EQ(outcome.rows.size(), 1000u);
    pv_decimal sum = {0};
    std::string refused_rows;
    size_t count = 0;
    for (const Row &row : outcome.rows) {
        if (row.kind != PV_FOCUS_ACCEPTED) {
            refused_rows += (refused_rows.empty() ? "" : " ") + std::to_string(row.number);
            continue;
        }
        count++;
        pv_decimal cost = {0};
        ASSERT_TRUE(pv_decimal_parse(pv_view_text(row.cost.c_str()), &cost));
        ASSERT_TRUE(pv_decimal_add(sum, cost, &sum));
    }
    std::vector<std::string> other = other_program(path);
    EXPECT_EQ(std::to_string(count), other[0]);
    EXPECT_EQ(text_of(sum), other[1]);
    EXPECT_EQ(refused_rows, other[2]);
    EXPECT_EQ(count, 985u);
    EXPECT_EQ(text_of(sum), "23.02389802909");
}

TEST(FocusRealFile, RefusalsNameTheirColumn)
{
    std::string path = real_file();
    if (is_missing(path)) {
        GTEST_SKIP() << path << " is not there (PURVEY_SHARED names its folder)";
    }
    std::map<std::string, int> columns;
    for (const Row &row : read_path(path).rows) {
        if (row.kind != PV_FOCUS_ACCEPTED) { columns[row.column]++; }
    }
    EXPECT_EQ(columns, (std::map<std::string, int>{{"BilledCost", 12}, {"ChargeCategory", 3}}));
}

} // namespace
