/* usage.h — the usage part of the story: each vendor uploads one report per billing period, the distributor accepts and
 * closes it, charges come out. */
#ifndef PV_CLIENT_DEMO_USAGE_H
#define PV_CLIENT_DEMO_USAGE_H

#include "client/demo/chain.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One charge, as the distributor sees it after closing. */
typedef struct usage_charge {
    size_t vendor;
    const char *customer;
    const char *sub_account; /* external id of the subscription */
    const char *subscription_id;
    const char *period; /* "2024-09" of the billing period */
    const char *currency;
    pv_decimal amount;
    uint64_t records;
} usage_charge;

typedef struct usage_charges {
    usage_charge *rows;
    size_t count;
} usage_charges;

/* Uploads, accepts and closes every report of the survey and collects the charges. Records that the server refuses
 * are added to the survey's refusals, and the report is uploaded again without them. With `crash` the server
 * is killed in the middle of the first upload, started again, and the upload is resumed. */
bool usage_bill(chain *of, bool crash, usage_charges *ret_charges);

#ifdef __cplusplus
}
#endif

#endif
