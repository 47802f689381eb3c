/* create.h — making orders; see OrderService.CreateOrder. */
#ifndef PV_SERVER_FLOWS_ORDER_CREATE_H
#define PV_SERVER_FLOWS_ORDER_CREATE_H

#include "purvey/order/v1/order_service.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A purchase, with its new subscription. */
PV_MUST_USE pv_status pv_create_purchase(pv_call *call, const pv_create_order_request *request,
                                         pv_order **ret_order);

/* An order of another kind for an existing subscription. */
PV_MUST_USE pv_status pv_create_for_subscription(pv_call *call,
                                                 const pv_create_order_request *request,
                                                 pv_order **ret_order);

#ifdef __cplusplus
}
#endif
#endif
