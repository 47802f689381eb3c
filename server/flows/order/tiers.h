/* tiers.h — tier accounts as orders use them. Messages live in call->arena. */
#ifndef PV_SERVER_FLOWS_ORDER_TIERS_H
#define PV_SERVER_FLOWS_ORDER_TIERS_H

#include "purvey/order/v1/tier_account.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Refuses with TIER_ACCOUNT_UNUSABLE. */
__attribute__((format(printf, 3, 4))) PV_MUST_USE pv_status
pv_tier_unusable(pv_call *call, const char *tier_account_id, const char *format, ...);

/* An active tier account of the caller of this kind. NOT_FOUND, TIER_ACCOUNT_UNUSABLE. */
PV_MUST_USE pv_status pv_tier_find(pv_call *call, const char *id, pv_tier_account_kind kind,
                                   pv_tier_account **ret_account);

/* The chain of an order: the customer, its reseller, and the reseller above that one, as they are
 * now with their contacts. NOT_FOUND, TIER_ACCOUNT_UNUSABLE. */
PV_MUST_USE pv_status pv_tiers_of_customer(pv_call *call, const char *customer_id,
                                           pv_tiers **ret_tiers);

/* A copy without contacts, for the subscription. */
PV_MUST_USE pv_status pv_tiers_without_contacts(pv_call *call, const pv_tiers *tiers,
                                                pv_tiers **ret_tiers);

#ifdef __cplusplus
}
#endif
#endif
