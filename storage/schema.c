#include "storage/schema.h"

#include "storage/catalogue.h"
#include "storage/engine.h"
#include "storage/index.h"

#include <stdio.h>

enum {
    STEP_ARENA_BYTES = 64 * 1024 * 1024,
    LIST_ARENA_BYTES = 64 * 1024,
    ACCOUNT_COST = 4 /* what a seek to the next account counts, in rows */
};

_Static_assert((int)PV_SCHEMA_FORMAT == (int)PV_STORE_FORMAT, "one format");

/* One transaction of the work. */
typedef struct work {
    const pv_schema *schema;
    pv_txn *txn;
    pv_arena *arena;
    int64_t budget; /* rows and entries left */
    bool changed;
    char *error; /* PV_SCHEMA_ERROR_SIZE bytes */
} work;

static pv_status out_of_memory(void)
{
    return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
}

/* --- the catalogue --- */

static pv_status put_row(work *self, const pv_catalogue_row *row)
{
    uint8_t value[PV_CATALOGUE_ROW_SIZE + PV_DEFINITION_MAX];
    size_t size = pv_catalogue_write(row, value);
    self->changed = true;
    pv_key key = pv_key_of_catalogue(row->tag, row->index);
    return pv_txn_put(self->txn, pv_key_view(&key), pv_view_of(value, size));
}

static pv_status delete_row(work *self, const pv_catalogue_row *row)
{
    self->changed = true;
    pv_key key = pv_key_of_catalogue(row->tag, row->index);
    return pv_txn_delete(self->txn, pv_key_view(&key));
}

static void tell(const work *self, const pv_catalogue_row *row, bool dropped)
{
    if (self->schema->progress == NULL) { return; }
    char text[PV_DEFINITION_MAX + 1] = {0};
    memcpy(text, row->definition.data, row->definition.size);
    self->schema->progress(self->schema->context, text, dropped);
}

/* Opens a scan of the keys from `from` that begin with `prefix`. */
static pv_status scan_keys(work *self, const pv_key *prefix, const pv_key *from, int64_t limit,
                           pv_scan **ret_scan)
{
    pv_range range;
    PV_TRY(pv_range_of_prefix(self->arena, pv_key_view(prefix), &range));
    range.from = pv_key_view(from);
    range.limit = (uint32_t)limit;
    return pv_scan_open(self->txn, self->arena, range, ret_scan);
}

/* --- dropping --- */

typedef struct key_list {
    pv_view *keys;
    size_t count;
} key_list;

/* Copies the keys of a range, at most `limit`. */
static pv_status list_keys(work *self, const pv_key *prefix, const pv_key *from, int64_t limit,
                           key_list *ret_list)
{
    ret_list->count = 0;
    ret_list->keys = (pv_view *)pv_arena_zalloc(self->arena, (size_t)limit, sizeof(pv_view));
    if (ret_list->keys == NULL) { return out_of_memory(); }
    pv_scan *scan = NULL;
    PV_TRY(scan_keys(self, prefix, from, limit, &scan));
    pv_status status;
    pv_view key, value;
    while (pv_is_ok(status = pv_scan_next(scan, &key, &value))) {
        const char *copy = pv_arena_dup(self->arena, key);
        if (copy == NULL) {
            status = out_of_memory();
            break;
        }
        ret_list->keys[ret_list->count++] = pv_view_of(copy, key.size);
    }
    pv_scan_close(scan);
    return status.code == PV_CODE_NOT_FOUND ? pv_ok() : status;
}

/* Deletes keys that begin with `prefix` until the budget is spent; ret_all: none is left. */
static pv_status delete_keys(work *self, const pv_key *prefix, bool *ret_all)
{
    int64_t limit = self->budget;
    key_list list;
    PV_TRY(list_keys(self, prefix, prefix, limit, &list));
    for (size_t i = 0; i < list.count; i++) { PV_TRY(pv_txn_delete(self->txn, list.keys[i])); }
    self->changed = self->changed || list.count > 0;
    self->budget -= (int64_t)list.count;
    *ret_all = (int64_t)list.count < limit;
    return pv_ok();
}

/* The first account at or after row->position that has an index entry of whatever kind. NOT_FOUND. */
static pv_status find_account(work *self, const pv_catalogue_row *row, pv_id *ret_account)
{
    pv_key prefix = pv_key_prefix_space(PV_SPACE_INDEX);
    pv_key from = prefix;
    pv_key_add_id(&from, row->position);
    key_list list;
    PV_TRY(list_keys(self, &prefix, &from, 1, &list));
    if (list.count == 0) { return pv_status_of(PV_CODE_NOT_FOUND); }
    pv_key_parts parts;
    if (!pv_key_read(list.keys[0], &parts)) { return pv_status_of(PV_CODE_DATA_LOSS); }
    *ret_account = parts.owner;
    return pv_ok();
}

/* Steps to the next account number. False: there is none. */
static bool step_account(pv_id *account)
{
    for (size_t i = PV_ID_SIZE; i > 0; i--) {
        if (++account->bytes[i - 1] != 0) { return true; }
    }
    return false;
}

static pv_status end_drop(work *self, const pv_catalogue_row *row)
{
    tell(self, row, true);
    return delete_row(self, row);
}

/* Entries of one index lie apart, under each account. */
static pv_status drop(work *self, pv_catalogue_row *row)
{
    pv_status status = pv_ok();
    bool all = false;
    if (row->tag == 0) {
        pv_key every = pv_key_prefix_space(PV_SPACE_INDEX);
        PV_TRY(delete_keys(self, &every, &all));
        return all ? end_drop(self, row) : pv_ok();
    }
    while (self->budget > 0) {
        pv_id account;
        status = find_account(self, row, &account);
        if (status.code == PV_CODE_NOT_FOUND) { return end_drop(self, row); }
        PV_TRY(status);
        row->position = account;
        pv_key prefix = pv_key_prefix_index(account, row->tag, row->index);
        PV_TRY(delete_keys(self, &prefix, &all));
        self->budget -= ACCOUNT_COST;
        if (all && !step_account(&row->position)) { return end_drop(self, row); }
    }
    return put_row(self, row);
}

/* --- building --- */

/* Puts the entries that one row has in the index. */
static pv_status index_object(work *self, const pv_object_info *object, uint8_t index_number,
                              pv_id id)
{
    const pv_index_entries none = {NULL, 0};
    pv_row stored;
    PV_TRY(pv_object_get(self->txn, object, id, &stored));
    pv_index_entries entries;
    PV_TRY(pv_index_list(object, id, &stored, index_number, self->arena, &entries));
    pv_id other;
    pv_status status =
        pv_index_check_unique(self->txn, object, id, &stored, &none, &entries, self->arena, &other);
    if (status.code == PV_CODE_ALREADY_EXISTS) {
        char text[PV_ID_TEXT_SIZE], other_text[PV_ID_TEXT_SIZE];
        pv_id_format(object->id_prefix, id, text);
        pv_id_format(object->id_prefix, other, other_text);
        (void)snprintf(
            self->error, PV_SCHEMA_ERROR_SIZE,
            "Index %u of %s is unique and cannot be built: %s and %s hold the same value.",
            index_number, object->name, other_text, text);
        return pv_status_of(PV_CODE_FAILED_PRECONDITION);
    }
    PV_TRY(status);
    self->budget -= 1 + (int64_t)entries.count;
    return pv_index_replace(self->txn, &none, &entries);
}

static pv_status build(work *self, const pv_object_info *object, pv_catalogue_row *row)
{
    pv_key prefix = pv_key_prefix_objects(object->tag);
    pv_key first = pv_key_of_object(object->tag, row->position);
    pv_key_step(&first);
    pv_key_parts parts;
    bool more = true;
    while (self->budget > 0) {
        key_list list;
        PV_TRY(list_keys(self, &prefix, &first, 1, &list));
        more = list.count > 0 && pv_key_read(list.keys[0], &parts);
        if (!more) { break; }
        PV_TRY(index_object(self, object, row->index, parts.id));
        row->position = parts.id;
        first = pv_key_of_object(object->tag, parts.id);
        pv_key_step(&first);
    }
    if (!more) {
        tell(self, row, false);
        row->state = PV_INDEX_READY;
        memset(&row->position, 0, sizeof row->position);
    }
    return put_row(self, row);
}

/* --- the plan --- */

static const pv_object_info *find_object(const pv_schema *schema, uint8_t tag)
{
    for (size_t i = 0; i < schema->object_count; i++) {
        if (schema->objects[i]->tag == tag) { return schema->objects[i]; }
    }
    return NULL;
}

/* Whether the program declares the index just as the row says. */
static bool is_declared(const work *self, const pv_catalogue_row *row)
{
    const pv_object_info *object = find_object(self->schema, row->tag);
    if (object == NULL) { return false; }
    const pv_index_info *index = pv_index_find(object, row->index);
    if (index == NULL && row->index != PV_INDEX_BY_ID) { return false; }
    char definition[PV_DEFINITION_MAX + 1];
    pv_index_define(object, index, definition);
    return pv_view_equal(pv_view_text(definition), row->definition);
}

/* Reads a row of the catalogue; its definition is copied. NOT_FOUND. */
static pv_status get_row(work *self, pv_view key, pv_catalogue_row *ret_row)
{
    pv_view value;
    PV_TRY(pv_txn_get(self->txn, key, &value));
    if (!pv_catalogue_read(key, value, ret_row)) { return pv_status_of(PV_CODE_DATA_LOSS); }
    const char *definition = pv_arena_dup(self->arena, ret_row->definition);
    if (definition == NULL) { return out_of_memory(); }
    ret_row->definition.data = (const uint8_t *)definition;
    return pv_ok();
}

static pv_status drop_undeclared(work *self)
{
    pv_key catalogue = pv_key_prefix_space(PV_SPACE_CATALOGUE);
    key_list list;
    PV_TRY(list_keys(self, &catalogue, &catalogue, UINT16_MAX, &list));
    for (size_t i = 0; i < list.count && self->budget > 0; i++) {
        pv_catalogue_row row;
        PV_TRY(get_row(self, list.keys[i], &row));
        if (row.state != PV_INDEX_DROPPING) {
            if (is_declared(self, &row)) { continue; }
            row.state = PV_INDEX_DROPPING;
            memset(&row.position, 0, sizeof row.position);
        }
        PV_TRY(drop(self, &row));
    }
    return pv_ok();
}

/* `index` NULL: by id. */
static pv_status build_index(work *self, const pv_object_info *object, const pv_index_info *index)
{
    uint8_t number = index == NULL ? (uint8_t)PV_INDEX_BY_ID : index->number;
    pv_key key = pv_key_of_catalogue(object->tag, number);
    pv_catalogue_row row;
    char definition[PV_DEFINITION_MAX + 1];
    pv_status status = get_row(self, pv_key_view(&key), &row);
    if (status.code == PV_CODE_NOT_FOUND) {
        memset(&row, 0, sizeof row);
        row.tag = object->tag;
        row.index = number;
        row.state = PV_INDEX_BUILDING;
        pv_index_define(object, index, definition);
        row.definition = pv_view_text(definition);
    } else {
        PV_TRY(status);
    }
    return row.state == PV_INDEX_BUILDING ? build(self, object, &row) : pv_ok();
}

static pv_status build_declared(work *self)
{
    for (size_t i = 0; i < self->schema->object_count; i++) {
        const pv_object_info *object = self->schema->objects[i];
        if (self->budget > 0) { PV_TRY(build_index(self, object, NULL)); }
        for (size_t k = 0; k < object->index_count && self->budget > 0; k++) {
            PV_TRY(build_index(self, object, &object->indexes[k]));
        }
    }
    return pv_ok();
}

static pv_status run(work *self)
{
    PV_TRY(drop_undeclared(self));
    return build_declared(self);
}

static pv_status run_in_batch(work *self, pv_store *store)
{
    pv_batch *batch = NULL;
    PV_TRY(pv_batch_begin(store, &batch));
    pv_status status = pv_write_begin(batch, self->arena, &self->txn);
    if (pv_is_ok(status)) {
        status = run(self);
        if (pv_is_ok(status)) {
            status = pv_txn_commit(self->txn);
        } else {
            pv_txn_abort(self->txn);
        }
    }
    if (pv_is_ok(status) && self->changed) { return pv_batch_commit(batch); }
    pv_batch_abort(batch);
    return status;
}

pv_status pv_schema_step(pv_store *store, const pv_schema *schema, uint32_t budget, bool *ret_done,
                         char ret_error[PV_SCHEMA_ERROR_SIZE])
{
    PV_ASSERT(budget > 0 && budget <= PV_SCHEMA_STEP_MAX);
    work self = {schema, NULL, pv_arena_create(STEP_ARENA_BYTES), budget, false, ret_error};
    ret_error[0] = '\0';
    pv_status status = run_in_batch(&self, store);
    pv_arena_destroy(self.arena);
    if (!pv_is_ok(status) && ret_error[0] == '\0') {
        (void)snprintf(ret_error, PV_SCHEMA_ERROR_SIZE,
                       "The indexes of the store cannot be brought up to date: %s.",
                       pv_code_name(status.code));
    }
    *ret_done = self.budget > 0;
    return status;
}

pv_status pv_schema_apply(pv_store *store, const pv_schema *schema,
                          char ret_error[PV_SCHEMA_ERROR_SIZE])
{
    for (bool done = false; !done;) {
        PV_TRY(pv_schema_step(store, schema, PV_SCHEMA_STEP_MAX, &done, ret_error));
    }
    return pv_ok();
}

static pv_status each_row(pv_scan *scan,
                          void (*each)(void *context, const char *definition, bool ready),
                          void *context)
{
    for (;;) {
        pv_view key, value;
        pv_status status = pv_scan_next(scan, &key, &value);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
        PV_TRY(status);
        pv_catalogue_row row;
        if (!pv_catalogue_read(key, value, &row)) { return pv_status_of(PV_CODE_DATA_LOSS); }
        char definition[PV_DEFINITION_MAX + 1] = {0};
        memcpy(definition, row.definition.data, row.definition.size);
        each(context, row.tag == 0 ? "all of the format before" : definition,
             row.state == PV_INDEX_READY);
    }
}

pv_status pv_schema_list(pv_store *store,
                         void (*each)(void *context, const char *definition, bool ready),
                         void *context)
{
    work self = {NULL, NULL, pv_arena_create(LIST_ARENA_BYTES), 0, false, NULL};
    pv_status status = pv_read_begin(store, self.arena, &self.txn);
    if (pv_is_ok(status)) {
        pv_key prefix = pv_key_prefix_space(PV_SPACE_CATALOGUE);
        pv_scan *scan = NULL;
        status = scan_keys(&self, &prefix, &prefix, 0, &scan);
        if (pv_is_ok(status)) { status = each_row(scan, each, context); }
        pv_txn_abort(self.txn);
    }
    pv_arena_destroy(self.arena);
    return status;
}
