/* recipes.h — what a request needs beside what its descriptor says, so that it is answered. "?" is a place for an id;
 * ids that are required have one anyway. Each method has at least one form, most of them the empty one. */
#ifndef PV_TESTS_ISOLATION_RECIPES_H
#define PV_TESTS_ISOLATION_RECIPES_H

#include <map>
#include <string>
#include <vector>

namespace purvey {

inline const std::vector<std::string> &recipes_of(const std::string &method)
{
    static const std::vector<std::string> plain = {"{}"};
    static const char bought[] =
        R"("kind": "ORDER_KIND_PURCHASE", "product_id": "?", "marketplace_id": "?", "customer_id": "?")";
    static const char used[] = R"("record_id": "of the matrix", "quantity": "1", "amount": "1",
        "start_time": "2024-09-01T00:00:00Z", "end_time": "2024-09-01T12:00:00Z")";
    static const std::map<std::string, std::vector<std::string>> forms = {
        {"CreateAgreement",
         {R"({"type": "AGREEMENT_TYPE_PROGRAM"})",
          R"({"type": "AGREEMENT_TYPE_DISTRIBUTION", "parent_agreement_id": "?", "marketplace_id": "?"})"}},
        {"CompleteEnrollment", {R"({"answers": ["Yes"]})"}},
        {"CreateItem", {R"({"type": "ITEM_TYPE_RESERVATION", "period": "ITEM_PERIOD_MONTHLY"})"}},
        {"CreateOrder",
         {std::string("{") + bought +
              R"(, "items": [{"mpn": "SEAT", "quantity": {"value": "2"}}]})",
          std::string("{") + bought +
              R"(, "items": [{"item_id": "?", "quantity": {"value": "2"}}]})",
          R"({"kind": "ORDER_KIND_CANCEL", "subscription_id": "?"})"}},
        {"AnswerInquiry", {R"({"params": [{"name": "domain", "value": "new.example.com"}]})"}},
        {"UpdateOrderParameters", {R"({"params": [{"name": "key", "value": "new"}]})"}},
        {"InquireOrder", {R"({"flags": [{"name": "domain", "error": "Wrong"}]})"}},
        {"IssueCertificate", {R"({"csr_pem": "csr"})"}},
        {"CreateDomain", {R"({"name": "matrix.example"})"}},
        {"CreateMarketplace", {R"({"hubs": [{"hub_id": "?"}]})"}},
        {"UpdateMarketplace", {R"({"hubs": [{"hub_id": "?"}]})"}},
        {"ListAgreements", {"{}", R"({"distributor_id": "?"})"}},
        {"ListListings", {"{}", R"({"distributor_id": "?"})"}},
        {"CreateTierAccount",
         {R"({"kind": "TIER_ACCOUNT_KIND_RESELLER"})",
          R"({"kind": "TIER_ACCOUNT_KIND_CUSTOMER", "parent_id": "?"})"}},
        {"CreateUsageReport", {R"({"currency": "USD"})"}},
        {"UploadUsageRecords",
         {std::string(
              R"({"report_id": "?", "truncate": true, "records": [{"mpn": "GB", "subscription_id": "?", )") +
              used + "}]}",
          std::string(
              R"({"report_id": "?", "truncate": true, "records": [{"item_id": "?", "subscription_id": "?", )") +
              used + "}]}"}},
    };
    auto found = forms.find(method);
    return found == forms.end() ? plain : found->second;
}

} // namespace purvey

#endif
