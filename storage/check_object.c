/* Objects against their keys and their index entries, and the other way round. */
#include "storage/check_parts.h"

#include <stdio.h>

enum { ETAG_SIZE = 24, EACH_ARENA_BYTES = 64 * 1024 };

/* The value of a field of the packed message, by its place; the message has passed its wire check. */
static pv_field_value pick(const pv_object_info *object, int field, pv_view message)
{
    pv_field_value value;
    memset(&value, 0, sizeof value);
    pv_status status = pv_row_pick(&object->message->descriptor->fields[field], message, &value);
    PV_ASSERT(pv_is_ok(status));
    return value;
}

static void check_identity(pv_checker *self, pv_view key, const pv_object_info *object, pv_id id,
                           const pv_row *row)
{
    char id_text[PV_ID_TEXT_SIZE], etag[ETAG_SIZE];
    pv_id_format(object->id_prefix, id, id_text);
    (void)snprintf(etag, sizeof etag, "\"%llu\"", (unsigned long long)row->revision);
    if (!pv_view_equal(pick(object, object->id_field, row->message).text, pv_view_text(id_text))) {
        pv_check_tell(self, key, "its message has another id");
    }
    if (pick(object, object->revision_field, row->message).number != row->revision) {
        pv_check_tell(self, key, "its message has another revision than its row");
    }
    if (!pv_view_equal(pick(object, object->etag_field, row->message).text, pv_view_text(etag))) {
        pv_check_tell(self, key, "its etag is not that of its revision");
    }
    if (row->revision == 0 || row->revision > self->summary.revision) {
        pv_check_tell(self, key, "its revision %llu is not between 1 and the store's, %llu",
                      (unsigned long long)row->revision,
                      (unsigned long long)self->summary.revision);
    }
}

/* The account in a party's field: the number behind its prefix. */
static bool is_party(pv_view text, pv_id account)
{
    if (text.size == 0) { return pv_id_is_zero(account); }
    const uint8_t *line = memchr(text.data, '_', text.size);
    char prefix[PV_ID_PREFIX_MAX + 1] = {0}, written[PV_ID_TEXT_SIZE];
    size_t size = line == NULL ? text.size : (size_t)(line - text.data);
    if (size > PV_ID_PREFIX_MAX) { return false; }
    memcpy(prefix, text.data, size);
    pv_id_format(prefix, account, written);
    return pv_view_equal(text, pv_view_text(written));
}

/* A party that the program does not declare any more stays in rows that were not written since. */
static void check_parties(pv_checker *self, pv_view key, const pv_object_info *object,
                          const pv_row *row)
{
    for (size_t slot = 0; slot < row->party_count; slot++) {
        for (size_t i = 0; i < object->party_count; i++) {
            if (object->parties[i].role != row->party_roles[slot]) { continue; }
            pv_view text = pick(object, object->parties[i].field, row->message).text;
            if (!is_party(text, row->parties[slot])) {
                pv_check_tell(self, key, "its party in %s is not the one of its row",
                              object->message->descriptor->fields[object->parties[i].field].name);
            }
        }
    }
}

static void check_entries(pv_checker *self, pv_view key, const pv_object_info *object, pv_id id,
                          const pv_row *row)
{
    pv_index_entries entries;
    if (!pv_is_ok(pv_index_list(object, id, row, PV_INDEX_EVERY, self->arena, &entries))) {
        pv_check_tell(self, key, "its index entries cannot be made from it");
        return;
    }
    for (size_t i = 0; i < entries.count; i++) {
        pv_view value;
        if (!pv_is_ok(pv_txn_get(self->txn, entries.items[i].key, &value))) {
            pv_check_tell(self, key, "it lacks its entry: %s",
                          pv_check_name(self->rules, entries.items[i].key, self->arena));
        }
    }
}

void pv_check_object(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.objects++;
    const pv_object_info *object = pv_check_object_of(self->rules, parts->tag);
    pv_row row;
    if (object == NULL) {
        pv_check_tell(self, key, "this program knows no such object");
    } else if (!pv_is_ok(pv_row_read(value, &row))) {
        pv_check_tell(self, key, "its row header cannot be read");
    } else if (pv_check_wire(self, key, object->message, row.message)) {
        check_identity(self, key, object, parts->id, &row);
        check_parties(self, key, object, &row);
        check_entries(self, key, object, parts->id, &row);
    }
}

/* --- entries --- */

static bool has_entry(const pv_index_entries *entries, pv_view key)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (pv_view_equal(entries->items[i].key, key)) { return true; }
    }
    return false;
}

static void check_unique(pv_checker *self, pv_view key, const pv_object_info *object,
                         const pv_key_parts *parts, const pv_row *row,
                         const pv_index_entries *entries)
{
    const pv_index_entries none = {NULL, 0};
    pv_id other = parts->id;
    pv_status status = pv_index_check_unique(self->txn, object, parts->id, row, &none, entries,
                                             self->arena, &other);
    /* Told once, at the later of the two. */
    if (status.code == PV_CODE_ALREADY_EXISTS &&
        memcmp(other.bytes, parts->id.bytes, PV_ID_SIZE) < 0) {
        char text[PV_ID_TEXT_SIZE];
        pv_id_format(object->id_prefix, other, text);
        pv_check_tell(self, key, "its value should be unique, and %s holds it too", text);
    }
}

void pv_check_index(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.index_entries++;
    const pv_object_info *object = pv_check_object_of(self->rules, parts->tag);
    if (object == NULL ||
        (parts->index != PV_INDEX_BY_ID && pv_index_find(object, parts->index) == NULL)) {
        pv_check_tell(self, key, "this program knows no such index");
        return;
    }
    if (value.size > 0) {
        pv_check_tell(self, key, "it holds %zu bytes and should be empty", value.size);
    }
    pv_row row;
    pv_index_entries entries;
    pv_status status = pv_object_get(self->txn, object, parts->id, &row);
    if (status.code == PV_CODE_NOT_FOUND) {
        pv_check_tell(self, key, "it leads to an object that is not there");
        return;
    }
    if (!pv_is_ok(status) ||
        !pv_is_ok(pv_index_list(object, parts->id, &row, parts->index, self->arena, &entries))) {
        return; /* told at the object */
    }
    if (!has_entry(&entries, key)) {
        pv_check_tell(self, key, "its object has other values now");
        return;
    }
    check_unique(self, key, object, parts, &row, &entries);
}

/* --- the catalogue --- */

static void check_declared(pv_checker *self, const pv_object_info *object,
                           const pv_index_info *index)
{
    char definition[PV_DEFINITION_MAX + 1];
    pv_index_define(object, index, definition);
    pv_key key = pv_key_of_catalogue(object->tag, index == NULL ? PV_INDEX_BY_ID : index->number);
    pv_view value;
    pv_catalogue_row row;
    pv_status status = pv_txn_get(self->txn, pv_key_view(&key), &value);
    if (!pv_is_ok(status) || !pv_catalogue_read(pv_key_view(&key), value, &row)) {
        pv_check_tell(self, pv_key_view(&key),
                      "the index \"%s\" is not there yet: purveyd builds it when it starts",
                      definition);
    } else if (!pv_view_equal(row.definition, pv_view_text(definition))) {
        pv_check_tell(self, pv_key_view(&key),
                      "the index is not \"%s\" yet: purveyd builds it again when it starts",
                      definition);
    }
}

void pv_check_catalogue(pv_checker *self)
{
    const pv_schema *schema = self->rules->schema;
    for (size_t i = 0; i < schema->object_count; i++) {
        check_declared(self, schema->objects[i], NULL);
        for (size_t k = 0; k < schema->objects[i]->index_count; k++) {
            check_declared(self, schema->objects[i], &schema->objects[i]->indexes[k]);
        }
    }
}

/* --- all of a type --- */

pv_status pv_check_each(pv_txn *txn, const pv_object_info *object,
                        void (*each)(void *context, pv_id id, const pv_row *row), void *context)
{
    pv_arena *arena = pv_arena_create(EACH_ARENA_BYTES);
    pv_key from = pv_key_prefix_objects(object->tag);
    pv_range range;
    pv_scan *scan = NULL;
    pv_status status = pv_range_of_prefix(arena, pv_key_view(&from), &range);
    if (pv_is_ok(status)) { status = pv_scan_open(txn, arena, range, &scan); }
    pv_view key, value;
    while (pv_is_ok(status) && pv_is_ok(status = pv_scan_next(scan, &key, &value))) {
        pv_key_parts parts;
        pv_row row;
        if (pv_key_read(key, &parts) && pv_is_ok(pv_row_read(value, &row))) {
            each(context, parts.id, &row);
        }
    }
    pv_scan_close(scan);
    pv_arena_destroy(arena);
    return status.code == PV_CODE_NOT_FOUND ? pv_ok() : status;
}
