/* watched.h — a store in memory that is looked at from outside: how often it was read, every byte it holds, every
 * object with its parties. One at a time. */
#ifndef PV_TESTS_ISOLATION_WATCHED_H
#define PV_TESTS_ISOLATION_WATCHED_H

#include "protos/runtime/rules.h"
#include "storage/store.h"

#include <cstdint>
#include <string>
#include <vector>

namespace purvey {

/* An object as it is stored. */
struct Stored {
    const pv_object_info *object = nullptr;
    std::string id;
    std::string state; /* name without the enum's prefix; "" if it has none */
    std::string etag;
    std::vector<std::string> parties; /* ids of accounts */
    std::string bytes;                /* the packed message */

    bool has_party(const std::string &account_id) const;
};

class Watched {
  public:
    /* Makes the stores of every World from here on watched ones. */
    static void install();

    /* Look-ups and steps of cursors since the program began. A lookup that finds nothing counts like one that does. */
    static uint64_t reads();
    /* All keys and values, in order: a digest of them. */
    static std::string digest();
    static std::vector<Stored> objects();
    /* Rows that are no objects and belong to one: blocks of usage. Owner's id as bytes, value. */
    static std::vector<std::pair<std::string, std::string>> blocks();
    /* The id of an account or report as blocks() gives it. */
    static std::string raw_id(const std::string &id);
};

} // namespace purvey

#endif
