/* path.h — the path of a field in an error ("items[3].name"), written from its end to its
 * beginning, because whoever finds a fault walks from the field outwards. Used inside this
 * folder only. */
#ifndef PV_PROTOS_RUNTIME_PATH_H
#define PV_PROTOS_RUNTIME_PATH_H

#include "base/view.h"
#include "protos/runtime/limits.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_path {
    char text[PV_PATH_TEXT_SIZE];
    size_t start; /* the text so far is text + start, NUL-ended */
    bool full;
} pv_path;

void pv_path_init(pv_path *path);

/* Each puts one part in front. What finds no room is replaced by an ellipsis, once. */
void pv_path_prepend_name(pv_path *path, const char *name);
void pv_path_prepend_index(pv_path *path, size_t index);

/* ["key"], with everything but printable ASCII as \xNN, cut at PV_ERROR_VALUE_MAX bytes. */
void pv_path_prepend_key(pv_path *path, pv_view key);

/* The path; "" if nothing was put in front. Valid as long as `path` is. */
const char *pv_path_text(const pv_path *path);

/* Writes a value of a peer for an error text: printable ASCII as it is, the rest as \xNN, cut at
 * PV_ERROR_VALUE_MAX bytes. `ret_text` has PV_QUOTED_TEXT_SIZE bytes. Returns `ret_text`. */
enum { PV_QUOTED_TEXT_SIZE = PV_ERROR_VALUE_MAX * 4 + 8 };
const char *pv_quote(pv_view value, char *ret_text);

#ifdef __cplusplus
}
#endif
#endif
