/* overlay.h — the writes of one call, sorted by key, until they are folded into the batch: a skip list in
 * the call's arena. Internal to storage.
 * Limits: PV_STORE_TXN_WRITES_MAX keys, PV_STORE_TXN_BYTES_MAX bytes of keys and values. */
#ifndef PV_STORAGE_OVERLAY_H
#define PV_STORAGE_OVERLAY_H

#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* With one node in four on each next level, ten levels serve a million keys: more than the limit. */
enum { PV_OVERLAY_LEVELS = 10 };

typedef struct pv_overlay_node {
    pv_view key;
    pv_view value;
    bool deleted;    /* the key is to be removed; value is empty */
    size_t capacity; /* of the memory behind value */
    struct pv_overlay_node *previous;
    struct pv_overlay_node **next; /* one per level of the node; [0] is the next key */
} pv_overlay_node;

typedef struct pv_overlay {
    pv_arena *arena;
    pv_overlay_node *first[PV_OVERLAY_LEVELS];
    pv_overlay_node *last;
    size_t count;
    size_t bytes;
    uint32_t coin; /* state of the generator of node heights: the same writes give the same list */
} pv_overlay;

void pv_overlay_init(pv_overlay *overlay, pv_arena *arena);

/* Writes (or, with `deleted`, hides) a key; both are copied. RESOURCE_EXHAUSTED: a limit, or the arena's;
 * the overlay is then as before. */
PV_MUST_USE pv_status pv_overlay_set(pv_overlay *overlay, pv_view key, pv_view value, bool deleted);

/* The node of a key; NULL when this call has not written it. */
const pv_overlay_node *pv_overlay_get(const pv_overlay *overlay, pv_view key);

/* The first node at or above the key; the last node below it (empty: the last of all). NULL: none. */
const pv_overlay_node *pv_overlay_at_least(const pv_overlay *overlay, pv_view key);
const pv_overlay_node *pv_overlay_below(const pv_overlay *overlay, pv_view key);

#ifdef __cplusplus
}
#endif
#endif
