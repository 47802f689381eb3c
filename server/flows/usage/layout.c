/* The bytes of usage's rows, without anything that reads or writes them. */
#include "base/digest.h"
#include "server/flows/usage/bytes.h"
#include "server/flows/usage/ledger.h"
#include "server/flows/usage/sums.h"

enum { FORMAT = 2 /* 1 had no source */ };

bool usage_ledger_read(pv_view row, usage_ledger *ret_ledger)
{
    usage_cursor cursor = {row, true};
    uint64_t format = usage_take_number(&cursor, 1);
    *ret_ledger = (usage_ledger){.session = usage_take_id(&cursor)};
    ret_ledger->generation = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->oldest = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->records = usage_take_number(&cursor, 8);
    ret_ledger->valid = usage_take_number(&cursor, 8);
    ret_ledger->blocks = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->lines = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->subscriptions = (uint32_t)usage_take_number(&cursor, 4);
    if (format == FORMAT) { ret_ledger->source = (uint32_t)usage_take_number(&cursor, 4); }
    ret_ledger->released = usage_take_number(&cursor, 1) != 0;
    return cursor.ok && cursor.rest.size == 0 && (format == FORMAT || format == 1);
}

void usage_ledger_write(const usage_ledger *ledger, uint8_t ret_row[USAGE_LEDGER_SIZE])
{
    uint8_t *end = usage_put_number(ret_row, FORMAT, 1);
    end = usage_put_id(end, ledger->session);
    end = usage_put_number(end, ledger->generation, 4);
    end = usage_put_number(end, ledger->oldest, 4);
    end = usage_put_number(end, ledger->records, 8);
    end = usage_put_number(end, ledger->valid, 8);
    end = usage_put_number(end, ledger->blocks, 4);
    end = usage_put_number(end, ledger->lines, 4);
    end = usage_put_number(end, ledger->subscriptions, 4);
    end = usage_put_number(end, ledger->source, 4);
    end = usage_put_number(end, ledger->released ? 1 : 0, 1);
    PV_ASSERT(end == ret_row + USAGE_LEDGER_SIZE);
}

pv_id usage_block_owner(pv_id report, uint32_t generation)
{
    uint8_t text[PV_ID_SIZE + 4];
    (void)usage_put_number(usage_put_id(text, report), generation, 4);
    uint8_t digest[PV_SHA256_SIZE];
    pv_sha256(pv_view_of(text, sizeof text), digest);
    pv_id owner;
    memcpy(owner.bytes, digest, PV_ID_SIZE);
    return owner;
}

usage_line usage_line_take(usage_cursor *cursor)
{
    usage_line line = {0};
    line.subscription = usage_take_id(cursor);
    line.item = usage_take_id(cursor);
    line.quantity = usage_take_decimal(cursor);
    for (size_t i = 0; i < USAGE_TIERS; i++) { line.amounts[i] = usage_take_decimal(cursor); }
    line.records = usage_take_number(cursor, 8);
    return line;
}

uint8_t *usage_line_put(uint8_t *to, const usage_line *line)
{
    to = usage_put_id(to, line->subscription);
    to = usage_put_id(to, line->item);
    to = usage_put_decimal(to, line->quantity);
    for (size_t i = 0; i < USAGE_TIERS; i++) { to = usage_put_decimal(to, line->amounts[i]); }
    return usage_put_number(to, line->records, 8);
}
