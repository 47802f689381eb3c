#include "server/identity/rotation.h"

#include "server/identity/issuers.h"

#include <unistd.h>

/* A change of the folder: what stands in it, held against others. */
typedef struct change {
    const char *folder;
    pv_time now;
    pv_error *error;
    int lock;
    pv_issuers issuers;
} change;

static pv_status begin(const char *folder, pv_time now, pv_error *error, change *ret_change)
{
    memset(ret_change, 0, sizeof *ret_change);
    ret_change->folder = folder;
    ret_change->now = now;
    ret_change->error = error;
    ret_change->lock = -1;
    PV_TRY(pv_folder_lock(folder, error, &ret_change->lock));
    return pv_issuers_read(folder, error->arena, error, &ret_change->issuers);
}

static void end(change *of)
{
    pv_issuers_free(&of->issuers);
    if (of->lock >= 0) { (void)close(of->lock); }
}

pv_status pv_authority_list(const char *folder, pv_arena *arena, pv_error *error,
                            const pv_issuing_info **ret_list, size_t *ret_count)
{
    pv_issuers issuers;
    pv_status status = pv_issuers_read(folder, arena, error, &issuers);
    pv_issuing_info *list = pv_arena_zalloc(arena, PV_ISSUERS_MAX, sizeof *list);
    if (pv_is_ok(status) && list == NULL) { status = pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    if (pv_is_ok(status)) {
        for (size_t i = 0; i < issuers.count; i++) { list[i] = issuers.list[i].info; }
        *ret_list = list;
        *ret_count = issuers.count;
    }
    pv_issuers_free(&issuers);
    return status;
}

/* --- prepare --- */

/* The key first: a certificate without a key would be an authority that cannot sign. */
static pv_status write_next(const change *of, const pv_key_pair *made, pv_issuer *ret_issuer)
{
    char key[PV_ISSUER_FILE_SIZE];
    *ret_issuer = pv_certificate_summary(made->certificate);
    pv_issuer_file(ret_issuer, ".key", key);
    return pv_key_pair_write(made, of->folder, PV_ISSUERS_NEXT, key, PV_FILE_REPLACE, of->error);
}

static pv_status prepare(const change *of, const char *key_file, pv_issuer *ret_issuer)
{
    if (pv_issuers_in(&of->issuers, PV_ISSUING_PREPARED) != NULL) {
        return pv_refuse(of->error, &pv_authority_reason_files,
                         "An authority is prepared already: activate it, or retire it.");
    }
    pv_key_pair root = {NULL, NULL};
    pv_key_pair made = {NULL, NULL};
    pv_status status = pv_key_pair_read(of->folder, PV_AUTHORITY_ROOT, PV_AUTHORITY_ROOT_KEY,
                                        key_file, of->error, &root);
    if (pv_is_ok(status)) {
        status =
            pv_key_pair_make_issuing(of->issuers.trust_domain, &root, of->now, of->error, &made);
    }
    if (pv_is_ok(status)) { status = write_next(of, &made, ret_issuer); }
    pv_key_pair_free(&root);
    pv_key_pair_free(&made);
    return status;
}

pv_status pv_authority_prepare(const pv_authority_options *options, pv_error *error,
                               pv_issuer *ret_issuer)
{
    change of;
    pv_status status = begin(options->folder, options->now, error, &of);
    if (pv_is_ok(status)) { status = prepare(&of, options->key_file, ret_issuer); }
    end(&of);
    return status;
}

/* --- activate --- */

/* The one that signed keeps its certificate under a name of its own before another takes its place. */
static pv_status keep_active(const change *of)
{
    char name[PV_ISSUER_FILE_SIZE];
    const pv_issuing *active = pv_issuers_in(&of->issuers, PV_ISSUING_ACTIVE);
    if (active == NULL) { return pv_ok(); } /* it was retired */
    pv_issuer_file(&active->info.issuer, ".pem", name);
    return pv_file_write_certificate(of->folder, name, PV_FILE_REPLACE, active->pair.certificate,
                                     of->error);
}

static pv_status activate(const change *of, const pv_issuing *next)
{
    if (!next->info.has_key || next->info.issuer.not_after.utc_ns <= of->now.utc_ns) {
        return pv_refuse(of->error, &pv_authority_reason_files,
                         "The prepared authority %s: retire it and prepare another.",
                         next->info.has_key ? "has ended" : "has no key in this folder");
    }
    PV_TRY(keep_active(of));
    return pv_file_rename(of->folder, PV_ISSUERS_NEXT, PV_AUTHORITY_ISSUING, of->error);
}

pv_status pv_authority_activate(const char *folder, pv_time now, pv_error *error,
                                pv_issuer *ret_issuer)
{
    change of;
    pv_status status = begin(folder, now, error, &of);
    const pv_issuing *next = pv_issuers_in(&of.issuers, PV_ISSUING_PREPARED);
    if (pv_is_ok(status) && next == NULL) {
        status = pv_refuse(error, &pv_authority_reason_files,
                           "No authority is prepared: prepare one first.");
    }
    if (pv_is_ok(status)) { status = activate(&of, next); }
    if (pv_is_ok(status)) { *ret_issuer = next->info.issuer; }
    end(&of);
    return status;
}

/* --- retire --- */

/* Of one that has ended nothing is accepted anyway: the list need not grow for ever. */
static void forget_ended(change *of)
{
    STACK_OF(X509) *list = of->issuers.retired;
    for (int i = sk_X509_num(list) - 1; i >= 0; i--) {
        X509 *certificate = sk_X509_value(list, i);
        if (pv_certificate_end(certificate).utc_ns > of->now.utc_ns) { continue; }
        X509_free(sk_X509_delete(list, i));
    }
}

/* From this rename on nothing that it signed is accepted. */
static pv_status put_on_list(change *of, const pv_issuing *one)
{
    PV_ASSERT(X509_up_ref(one->pair.certificate) == 1);
    PV_ASSERT(sk_X509_push(of->issuers.retired, one->pair.certificate) > 0);
    forget_ended(of);
    int count = sk_X509_num(of->issuers.retired);
    if (count == 0) { return pv_file_remove(of->folder, PV_AUTHORITY_RETIRED, of->error); }
    if (count > PV_ISSUERS_REFUSED_MAX) {
        return pv_refuse(of->error, &pv_authority_reason_files, "%s is full: %d authorities.",
                         PV_AUTHORITY_RETIRED, PV_ISSUERS_REFUSED_MAX);
    }
    return pv_file_write_list(of->folder, PV_AUTHORITY_RETIRED, of->issuers.retired, of->error);
}

static pv_status remove_key(const change *of, const pv_issuing *one)
{
    char own[PV_ISSUER_FILE_SIZE];
    pv_issuer_file(&one->info.issuer, ".key", own);
    bool has_own = pv_file_exists(of->folder, own);
    if (!has_own && !one->info.has_key) { return pv_ok(); }
    return pv_file_remove(of->folder, has_own ? own : PV_AUTHORITY_ISSUING_KEY, of->error);
}

/* Its certificate goes too, but where it signed: issuing.pem stays until another takes its place. */
static pv_status remove_files(const change *of, const pv_issuing *one)
{
    char own[PV_ISSUER_FILE_SIZE];
    pv_issuer_file(&one->info.issuer, ".pem", own);
    PV_TRY(remove_key(of, one));
    PV_TRY(pv_file_remove(of->folder, own, of->error));
    if (one->info.state != PV_ISSUING_PREPARED) { return pv_ok(); }
    return pv_file_remove(of->folder, PV_ISSUERS_NEXT, of->error);
}

static pv_status retire(change *of, const uint8_t sha256[PV_SHA256_SIZE], bool compromised)
{
    const pv_issuing *one = pv_issuers_find(&of->issuers, sha256);
    if (one == NULL) {
        return pv_refuse(of->error, &pv_authority_reason_files,
                         "There is no such issuing authority in %s.", of->folder);
    }
    const pv_issuing *active = pv_issuers_in(&of->issuers, PV_ISSUING_ACTIVE);
    if (one == active && !compromised) {
        return pv_refuse(of->error, &pv_authority_reason_files,
                         "It signs: prepare and activate another first.");
    }
    if (one->info.state != PV_ISSUING_RETIRED) { PV_TRY(put_on_list(of, one)); }
    PV_TRY(remove_files(of, one));
    const pv_issuing *next = pv_issuers_in(&of->issuers, PV_ISSUING_PREPARED);
    bool somebody_signs = active != NULL && active != one;
    if (somebody_signs || next == NULL || next == one) { return pv_ok(); }
    /* What signed is on the list, and not to be kept among those that are accepted. */
    return pv_file_rename(of->folder, PV_ISSUERS_NEXT, PV_AUTHORITY_ISSUING, of->error);
}

pv_status pv_authority_retire(const char *folder, const uint8_t sha256[PV_SHA256_SIZE],
                              bool compromised, pv_time now, pv_error *error)
{
    change of;
    pv_status status = begin(folder, now, error, &of);
    if (pv_is_ok(status)) { status = retire(&of, sha256, compromised); }
    end(&of);
    return status;
}
