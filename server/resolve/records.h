/* records.h — internal to server/resolve: records as they were found, and which of them answer a question. Bytes in,
 * texts out: no socket, no file. */
#ifndef PV_SERVER_RESOLVE_RECORDS_H
#define PV_SERVER_RESOLVE_RECORDS_H

#include "base/view.h"
#include "server/resolve/resolve.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct record {
    const char *name;
    const char *target; /* of a CNAME; NULL: a TXT */
    pv_view text;
} record;

/* The texts of the TXT records at the name, copied to `arena`. */
pv_resolved records_resolve(const record *records, size_t count, const char *name, pv_arena *arena);

/* The texts at the name in an answer of the DNS, and in the text of a file, which is changed. What is read lives in
 * `scratch`. */
pv_resolved records_in_answer(const uint8_t *answer, size_t size, const char *name,
                              pv_arena *scratch, pv_arena *arena);
/* `ret_bad_line` is the number of the line that is none, or 0. */
pv_resolved records_in_file(char *text, const char *name, pv_arena *scratch, pv_arena *arena,
                            int64_t *ret_bad_line);

static inline pv_resolved records_none(pv_code code)
{
    pv_resolved none = {pv_status_of(code), NULL, 0};
    return none;
}

#ifdef __cplusplus
}
#endif
#endif
