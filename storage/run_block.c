#include "storage/run_block.h"

#include "storage/keys.h"

#include <endian.h>

enum {
    FILTER_LINE = 64,         /* bytes: a line of the processor's cache */
    FILTER_LINE_ENTRIES = 32, /* sixteen bits each */
    FILTER_PROBES = 6
};

/* --- blocks in the store --- */

static pv_status get_block(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t block, size_t unit,
                           pv_view *ret_block)
{
    pv_key key = pv_key_of_run(owner, run->number, block);
    pv_status status = pv_txn_get(txn, pv_key_view(&key), ret_block);
    if (status.code == PV_CODE_NOT_FOUND) {
        *ret_block = pv_view_of(NULL, 0);
        return pv_ok();
    }
    PV_TRY(status);
    return pv_status_of(ret_block->size % unit == 0 ? PV_CODE_OK : PV_CODE_DATA_LOSS);
}

pv_status pv_run_get_slice(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t slice,
                           pv_view *ret_slice)
{
    return get_block(txn, owner, run, slice, PV_RUN_ENTRY_SIZE, ret_slice);
}

pv_status pv_run_get_filter(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t filter,
                            pv_view *ret_filter)
{
    return get_block(txn, owner, run, PV_RUN_FIRST_FILTER + filter, FILTER_LINE, ret_filter);
}

static pv_status put_block(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t block,
                           pv_view bytes)
{
    pv_key key = pv_key_of_run(owner, run->number, block);
    return pv_txn_put(txn, pv_key_view(&key), bytes);
}

static pv_status delete_block(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t block)
{
    pv_key key = pv_key_of_run(owner, run->number, block);
    return pv_txn_delete(txn, pv_key_view(&key));
}

pv_status pv_run_delete_slice(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t slice)
{
    return delete_block(txn, owner, run, slice);
}

pv_status pv_run_delete_filter(pv_txn *txn, pv_id owner, const pv_run *run, uint32_t filter)
{
    return delete_block(txn, owner, run, PV_RUN_FIRST_FILTER + filter);
}

/* --- slices --- */

pv_status pv_run_put_slice(pv_txn *txn, pv_arena *arena, pv_id owner, const pv_run *run,
                           uint32_t slice, const pv_run_entry *entries, size_t count)
{
    if (count == 0) { return pv_ok(); }
    uint8_t *bytes = pv_arena_alloc(arena, count * PV_RUN_ENTRY_SIZE);
    if (bytes == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    for (size_t i = 0; i < count; i++) {
        uint64_t pair[2] = {htole64(entries[i].hash), htole64(entries[i].value)};
        memcpy(bytes + i * PV_RUN_ENTRY_SIZE, pair, sizeof pair);
    }
    return put_block(txn, owner, run, slice, pv_view_of(bytes, count * PV_RUN_ENTRY_SIZE));
}

uint64_t pv_run_hash_at(pv_view slice, size_t index)
{
    uint64_t hash;
    memcpy(&hash, slice.data + index * PV_RUN_ENTRY_SIZE, sizeof hash);
    return le64toh(hash);
}

pv_run_entry pv_run_entry_at(pv_view slice, size_t index)
{
    uint64_t pair[2];
    memcpy(pair, slice.data + index * PV_RUN_ENTRY_SIZE, sizeof pair);
    return (pv_run_entry){le64toh(pair[0]), le64toh(pair[1])};
}

size_t pv_run_seek(pv_view slice, size_t from, uint64_t hash)
{
    size_t count = pv_run_count(slice);
    size_t below = from; /* everything before it is below the hash */
    size_t step = 1;
    while (below + step <= count && pv_run_hash_at(slice, below + step - 1) < hash) {
        below += step;
        step *= 2;
    }
    size_t end = below + step <= count ? below + step - 1 : count; /* at least the hash, or none */
    while (below < end) {
        size_t middle = below + (end - below) / 2;
        if (pv_run_hash_at(slice, middle) < hash) {
            below = middle + 1;
        } else {
            end = middle;
        }
    }
    return below;
}

/* --- filters --- */

/* The line of a hash: chosen by the bits behind those that chose the filter. */
static size_t line_of(uint64_t hash, unsigned filter_bits, size_t lines)
{
    uint64_t rest = hash << filter_bits >> 32;
    return (size_t)(rest * lines >> 32);
}

/* Nine bits for each probe. */
static uint64_t probes_of(uint64_t hash)
{
    uint64_t mixed = hash * UINT64_C(0x9e3779b97f4a7c15);
    return mixed ^ mixed >> 32;
}

pv_status pv_run_put_filter(pv_txn *txn, pv_arena *arena, pv_id owner, const pv_run *run,
                            uint32_t filter, const pv_run_entry *entries, size_t count)
{
    if (count == 0) { return pv_ok(); }
    size_t lines = (count + FILTER_LINE_ENTRIES - 1) / FILTER_LINE_ENTRIES;
    uint8_t *bits = pv_arena_zalloc(arena, lines, FILTER_LINE);
    if (bits == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    for (size_t i = 0; i < count; i++) {
        uint8_t *line = bits + FILTER_LINE * line_of(entries[i].hash, run->filter_bits, lines);
        uint64_t probes = probes_of(entries[i].hash);
        for (int probe = 0; probe < FILTER_PROBES; probe++, probes >>= 9) {
            line[probes >> 3 & 63] |= (uint8_t)(1U << (probes & 7));
        }
    }
    return put_block(txn, owner, run, PV_RUN_FIRST_FILTER + filter,
                     pv_view_of(bits, lines * FILTER_LINE));
}

const uint8_t *pv_run_line(pv_view filter, unsigned filter_bits, uint64_t hash)
{
    size_t lines = filter.size / FILTER_LINE;
    if (lines == 0) { return NULL; }
    const uint8_t *line = filter.data + FILTER_LINE * line_of(hash, filter_bits, lines);
    __builtin_prefetch(line);
    __builtin_prefetch(line + FILTER_LINE - 1); /* values are not aligned */
    return line;
}

bool pv_run_may_have(const uint8_t *line, uint64_t hash)
{
    uint64_t probes = probes_of(hash);
    for (int probe = 0; line != NULL && probe < FILTER_PROBES; probe++, probes >>= 9) {
        if ((line[probes >> 3 & 63] >> (probes & 7) & 1) == 0) { return false; }
    }
    return line != NULL;
}
