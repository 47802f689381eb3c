/* account_fixture.h — a world with a vendor and a reseller, for the tests of accounts and of certificates. */
#ifndef PV_TESTS_UNIT_FLOWS_ACCOUNT_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_ACCOUNT_FIXTURE_H

#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

#include <functional>

namespace purvey {

class AccountFlow : public testing::Test {
  protected:
    // Text of a Get or verb whose request has only an id.
    static std::string Id(const char *field, const std::string &id)
    {
        return json(R"({"%s": "%s"})", field, id.c_str());
    }

    Answer Revoke(const Actor &by, const std::string &certificate_id)
    {
        return world.call(
            by, "RevokeCertificate",
            json(R"({"certificate_id": "%s", "reason": "lost"})", certificate_id.c_str()));
    }

    World world;
    const Actor platform = world.platform();
    const Actor vendor = world.account("VENDOR", "Vega");
    const Actor reseller = world.account("RESELLER", "Rigel");
};

} // namespace purvey

#endif
