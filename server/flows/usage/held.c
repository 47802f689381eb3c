#include "server/flows/usage/held.h"

#include "base/decimal.h"
#include "protos/runtime/message.h"
#include "protos/runtime/wire.h"
#include "purvey/contract/v1/contract.pv.h"
#include "purvey/usage/v1/usage_report.pv.h"
#include "purvey/usage/v1/usage_report_service.pv.h"
#include "server/flows/usage/bytes.h"
#include "server/flows/usage/ledger.h"
#include "server/flows/usage/sums.h"
#include "storage/check.h"
#include "storage/record.h"

#include <stdlib.h> /* bsearch, qsort */

enum { SOURCE_SIZE = 20, FIRST_CAPACITY = 64 };

/* The blocks of one generation of a report, and what was seen of them. */
typedef struct holding {
    pv_id owner;
    pv_id report;
    bool present; /* the generation that counts; others are swept some day */
    usage_ledger ledger;
    uint32_t blocks;
    uint64_t records;
    uint64_t valid;
    pv_decimal quantity;
    uint32_t lines;
    uint64_t line_records;
    pv_decimal line_quantity;
} holding;

struct usage_held {
    pv_arena *arena;
    holding *items; /* by owner, once they are listed */
    size_t count;
    size_t capacity;
    bool listed;
    bool failed; /* to list them: told once */
    size_t next; /* of usage_held_missing */
    pv_txn *txn;
};

usage_held *usage_held_create(pv_arena *arena)
{
    usage_held *held = pv_arena_zalloc(arena, 1, sizeof *held);
    if (held != NULL) { held->arena = arena; }
    return held;
}

/* --- the reports --- */

/* Room for one more; twice as much each time it is used up. */
static bool make_room(usage_held *held)
{
    if (held->count < held->capacity) { return true; }
    size_t capacity = held->capacity == 0 ? FIRST_CAPACITY : 2 * held->capacity;
    holding *items = pv_arena_zalloc(held->arena, capacity, sizeof *items);
    if (items == NULL) { return false; }
    if (held->count > 0) { memcpy(items, held->items, held->count * sizeof *items); }
    held->items = items;
    held->capacity = capacity;
    return true;
}

static void add(usage_held *held, pv_id report, uint32_t generation, const usage_ledger *ledger)
{
    if (!make_room(held)) {
        held->failed = true;
        return;
    }
    held->items[held->count++] = (holding){
        .owner = usage_block_owner(report, generation),
        .report = report,
        .present = generation == ledger->generation,
        .ledger = *ledger,
    };
}

static void take_report(void *context, pv_id report, const pv_row *row)
{
    usage_held *held = context;
    (void)row;
    pv_view bytes;
    usage_ledger ledger;
    if (!pv_is_ok(pv_block_get(held->txn, report, USAGE_LEDGER_BLOCK, &bytes)) ||
        !usage_ledger_read(bytes, &ledger)) {
        return;
    }
    uint32_t first = ledger.oldest == 0 ? ledger.generation : ledger.oldest;
    for (uint32_t i = first; i <= ledger.generation && i > 0; i++) {
        add(held, report, i, &ledger);
    }
}

static int compare(const void *a, const void *b)
{
    const holding *left = a;
    const holding *right = b;
    return memcmp(left->owner.bytes, right->owner.bytes, PV_ID_SIZE);
}

static void list(usage_held *held, pv_txn *txn)
{
    if (held->listed) { return; }
    held->listed = true;
    held->txn = txn;
    pv_status status = pv_check_each(txn, &pv_usage_report__object, take_report, held);
    held->failed = held->failed || !pv_is_ok(status);
    if (held->count > 0) { qsort(held->items, held->count, sizeof *held->items, compare); }
}

/* --- blocks --- */

static const char *add_quantity(pv_decimal *sum, pv_decimal more)
{
    return pv_decimal_add(*sum, more, sum) ? NULL : "its quantities leave the range of a decimal";
}

static const char *judge_record(holding *of, const pv_usage_record *record)
{
    of->records++;
    if (record->number != of->records) { return "its records are not numbered 1, 2, 3 ..."; }
    if (record->state != PV_USAGE_RECORD_STATE_VALID) { return NULL; }
    of->valid++;
    pv_decimal quantity;
    if (!pv_decimal_parse(pv_view_text(record->quantity), &quantity)) {
        return "the quantity of a valid record is no number";
    }
    return add_quantity(&of->quantity, quantity);
}

static const char *judge_records(holding *of, pv_arena *arena, uint32_t number, pv_view value)
{
    if (number >= of->ledger.blocks) { return "it is behind the last block of its report"; }
    if (number != of->blocks++) { return "a block before it is missing"; }
    pv_error error;
    pv_error_init(&error, arena);
    ProtobufCMessage *message = NULL;
    const pv_message_info *type = &pv_list_usage_records_response__info;
    if (!pv_is_ok(pv_wire_check(type, value, &error)) ||
        !pv_message_unpack(type, value, arena, &message)) {
        return "it is no block of records";
    }
    const pv_list_usage_records_response *page = (const pv_list_usage_records_response *)message;
    const char *wrong = NULL;
    for (size_t i = 0; i < page->n_records && wrong == NULL; i++) {
        wrong = judge_record(of, page->records[i]);
    }
    return wrong;
}

static const char *judge_sums(holding *of, pv_view value)
{
    usage_cursor cursor = {value, value.size % USAGE_LINE_SIZE == 0};
    const char *wrong = cursor.ok ? NULL : "it is no block of sums";
    while (wrong == NULL && cursor.rest.size > 0 && of->lines < of->ledger.lines) {
        usage_line line = usage_line_take(&cursor);
        of->lines++;
        of->line_records += line.records;
        wrong = add_quantity(&of->line_quantity, line.quantity);
    }
    return wrong;
}

static holding *find(const usage_held *held, pv_id owner)
{
    const holding key = {.owner = owner};
    return held->count == 0 ? NULL : bsearch(&key, held->items, held->count, sizeof key, compare);
}

const char *usage_held_block(usage_held *held, pv_txn *txn, pv_arena *arena, pv_id owner,
                             uint32_t number, pv_view value)
{
    list(held, txn);
    holding *of = find(held, owner);
    if (of != NULL && !of->present) { return NULL; }
    if (of != NULL) {
        return number < USAGE_FIRST_SUM_BLOCK ? judge_records(of, arena, number, value)
                                              : judge_sums(of, value);
    }
    pv_row row;
    usage_ledger ledger;
    if (pv_is_ok(pv_object_get(txn, &pv_usage_report__object, owner, &row))) {
        if (number != USAGE_LEDGER_BLOCK) { return "its report has no such block"; }
        return usage_ledger_read(value, &ledger) ? NULL : "it is no ledger";
    }
    if (pv_is_ok(pv_object_get(txn, &pv_contract__object, owner, &row))) {
        return value.size == SOURCE_SIZE ? NULL : "it is no source of a contract";
    }
    return "its owner is not there";
}

/* --- the whole of a report --- */

static const char *missing_of(const holding *of)
{
    const usage_ledger *ledger = &of->ledger;
    if (of->blocks != ledger->blocks || of->records != ledger->records) {
        return "it has other records than its ledger says";
    }
    if (of->valid != ledger->valid) { return "it has other valid records than its ledger says"; }
    if (of->lines != ledger->lines) { return "it has other sums than its ledger says"; }
    if (of->line_records != of->valid || of->line_quantity.units != of->quantity.units) {
        return "its sums are not those of its records";
    }
    return NULL;
}

const char *usage_held_missing(usage_held *held, pv_txn *txn, pv_arena *arena)
{
    list(held, txn);
    if (held->failed) {
        held->failed = false;
        return "the usage reports cannot be listed";
    }
    while (held->next < held->count) {
        const holding *of = &held->items[held->next++];
        const char *what = of->present ? missing_of(of) : NULL;
        if (what == NULL) { continue; }
        char id[PV_ID_TEXT_SIZE];
        pv_id_format(pv_usage_report__object.id_prefix, of->report, id);
        const char *text = pv_arena_printf(arena, "usage of %s: %s", id, what);
        return text == NULL ? what : text;
    }
    return NULL;
}
