// The access table, row by row: closed unless a row opens it.
#include "server/identity/access.h"

#include "tests/unit/identity/crypto.h"

namespace purvey {
namespace {

constexpr uint64_t Bit(unsigned role)
{
    return UINT64_C(1) << role;
}

struct Row {
    const char *name;
    uint32_t flags;
    uint64_t roles;
    uint8_t module;
    uint8_t grant;
    int role;     // of the caller; -1: no caller
    uint8_t held; // the caller's grant in ORDER
    const char *reason;
};

const Row kRows[] = {
    {"PublicNeedsNobody", PV_METHOD_PUBLIC, 0, 0, 0, -1, 0, ""},
    {"AnyNeedsACaller", PV_METHOD_ANY, 0, 0, 0, -1, 0, "NO_CERTIFICATE"},
    {"AnyTakesEveryRole", PV_METHOD_ANY, 0, 0, 0, PV_ACCOUNT_TYPE_RESELLER, 0, ""},
    {"AnyWithModuleNeedsTheGrant", PV_METHOD_ANY, 0, PV_MODULE_ORDER, PV_GRANT_VIEW,
     PV_ACCOUNT_TYPE_VENDOR, 0, "GRANT_MISSING"},
    {"AnyWithModuleAndGrant", PV_METHOD_ANY, 0, PV_MODULE_ORDER, PV_GRANT_VIEW,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_VIEW, ""},
    {"RoleNamed", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_ACT,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_ACT, ""},
    {"StrongerGrantIncludesWeaker", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_VIEW,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_MANAGE, ""},
    {"WeakerGrantIsNotEnough", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_ACT,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_VIEW, "GRANT_MISSING"},
    {"RoleNotNamed", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_VIEW,
     PV_ACCOUNT_TYPE_DISTRIBUTOR, PV_GRANT_MANAGE, "ROLE_MAY_NOT_CALL"},
    {"TheOperatorIsNoExceptionEither", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER,
     PV_GRANT_VIEW, PV_ACCOUNT_TYPE_OPERATOR, PV_GRANT_MANAGE, "ROLE_MAY_NOT_CALL"},
    {"RoleComesBeforeGrant", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_ACT,
     PV_ACCOUNT_TYPE_DISTRIBUTOR, 0, "ROLE_MAY_NOT_CALL"},
    {"EmptyRowIsClosed", 0, 0, 0, 0, PV_ACCOUNT_TYPE_OPERATOR, PV_GRANT_MANAGE,
     "ROLE_MAY_NOT_CALL"},
    {"NoRolesIsClosed", 0, 0, PV_MODULE_ORDER, PV_GRANT_VIEW, PV_ACCOUNT_TYPE_OPERATOR,
     PV_GRANT_MANAGE, "ROLE_MAY_NOT_CALL"},
    {"RolesWithoutModuleIsClosed", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), 0, 0, PV_ACCOUNT_TYPE_VENDOR,
     PV_GRANT_MANAGE, "ROLE_MAY_NOT_CALL"},
    {"ModuleWithoutGrantIsClosed", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, 0,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_MANAGE, "GRANT_MISSING"},
    {"UnknownModuleIsClosed", PV_METHOD_ANY, 0, PV_MODULES_MAX, PV_GRANT_VIEW,
     PV_ACCOUNT_TYPE_VENDOR, PV_GRANT_MANAGE, "GRANT_MISSING"},
    {"RoleZeroIsNobody", 0, Bit(PV_ACCOUNT_TYPE_VENDOR), PV_MODULE_ORDER, PV_GRANT_VIEW, 0,
     PV_GRANT_MANAGE, "ROLE_MAY_NOT_CALL"},
};

class Access : public testing::TestWithParam<Row> {};

TEST_P(Access, Rule)
{
    const Row &row = GetParam();
    pv_method_info method = {};
    method.path = "/purvey.order.v1.OrderService/TryOrder";
    method.name = "TryOrder";
    method.flags = row.flags;
    method.roles = row.roles;
    method.module = row.module;
    method.grant = row.grant;
    pv_caller caller = {};
    caller.role = static_cast<uint8_t>(row.role < 0 ? 0 : row.role);
    caller.grants[PV_MODULE_ORDER] = row.held;
    const pv_caller *who = row.role < 0 ? nullptr : &caller;
    Memory memory;
    EXPECT_EQ(pv_is_ok(pv_access_check(&method, who, &memory.error)),
              std::string(row.reason).empty());
    EXPECT_EQ(memory.Reason(), row.reason);
    EXPECT_EQ(pv_access_permits(&method, who), std::string(row.reason).empty());
}

INSTANTIATE_TEST_SUITE_P(Identity, Access, testing::ValuesIn(kRows),
                         [](const auto &test) { return std::string(test.param.name); });

std::string Note(const Memory &memory, const char *key)
{
    for (size_t i = 0; i < memory.error.metadata_count; i++) {
        if (strcmp(memory.error.metadata[i].key, key) == 0) {
            return memory.error.metadata[i].value;
        }
    }
    return "";
}

TEST(AccessRefusal, NamesWhatWouldHelp)
{
    pv_method_info method = {};
    method.path = "/purvey.order.v1.OrderService/ApproveOrder";
    method.name = "ApproveOrder";
    method.roles = Bit(PV_ACCOUNT_TYPE_VENDOR) | Bit(PV_ACCOUNT_TYPE_DISTRIBUTOR);
    method.module = PV_MODULE_ORDER;
    method.grant = PV_GRANT_ACT;
    pv_caller caller = {};
    caller.role = PV_ACCOUNT_TYPE_RESELLER;
    Memory role;
    EXPECT_EQ(pv_access_check(&method, &caller, &role.error).code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(Note(role, "method"), "purvey.order.v1.OrderService/ApproveOrder");
    EXPECT_EQ(Note(role, "role"), "RESELLER");
    EXPECT_EQ(Note(role, "roles"), "VENDOR, DISTRIBUTOR");
    EXPECT_EQ(role.Message(),
              "ApproveOrder may be called by VENDOR, DISTRIBUTOR; you are RESELLER.");
    caller.role = PV_ACCOUNT_TYPE_VENDOR;
    caller.grants[PV_MODULE_ORDER] = PV_GRANT_VIEW;
    Memory grant;
    EXPECT_EQ(pv_access_check(&method, &caller, &grant.error).code, PV_CODE_PERMISSION_DENIED);
    EXPECT_EQ(Note(grant, "module"), "ORDER");
    EXPECT_EQ(Note(grant, "grant"), "ACT");
    EXPECT_EQ(grant.Message(),
              "ApproveOrder needs the grant ACT in the module ORDER; you have VIEW.");
}

} // namespace
} // namespace purvey
