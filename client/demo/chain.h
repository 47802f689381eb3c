/* chain.h — the supply chain up to the point where usage can be reported: agreements signed, products listed,
 * customers subscribed. Each function prints what it does as one line of the story. Used by the
 * demonstration and by the benchmark. */
#ifndef PV_CLIENT_DEMO_CHAIN_H
#define PV_CLIENT_DEMO_CHAIN_H

#include "client/demo/actor.h"
#include "client/demo/survey.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct chain {
    struct platform *platform;
    struct survey *survey;
    actor operator_;
    actor distributor;
    actor reseller;
    actor *vendors; /* as many and in the order of survey->vendors */
    const char *hub_id;
    const char *marketplace_id;
    const char *reseller_tier_id;
    bool quiet; /* no story */
} chain;

/* One line of the story. */
__attribute__((format(printf, 2, 3))) void chain_tell(const chain *of, const char *format, ...);

/* Accounts, users and certificates of everybody; marketplace and hub. */
bool chain_people(chain *of);

/* Program, distribution and service agreements and their contracts, signed. */
bool chain_contracts(chain *of);

/* A product per vendor with one pay-as-you-go item per SKU and unit; published, proposed, listed, connected. */
bool chain_products(chain *of);

/* A customer per sub-account, a purchase per customer and vendor; the first one is inquired and answered, all
 * are approved. */
bool chain_subscriptions(chain *of);

/* Connects everybody again, after the server was started again. */
bool chain_reconnect(chain *of);

void chain_end(chain *of);

#ifdef __cplusplus
}
#endif

#endif
