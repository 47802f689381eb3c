/* charges.h — what a report comes to, for each subscription. */
#ifndef PV_SERVER_FLOWS_USAGE_CHARGES_H
#define PV_SERVER_FLOWS_USAGE_CHARGES_H

#include "purvey/usage/v1/usage_report.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the charges of a report from its sums; each is an object with its own events. ret_count
 * tells how many. */
PV_MUST_USE pv_status usage_make_charges(pv_call *call, const pv_usage_report *report,
                                         uint32_t *ret_count);

#ifdef __cplusplus
}
#endif
#endif
