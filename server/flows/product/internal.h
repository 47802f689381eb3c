/* internal.h — what the files of the product area share and nobody else needs. */
#ifndef PV_SERVER_FLOWS_PRODUCT_INTERNAL_H
#define PV_SERVER_FLOWS_PRODUCT_INTERNAL_H

#include "purvey/product/v1/product.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether consumption of the product can be reported. */
bool pv_product_takes_usage(const pv_product *product);

/* The version with this number, which exists. */
PV_MUST_USE pv_status pv_product_version_load(pv_call *call, const pv_product *product,
                                              uint32_t number, pv_product_version **ret_version);

/* Brings the product's state and newest version to its listings, whose events tell the distributors. The caller
 * is the vendor. STORE_FULL. */
PV_MUST_USE pv_status pv_product_tell_listings(pv_call *call, const pv_product *product);

/* Refuses once the product has been published. PRODUCT_PUBLISHED. */
PV_MUST_USE pv_status pv_product_demand_unpublished(pv_call *call, const char *product_id);

/* Answers a List of objects that belong to a product which the caller may see. NOT_FOUND. */
PV_MUST_USE pv_status pv_product_answer_parts(pv_call *call, const pv_object_info *object,
                                              const char *product_id,
                                              const ProtobufCMessage *request);

#ifdef __cplusplus
}
#endif
#endif
