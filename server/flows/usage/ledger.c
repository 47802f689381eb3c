#include "server/flows/usage/ledger.h"

#include "base/digest.h"
#include "server/flows/usage/bytes.h"
#include "storage/record.h"

enum {
    LEDGER_BLOCK = 0,
    FORMAT = 2, /* 1 had no source */
    LEDGER_SIZE = 1 + PV_ID_SIZE + 4 + 4 + 8 + 8 + 4 + 4 + 4 + 4 + 1
};

pv_status usage_ledger_load(pv_call *call, pv_id report, usage_ledger *ret_ledger)
{
    pv_view row;
    *ret_ledger = (usage_ledger){0};
    pv_status status = pv_block_get(call->context->txn, report, LEDGER_BLOCK, &row);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    usage_cursor cursor = {row, true};
    uint64_t format = usage_take_number(&cursor, 1);
    ret_ledger->session = usage_take_id(&cursor);
    ret_ledger->generation = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->oldest = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->records = usage_take_number(&cursor, 8);
    ret_ledger->valid = usage_take_number(&cursor, 8);
    ret_ledger->blocks = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->lines = (uint32_t)usage_take_number(&cursor, 4);
    ret_ledger->subscriptions = (uint32_t)usage_take_number(&cursor, 4);
    if (format == FORMAT) { ret_ledger->source = (uint32_t)usage_take_number(&cursor, 4); }
    ret_ledger->released = usage_take_number(&cursor, 1) != 0;
    bool whole = cursor.ok && cursor.rest.size == 0 && (format == FORMAT || format == 1);
    return whole ? pv_ok() : pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
}

pv_status usage_ledger_save(pv_call *call, pv_id report, const usage_ledger *ledger)
{
    uint8_t row[LEDGER_SIZE];
    uint8_t *end = usage_put_number(row, FORMAT, 1);
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
    PV_ASSERT(end == row + LEDGER_SIZE);
    return pv_store_refused(
        call, pv_block_put(call->context->txn, report, LEDGER_BLOCK, pv_view_of(row, LEDGER_SIZE)));
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

void usage_ledger_restart(usage_ledger *ledger)
{
    usage_ledger fresh = {.generation = ledger->generation + 1,
                          .oldest = ledger->oldest == 0 ? 1 : ledger->oldest};
    *ledger = fresh;
}

pv_status usage_ledger_sweep(pv_call *call, pv_id report, usage_ledger *ledger, uint32_t limit)
{
    if (ledger->oldest == 0 || ledger->oldest >= ledger->generation) { return pv_ok(); }
    bool more = false;
    pv_id owner = usage_block_owner(report, ledger->oldest);
    PV_TRY(pv_store_refused(
        call, pv_block_delete(call->context->txn, call->scratch, owner, limit, &more)));
    if (!more) { ledger->oldest++; }
    return pv_ok();
}
