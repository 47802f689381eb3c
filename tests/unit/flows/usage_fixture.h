/* usage_fixture.h — what the tests of usage stand on: two active subscriptions of a product with a usage schema, and
 * reports for September 2024 in any state. */
#ifndef PV_TESTS_UNIT_FLOWS_USAGE_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_USAGE_FIXTURE_H

#include "tests/unit/flows/order_fixture.h"

namespace purvey {

constexpr char kNoReport[] = "urp_00000000000000000000000000";

class Usage : public Orders {
  protected:
    std::string first = subscription_in("ACTIVE", distributor, R"(, "external_id": "S-1")");
    std::string second = subscription_in("ACTIVE", reseller, R"(, "external_id": "S-2")");
    int record_counter = 0;

    std::string report_request(const std::string &more = "")
    {
        return json(
            R"({"product_id": "%s", "contract_id": "%s", "name": "September", "currency": "USD",
                        "period_start": "2024-09-01T00:00:00Z", "period_end": "2024-10-01T00:00:00Z"%s})",
            product.c_str(), distribution.c_str(), more.c_str());
    }

    std::string new_report(const std::string &more = "")
    {
        return text(vendor, "CreateUsageReport", report_request(more), "report.id");
    }

    /* A record of gigabytes with an id of its own. */
    std::string record(const std::string &subscription, const std::string &quantity,
                       const std::string &amount, const std::string &more = "")
    {
        return record_named("r-" + std::to_string(++record_counter), subscription, quantity, amount,
                            more);
    }

    static std::string record_named(const std::string &id, const std::string &subscription,
                                    const std::string &quantity, const std::string &amount,
                                    const std::string &more = "")
    {
        return json(
            R"({"record_id": "%s", "mpn": "GB", "subscription_external_id": "%s", "quantity": "%s",
                        "amount": "%s", "start_time": "2024-09-02T00:00:00Z", "end_time": "2024-09-03T00:00:00Z"%s})",
            id.c_str(), subscription.c_str(), quantity.c_str(), amount.c_str(), more.c_str());
    }

    static std::string joined(const std::vector<std::string> &records)
    {
        std::string list;
        for (const std::string &one : records) { list += (list.empty() ? "" : ", ") + one; }
        return "[" + list + "]";
    }

    /* The first message of an upload, and a further one. */
    static std::string opening(const std::string &report, const std::vector<std::string> &records,
                               const std::string &more = R"(, "truncate": true)")
    {
        return R"({"report_id": ")" + report + R"(", "records": )" + joined(records) + more + "}";
    }

    static std::string further(const std::vector<std::string> &records,
                               const std::string &more = "")
    {
        return R"({"request_id": "", "records": )" + joined(records) + more + "}";
    }

    Answer upload(const std::string &report, const std::vector<std::string> &records,
                  const std::string &more = R"(, "truncate": true)")
    {
        return world.upload(vendor, "UploadUsageRecords", {opening(report, records, more)});
    }

    /* Uploads one record and gives the codes of its problems, in order. */
    std::string problems_of(const std::string &one)
    {
        Answer done = upload(new_report(), {one});
        EXPECT_TRUE(done.ok()) << done.reason << " " << done.message << one;
        std::string codes;
        for (int i = 0; i < 4; i++) {
            std::string code = done.text(json("refused.0.problems.%d.code", i));
            if (code.empty()) { break; }
            codes += (codes.empty() ? "" : " ") + code.substr(sizeof "USAGE_PROBLEM_CODE_" - 1);
        }
        EXPECT_EQ(done.text("report.state"),
                  codes.empty() ? "USAGE_REPORT_STATE_READY" : "USAGE_REPORT_STATE_INVALID");
        return codes;
    }

    Answer get_report(const std::string &id) { return on(vendor, "GetUsageReport", "report", id); }

    std::string report_state(const std::string &id)
    {
        return get_report(id).text("report.state").substr(sizeof "USAGE_REPORT_STATE_" - 1);
    }

    /* A verb with all it needs, so that nothing but the report's state stands in its way. */
    Answer act(const Actor &actor, const std::string &method, const std::string &id)
    {
        if (method == "UploadUsageRecords") {
            return world.upload(actor, method, {opening(id, {record("S-1", "1", "2")})});
        }
        std::string more;
        if (method == "AcceptUsageReport" || method == "CloseUsageReport") {
            more = R"(, "etag": )" + quoted(get_report(id).text("report.etag"));
        }
        if (method == "RejectUsageReport") { more = R"(, "note": "Too much")"; }
        if (method == "CloseUsageReport") { more += R"(, "external_billing_id": "B-1")"; }
        return on(actor, method, "report", id, more);
    }

    /* Brings a report with records behind it as far as the state. */
    void advance_to(const std::string &id, const std::string &state)
    {
        act(vendor, "SubmitUsageReport", id);
        if (state == "REJECTED") { act(distributor, "RejectUsageReport", id); }
        if (state == "ACCEPTED" || state == "CLOSED") { act(distributor, "AcceptUsageReport", id); }
        if (state == "CLOSED") {
            Answer closed = act(distributor, "CloseUsageReport", id);
            EXPECT_TRUE(closed.ok()) << closed.message;
        }
        EXPECT_EQ(report_state(id), state);
    }

    std::string report_in(const std::string &state)
    {
        std::string id = new_report();
        if (state == "DRAFT") { return id; }
        if (state == "UPLOADING") {
            world.upload(vendor, "UploadUsageRecords", {opening(id, {record("S-1", "1", "2")})},
                         true);
        } else {
            upload(id, {record(state == "INVALID" ? "S-9" : "S-1", "1", "2")});
        }
        if (state == "DELETED") { act(vendor, "DeleteUsageReport", id); }
        if (state == "PENDING" || state == "ACCEPTED" || state == "REJECTED" || state == "CLOSED") {
            advance_to(id, state);
        }
        EXPECT_EQ(report_state(id), state);
        return id;
    }
};

} // namespace purvey

#endif
