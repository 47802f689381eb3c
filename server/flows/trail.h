/* trail.h — entries of the audit trails, for whoever writes one: saving an object (save.c), noting what was refused
 * (server/pipeline), beginning a platform (server/identity/bootstrap.h). */
#ifndef PV_SERVER_FLOWS_TRAIL_H
#define PV_SERVER_FLOWS_TRAIL_H

#include "base/chain.h"
#include "base/id.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_TRAIL_CHANGES_MAX = 32,     /* fields told in one entry */
    PV_TRAIL_VALUE_BYTES_MAX = 200 /* of a value, which is then cut at the end of a character */
};

/* Writes the entry into the account's trail, as its newest. What places it there (trail_account_id, sequence) is set
 * here; the entry may be filed again in another trail. The store's codes; RESOURCE_EXHAUSTED also of the arena. */
PV_MUST_USE pv_status pv_trail_file(pv_txn *txn, pv_arena *arena, pv_id account,
                                    pv_audit_entry *entry);

/* An entry as a client was given it, as a link of its chain: its content is encoded anew, in `arena`. False at the
 * arena's ceiling, or if a hash has not 32 bytes. */
PV_MUST_USE bool pv_trail_link(const pv_audit_entry *entry, pv_arena *arena,
                               pv_chain_link *ret_link);

/* Tells in the entry which fields of an object differ, before (NULL: there was none) and after; not those that say who
 * and whose it is or which revision, nor those marked sensitive. False at the arena's ceiling. */
PV_MUST_USE bool pv_trail_tell_changes(const pv_object_info *object, const ProtobufCMessage *before,
                                       const ProtobufCMessage *after, pv_arena *arena,
                                       pv_audit_entry *entry);

#ifdef __cplusplus
}
#endif
#endif
