/* seen.h — which record ids a contract has seen. Every report has a number in its contract for each of its generations
 * (a source), and every record id that a report has brought is an entry in the runs of the contract
 * (storage/runs.h): keyed hash of the id, source and number of the record. A hash only leads to a record: whether it
 * is the same id is read there.
 *
 * An entry counts only as long as its report has that generation and was neither rejected nor deleted, so none
 * ever needs to be taken back; merging drops those that no longer count. */
#ifndef PV_SERVER_FLOWS_USAGE_SEEN_H
#define PV_SERVER_FLOWS_USAGE_SEEN_H

#include "purvey/usage/v1/usage_record.pv.h"
#include "server/flows/usage/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    USAGE_RECORD_ID_MAX = 100, /* characters */
    USAGE_SEEN_MAX = 1000      /* records looked at in one step: one message */
};

/* Whose record it is; a zero report: nobody's. */
typedef struct usage_seen {
    pv_id report;
    uint64_t number;
} usage_seen;

/* The record ids of one step; lives in call->scratch. */
typedef struct usage_seen_step usage_seen_step;

/* Whether it is one line of 1 to USAGE_RECORD_ID_MAX characters. Others are never noted. */
bool usage_record_id_is_valid(pv_view record_id);

/* Looks up the ids of at most USAGE_SEEN_MAX records that follow those in the report's ledger. */
PV_MUST_USE pv_status usage_seen_look(pv_call *call, pv_id contract, pv_id report,
                                      const usage_ledger *ledger, pv_usage_record *const *records,
                                      size_t count, usage_seen_step **ret_step);

/* Whose record had the id of record `index` of the step before it: of another report, of an earlier upload of this
 * one, or of the same step. */
usage_seen usage_seen_first(const usage_seen_step *step, size_t index);

/* Notes all ids that were nobody's as the report's. The ledger is given its source, if it has none. */
PV_MUST_USE pv_status usage_seen_note(usage_seen_step *step, usage_ledger *ledger);

#ifdef __cplusplus
}
#endif
#endif
