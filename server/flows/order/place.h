/* place.h — where a purchase is made: is the product listed on the marketplace, may the caller
 * order there, under which contract, over which connection? */
#ifndef PV_SERVER_FLOWS_ORDER_PLACE_H
#define PV_SERVER_FLOWS_ORDER_PLACE_H

#include "purvey/order/v1/order_service.pv.h"
#include "server/flows/flow.h"
#include "server/flows/product/products.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills parties, product, version, marketplace, contract and connection of a purchase.
 * NOT_FOUND, PRODUCT_NOT_LISTED, SERVICE_CONTRACT_MISSING, DISTRIBUTION_CONTRACT_MISSING,
 * CONNECTION_MISSING. */
PV_MUST_USE pv_status pv_place_purchase(pv_call *call, const pv_create_order_request *request,
                                        pv_order *order, pv_product **ret_product);

/* Number of the product version that is on sale where the subscription was ordered, if it is newer
 * than the subscription's; else that. */
PV_MUST_USE pv_status pv_place_version(pv_call *call, const pv_subscription *subscription,
                                       const pv_product *product, uint32_t *ret_version);

#ifdef __cplusplus
}
#endif
#endif
