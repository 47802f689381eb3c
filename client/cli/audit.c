#include "client/cli/audit.h"

#include "client/cli/connect.h"
#include "client/cli/failure.h"
#include "client/cli/store.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/audit/v1/audit_service.pv.h"
#include "server/flows/account/issued.h"
#include "server/flows/trail.h"

#include <inttypes.h>

enum { PAGE_SIZE = 1000, PAGE_ARENA_BYTES = 64 * 1024 * 1024 };

/* One run of the command. */
typedef struct verifying {
    pv_cli *cli;
    pv_options options;
    pv_client *client;
    /* flags */
    const char *account;
    const char *head;
    const char *data;

    bool has_kept;
    bool met_kept;      /* the kept entry was seen, or the chain begins behind it */
    pv_chain_mark kept; /* of --head */
    pv_chain_mark at;   /* as far as the chain was followed */
    uint64_t entries, unchained, findings;
    issued *certificates;
    pv_store_command *store;
} verifying;

/* --- what is found --- */

static void tell(verifying *self, const char *account, uint64_t sequence, const char *what)
{
    self->findings++;
    fprintf(self->cli->out, "entry %" PRIu64 " of %s: %s\n", sequence, account, what);
}

/* Holds the chain, which stands at one entry, against the kept mark. */
static void meet_kept(verifying *self, const char *account, const pv_chain_mark *at)
{
    if (!self->has_kept || at->sequence != self->kept.sequence) { return; }
    self->met_kept = true;
    if (memcmp(at->hash, self->kept.hash, sizeof at->hash) != 0) {
        tell(self, account, at->sequence,
             "its hash is not the one that was kept: the trail was made anew");
    }
}

static void end_kept(verifying *self, const char *account, const pv_trail *trail)
{
    if (!self->has_kept || self->met_kept || trail->anchor.sequence > self->kept.sequence) {
        return;
    }
    tell(self, account, self->kept.sequence,
         "it was kept, and is not there any more: the trail was cut off at its end");
}

static void tell_head(verifying *self, const char *account, const pv_trail *trail, uint64_t entries)
{
    char mark[PV_CHAIN_MARK_TEXT_SIZE];
    pv_chain_mark_format(&trail->head, mark);
    fprintf(self->cli->out, "%s: %" PRIu64 " entries", account, entries);
    if (trail->anchor.sequence > 0) {
        fprintf(self->cli->out, ", those up to %" PRIu64 " not kept any more",
                trail->anchor.sequence);
    }
    fprintf(self->cli->out, "; keep --head %s\n", mark);
}

static pv_exit end(const verifying *self)
{
    fprintf(self->cli->out, "%" PRIu64 " findings\n", self->findings);
    return self->findings == 0 ? PV_EXIT_OK : PV_EXIT_OTHER;
}

/* --- a trail as its server shows it --- */

static bool read_mark(const pv_audit_mark *message, pv_chain_mark *ret_mark)
{
    if (message == NULL || message->hash.len != PV_SHA256_SIZE) { return false; }
    ret_mark->sequence = message->sequence;
    memcpy(ret_mark->hash, message->hash.data, PV_SHA256_SIZE);
    return true;
}

static void follow(verifying *self, pv_arena *arena, const char *account,
                   const pv_audit_entry *entry)
{
    self->entries++;
    pv_chain_link link;
    if (entry->sequence == 0 && entry->hash.len == 0) {
        self->unchained++;
        if (self->at.sequence > 0) {
            tell(self, account, 0, "it is in no chain, and the account's chain has begun");
        }
        return;
    }
    if (!pv_trail_link(entry, arena, &link)) {
        tell(self, account, entry->sequence, "its hashes cannot be read");
        return;
    }
    pv_chain_flaw flaw = pv_chain_follow(&self->at, &link);
    if (flaw != PV_CHAIN_WHOLE) { tell(self, account, link.sequence, pv_chain_flaw_text(flaw)); }
    if (strcmp(entry->trail_account_id, account) != 0) {
        tell(self, account, link.sequence, "it says that it is of another account's trail");
    }
    meet_kept(self, account, &self->at);
}

/* One page; ret_token is empty after the last one, in the command's arena. */
static pv_exit follow_page(verifying *self, pv_arena *arena, const char *token,
                           const char **ret_account, pv_trail *ret_trail, const char **ret_token)
{
    pv_error error;
    pv_error_init(&error, arena);
    pv_list_audit_entries_request request = PV_LIST_AUDIT_ENTRIES_REQUEST__INIT;
    pv_list_audit_entries_response *page = NULL;
    request.page_size = PAGE_SIZE;
    request.page_token = (char *)(uintptr_t)token;
    if (self->account != NULL) { request.account_id = (char *)(uintptr_t)self->account; }
    pv_status status = pv_audit_client_list_audit_entries(
        self->client, arena, pv_connect_options(arena, self->options.deadline_ms), &request, &page,
        &error);
    if (!pv_is_ok(status)) {
        return pv_failure_report(self->cli, PV_AUDIT_SERVICE_LIST_AUDIT_ENTRIES__METHOD, status,
                                 &error, NULL);
    }
    if (page->trail == NULL || !read_mark(page->trail->head, &ret_trail->head) ||
        !read_mark(page->trail->kept_after, &ret_trail->anchor)) {
        return pv_cli_fail(self->cli, "the service does not say where the trail stands.");
    }
    if (*token == '\0') {
        self->at = ret_trail->anchor;
        meet_kept(self, self->account == NULL ? "this account" : self->account, &self->at);
    }
    for (size_t i = 0; i < page->n_audit_entries; i++) {
        if (*ret_account == NULL) {
            *ret_account = pv_arena_dup(self->cli->arena,
                                        pv_view_text(page->audit_entries[i]->trail_account_id));
        }
        follow(self, arena, *ret_account == NULL ? "" : *ret_account, page->audit_entries[i]);
    }
    *ret_token = pv_arena_dup(self->cli->arena, pv_view_text(page->next_page_token));
    return *ret_token == NULL ? pv_cli_fail(self->cli, "there is no memory left.") : PV_EXIT_OK;
}

static pv_exit verify_online(verifying *self)
{
    const char *account = self->account;
    const char *token = "";
    pv_trail trail = {{0}, {0}, 0, 0};
    pv_arena *arena = pv_arena_create(PAGE_ARENA_BYTES);
    pv_exit exit = pv_connect(self->cli, &self->options, &self->client);
    do {
        if (exit != PV_EXIT_OK) { break; }
        pv_arena_reset(arena);
        exit = follow_page(self, arena, token, &account, &trail, &token);
    } while (exit == PV_EXIT_OK && *token != '\0');
    pv_arena_destroy(arena);
    pv_disconnect(self->client);
    if (exit != PV_EXIT_OK) { return exit; }
    if (account == NULL) { account = "this account"; }
    if (memcmp(&self->at, &trail.head, sizeof self->at) != 0) {
        tell(self, account, trail.head.sequence,
             "the trail tells that it is the newest, and the entries do not lead to it");
    }
    end_kept(self, account, &trail);
    if (self->unchained > 0) {
        fprintf(self->cli->out,
                "%" PRIu64 " entries of %s are older than the chain and not covered by it\n",
                self->unchained, account);
    }
    tell_head(self, account, &trail, self->entries);
    return end(self);
}

/* --- all trails of a store --- */

static void found(void *context, const char *row, const char *what)
{
    verifying *self = context;
    self->findings++;
    fprintf(self->cli->out, "%s: %s\n", row, what);
}

static void at(void *context, pv_view key)
{
    const verifying *self = context;
    pv_store_at(self->store, key);
}

static const char *judge_audit(void *context, pv_txn *txn, pv_arena *arena, pv_id account,
                               pv_view content)
{
    verifying *self = context;
    (void)txn;
    return issued_entry(self->certificates, arena, account, content);
}

static const char *judge_missing(void *context, pv_txn *txn, pv_arena *arena)
{
    verifying *self = context;
    (void)arena;
    return issued_missing(self->certificates, txn);
}

static bool is_asked(const verifying *self, const char *account)
{
    return self->account == NULL || strcmp(self->account, account) == 0;
}

static void end_trail(void *context, pv_id account, const pv_trail *trail, uint64_t entries)
{
    verifying *self = context;
    char id[PV_ID_TEXT_SIZE];
    pv_id_format(pv_account__object.id_prefix, account, id);
    if (is_asked(self, id)) { tell_head(self, id, trail, entries); }
}

/* The kept entry must stand in the trail; the check itself has followed all chains. */
static void look_for_kept(verifying *self, pv_store *store)
{
    pv_arena *arena = pv_arena_create(PAGE_ARENA_BYTES);
    pv_txn *txn = NULL;
    pv_scan *scan = NULL;
    pv_trail trail;
    pv_id account;
    pv_view key, value;
    bool parsed = pv_id_parse(pv_account__object.id_prefix, pv_view_text(self->account), &account);
    pv_status status = parsed ? pv_read_begin(store, arena, &txn) : pv_status_of(PV_CODE_NOT_FOUND);
    if (pv_is_ok(status)) { status = pv_audit_open(txn, account, &trail); }
    if (pv_is_ok(status)) { status = pv_audit_scan(txn, arena, account, 0, 0, false, &scan); }
    if (pv_is_ok(status)) {
        meet_kept(self, self->account, &trail.anchor);
        while (pv_is_ok(pv_scan_next(scan, &key, &value))) {
            pv_audit_row row;
            if (!pv_audit_read(key, value, &row) || !row.chained) { continue; }
            pv_chain_mark mark = {.sequence = row.link.sequence};
            memcpy(mark.hash, row.link.hash, sizeof mark.hash);
            meet_kept(self, self->account, &mark);
        }
        end_kept(self, self->account, &trail);
        pv_scan_close(scan);
    } else {
        found(self, self->account, "its trail cannot be read");
    }
    pv_txn_abort(txn);
    pv_arena_destroy(arena);
}

static pv_exit verify_store(pv_store_command *command)
{
    verifying *self = command->context;
    pv_exit exit = PV_EXIT_OK;
    pv_store *store = pv_store_look(command, &exit);
    if (store == NULL) { return exit; }
    pv_check_rules rules = pv_store_rules();
    rules.found = found;
    rules.at = at;
    rules.judge_audit = judge_audit;
    rules.judge_missing = judge_missing;
    rules.trail = end_trail;
    rules.context = self;
    pv_check_summary summary;
    self->certificates = issued_create(self->cli->arena);
    PV_ASSERT(self->certificates != NULL); /* the arena is new */
    pv_status status = pv_check_audit(store, &rules, &summary);
    if (!pv_is_ok(status) || !summary.whole) {
        exit = pv_store_end(command, pv_is_ok(status) ? pv_status_of(PV_CODE_DATA_LOSS) : status,
                            "The audit trails cannot be read to their end.");
    } else {
        if (self->has_kept) { look_for_kept(self, store); }
        exit = end(self);
    }
    pv_store_close(store);
    return exit;
}

static pv_exit verify_offline(verifying *self, const char *file)
{
    pv_store_command command = {.cli = self->cli, .context = self, .path = file};
    if (file == NULL) {
        command.path = pv_arena_printf(self->cli->arena, "%s/store", self->data);
        PV_ASSERT(command.path != NULL);
    }
    self->store = &command;
    return pv_store_guard(&command, verify_store);
}

/* --- the command --- */

static pv_exit run_verify(pv_cli *cli, size_t count, char *const *arguments)
{
    verifying self = {.cli = cli};
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_audit_verify, &self, &self.options, count,
                                  arguments, 1, &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    const char *file = words.word_count > 0 ? words.words[0] : NULL;
    self.has_kept = self.head != NULL;
    if (self.has_kept && !pv_chain_mark_parse(pv_view_text(self.head), &self.kept)) {
        return pv_cli_usage(cli, "\"%s\" is no head as an earlier run told it: HASH@NUMBER.",
                            self.head);
    }
    bool offline = self.data != NULL || file != NULL;
    if (offline && self.has_kept && self.account == NULL) {
        return pv_cli_usage(cli, "of which account is the head? Give --account ID.");
    }
    return offline ? verify_offline(&self, file) : verify_online(&self);
}

static const pv_flag flags[] = {
    {"account", 0, "ID", offsetof(verifying, account),
     "The account whose trail it is; yours if there is none. Of a store: tell this one's head "
     "alone."},
    {"head", 0, "HASH@N", offsetof(verifying, head),
     "What an earlier run told to keep: it must still be an entry of the trail."},
    {"data", 0, "DIR", offsetof(verifying, data),
     "The server's folder, as in purveyd --data: all trails in its store are verified, without the "
     "server."},
};

const pv_extra pv_extra_audit_verify = {
    .noun = "audit",
    .verb = "verify",
    .words = "[FILE]",
    .text = "Recomputes the chain of hashes of your account's audit trail, or of all accounts in "
            "the store of "
            "--data or in the backup FILE, and there holds the certificates against the entries of "
            "their "
            "issue. Finds entries that were altered, deleted, inserted or moved; what was cut off "
            "at the end "
            "or forged as a whole shows only against a head that you kept: give it as --head. "
            "Tells the head "
            "to keep now. Ends with 0 when all is well and with 1 after findings.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_verify,
};
