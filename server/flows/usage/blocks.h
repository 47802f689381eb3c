/* blocks.h — records in packed blocks. A block is the packed form of `repeated UsageRecord
 * records = 1`, so that a stored block can be sent as a response without being decoded. Every
 * record begins with its number and ends with its state, which is how both are read, and the
 * state replaced, without decoding. */
#ifndef PV_SERVER_FLOWS_USAGE_BLOCKS_H
#define PV_SERVER_FLOWS_USAGE_BLOCKS_H

#include "purvey/usage/v1/usage_record.pv.h"
#include "purvey/usage/v1/usage_report.pv.h"
#include "server/flows/usage/ledger.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Collects the records of one step. A step begins a new block. */
typedef struct usage_writer {
    pv_call *call;
    pv_id owner;
    uint32_t next_block;
    pv_buffer block;
} usage_writer;

usage_writer usage_writer_of(pv_call *call, pv_id report, const usage_ledger *ledger);
PV_MUST_USE pv_status usage_writer_add(usage_writer *writer, const pv_usage_record *record);
/* Writes the last block; the ledger's block count is then that of the writer. */
PV_MUST_USE pv_status usage_writer_end(usage_writer *writer, usage_ledger *ledger);

/* One record as it lies in a block. */
typedef struct usage_frame {
    pv_view bytes; /* with tag and length: an element of field 1 */
    uint64_t number;
    pv_view record_id; /* empty: none */
    pv_usage_record_state state;
} usage_frame;

/* Takes the first record off `rest`. False: there is none, or `*ret_damaged`. */
bool usage_frame_next(pv_view *rest, usage_frame *ret_frame, bool *ret_damaged);

/* The block that holds the record with this number, which is at least 1 and stored. */
PV_MUST_USE pv_status usage_block_find(pv_call *call, pv_id report, const usage_ledger *ledger,
                                       uint64_t number, uint32_t *ret_block);

/* Reads a block; borrowed from the transaction. */
PV_MUST_USE pv_status usage_block_read(pv_call *call, pv_id report, const usage_ledger *ledger,
                                       uint32_t block, pv_view *ret_bytes);

/* Finds and reads the block of the record with this number, and gives the numbers of its records: from `begin` to
 * `end` - 1. */
PV_MUST_USE pv_status usage_block_of_record(pv_call *call, pv_id report, const usage_ledger *ledger,
                                            uint64_t number, pv_view *ret_bytes,
                                            uint64_t *ret_begin, uint64_t *ret_end);

/* Appends a record as it stands in a report of this state: once submitted, the record's state is
 * the report's. */
void usage_frame_append(pv_buffer *reply, const usage_frame *frame, pv_usage_report_state state);

#ifdef __cplusplus
}
#endif
#endif
