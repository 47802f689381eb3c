/* Reading an audit trail. A stored entry is spliced into the reply with its two hashes behind it; it is decoded only to
 * be held against conditions. */
#include "purvey/audit/v1/audit_service.pv.h"

#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "server/flows/flow.h"
#include "server/flows/reply.h"
#include "server/flows/token.h"
#include "storage/audit.h"

enum {
    ENTRY_PREVIOUS_HASH = 30, /* field numbers of the protos, checked below */
    ENTRY_HASH = 31,
    REPLY_ENTRY = 1,
    REPLY_NEXT_PAGE_TOKEN = 2,
    REPLY_TRAIL = 3,
    POSITION_SIZE = 12,
    SCAN_MAX =
        2000, /* entries looked at for a page: a few milliseconds of the polling thread's time */
    PAGE_BYTES_MAX = 3 * 1024 * 1024, /* client libraries accept 4 MiB by default */
    ENTRY_ARENA_BYTES = 256 * 1024
};

static void check_field(const ProtobufCMessageDescriptor *message, const char *name,
                        unsigned number)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message, name);
    PV_ASSERT(field != NULL);
    PV_ASSERT(field->id == number);
}

/* The caller's account, or for the operator any other. NOT_FOUND. */
static pv_status find_account(pv_call *call, const char *account_id, pv_id *ret_account)
{
    bool own = account_id == NULL || *account_id == '\0';
    const char *id = own ? pv_caller_of(call)->account_id : account_id;
    pv_row row;
    PV_TRY(pv_see(call, &pv_account__object, id, &row));
    *ret_account = pv_id_of(&pv_account__object, id);
    return pv_ok();
}

static pv_status append_entry(pv_call *call, const pv_audit_row *row, pv_buffer *reply)
{
    pv_buffer bytes = pv_buffer_of(call->scratch);
    pv_buffer_append(&bytes, row->link.content);
    if (row->chained) {
        pv_reply_bytes(&bytes, ENTRY_PREVIOUS_HASH,
                       pv_view_of(row->link.previous_hash, PV_SHA256_SIZE));
        pv_reply_bytes(&bytes, ENTRY_HASH, pv_view_of(row->link.hash, PV_SHA256_SIZE));
    }
    if (bytes.overflow) { return pv_out_of_memory(call); }
    pv_reply_bytes(reply, REPLY_ENTRY, pv_buffer_view(&bytes));
    return pv_ok();
}

/* --- where to begin --- */

typedef struct listing {
    const pv_list_audit_entries_request *request;
    pv_id account;
    bool has_from, has_to, is_filtered;
    pv_time from, to;
    pv_arena *arena; /* of the entry that is looked at */
} listing;

/* The entry decoded, in of->arena; NULL: it is damaged. */
static const pv_audit_entry *decode(const listing *of, const pv_audit_row *row)
{
    ProtobufCMessage *message = NULL;
    pv_arena_reset(of->arena);
    if (!pv_message_unpack(&pv_audit_entry__info, row->link.content, of->arena, &message)) {
        return NULL;
    }
    return (const pv_audit_entry *)(const void *)message;
}

static bool is_earlier(const pv_audit_entry *entry, pv_time time)
{
    pv_time made = {0};
    return entry != NULL && pv_time_of(entry->time, &made) && made.utc_ns < time.utc_ns;
}

/* Below what is wanted, by number or time. */
static bool is_below(void *context, const pv_audit_row *row)
{
    const listing *of = context;
    if (row->link.sequence <= of->request->after_sequence && of->request->after_sequence > 0) {
        return true;
    }
    return of->has_from && is_earlier(decode(of, row), of->from);
}

static bool is_before_end(void *context, const pv_audit_row *row)
{
    const listing *of = context;
    return is_earlier(decode(of, row), of->to);
}

/* The place from which to scan: behind the page before, or at the first entry that may be wanted. */
static pv_status begin(pv_call *call, listing *of, pv_view position, uint64_t *ret_revision,
                       uint32_t *ret_part)
{
    pv_txn *txn = call->context->txn;
    bool backwards = of->request->newest_first != 0;
    *ret_part = 0;
    if (position.size == POSITION_SIZE) {
        *ret_revision = 0;
        for (size_t i = 0; i < 8; i++) { *ret_revision = *ret_revision << 8 | position.data[i]; }
        for (size_t i = 8; i < POSITION_SIZE; i++) {
            *ret_part = *ret_part << 8 | position.data[i];
        }
        if (!backwards) { (*ret_part)++; }
        return pv_ok();
    }
    *ret_revision = backwards ? pv_txn_revision(txn) + 1 : 0;
    if (backwards && of->has_to) {
        PV_TRY(pv_audit_seek(txn, call->scratch, of->account, is_before_end, of, ret_revision));
        (*ret_revision)++; /* entries of one transaction are of one time */
    } else if (!backwards && (of->has_from || of->request->after_sequence > 0)) {
        PV_TRY(pv_audit_seek(txn, call->scratch, of->account, is_below, of, ret_revision));
    }
    return pv_ok();
}

/* --- which entries --- */

static bool is_same(const char *wanted, const char *text)
{
    return *wanted == '\0' || strcmp(wanted, text) == 0;
}

static bool is_wanted(const listing *of, const pv_audit_entry *entry)
{
    const pv_list_audit_entries_request *request = of->request;
    return (request->kind == PV_AUDIT_KIND_UNSPECIFIED || entry->kind == request->kind) &&
           is_same(request->user_id, entry->user_id) &&
           is_same(request->object_id, entry->object_id) && is_same(request->method, entry->method);
}

typedef enum verdict {
    TAKE = 0,
    SKIP = 1,
    STOP = 2, /* nothing behind it is wanted */
    DAMAGED = 3
} verdict;

static verdict judge(listing *of, const pv_audit_row *row)
{
    bool backwards = of->request->newest_first != 0;
    if (of->request->after_sequence > 0 && row->link.sequence <= of->request->after_sequence) {
        return backwards ? STOP : SKIP;
    }
    if (!of->is_filtered) { return TAKE; }
    const pv_audit_entry *entry = decode(of, row);
    if (entry == NULL) { return DAMAGED; }
    if (of->has_from && is_earlier(entry, of->from)) { return backwards ? STOP : SKIP; }
    if (of->has_to && !is_earlier(entry, of->to)) { return backwards ? SKIP : STOP; }
    return is_wanted(of, entry) ? TAKE : SKIP;
}

/* --- the page --- */

/* Appends wanted entries until the page is full; ret_last is then the last that was looked at. */
static pv_status append_page(pv_call *call, listing *of, pv_scan *scan, pv_buffer *reply,
                             pv_audit_row *ret_last, bool *ret_more)
{
    size_t page_size = pv_page_size_of(&of->request->base);
    *ret_more = false;
    for (size_t taken = 0, looked = 0;; looked++) {
        pv_view key, value;
        pv_audit_row row;
        pv_status status = pv_scan_next(scan, &key, &value);
        if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
        PV_TRY(pv_store_refused(call, status));
        verdict found = pv_audit_read(key, value, &row) ? judge(of, &row) : DAMAGED;
        if (found == STOP) { return pv_ok(); }
        if (found == DAMAGED) { return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS)); }
        if (taken == page_size || looked == SCAN_MAX || reply->size >= PAGE_BYTES_MAX) {
            *ret_more = true;
            return pv_ok();
        }
        *ret_last = row;
        if (found == SKIP) { continue; }
        PV_TRY(append_entry(call, &row, reply));
        taken++;
    }
}

static pv_status append_token(pv_call *call, pv_view binding, const pv_audit_row *last,
                              pv_buffer *reply)
{
    uint8_t position[POSITION_SIZE];
    for (size_t i = 0; i < 8; i++) { position[i] = (uint8_t)(last->revision >> (56 - 8 * i)); }
    for (size_t i = 0; i < 4; i++) { position[8 + i] = (uint8_t)(last->part >> (24 - 8 * i)); }
    const char *token = pv_token_make(call->arena, call->context->token_key, binding,
                                      pv_view_of(position, sizeof position));
    if (token == NULL) { return pv_out_of_memory(call); }
    pv_reply_bytes(reply, REPLY_NEXT_PAGE_TOKEN, pv_view_text(token));
    return pv_ok();
}

static pv_audit_mark mark_of(const pv_chain_mark *mark)
{
    pv_audit_mark message = PV_AUDIT_MARK__INIT;
    message.sequence = mark->sequence;
    message.hash.data = (uint8_t *)(uintptr_t)mark->hash;
    message.hash.len = sizeof mark->hash;
    return message;
}

static pv_status append_trail(pv_call *call, pv_id account, pv_buffer *reply)
{
    pv_trail trail;
    pv_view bytes;
    PV_TRY(pv_store_refused(call, pv_audit_open(call->context->txn, account, &trail)));
    pv_audit_mark head = mark_of(&trail.head);
    pv_audit_mark kept_after = mark_of(&trail.anchor);
    pv_audit_trail message = PV_AUDIT_TRAIL__INIT;
    message.head = &head;
    message.kept_after = &kept_after;
    if (!pv_message_encode(&message.base, call->scratch, &bytes)) { return pv_out_of_memory(call); }
    pv_reply_bytes(reply, REPLY_TRAIL, bytes);
    return pv_ok();
}

static pv_status answer_page(pv_call *call, listing *of)
{
    const pv_list_audit_entries_request *request = of->request;
    pv_view binding, position = pv_view_of(NULL, 0);
    PV_TRY(pv_page_binding(call, &request->base, of->account, &binding));
    pv_view token = pv_view_text(request->page_token);
    if (token.size > 0 &&
        (!pv_token_open(call->arena, call->context->token_key, binding, token, &position) ||
         position.size != POSITION_SIZE)) {
        return pv_refuse(&call->error, &pv_error_reason_page_token_invalid, NULL);
    }
    uint64_t revision = 0;
    uint32_t part = 0;
    pv_scan *scan = NULL;
    pv_audit_row last = {0}; /* an empty page is the last one */
    bool more = false;
    pv_buffer reply = pv_buffer_of(call->scratch);
    PV_TRY(pv_store_refused(call, begin(call, of, position, &revision, &part)));
    PV_TRY(
        pv_store_refused(call, pv_audit_scan(call->context->txn, call->scratch, of->account,
                                             revision, part, request->newest_first != 0, &scan)));
    pv_status status = append_page(call, of, scan, &reply, &last, &more);
    pv_scan_close(scan);
    PV_TRY(status);
    if (more) { PV_TRY(append_token(call, binding, &last, &reply)); }
    PV_TRY(append_trail(call, of->account, &reply));
    return pv_reply_send(call, &reply);
}

pv_status pv_audit_service_list_audit_entries(pv_call *call,
                                              const pv_list_audit_entries_request *request,
                                              pv_list_audit_entries_response *response)
{
    check_field(&purvey__audit__v1__audit_entry__descriptor, "previous_hash", ENTRY_PREVIOUS_HASH);
    check_field(&purvey__audit__v1__audit_entry__descriptor, "hash", ENTRY_HASH);
    check_field(response->base.descriptor, "audit_entries", REPLY_ENTRY);
    check_field(response->base.descriptor, "next_page_token", REPLY_NEXT_PAGE_TOKEN);
    check_field(response->base.descriptor, "trail", REPLY_TRAIL);
    listing of = {.request = request};
    PV_TRY(find_account(call, request->account_id, &of.account));
    of.has_from = pv_time_of(request->from_time, &of.from);
    of.has_to = pv_time_of(request->to_time, &of.to);
    of.is_filtered = of.has_from || of.has_to || request->kind != PV_AUDIT_KIND_UNSPECIFIED ||
                     *request->user_id != '\0' || *request->object_id != '\0' ||
                     *request->method != '\0';
    of.arena = pv_arena_create(ENTRY_ARENA_BYTES);
    pv_status status = answer_page(call, &of);
    pv_arena_destroy(of.arena);
    return status;
}

/* --- one entry --- */

static bool is_below_number(void *context, const pv_audit_row *row)
{
    return row->link.sequence < *(const uint64_t *)context;
}

/* The entry with this number. NOT_FOUND. */
static pv_status find_entry(pv_call *call, pv_scan *scan, uint64_t sequence, pv_buffer *reply)
{
    pv_view key, value;
    pv_audit_row row;
    do {
        PV_TRY(pv_scan_next(scan, &key, &value));
        if (!pv_audit_read(key, value, &row)) { return pv_status_of(PV_CODE_DATA_LOSS); }
    } while (row.link.sequence < sequence);
    if (row.link.sequence > sequence) { return pv_status_of(PV_CODE_NOT_FOUND); }
    return append_entry(call, &row, reply);
}

pv_status pv_audit_service_get_audit_entry(pv_call *call, const pv_get_audit_entry_request *request,
                                           pv_get_audit_entry_response *response)
{
    check_field(response->base.descriptor, "audit_entry", REPLY_ENTRY);
    pv_txn *txn = call->context->txn;
    uint64_t sequence = request->sequence, revision = 0;
    pv_id account;
    pv_scan *scan = NULL;
    PV_TRY(find_account(call, request->account_id, &account));
    PV_TRY(pv_store_refused(
        call, pv_audit_seek(txn, call->scratch, account, is_below_number, &sequence, &revision)));
    PV_TRY(pv_store_refused(call,
                            pv_audit_scan(txn, call->scratch, account, revision, 0, false, &scan)));
    pv_buffer reply = pv_buffer_of(call->scratch);
    pv_status status = find_entry(call, scan, sequence, &reply);
    pv_scan_close(scan);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(&call->error, &pv_error_reason_not_found,
                         "The audit trail holds no entry with the number %llu.",
                         (unsigned long long)sequence);
    }
    PV_TRY(pv_store_refused(call, status));
    return pv_reply_send(call, &reply);
}
