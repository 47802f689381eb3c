/* Blocks of sorted runs against the list of their owner's runs. */
#include "storage/check_parts.h"

#include "storage/run_level.h"

/* The run of this number in the list; NULL: there is none. */
static const pv_run *find_run(const pv_runs *runs, uint64_t number)
{
    for (uint32_t i = 0; i < runs->level_count; i++) {
        const pv_run_level *level = &runs->levels[i];
        if (level->merging && level->output.number == number) { return &level->output; }
        for (uint32_t k = 0; k < level->count; k++) {
            if (level->runs[k].number == number) { return &level->runs[k]; }
        }
    }
    return NULL;
}

static bool is_sorted(pv_view slice, const pv_run *run, uint32_t number)
{
    uint64_t before = 0;
    for (size_t i = 0; i < pv_run_count(slice); i++) {
        uint64_t hash = pv_run_hash_at(slice, i);
        if (hash < before || pv_run_part_of(hash, run->slice_bits) != number) { return false; }
        before = hash;
    }
    return true;
}

void pv_check_run(pv_checker *self, pv_view key, const pv_key_parts *parts)
{
    self->summary.run_blocks++;
    pv_runs *runs = NULL;
    if (!pv_is_ok(pv_runs_open(self->txn, self->arena, parts->owner, &runs))) {
        pv_check_tell(self, key, "the list of its owner's runs cannot be read");
        return;
    }
    if (parts->number == PV_RUN_LIST) { return; }
    const pv_run *run = find_run(runs, parts->number);
    if (run == NULL) {
        pv_check_tell(self, key, "its owner has no such run");
        return;
    }
    if (parts->part >= PV_RUN_FIRST_FILTER) {
        if ((parts->part - PV_RUN_FIRST_FILTER) >> run->filter_bits != 0) {
            pv_check_tell(self, key, "its run has no such filter");
        }
        return;
    }
    pv_view slice;
    if (parts->part >> run->slice_bits != 0) {
        pv_check_tell(self, key, "its run has no such slice");
    } else if (!pv_is_ok(pv_run_get_slice(self->txn, parts->owner, run, parts->part, &slice)) ||
               !is_sorted(slice, run, parts->part)) {
        pv_check_tell(self, key, "it is no slice of its run");
    }
}
