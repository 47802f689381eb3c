#include "storage/index.h"

#include "storage/keys.h"
#include "storage/row.h"

static const ProtobufCFieldDescriptor *field_of(const pv_object_info *object,
                                                const pv_index_info *index, size_t i)
{
    return &object->message->descriptor->fields[index->field_indexes[i]];
}

/* Adds the fields of an index; tells whether one of them is empty. */
static pv_status add_fields(const pv_object_info *object, const pv_index_info *index,
                            pv_view message, pv_key *key, bool *ret_empty)
{
    *ret_empty = false;
    for (size_t i = 0; i < index->field_count; i++) {
        const ProtobufCFieldDescriptor *field = field_of(object, index, i);
        pv_field_value value;
        PV_TRY(pv_row_pick(field, message, &value));
        *ret_empty = *ret_empty || pv_value_is_empty(field, &value);
        bool cut;
        if (value.is_text) {
            pv_key_add_text(key, value.text, &cut);
        } else {
            pv_key_add_number(key, value.number);
        }
    }
    return pv_ok();
}

static pv_status add_entry(pv_index_entries *entries, const pv_index_info *index, pv_key *key,
                           pv_id id, pv_arena *arena)
{
    pv_index_entry *entry = &entries->items[entries->count];
    entry->index = index;
    entry->value_size = key->size;
    pv_key_add_id(key, id);
    PV_ASSERT(!key->overflow);
    const char *copy = pv_arena_dup(arena, pv_key_view(key));
    if (copy == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    entry->key = pv_view_of(copy, key->size);
    entries->count++;
    return pv_ok();
}

static bool is_wanted(int wanted, int index_number)
{
    return wanted == PV_INDEX_EVERY || wanted == index_number;
}

/* The entries of one party. */
static pv_status list_party(const pv_object_info *object, pv_id id, const pv_row *row, size_t slot,
                            int wanted, pv_arena *arena, pv_index_entries *entries)
{
    pv_id account = row->parties[slot];
    if (pv_id_is_zero(account)) { return pv_ok(); }
    if (is_wanted(wanted, PV_INDEX_BY_ID)) {
        pv_key by_id = pv_key_prefix_index(account, object->tag, PV_INDEX_BY_ID);
        PV_TRY(add_entry(entries, NULL, &by_id, id, arena));
    }
    for (size_t i = 0; i < object->index_count; i++) {
        const pv_index_info *index = &object->indexes[i];
        if (!is_wanted(wanted, index->number)) { continue; }
        if (index->party != 0 && index->party != row->party_roles[slot]) { continue; }
        pv_key key = pv_key_prefix_index(account, object->tag, index->number);
        bool empty;
        PV_TRY(add_fields(object, index, row->message, &key, &empty));
        if (index->unique && empty) { continue; }
        PV_TRY(add_entry(entries, index, &key, id, arena));
    }
    return pv_ok();
}

pv_status pv_index_list(const pv_object_info *object, pv_id id, const pv_row *row, int index_number,
                        pv_arena *arena, pv_index_entries *ret_entries)
{
    size_t most = (size_t)row->party_count * (1 + (size_t)object->index_count);
    ret_entries->count = 0;
    ret_entries->items = (pv_index_entry *)pv_arena_zalloc(arena, most, sizeof *ret_entries->items);
    if (ret_entries->items == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    for (size_t slot = 0; slot < row->party_count; slot++) {
        PV_TRY(list_party(object, id, row, slot, index_number, arena, ret_entries));
    }
    return pv_ok();
}

static bool has_key(const pv_index_entries *entries, pv_view key)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (pv_view_equal(entries->items[i].key, key)) { return true; }
    }
    return false;
}

pv_status pv_index_replace(pv_txn *txn, const pv_index_entries *before,
                           const pv_index_entries *after)
{
    for (size_t i = 0; i < before->count; i++) {
        pv_view key = before->items[i].key;
        if (!has_key(after, key)) { PV_TRY(pv_txn_delete(txn, key)); }
    }
    for (size_t i = 0; i < after->count; i++) {
        pv_view key = after->items[i].key;
        if (!has_key(before, key)) { PV_TRY(pv_txn_put(txn, key, pv_view_of(NULL, 0))); }
    }
    return pv_ok();
}

/* Compares the values themselves: long texts are cut in keys. */
static pv_status has_same_values(const pv_object_info *object, const pv_index_info *index,
                                 const pv_row *a, const pv_row *b, bool *ret_same)
{
    *ret_same = false;
    for (size_t i = 0; i < index->field_count; i++) {
        const ProtobufCFieldDescriptor *field = field_of(object, index, i);
        pv_field_value value_a, value_b;
        PV_TRY(pv_row_pick(field, a->message, &value_a));
        PV_TRY(pv_row_pick(field, b->message, &value_b));
        if (pv_value_compare(&value_a, &value_b) != 0) { return pv_ok(); }
    }
    *ret_same = true;
    return pv_ok();
}

/* Looks at all entries with the value of this one. */
static pv_status check_entry(pv_txn *txn, const pv_object_info *object, pv_id id, const pv_row *row,
                             const pv_index_entry *entry, pv_scan *scan, pv_id *ret_existing)
{
    for (;;) {
        pv_view key, nothing;
        pv_status status = pv_scan_next(scan, &key, &nothing);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
        PV_TRY(status);
        pv_id other;
        if (!pv_key_read_index_id(key, &other)) { return pv_status_of(PV_CODE_DATA_LOSS); }
        if (pv_id_equal(other, id)) { continue; }
        pv_row other_row;
        status = pv_object_get(txn, object, other, &other_row);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_status_of(PV_CODE_DATA_LOSS); }
        PV_TRY(status);
        bool same;
        PV_TRY(has_same_values(object, entry->index, row, &other_row, &same));
        if (same) {
            if (ret_existing != NULL) { *ret_existing = other; }
            return pv_status_of(PV_CODE_ALREADY_EXISTS);
        }
    }
}

pv_status pv_index_check_unique(pv_txn *txn, const pv_object_info *object, pv_id id,
                                const pv_row *row, const pv_index_entries *before,
                                const pv_index_entries *after, pv_arena *arena, pv_id *ret_existing)
{
    for (size_t i = 0; i < after->count; i++) {
        const pv_index_entry *entry = &after->items[i];
        if (entry->index == NULL || !entry->index->unique || has_key(before, entry->key)) {
            continue;
        }
        pv_range range;
        PV_TRY(pv_range_of_prefix(arena, pv_view_of(entry->key.data, entry->value_size), &range));
        pv_scan *scan = NULL;
        PV_TRY(pv_scan_open(txn, arena, range, &scan));
        pv_status status = check_entry(txn, object, id, row, entry, scan, ret_existing);
        pv_scan_close(scan);
        PV_TRY(status);
    }
    return pv_ok();
}
