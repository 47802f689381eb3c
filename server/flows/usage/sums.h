/* sums.h — what the valid records of a report come to, for each subscription and item, kept up
 * to date with every record so that closing a report need not read its records again. Lives in
 * the stream's arena; what a step has changed is written with the step.
 *
 * Limits: a charge is an object with its events in one transaction, so a report has at most
 * USAGE_SUBSCRIPTIONS_MAX subscriptions; a charge is at most 64 KiB, hence
 * USAGE_CHARGE_LINES_MAX. */
#ifndef PV_SERVER_FLOWS_USAGE_SUMS_H
#define PV_SERVER_FLOWS_USAGE_SUMS_H

#include "base/decimal.h"
#include "server/flows/usage/bytes.h"
#include "server/flows/usage/ledger.h"
#include "server/flows/usage/table.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    USAGE_TIERS = 3,
    USAGE_SUBSCRIPTIONS_MAX = 1000,
    USAGE_CHARGE_LINES_MAX = 400,
    USAGE_LINES_MAX = 20000
};

/* The sum for one item of one subscription. */
typedef struct usage_line {
    pv_id subscription;
    pv_id item;
    pv_decimal quantity;
    pv_decimal amounts[USAGE_TIERS]; /* of CR and PR the first one only */
    uint64_t records;
} usage_line;

/* Lines lie packed in blocks behind the record blocks, under the same owner. */
#define USAGE_FIRST_SUM_BLOCK (UINT32_C(1) << 31)
enum { USAGE_LINE_SIZE = 2 * PV_ID_SIZE + (1 + USAGE_TIERS) * 16 + 8 };
usage_line usage_line_take(usage_cursor *cursor);
uint8_t *usage_line_put(uint8_t *to, const usage_line *line);

typedef struct usage_sums usage_sums;

/* No sums yet. */
PV_MUST_USE pv_status usage_sums_create(pv_call *call, uint64_t seed, usage_sums **ret_sums);

/* Replaces all by what is stored. */
PV_MUST_USE pv_status usage_sums_load(pv_call *call, usage_sums *sums, pv_id report,
                                      const usage_ledger *ledger);

/* Why a record cannot be added. */
typedef enum usage_sum_fault {
    USAGE_SUM_OK = 0,
    USAGE_SUM_FULL = 1,     /* one subscription or line too many */
    USAGE_SUM_OVERFLOW = 2, /* the sum leaves the range of a decimal */
    USAGE_SUM_MEMORY = 3    /* the stream's arena is used up */
} usage_sum_fault;

/* Adds a record: `addend` holds subscription, item, quantity and amounts. Nothing is changed on a
 * fault. */
usage_sum_fault usage_sums_add(usage_sums *sums, const usage_line *addend);

/* Writes what has changed since the last time, and the counts into the ledger. */
PV_MUST_USE pv_status usage_sums_save(pv_call *call, usage_sums *sums, pv_id report,
                                      usage_ledger *ledger);

uint32_t usage_sums_count(const usage_sums *sums);
const usage_line *usage_sums_at(const usage_sums *sums, uint32_t index);

/* The sum of all amounts of the first tier; false if it leaves the range. */
PV_MUST_USE bool usage_sums_total(const usage_sums *sums, pv_decimal *ret_total);

#ifdef __cplusplus
}
#endif
#endif
