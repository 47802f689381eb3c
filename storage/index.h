/* index.h — which index entries a row has. Internal to storage.
 *
 * Every party of an object has an entry in index 0 (by id) and in every index of the .proto that is for all
 * parties or for that one. A unique index has no entry for a row of which one of its fields is empty.
 * The entries follow from the row's bytes alone: the same row has the same entries for ever. */
#ifndef PV_STORAGE_INDEX_H
#define PV_STORAGE_INDEX_H

#include "storage/object.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_index_entry {
    pv_view key;
    size_t value_size;          /* of the key without the id at its end */
    const pv_index_info *index; /* NULL: index 0 */
} pv_index_entry;

typedef struct pv_index_entries {
    pv_index_entry *items;
    size_t count;
} pv_index_entries;

/* Every index, for pv_index_list. */
enum { PV_INDEX_EVERY = -1 };

/* The entries that a row has in one index, by its number, or in every index, in `arena`. Two may have the same
 * key when one account is two parties. RESOURCE_EXHAUSTED, DATA_LOSS. */
PV_MUST_USE pv_status pv_index_list(const pv_object_info *object, pv_id id, const pv_row *row,
                                    int index_number, pv_arena *arena,
                                    pv_index_entries *ret_entries);

/* Deletes the entries of the first list that are not in the second, then puts those of the second that are
 * not in the first. RESOURCE_EXHAUSTED. */
PV_MUST_USE pv_status pv_index_replace(pv_txn *txn, const pv_index_entries *before,
                                       const pv_index_entries *after);

/* Whether another object holds a unique value of these entries. ALREADY_EXISTS, with its id in ret_existing
 * (may be NULL). Entries that are also in `before` are known to be free. */
PV_MUST_USE pv_status pv_index_check_unique(pv_txn *txn, const pv_object_info *object, pv_id id,
                                            const pv_row *row, const pv_index_entries *before,
                                            const pv_index_entries *after, pv_arena *arena,
                                            pv_id *ret_existing);

#ifdef __cplusplus
}
#endif
#endif
