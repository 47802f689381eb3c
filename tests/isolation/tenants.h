/* tenants.h — a platform with two supply chains that know nothing of each other, each with every kind of object in
 * every state that a method starts from, and with rivals: a second vendor, reseller and distributor that share
 * partners with the first chain. Made through the API alone, by the script below; every text that can be written is
 * a canary. The same script with another variant gives the same world but for the texts of one account. */
#ifndef PV_TESTS_ISOLATION_TENANTS_H
#define PV_TESTS_ISOLATION_TENANTS_H

#include "tests/isolation/requests.h"
#include "tests/isolation/watched.h"
#include "tests/unit/flows/harness.h"

#include <functional>

namespace purvey {

/* One supply chain. */
struct SupplyChain {
    Actor distributor;
    Actor vendor;
    Actor reseller;
    std::map<std::string, std::string> ids; /* by what the script calls them */
};

/* Who can call: an account's administrator, or somebody of it without groups. */
struct Caller {
    std::string name; /* "VENDOR" */
    int role = 0;     /* its number */
    Actor actor;
    Actor idle; /* a member without any group */
};

class Tenants {
  public:
    /* `secret`: whose texts are of the variant; "A.VENDOR" names the vendor of the first chain. */
    explicit Tenants(char variant = 'x', const std::string &secret = "",
                     std::function<void(const Tenants &)> after_each_step = nullptr);

    World world;
    Canaries canaries;
    SupplyChain first;
    SupplyChain second;
    Actor rival_vendor;      /* of the first chain's distributor */
    Actor rival_reseller;    /* likewise */
    Actor rival_distributor; /* of the first chain's vendor */

    /* By role: the operator, and the accounts of the first chain. */
    std::vector<Caller> callers() const;
    /* All accounts that take part, by name, "A.VENDOR"; and somebody without a certificate. */
    std::vector<Caller> everybody() const;
    /* Accounts of the first chain and its rivals. */
    bool in_first(const std::string &account_id) const;

    /* Names that portals were claimed under. */
    std::vector<std::string> domains;

    /* Seen by the script's steps: who called, and all that came back. */
    std::vector<std::pair<std::string, std::string>> transcript;

  private:
    Actor account(const std::string &type, const std::string &name, const std::string &secret);
    Json request(const Actor &actor, const std::string &method, const std::string &more);
    std::string done(const Actor &actor, const std::string &method, const Answer &answer,
                     const std::string &path);
    std::string make(const Actor &actor, const std::string &method, const std::string &more,
                     const std::string &path = "");
    /* A verb on an object, with its present etag where the request has one. */
    void act(const Actor &actor, const std::string &method, const std::string &id,
             const std::string &more = "{}");
    Actor idle(const Actor &of);

    void people(SupplyChain &chain, const Actor &of, const std::string &name);
    void face(const Actor &by);
    void places(SupplyChain &chain);
    void agreements(SupplyChain &chain);
    std::string offer(SupplyChain &chain, const std::string &name, const Actor &partner);
    std::string enroll(SupplyChain &chain, const std::string &name);
    void admit_vendor(SupplyChain &chain);
    void contracts(SupplyChain &chain);
    std::string product(SupplyChain &chain, const std::string &name);
    void products(SupplyChain &chain);
    void listings(SupplyChain &chain);
    std::string list(SupplyChain &chain, const std::string &product, const std::string &until);
    std::string customer(const Actor &owner, SupplyChain &chain, const std::string &name);
    std::string purchase(const Actor &by, SupplyChain &chain, const std::string &name);
    void orders(SupplyChain &chain);
    std::string report(SupplyChain &chain, const std::string &name, const std::string &until);
    void usage(SupplyChain &chain);
    void build(SupplyChain &chain);
    void rivals();

    std::map<std::string, Actor> idle_of; /* by account */
    std::function<void(const Tenants &)> after_step;
};

/* "VENDOR" of the number of a role. */
std::string role_name(int role);

/* The method of this name; it must be served. */
const pv_method_info *method_named(const std::string &name);

} // namespace purvey

#endif
