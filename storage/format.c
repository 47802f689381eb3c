/* The format of a store: judged when it is opened, and brought up to date one step after the other. */
#include "storage/catalogue.h"
#include "storage/txn.h"

#include <stdarg.h>
#include <stdio.h>

/* The row of PV_SETTING_FORMAT: this mark, then the format in 4 bytes. */
static const char mark[6] = {'p', 'u', 'r', 'v', 'e', 'y'};

enum { ROW_SIZE = sizeof mark + 4 };

/* What open works on. */
typedef struct opening {
    pv_store *store;
    const pv_engine *engine;
    const char *name;
    pv_attach how;
    char *error; /* PV_STORE_ERROR_SIZE bytes */
} opening;

__attribute__((format(printf, 3, 4))) static pv_status refuse(opening *o, pv_code code,
                                                              const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A sentence that is too long for its place is cut; it is only for people. */
    (void)vsnprintf(o->error, PV_STORE_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return pv_status_of(code);
}

static pv_status put_format(const pv_engine *engine, pv_engine_view *writer, uint32_t format)
{
    uint8_t value[ROW_SIZE];
    memcpy(value, mark, sizeof mark);
    pv_store_u32(value + sizeof mark, format);
    pv_key key = pv_key_of_setting(pv_view_text(PV_SETTING_FORMAT));
    return engine->put(writer, pv_key_view(&key), pv_view_of(value, sizeof value));
}

/* --- steps --- */

/* What a format lacks that the next one has. A step and the number of its format are one transaction, so a
 * step is short: long work is left in the store for pv_schema_apply to do in portions. The program of the
 * older format refuses the store from then on. */
typedef pv_status step(const pv_engine *engine, pv_engine_view *writer);

/* Which indexes a store of format 1 has was written nowhere: all are built again. */
static pv_status record_indexes(const pv_engine *engine, pv_engine_view *writer)
{
    pv_key key;
    uint8_t value[PV_CATALOGUE_ROW_SIZE];
    pv_catalogue_drop_all(&key, value);
    return engine->put(writer, pv_key_view(&key), pv_view_of(value, sizeof value));
}

/* Audit trails of a store of format 2 are not chained: their chains begin with the next entry. A program that knows no
 * chains must not write into them. */
static pv_status begin_chains(const pv_engine *engine, pv_engine_view *writer)
{
    (void)engine;
    (void)writer;
    return pv_ok();
}

static step *const steps[] = {
    [1] = record_indexes,
    [2] = begin_chains,
};

_Static_assert(sizeof steps / sizeof *steps == PV_STORE_FORMAT, "a step from each older format");

/* Takes all steps from `format` on; 0: a store is made. */
static pv_status upgrade(opening *o, uint32_t format)
{
    pv_engine_view *writer = NULL;
    pv_status status = o->engine->write_begin(o->store, &writer);
    if (pv_is_ok(status)) {
        for (uint32_t i = format; pv_is_ok(status) && i > 0 && i < PV_STORE_FORMAT; i++) {
            status = steps[i](o->engine, writer);
        }
        if (pv_is_ok(status)) { status = put_format(o->engine, writer, PV_STORE_FORMAT); }
        if (pv_is_ok(status)) {
            status = o->engine->write_commit(o->store, writer);
        } else {
            o->engine->write_abort(o->store, writer);
        }
    }
    if (pv_is_ok(status)) { return status; }
    return refuse(o, status.code, "%s could not be %s: the first write gave %s.", o->name,
                  format == 0 ? "made" : "upgraded", pv_code_name(status.code));
}

/* --- judgement --- */

static pv_status judge_empty(opening *o, pv_engine_view *view, pv_arena *arena)
{
    pv_engine_cursor *cursor = NULL;
    PV_TRY(o->engine->cursor_open(view, arena, &cursor));
    pv_view key, value;
    pv_status status =
        o->engine->cursor_move(cursor, PV_SEEK_AT_LEAST, pv_view_of(NULL, 0), &key, &value);
    o->engine->cursor_close(cursor);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(status);
    return refuse(o, PV_CODE_FAILED_PRECONDITION,
                  "%s holds data, but it is no Purvey store: it has no format row.", o->name);
}

/* The format of the store; 0: there is no row at all. */
static pv_status read_format(opening *o, pv_engine_view *view, pv_arena *arena,
                             uint32_t *ret_format)
{
    pv_key key = pv_key_of_setting(pv_view_text(PV_SETTING_FORMAT));
    pv_view value;
    pv_status status = o->engine->get(view, pv_key_view(&key), &value);
    *ret_format = 0;
    if (status.code == PV_CODE_NOT_FOUND) { return judge_empty(o, view, arena); }
    PV_TRY(status);
    if (value.size == ROW_SIZE && memcmp(value.data, mark, sizeof mark) == 0) {
        *ret_format = pv_load_u32(value.data + sizeof mark);
    }
    if (*ret_format > 0) { return pv_ok(); }
    return refuse(o, PV_CODE_DATA_LOSS, "%s is damaged: its format row cannot be read.", o->name);
}

static pv_status judge_format(opening *o, uint32_t format)
{
    if (format == PV_STORE_FORMAT) { return pv_ok(); }
    if (format == 0 && o->how == PV_ATTACH_CREATE) { return upgrade(o, 0); }
    if (format == 0) {
        return refuse(o, PV_CODE_FAILED_PRECONDITION,
                      "%s is empty: no Purvey store has been made there.", o->name);
    }
    if (format > PV_STORE_FORMAT) {
        return refuse(
            o, PV_CODE_FAILED_PRECONDITION,
            "%s has format %u and this program reads up to format %d: use the newer program.",
            o->name, format, PV_STORE_FORMAT);
    }
    if (o->how == PV_ATTACH_AS_IS) {
        return refuse(
            o, PV_CODE_FAILED_PRECONDITION,
            "%s has format %u and this program reads format %d: purveyd upgrades it when it "
            "starts.",
            o->name, format, PV_STORE_FORMAT);
    }
    return upgrade(o, format);
}

pv_status pv_store_attach(pv_store *store, const pv_engine *engine, const char *name, pv_attach how,
                          char ret_error[PV_STORE_ERROR_SIZE])
{
    memset(store, 0, sizeof *store);
    store->engine = engine;
    store->batch.store = store;
    opening o = {store, engine, name, how, ret_error};
    (void)refuse(&o, PV_CODE_UNKNOWN, "%s cannot be read.", name);
    pv_engine_view *view = NULL;
    PV_TRY(engine->read_begin(store, &view));
    pv_arena *arena = pv_arena_create(64 * 1024);
    uint32_t format = 0;
    pv_status status = read_format(&o, view, arena, &format);
    pv_arena_destroy(arena);
    engine->read_end(store, view);
    PV_TRY(status);
    PV_TRY(judge_format(&o, format));
    ret_error[0] = '\0';
    return pv_ok();
}
