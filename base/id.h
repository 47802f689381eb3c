/* id.h — ids: a 128-bit number whose first 48 bits are milliseconds since 1970, so that ids sort
 * by creation. As text a typed prefix, '_' and 26 lower case Crockford base32 characters:
 * "ord_01j9...". Only the canonical spelling is read (no upper case, no i/l/o/u, first character
 * 0 to 7). */
#ifndef PV_BASE_ID_H
#define PV_BASE_ID_H

#include "base/status.h"
#include "base/time.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_ID_SIZE = 16, PV_ID_PREFIX_MAX = 4, PV_ID_TEXT_SIZE = PV_ID_PREFIX_MAX + 1 + 26 + 1 };

typedef struct pv_id {
    uint8_t bytes[PV_ID_SIZE];
} pv_id;

static inline bool pv_id_equal(pv_id a, pv_id b)
{
    return memcmp(a.bytes, b.bytes, PV_ID_SIZE) == 0;
}
static inline bool pv_id_is_zero(pv_id id)
{
    static const pv_id zero = {{0}};
    return pv_id_equal(id, zero);
}

/* Makes ids. Within one millisecond, and when the clock goes back, the last id plus one is
 * given, so that ids of one source always rise. Threads: one user at a time. */
typedef struct pv_id_source {
    /* pv_random_bytes, or a seeded one in tests. */
    void (*random)(void *context, uint8_t *bytes, size_t size);
    void *context;
    pv_id last;
} pv_id_source;

pv_id pv_id_next(pv_id_source *source, pv_time now);

/* Writes "prefix_..." NUL-ended into PV_ID_TEXT_SIZE bytes. */
void pv_id_format(const char *prefix, pv_id id, char *ret_text);

/* Reads canonical text with exactly this prefix. False: anything else. */
PV_MUST_USE bool pv_id_parse(const char *prefix, pv_view text, pv_id *ret_id);

#ifdef __cplusplus
}
#endif
#endif
