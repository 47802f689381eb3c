/* What is noted for the audit trail though no transaction made it: calls and handshakes that were refused. */
#include "protos/runtime/timestamp.h"
#include "server/flows/trail.h"
#include "server/pipeline/internal.h"

#include "base/log.h"

enum { WRITE_ARENA_BYTES = 4 * 1024 * 1024 };

/* --- keeping --- */

/* Takes a token; false: there is none. A clock that was set back fills the bucket. */
static bool take_token(note_bucket *bucket, int64_t per_minute, int64_t burst, int64_t now_ns)
{
    const int64_t step_ns = INT64_C(60) * PV_NS_PER_S / per_minute;
    int64_t full_ns = bucket->full_ns;
    if (full_ns < now_ns || full_ns > now_ns + burst * step_ns) { full_ns = now_ns; }
    if (full_ns + step_ns > now_ns + burst * step_ns) { return false; }
    bucket->full_ns = full_ns + step_ns;
    return true;
}

static bool may_keep(pipeline_notes *notes, note_source *source, int64_t now_ns)
{
    return notes->waiting_count < PV_NOTES_WAITING_MAX &&
           take_token(&source->bucket, PV_NOTES_SOURCE_PER_MINUTE, PV_NOTES_SOURCE_BURST, now_ns) &&
           take_token(&notes->bucket, PV_NOTES_PER_MINUTE, PV_NOTES_BURST, now_ns);
}

/* A certificate, or else an address without its port, which changes with each connection; for each kind. */
static void key_of(const kept_note *note, uint8_t ret_key[PV_SHA256_SIZE])
{
    const uint8_t kind = (uint8_t)note->kind;
    pv_view who = pv_view_text(note->peer_address);
    const char *port = strrchr(note->peer_address, ':');
    if (port != NULL) { who.size = (size_t)(port - note->peer_address); }
    if (note->has_certificate) { who = pv_view_of(note->certificate_sha256, PV_SHA256_SIZE); }
    pv_sha256_pair(pv_view_of(&kind, 1), who, ret_key);
}

/* The source's place; whoever had it before gives its count to that of all. */
static note_source *source_of(pipeline_notes *notes, const kept_note *note)
{
    uint8_t key[PV_SHA256_SIZE];
    key_of(note, key);
    _Static_assert(PV_NOTES_SOURCES_MAX == 256, "one byte of the key chooses the place");
    note_source *source = &notes->sources[key[0]];
    if (memcmp(source->key, key, sizeof key) != 0) {
        notes->left_out += source->left_out;
        memset(source, 0, sizeof *source);
        memcpy(source->key, key, sizeof key);
    }
    return source;
}

static void copy_text(char *to, size_t capacity, const char *text)
{
    size_t size = strnlen(text, capacity - 1);
    memcpy(to, text, size);
    to[size] = '\0';
}

static kept_note copy_of(const pv_note *note)
{
    kept_note copy;
    memset(&copy, 0, sizeof copy);
    copy.kind = note->kind;
    copy_text(copy.reason, sizeof copy.reason, note->reason);
    copy_text(copy.method, sizeof copy.method, note->method);
    copy_text(copy.request_id, sizeof copy.request_id, note->request_id);
    copy_text(copy.peer_address, sizeof copy.peer_address, note->peer_address);
    copy.has_certificate = note->certificate_sha256 != NULL;
    if (copy.has_certificate) {
        memcpy(copy.certificate_sha256, note->certificate_sha256, PV_SHA256_SIZE);
    }
    copy.concerned = note->concerned;
    return copy;
}

void pv_pipeline_note(pv_pipeline *pipeline, const pv_note *note)
{
    if (pipeline->config.identity == NULL) { return; } /* there is nobody whom it could concern */
    kept_note kept = copy_of(note);
    pipeline_notes *notes = &pipeline->notes;
    int64_t now_ns = pipeline->config.clock(pipeline->config.clock_context).utc_ns;
    pthread_mutex_lock(&pipeline->lock);
    note_source *source = source_of(notes, &kept);
    if (may_keep(notes, source, now_ns)) {
        kept.left_out = source->left_out;
        source->left_out = 0;
        notes->waiting[notes->waiting_count++] = kept;
        pthread_cond_signal(&pipeline->filled);
    } else {
        source->left_out++;
        source->last = kept;
    }
    pthread_mutex_unlock(&pipeline->lock);
}

/* Whether the caller is to blame for the refusal of an attempt to become somebody. */
static bool is_failed_attempt(pv_code code)
{
    return code == PV_CODE_INVALID_ARGUMENT || code == PV_CODE_NOT_FOUND ||
           code == PV_CODE_ALREADY_EXISTS || code == PV_CODE_FAILED_PRECONDITION;
}

static bool is_noted(const pv_call *call, pv_code code)
{
    const uint32_t attempt = PV_METHOD_WRITES | PV_METHOD_PUBLIC;
    return code == PV_CODE_UNAUTHENTICATED || code == PV_CODE_PERMISSION_DENIED ||
           ((call->method->flags & attempt) == attempt && is_failed_attempt(code));
}

void note_refused(pv_pipeline *pipeline, pv_call *call, pv_status status)
{
    if (!is_noted(call, status.code)) { return; }
    const struct pv_context *context = call->context;
    const pv_peer *peer = call->peer;
    char request_id[sizeof pipeline->notes.waiting[0].request_id];
    size_t size = 0;
    if (context != NULL && context->request_id.size < sizeof request_id) {
        size = context->request_id.size;
        if (size > 0) { memcpy(request_id, context->request_id.data, size); }
    }
    request_id[size] = '\0';
    pv_note note = {
        .kind = PV_AUDIT_KIND_CALL_REFUSED,
        .reason = call->error.reason == NULL ? pv_code_name(status.code) : call->error.reason->name,
        .method = call->method->path + 1,
        .request_id = request_id,
        .peer_address = peer == NULL ? "" : peer->address,
        .certificate_sha256 =
            peer != NULL && peer->has_certificate ? peer->certificate_sha256 : NULL,
    };
    if (context != NULL) { note.concerned = context->concerned; }
    pv_pipeline_note(pipeline, &note);
}

/* --- writing --- */

/* Whom the note concerns: the owner of the certificate, whom the handler named, or the operator. */
static pv_status find_concerned(pv_pipeline *pipeline, pv_txn *txn, pv_arena *arena,
                                const kept_note *note, pv_caller *ret_owner, pv_id *ret_trail)
{
    memset(ret_owner, 0, sizeof *ret_owner);
    *ret_trail = pv_id_is_zero(note->concerned) ? pv_identity_operator(pipeline->config.identity)
                                                : note->concerned;
    if (!note->has_certificate) { return pv_ok(); }
    pv_status status = pv_identity_find(pipeline->config.identity, txn, note->certificate_sha256,
                                        arena, ret_owner);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(status);
    *ret_trail = ret_owner->account;
    return pv_ok();
}

static pv_status write_note(pv_pipeline *pipeline, pv_txn *txn, pv_arena *arena, kept_note *note)
{
    pv_caller owner;
    pv_id trail;
    char sha256[2 * PV_SHA256_SIZE + 1] = "";
    Google__Protobuf__Timestamp time = pv_timestamp_of(pipeline_next_now(pipeline));
    PV_TRY(find_concerned(pipeline, txn, arena, note, &owner, &trail));
    if (note->has_certificate) {
        pv_hex_format(pv_view_of(note->certificate_sha256, PV_SHA256_SIZE), sha256);
    }
    pv_audit_entry entry = PV_AUDIT_ENTRY__INIT;
    entry.time = &time;
    entry.kind = note->kind;
    entry.account_id = owner.account_id;
    entry.user_id = owner.user_id;
    entry.certificate_id = owner.certificate_id;
    entry.peer_address = note->peer_address;
    entry.method = note->method;
    entry.request_id = note->request_id;
    entry.reason = note->reason;
    entry.certificate_sha256 = sha256;
    entry.left_out = note->left_out;
    return pv_trail_file(txn, arena, trail, &entry);
}

/* One note in a transaction of its own, which is aborted if it cannot be written. */
static pv_status write_in_batch(pv_pipeline *pipeline, pv_batch *batch, kept_note *note)
{
    pv_arena *arena = pv_arena_create(WRITE_ARENA_BYTES);
    pv_txn *txn = NULL;
    pv_status status = pv_write_begin(batch, arena, &txn);
    if (pv_is_ok(status)) {
        status = write_note(pipeline, txn, arena, note);
        if (pv_is_ok(status)) {
            status = pv_txn_commit(txn);
        } else {
            pv_txn_abort(txn);
        }
    }
    pv_arena_destroy(arena);
    return status;
}

static pv_status write_all(pv_pipeline *pipeline, kept_note *notes, size_t count)
{
    pv_batch *batch = NULL;
    PV_TRY(pv_batch_begin(pipeline->config.store, &batch));
    pv_status failure = pv_ok();
    for (size_t i = 0; i < count; i++) {
        pv_status status = write_in_batch(pipeline, batch, &notes[i]);
        if (!pv_is_ok(status)) { failure = status; }
    }
    pv_status status = pv_batch_commit(batch);
    return pv_is_ok(status) ? failure : status;
}

/* Adds what was left out of each source, as its last one says, and of those that are not known any more. */
static size_t take_counts(pipeline_notes *notes, kept_note *taken)
{
    size_t count = 0;
    for (size_t i = 0; i < PV_NOTES_SOURCES_MAX; i++) {
        note_source *source = &notes->sources[i];
        if (source->left_out == 0) { continue; }
        taken[count] = source->last;
        taken[count++].left_out = source->left_out - 1;
        source->left_out = 0;
    }
    if (notes->left_out > 0) {
        const kept_note others = {.kind = PV_AUDIT_KIND_CALL_REFUSED,
                                  .reason = "refused by too many sources to tell them apart",
                                  .left_out = notes->left_out};
        taken[count++] = others;
        notes->left_out = 0;
    }
    return count;
}

/* Takes what is to be written out of the lock's reach; gives how many there are. */
static size_t take_notes(pv_pipeline *pipeline, bool all)
{
    pipeline_notes *notes = &pipeline->notes;
    pv_time now = pipeline->config.clock(pipeline->config.clock_context);
    pthread_mutex_lock(&pipeline->lock);
    size_t count = notes->waiting_count;
    if (count > 0) { memcpy(notes->taken, notes->waiting, count * sizeof notes->taken[0]); }
    notes->waiting_count = 0;
    if (all || now.utc_ns >= notes->count_at.utc_ns) {
        count += take_counts(notes, notes->taken + count);
        notes->count_at.utc_ns = now.utc_ns + PV_NOTES_COUNT_MS * PV_NS_PER_MS;
    }
    pthread_mutex_unlock(&pipeline->lock);
    return count;
}

void notes_write(pv_pipeline *pipeline, bool all)
{
    size_t count = take_notes(pipeline, all);
    pv_status status = count == 0 ? pv_ok() : write_all(pipeline, pipeline->notes.taken, count);
    if (pv_is_ok(status)) { return; }
    /* A full store, or damage: calls meet both and say so. */
    const pv_log_field fields[] = {pv_log_text("code", pv_code_name(status.code)),
                                   pv_log_number("notes", (int64_t)count)};
    pv_log(PV_LOG_WARN, "refusals not noted in the audit trail", fields, 2);
}
