/* text.h — what a customer reads: a product's template filled with the values of an order. */
#ifndef PV_SERVER_FLOWS_ORDER_TEXT_H
#define PV_SERVER_FLOWS_ORDER_TEXT_H

#include "purvey/order/v1/order.pv.h"
#include "server/flows/product/products.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a filled template. An order keeps two of them, and an order is at most 64 KiB. */
enum { PV_ORDER_TEXT_MAX = 12 * 1024 };

/* Fills the product's template of this type with the values of the order; "{{ name }}" of a
 * parameter without value, or of none, becomes nothing. TEMPLATE_UNKNOWN,
 * TEMPLATE_TEXT_TOO_LONG. */
PV_MUST_USE pv_status pv_order_text(pv_call *call, const pv_product *product, const pv_order *order,
                                    const char *template_id, pv_template_type type,
                                    char **ret_text);

#ifdef __cplusplus
}
#endif
#endif
