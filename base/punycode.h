/* punycode.h — labels of internationalised domain names as the DNS carries them (RFC 3492). Reading only: names are
 * compared, stored and shown as they are in the DNS; what they stand for is looked at, never shown. */
#ifndef PV_BASE_PUNYCODE_H
#define PV_BASE_PUNYCODE_H

#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads what stands behind "xn--", in lower case, into at most `capacity` code points. False: it is no Punycode, needs
 * more room, or has no letter beyond ASCII. */
PV_MUST_USE bool pv_punycode_decode(pv_view text, uint32_t *ret_code_points, size_t capacity,
                                    size_t *ret_count);

#ifdef __cplusplus
}
#endif
#endif
