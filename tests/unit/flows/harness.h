/* harness.h — the whole domain inside a test: real store, real pipeline, real flows; no gRPC, no TLS, no threads, a
 * clock and random source of the test's own. Requests and answers are JSON texts, as the command line
 * client would write them.
 *
 *   World world;
 *   Actor vendor = world.account("VENDOR", "Vega");
 *   Answer made = world.call(vendor, "CreateProduct", R"({"name": "Mail"})");
 *   EXPECT_EQ(made.text("product.state"), "PRODUCT_STATE_DRAFT");
 *   EXPECT_EQ(world.call(vendor, "GetProduct", R"({"product_id": "prd_..."})").reason, "NOT_FOUND");   */
#ifndef PV_TESTS_UNIT_FLOWS_HARNESS_H
#define PV_TESTS_UNIT_FLOWS_HARNESS_H

#include "base/id.h"
#include "base/status.h"
#include "base/time.h"
#include "protos/runtime/rules.h"
#include "server/flows/resolver.h"
#include "server/pipeline/pipeline.h"
#include "storage/store.h"

#include <jansson.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace purvey {

constexpr int64_t kDayMs = INT64_C(24) * 3600 * 1000;
constexpr int64_t kKeepDays = 7; /* retention of a World */

/* A user of an account with a certificate. */
struct Actor {
    std::string account_id;
    std::string user_id;
    std::string membership_id;
    std::string certificate_id;
    std::string sha256; /* of the certificate: 64 hexadecimal digits; empty: no certificate */
};

/* The names by which a client has connected. */
struct Names {
    std::string tls; /* SNI; empty: none */
    std::string authority = "localhost";
};

/* What came back. */
struct Answer {
    pv_code code = PV_CODE_OK;
    std::string reason;
    std::string message;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::vector<std::pair<std::string, std::string>> violations; /* subject, description */
    std::shared_ptr<json_t> json;
    std::string packed; /* the packed reply, for byte comparisons */
    std::string whole;  /* all that a refusal tells, to its last word */
    bool replayed = false;

    bool ok() const { return code == PV_CODE_OK; }
    /* Value at a path like "orders.0.id" as text; "" if there is none. */
    std::string text(const std::string &path) const;
    std::string note(const std::string &key) const; /* of the metadata */
};

class World {
  public:
    explicit World(
        uint32_t attempts_per_minute = 0); /* of a source without a certificate; 0: any number */
    ~World();
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    const Actor &platform() const; /* the operator's first user */
    /* A new account of this type with one administrator. */
    Actor account(const std::string &type, const std::string &name);
    /* A further user of the actor's account, in a group of its own with these grants: {{"ORDER", "VIEW"}, ...}. */
    Actor user(const Actor &of, const std::vector<std::pair<std::string, std::string>> &grants);
    /* A further user of the actor's account in this group. */
    Actor member(const Actor &of, const std::string &group_id);
    /* A certificate for a membership, with all its rights; the answer's metadata tells who is refused. */
    Actor certify(const Actor &by, const std::string &membership_id);
    /* A new group of the actor's account, and its group Administrators. */
    std::string group(const Actor &of,
                      const std::vector<std::pair<std::string, std::string>> &grants);
    std::string administrators(const Actor &of);

    /* A unary call. A request_id is made up when the request has the field and the JSON does not say. */
    Answer call(const Actor &actor, const std::string &method, const std::string &json);
    /* One of several calls that wait together. */
    struct Waiting {
        Actor actor;
        std::string method;
        std::string json;
    };
    /* Unary writes that were admitted one after the other, wait in the queue together and are committed together. */
    std::vector<Answer> burst(const std::vector<Waiting> &calls);
    /* The same for one caller and method. */
    std::vector<Answer> burst(const Actor &actor, const std::string &method,
                              const std::vector<std::string> &requests);
    /* The same with packed bytes instead of JSON, for malformed input. */
    Answer call_packed(const Actor &actor, const std::string &method, const std::string &bytes);
    /* A client stream: its messages, then half-close. With `abandon` the client goes away instead. */
    Answer upload(const Actor &actor, const std::string &method,
                  const std::vector<std::string> &messages, bool abandon = false);
    /* A server stream, pulled until it ends, has nothing more, or is refused: then that is the last answer. */
    std::vector<Answer> pull(const Actor &actor, const std::string &method,
                             const std::string &json);

    /* Makes the store of every World that is made from then on; as it is, one in memory. */
    static std::function<pv_store *()> &opener();

    /* Run once, after the first message of the next stream: what others do meanwhile. */
    std::function<void()> meanwhile;
    /* Accounts that were told since the last clear() that rights in them may have changed. */
    std::set<std::string> told;
    /* Run once, after the next call was admitted and before its transaction is opened. */
    std::function<void()> between;
    /* By which the next calls come. */
    Names names;
    /* The DNS: texts at names, or the code that every question is answered with instead. */
    std::map<std::string, std::vector<std::string>> dns;
    pv_code dns_gives = PV_CODE_OK;
    /* Run once, while the next question to the DNS waits for its answer. */
    std::function<void()> asked;
    /* What every unary call was answered from the last clear() on, as bytes. */
    std::string transcript;

    /* From now on the authority reads requests but signs nothing; or it signs again. */
    void authority_down(bool down);
    /* Notes a refusal for the audit trail, as others than calls do. */
    void note(const pv_note &note);
    /* Has the committer do what is left: write notes. */
    void settle();
    /* Deletes what is older than kKeepDays days: events, answers and audit entries alike. */
    void prune();
    /* Runs the committer's thread until a condition holds, for ten seconds at the most. */
    bool run_committer_until(const std::function<bool()> &condition);
    /* Trusts the authority that issued every certificate of this world no longer, or again. */
    void refuse_issuer(bool refused);
    pv_store *store() const;
    /* Overwrites the stored row of an object with bytes that are none. */
    void damage(const pv_object_info *object, const std::string &id);
    /* Makes the content of an account's audit entry number n no entry any more. */
    void damage_audit(const std::string &account_id, uint64_t number);
    void advance(int64_t milliseconds);
    pv_time now() const;

    /* What any World of this process saw, to be compared with the generated tables: "Method REASON" of every
     * refusal, "Method OK" of every success, "Method Object FROM>TO" of every state change ("" for absent). */
    static const std::set<std::string> &seen();

  private:
    void record_changes(const Actor &actor);
    static void run_once(std::function<void()> &hook);
    static pv_resolved resolve(const pv_resolver *resolver, const char *name, pv_arena *arena);

    struct State;
    std::unique_ptr<State> state;
};

/* A JSON text from printf-like pieces: json(R"({"id": "%s"})", id.c_str()). */
__attribute__((format(printf, 1, 2))) std::string json(const char *format, ...);

} // namespace purvey

#endif
