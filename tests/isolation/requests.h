/* requests.h — requests of any method, made from the descriptors: which fields hold ids, and a text for every field
 * that takes one. A new method or field is in the tests of isolation without a word written here.
 *
 * Texts are canaries: each is told from all others and says whose secret it is, so that a search of answered bytes
 * finds what should not be there. */
#ifndef PV_TESTS_ISOLATION_REQUESTS_H
#define PV_TESTS_ISOLATION_REQUESTS_H

#include "protos/runtime/rules.h"

#include <jansson.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace purvey {

/* A JSON object: what a request is written in. Objects that are assigned are one; copy() makes another. */
class Json {
  public:
    Json() : value(json_object(), json_decref) {}
    /* Of a text that must be a JSON object. */
    Json(const char *text); // NOLINT: tests read better with the text alone
    Json(const std::string &text) : Json(text.c_str()) {}
    static Json of(json_t *borrowed); /* a copy */
    Json copy() const { return of(value.get()); }
    void remove_everywhere(const std::string &key);
    /* Path in dots: "hubs.0.hub_id"; objects and lists on the way are made. */
    void set(const std::string &path, const std::string &text);
    void set(const std::string &path, json_t *stolen);
    json_t *get(const std::string &path) const; /* nullptr: there is none */
    std::string text(const std::string &path) const;
    /* Everything of `other`, objects merged; null removes. */
    void merge(const Json &other);
    std::string dump() const;

  private:
    std::shared_ptr<json_t> value;
};

/* A field of a request that names an object. */
struct IdField {
    std::string path;   /* as Json takes it: "hubs.0.hub_id" */
    std::string name;   /* as errors name it: "hubs[0].hub_id" */
    std::string prefix; /* of the ids */
    bool ruled =
        false; /* the field rule demands a canonical id; else it is known by its name alone */
    bool required = false;
};

/* All of a message, also in parts and lists of parts. */
std::vector<IdField> id_fields(const pv_message_info *message);

/* Where texts come from. Two runs with another `variant` differ in the texts of one account alone, and in these only
 * in letters and digits that stay of one length. */
class Canaries {
  public:
    explicit Canaries(char of) : variant(of) {}
    /* The account whose texts differ between the runs. */
    std::string secret_account;
    /* A new canary of this account: "zq", the variant or 'x', four digits, "zq". */
    std::string next(const std::string &account);
    /* A new number of this account, told from all others, as text: "710071000017". */
    std::string number(const std::string &account);

    static constexpr size_t kSize = 9;
    /* All canaries, texts and numbers, that stand in these bytes. */
    static std::set<std::string> in(const std::string &bytes);
    /* Whether this is one of the secret account. */
    bool is_secret(const std::string &canary) const;
    /* What the secret is in the world of `other`. */
    static std::string counterpart(std::string canary, const Canaries &other);

  private:
    std::string head() const;

    char variant;
    int count = 0;
};

/* All ids of objects that stand in these bytes. */
std::set<std::string> ids_in(const std::string &bytes);

/* How much of a request to fill. */
enum class Fill { kRequired, kEverything };

/* A request with values in its fields, but for ids, request_id, etag, and what steers the call. Values of enums are
 * their first; texts are canaries of the account. */
Json fill_request(const pv_message_info *message, Fill how, const std::string &account,
                  Canaries &canaries);

/* Fields of the message itself that are enums and required, with the names of their values. */
std::map<std::string, std::vector<std::string>> required_enums(const pv_message_info *message);

} // namespace purvey

#endif
