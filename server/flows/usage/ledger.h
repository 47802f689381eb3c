/* ledger.h — the row that a report has beside its object: how far its upload is and where its
 * records lie. It is written with every batch of records, so that the object, its event and its
 * audit entry need not be.
 *
 * A report's records lie in packed blocks under an owner id that is made of the report's id and
 * a generation. To replace all records a new generation begins: the old blocks, and what the
 * contract has noted of their ids (seen.h), are stale at once, and the blocks are swept in bounded
 * steps by later calls. */
#ifndef PV_SERVER_FLOWS_USAGE_LEDGER_H
#define PV_SERVER_FLOWS_USAGE_LEDGER_H

#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Records of a report: their numbers stand in 32 bits of what a contract has noted. */
static const uint64_t USAGE_RECORDS_MAX = UINT32_MAX;

enum {
    USAGE_SWEEP_SMALL = 64, /* stale blocks deleted with a batch of records */
    USAGE_SWEEP_LARGE =
        4000 /* and at the beginning and end of an upload, within a transaction's limit */
};

typedef struct usage_ledger {
    pv_id session;       /* the upload that may go on; zero: none */
    uint32_t generation; /* counts from 1; 0: nothing was ever uploaded */
    uint32_t oldest;     /* generations from this one up to the present may have stale blocks */
    uint64_t records;    /* stored in this generation */
    uint64_t valid;      /* valid ones among them */
    uint32_t blocks;     /* record blocks, numbered from 0 */
    uint32_t lines;      /* items of subscriptions that are summed */
    uint32_t subscriptions;
    uint32_t source; /* number of this generation in the contract (seen.h); 0: none yet */
    bool released;   /* the report was rejected: its record ids may be reported again */
} usage_ledger;

/* The ledger of a report; all zero if it has none yet. */
PV_MUST_USE pv_status usage_ledger_load(pv_call *call, pv_id report, usage_ledger *ret_ledger);
PV_MUST_USE pv_status usage_ledger_save(pv_call *call, pv_id report, const usage_ledger *ledger);

/* The row itself: the one block whose owner is the report. False: it is none. */
enum { USAGE_LEDGER_BLOCK = 0, USAGE_LEDGER_SIZE = 1 + PV_ID_SIZE + 4 + 4 + 8 + 8 + 4 * 4 + 1 };
PV_MUST_USE bool usage_ledger_read(pv_view row, usage_ledger *ret_ledger);
void usage_ledger_write(const usage_ledger *ledger, uint8_t ret_row[USAGE_LEDGER_SIZE]);

/* Owner of the blocks of a generation. */
pv_id usage_block_owner(pv_id report, uint32_t generation);

/* Begins a new generation: no records. */
void usage_ledger_restart(usage_ledger *ledger);

/* Deletes at most `limit` stale blocks. */
PV_MUST_USE pv_status usage_ledger_sweep(pv_call *call, pv_id report, usage_ledger *ledger,
                                         uint32_t limit);

#ifdef __cplusplus
}
#endif
#endif
