/* The access table, row by row: every method of every service, called by every kind of account and by users with too
 * weak a grant. Decided before a byte of the request is read, so that empty requests do. */
#include "purvey/catalog.pv.h"
#include "purvey/common/v1/vocabulary.pv.h"
#include "tests/unit/flows/harness.h"

#include <gtest/gtest.h>

namespace purvey {
namespace {

const char *const kRoles[] = {"", "OPERATOR", "VENDOR", "DISTRIBUTOR", "RESELLER"};
const char *const kModules[] = {"", "ACCOUNT", "CONTRACT", "PRODUCT", "ORDER", "USAGE", "AUDIT"};
const char *const kGrants[] = {"", "VIEW", "ACT", "MANAGE"};

template <typename Visit> void each_method(Visit visit)
{
    for (size_t i = 0; i < pv_catalog__service_count; i++) {
        for (size_t j = 0; j < pv_catalog__services[i]->method_count; j++) {
            visit(pv_catalog__services[i]->methods[j]);
        }
    }
}

/* The reason an empty call is refused with; any other than one of access counts as admitted. */
std::string reason_of(World &world, const Actor &actor, const pv_method_info &method)
{
    switch (method.kind) {
    case PV_METHOD_UNARY: return world.call_packed(actor, method.name, "").reason;
    case PV_METHOD_CLIENT_STREAM: return world.upload(actor, method.name, {"{}"}).reason;
    case PV_METHOD_SERVER_STREAM:
    case PV_METHOD_BIDI_STREAM: break;
    }
    std::vector<Answer> answers = world.pull(actor, method.name, "{}");
    return answers.empty() ? "" : answers[0].reason;
}

TEST(Access, EveryMethodRefusesEveryRoleItDoesNotName)
{
    World world;
    const Actor actors[] = {Actor(), world.platform(), world.account("VENDOR", "V"),
                            world.account("DISTRIBUTOR", "D"), world.account("RESELLER", "R")};
    each_method([&](const pv_method_info &method) {
        for (int role = PV_ACCOUNT_TYPE_OPERATOR; role <= PV_ACCOUNT_TYPE_RESELLER; role++) {
            bool allowed = (method.flags & (PV_METHOD_ANY | PV_METHOD_PUBLIC)) != 0 ||
                           (method.roles >> role & 1) != 0;
            std::string reason = reason_of(world, actors[role], method);
            EXPECT_EQ(reason == "ROLE_MAY_NOT_CALL", !allowed)
                << kRoles[role] << " calls " << method.name << ": " << reason;
            EXPECT_NE(reason, "GRANT_MISSING") << kRoles[role] << " calls " << method.name;
        }
    });
}

TEST(Access, EveryMethodRefusesAGrantThatIsTooWeak)
{
    World world;
    each_method([&](const pv_method_info &method) {
        if ((method.flags & (PV_METHOD_ANY | PV_METHOD_PUBLIC)) != 0) { return; }
        int role = PV_ACCOUNT_TYPE_OPERATOR;
        while ((method.roles >> role & 1) == 0) { role++; }
        Actor manager =
            role == PV_ACCOUNT_TYPE_OPERATOR ? world.platform() : world.account(kRoles[role], "A");
        /* Everything but what the method needs: the other modules entirely, its own one step too weak. */
        std::vector<std::pair<std::string, std::string>> grants;
        for (int module = PV_MODULE_ACCOUNT; module <= PV_MODULE_AUDIT; module++) {
            int grant = module == method.module ? method.grant - 1 : PV_GRANT_MANAGE;
            if (grant > 0) { grants.emplace_back(kModules[module], kGrants[grant]); }
        }
        EXPECT_EQ(reason_of(world, world.user(manager, grants), method), "GRANT_MISSING")
            << method.name;
    });
}

TEST(Access, NoMethodIsServedWithoutACertificate)
{
    World world;
    each_method([&](const pv_method_info &method) {
        if ((method.flags & PV_METHOD_PUBLIC) != 0) { return; }
        EXPECT_EQ(reason_of(world, Actor(), method), "NO_CERTIFICATE") << method.name;
        Actor stranger;
        stranger.sha256 = std::string(64, 'a');
        EXPECT_EQ(reason_of(world, stranger, method), "CERTIFICATE_UNKNOWN") << method.name;
    });
}

} // namespace
} // namespace purvey
