/* contract_fixture.h — what the tests of the contract area stand on: a distributor with a marketplace, a vendor, a
 * reseller, and contracts in any state. */
#ifndef PV_TESTS_UNIT_FLOWS_CONTRACT_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_CONTRACT_FIXTURE_H

#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {

constexpr char kNoAgreement[] = "agr_00000000000000000000000000";

/* A distributor with a marketplace and agreements, two vendors, a reseller. */
class Contracts : public ::testing::Test {
  protected:
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "Delta");
    Actor vendor = world.account("VENDOR", "Vega");
    Actor reseller = world.account("RESELLER", "Rigel");
    std::string marketplace = text(distributor, "CreateMarketplace",
                                   R"({"name": "Store", "currency": "USD"})", "marketplace.id");

    std::string text(const Actor &actor, const std::string &method, const std::string &request,
                     const std::string &path)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_TRUE(answer.ok()) << method << " " << request << ": " << answer.reason << " "
                                 << answer.message;
        return answer.text(path);
    }

    std::string agreement(const std::string &type, const std::string &more = "")
    {
        return text(distributor, "CreateAgreement",
                    json(R"({"type": "AGREEMENT_TYPE_%s", "name": "%s terms", "activate": true%s})",
                         type.c_str(), type.c_str(), more.c_str()),
                    "agreement.id");
    }

    std::string distribution(const std::string &more = "")
    {
        return agreement("DISTRIBUTION",
                         json(R"(, "parent_agreement_id": "%s", "marketplace_id": "%s"%s)",
                              agreement("PROGRAM").c_str(), marketplace.c_str(), more.c_str()));
    }

    Answer create(const std::string &agreement_id, const Actor &partner)
    {
        return world.call(
            distributor, "CreateContract",
            json(R"({"agreement_id": "%s", "partner_id": "%s", "message": "Welcome"})",
                 agreement_id.c_str(), partner.account_id.c_str()));
    }

    Answer enroll(const std::string &agreement_id, const Actor &by)
    {
        return world.call(by, "EnrollContract",
                          json(R"({"agreement_id": "%s"})", agreement_id.c_str()));
    }

    /* The verb with the contract's present etag and whatever else it needs. */
    Answer act(const Actor &actor, const std::string &method, const std::string &contract)
    {
        std::string more;
        if (method == "CompleteEnrollment") { more = R"(, "answers": ["Yes", "No"])"; }
        if (method == "RefineContract") { more = R"(, "note": "More, please")"; }
        return world.call(actor, method,
                          json(R"({"contract_id": "%s", "etag": %s%s})", contract.c_str(),
                               etag(contract).c_str(), more.c_str()));
    }

    std::string etag(const std::string &contract)
    {
        Answer got = world.call(distributor, "GetContract",
                                json(R"({"contract_id": "%s"})", contract.c_str()));
        std::string value = got.ok() ? got.text("contract.etag") : "\"0\"";
        json_t *quoted = json_string(value.c_str());
        char *dumped = json_dumps(quoted, JSON_ENCODE_ANY);
        std::string result = dumped;
        free(dumped);
        json_decref(quoted);
        return result;
    }

    std::string state(const std::string &contract)
    {
        Answer got = world.call(distributor, "GetContract",
                                json(R"({"contract_id": "%s"})", contract.c_str()));
        return got.ok() ? got.text("contract.state").substr(sizeof "CONTRACT_STATE_" - 1)
                        : got.reason;
    }

    std::string admit_vendor()
    {
        std::string contract = create(agreement("PROGRAM"), vendor).text("contract.id");
        EXPECT_TRUE(act(vendor, "SignContract", contract).ok());
        return contract;
    }

    /* A new contract of the type in the state, on an agreement of its own; "" if the type cannot be in it. */
    std::string contract_in(const std::string &type, const std::string &wanted);
    void expect_refusal(const Actor &actor, const std::string &method, const std::string &request,
                        const std::string &reason)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_EQ(answer.reason, reason) << method << " " << request << ": " << answer.message;
    }
};

inline std::string Contracts::contract_in(const std::string &type, const std::string &wanted)
{
    static const std::string form = R"(, "enroll_questions": ["Ready?", "Sure?"])";
    bool enrolls = type == "DISTRIBUTION";
    if (!enrolls && wanted == "ENROLLING") { return ""; }
    Answer made = enrolls ? enroll(distribution(form), vendor)
                          : create(agreement(type), type == "PROGRAM" ? vendor : reseller);
    std::string contract = made.text("contract.id");
    const Actor &signer = enrolls ? distributor : type == "PROGRAM" ? vendor : reseller;
    if (enrolls && wanted != "ENROLLING") { act(vendor, "CompleteEnrollment", contract); }
    if (wanted == "ACTIVE" || wanted == "TERMINATED") { act(signer, "SignContract", contract); }
    if (wanted == "REJECTED") { act(signer, "RejectContract", contract); }
    if (wanted == "TERMINATED") { act(distributor, "TerminateContract", contract); }
    EXPECT_EQ(state(contract), wanted) << type;
    return contract;
}

} // namespace purvey

#endif
