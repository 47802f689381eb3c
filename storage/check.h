/* check.h — judges everything that a store holds: that every row is one that this program could have written, and
 * that what follows from other rows is there, all of it and nothing else. Runs on every engine, over one
 * snapshot, beside a server or without one.
 *
 * What is held against what:
 *   keys        strictly in order; of a space and form that storage/keys.h knows
 *   objects     row header, message by its own wire check, id, revision, etag and parties as the row says
 *   indexes     each entry of each row is there; each entry that is there is one of its row; unique values
 *   catalogue   every index that the program declares is there, ready, and as it declares it
 *   feeds       numbers without a gap; each entry an event that knows its number; of an account that is there
 *   audit       parts of each revision without a gap; of an account that is there; the chain of each account whole
 *               from where what is kept begins to the end that the trail's row tells; numbers and account as the
 *               entries say; by the domain
 *   answers     of an account and a user that are there, or of no account
 *   runs        the list of an owner's runs; each block is one of them, sorted, in its part of the hashes
 *   uses        of a certificate that is there; the first not behind the last
 *   settings    known by name
 *   blocks      by the domain
 *   digests     nothing but their keys
 * and no revision above the store's. What a message says (a name, an amount) is not known from anything else:
 * a changed letter in it is found by nobody but a file system with checksums. */
#ifndef PV_STORAGE_CHECK_H
#define PV_STORAGE_CHECK_H

#include "storage/audit.h"
#include "storage/object.h"
#include "storage/schema.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the program's rows are, and who is told. */
typedef struct pv_check_rules {
    const pv_schema *schema;
    const pv_object_info *account;
    const pv_object_info *user;
    const pv_object_info *certificate;
    const pv_message_info *event;
    const pv_message_info *audit_entry; /* with the fields `sequence` and `trail_account_id` */
    const pv_message_info *answer;
    const char *const *settings; /* names, up to NULL; those of the store layer are known */

    /* What the domain says of a packed block: NULL, or what is wrong, in `arena`. May be NULL: not judged. */
    const char *(*judge_block)(void *context, pv_txn *txn, pv_arena *arena, pv_id owner,
                               uint32_t number, pv_view value);
    /* The same of an audit entry's content, which is a message of its type. May be NULL. */
    const char *(*judge_audit)(void *context, pv_txn *txn, pv_arena *arena, pv_id account,
                               pv_view content);
    /* Told of each account's trail when its entries have been judged; may be NULL. */
    void (*trail)(void *context, pv_id account, const pv_trail *trail, uint64_t entries);
    /* After all rows: what the domain misses, one after the other, and then NULL. May be NULL. */
    const char *(*judge_missing)(void *context, pv_txn *txn, pv_arena *arena);
    /* Told of each finding: the row in words and what is wrong with it. */
    void (*found)(void *context, const char *row, const char *what);
    /* Told of each key before it is judged, should the process die of it; may be NULL. */
    void (*at)(void *context, pv_view key);
    void *context;
} pv_check_rules;

/* Rows by kind. */
typedef struct pv_check_summary {
    uint64_t rows;
    uint64_t objects, index_entries, events, audit_entries, audit_trails, answers, blocks, digests,
        run_blocks, uses, settings, indexes;
    uint64_t findings;
    uint64_t revision;
    bool whole; /* the walk came to its end */
} pv_check_summary;

/* Judges the whole store. OK also when there are findings; else it could not begin. */
PV_MUST_USE pv_status pv_check(pv_store *store, const pv_check_rules *rules,
                               pv_check_summary *ret_summary);

/* Judges the audit trails alone, and then what the domain misses. */
PV_MUST_USE pv_status pv_check_audit(pv_store *store, const pv_check_rules *rules,
                                     pv_check_summary *ret_summary);

/* Counts the rows alone. `ret_summary->findings` is 0. */
PV_MUST_USE pv_status pv_check_count(pv_store *store, pv_check_summary *ret_summary);

/* Visits all objects of a type, in the order of their ids. */
PV_MUST_USE pv_status pv_check_each(pv_txn *txn, const pv_object_info *object,
                                    void (*each)(void *context, pv_id id, const pv_row *row),
                                    void *context);

/* A key in words: "event 12 of acc_...", in `arena`. */
const char *pv_check_name(const pv_check_rules *rules, pv_view key, pv_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
