#include "server/flows/usage/ledger.h"

#include "storage/record.h"

pv_status usage_ledger_load(pv_call *call, pv_id report, usage_ledger *ret_ledger)
{
    pv_view row;
    *ret_ledger = (usage_ledger){0};
    pv_status status = pv_block_get(call->context->txn, report, USAGE_LEDGER_BLOCK, &row);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    bool whole = usage_ledger_read(row, ret_ledger);
    return whole ? pv_ok() : pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
}

pv_status usage_ledger_save(pv_call *call, pv_id report, const usage_ledger *ledger)
{
    uint8_t row[USAGE_LEDGER_SIZE];
    usage_ledger_write(ledger, row);
    return pv_store_refused(call, pv_block_put(call->context->txn, report, USAGE_LEDGER_BLOCK,
                                               pv_view_of(row, sizeof row)));
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
