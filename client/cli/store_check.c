/* `purvey store check` and `purvey store stat`. */
#include "client/cli/store.h"
#include "server/flows/account/issued.h"
#include "server/flows/usage/held.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

/* Writes a JSON value as one line. */
static void put_json(FILE *out, json_t *value)
{
    PV_ASSERT(value != NULL);
    (void)json_dumpf(value, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(value);
}

/* --- check --- */

typedef struct checking {
    pv_store_command *command;
    bool is_check; /* findings are what was asked for, and go to out */
    usage_held *held;
    issued *certificates;
} checking;

static void found(void *context, const char *row, const char *what)
{
    checking *self = context;
    FILE *out = self->is_check ? self->command->cli->out : self->command->cli->err;
    if (self->is_check && self->command->json) {
        put_json(out, json_pack("{s:s, s:s}", "row", row, "finding", what));
    } else {
        fprintf(out, "%s: %s\n", row, what);
    }
}

static const char *judge_block(void *context, pv_txn *txn, pv_arena *arena, pv_id owner,
                               uint32_t number, pv_view value)
{
    checking *self = context;
    return usage_held_block(self->held, txn, arena, owner, number, value);
}

static const char *judge_missing(void *context, pv_txn *txn, pv_arena *arena)
{
    checking *self = context;
    const char *what = usage_held_missing(self->held, txn, arena);
    return what != NULL ? what : issued_missing(self->certificates, txn);
}

static const char *judge_audit(void *context, pv_txn *txn, pv_arena *arena, pv_id account,
                               pv_view content)
{
    checking *self = context;
    (void)txn;
    return issued_entry(self->certificates, arena, account, content);
}

static void at(void *context, pv_view key)
{
    checking *self = context;
    pv_store_at(self->command, key);
}

/* Rows by kind, in the order in which they are told. */
static const struct {
    const char *name;
    const char *text;
    size_t offset;
} kinds[] = {
    {"objects", "objects", offsetof(pv_check_summary, objects)},
    {"index_entries", "index entries", offsetof(pv_check_summary, index_entries)},
    {"events", "events", offsetof(pv_check_summary, events)},
    {"audit_entries", "audit entries", offsetof(pv_check_summary, audit_entries)},
    {"audit_trails", "audit trails", offsetof(pv_check_summary, audit_trails)},
    {"answers", "answers to request_ids", offsetof(pv_check_summary, answers)},
    {"blocks", "packed blocks", offsetof(pv_check_summary, blocks)},
    {"digests", "digests", offsetof(pv_check_summary, digests)},
    {"run_blocks", "blocks of runs", offsetof(pv_check_summary, run_blocks)},
    {"uses", "certificates in use", offsetof(pv_check_summary, uses)},
    {"settings", "settings", offsetof(pv_check_summary, settings)},
    {"indexes", "indexes", offsetof(pv_check_summary, indexes)},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static uint64_t count_of(const pv_check_summary *summary, size_t kind)
{
    uint64_t count;
    memcpy(&count, (const char *)summary + kinds[kind].offset, sizeof count);
    return count;
}

static json_t *json_of(const pv_check_summary *summary)
{
    json_t *value = json_pack("{s:I, s:I}", "rows", (json_int_t)summary->rows, "revision",
                              (json_int_t)summary->revision);
    for (size_t i = 0; i < KINDS; i++) {
        (void)json_object_set_new(value, kinds[i].name,
                                  json_integer((json_int_t)count_of(summary, i)));
    }
    return value;
}

static void put_counts(FILE *out, const pv_check_summary *summary)
{
    for (size_t i = 0; i < KINDS; i++) {
        fprintf(out, "  %-24s %12" PRIu64 "\n", kinds[i].text, count_of(summary, i));
    }
}

static void tell_check(pv_store_command *command, const pv_check_summary *summary)
{
    FILE *out = command->cli->out;
    if (command->json) {
        json_t *value = json_of(summary);
        (void)json_object_set_new(value, "findings", json_integer((json_int_t)summary->findings));
        (void)json_object_set_new(value, "whole", json_boolean(summary->whole));
        put_json(out, value);
        return;
    }
    fprintf(out, "%s: %" PRIu64 " rows of revision %" PRIu64 "\n", command->path, summary->rows,
            summary->revision);
    put_counts(out, summary);
    fprintf(out, "%" PRIu64 " findings%s\n", summary->findings,
            summary->whole ? "" : "; the rest could not be read");
}

/* The number of rows that the tree says it has; meant only if nothing was committed meanwhile. */
static void check_tree(checking *self, const pv_lmdb_stat *before, pv_store *store,
                       pv_check_summary *summary)
{
    pv_lmdb_stat after;
    char why[PV_LMDB_ERROR_SIZE];
    if (!pv_is_ok(pv_lmdb_measure(store, &after, why))) { return; }
    if (after.commits != before->commits || !summary->whole || after.rows == summary->rows) {
        return;
    }
    char what[128];
    (void)snprintf(what, sizeof what,
                   "the file says that it has %" PRIu64 " rows, and %" PRIu64 " were read",
                   after.rows, summary->rows);
    found(self, "the whole", what);
    summary->findings++;
}

static pv_exit check(pv_store_command *command, bool is_check)
{
    pv_exit exit = PV_EXIT_OK;
    pv_store *store = pv_store_look(command, &exit);
    if (store == NULL) { return exit; }
    checking self = {command, is_check, usage_held_create(command->cli->arena),
                     issued_create(command->cli->arena)};
    PV_ASSERT(self.held != NULL && self.certificates != NULL); /* the arena is new */
    pv_check_rules rules = pv_store_rules();
    rules.found = found;
    rules.at = at;
    rules.judge_block = judge_block;
    rules.judge_audit = judge_audit;
    rules.judge_missing = judge_missing;
    rules.context = &self;
    char why[PV_LMDB_ERROR_SIZE];
    pv_lmdb_stat before;
    pv_check_summary summary;
    pv_status status = pv_lmdb_measure(store, &before, why);
    if (pv_is_ok(status)) {
        (void)snprintf(why, sizeof why, "The store at \"%s\" cannot be read.", command->path);
        status = pv_check(store, &rules, &summary);
    }
    if (pv_is_ok(status)) {
        check_tree(&self, &before, store, &summary);
        if (is_check) { tell_check(command, &summary); }
        bool good = summary.findings == 0 && summary.whole;
        exit = good ? PV_EXIT_OK : PV_EXIT_OTHER;
    } else {
        exit = pv_store_end(command, status, why);
    }
    pv_store_close(store);
    return exit;
}

pv_exit pv_store_verify(pv_store_command *command)
{
    return check(command, false);
}

static pv_exit work_check(pv_store_command *command)
{
    return check(command, true);
}

static pv_exit run_check(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_store_command command;
    bool done = false;
    pv_exit exit =
        pv_store_parse(cli, &pv_extra_store_check, NULL, count, arguments, &command, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (command.word != NULL) { command.path = command.word; }
    return pv_store_guard(&command, work_check);
}

static const pv_flag flags[] = {PV_STORE_FLAG_DATA};

const pv_extra pv_extra_store_check = {
    .noun = "store",
    .verb = "check",
    .words = "[FILE]",
    .text = "Holds every row of the store of --data, or of the backup FILE, against every rule: "
            "objects, "
            "indexes, feeds, audit, answers, usage. A server may go on meanwhile: one snapshot is "
            "checked. Ends with 0 when all is well and with 1 after findings, which it writes one "
            "a line.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .answers = true,
    .run = run_check,
};

/* --- stat --- */

typedef struct index_list {
    json_t *ready;
    json_t *pending;
} index_list;

static void take_index(void *context, const char *definition, bool ready)
{
    index_list *list = context;
    (void)json_array_append_new(ready ? list->ready : list->pending, json_string(definition));
}

static void put_size(FILE *out, const char *name, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    uint64_t shown = bytes;
    while (shown >= 10240 && unit < 4) {
        shown /= 1024;
        unit++;
    }
    fprintf(out, "%-26s %12" PRIu64 " %s\n", name, shown, units[unit]);
}

static void put_readers(FILE *out, const pv_lmdb_stat *stat)
{
    fprintf(out, "%-26s %12u\n", "readers beside this", stat->readers);
    if (stat->oldest_pid != 0) {
        fprintf(out, "%-26s process %" PRId64 ", %" PRIu64 " commits behind\n", "oldest reader",
                stat->oldest_pid, stat->oldest_commits);
    }
    if (stat->readers_cleared > 0) {
        fprintf(out, "%-26s %12u\n", "dead readers cleared", stat->readers_cleared);
    }
}

static void tell_stat(pv_store_command *command, const pv_lmdb_stat *stat,
                      const pv_check_summary *summary, const index_list *list)
{
    FILE *out = command->cli->out;
    if (command->json) {
        json_t *value = json_of(summary);
        json_t *more = json_pack(
            "{s:i, s:I, s:I, s:I, s:I, s:i, s:I, s:i, s:i, s:I, s:I, s:O, s:O}", "format",
            PV_SCHEMA_FORMAT, "file_bytes", (json_int_t)stat->file_bytes, "used_bytes",
            (json_int_t)stat->used_bytes, "free_bytes", (json_int_t)stat->free_bytes, "map_bytes",
            (json_int_t)stat->map_bytes, "page_bytes", (int)stat->page_bytes, "commits",
            (json_int_t)stat->commits, "readers", (int)stat->readers, "readers_cleared",
            (int)stat->readers_cleared, "oldest_reader_pid", (json_int_t)stat->oldest_pid,
            "oldest_reader_commits_behind", (json_int_t)stat->oldest_commits, "indexes_ready",
            list->ready, "indexes_pending", list->pending);
        (void)json_object_update(value, more);
        json_decref(more);
        put_json(out, value);
        return;
    }
    fprintf(out, "%-26s %12d\n%-26s %12" PRIu64 "\n", "format", PV_SCHEMA_FORMAT, "revision",
            summary->revision);
    put_size(out, "file", stat->file_bytes);
    put_size(out, "in use", stat->used_bytes);
    put_size(out, "free for reuse", stat->free_bytes);
    put_size(out, "map", stat->map_bytes);
    put_readers(out, stat);
    fprintf(out, "%-26s %12" PRIu64 "\n", "rows", summary->rows);
    put_counts(out, summary);
    for (size_t i = 0; i < json_array_size(list->pending); i++) {
        fprintf(out, "not ready: %s\n", json_string_value(json_array_get(list->pending, i)));
    }
}

static pv_exit measure(pv_store_command *command, pv_store *store)
{
    char why[PV_LMDB_ERROR_SIZE];
    pv_lmdb_stat stat;
    pv_check_summary summary;
    pv_status status = pv_lmdb_measure(store, &stat, why);
    index_list list = {json_array(), json_array()};
    if (pv_is_ok(status)) {
        (void)snprintf(why, sizeof why, "The store at \"%s\" cannot be read.", command->path);
        status = pv_check_count(store, &summary);
    }
    if (pv_is_ok(status)) { status = pv_schema_list(store, take_index, &list); }
    pv_exit exit = PV_EXIT_OK;
    if (pv_is_ok(status)) {
        tell_stat(command, &stat, &summary, &list);
    } else {
        exit = pv_store_end(command, status, why);
    }
    json_decref(list.ready);
    json_decref(list.pending);
    return exit;
}

static pv_exit work_stat(pv_store_command *command)
{
    pv_exit exit = PV_EXIT_OK;
    pv_store *store = pv_store_look(command, &exit);
    if (store == NULL) { return exit; }
    exit = measure(command, store);
    pv_store_close(store);
    return exit;
}

static pv_exit run_stat(pv_cli *cli, size_t count, char *const *arguments)
{
    pv_store_command command;
    bool done = false;
    pv_exit exit =
        pv_store_parse(cli, &pv_extra_store_stat, NULL, count, arguments, &command, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    if (command.word != NULL) { command.path = command.word; }
    return pv_store_guard(&command, work_stat);
}

const pv_extra pv_extra_store_stat = {
    .noun = "store",
    .verb = "stat",
    .words = "[FILE]",
    .text = "Says how large the store of --data, or the backup FILE, is, what is in it, and who "
            "reads it: the "
            "oldest reader by its process, and how many commits it is behind, because what those "
            "freed cannot be used again while it reads. Slots of dead readers are cleared.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .answers = true,
    .run = run_stat,
};
