#include "server/flows/usage/table.h"

bool usage_table_init(usage_table *table, pv_arena *arena, uint32_t limit)
{
    uint32_t capacity = 16;
    while (capacity < 2 * limit) { capacity *= 2; }
    uint32_t *slots = pv_arena_zalloc(arena, capacity, sizeof *slots);
    if (slots == NULL) { return false; }
    table->slots = slots;
    table->mask = capacity - 1;
    table->count = 0;
    table->limit = limit;
    return true;
}

void usage_table_clear(usage_table *table)
{
    memset(table->slots, 0, ((size_t)table->mask + 1) * sizeof *table->slots);
    table->count = 0;
}

uint32_t usage_table_find(const usage_table *table, uint64_t hash, usage_same same,
                          const void *context, uint32_t *ret_slot)
{
    uint32_t slot = (uint32_t)(hash >> 32) & table->mask;
    /* At most half of the slots are taken, so a free one ends every search. */
    while (table->slots[slot] != 0) {
        if (same(context, table->slots[slot] - 1)) { return table->slots[slot] - 1; }
        slot = (slot + 1) & table->mask;
    }
    *ret_slot = slot;
    return USAGE_TABLE_NONE;
}

void usage_table_add(usage_table *table, uint32_t slot, uint32_t index)
{
    PV_ASSERT(table->count < table->limit);
    PV_ASSERT(table->slots[slot] == 0);
    table->slots[slot] = index + 1;
    table->count++;
}

/* FNV-1a, then a final mix, because the table uses the upper half. */
uint64_t usage_hash(uint64_t seed, pv_view bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 29;
    return hash * UINT64_C(0xbf58476d1ce4e5b9);
}
