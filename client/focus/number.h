/* number.h — the numbers of FOCUS files (its Numeric Format): digits with or without a point, E
 * notation permitted, "35.2E-7". Read exactly into a decimal; digits that are zero do not count
 * against its limits. */
#ifndef PV_CLIENT_FOCUS_NUMBER_H
#define PV_CLIENT_FOCUS_NUMBER_H

#include "base/decimal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pv_focus_number_fault {
    PV_FOCUS_NUMBER_OK = 0,
    PV_FOCUS_NUMBER_MALFORMED,
    PV_FOCUS_NUMBER_TOO_MANY_DECIMALS, /* more than PV_DECIMAL_SCALE */
    PV_FOCUS_NUMBER_TOO_LARGE          /* more than PV_DECIMAL_INTEGER_DIGITS */
} pv_focus_number_fault;

/* Reads all of `text`. `ret_value` is untouched unless the answer is OK. */
PV_MUST_USE pv_focus_number_fault pv_focus_number_parse(pv_view text, pv_decimal *ret_value);

#ifdef __cplusplus
}
#endif
#endif
