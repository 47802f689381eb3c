/* check.h — what is wrong with one usage record. */
#ifndef PV_SERVER_FLOWS_USAGE_CHECK_H
#define PV_SERVER_FLOWS_USAGE_CHECK_H

#include "server/flows/usage/resolve.h"
#include "server/flows/usage/seen.h"
#include "server/flows/usage/sums.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { USAGE_PROBLEMS_MAX = 4 };

/* What the records of a report are held against. */
typedef struct usage_rules {
    pv_id report;
    pv_id contract;
    pv_usage_schema schema;
    const char *currency;
    int64_t start_utc_ns;
    int64_t end_utc_ns;
} usage_rules;

/* A record with its verdict. */
typedef struct usage_verdict {
    pv_usage_record record; /* as it is to be stored */
    pv_usage_problem *problems[USAGE_PROBLEMS_MAX];
    usage_item item;
    usage_subscription subscription;
    char quantity[PV_DECIMAL_TEXT_SIZE]; /* the numbers of the record in canonical form */
    char amount[PV_DECIMAL_TEXT_SIZE];
} usage_verdict;

/* Checks one record, whose id was that of the record `first` before it if that is somebody's, and adds it to
 * the sums if nothing is wrong with it. The verdict borrows from the record; its problems live in
 * call->scratch. */
PV_MUST_USE pv_status usage_check(pv_call *call, const usage_rules *rules, usage_resolver *resolver,
                                  usage_sums *sums, const pv_usage_record *record, uint64_t number,
                                  usage_seen first, usage_verdict *ret_verdict);

#ifdef __cplusplus
}
#endif
#endif
