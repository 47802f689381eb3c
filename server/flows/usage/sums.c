#include "server/flows/usage/sums.h"

#include "server/flows/usage/bytes.h"
#include "storage/record.h"

enum {
    LINES_PER_BLOCK = 150, /* 15,600 bytes: below PV_STORE_BLOCK_MAX */
    BLOCKS_MAX = (USAGE_LINES_MAX + LINES_PER_BLOCK - 1) / LINES_PER_BLOCK
};

_Static_assert(USAGE_LINE_SIZE *LINES_PER_BLOCK <= PV_STORE_BLOCK_MAX, "a block of sums fits");

typedef struct member {
    pv_id subscription;
    uint32_t lines;
} member;

struct usage_sums {
    pv_arena *arena;
    uint64_t seed;
    usage_line *blocks[BLOCKS_MAX]; /* LINES_PER_BLOCK lines each, made when needed */
    bool dirty[BLOCKS_MAX];
    uint32_t count;
    usage_table lines;
    member *members;
    usage_table subscriptions;
};

pv_status usage_sums_create(pv_call *call, uint64_t seed, usage_sums **ret_sums)
{
    usage_sums *sums = pv_arena_zalloc(call->arena, 1, sizeof *sums);
    if (sums == NULL) { return pv_out_of_memory(call); }
    sums->arena = call->arena;
    sums->seed = seed;
    sums->members = pv_arena_zalloc(call->arena, USAGE_SUBSCRIPTIONS_MAX, sizeof *sums->members);
    if (sums->members == NULL || !usage_table_init(&sums->lines, call->arena, USAGE_LINES_MAX) ||
        !usage_table_init(&sums->subscriptions, call->arena, USAGE_SUBSCRIPTIONS_MAX)) {
        return pv_out_of_memory(call);
    }
    *ret_sums = sums;
    return pv_ok();
}

static usage_line *line_at(const usage_sums *sums, uint32_t index)
{
    return &sums->blocks[index / LINES_PER_BLOCK][index % LINES_PER_BLOCK];
}

uint32_t usage_sums_count(const usage_sums *sums)
{
    return sums->count;
}

const usage_line *usage_sums_at(const usage_sums *sums, uint32_t index)
{
    PV_ASSERT(index < sums->count);
    return line_at(sums, index);
}

/* What is looked for, and where. */
typedef struct search {
    const usage_sums *sums;
    const usage_line *line;
} search;

static bool same_line(const void *context, uint32_t index)
{
    const search *wanted = context;
    const usage_line *line = line_at(wanted->sums, index);
    return pv_id_equal(line->subscription, wanted->line->subscription) &&
           pv_id_equal(line->item, wanted->line->item);
}

static bool same_subscription(const void *context, uint32_t index)
{
    const search *wanted = context;
    return pv_id_equal(wanted->sums->members[index].subscription, wanted->line->subscription);
}

static uint64_t hash_of(const usage_sums *sums, pv_id id)
{
    return usage_hash(sums->seed, pv_view_of(id.bytes, PV_ID_SIZE));
}

/* A new line with nothing in it. */
static usage_sum_fault add_line(usage_sums *sums, const usage_line *addend, uint32_t slot,
                                uint32_t *ret_index)
{
    search wanted = {sums, addend};
    uint32_t member_slot = 0;
    uint32_t owner = usage_table_find(&sums->subscriptions, hash_of(sums, addend->subscription),
                                      same_subscription, &wanted, &member_slot);
    bool known = owner != USAGE_TABLE_NONE;
    bool full = sums->count == USAGE_LINES_MAX ||
                (known ? sums->members[owner].lines == USAGE_CHARGE_LINES_MAX
                       : sums->subscriptions.count == USAGE_SUBSCRIPTIONS_MAX);
    if (full) { return USAGE_SUM_FULL; }
    uint32_t block = sums->count / LINES_PER_BLOCK;
    if (sums->blocks[block] == NULL) {
        sums->blocks[block] = pv_arena_zalloc(sums->arena, LINES_PER_BLOCK, sizeof(usage_line));
        if (sums->blocks[block] == NULL) { return USAGE_SUM_MEMORY; }
    }
    if (!known) {
        owner = sums->subscriptions.count;
        usage_table_add(&sums->subscriptions, member_slot, owner);
        sums->members[owner] = (member){addend->subscription, 0};
    }
    sums->members[owner].lines++;
    *ret_index = sums->count++;
    usage_line empty = {.subscription = addend->subscription, .item = addend->item};
    *line_at(sums, *ret_index) = empty;
    usage_table_add(&sums->lines, slot, *ret_index);
    return USAGE_SUM_OK;
}

usage_sum_fault usage_sums_add(usage_sums *sums, const usage_line *addend)
{
    search wanted = {sums, addend};
    uint64_t hash = hash_of(sums, addend->subscription) ^ (hash_of(sums, addend->item) << 1);
    uint32_t slot = 0;
    uint32_t index = usage_table_find(&sums->lines, hash, same_line, &wanted, &slot);
    usage_line sum = {.subscription = addend->subscription, .item = addend->item};
    if (index != USAGE_TABLE_NONE) { sum = *line_at(sums, index); }
    bool in_range = pv_decimal_add(sum.quantity, addend->quantity, &sum.quantity);
    for (size_t i = 0; i < USAGE_TIERS; i++) {
        in_range = in_range && pv_decimal_add(sum.amounts[i], addend->amounts[i], &sum.amounts[i]);
    }
    if (!in_range) { return USAGE_SUM_OVERFLOW; }
    if (index == USAGE_TABLE_NONE) {
        usage_sum_fault fault = add_line(sums, addend, slot, &index);
        if (fault != USAGE_SUM_OK) { return fault; }
    }
    sum.records += addend->records;
    *line_at(sums, index) = sum;
    sums->dirty[index / LINES_PER_BLOCK] = true;
    return USAGE_SUM_OK;
}

static pv_status load_block(pv_call *call, usage_sums *sums, pv_id owner, uint32_t number,
                            uint32_t lines)
{
    pv_view block;
    PV_TRY(pv_store_refused(
        call, pv_block_get(call->context->txn, owner, USAGE_FIRST_SUM_BLOCK + number, &block)));
    usage_cursor cursor = {block, true};
    while (cursor.ok && cursor.rest.size > 0 && sums->count < lines) {
        usage_line line = usage_line_take(&cursor);
        usage_sum_fault fault = cursor.ok ? usage_sums_add(sums, &line) : USAGE_SUM_OVERFLOW;
        if (fault == USAGE_SUM_MEMORY) { return pv_out_of_memory(call); }
        if (fault != USAGE_SUM_OK) {
            return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
        }
    }
    sums->dirty[number] = false;
    return pv_ok();
}

pv_status usage_sums_load(pv_call *call, usage_sums *sums, pv_id report, const usage_ledger *ledger)
{
    usage_table_clear(&sums->lines);
    usage_table_clear(&sums->subscriptions);
    sums->count = 0;
    memset(sums->dirty, 0, sizeof sums->dirty);
    if (ledger->lines > USAGE_LINES_MAX) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    pv_id owner = usage_block_owner(report, ledger->generation);
    for (uint32_t number = 0; sums->count < ledger->lines; number++) {
        uint32_t before = sums->count;
        PV_TRY(load_block(call, sums, owner, number, ledger->lines));
        if (sums->count == before) {
            return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
        }
    }
    return pv_ok();
}

pv_status usage_sums_save(pv_call *call, usage_sums *sums, pv_id report, usage_ledger *ledger)
{
    pv_id owner = usage_block_owner(report, ledger->generation);
    uint8_t *bytes = pv_arena_alloc(call->scratch, (size_t)USAGE_LINE_SIZE * LINES_PER_BLOCK);
    if (bytes == NULL) { return pv_out_of_memory(call); }
    for (uint32_t number = 0; number * LINES_PER_BLOCK < sums->count; number++) {
        if (!sums->dirty[number]) { continue; }
        uint8_t *end = bytes;
        uint32_t first = number * LINES_PER_BLOCK;
        for (uint32_t i = first; i < sums->count && i < first + LINES_PER_BLOCK; i++) {
            end = usage_line_put(end, line_at(sums, i));
        }
        pv_view block = pv_view_of(bytes, (size_t)(end - bytes));
        PV_TRY(pv_store_refused(
            call, pv_block_put(call->context->txn, owner, USAGE_FIRST_SUM_BLOCK + number, block)));
        sums->dirty[number] = false;
    }
    ledger->lines = sums->count;
    ledger->subscriptions = sums->subscriptions.count;
    return pv_ok();
}

bool usage_sums_total(const usage_sums *sums, pv_decimal *ret_total)
{
    pv_decimal total = {0};
    for (uint32_t i = 0; i < sums->count; i++) {
        if (!pv_decimal_add(total, line_at(sums, i)->amounts[0], &total)) { return false; }
    }
    *ret_total = total;
    return true;
}
