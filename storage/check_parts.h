/* check_parts.h — shared by the files of the check. Internal to storage. */
#ifndef PV_STORAGE_CHECK_PARTS_H
#define PV_STORAGE_CHECK_PARTS_H

#include "storage/catalogue.h"
#include "storage/check.h"
#include "storage/index.h"
#include "storage/keys.h"
#include "storage/row.h"

/* One run of the check. */
typedef struct pv_checker {
    const pv_check_rules *rules;
    pv_txn *txn;
    pv_arena *arena; /* of the row that is judged */
    pv_check_summary summary;
    pv_key_parts before; /* the row before, of whatever space */
    pv_id known_account; /* the account that was looked up last, and whether it is there */
    bool account_is_there;
    pv_trail trail;      /* of the account whose audit entries are judged */
    pv_chain_mark chain; /* as far as they were followed */
    uint64_t trail_entries;
} pv_checker;

/* Tells a finding about the key. */
__attribute__((format(printf, 3, 4))) void pv_check_tell(pv_checker *self, pv_view key,
                                                         const char *format, ...);

/* Tells what the wire check has against the bytes; false if it has something. */
bool pv_check_wire(pv_checker *self, pv_view key, const pv_message_info *message, pv_view bytes);

/* The object of this type byte; NULL: there is none. */
const pv_object_info *pv_check_object_of(const pv_check_rules *rules, uint8_t tag);

void pv_check_object(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value);
void pv_check_index(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value);
/* An audit entry; the row before it in self->before. And the row of a trail. */
void pv_check_audit_entry(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value);
void pv_check_trail(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value);
/* Before the row behind an account's last audit entry, or at the end. */
void pv_check_audit_end(pv_checker *self);

/* Tells when the row's account is not there. */
void pv_check_owner(pv_checker *self, pv_view key, const pv_key_parts *parts);
/* Whether the row before is of the same space and owner. */
bool pv_check_goes_on(const pv_checker *self, const pv_key_parts *parts);

void pv_check_run(pv_checker *self, pv_view key, const pv_key_parts *parts);

/* After the walk: what the program declares against what the catalogue has. */
void pv_check_catalogue(pv_checker *self);

#endif
