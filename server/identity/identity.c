#include "server/identity/identity.h"

#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/certificate.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/identity/issue.h"
#include "server/identity/rights.h"
#include "server/identity/uses.h"
#include "storage/record.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    SHA256_INDEX = 1, /* of Certificate, as the .proto numbers it */
    HEX_SIZE = 2 * PV_SHA256_SIZE + 1,
    ARENA_SLACK = 64 * 1024,
    LOAD_BYTES_MAX =
        4 * 1024 * 1024 /* four decoded rows and twenty groups, of at most 64 KiB each */
};

const pv_reason pv_identity_reason_not_initialised = {
    "STORE_NOT_INITIALISED",
    PV_CODE_FAILED_PRECONDITION,
    "The store has no operator account.",
    "Run `purvey init` for it first.",
};

/* What the rows of one certificate said. */
typedef struct entry {
    uint8_t sha256[PV_SHA256_SIZE];
    uint64_t generation; /* under which they were read; even; 0: empty */
    pv_time not_before;
    pv_time not_after;
    pv_time use_due;       /* a use before this moment is not noted */
    pv_time superseded_at; /* 0: never, as far as the rows say */
    bool follower_idle;    /* what it was renewed with was never used when the rows were read ... */
    pv_time reread_at;     /* ... so that they are read anew from here on */
    bool revoked;
    bool issuer_refused;
    bool account_active;
    bool user_active;
    bool member; /* the membership is JOINED */
    pv_caller caller;
} entry;

struct pv_identity {
    pv_store *store;
    pv_id operator_account;
    pv_arena *arena;             /* this struct lives in it */
    _Atomic uint64_t generation; /* odd while a change is being made durable */
    pv_uses uses;
    pthread_mutex_t lock; /* guards what follows */
    pv_issuer refused[PV_ISSUERS_REFUSED_MAX];
    size_t refused_count;
    entry entries[PV_IDENTITY_CACHE_MAX];
};

static pv_status refuse_store(pv_error *error, pv_status status)
{
    bool limit = status.code == PV_CODE_RESOURCE_EXHAUSTED;
    return pv_refuse(error, limit ? &pv_error_reason_store_full : &pv_error_reason_data_damaged,
                     NULL);
}

static pv_status read_operator(pv_store *store, pv_arena *arena, pv_error *error,
                               pv_id *ret_account)
{
    pv_txn *txn = NULL;
    pv_status status = pv_read_begin(store, arena, &txn);
    if (!pv_is_ok(status)) { return refuse_store(error, status); }
    pv_view value;
    status = pv_setting_get(txn, PV_SETTING_OPERATOR, &value);
    bool canonical =
        pv_is_ok(status) && pv_id_parse(pv_account__object.id_prefix, value, ret_account);
    pv_txn_abort(txn);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(error, &pv_identity_reason_not_initialised, NULL);
    }
    if (!canonical) { return refuse_store(error, status); }
    return pv_ok();
}

pv_status pv_identity_create(pv_store *store, pv_error *error, pv_identity **ret_identity)
{
    pv_arena *arena = pv_arena_create(sizeof(pv_identity) + ARENA_SLACK);
    pv_identity *identity = pv_arena_zalloc(arena, 1, sizeof *identity);
    PV_ASSERT(identity != NULL);
    identity->store = store;
    identity->arena = arena;
    atomic_init(&identity->generation, 2);
    pv_uses_init(&identity->uses);
    PV_ASSERT(pthread_mutex_init(&identity->lock, NULL) == 0);
    pv_status status = read_operator(store, arena, error, &identity->operator_account);
    if (!pv_is_ok(status)) {
        pv_identity_destroy(identity);
        return status;
    }
    *ret_identity = identity;
    return pv_ok();
}

void pv_identity_destroy(pv_identity *identity)
{
    if (identity == NULL) { return; }
    PV_ASSERT(pthread_mutex_destroy(&identity->lock) == 0);
    pv_uses_deinit(&identity->uses);
    pv_arena_destroy(identity->arena);
}

static bool is_changing(uint64_t generation)
{
    return generation % 2 != 0;
}

void pv_identity_changing(pv_identity *identity)
{
    PV_ASSERT(!is_changing(atomic_fetch_add(&identity->generation, 1)));
}

void pv_identity_changed(pv_identity *identity)
{
    PV_ASSERT(is_changing(atomic_fetch_add(&identity->generation, 1)));
}

pv_id pv_identity_operator(const pv_identity *identity)
{
    return identity->operator_account;
}

void pv_identity_refuse_issuers(pv_identity *identity, const pv_issuer *issuers, size_t count)
{
    PV_ASSERT(count <= PV_ISSUERS_REFUSED_MAX);
    PV_ASSERT(pthread_mutex_lock(&identity->lock) == 0);
    if (count > 0) { memcpy(identity->refused, issuers, count * sizeof *issuers); }
    identity->refused_count = count;
    PV_ASSERT(pthread_mutex_unlock(&identity->lock) == 0);
    /* By two: it may come while somebody else's change is under way, which stays so. */
    (void)atomic_fetch_add(&identity->generation, 2);
}

static bool is_refused(pv_identity *identity, const char *issuer_sha256)
{
    char hex[HEX_SIZE];
    PV_ASSERT(pthread_mutex_lock(&identity->lock) == 0);
    bool refused = identity->refused_count > 0 && *issuer_sha256 == '\0';
    for (size_t i = 0; i < identity->refused_count && !refused; i++) {
        pv_hex_format(pv_view_of(identity->refused[i].sha256, PV_SHA256_SIZE), hex);
        refused = strcmp(issuer_sha256, hex) == 0;
    }
    PV_ASSERT(pthread_mutex_unlock(&identity->lock) == 0);
    return refused;
}

static pv_status load_object(pv_txn *txn, const pv_object_info *object, const char *id,
                             pv_arena *arena, char ret_text[PV_ID_TEXT_SIZE], pv_id *ret_id,
                             void *ret_message)
{
    ProtobufCMessage *message = NULL;
    if (!pv_id_parse(object->id_prefix, pv_view_text(id), ret_id)) {
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    pv_status status = pv_object_load(txn, object, *ret_id, arena, &message, NULL);
    /* An index that points at nothing is damage, not an unknown certificate. */
    if (status.code == PV_CODE_NOT_FOUND) { return pv_status_of(PV_CODE_DATA_LOSS); }
    PV_TRY(status);
    pv_id_format(object->id_prefix, *ret_id, ret_text);
    memcpy(ret_message, &message, sizeof message);
    return pv_ok();
}

/* When the next use is to be noted: at once if none was, else a step behind the last. */
static pv_status load_use_due(pv_txn *txn, pv_id certificate, pv_time *ret_due)
{
    pv_use use;
    pv_status status = pv_use_get(txn, certificate, &use);
    ret_due->utc_ns = pv_is_ok(status) ? use.last.utc_ns + PV_USE_STEP_S * PV_NS_PER_S : 0;
    return status.code == PV_CODE_NOT_FOUND ? pv_ok() : status;
}

/* When it makes way for the certificate that it was renewed with: some days after the first use of that. */
static pv_status load_overlap(pv_txn *txn, const pv_certificate *certificate, entry *ret_entry)
{
    pv_id follower;
    pv_use use;
    if (*certificate->renewed_by_id == '\0') { return pv_ok(); }
    if (!pv_id_parse(pv_certificate__object.id_prefix, pv_view_text(certificate->renewed_by_id),
                     &follower)) {
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    pv_status status = pv_use_get(txn, follower, &use);
    ret_entry->follower_idle = status.code == PV_CODE_NOT_FOUND;
    if (ret_entry->follower_idle) { return pv_ok(); }
    PV_TRY(status);
    ret_entry->superseded_at.utc_ns = use.first.utc_ns + PV_OVERLAP_S * PV_NS_PER_S;
    return pv_ok();
}

/* The row of a certificate. NOT_FOUND: it is unknown. */
static pv_status load_certificate(const pv_identity *identity, pv_txn *txn,
                                  const uint8_t sha256[PV_SHA256_SIZE], pv_arena *arena,
                                  pv_caller *caller, pv_certificate **ret_certificate)
{
    char hex[HEX_SIZE];
    char id[PV_ID_TEXT_SIZE];
    pv_id certificate_id;
    pv_hex_format(pv_view_of(sha256, PV_SHA256_SIZE), hex);
    PV_TRY(pv_object_find(txn, &pv_certificate__object, arena, identity->operator_account,
                          SHA256_INDEX, pv_view_text(hex), &certificate_id));
    pv_id_format(pv_certificate__object.id_prefix, certificate_id, id);
    PV_TRY(load_object(txn, &pv_certificate__object, id, arena, caller->certificate_id,
                       &caller->certificate, ret_certificate));
    return strcmp((*ret_certificate)->sha256, hex) == 0 ? pv_ok() : pv_status_of(PV_CODE_DATA_LOSS);
}

/* Reads what the rows say about a certificate. NOT_FOUND: it is unknown. */
static pv_status load_entry(pv_identity *identity, pv_txn *txn,
                            const uint8_t sha256[PV_SHA256_SIZE], pv_arena *arena, entry *ret_entry)
{
    pv_certificate *certificate = NULL;
    pv_membership *membership = NULL;
    pv_user *user = NULL;
    pv_account *account = NULL;
    pv_caller *caller = &ret_entry->caller;
    PV_TRY(load_certificate(identity, txn, sha256, arena, caller, &certificate));
    PV_TRY(load_object(txn, &pv_membership__object, certificate->membership_id, arena,
                       caller->membership_id, &caller->membership, &membership));
    PV_TRY(load_object(txn, &pv_user__object, membership->user_id, arena, caller->user_id,
                       &caller->user, &user));
    PV_TRY(load_object(txn, &pv_account__object, membership->account_id, arena, caller->account_id,
                       &caller->account, &account));
    if (strcmp(certificate->account_id, membership->account_id) != 0 ||
        strcmp(certificate->user_id, membership->user_id) != 0 ||
        !pv_time_of(certificate->not_before, &ret_entry->not_before) ||
        !pv_time_of(certificate->not_after, &ret_entry->not_after)) {
        return pv_status_of(PV_CODE_DATA_LOSS);
    }
    PV_TRY(load_use_due(txn, caller->certificate, &ret_entry->use_due));
    PV_TRY(load_overlap(txn, certificate, ret_entry));
    pv_rights rights;
    pv_rights scopes = {{0}};
    PV_TRY(pv_rights_of_member(txn, arena, membership, &rights));
    pv_rights_add(&scopes, certificate->scopes, certificate->n_scopes);
    pv_rights_limit(&rights, &scopes);
    memcpy(caller->grants, rights.grants, sizeof rights.grants);
    caller->role = (uint8_t)account->type;
    memcpy(ret_entry->sha256, sha256, PV_SHA256_SIZE);
    bool superseded = certificate->state == PV_CERTIFICATE_STATE_SUPERSEDED;
    if (superseded) { ret_entry->superseded_at = ret_entry->not_before; }
    ret_entry->revoked = !superseded && certificate->state != PV_CERTIFICATE_STATE_ACTIVE;
    ret_entry->issuer_refused = is_refused(identity, certificate->issuer_sha256);
    ret_entry->account_active = account->state == PV_ACCOUNT_STATE_ACTIVE;
    ret_entry->user_active = user->state == PV_USER_STATE_ACTIVE;
    ret_entry->member = membership->state == PV_MEMBERSHIP_STATE_JOINED;
    return pv_ok();
}

/* The same in this transaction, or in one of its own (NULL). */
static pv_status read_entry(pv_identity *identity, pv_txn *within,
                            const uint8_t sha256[PV_SHA256_SIZE], pv_error *error, entry *ret_entry)
{
    memset(ret_entry, 0, sizeof *ret_entry);
    pv_arena *arena = pv_arena_create(LOAD_BYTES_MAX);
    pv_txn *txn = within;
    pv_status status = pv_ok();
    if (within == NULL) { status = pv_read_begin(identity->store, arena, &txn); }
    if (pv_is_ok(status)) { status = load_entry(identity, txn, sha256, arena, ret_entry); }
    if (within == NULL) { pv_txn_abort(txn); }
    pv_arena_destroy(arena);
    if (status.code == PV_CODE_NOT_FOUND) {
        return pv_refuse(error, &pv_error_reason_certificate_unknown, NULL);
    }
    return pv_is_ok(status) ? status : refuse_store(error, status);
}

pv_status pv_identity_find(const pv_identity *identity, pv_txn *txn,
                           const uint8_t sha256[PV_SHA256_SIZE], pv_arena *arena,
                           pv_caller *ret_owner)
{
    pv_caller owner = {0};
    pv_certificate *certificate = NULL;
    PV_TRY(load_certificate(identity, txn, sha256, arena, &owner, &certificate));
    const struct {
        const pv_object_info *object;
        const char *id;
        char *text;
        pv_id *number;
    } ids[] = {
        {&pv_account__object, certificate->account_id, owner.account_id, &owner.account},
        {&pv_user__object, certificate->user_id, owner.user_id, &owner.user},
        {&pv_membership__object, certificate->membership_id, owner.membership_id,
         &owner.membership},
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (!pv_id_parse(ids[i].object->id_prefix, pv_view_text(ids[i].id), ids[i].number)) {
            return pv_status_of(PV_CODE_DATA_LOSS);
        }
        pv_id_format(ids[i].object->id_prefix, *ids[i].number, ids[i].text);
    }
    *ret_owner = owner;
    return pv_ok();
}

/* The entry a certificate would have: a digest is as good as random, its first bytes choose the place. */
static entry *place_of(pv_identity *identity, const uint8_t sha256[PV_SHA256_SIZE])
{
    _Static_assert((PV_IDENTITY_CACHE_MAX & (PV_IDENTITY_CACHE_MAX - 1)) == 0,
                   "a power of two is taken by a mask");
    size_t place = ((size_t)sha256[0] << 8 | sha256[1]) & (PV_IDENTITY_CACHE_MAX - 1);
    return &identity->entries[place];
}

static bool find_kept(pv_identity *identity, const uint8_t sha256[PV_SHA256_SIZE],
                      uint64_t generation, pv_time now, entry *ret_entry)
{
    PV_ASSERT(pthread_mutex_lock(&identity->lock) == 0);
    const entry *kept = place_of(identity, sha256);
    bool found = kept->generation == generation &&
                 memcmp(kept->sha256, sha256, PV_SHA256_SIZE) == 0 &&
                 (!kept->follower_idle || now.utc_ns < kept->reread_at.utc_ns);
    if (found) { *ret_entry = *kept; }
    PV_ASSERT(pthread_mutex_unlock(&identity->lock) == 0);
    return found;
}

static void keep(pv_identity *identity, const entry *read)
{
    PV_ASSERT(pthread_mutex_lock(&identity->lock) == 0);
    *place_of(identity, read->sha256) = *read;
    PV_ASSERT(pthread_mutex_unlock(&identity->lock) == 0);
}

static pv_status judge(const entry *found, pv_time now, pv_error *error)
{
    if (found->revoked) { return pv_refuse(error, &pv_error_reason_certificate_revoked, NULL); }
    if (found->issuer_refused) {
        return pv_refuse(error, &pv_error_reason_certificate_issuer_refused, NULL);
    }
    if (now.utc_ns < found->not_before.utc_ns || now.utc_ns >= found->not_after.utc_ns) {
        char from[PV_TIME_TEXT_SIZE];
        char to[PV_TIME_TEXT_SIZE];
        (void)pv_time_format(found->not_before, from);
        (void)pv_time_format(found->not_after, to);
        return pv_refuse(error, &pv_error_reason_certificate_expired,
                         "The client certificate is valid from %s to %s only.", from, to);
    }
    if (found->superseded_at.utc_ns > 0 && now.utc_ns >= found->superseded_at.utc_ns) {
        return pv_refuse(error, &pv_error_reason_certificate_superseded, NULL);
    }
    if (!found->account_active) {
        pv_error_note(error, "account", "%s", found->caller.account_id);
        return pv_refuse(error, &pv_error_reason_account_inactive, NULL);
    }
    if (!found->user_active) {
        pv_error_note(error, "user", "%s", found->caller.user_id);
        return pv_refuse(error, &pv_error_reason_user_inactive, NULL);
    }
    if (!found->member) {
        pv_error_note(error, "membership", "%s", found->caller.membership_id);
        return pv_refuse(error, &pv_error_reason_membership_ended, NULL);
    }
    return pv_ok();
}

/* Once in a while a call is a use to be noted. */
static void note_use(pv_identity *identity, const entry *of, const pv_peer *peer, pv_time now)
{
    if (now.utc_ns < of->use_due.utc_ns || peer->address == NULL ||
        !pv_uses_note(&identity->uses, of->caller.certificate, now, peer->address)) {
        return;
    }
    PV_ASSERT(pthread_mutex_lock(&identity->lock) == 0);
    entry *kept = place_of(identity, of->sha256);
    if (memcmp(kept->sha256, of->sha256, PV_SHA256_SIZE) == 0) {
        kept->use_due.utc_ns = now.utc_ns + PV_USE_STEP_S * PV_NS_PER_S;
    }
    PV_ASSERT(pthread_mutex_unlock(&identity->lock) == 0);
}

bool pv_identity_uses_wait(pv_identity *identity)
{
    return pv_uses_wait(&identity->uses);
}

pv_status pv_identity_write_uses(pv_identity *identity, pv_txn *txn)
{
    return pv_uses_write(&identity->uses, txn);
}

pv_status pv_identity_resolve(pv_identity *identity, const pv_peer *peer, pv_time now,
                              pv_caller *ret_caller, pv_error *error)
{
    if (peer == NULL || !peer->has_certificate) {
        return pv_refuse(error, &pv_error_reason_no_certificate, NULL);
    }
    /* Taken before the rows are read: if they change meanwhile, what was read counts as old. */
    uint64_t generation = atomic_load(&identity->generation);
    bool settled = !is_changing(generation);
    entry found;
    if (!settled || !find_kept(identity, peer->certificate_sha256, generation, now, &found)) {
        PV_TRY(read_entry(identity, NULL, peer->certificate_sha256, error, &found));
        found.generation = settled ? generation : 0;
        found.caller.generation = found.generation;
        found.reread_at.utc_ns = now.utc_ns + PV_USE_STEP_S * PV_NS_PER_S;
        if (settled) { keep(identity, &found); }
    }
    PV_TRY(judge(&found, now, error));
    note_use(identity, &found, peer, now);
    *ret_caller = found.caller;
    return pv_ok();
}

pv_status pv_identity_confirm(pv_identity *identity, pv_txn *txn, bool changed, const pv_peer *peer,
                              pv_time now, pv_caller *caller, pv_error *error)
{
    /* An even generation that is still the same means that no change was begun before now, and so none is in `txn`,
     * which was opened before. */
    uint64_t generation = atomic_load(&identity->generation);
    if (!changed && !is_changing(generation) && caller->generation == generation) {
        return pv_ok();
    }
    entry found;
    PV_TRY(read_entry(identity, txn, peer->certificate_sha256, error, &found));
    PV_TRY(judge(&found, now, error));
    *caller = found.caller;
    return pv_ok();
}
