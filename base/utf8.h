/* utf8.h — UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#ifndef PV_BASE_UTF8_H
#define PV_BASE_UTF8_H

#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the character at `*position`, which is below text.size, and moves behind it. False: the
 * bytes there are no character; `*position` is then moved by one and `ret_code_point` untouched. */
bool pv_utf8_next(pv_view text, size_t *position, uint32_t *ret_code_point);

/* True when all of `text` is UTF-8. Else false, and `ret_bad` is the offset of the first byte of
 * the first sequence that is none. */
PV_MUST_USE bool pv_utf8_check(pv_view text, size_t *ret_bad);

/* Number of code points of a text that is UTF-8. */
size_t pv_utf8_count(pv_view text);

#ifdef __cplusplus
}
#endif
#endif
