/* seen.h — which usage records a contract has seen: a
 * note for each record id says which report has it, in which generation, under which number. A
 * note counts only as long as that report has that generation and was neither rejected nor
 * deleted, so none ever needs to be taken back. */
#ifndef PV_SERVER_FLOWS_USAGE_SEEN_H
#define PV_SERVER_FLOWS_USAGE_SEEN_H

#include "server/flows/usage/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whose record it is. */
typedef struct usage_seen {
    pv_id report;
    uint32_t generation;
    uint64_t number;
} usage_seen;

/* What was looked up last, within one transaction. Zero-initialise. */
typedef struct usage_seen_cache {
    pv_id report;
    usage_ledger ledger;
    bool filled;
} usage_seen_cache;

/* Notes the record as `mine` unless it has been seen; then ret_first tells where, and its report is
 * not zero. */
PV_MUST_USE pv_status usage_seen_note(pv_call *call, usage_seen_cache *cache, pv_id contract,
                                      pv_view record_id, const usage_seen *mine,
                                      usage_seen *ret_first);

#ifdef __cplusplus
}
#endif
#endif
