/* decimal.h — exact decimal numbers for money and quantities: up to 18 integer digits and 18
 * decimals, held as a 128-bit count of 10^-18. Never a float. Every operation that could leave
 * the range says so. */
#ifndef PV_BASE_DECIMAL_H
#define PV_BASE_DECIMAL_H

#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_DECIMAL_INTEGER_DIGITS = 18, PV_DECIMAL_SCALE = 18, PV_DECIMAL_TEXT_SIZE = 40 };

/* Units of 10^-18. Compare and negate with plain operators on `units`. */
typedef struct pv_decimal {
    __int128 units;
} pv_decimal;

/* Parses canonical and non-canonical text: optional '-', 1 to 18 integer digits, optional '.'
 * and 1 to 18 decimals. No exponent, no plus, no blanks. False: not such a number; `ret_value`
 * is untouched. */
PV_MUST_USE bool pv_decimal_parse(pv_view text, pv_decimal *ret_value);

/* Writes canonical text: no trailing zeros after the point, no point without decimals, "0" not
 * "-0". `ret_text` has PV_DECIMAL_TEXT_SIZE bytes; NUL-ended. Returns the length. */
size_t pv_decimal_format(pv_decimal value, char *ret_text);

/* Number of decimals without trailing zeros, 0 to 18. */
unsigned pv_decimal_scale(pv_decimal value);

/* False when the sum leaves the range; `ret_sum` is then untouched. */
PV_MUST_USE bool pv_decimal_add(pv_decimal a, pv_decimal b, pv_decimal *ret_sum);

/* The product rounded half to even at 10^-18. False when it leaves the range. */
PV_MUST_USE bool pv_decimal_multiply(pv_decimal a, pv_decimal b, pv_decimal *ret_product);

#ifdef __cplusplus
}
#endif
#endif
