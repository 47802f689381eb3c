/* portal_fixture.h — what the tests of brands, domains and portals stand on: two distributors, and how one comes to a
 * brand and a domain. */
#ifndef PV_TESTS_UNIT_FLOWS_PORTAL_FIXTURE_H
#define PV_TESTS_UNIT_FLOWS_PORTAL_FIXTURE_H

#include "tests/unit/flows/contract_fixture.h"

namespace purvey {

class Portals : public Contracts {
  protected:
    const Actor other = world.account("DISTRIBUTOR", "Deneb");
    const Actor platform = world.platform();
    const Actor nobody;

    Answer claim(const Actor &actor, const std::string &name, const std::string &more = "")
    {
        return world.call(actor, "CreateDomain",
                          json(R"({"name": %s%s})", quoted(name).c_str(), more.c_str()));
    }

    /* Puts the record of a claim into the DNS. */
    void prove(const Answer &claim)
    {
        world.dns[claim.text("domain.challenge_name")].push_back(
            claim.text("domain.challenge_value"));
    }

    Answer on_domain(const Actor &actor, const std::string &method, const std::string &id,
                     const std::string &more = "")
    {
        return world.call(actor, method,
                          json(R"({"domain_id": "%s"%s})", id.c_str(), more.c_str()));
    }

    /* Tries again, when it may be tried again. */
    Answer verify(const Actor &actor, const std::string &id)
    {
        world.advance(10000);
        return on_domain(actor, "VerifyDomain", id);
    }

    std::string state(const Actor &actor, const std::string &id)
    {
        Answer got = on_domain(actor, "GetDomain", id);
        return got.ok() ? got.text("domain.state").substr(sizeof "DOMAIN_STATE_" - 1) : got.reason;
    }

    /* The id of a verified domain of the account. */
    std::string domain(const Actor &actor, const std::string &name, const std::string &more = "")
    {
        Answer claimed = claim(actor, name, more);
        EXPECT_TRUE(claimed.ok()) << claimed.message;
        prove(claimed);
        std::string id = claimed.text("domain.id");
        EXPECT_EQ(verify(actor, id).text("domain.state"), "DOMAIN_STATE_VERIFIED");
        return id;
    }

    /* The id of a published brand of the account. */
    std::string brand(const Actor &actor, const std::string &fields)
    {
        std::string id = text(actor, "CreateBrand", "{" + fields + "}", "brand.id");
        EXPECT_TRUE(on_brand(actor, "PublishBrand", id).ok());
        return id;
    }

    Answer on_brand(const Actor &actor, const std::string &method, const std::string &id,
                    const std::string &more = "")
    {
        return world.call(actor, method, json(R"({"brand_id": "%s"%s})", id.c_str(), more.c_str()));
    }

    /* What is shown to somebody who has connected by this name. */
    Answer portal(const Actor &actor, const std::string &tls, const char *request = "{}")
    {
        return portal_by(actor, {tls, "localhost:1"}, request);
    }
    Answer portal_by(const Actor &actor, const Names &names, const char *request = "{}")
    {
        Names before = world.names;
        world.names = names;
        Answer shown = world.call(actor, "GetPortal", request);
        world.names = before;
        EXPECT_TRUE(shown.ok()) << shown.message;
        return shown;
    }
    std::string name(const Actor &actor, const std::string &tls)
    {
        return portal(actor, tls).text("portal.name");
    }
};

} // namespace purvey

#endif
