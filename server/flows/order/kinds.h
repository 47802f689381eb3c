/* kinds.h — which order a subscription in which state allows, and what an order of a
 * kind takes. */
#ifndef PV_SERVER_FLOWS_ORDER_KINDS_H
#define PV_SERVER_FLOWS_ORDER_KINDS_H

#include "purvey/order/v1/order_service.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "CHANGE". */
const char *pv_order_kind_name(pv_order_kind kind);

/* Refuses a kind that is not offered (ORDER_KIND_UNSUPPORTED), and a request with a field that its
 * kind does not take or without one that it needs (ORDER_INPUT_INVALID). */
PV_MUST_USE pv_status pv_order_check_input(pv_call *call, const pv_create_order_request *request);

/* Refuses with ORDER_INPUT_INVALID. */
__attribute__((format(printf, 4, 5))) PV_MUST_USE pv_status pv_order_input_invalid(
    pv_call *call, pv_order_kind kind, const char *field, const char *format, ...);

/* Refuses unless the subscription's state allows an order of the kind; says in the metadata whether
 * the subscription is already where the order would bring it. ORDER_KIND_FORBIDDEN. */
PV_MUST_USE pv_status pv_order_check_kind(pv_call *call, const pv_subscription *subscription,
                                          pv_order_kind kind);

/* Whether the table allows it, for tests. */
bool pv_order_kind_allowed(pv_subscription_state state, pv_order_kind kind);

#ifdef __cplusplus
}
#endif
#endif
