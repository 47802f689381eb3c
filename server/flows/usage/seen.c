#include "server/flows/usage/seen.h"

#include "base/siphash.h"
#include "base/utf8.h"
#include "protos/runtime/fields.h"
#include "server/flows/usage/blocks.h"
#include "server/flows/usage/bytes.h"
#include "storage/record.h"
#include "storage/runs.h"

_Static_assert((int)USAGE_SEEN_MAX <= (int)PV_RUNS_ADD_MAX, "a step is one addition");

enum {
    /* The contract's blocks: its hash key and the next source, then one for each source. */
    HEAD_BLOCK = 0,
    HEAD_SIZE = PV_SIPHASH_KEY_SIZE + 4,
    SOURCE_SIZE = PV_ID_SIZE + 4,

    SORT_BITS = 10,  /* as many buckets as there are records, about */
    JUDGED_MAX = 256 /* sources whose judgement is remembered; a power of two */
};

static const uint32_t NOBODY = UINT32_MAX;

/* A record that may have the same id as one of the step. */
typedef struct candidate {
    uint64_t value; /* of the entry: source and number */
    uint32_t next;  /* index of the next one of the same record, or NOBODY */
} candidate;

typedef struct slot {
    uint64_t hash;
    uint32_t index; /* of the record */
} slot;

/* What a source came to in this step. */
typedef struct judgement {
    uint32_t source; /* 0: none */
    bool counts;
} judgement;

/* The block that was read last: duplicates mostly come in the order of their firsts. */
typedef struct reading {
    uint32_t source;
    pv_id report;
    usage_ledger ledger;
    pv_view block;
    uint64_t begin; /* the number of its first record */
    uint64_t end;   /* and that behind its last one */
} reading;

struct usage_seen_step {
    pv_call *call;
    pv_id contract;
    pv_id report;
    uint64_t before; /* records of the report before this step */
    pv_usage_record *const *records;
    size_t count;
    uint8_t key[PV_SIPHASH_KEY_SIZE];
    uint32_t next_source;
    pv_runs *runs;
    slot *slots; /* of the valid ids, by hash, then in the order of the records */
    size_t slot_count;
    usage_seen *firsts; /* of each record */
    uint32_t *chains;   /* of each record: its first candidate */
    pv_buffer candidates;
    judgement *judged;
    reading last;
};

bool usage_record_id_is_valid(pv_view record_id)
{
    return record_id.size > 0 && pv_utf8_count(record_id) <= USAGE_RECORD_ID_MAX &&
           pv_pattern_matches(PV_PATTERN_LINE, record_id);
}

static pv_status damaged(pv_call *call)
{
    return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
}

/* --- the contract's head --- */

/* A key of the contract's own, which nobody outside knows. */
static void make_key(pv_call *call, uint8_t key[PV_SIPHASH_KEY_SIZE])
{
    for (size_t half = 0; half < PV_SIPHASH_KEY_SIZE; half += 8) {
        pv_id id = pv_id_next(call->context->ids, call->context->now);
        memcpy(key + half, id.bytes + PV_ID_SIZE - 8, 8); /* behind the time it is random */
    }
}

static pv_status load_head(usage_seen_step *step)
{
    pv_call *call = step->call;
    pv_view head;
    pv_status status = pv_block_get(call->context->txn, step->contract, HEAD_BLOCK, &head);
    if (status.code == PV_CODE_NOT_FOUND) {
        make_key(call, step->key);
        step->next_source = 1;
        return pv_ok();
    }
    PV_TRY(pv_store_refused(call, status));
    if (head.size != HEAD_SIZE) { return damaged(call); }
    memcpy(step->key, head.data, PV_SIPHASH_KEY_SIZE);
    usage_cursor cursor = {pv_view_of(head.data + PV_SIPHASH_KEY_SIZE, 4), true};
    step->next_source = (uint32_t)usage_take_number(&cursor, 4);
    return pv_ok();
}

/* Gives the report's present generation a source. */
static pv_status make_source(usage_seen_step *step, usage_ledger *ledger)
{
    pv_txn *txn = step->call->context->txn;
    ledger->source = step->next_source++;
    uint8_t source[SOURCE_SIZE];
    (void)usage_put_number(usage_put_id(source, step->report), ledger->generation, 4);
    PV_TRY(pv_store_refused(step->call, pv_block_put(txn, step->contract, ledger->source,
                                                     pv_view_of(source, sizeof source))));
    uint8_t head[HEAD_SIZE];
    memcpy(head, step->key, PV_SIPHASH_KEY_SIZE);
    (void)usage_put_number(head + PV_SIPHASH_KEY_SIZE, step->next_source, 4);
    return pv_store_refused(
        step->call, pv_block_put(txn, step->contract, HEAD_BLOCK, pv_view_of(head, sizeof head)));
}

/* --- what an entry says --- */

static uint64_t value_of(uint32_t source, uint64_t number)
{
    PV_ASSERT(number <= UINT32_MAX); /* see USAGE_RECORDS_MAX */
    return (uint64_t)source << 32 | number;
}

static uint32_t source_of(uint64_t value)
{
    return (uint32_t)(value >> 32);
}

static pv_status load_source(usage_seen_step *step, uint32_t source, pv_id *ret_report,
                             usage_ledger *ret_ledger, bool *ret_counts)
{
    pv_call *call = step->call;
    pv_view row;
    PV_TRY(pv_store_refused(call, pv_block_get(call->context->txn, step->contract, source, &row)));
    usage_cursor cursor = {row, row.size == SOURCE_SIZE};
    *ret_report = usage_take_id(&cursor);
    uint32_t generation = (uint32_t)usage_take_number(&cursor, 4);
    if (!cursor.ok) { return damaged(call); }
    PV_TRY(usage_ledger_load(call, *ret_report, ret_ledger));
    *ret_counts = ret_ledger->generation == generation && !ret_ledger->released;
    return pv_ok();
}

/* Whether an entry still counts: what merging keeps. */
static pv_status counts(void *context, uint64_t value, bool *ret_counts)
{
    usage_seen_step *step = context;
    uint32_t source = source_of(value);
    judgement *known = &step->judged[source & (JUDGED_MAX - 1)];
    if (known->source != source) {
        pv_id report;
        usage_ledger ledger;
        PV_TRY(load_source(step, source, &report, &ledger, &known->counts));
        known->source = source;
    }
    *ret_counts = known->counts;
    return pv_ok();
}

/* --- looking --- */

static pv_view id_of(const usage_seen_step *step, size_t index)
{
    return pv_view_text(step->records[index]->record_id);
}

/* Sorts by hash: a bucket for the upper bits, in which few are then put in order. */
static bool sort_slots(usage_seen_step *step, const slot *slots)
{
    uint32_t *begins = pv_arena_zalloc(step->call->scratch, (1U << SORT_BITS) + 1, sizeof *begins);
    if (begins == NULL) { return false; }
    for (size_t i = 0; i < step->slot_count; i++) {
        begins[(slots[i].hash >> (64 - SORT_BITS)) + 1]++;
    }
    for (size_t i = 1; i <= 1U << SORT_BITS; i++) { begins[i] += begins[i - 1]; }
    for (size_t i = 0; i < step->slot_count; i++) {
        step->slots[begins[slots[i].hash >> (64 - SORT_BITS)]++] = slots[i];
    }
    for (size_t i = 1; i < step->slot_count; i++) {
        slot moved = step->slots[i];
        size_t at = i;
        for (; at > 0 && step->slots[at - 1].hash > moved.hash; at--) {
            step->slots[at] = step->slots[at - 1];
        }
        step->slots[at] = moved;
    }
    return true;
}

static pv_status hash_all(usage_seen_step *step)
{
    pv_arena *arena = step->call->scratch;
    slot *slots = pv_arena_alloc(arena, step->count * sizeof *slots);
    step->slots = pv_arena_alloc(arena, step->count * sizeof *slots);
    if (slots == NULL || step->slots == NULL) { return pv_out_of_memory(step->call); }
    for (size_t i = 0; i < step->count; i++) {
        pv_view id = id_of(step, i);
        if (!usage_record_id_is_valid(id)) { continue; }
        slots[step->slot_count++] = (slot){pv_siphash(step->key, id), (uint32_t)i};
    }
    return sort_slots(step, slots) ? pv_ok() : pv_out_of_memory(step->call);
}

/* Keeps an entry with the hash of the step's slot `index` for later: here they come in the order of hashes. */
static pv_status keep_candidate(void *context, size_t index, uint64_t value)
{
    usage_seen_step *step = context;
    uint32_t *chain = &step->chains[step->slots[index].index];
    candidate found = {value, *chain};
    *chain = (uint32_t)(step->candidates.size / sizeof found);
    pv_buffer_append(&step->candidates, pv_view_of(&found, sizeof found));
    return step->candidates.overflow ? pv_out_of_memory(step->call) : pv_ok();
}

static pv_status find_candidates(usage_seen_step *step)
{
    pv_call *call = step->call;
    uint64_t *hashes = pv_arena_alloc(call->scratch, step->slot_count * sizeof *hashes);
    if (hashes == NULL) { return pv_out_of_memory(call); }
    for (size_t i = 0; i < step->slot_count; i++) { hashes[i] = step->slots[i].hash; }
    return pv_store_refused(
        call, pv_runs_find(step->runs, hashes, step->slot_count, keep_candidate, step));
}

/* Reads the block of a record that counts, unless it was the last one read. */
static pv_status read_block(usage_seen_step *step, uint64_t value)
{
    reading *last = &step->last;
    uint64_t number = (uint32_t)value;
    if (last->source != source_of(value)) {
        bool is_counting = false;
        last->begin = last->end = 0;
        PV_TRY(load_source(step, source_of(value), &last->report, &last->ledger, &is_counting));
        last->source = source_of(value);
    }
    if (number >= last->begin && number < last->end) { return pv_ok(); }
    if (number == 0 || number > last->ledger.records) { return damaged(step->call); }
    return usage_block_of_record(step->call, last->report, &last->ledger, number, &last->block,
                                 &last->begin, &last->end);
}

/* Whether an entry counts and is of a record with the very id. */
static pv_status is_same(usage_seen_step *step, uint64_t value, pv_view id, bool *ret_same)
{
    *ret_same = false;
    PV_TRY(counts(step, value, ret_same));
    if (!*ret_same) { return pv_ok(); }
    PV_TRY(read_block(step, value));
    pv_view rest = step->last.block;
    usage_frame frame;
    bool is_damaged = false;
    while (usage_frame_next(&rest, &frame, &is_damaged)) {
        if (frame.number != (uint32_t)value) { continue; }
        *ret_same = pv_view_equal(frame.record_id, id);
        return pv_ok();
    }
    return damaged(step->call);
}

static pv_status check_candidates(usage_seen_step *step, size_t index)
{
    const candidate *all = (const candidate *)(const void *)step->candidates.data;
    for (uint32_t at = step->chains[index]; at != NOBODY; at = all[at].next) {
        bool same = false;
        PV_TRY(is_same(step, all[at].value, id_of(step, index), &same));
        if (!same) { continue; }
        step->firsts[index] = (usage_seen){step->last.report, (uint32_t)all[at].value};
        return pv_ok();
    }
    return pv_ok();
}

/* The step's own first record with the id of one that nobody else has: among those with the same hash. */
static void check_neighbours(usage_seen_step *step, size_t position)
{
    const slot *mine = &step->slots[position];
    for (size_t i = position; i > 0 && step->slots[i - 1].hash == mine->hash; i--) {
        uint32_t other = step->slots[i - 1].index;
        if (!pv_view_equal(id_of(step, other), id_of(step, mine->index))) { continue; }
        usage_seen first = step->firsts[other];
        bool is_first = pv_id_is_zero(first.report);
        if (is_first) { first = (usage_seen){step->report, step->before + other + 1}; }
        step->firsts[mine->index] = first;
        return;
    }
}

static pv_status look(usage_seen_step *step)
{
    PV_TRY(load_head(step));
    PV_TRY(hash_all(step));
    PV_TRY(pv_store_refused(step->call, pv_runs_open(step->call->context->txn, step->call->scratch,
                                                     step->contract, &step->runs)));
    PV_TRY(find_candidates(step));
    for (size_t i = 0; i < step->count; i++) { PV_TRY(check_candidates(step, i)); }
    for (size_t i = 0; i < step->slot_count; i++) {
        if (pv_id_is_zero(step->firsts[step->slots[i].index].report)) { check_neighbours(step, i); }
    }
    return pv_ok();
}

pv_status usage_seen_look(pv_call *call, pv_id contract, pv_id report, const usage_ledger *ledger,
                          pv_usage_record *const *records, size_t count, usage_seen_step **ret_step)
{
    PV_ASSERT(count <= USAGE_SEEN_MAX);
    pv_arena *arena = call->scratch;
    usage_seen_step *step = pv_arena_zalloc(arena, 1, sizeof *step);
    if (step == NULL) { return pv_out_of_memory(call); }
    step->call = call;
    step->contract = contract;
    step->report = report;
    step->before = ledger->records;
    step->records = records;
    step->count = count;
    step->candidates = pv_buffer_of(arena);
    step->firsts = pv_arena_zalloc(arena, count, sizeof *step->firsts);
    step->chains = pv_arena_alloc(arena, count * sizeof *step->chains);
    step->judged = pv_arena_zalloc(arena, JUDGED_MAX, sizeof *step->judged);
    if (step->firsts == NULL || step->chains == NULL || step->judged == NULL) {
        return pv_out_of_memory(call);
    }
    memset(step->chains, 0xff, count * sizeof *step->chains);
    *ret_step = step;
    return look(step);
}

usage_seen usage_seen_first(const usage_seen_step *step, size_t index)
{
    PV_ASSERT(index < step->count);
    return step->firsts[index];
}

/* --- noting --- */

pv_status usage_seen_note(usage_seen_step *step, usage_ledger *ledger)
{
    pv_call *call = step->call;
    pv_run_entry *entries = pv_arena_alloc(call->scratch, step->slot_count * sizeof *entries);
    if (entries == NULL) { return pv_out_of_memory(call); }
    size_t count = 0;
    for (size_t i = 0; i < step->slot_count; i++) {
        uint32_t index = step->slots[i].index;
        if (!pv_id_is_zero(step->firsts[index].report)) { continue; }
        if (ledger->source == 0) { PV_TRY(make_source(step, ledger)); }
        uint64_t value = value_of(ledger->source, step->before + index + 1);
        entries[count++] = (pv_run_entry){step->slots[i].hash, value};
    }
    return pv_store_refused(call, pv_runs_add(step->runs, entries, count, counts, step));
}
