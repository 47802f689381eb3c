/* contract_fixture.h — what the tests of the contract area stand on: a distributor with a marketplace, a vendor, a
 * reseller, and contracts in any state. */
#ifndef PV_TESTS_UNIT_FLOWS_CONTRACT_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_CONTRACT_FIXTURE_H

#include "tests/unit/flows/chain_fixture.h"

namespace purvey {

constexpr char kNoAgreement[] = "agr_00000000000000000000000000";

/* A distributor with a marketplace and agreements, a vendor, a reseller. */
class Contracts : public Chain {
  protected:
    std::string marketplace = text(distributor, "CreateMarketplace",
                                   R"({"name": "Store", "currency": "USD"})", "marketplace.id");

    std::string distribution(const std::string &more = "")
    {
        return agreement("DISTRIBUTION",
                         json(R"(, "parent_agreement_id": "%s", "marketplace_id": "%s"%s)",
                              agreement("PROGRAM").c_str(), marketplace.c_str(), more.c_str()));
    }

    /* The verb with the contract's present etag and whatever else it needs. */
    Answer act(const Actor &actor, const std::string &method, const std::string &contract)
    {
        std::string more;
        if (method == "CompleteEnrollment") { more = R"(, "answers": ["Yes", "No"])"; }
        if (method == "RefineContract") { more = R"(, "note": "More, please")"; }
        return on_contract(actor, method, contract, more);
    }

    std::string state(const std::string &contract)
    {
        Answer got = on(distributor, "GetContract", "contract", contract);
        return got.ok() ? got.text("contract.state").substr(sizeof "CONTRACT_STATE_" - 1)
                        : got.reason;
    }

    std::string admit_vendor() { return contract("PROGRAM", vendor); }

    /* A new contract of the type in the state, on an agreement of its own; "" if the type cannot be in it. */
    std::string contract_in(const std::string &type, const std::string &wanted);
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
