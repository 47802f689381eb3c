/* Accounts and people of a World, made through the API as an operator makes them. */
#include "tests/unit/flows/harness.h"

namespace purvey {

std::string World::group(const Actor &of,
                         const std::vector<std::pair<std::string, std::string>> &grants)
{
    std::string list;
    for (const auto &grant : grants) {
        list += (list.empty() ? "" : ", ") + json(R"({"module": "MODULE_%s", "grant": "GRANT_%s"})",
                                                  grant.first.c_str(), grant.second.c_str());
    }
    Answer made = call(platform(), "CreateGroup",
                       json(R"({"account_id": "%s", "name": "Group", "permissions": [%s]})",
                            of.account_id.c_str(), list.c_str()));
    PV_ASSERT(made.ok());
    return made.text("group.id");
}

std::string World::administrators(const Actor &of)
{
    return call(platform(), "GetAccount", json(R"({"account_id": "%s"})", of.account_id.c_str()))
        .text("account.administrators_group_id");
}

Actor World::certify(const Actor &by, const std::string &membership_id)
{
    Answer issued =
        call(by, "IssueCertificate",
             json(R"({"membership_id": "%s", "csr_pem": "csr"})", membership_id.c_str()));
    PV_ASSERT(issued.ok());
    return Actor{issued.text("certificate.account_id"), issued.text("certificate.user_id"),
                 membership_id, issued.text("certificate.id"), issued.text("certificate.sha256")};
}

Actor World::member(const Actor &of, const std::string &group_id)
{
    Answer made = call(
        platform(), "CreateUser",
        json(
            R"({"account_id": "%s", "name": "User", "kind": "USER_KIND_SERVICE", "group_ids": ["%s"]})",
            of.account_id.c_str(), group_id.c_str()));
    PV_ASSERT(made.ok());
    return certify(platform(), made.text("membership.id"));
}

Actor World::user(const Actor &of, const std::vector<std::pair<std::string, std::string>> &grants)
{
    return member(of, group(of, grants));
}

Actor World::account(const std::string &type, const std::string &name)
{
    Answer made =
        call(platform(), "CreateAccount",
             json(R"({"type": "ACCOUNT_TYPE_%s", "name": "%s"})", type.c_str(), name.c_str()));
    PV_ASSERT(made.ok());
    Actor of = Actor{made.text("account.id"), "", "", "", ""};
    return member(of, made.text("account.administrators_group_id"));
}

} // namespace purvey
