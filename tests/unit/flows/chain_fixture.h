/* chain_fixture.h — what the tests of every area above accounts stand on: a distributor, a vendor and a reseller,
 * agreements and contracts between them. */
#ifndef PV_TESTS_UNIT_FLOWS_CHAIN_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_CHAIN_FIXTURE_H

#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {

class Chain : public ::testing::Test {
  protected:
    World world;
    Actor distributor = world.account("DISTRIBUTOR", "Delta");
    Actor vendor = world.account("VENDOR", "Vega");
    Actor reseller = world.account("RESELLER", "Rigel");

    /* What stands at the path of the answer to a call that must succeed. */
    std::string text(const Actor &actor, const std::string &method, const std::string &request,
                     const std::string &path)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_TRUE(answer.ok()) << method << " " << request << ": " << answer.reason << " "
                                 << answer.message;
        return answer.text(path);
    }

    Answer expect_refusal(const Actor &actor, const std::string &method, const std::string &request,
                          const std::string &reason)
    {
        Answer answer = world.call(actor, method, request);
        EXPECT_EQ(answer.reason, reason) << method << " " << request << ": " << answer.message;
        return answer;
    }

    /* The text as JSON; an etag has quotes in itself. */
    static std::string quoted(const std::string &value)
    {
        json_t *string = json_string(value.c_str());
        char *dumped = json_dumps(string, JSON_ENCODE_ANY);
        std::string result = dumped;
        free(dumped);
        json_decref(string);
        return result;
    }

    /* A new agreement with an active version; `more` begins with a comma. */
    std::string agreement(const std::string &type, const std::string &more = "")
    {
        return text(distributor, "CreateAgreement",
                    json(R"({"type": "AGREEMENT_TYPE_%s", "name": "%s terms", "activate": true%s})",
                         type.c_str(), type.c_str(), more.c_str()),
                    "agreement.id");
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

    /* The method on the object with this id: on(vendor, "PublishProduct", "product", id). */
    Answer on(const Actor &actor, const std::string &method, const std::string &noun,
              const std::string &id, const std::string &more = "")
    {
        return world.call(actor, method,
                          json(R"({"%s_id": "%s"%s})", noun.c_str(), id.c_str(), more.c_str()));
    }

    /* A verb on a contract, with its present etag. */
    Answer on_contract(const Actor &actor, const std::string &method, const std::string &id,
                       const std::string &more = "")
    {
        Answer got = on(distributor, "GetContract", "contract", id);
        std::string etag = got.ok() ? got.text("contract.etag") : "\"0\"";
        return on(actor, method, "contract", id, R"(, "etag": )" + quoted(etag) + more);
    }

    /* An active contract on a new agreement of the distributor's. */
    std::string contract(const std::string &type, const Actor &partner)
    {
        std::string id = create(agreement(type), partner).text("contract.id");
        EXPECT_TRUE(on_contract(partner, "SignContract", id).ok());
        return id;
    }
};

} // namespace purvey

#endif
