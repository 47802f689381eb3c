/* items.h — what an order does to the items of its subscription. Messages live in call->arena. */
#ifndef PV_SERVER_FLOWS_ORDER_ITEMS_H
#define PV_SERVER_FLOWS_ORDER_ITEMS_H

#include "purvey/order/v1/order_service.pv.h"
#include "server/flows/flow.h"
#include "server/flows/product/products.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Items of one subscription, so that an order stays below the 64 KiB of a stored object. */
enum { PV_ORDER_ITEMS_MAX = 400 };

/* Puts the request's items into order->items, which hold the subscription's items before: each new
 * one is looked up in the product version of the order, and its quantity checked. Items without a
 * quantity before and after are left out. ret_changed tells whether anything differs. ITEM_UNKNOWN,
 * QUANTITY_INVALID, ORDER_INPUT_INVALID. */
PV_MUST_USE pv_status pv_items_merge(pv_call *call, const pv_product *product,
                                     const pv_create_order_request *request, pv_order *order,
                                     bool *ret_changed);

/* Takes the subscription's items over as those before and after the order. */
PV_MUST_USE pv_status pv_items_start(pv_call *call, const pv_subscription *subscription,
                                     pv_order *order);

/* Gives the subscription what the order has. */
PV_MUST_USE pv_status pv_items_apply(pv_call *call, const pv_order *order,
                                     pv_subscription *subscription);

#ifdef __cplusplus
}
#endif
#endif
