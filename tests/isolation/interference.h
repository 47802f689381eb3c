/* interference.h — two worlds that differ in one tenant's secrets alone, as everybody else sees them. What others are
 * answered must not differ, except for secrets that stand in an object of which they are a party, or that they may be
 * shown (ObjectRule.shown_to) by somebody they have contracts with: the protos say so, not this test. */
#ifndef PV_TESTS_ISOLATION_INTERFERENCE_H
#define PV_TESTS_ISOLATION_INTERFERENCE_H

#include "tests/isolation/tenants.h"

namespace purvey {

/* One answer that somebody was given. */
struct Seen {
    std::string question;
    std::string bytes;
    bool served; /* not a refusal */
};

/* Everything that can be read, as one observer reads it: each Get of each id there is, its own or not, each List in
 * small pages, each export, the feed, and who it is. `filters`: also each List by each text that is indexed. */
std::vector<Seen> look_around(Tenants &tenants, const Actor &observer, bool filters);

/* Where canaries and ids have stood in the store, and who may see them there. */
class Places {
  public:
    /* Adds what the store holds now. */
    void note(const Tenants &tenants);

    /* Whether a row of which the account is a party has held the canary. */
    bool is_party(const std::string &canary, const std::string &account_id) const;
    /* Whether a row that accounts of the role may be shown has held it, in this supply chain or those beside it. */
    bool may_be_shown(const std::string &canary, bool in_first, int role) const;
    /* Names the fields as they are now, "Item[DRAFT].name". */
    void settle();
    /* Those that held the canary when they were settled. */
    const std::set<std::string> &fields(const std::string &canary) const;

  private:
    struct Place {
        std::set<std::string> parties;
        uint64_t shown_to[2] = {0, 0}; /* roles; [1]: in the first supply chain */
        std::set<std::string> fields;
    };
    std::map<std::string, Place> places;
    std::set<std::string> noted; /* id and etag */
};

/* One of the two worlds. */
struct Survey {
    /* `before_reading` is run between the script and the look around. */
    Survey(char variant, const std::string &secret,
           const std::function<void(Tenants &)> &before_reading = nullptr);

    struct Observer {
        std::string name;
        int role;
        Actor actor;
        std::vector<Seen> seen;
    };
    Places places;
    Tenants tenants;
    std::vector<Observer> observers; /* everybody but the one with the secrets */
};

/* What is wrong with what the observers saw: differences, and secrets that nobody declared. */
std::vector<std::string> interference(const Survey &one, const Survey &other);

/* Ids that an observer was given of objects that it neither is a party of nor may be shown, and that stand in none of
 * those. Ids of users aside: an event says who acted, also of another account. */
std::vector<std::string> strange_ids(const Survey &survey);

/* What of objects is seen by whom that is no party of them: for each observer how many ids of each kind, and lines like
 * "Item[PUBLISHED].name  DISTRIBUTOR,RESELLER". */
std::vector<std::string> shown_fields(const Survey &run, std::vector<std::string> &faults);

} // namespace purvey

#endif
