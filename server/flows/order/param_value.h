/* param_value.h — whether one value meets the constraints of its parameter. Pure. */
#ifndef PV_SERVER_FLOWS_ORDER_PARAM_VALUE_H
#define PV_SERVER_FLOWS_ORDER_PARAM_VALUE_H

#include "base/arena.h"
#include "purvey/product/v1/parameter.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL if the value, which is not empty, is in order; else what it must be, behind "must be ...",
 * in the arena. */
const char *pv_param_value_fault(const pv_parameter *parameter, const char *value, pv_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
