/* table.h — finds the index of a thing by its hash; what the things are only the caller knows.
 * Fixed capacity, chosen at creation, in an arena; the caller never adds more than `limit`. */
#ifndef PV_SERVER_FLOWS_USAGE_TABLE_H
#define PV_SERVER_FLOWS_USAGE_TABLE_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { USAGE_TABLE_NONE = UINT32_MAX };

typedef struct usage_table {
    uint32_t *slots; /* index + 1; 0: free */
    uint32_t mask;
    uint32_t count;
    uint32_t limit;
} usage_table;

/* Whether the thing with this index is the one that is looked for. */
typedef bool (*usage_same)(const void *context, uint32_t index);

/* False at the arena's ceiling. */
PV_MUST_USE bool usage_table_init(usage_table *table, pv_arena *arena, uint32_t limit);

/* Forgets all. */
void usage_table_clear(usage_table *table);

/* Index of the thing, or USAGE_TABLE_NONE; `ret_slot` is then where usage_table_add puts it. */
uint32_t usage_table_find(const usage_table *table, uint64_t hash, usage_same same,
                          const void *context, uint32_t *ret_slot);

void usage_table_add(usage_table *table, uint32_t slot, uint32_t index);

/* Hash of bytes; `seed` differs from upload to upload, so that nobody can prepare colliding
 * keys. */
uint64_t usage_hash(uint64_t seed, pv_view bytes);

#ifdef __cplusplus
}
#endif
#endif
