/* watched.h — a store in memory that is looked at from outside: how often it was read, every byte it holds, every
 * object with its parties. One at a time. */
#ifndef PV_TESTS_ISOLATION_WATCHED_H
#define PV_TESTS_ISOLATION_WATCHED_H

#include "base/id.h"
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

/* A row of usage, which belongs to a report. */
struct Block {
    pv_id owner;
    std::string bytes;
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
    static std::vector<Block> blocks();
};

} // namespace purvey

#endif
