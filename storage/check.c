#include "storage/check.h"

#include "protos/runtime/wire.h"
#include "storage/check_parts.h"
#include "storage/record.h"
#include "storage/txn.h"

#include <stdarg.h>
#include <stdio.h>

enum { ROW_ARENA_BYTES = 16 * 1024 * 1024, WALK_ARENA_BYTES = 1024 * 1024, TIME_SIZE = 8 };

const pv_object_info *pv_check_object_of(const pv_check_rules *rules, uint8_t tag)
{
    for (size_t i = 0; i < rules->schema->object_count; i++) {
        if (rules->schema->objects[i]->tag == tag) { return rules->schema->objects[i]; }
    }
    return NULL;
}

void pv_check_tell(pv_checker *self, pv_view key, const char *format, ...)
{
    self->summary.findings++;
    va_list arguments;
    va_start(arguments, format);
    const char *what = pv_arena_vprintf(self->arena, format, arguments);
    va_end(arguments);
    self->rules->found(self->rules->context, pv_check_name(self->rules, key, self->arena),
                       what == NULL ? "there is no memory to say what is wrong" : what);
}

bool pv_check_wire(pv_checker *self, pv_view key, const pv_message_info *message, pv_view bytes)
{
    pv_error error;
    pv_error_init(&error, self->arena);
    if (pv_is_ok(pv_wire_check(message, bytes, &error))) { return true; }
    const pv_error_violation *violation = &error.violations[0];
    pv_check_tell(self, key, "it is no %s: %s: %s", message->descriptor->name,
                  error.violation_count > 0 ? violation->subject : "",
                  error.violation_count > 0 ? violation->description : error.reason->text);
    return false;
}

/* --- rows of an account --- */

static bool is_there(pv_checker *self, const pv_object_info *object, pv_id id)
{
    pv_row row;
    return pv_is_ok(pv_object_get(self->txn, object, id, &row));
}

void pv_check_owner(pv_checker *self, pv_view key, const pv_key_parts *parts)
{
    if (!pv_id_equal(parts->owner, self->known_account) || pv_id_is_zero(parts->owner)) {
        self->known_account = parts->owner;
        self->account_is_there = is_there(self, self->rules->account, parts->owner);
    }
    if (!self->account_is_there) { pv_check_tell(self, key, "its account is not there"); }
}

bool pv_check_goes_on(const pv_checker *self, const pv_key_parts *parts)
{
    return self->before.space == parts->space && pv_id_equal(self->before.owner, parts->owner);
}

static void check_event(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.events++;
    pv_check_owner(self, key, parts);
    if (pv_check_goes_on(self, parts) && parts->number != self->before.number + 1) {
        pv_check_tell(self, key, "the event before it has the number %llu: the feed has a gap",
                      (unsigned long long)self->before.number);
    }
    if (parts->number == 0) { pv_check_tell(self, key, "feeds count from 1"); }
    if (!pv_check_wire(self, key, self->rules->event, value)) { return; }
    const ProtobufCFieldDescriptor *sequence =
        protobuf_c_message_descriptor_get_field_by_name(self->rules->event->descriptor, "sequence");
    pv_field_value number;
    if (sequence != NULL && pv_is_ok(pv_row_pick(sequence, value, &number)) &&
        number.number != parts->number) {
        pv_check_tell(self, key, "it says that its number is %llu",
                      (unsigned long long)number.number);
    }
}

static void check_answer(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.answers++;
    /* An answer to nobody, as to one who enrols, is kept for whoever comes again with the same secret. */
    if (!pv_id_is_zero(parts->owner)) {
        pv_check_owner(self, key, parts);
        if (!is_there(self, self->rules->user, parts->id)) {
            pv_check_tell(self, key, "its user is not there");
        }
    }
    if (value.size < TIME_SIZE) {
        pv_check_tell(self, key, "it has no time");
        return;
    }
    (void)pv_check_wire(self, key, self->rules->answer,
                        pv_view_of(value.data + TIME_SIZE, value.size - TIME_SIZE));
}

static void check_use(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    self->summary.uses++;
    pv_use use;
    if (!is_there(self, self->rules->certificate, parts->id)) {
        pv_check_tell(self, key, "its certificate is not there");
    }
    if (!pv_use_read(value, &use) || use.first.utc_ns > use.last.utc_ns) {
        pv_check_tell(self, key, "it cannot be read");
    }
}

/* --- rows of the store itself --- */

static void check_setting(pv_checker *self, pv_view key, const pv_key_parts *parts)
{
    self->summary.settings++;
    if (pv_setting_is_own(parts->text)) { return; }
    for (const char *const *name = self->rules->settings; *name != NULL; name++) {
        if (pv_view_equal(parts->text, pv_view_text(*name))) { return; }
    }
    pv_check_tell(self, key, "this program knows no such setting");
}

static void check_catalogue_row(pv_checker *self, pv_view key, pv_view value)
{
    self->summary.indexes++;
    pv_catalogue_row row;
    if (!pv_catalogue_read(key, value, &row)) {
        pv_check_tell(self, key, "it cannot be read");
        return;
    }
    if (row.state == PV_INDEX_BUILDING) {
        pv_check_tell(self, key, "the index is only built in part");
    }
    if (row.state == PV_INDEX_DROPPING) {
        pv_check_tell(self, key, "the index is only dropped in part");
    }
}

/* --- the walk --- */

static void tell_if(pv_checker *self, pv_view key, const char *what)
{
    if (what != NULL) { pv_check_tell(self, key, "%s", what); }
}

static void check_row(pv_checker *self, pv_view key, const pv_key_parts *parts, pv_view value)
{
    const pv_check_rules *rules = self->rules;
    switch (parts->space) {
    case PV_SPACE_OBJECT: pv_check_object(self, key, parts, value); return;
    case PV_SPACE_INDEX: pv_check_index(self, key, parts, value); return;
    case PV_SPACE_FEED: check_event(self, key, parts, value); return;
    case PV_SPACE_REPLAY: check_answer(self, key, parts, value); return;
    case PV_SPACE_AUDIT: pv_check_audit_entry(self, key, parts, value); return;
    case PV_SPACE_TRAIL: pv_check_trail(self, key, parts, value); return;
    case PV_SPACE_BLOCK:
        self->summary.blocks++;
        if (rules->judge_block == NULL) { return; }
        tell_if(self, key,
                rules->judge_block(rules->context, self->txn, self->arena, parts->owner,
                                   (uint32_t)parts->number, value));
        return;
    case PV_SPACE_DIGEST: self->summary.digests++; return;
    case PV_SPACE_RUN: pv_check_run(self, key, parts); return;
    case PV_SPACE_USE: check_use(self, key, parts, value); return;
    case PV_SPACE_SETTING: check_setting(self, key, parts); return;
    case PV_SPACE_CATALOGUE: check_catalogue_row(self, key, value); return;
    }
}

static void count_row(pv_check_summary *summary, pv_space space)
{
    switch (space) {
    case PV_SPACE_OBJECT: summary->objects++; return;
    case PV_SPACE_INDEX: summary->index_entries++; return;
    case PV_SPACE_FEED: summary->events++; return;
    case PV_SPACE_REPLAY: summary->answers++; return;
    case PV_SPACE_AUDIT: summary->audit_entries++; return;
    case PV_SPACE_TRAIL: summary->audit_trails++; return;
    case PV_SPACE_BLOCK: summary->blocks++; return;
    case PV_SPACE_DIGEST: summary->digests++; return;
    case PV_SPACE_RUN: summary->run_blocks++; return;
    case PV_SPACE_USE: summary->uses++; return;
    case PV_SPACE_SETTING: summary->settings++; return;
    case PV_SPACE_CATALOGUE: summary->indexes++; return;
    }
}

/* One row of the walk. False: the keys are out of order, and where the walk leads is not known. */
static bool visit(pv_checker *self, const pv_key *before, pv_view key, pv_view value)
{
    self->summary.rows++;
    if (self->rules == NULL) {
        if (key.size > 0) { count_row(&self->summary, (pv_space)key.data[0]); }
        return true;
    }
    if (self->rules->at != NULL) { self->rules->at(self->rules->context, key); }
    if (key.size == 0 || key.size > PV_STORE_KEY_MAX ||
        pv_view_compare(pv_key_view(before), key) >= 0) {
        pv_check_tell(self, key, "keys are out of order here: the rest cannot be judged");
        return false;
    }
    pv_key_parts parts;
    if (value.size > PV_STORE_VALUE_MAX) {
        pv_check_tell(self, key, "its value is too large");
    } else if (pv_key_read(key, &parts)) {
        if (self->before.space == PV_SPACE_AUDIT && !pv_check_goes_on(self, &parts)) {
            pv_check_audit_end(self);
        }
        check_row(self, key, &parts, value);
        self->before = parts;
    } else {
        pv_check_tell(self, key, "there is no such kind of row");
    }
    return true;
}

static pv_status walk(pv_checker *self, pv_scan *scan)
{
    pv_key before = {{0}, 0, false};
    for (;;) {
        pv_view key, value;
        pv_arena_reset(self->arena);
        pv_status status = pv_scan_next(scan, &key, &value);
        if (!pv_is_ok(status)) { return status; }
        if (!visit(self, &before, key, value)) { return pv_status_of(PV_CODE_DATA_LOSS); }
        if (self->rules == NULL) { continue; }
        memcpy(before.bytes, key.data, key.size);
        before.size = key.size;
    }
}

static void tell_missing(pv_checker *self)
{
    const pv_check_rules *rules = self->rules;
    const char *what = NULL;
    while (rules->judge_missing != NULL &&
           (what = rules->judge_missing(rules->context, self->txn, self->arena)) != NULL) {
        self->summary.findings++;
        rules->found(rules->context, "the whole", what);
    }
}

/* What of the store is walked: one range behind the other. */
typedef struct scope {
    pv_space spaces[2]; /* in their order; 0: all there are */
} scope;

static pv_status walk_space(pv_checker *self, pv_arena *arena, pv_space space)
{
    pv_key prefix = pv_key_prefix_space(space);
    pv_range range = {.from = {NULL, 0}, .to = {NULL, 0}};
    pv_scan *scan = NULL;
    if (space != 0) { PV_TRY(pv_range_of_prefix(arena, pv_key_view(&prefix), &range)); }
    PV_TRY(pv_scan_open(self->txn, arena, range, &scan));
    pv_status end = walk(self, scan);
    self->summary.whole = self->summary.whole && end.code == PV_CODE_NOT_FOUND;
    pv_scan_close(scan);
    pv_arena_reset(self->arena);
    if (self->rules != NULL && self->before.space == PV_SPACE_AUDIT) { pv_check_audit_end(self); }
    memset(&self->before, 0, sizeof self->before);
    return pv_ok();
}

static pv_status run(pv_store *store, const pv_check_rules *rules, scope of,
                     pv_check_summary *ret_summary)
{
    pv_arena *arena = pv_arena_create(WALK_ARENA_BYTES);
    pv_checker self;
    memset(&self, 0, sizeof self);
    self.rules = rules;
    self.arena = pv_arena_create(ROW_ARENA_BYTES);
    self.summary.whole = true;
    bool is_whole = of.spaces[0] == 0;
    pv_status status = pv_read_begin(store, arena, &self.txn);
    if (pv_is_ok(status)) {
        self.summary.revision = pv_txn_revision(self.txn);
        status = walk_space(&self, arena, of.spaces[0]);
        if (pv_is_ok(status) && !is_whole) { status = walk_space(&self, arena, of.spaces[1]); }
        if (pv_is_ok(status) && rules != NULL) {
            if (is_whole) { pv_check_catalogue(&self); }
            if (self.summary.whole) { tell_missing(&self); }
        }
    }
    pv_txn_abort(self.txn);
    pv_arena_destroy(self.arena);
    pv_arena_destroy(arena);
    *ret_summary = self.summary;
    return status;
}

static const scope everything = {{0}};

pv_status pv_check(pv_store *store, const pv_check_rules *rules, pv_check_summary *ret_summary)
{
    return run(store, rules, everything, ret_summary);
}

pv_status pv_check_audit(pv_store *store, const pv_check_rules *rules,
                         pv_check_summary *ret_summary)
{
    const scope audit = {{PV_SPACE_AUDIT, PV_SPACE_TRAIL}};
    return run(store, rules, audit, ret_summary);
}

pv_status pv_check_count(pv_store *store, pv_check_summary *ret_summary)
{
    return run(store, NULL, everything, ret_summary);
}
