/* Usage records: what is wrong with one, duplicates, uploads that are left, continued and replaced, reading. */
#include "tests/unit/flows/usage_fixture.h"

namespace purvey {
namespace {

TEST_F(Usage, EveryProblemOfARecordIsNamed)
{
    std::string suspended =
        subscription_in("SUSPENDED", distributor, R"(, "external_id": "S-SUSPENDED")");
    subscription_in("PROCESSING", distributor, R"(, "external_id": "S-NEW")");
    const char *times =
        R"("start_time": "2024-09-02T00:00:00Z", "end_time": "2024-09-03T00:00:00Z")";
    const char *item_and_subscription = R"("mpn": "GB", "subscription_external_id": "S-1")";
    struct Row {
        std::string fields, problems;
    } rows[] = {
        {json(R"(%s, "quantity": "1", "amount": "1", %s)", item_and_subscription, times), ""},
        {json(
             R"("item_id": "%s", "subscription_id": "%s", "quantity": "1", "amount": "1", "currency": "USD", %s)",
             gigabyte.c_str(), first.c_str(), times),
         ""},
        {json(
             R"("mpn": "GB", "subscription_external_id": "S-SUSPENDED", "quantity": "1", "amount": "1", %s)",
             times),
         ""},
        {json(R"("subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)", times),
         "FIELD_MISSING"},
        {json(
             R"("mpn": "GB", "item_id": "x", "subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)",
             times),
         "FIELD_UNEXPECTED"},
        {json(
             R"("mpn": "NONE", "subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)",
             times),
         "ITEM_UNKNOWN"},
        {json(
             R"("item_id": "nonsense", "subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)",
             times),
         "ITEM_UNKNOWN"},
        {json(
             R"("mpn": "SEAT", "subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)",
             times),
         "ITEM_NOT_METERED"},
        {json(R"("mpn": "GB", "quantity": "1", "amount": "1", %s)", times), "FIELD_MISSING"},
        {json(
             R"("mpn": "GB", "subscription_id": "x", "subscription_external_id": "S-1", "quantity": "1", "amount": "1", %s)",
             times),
         "FIELD_UNEXPECTED"},
        {json(
             R"("mpn": "GB", "subscription_external_id": "S-9", "quantity": "1", "amount": "1", %s)",
             times),
         "SUBSCRIPTION_UNKNOWN"},
        {json(R"("mpn": "GB", "subscription_id": "%s", "quantity": "1", "amount": "1", %s)",
              kNoSubscription, times),
         "SUBSCRIPTION_UNKNOWN"},
        {json(
             R"("mpn": "GB", "subscription_external_id": "S-NEW", "quantity": "1", "amount": "1", %s)",
             times),
         "SUBSCRIPTION_NOT_ACTIVE"},
        {json(R"(%s, "amount": "1", %s)", item_and_subscription, times), "FIELD_MISSING"},
        {json(R"(%s, "quantity": "1e3", "amount": "1", %s)", item_and_subscription, times),
         "NUMBER_INVALID"},
        {json(R"(%s, "quantity": "-1", "amount": "1", %s)", item_and_subscription, times),
         "NUMBER_NEGATIVE"},
        {json(R"(%s, "quantity": "0.0000000000000001", "amount": "1", %s)", item_and_subscription,
              times),
         "TOO_MANY_DECIMALS"},
        {json(R"(%s, "quantity": "1", "amount": "-0.1", %s)", item_and_subscription, times),
         "NUMBER_NEGATIVE"},
        {json(R"(%s, "quantity": "1", "amount": "1,5", %s)", item_and_subscription, times),
         "NUMBER_INVALID"},
        {json(R"(%s, "quantity": "1", "amount": "10000000000000000.1", %s)", item_and_subscription,
              times),
         "AMOUNT_TOO_LARGE"},
        {json(R"(%s, "quantity": "1", "amount": "1", "currency": "EUR", %s)", item_and_subscription,
              times),
         "CURRENCY"},
        {json(R"(%s, "quantity": "1", "amount": "1")", item_and_subscription),
         "FIELD_MISSING FIELD_MISSING"},
        {json(
             R"(%s, "quantity": "1", "amount": "1", "start_time": "2024-09-03T00:00:00Z", "end_time": "2024-09-03T00:00:00Z")",
             item_and_subscription),
         "TIME_REVERSED"},
        {json(
             R"(%s, "quantity": "1", "amount": "1", "start_time": "2024-08-31T23:59:59Z", "end_time": "2024-09-03T00:00:00Z")",
             item_and_subscription),
         "OUTSIDE_PERIOD"},
        {json(
             R"(%s, "quantity": "1", "amount": "1", "start_time": "2024-09-03T00:00:00Z", "end_time": "2024-10-01T00:00:00.5Z")",
             item_and_subscription),
         "OUTSIDE_PERIOD"},
        {json(
             R"(%s, "quantity": "1", "amount": "1", "start_time": "2024-09-03T00:00:00Z", "end_time": "2024-10-01T00:00:00Z")",
             item_and_subscription),
         ""},
        {R"("mpn": "NONE")", "ITEM_UNKNOWN FIELD_MISSING FIELD_MISSING FIELD_MISSING"},
    };
    for (const Row &row : rows) {
        std::string one =
            json(R"({"record_id": "p-%d", %s})", ++record_counter, row.fields.c_str());
        EXPECT_EQ(problems_of(one), row.problems) << one;
    }
    EXPECT_EQ(problems_of(record_named("", "S-1", "1", "1")), "FIELD_MISSING");
    EXPECT_EQ(problems_of(record_named("two\\nlines", "S-1", "1", "1")), "TEXT_INVALID");
    EXPECT_EQ(problems_of(record_named(std::string(101, 'x'), "S-1", "1", "1")), "TEXT_INVALID");
}

TEST_F(Usage, AProblemNamesFieldValueAndReason)
{
    Answer done = upload(new_report(), {record("S-1", "1", "1"), record("S-9", "1", "1")});
    EXPECT_EQ(done.text("report.stats.valid"), "1");
    EXPECT_EQ(done.text("refused.0.number"), "2");
    EXPECT_EQ(done.text("refused.0.problems.0.column"), "subscription_external_id");
    EXPECT_EQ(done.text("refused.0.problems.0.value"), "S-9");
    EXPECT_NE(done.text("refused.0.problems.0.message"), "");
    EXPECT_EQ(done.text("refused.1.number"), "");
}

TEST_F(Usage, AnEndedSubscriptionIsReportedForItsPastOnly)
{
    std::string id = subscription_in("ACTIVE", distributor, R"(, "external_id": "S-OLD")");
    std::string cancel = order(distributor, "CANCEL", id).text("order.id");
    on(vendor, "ApproveOrder", "order", cancel,
       json(R"(, "template_id": "%s", "etag": %s, "effective_time": "2024-09-10T00:00:00Z")",
            welcome.c_str(), quoted(get_order(cancel).text("order.etag")).c_str()));
    EXPECT_EQ(problems_of(record("S-OLD", "1", "1")), "");
    EXPECT_EQ(problems_of(record_named("late", "S-OLD", "1", "1")), "");
    std::string late =
        R"({"record_id": "later", "mpn": "GB", "subscription_external_id": "S-OLD", "quantity": "1",
        "amount": "1", "start_time": "2024-09-10T00:00:00Z", "end_time": "2024-09-11T00:00:00Z"})";
    EXPECT_EQ(problems_of(late), "SUBSCRIPTION_NOT_ACTIVE");
    subscription_in("TERMINATED", distributor, R"(, "external_id": "S-OLD")");
    EXPECT_EQ(problems_of(record("S-OLD", "1", "1")), "SUBSCRIPTION_AMBIGUOUS")
        << "both have ended";
    subscription_in("ACTIVE", distributor, R"(, "external_id": "S-OLD")");
    EXPECT_EQ(problems_of(record("S-OLD", "1", "1")), "") << "the live one is meant";
}

TEST_F(Usage, ASubscriptionIsFoundByAUniqueParameter)
{
    std::string domain = get_subscription(first).text("subscription.params.0.value");
    auto by = [&](const char *name, const std::string &value) {
        return json(
            R"({"record_id": "q-%d", "mpn": "GB", "subscription_parameter": "%s", "quantity": "1", "amount": "1",
                        "subscription_parameter_value": "%s", "start_time": "2024-09-02T00:00:00Z",
                        "end_time": "2024-09-03T00:00:00Z"})",
            ++record_counter, name, value.c_str());
    };
    std::string id = new_report();
    EXPECT_EQ(upload(id, {by("domain", domain), by("domain", domain)}).text("report.state"),
              "USAGE_REPORT_STATE_READY");
    EXPECT_EQ(on(vendor, "ListUsageRecords", "report", id).text("records.1.subscription_id"),
              first);
    EXPECT_EQ(problems_of(by("domain", "none.example")), "SUBSCRIPTION_UNKNOWN");
    EXPECT_EQ(problems_of(by("key", "K-1")), "SUBSCRIPTION_AMBIGUOUS") << "not unique";
    EXPECT_EQ(problems_of(by("none", "x")), "SUBSCRIPTION_AMBIGUOUS");
}

/* --- duplicates --- */

TEST_F(Usage, ARecordIdIsReportedOnce)
{
    std::string one = new_report();
    Answer twice =
        upload(one, {record_named("A", "S-1", "1", "1"), record_named("A", "S-1", "2", "1")});
    EXPECT_EQ(twice.text("refused.0.problems.0.code"), "USAGE_PROBLEM_CODE_DUPLICATE");
    EXPECT_EQ(twice.text("refused.0.problems.0.first_report_id"), one);
    EXPECT_EQ(twice.text("refused.0.problems.0.first_number"), "1");
    auto report_again = [&] {
        return upload(new_report(), {record("S-1", "1", "1"), record_named("A", "S-1", "1", "1")});
    };
    Answer other = report_again();
    EXPECT_EQ(other.text("refused.0.problems.0.first_report_id"), one)
        << "also in another report of the contract";
    /* A new upload takes its old records back. */
    EXPECT_EQ(upload(one, {record_named("B", "S-1", "1", "1")}).text("report.state"),
              "USAGE_REPORT_STATE_READY");
    Answer free = report_again();
    EXPECT_EQ(free.text("report.state"), "USAGE_REPORT_STATE_READY");
    EXPECT_EQ(upload(one, {record_named("A", "S-1", "1", "1")})
                  .text("refused.0.problems.0.first_report_id"),
              free.text("report.id"));
    /* So do rejection and deletion. */
    advance_to(free.text("report.id"), "REJECTED");
    Answer after_rejection = report_again();
    EXPECT_EQ(after_rejection.text("report.state"), "USAGE_REPORT_STATE_READY");
    act(vendor, "DeleteUsageReport", after_rejection.text("report.id"));
    EXPECT_EQ(report_again().text("report.state"), "USAGE_REPORT_STATE_READY");
}

/* --- uploads --- */

TEST_F(Usage, AnUploadThatWasLeftGoesOnBehindTheLastStoredRecord)
{
    std::string id = new_report();
    std::vector<std::string> r;
    for (int i = 0; i < 5; i++) { r.push_back(record("S-1", "1", "1")); }
    world.upload(vendor, "UploadUsageRecords",
                 {opening(id, {r[0]}), further({r[1], r[2]}, R"(, "first_number": 2)")}, true);
    EXPECT_EQ(report_state(id), "UPLOADING");
    Answer progress = on(vendor, "GetUsageUpload", "report", id);
    EXPECT_EQ(progress.text("records"), "3");
    EXPECT_EQ(progress.text("complete"), "");
    Answer gap = upload(id, {r[4]}, R"(, "first_number": 5)");
    EXPECT_EQ(gap.reason, "UPLOAD_OUT_OF_ORDER");
    EXPECT_EQ(gap.note("expected"), "4");
    EXPECT_EQ(upload(id, {r[2]}, R"(, "first_number": 3)").note("expected"), "4")
        << "stored already";
    Answer done = upload(id, {r[3], r[4]}, R"(, "first_number": 4)");
    EXPECT_EQ(done.text("stored"), "2") << done.message;
    EXPECT_EQ(done.text("report.stats.records"), "5");
    EXPECT_EQ(done.text("report.amount.amount.value"), "5");
    EXPECT_EQ(done.text("report.state"), "USAGE_REPORT_STATE_READY");
    EXPECT_EQ(on(vendor, "GetUsageUpload", "report", id).text("complete"), "true");
    EXPECT_EQ(upload(id, {record("S-2", "1", "1")}, "").text("report.amount.amount.value"), "6")
        << "and it can be added to";
}

TEST_F(Usage, ANewUploadReplacesAllRecords)
{
    std::string id = new_report();
    upload(id, {record("S-1", "1", "1"), record("S-9", "1", "1")});
    EXPECT_EQ(report_state(id), "INVALID");
    Answer done = upload(id, {record("S-2", "3", "4")});
    EXPECT_EQ(done.text("report.stats.records"), "1");
    EXPECT_EQ(done.text("report.stats.subscriptions"), "1");
    EXPECT_EQ(done.text("report.amount.amount.value"), "4");
    EXPECT_EQ(on(vendor, "ListUsageRecords", "report", id).text("records.1.number"), "");
    EXPECT_EQ(upload(id, {}).text("report.state"), "USAGE_REPORT_STATE_DRAFT")
        << "all records dropped";
    upload(id, {record("S-1", "1", "1"), record("S-1", "1", "1")});
    advance_to(id, "REJECTED");
    EXPECT_EQ(upload(id, {record("S-1", "1", "1")}, "").text("report.stats.records"), "1")
        << "after a rejection always";
}

TEST_F(Usage, OfTwoUploadsTheLaterGoesOn)
{
    std::string id = new_report();
    Answer later;
    world.meanwhile = [&] { later = upload(id, {record("S-2", "1", "1")}, ""); };
    Answer earlier =
        world.upload(vendor, "UploadUsageRecords",
                     {opening(id, {record("S-1", "1", "1")}), further({record("S-1", "1", "1")})});
    EXPECT_EQ(earlier.reason, "UPLOAD_IN_PROGRESS");
    EXPECT_EQ(earlier.note("report"), id);
    EXPECT_EQ(later.text("report.stats.records"), "2") << later.message;
    world.meanwhile = [&] { act(vendor, "DeleteUsageReport", id); };
    EXPECT_EQ(world
                  .upload(vendor, "UploadUsageRecords",
                          {opening(id, {}), further({record("S-1", "1", "1")})})
                  .reason,
              "UPLOAD_IN_PROGRESS");
    EXPECT_EQ(report_state(id), "DELETED");
}

TEST_F(Usage, OnlyTheFirstMessageNamesTheReport)
{
    std::string id = new_report();
    auto refused = [&](const std::vector<std::string> &messages) {
        EXPECT_EQ(world.upload(vendor, "UploadUsageRecords", messages).reason,
                  "UPLOAD_HEADER_INVALID");
    };
    refused({further({})});
    refused({});
    refused({json(R"({"report_id": "%s", "request_id": ""})", id.c_str())});
    refused({opening(id, {}), opening(id, {})});
    refused({opening(id, {}), further({}, R"(, "truncate": true)")});
    EXPECT_EQ(report_state(id), "UPLOADING") << "what was stored before the refusal stays";
}

TEST_F(Usage, ARetriedUploadWithTheSameRequestIdGivesTheFirstAnswer)
{
    std::string id = new_report();
    std::string message =
        opening(id, {record("S-1", "1", "1")},
                R"(, "truncate": true, "request_id": "6f0c9a0e-3d0b-4e0a-9a55-0123456789ab")");
    Answer first_time = world.upload(vendor, "UploadUsageRecords", {message});
    EXPECT_TRUE(first_time.ok());
    act(vendor, "SubmitUsageReport", id);
    Answer again = world.upload(vendor, "UploadUsageRecords", {message});
    EXPECT_TRUE(again.replayed);
    EXPECT_EQ(again.packed, first_time.packed);
}

TEST_F(Usage, TheAnswerShowsABoundedNumberOfRefusedRecords)
{
    std::vector<std::string> records;
    for (int i = 0; i < 300; i++) { records.push_back(record("S-9", "1", "1")); }
    Answer done = upload(new_report(), records);
    EXPECT_EQ(done.text("report.stats.invalid"), "300");
    EXPECT_EQ(done.text("truncated"), "true");
    EXPECT_LE(json_array_size(json_object_get(done.json.get(), "refused")), 200U);
    EXPECT_LT(done.packed.size(), 60000U) << "it is kept for replay in one row";
}

TEST_F(Usage, AReportHasAsManyItemsOfASubscriptionAsOneChargeHolds)
{
    std::vector<std::string> records;
    for (int i = 0; i <= 400; i++) {
        std::string mpn = "M" + std::to_string(i);
        item(product, mpn, kPayAsYouGo);
        std::string one = record("S-1", "1", "1");
        records.push_back(one.replace(one.find("\"GB\""), 4, "\"" + mpn + "\""));
    }
    on(vendor, "PublishProduct", "product", product);
    std::string id = new_report();
    Answer full = upload(id, records);
    EXPECT_EQ(full.text("refused.0.problems.0.code"), "USAGE_PROBLEM_CODE_REPORT_FULL");
    EXPECT_EQ(full.text("refused.0.number"), "401");
    records.pop_back();
    EXPECT_EQ(upload(id, records).text("report.stats.lines"), "400");
    advance_to(id, "CLOSED");
    Answer charge = on(vendor, "ListCharges", "report", id);
    EXPECT_EQ(charge.text("charges.0.amount.amount.value"), "400");
    EXPECT_EQ(json_array_size(json_object_get(
                  json_array_get(json_object_get(charge.json.get(), "charges"), 0), "lines")),
              400U);
}

/* --- reading --- */

/* Many records over many blocks: every number is found, no record is lost or doubled. */
TEST_F(Usage, RecordsAreReadFromAnyNumber)
{
    std::string id = new_report();
    std::vector<std::string> messages;
    const int kMessages = 8, kRecords = 500;
    for (int i = 0; i < kMessages; i++) {
        std::vector<std::string> records;
        for (int j = 0; j < kRecords; j++) {
            records.push_back(record(j % 100 == 99 ? "S-9"
                                     : j % 2 == 0  ? "S-1"
                                                   : "S-2",
                                     "0.5", "0.25"));
        }
        messages.push_back(i == 0 ? opening(id, records) : further(records));
    }
    Answer done = world.upload(vendor, "UploadUsageRecords", messages);
    EXPECT_EQ(done.text("report.stats.records"), "4000") << done.message;
    EXPECT_EQ(done.text("report.stats.invalid"), "40");
    EXPECT_EQ(done.text("report.amount.amount.value"), "990");
    for (int after : {0, 1, 99, 499, 500, 501, 2345, 3999}) {
        Answer page = on(vendor, "ListUsageRecords", "report", id,
                         json(R"(, "after_number": %d, "page_size": 3)", after));
        EXPECT_EQ(page.text("records.0.number"), std::to_string(after + 1));
        EXPECT_EQ(page.text("next_after_number"),
                  after + 3 < 4000 ? std::to_string(after + 3) : "");
    }
    EXPECT_EQ(
        on(vendor, "ListUsageRecords", "report", id, R"(, "after_number": 4000)").text("records"),
        "");
    EXPECT_EQ(on(vendor, "ListUsageRecords", "report", id, R"(, "after_number": 4001)").reason,
              "RECORD_NUMBER_UNKNOWN");
    Answer invalid = on(vendor, "ListUsageRecords", "report", id,
                        R"(, "only_invalid": true, "page_size": 1000)");
    EXPECT_EQ(json_array_size(json_object_get(invalid.json.get(), "records")), 40U);
    EXPECT_EQ(invalid.text("records.39.number"), "4000");
    for (int after : {0, 2000}) {
        int expected = after;
        for (const Answer &part :
             world.pull(vendor, "ExportUsageRecords",
                        json(R"({"report_id": "%s", "after_number": %d})", id.c_str(), after))) {
            size_t count = json_array_size(json_object_get(part.json.get(), "records"));
            EXPECT_EQ(part.text("records.0.number"), std::to_string(expected + 1));
            expected += static_cast<int>(count);
        }
        EXPECT_EQ(expected, 4000);
    }
    EXPECT_EQ(world
                  .pull(vendor, "ExportUsageRecords",
                        json(R"({"report_id": "%s", "after_number": 9999})", id.c_str()))
                  .back()
                  .note("records"),
              "4000");
    EXPECT_EQ(world.pull(vendor, "ExportUsageRecords", json(R"({"report_id": "%s"})", kNoReport))
                  .back()
                  .reason,
              "NOT_FOUND");
    world.meanwhile = [&] { upload(id, {record("S-1", "1", "1")}); };
    EXPECT_EQ(world.pull(vendor, "ExportUsageRecords", json(R"({"report_id": "%s"})", id.c_str()))
                  .back()
                  .reason,
              "UPLOAD_IN_PROGRESS");
    EXPECT_EQ(on(vendor, "GetUsageUpload", "report", id).text("records"), "1");
}

TEST_F(Usage, AnUploadIsOneEventAtItsBeginningAndOneAtItsEnd)
{
    std::string id = new_report();
    auto events = [&] {
        return json_array_size(json_object_get(
            world.call(vendor, "ListEvents", R"({"page_size": 1000})").json.get(), "events"));
    };
    size_t before = events();
    world.upload(
        vendor, "UploadUsageRecords",
        {opening(id, {record("S-1", "1", "1")}), further({record("S-1", "1", "1")}), further({})});
    EXPECT_EQ(events(), before + 2);
}

} // namespace
} // namespace purvey
