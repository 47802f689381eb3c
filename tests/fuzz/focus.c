/* The reader of FOCUS files: the first byte says whether a good header is put in front. An accepted row
 * holds what focus.h promises. */
#define _GNU_SOURCE
#include "client/focus/focus.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char header[] =
    "ChargeCategory,BilledCost,ConsumedQuantity,ProviderName,SubAccountId,SkuId,ConsumedUnit,"
    "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "SubAccountName,ServiceName,Id\n";

static void put(int file, const void *bytes, size_t size)
{
    PV_ASSERT(write(file, bytes, size) == (ssize_t)size);
}

static void check_accepted(const pv_focus_row *row)
{
    PV_ASSERT(row->consumed_quantity.units >= 0 && row->billed_cost.units >= 0);
    PV_ASSERT(row->billing_period_start.utc_ns < row->billing_period_end.utc_ns);
    PV_ASSERT(row->charge_period_start.utc_ns < row->charge_period_end.utc_ns);
    PV_ASSERT(strcmp(row->charge_category, "Usage") == 0);
    PV_ASSERT(strlen(row->billing_currency) == 3);
    const char *const names[] = {row->provider_name, row->sub_account_id, row->sku_id,
                                 row->consumed_unit, row->record_id};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) { PV_ASSERT(names[i][0] != '\0'); }
}

static void check_refused(const pv_focus_refusal *refusal)
{
    PV_ASSERT(refusal->column < PV_FOCUS_COLUMN_COUNT && refusal->field > 0);
    PV_ASSERT(refusal->reason[0] != '\0' && strlen(refusal->reason) < PV_FOCUS_REASON_TEXT_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    bool headed = (pv_fuzz_byte(&input) & 1) == 0;
    int file = memfd_create("focus", 0);
    PV_ASSERT(file >= 0);
    if (headed) { put(file, header, sizeof header - 1); }
    put(file, input.data, input.size);
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    pv_focus *focus = NULL;
    pv_focus_row row;
    bool found = false;
    uint64_t count = 0;
    pv_status status = pv_focus_open(arena, path, &focus);
    while (pv_is_ok(status) && pv_is_ok(status = pv_focus_next(focus, &found, &row)) && found) {
        count++;
        PV_ASSERT(row.number == count && row.line > count);
        if (row.refusal.kind == PV_FOCUS_ACCEPTED) {
            check_accepted(&row);
        } else {
            check_refused(&row.refusal);
        }
    }
    if (!pv_is_ok(status)) {
        PV_ASSERT(strlen(pv_focus_fault_of(focus)) < PV_FOCUS_FAULT_TEXT_SIZE);
    }
    pv_focus_close(focus);
    pv_arena_destroy(arena);
    close(file);
    return 0;
}
