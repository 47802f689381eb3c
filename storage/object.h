/* object.h — stored objects: the packed API message behind a fixed row header, with its secondary indexes
 * kept in the same transaction. What is an object, who its parties are and what is indexed is declared in
 * the .proto (options `object` and `field`); flows never touch an index or build a key.
 *
 * Row: header { format, revision, one account id per party slot } and then the packed message, so that
 * visibility is decided, and a Get answered, without decoding. Put sets id-independent fields of the
 * message itself: `revision`, `etag`, `update_time`, and `create_time` when it is unset.
 *
 * Reasons are told by status code only; the caller words the refusal: NOT_FOUND, ALREADY_EXISTS (unique
 * index; ret_existing tells who), RESOURCE_EXHAUSTED, DATA_LOSS. */
#ifndef PV_STORAGE_OBJECT_H
#define PV_STORAGE_OBJECT_H

#include "base/id.h"
#include "protos/runtime/rules.h"
#include "storage/store.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_ROW_PARTIES_MAX = 4 };

/* A row as read: borrowed from the transaction. */
typedef struct pv_row {
    uint64_t revision;
    uint8_t party_count;
    uint8_t party_roles[PV_ROW_PARTIES_MAX]; /* role number of each slot, as the .proto declares */
    pv_id parties[PV_ROW_PARTIES_MAX];       /* zero: this object has no such party */
    pv_view message;                         /* the packed API message */
} pv_row;

/* Whether the account is a party of the row; ret_role (may be NULL) tells as what. */
bool pv_row_party(const pv_row *row, pv_id account, uint8_t *ret_role);

/* The row of an id. NOT_FOUND. */
PV_MUST_USE pv_status pv_object_get(pv_txn *txn, const pv_object_info *object, pv_id id,
                                    pv_row *ret_row);

/* The decoded message of an id, in `arena`; ret_row may be NULL. */
PV_MUST_USE pv_status pv_object_load(pv_txn *txn, const pv_object_info *object, pv_id id,
                                     pv_arena *arena, ProtobufCMessage **ret_message,
                                     pv_row *ret_row);

/* Inserts or replaces the object with all its index entries. The message is changed (see above); texts it
 * gains live in `arena`. INVALID_ARGUMENT: its id or a party is no id. ALREADY_EXISTS: another object holds a
 * unique value; its id is in ret_existing (may be NULL) and nothing was written. */
PV_MUST_USE pv_status pv_object_put(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                                    pv_time now, ProtobufCMessage *message, pv_id *ret_existing);

/* Removes the object and its index entries. */
PV_MUST_USE pv_status pv_object_delete(pv_txn *txn, const pv_object_info *object, pv_id id);

/* One condition on an indexed field; conditions of a query are joined by AND. */
typedef enum pv_comparison {
    PV_EQUAL = 0,
    PV_LESS = 1,
    PV_LESS_EQUAL = 2,
    PV_GREATER = 3,
    PV_GREATER_EQUAL = 4
} pv_comparison;

typedef struct pv_condition {
    uint16_t field; /* index into descriptor->fields */
    pv_comparison comparison;
    pv_view text;    /* of a string or id field */
    uint64_t number; /* of an enum, bool or unsigned field; of a Timestamp its utc_ns */
} pv_condition;

enum { PV_QUERY_CONDITIONS_MAX = 8, PV_QUERY_SCAN_MAX = 10000 };

/* What to list: the objects of one party account that meet all conditions, in the order of the index that
 * serves them, or backwards.
 *
 * Which index serves: it must begin with fields that have an equality, then may have one that is bounded.
 * An index that serves a bounded field is preferred (the list is then in the order of that field), then the
 * one with the most equalities, then the shortest. The list is in the order of the index's other fields,
 * then of the id, which is creation. Without such an index all objects of the account are walked in the
 * order of ids. Conditions that the index does not serve are checked on each row; that is what
 * PV_QUERY_SCAN_MAX bounds.
 *
 * An index for one party serves only queries whose role makes the account that party in every row, and a
 * unique index only queries in which each of its fields must be non-empty: other rows are not in it.
 * Texts longer than 80 bytes sort by their first 80 bytes. */
typedef struct pv_query {
    pv_id account;
    const pv_condition *conditions;
    size_t condition_count;
    bool descending;
    bool by_id;    /* in order of id, which is creation, even if another index would serve better */
    uint8_t role;  /* only objects of which the account is this party, or PV_PARTY_ANY; 0: all */
    pv_view after; /* position of the last entry of the page before; empty: from the start */
} pv_query;

/* Walks the result of a query. */
typedef struct pv_query_run pv_query_run;

/* Opens a query; what it refers to may go away. INVALID_ARGUMENT: a condition's field is in no index, or
 * `after` is no position of this query. */
PV_MUST_USE pv_status pv_query_open(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                                    const pv_query *query, pv_query_run **ret_run);

/* The next row; NOT_FOUND at the end; OUT_OF_RANGE when PV_QUERY_SCAN_MAX entries were looked at: the
 * page ends here, short, and `pv_query_position` continues. */
PV_MUST_USE pv_status pv_query_next(pv_query_run *run, pv_id *ret_id, pv_row *ret_row);

/* Position of the entry returned last (or looked at last), for pv_query.after. Borrowed from the run. */
pv_view pv_query_position(const pv_query_run *run);

void pv_query_close(pv_query_run *run);

/* Finds the one object of a party with this value in a unique index. NOT_FOUND. */
PV_MUST_USE pv_status pv_object_find(pv_txn *txn, const pv_object_info *object, pv_arena *arena,
                                     pv_id account, uint8_t index_number, pv_view value,
                                     pv_id *ret_id);

#ifdef __cplusplus
}
#endif
#endif
