/* Usage reports and charges: the verbs, what a report needs, exact sums, reading. */
#include "tests/unit/flows/usage_fixture.h"

namespace purvey {
namespace {

/* --- states --- */

TEST_F(Usage, EveryVerbOfAReportFromEveryStateByEveryRole)
{
    struct Row {
        const char *method, *caller, *from, *to;
    } rows[] = {
        {"UploadUsageRecords", "VENDOR", "DRAFT UPLOADING INVALID READY REJECTED", "READY"},
        {"SubmitUsageReport", "VENDOR", "READY", "PENDING"},
        {"AcceptUsageReport", "DISTRIBUTOR", "PENDING", "ACCEPTED"},
        {"RejectUsageReport", "DISTRIBUTOR", "PENDING", "REJECTED"},
        {"CloseUsageReport", "DISTRIBUTOR", "ACCEPTED", "CLOSED"},
        {"DeleteUsageReport", "VENDOR", "DRAFT UPLOADING INVALID READY", "DELETED"},
    };
    const std::string submitted = "PENDING ACCEPTED REJECTED CLOSED";
    for (const char *from : {"DRAFT", "UPLOADING", "INVALID", "READY", "PENDING", "ACCEPTED",
                             "REJECTED", "CLOSED", "DELETED"}) {
        for (const Row &row : rows) {
            for (const char *role : {"VENDOR", "DISTRIBUTOR", "RESELLER"}) {
                std::string id = report_in(from);
                bool hidden = role == std::string("DISTRIBUTOR") && !has_word(submitted, from);
                std::string reason = role != std::string(row.caller) ? "ROLE_MAY_NOT_CALL"
                                     : hidden                        ? "NOT_FOUND"
                                     : !has_word(row.from, from)     ? "STATE_FORBIDS"
                                                                     : "";
                Answer answer = act(actor(role), row.method, id);
                EXPECT_EQ(answer.reason, reason)
                    << row.method << " from " << from << " as " << role << " " << answer.message;
                EXPECT_EQ(report_state(id), reason.empty() ? row.to : from) << row.method;
            }
        }
    }
}

TEST_F(Usage, EveryVerbKnowsAbsentReportsAndStaleEtags)
{
    struct Row {
        const char *method, *from, *more;
    } rows[] = {
        {"SubmitUsageReport", "READY", ""},
        {"AcceptUsageReport", "PENDING", ""},
        {"RejectUsageReport", "PENDING", R"(, "note": "x")"},
        {"CloseUsageReport", "ACCEPTED", R"(, "external_billing_id": "B-1")"},
        {"DeleteUsageReport", "READY", ""},
    };
    for (const Row &row : rows) {
        std::string method = row.method;
        bool sells = method == "SubmitUsageReport" || method == "DeleteUsageReport";
        const Actor &by = sells ? vendor : distributor;
        std::string stale = row.more + std::string(R"(, "etag": "\"0\"")");
        EXPECT_EQ(on(by, method, "report", kNoReport, stale).reason, "NOT_FOUND") << method;
        std::string id = report_in(row.from);
        Answer refused = on(by, method, "report", id, stale);
        EXPECT_EQ(refused.reason, "ETAG_MISMATCH") << method << refused.message;
        EXPECT_EQ(refused.note("etag"), get_report(id).text("report.etag"));
    }
    EXPECT_EQ(on(distributor, "AcceptUsageReport", "report", report_in("PENDING")).reason,
              "INVALID_FIELD")
        << "acceptance costs money: the etag is required";
    EXPECT_EQ(upload(kNoReport, {}).reason, "NOT_FOUND");
}

/* --- creation --- */

TEST_F(Usage, AReportIsOfAListedProductUnderADistributionContract)
{
    auto create = [&](const std::string &of, const std::string &under, const std::string &currency,
                      const char *from, const char *to) {
        return world.call(
            vendor, "CreateUsageReport",
            json(R"({"product_id": "%s", "contract_id": "%s", "name": "x", "currency": "%s",
                                   "period_start": "%s", "period_end": "%s"})",
                 of.c_str(), under.c_str(), currency.c_str(), from, to));
    };
    const char *start = "2024-09-01T00:00:00Z";
    const char *end = "2024-10-01T00:00:00Z";
    EXPECT_EQ(create(kNoProduct, distribution, "USD", start, end).reason, "NOT_FOUND");
    EXPECT_EQ(create(product, "con_00000000000000000000000000", "USD", start, end).reason,
              "NOT_FOUND");
    EXPECT_EQ(create(product, service, "USD", start, end).reason, "NOT_FOUND")
        << "another's contract";
    EXPECT_EQ(create(product, program, "USD", start, end).reason, "DISTRIBUTION_CONTRACT_MISSING");
    EXPECT_EQ(create(published(), distribution, "USD", start, end).reason, "USAGE_SCHEMA_MISSING");
    std::string elsewhere = distribute(new_marketplace());
    EXPECT_EQ(create(product, elsewhere, "USD", start, end).reason, "PRODUCT_NOT_LISTED");
    EXPECT_EQ(create(product, distribution, "EUR", start, end).note("currencies"), "USD");
    EXPECT_EQ(create(product, distribution, "USD", end, start).reason, "USAGE_PERIOD_INVALID");
    EXPECT_EQ(create(product, distribution, "USD", start, start).reason, "USAGE_PERIOD_INVALID");
    EXPECT_EQ(create(product, distribution, "USD", start, "2025-09-03T00:00:00Z").reason,
              "USAGE_PERIOD_INVALID");
    EXPECT_TRUE(create(product, distribution, "USD", start, "2025-09-02T00:00:00Z").ok());
    std::string keyed = new_report(R"(, "external_id": "U-1")");
    EXPECT_EQ(world.call(vendor, "CreateUsageReport", report_request(R"(, "external_id": "U-1")"))
                  .note("existing_id"),
              keyed);
    /* Live subscriptions still take usage when the sale has ended. */
    carry_out("REMOVE", product);
    terminate(distribution);
    EXPECT_TRUE(world.call(vendor, "CreateUsageReport", report_request()).ok());
}

/* --- who sees what --- */

TEST_F(Usage, TheDistributorSeesAReportWhenItIsSubmitted)
{
    std::string id = report_in("READY");
    EXPECT_EQ(on(distributor, "GetUsageReport", "report", id).reason, "NOT_FOUND");
    EXPECT_EQ(on(distributor, "ListUsageRecords", "report", id).reason, "NOT_FOUND");
    EXPECT_EQ(world.call(distributor, "ListUsageReports", "{}").text("reports.0.id"), "");
    act(vendor, "SubmitUsageReport", id);
    EXPECT_EQ(on(distributor, "GetUsageReport", "report", id).text("report.state"),
              "USAGE_REPORT_STATE_PENDING");
    EXPECT_EQ(world.call(distributor, "ListUsageReports", R"({"filter": "state = PENDING"})")
                  .text("reports.0.id"),
              id);
    EXPECT_EQ(on(distributor, "ListUsageRecords", "report", id).text("records.0.state"),
              "USAGE_RECORD_STATE_PENDING");
    for (const Actor &who :
         {world.account("VENDOR", "Other"), world.account("DISTRIBUTOR", "Elsewhere")}) {
        EXPECT_EQ(on(who, "GetUsageReport", "report", id).reason, "NOT_FOUND");
        EXPECT_EQ(world.pull(who, "ExportUsageRecords", json(R"({"report_id": "%s"})", id.c_str()))
                      .back()
                      .reason,
                  "NOT_FOUND");
        EXPECT_EQ(on(who, "ListCharges", "report", id).reason, "NOT_FOUND");
        EXPECT_EQ(world.pull(who, "ExportCharges", json(R"({"report_id": "%s"})", id.c_str()))
                      .back()
                      .reason,
                  "NOT_FOUND");
    }
    EXPECT_EQ(on(world.account("VENDOR", "Third"), "GetUsageUpload", "report", id).reason,
              "NOT_FOUND");
}

TEST_F(Usage, RecordsTakeTheStateOfTheirReport)
{
    for (const char *state : {"PENDING", "ACCEPTED", "REJECTED", "CLOSED"}) {
        std::string id = report_in(state);
        EXPECT_EQ(on(distributor, "ListUsageRecords", "report", id).text("records.0.state"),
                  std::string("USAGE_RECORD_STATE_") + state);
    }
    EXPECT_EQ(on(vendor, "ListUsageRecords", "report", report_in("READY")).text("records.0.state"),
              "USAGE_RECORD_STATE_VALID");
    EXPECT_EQ(
        on(vendor, "ListUsageRecords", "report", report_in("INVALID")).text("records.0.state"),
        "USAGE_RECORD_STATE_INVALID");
}

/* --- charges --- */

TEST_F(Usage, ChargesAreTheExactSumsOfTheRecords)
{
    std::string id = new_report();
    Answer done =
        upload(id, {record("S-1", "0.1", "0.00000000001"), record("S-2", "1", "2.5"),
                    record("S-1", "0.200000000000005", "0.10000000002"), record("S-1", "0", "0")});
    EXPECT_EQ(done.text("report.stats.records"), "4") << done.message;
    EXPECT_EQ(done.text("report.stats.subscriptions"), "2");
    EXPECT_EQ(done.text("report.amount.amount.value"), "2.60000000003");
    advance_to(id, "ACCEPTED");
    EXPECT_EQ(on(distributor, "ListCharges", "report", id).text("charges.0.id"), "") << "not yet";
    Answer closed = act(distributor, "CloseUsageReport", id);
    EXPECT_EQ(closed.text("charge_count"), "2");
    EXPECT_EQ(closed.text("report.external_billing_id"), "B-1");
    Answer charges = on(distributor, "ListCharges", "report", id);
    int of_first = charges.text("charges.0.subscription_id") == first ? 0 : 1;
    auto field = [&](int index, const char *path) {
        return charges.text(json("charges.%d.%s", index, path));
    };
    EXPECT_EQ(field(of_first, "amount.amount.value"), "0.10000000003");
    EXPECT_EQ(field(of_first, "amount.currency"), "USD");
    EXPECT_EQ(field(of_first, "lines.0.quantity.value"), "0.300000000000005");
    EXPECT_EQ(field(of_first, "lines.0.item_id"), gigabyte);
    EXPECT_EQ(field(of_first, "record_count"), "3");
    EXPECT_EQ(field(of_first, "customer_name"), "Acme");
    EXPECT_EQ(field(of_first, "external_billing_id"), "B-1");
    EXPECT_EQ(field(1 - of_first, "subscription_id"), second);
    EXPECT_EQ(field(1 - of_first, "subscription_external_id"), "S-2");
    EXPECT_EQ(field(1 - of_first, "amount.amount.value"), "2.5");
    std::string charge = field(0, "id");
    EXPECT_EQ(on(vendor, "GetCharge", "charge", charge).text("charge.report_id"), id);
    EXPECT_EQ(on(world.account("VENDOR", "Other"), "GetCharge", "charge", charge).reason,
              "NOT_FOUND");
    EXPECT_EQ(world
                  .call(vendor, "ListCharges",
                        json(R"({"filter": "subscription_id = %s"})", second.c_str()))
                  .text("charges.0.subscription_id"),
              second);
    std::vector<Answer> all =
        world.pull(vendor, "ExportCharges", json(R"({"report_id": "%s"})", id.c_str()));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].text("charges.0.id"), charge);
    EXPECT_EQ(all[0].text("charges.1.id"), field(1, "id"));
    std::vector<Answer> rest = world.pull(
        vendor, "ExportCharges",
        json(R"({"report_id": "%s", "after_charge_id": "%s"})", id.c_str(), charge.c_str()));
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].text("charges.0.id"), field(1, "id"));
}

TEST_F(Usage, TheSchemaSaysWhichAmountsThereAre)
{
    struct Row {
        const char *schema, *right, *wrong, *problem;
    } rows[] = {
        {"QT", R"("amount": "")", R"("amount": "1")", "FIELD_UNEXPECTED"},
        {"CR", R"("amount": "1")", R"("amount": "")", "FIELD_MISSING"},
        {"PR", R"("amount": "1")", R"("amount": "1", "tier_amounts": [{"tier": 0, "amount": "1"}])",
         "FIELD_UNEXPECTED"},
        {"TR",
         R"("amount": "", "tier_amounts": [{"tier": 0, "amount": "3"}, {"tier": 1, "amount": "2.5"}])",
         R"("amount": "", "tier_amounts": [{"tier": 3, "amount": "1"}])", "FIELD_UNEXPECTED"},
        {"TR", R"("amount": "", "tier_amounts": [{"tier": 2, "amount": "1"}])", R"("amount": "")",
         "FIELD_MISSING"},
        {"TR", R"("amount": "", "tier_amounts": [{"tier": 1, "amount": "1"}])",
         R"("amount": "", "tier_amounts": [{"tier": 1, "amount": "x"}])", "NUMBER_INVALID"},
    };
    for (const Row &row : rows) {
        product = sell(json(R"({"usage_schema": "USAGE_SCHEMA_%s"})", row.schema));
        std::string mine = subscription_in("ACTIVE", distributor);
        auto with = [&](const char *amounts) {
            return json(
                R"({"record_id": "%s", "mpn": "GB", "subscription_id": "%s", "quantity": "2", %s,
                            "start_time": "2024-09-02T00:00:00Z", "end_time": "2024-09-03T00:00:00Z"})",
                ("s-" + std::to_string(++record_counter)).c_str(), mine.c_str(), amounts);
        };
        EXPECT_EQ(problems_of(with(row.wrong)), row.problem) << row.schema << row.wrong;
        std::string id = new_report();
        Answer done = upload(id, {with(row.right)});
        EXPECT_EQ(done.text("report.state"), "USAGE_REPORT_STATE_READY")
            << row.schema << done.text("refused");
        advance_to(id, "CLOSED");
        Answer charges = on(vendor, "ListCharges", "report", id);
        bool rated = row.schema == std::string("CR") || row.schema == std::string("PR");
        EXPECT_EQ(charges.text("charges.0.amount.amount.value"), rated ? "1" : "") << row.schema;
        EXPECT_EQ(done.text("report.amount.amount.value"), rated ? "1" : "");
        EXPECT_EQ(charges.text("charges.0.lines.0.quantity.value"), "2");
        EXPECT_EQ(charges.text("charges.0.tier_amounts.0.amount") != "",
                  row.schema == std::string("TR"));
    }
}

TEST_F(Usage, AChargeThatIsNoDecimalCannotBeBilled)
{
    item(product, "TB", kPayAsYouGo);
    on(vendor, "PublishProduct", "product", product);
    const std::string most = "10000000000000000";
    std::vector<std::string> records;
    for (int i = 0; i < 99; i++) {
        records.push_back(record("S-1", "1", most));
        std::string other = record("S-1", "1", most);
        records.push_back(other.replace(other.find("\"GB\""), 4, "\"TB\""));
    }
    std::string id = new_report();
    Answer done = upload(id, records);
    EXPECT_EQ(done.text("report.state"), "USAGE_REPORT_STATE_READY") << done.text("refused.0");
    EXPECT_EQ(done.text("report.amount"), "") << "there is no such total";
    advance_to(id, "ACCEPTED");
    EXPECT_EQ(act(distributor, "CloseUsageReport", id).reason, "CHARGE_TOO_LARGE");
    EXPECT_EQ(report_state(id), "ACCEPTED");
    records = {record("S-1", "1", most)};
    for (int i = 0; i < 99; i++) { records.push_back(record("S-1", "1", most)); }
    Answer sum = upload(new_report(), records);
    EXPECT_EQ(sum.text("report.stats.invalid"), "1");
    EXPECT_EQ(sum.text("refused.0.number"), "100");
    EXPECT_EQ(sum.text("refused.0.problems.0.code"), "USAGE_PROBLEM_CODE_SUM_TOO_LARGE");
}

} // namespace
} // namespace purvey
