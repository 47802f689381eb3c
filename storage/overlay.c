#include "storage/overlay.h"

void pv_overlay_init(pv_overlay *overlay, pv_arena *arena)
{
    memset(overlay, 0, sizeof *overlay);
    overlay->arena = arena;
    overlay->coin = 0x9e3779b9;
}

/* Finds, on each level, the last node below the key; NULL stands for the head. Gives the one of level 0. */
static pv_overlay_node *find_below(const pv_overlay *overlay, pv_view key,
                                   pv_overlay_node *ret_path[PV_OVERLAY_LEVELS])
{
    pv_overlay_node *at = NULL;
    for (int level = PV_OVERLAY_LEVELS - 1; level >= 0; level--) {
        for (;;) {
            pv_overlay_node *next = at == NULL ? overlay->first[level] : at->next[level];
            if (next == NULL || pv_view_compare(next->key, key) >= 0) { break; }
            at = next;
        }
        ret_path[level] = at;
    }
    return at;
}

const pv_overlay_node *pv_overlay_at_least(const pv_overlay *overlay, pv_view key)
{
    pv_overlay_node *path[PV_OVERLAY_LEVELS];
    const pv_overlay_node *below = find_below(overlay, key, path);
    return below == NULL ? overlay->first[0] : below->next[0];
}

const pv_overlay_node *pv_overlay_below(const pv_overlay *overlay, pv_view key)
{
    if (key.size == 0) { return overlay->last; }
    pv_overlay_node *path[PV_OVERLAY_LEVELS];
    return find_below(overlay, key, path);
}

const pv_overlay_node *pv_overlay_get(const pv_overlay *overlay, pv_view key)
{
    if (overlay->count == 0) { return NULL; }
    const pv_overlay_node *node = pv_overlay_at_least(overlay, key);
    return node != NULL && pv_view_equal(node->key, key) ? node : NULL;
}

/* A height by Marsaglia's xorshift: each level with a quarter of the nodes of the one below. */
static int toss_height(pv_overlay *overlay)
{
    uint32_t coin = overlay->coin;
    coin ^= coin << 13;
    coin ^= coin >> 17;
    coin ^= coin << 5;
    overlay->coin = coin;
    int height = 1;
    while (height < PV_OVERLAY_LEVELS && (coin & 3) == 0) {
        height++;
        coin >>= 2;
    }
    return height;
}

/* Puts the value into the node, in place where it fits: it may come from there. */
static bool set_value(pv_overlay *overlay, pv_overlay_node *node, pv_view value)
{
    uint8_t *memory = (uint8_t *)(uintptr_t)node->value.data;
    if (memory == NULL || value.size > node->capacity) {
        memory = (uint8_t *)pv_arena_alloc(overlay->arena, value.size);
        if (memory == NULL) { return false; }
        node->capacity = value.size;
    }
    if (value.size > 0) { memmove(memory, value.data, value.size); }
    node->value = pv_view_of(memory, value.size);
    return true;
}

static pv_overlay_node *make_node(pv_overlay *overlay, pv_view key, pv_view value, int height)
{
    pv_overlay_node *node = (pv_overlay_node *)pv_arena_zalloc(overlay->arena, 1, sizeof *node);
    void *next = pv_arena_zalloc(overlay->arena, (size_t)height, sizeof node->next[0]);
    char *copy = pv_arena_dup(overlay->arena, key);
    if (node == NULL || next == NULL || copy == NULL || !set_value(overlay, node, value)) {
        return NULL;
    }
    node->next = (pv_overlay_node **)next;
    node->key = pv_view_of(copy, key.size);
    return node;
}

static void link_node(pv_overlay *overlay, pv_overlay_node *node, int height,
                      pv_overlay_node *const path[PV_OVERLAY_LEVELS])
{
    for (int level = 0; level < height; level++) {
        pv_overlay_node **slot =
            path[level] == NULL ? &overlay->first[level] : &path[level]->next[level];
        node->next[level] = *slot;
        *slot = node;
    }
    node->previous = path[0];
    if (node->next[0] == NULL) {
        overlay->last = node;
    } else {
        node->next[0]->previous = node;
    }
    overlay->count++;
}

pv_status pv_overlay_set(pv_overlay *overlay, pv_view key, pv_view value, bool deleted)
{
    PV_ASSERT(key.size > 0);
    PV_ASSERT(!deleted || value.size == 0);
    pv_overlay_node *path[PV_OVERLAY_LEVELS];
    pv_overlay_node *below = find_below(overlay, key, path);
    pv_overlay_node *node = below == NULL ? overlay->first[0] : below->next[0];
    bool found = node != NULL && pv_view_equal(node->key, key);

    size_t bytes =
        overlay->bytes + value.size + (found ? 0 : key.size) - (found ? node->value.size : 0);
    if (bytes > PV_STORE_TXN_BYTES_MAX) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    if (found) {
        if (!set_value(overlay, node, value)) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    } else {
        if (overlay->count == PV_STORE_TXN_WRITES_MAX) {
            return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
        }
        int height = toss_height(overlay);
        node = make_node(overlay, key, value, height);
        if (node == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
        link_node(overlay, node, height, path);
    }
    node->deleted = deleted;
    overlay->bytes = bytes;
    return pv_ok();
}
