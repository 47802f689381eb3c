/* view.h — a borrowed run of bytes: all text and keys travel as {data, size}, never as NUL-ended
 * strings. A view owns nothing; it is valid as long as what it was taken from. The empty view
 * may have NULL data. */
#ifndef PV_BASE_VIEW_H
#define PV_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_view {
    const uint8_t *data;
    size_t size;
} pv_view;

static inline pv_view pv_view_of(const void *data, size_t size)
{
    pv_view view;
    view.data = (const uint8_t *)data;
    view.size = size;
    return view;
}

/* The bytes of a NUL-ended string that this program made itself (a literal, a protobuf-c
 * string). */
static inline pv_view pv_view_text(const char *text)
{
    return pv_view_of(text, text == NULL ? 0 : strlen(text));
}

static inline bool pv_view_equal(pv_view a, pv_view b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of keys: bytes unsigned, then the shorter first. Below, at or above zero like memcmp. */
static inline int pv_view_compare(pv_view a, pv_view b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) { return order; }
    return a.size < b.size ? -1 : a.size > b.size;
}

static inline bool pv_view_starts_with(pv_view view, pv_view prefix)
{
    return view.size >= prefix.size &&
           (prefix.size == 0 || memcmp(view.data, prefix.data, prefix.size) == 0);
}

#ifdef __cplusplus
}
#endif
#endif
