/* records.h — internal to server/resolve: records as they were found, and which of them answer a question. */
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

static inline pv_resolved records_none(pv_code code)
{
    pv_resolved none = {pv_status_of(code), NULL, 0};
    return none;
}

#ifdef __cplusplus
}
#endif
#endif
