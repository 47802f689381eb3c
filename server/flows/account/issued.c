#include "server/flows/account/issued.h"

#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/certificate.pv.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "storage/check.h"

#include <stdlib.h>

enum { ROW_ARENA_BYTES = 256 * 1024 };

/* When the oldest entry of an account's trail was made. */
typedef struct beginning {
    pv_id account;
    int64_t utc_ns;
} beginning;

struct issued {
    pv_arena *arena;
    pv_buffer made;       /* pv_id: certificates of whose making an entry tells */
    pv_buffer deleted;    /* pv_id */
    pv_buffer beginnings; /* in the order of accounts */
    pv_id account;        /* of the entry before */
    bool any;
    /* After the last entry. */
    bool judged;
    pv_buffer findings; /* const char * */
    size_t told;
    pv_txn *txn;
    pv_arena *row; /* of the certificate that is looked at */
};

issued *issued_create(pv_arena *arena)
{
    issued *self = pv_arena_zalloc(arena, 1, sizeof *self);
    if (self == NULL) { return NULL; }
    self->arena = arena;
    self->made = self->deleted = self->beginnings = self->findings = pv_buffer_of(arena);
    return self;
}

static void begin_account(issued *self, pv_id account, const pv_audit_entry *entry)
{
    if (self->any && pv_id_equal(self->account, account)) { return; }
    self->any = true;
    self->account = account;
    beginning first = {account, 0};
    pv_time made = {0};
    if (pv_time_of(entry->time, &made)) { first.utc_ns = made.utc_ns; }
    pv_buffer_append(&self->beginnings, pv_view_of(&first, sizeof first));
}

const char *issued_entry(issued *self, pv_arena *arena, pv_id account, pv_view content)
{
    ProtobufCMessage *message = NULL;
    pv_id id;
    if (!pv_message_unpack(&pv_audit_entry__info, content, arena, &message)) {
        return "it cannot be read";
    }
    const pv_audit_entry *entry = (const pv_audit_entry *)(void *)message;
    begin_account(self, account, entry);
    if (strcmp(entry->object_type, pv_certificate__object.name) != 0) { return NULL; }
    if (!pv_id_parse(pv_certificate__object.id_prefix, pv_view_text(entry->object_id), &id)) {
        return "it names no certificate";
    }
    /* Entries that are older than kinds tell it by the state before. */
    bool is_made = entry->kind == PV_AUDIT_KIND_CREATED ||
                   (entry->kind == PV_AUDIT_KIND_UNSPECIFIED && *entry->previous_state == '\0');
    if (is_made) { pv_buffer_append(&self->made, pv_view_of(&id, sizeof id)); }
    if (entry->kind == PV_AUDIT_KIND_DELETED) {
        pv_buffer_append(&self->deleted, pv_view_of(&id, sizeof id));
    }
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(pv_id));
}

static bool holds(const pv_buffer *ids, const pv_id *id)
{
    return ids->size > 0 &&
           bsearch(id, ids->data, ids->size / sizeof *id, sizeof *id, compare_ids) != NULL;
}

static void sort(pv_buffer *ids)
{
    if (ids->size > 0) { qsort(ids->data, ids->size / sizeof(pv_id), sizeof(pv_id), compare_ids); }
}

__attribute__((format(printf, 2, 3))) static void find(issued *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(self->arena, format, arguments);
    va_end(arguments);
    if (text != NULL) { pv_buffer_append(&self->findings, pv_view_of(&text, sizeof text)); }
}

/* Whether the account's trail goes back to this time. */
static bool goes_back_to(const issued *self, const char *account_id, int64_t utc_ns)
{
    beginning first = {{{0}}, 0};
    if (!pv_id_parse(pv_account__object.id_prefix, pv_view_text(account_id), &first.account) ||
        self->beginnings.size == 0) {
        return false;
    }
    const beginning *found =
        bsearch(&first, self->beginnings.data, self->beginnings.size / sizeof first, sizeof first,
                compare_ids);
    return found != NULL && found->utc_ns <= utc_ns;
}

static void judge_row(void *context, pv_id id, const pv_row *row)
{
    issued *self = context;
    ProtobufCMessage *message = NULL;
    pv_time made = {0};
    pv_arena_reset(self->row);
    if (holds(&self->made, &id) ||
        !pv_message_unpack(&pv_certificate__info, row->message, self->row, &message)) {
        return;
    }
    const pv_certificate *certificate = (const pv_certificate *)(void *)message;
    if (!pv_time_of(certificate->create_time, &made) ||
        !goes_back_to(self, certificate->account_id, made.utc_ns)) {
        return;
    }
    find(self, "%s has no entry of its issue in the audit trail of %s", certificate->id,
         certificate->account_id);
}

static void judge_entries(issued *self)
{
    const pv_id *ids = (const pv_id *)(const void *)self->made.data;
    for (size_t i = 0; i < self->made.size / sizeof *ids; i++) {
        pv_row row;
        char text[PV_ID_TEXT_SIZE];
        bool again = i > 0 && pv_id_equal(ids[i], ids[i - 1]);
        if (again || holds(&self->deleted, &ids[i]) ||
            pv_is_ok(pv_object_get(self->txn, &pv_certificate__object, ids[i], &row))) {
            continue;
        }
        pv_id_format(pv_certificate__object.id_prefix, ids[i], text);
        find(self, "the audit trail tells of the issue of %s, which is not there", text);
    }
}

static void judge(issued *self, pv_txn *txn)
{
    self->judged = true;
    self->txn = txn;
    self->row = pv_arena_create(ROW_ARENA_BYTES);
    sort(&self->made);
    sort(&self->deleted);
    if (!pv_is_ok(pv_check_each(txn, &pv_certificate__object, judge_row, self))) {
        find(self, "the certificates cannot be read");
    }
    judge_entries(self);
    if (self->made.overflow || self->deleted.overflow || self->beginnings.overflow) {
        find(self, "there is no memory to hold all certificates against the audit trail");
    }
    pv_arena_destroy(self->row);
}

const char *issued_missing(issued *self, pv_txn *txn)
{
    if (!self->judged) { judge(self, txn); }
    if (self->told == self->findings.size / sizeof(const char *)) { return NULL; }
    const char *text;
    memcpy(&text, self->findings.data + self->told++ * sizeof text, sizeof text);
    return text;
}
