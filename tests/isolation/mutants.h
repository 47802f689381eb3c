/* mutants.h — faults that can be planted while the program runs: functions of the server are taken at the link
 * (-Wl,--wrap) and do wrong when told to. */
#ifndef PV_TESTS_ISOLATION_MUTANTS_H
#define PV_TESTS_ISOLATION_MUTANTS_H

namespace purvey {

enum class Mutant {
    kNone,
    kEverybodyIsAParty,  /* who is a party of an object is not looked at */
    kRefusalTells,       /* NOT_FOUND names the revision of an object that is there */
    kExistenceCosts,     /* what is there is read once more */
    kRefusalIsNoted,     /* NOT_FOUND leaves a row in the store */
    kFieldsUnchecked,    /* field rules do not hold */
    kAccessOpen,         /* who has no rights may call */
    kListsOfTheOperator, /* a list is that of the operator */
    kFeedOfTheOperator,  /* so is a feed */
    kTokensUnbound,      /* a token is good for everybody */
    kAnswersShared,      /* a kept answer is not kept for its user alone */
};

/* Plants one; until the next. */
void plant(Mutant mutant);
/* The account that kListsOfTheOperator and kFeedOfTheOperator show. */
void plant_account(const char *account_id);

} // namespace purvey

#endif
