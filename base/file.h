/* file.h — a small file, such as a certificate or a key, as one text. */
#ifndef PV_BASE_FILE_H
#define PV_BASE_FILE_H

#include "base/arena.h"
#include "base/status.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longer than any PEM file. */
enum { PV_FILE_BYTES_MAX = 1024 * 1024 };

/* The whole file in the arena, ended by a NUL. NULL: errno says why, EFBIG for more than
 * PV_FILE_BYTES_MAX bytes, ENOMEM at the arena's ceiling. */
char *pv_file_read(pv_arena *arena, const char *path);

/* What is left of a stream, at most `size_max` bytes of it, and a NUL that does not count. False: as
 * above. */
PV_MUST_USE bool pv_file_read_stream(pv_arena *arena, FILE *stream, size_t size_max,
                                     pv_view *ret_bytes);

#ifdef __cplusplus
}
#endif
#endif
