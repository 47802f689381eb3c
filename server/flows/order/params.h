/* params.h — the values of parameters that an order carries. The rules are those of the product's
 * parameters as they are now. Messages live in call->arena.
 *
 * Unique values: every value that an order gives leaves a note of who gave it last (owner: the
 * product). A note counts only as long as that subscription still has the value, so nothing ever
 * needs to be taken back. Usage reports find subscriptions by the same notes. */
#ifndef PV_SERVER_FLOWS_ORDER_PARAMS_H
#define PV_SERVER_FLOWS_ORDER_PARAMS_H

#include "purvey/order/v1/order.pv.h"
#include "server/flows/product/products.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The parameters of a product. */
typedef struct pv_parameters {
    pv_parameter **items;
    size_t count;
} pv_parameters;

PV_MUST_USE pv_status pv_parameters_load(pv_call *call, const pv_product *product,
                                         pv_parameters *ret_parameters);

/* The parameter of that name; NULL if there is none. */
pv_parameter *pv_parameters_find(const pv_parameters *parameters, const char *name);

/* What to do with values: who gives which. */
typedef struct pv_params_input {
    pv_parameter_phase phase; /* only parameters of this phase may be given */
    pv_parameter_value *const *values;
    size_t count;
} pv_params_input;

/* Puts the values into order->params after checking form, choices, length, uniqueness, and that a
 * readonly value is given once (or again when the vendor has flagged it); a new value takes its
 * flag away. ret_changed (may be NULL) tells whether any value differs. PARAMETER_UNKNOWN,
 * PARAMETER_VALUE with every wrong value. */
PV_MUST_USE pv_status pv_params_merge(pv_call *call, const pv_parameters *parameters,
                                      pv_order *order, pv_params_input input, bool *ret_changed);

/* Gives parameters without a value their default. */
PV_MUST_USE pv_status pv_params_default(pv_call *call, const pv_parameters *parameters,
                                        pv_order *order);

/* Flags every required parameter of the phase that has no value; hidden ordering parameters are not
 * asked. ret_missing tells how many. */
PV_MUST_USE pv_status pv_params_flag_missing(pv_call *call, const pv_parameters *parameters,
                                             pv_order *order, pv_parameter_phase phase,
                                             size_t *ret_missing);

/* Refuses if such parameters are without a value. PARAMETER_MISSING with every one of them. */
PV_MUST_USE pv_status pv_params_demand(pv_call *call, const pv_parameters *parameters,
                                       const pv_order *order, pv_parameter_phase phase);

/* Flags an ordering parameter for an inquiry. PARAMETER_UNKNOWN. */
PV_MUST_USE pv_status pv_params_flag(pv_call *call, const pv_parameters *parameters,
                                     pv_order *order, const char *name, const char *error);

/* Takes all flags away. */
void pv_params_clear_flags(pv_order *order);

/* Notes who has the values. */
PV_MUST_USE pv_status pv_params_claim(pv_call *call, const pv_order *order);

/* The subscription that has this value of the product's parameter, by the notes; it may be
 * terminated. NOT_FOUND without filling call->error. */
PV_MUST_USE pv_status pv_params_holder(pv_call *call, const char *product_id, const char *name,
                                       const char *value, pv_subscription **ret_subscription);

/* The value of the name; "" if there is none. */
const char *pv_params_value(pv_parameter_value *const *params, size_t count, const char *name);

#ifdef __cplusplus
}
#endif
#endif
