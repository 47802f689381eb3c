#include "server/identity/authority.h"

#include "purvey/common/v1/error_reason.pv.h"
#include "server/identity/csr.h"
#include "server/identity/issuers.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

enum { URI_MAX = 255, SET_BYTES = 64 * 1024 };

/* What was read from the files at one time. */
typedef struct issuer_set {
    pv_arena *arena; /* this struct lives in it */
    pv_issuers issuers;
} issuer_set;

struct pv_authority {
    pv_signer signer; /* first: the signer handed out is the authority */
    const char *folder;
    const char *trust_domain;
    uint64_t signature; /* of the files, when they were read */
    pthread_mutex_t lock;
    issuer_set *set; /* guarded by the lock */
};

static pv_authority *authority_of(const pv_signer *signer)
{
    return (pv_authority *)(uintptr_t)signer;
}

/* --- loading --- */

static void set_free(issuer_set *set)
{
    if (set == NULL) { return; }
    pv_issuers_free(&set->issuers);
    pv_arena_destroy(set->arena);
}

static pv_status set_read(const char *folder, pv_error *error, issuer_set **ret_set)
{
    pv_arena *arena = pv_arena_create(sizeof(issuer_set) + SET_BYTES);
    issuer_set *set = pv_arena_zalloc(arena, 1, sizeof *set);
    PV_ASSERT(set != NULL);
    set->arena = arena;
    pv_status status = pv_issuers_read(folder, arena, error, &set->issuers);
    if (pv_is_ok(status)) {
        *ret_set = set;
    } else {
        set_free(set);
    }
    return status;
}

/* Changes when a file does. Each step of a rotation is a rename, which changes the folder; the files are for those who
 * write over them. */
static uint64_t signature_of(const char *folder)
{
    static const char *const names[] = {"", "/" PV_AUTHORITY_ROOT, "/" PV_AUTHORITY_ISSUING,
                                        "/" PV_AUTHORITY_RETIRED};
    uint64_t signature = 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[4096];
        struct stat facts;
        int size = snprintf(path, sizeof path, "%s%s", folder, names[i]);
        memset(&facts, 0, sizeof facts);
        if (size > 0 && (size_t)size < sizeof path) { (void)stat(path, &facts); }
        const uint64_t values[] = {(uint64_t)facts.st_ino, (uint64_t)facts.st_size,
                                   (uint64_t)facts.st_mtim.tv_sec, (uint64_t)facts.st_mtim.tv_nsec};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            signature = (signature ^ values[k]) * UINT64_C(0x9e3779b97f4a7c15);
            signature ^= signature >> 29;
        }
    }
    return signature;
}

static pv_status read_key(const pv_signer *signer, pv_view csr,
                          uint8_t ret_key_sha256[PV_SHA256_SIZE], pv_error *error)
{
    (void)signer;
    return pv_csr_digest(csr, error, ret_key_sha256);
}

static pv_status sign(const pv_signer *signer, const pv_signing *signing, pv_arena *arena,
                      pv_signed *ret_signed, pv_error *error)
{
    return pv_authority_sign(authority_of(signer), signing, arena, ret_signed, error);
}

static pv_status issuer(const pv_signer *signer, pv_issuer *ret_issuer, pv_error *error)
{
    pv_authority *authority = authority_of(signer);
    PV_ASSERT(pthread_mutex_lock(&authority->lock) == 0);
    const pv_issuing *active = pv_issuers_in(&authority->set->issuers, PV_ISSUING_ACTIVE);
    if (active != NULL) { *ret_issuer = active->info.issuer; }
    PV_ASSERT(pthread_mutex_unlock(&authority->lock) == 0);
    if (active != NULL) { return pv_ok(); }
    return pv_refuse(error, &pv_error_reason_authority_unavailable,
                     "The issuing authority was retired, and no other was activated.");
}

pv_status pv_authority_load(const char *folder, pv_arena *arena, pv_error *error,
                            pv_authority **ret_authority)
{
    pv_authority *authority = pv_arena_zalloc(arena, 1, sizeof *authority);
    const char *kept = pv_arena_dup(arena, pv_view_text(folder));
    if (authority == NULL || kept == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    authority->folder = kept;
    authority->signature = signature_of(folder);
    PV_TRY(set_read(folder, error, &authority->set));
    authority->trust_domain =
        pv_arena_dup(arena, pv_view_text(authority->set->issuers.trust_domain));
    if (authority->trust_domain == NULL) {
        set_free(authority->set);
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    PV_ASSERT(pthread_mutex_init(&authority->lock, NULL) == 0);
    authority->signer.read_key = read_key;
    authority->signer.sign = sign;
    authority->signer.issuer = issuer;
    *ret_authority = authority;
    return pv_ok();
}

pv_status pv_authority_reload(pv_authority *authority, pv_error *error)
{
    issuer_set *set = NULL;
    /* Taken before the files are read: a change meanwhile is seen the next time. */
    authority->signature = signature_of(authority->folder);
    PV_TRY(set_read(authority->folder, error, &set));
    if (strcmp(set->issuers.trust_domain, authority->trust_domain) != 0) {
        pv_status status =
            pv_refuse(error, &pv_authority_reason_files,
                      "The trust domain is %s now, and was %s: that needs a restart.",
                      set->issuers.trust_domain, authority->trust_domain);
        set_free(set);
        return status;
    }
    PV_ASSERT(pthread_mutex_lock(&authority->lock) == 0);
    issuer_set *before = authority->set;
    authority->set = set;
    PV_ASSERT(pthread_mutex_unlock(&authority->lock) == 0);
    set_free(before);
    return pv_ok();
}

bool pv_authority_files_changed(const pv_authority *authority)
{
    return signature_of(authority->folder) != authority->signature;
}

size_t pv_authority_refused(pv_authority *authority, pv_issuer ret_issuers[PV_ISSUERS_REFUSED_MAX])
{
    size_t count = 0;
    PV_ASSERT(pthread_mutex_lock(&authority->lock) == 0);
    const pv_issuers *issuers = &authority->set->issuers;
    for (size_t i = 0; i < issuers->count; i++) {
        const pv_issuing_info *one = &issuers->list[i].info;
        if (one->state == PV_ISSUING_RETIRED) { ret_issuers[count++] = one->issuer; }
    }
    PV_ASSERT(pthread_mutex_unlock(&authority->lock) == 0);
    return count;
}

void pv_authority_close(pv_authority *authority)
{
    if (authority == NULL) { return; }
    set_free(authority->set);
    authority->set = NULL;
    PV_ASSERT(pthread_mutex_destroy(&authority->lock) == 0);
}

const char *pv_authority_trust_domain(const pv_authority *authority)
{
    return authority->trust_domain;
}

pv_status pv_authority_server_root(const char *folder, uint8_t ret_sha256[PV_SHA256_SIZE],
                                   pv_error *error)
{
    X509 *root = NULL;
    PV_TRY(pv_file_read_certificate(folder, PV_AUTHORITY_SERVER_ROOT, error, &root));
    PV_ASSERT(X509_digest(root, EVP_sha256(), ret_sha256, NULL) == 1);
    X509_free(root);
    return pv_ok();
}

const pv_signer *pv_authority_signer(const pv_authority *authority)
{
    return &authority->signer;
}

/* --- signing --- */

static pv_status to_pem(X509 *certificate, pv_arena *arena, const char **ret_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char *pem = NULL;
    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1) {
        long size = BIO_get_mem_data(bio, &data);
        pem = pv_arena_dup(arena, pv_view_of(data, (size_t)size));
    }
    BIO_free(bio);
    if (pem == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    *ret_pem = pem;
    return pv_ok();
}

static pv_status encode(const pv_issuing *by, X509 *certificate, pv_arena *arena,
                        pv_signed *ret_signed)
{
    int size = i2d_X509(certificate, NULL);
    PV_ASSERT(size > 0);
    uint8_t *der = pv_arena_alloc(arena, (size_t)size);
    if (der == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    unsigned char *position = der;
    PV_ASSERT(i2d_X509(certificate, &position) == size);
    PV_TRY(to_pem(certificate, arena, &ret_signed->pem));
    PV_TRY(to_pem(by->pair.certificate, arena, &ret_signed->chain_pem));
    ret_signed->der = pv_view_of(der, (size_t)size);
    pv_sha256(ret_signed->der, ret_signed->sha256);
    memcpy(ret_signed->issuer_sha256, by->info.issuer.sha256, PV_SHA256_SIZE);
    return pv_ok();
}

/* Who is to sign: whom the signing names, or whoever signs now. */
static pv_status choose(const issuer_set *set, const pv_signing *signing, pv_error *error,
                        const pv_issuing **ret_by)
{
    static const uint8_t nobody[PV_SHA256_SIZE];
    bool named = memcmp(signing->issuer_sha256, nobody, sizeof nobody) != 0;
    const pv_issuing *by = named ? pv_issuers_find(&set->issuers, signing->issuer_sha256)
                                 : pv_issuers_in(&set->issuers, PV_ISSUING_ACTIVE);
    if (by == NULL || !by->info.has_key || by->info.state == PV_ISSUING_RETIRED) {
        return pv_refuse(error, &pv_error_reason_authority_unavailable,
                         "The issuing authority was retired.");
    }
    if (signing->not_after.utc_ns <= signing->not_before.utc_ns ||
        signing->not_after.utc_ns > by->info.issuer.not_after.utc_ns) {
        char end[PV_TIME_TEXT_SIZE];
        (void)pv_time_format(by->info.issuer.not_after, end);
        return pv_refuse(error, &pv_error_reason_authority_unavailable,
                         "The issuing authority ends at %s; no certificate can outlive it.", end);
    }
    *ret_by = by;
    return pv_ok();
}

/* With the lock held: a signature takes less than a tenth of a millisecond. */
static pv_status sign_by(const issuer_set *set, pv_profile *profile, const pv_signing *signing,
                         pv_arena *arena, pv_signed *ret_signed, pv_error *error)
{
    const pv_issuing *by = NULL;
    PV_TRY(choose(set, signing, error, &by));
    profile->issuer = by->pair.certificate;
    profile->issuer_key = by->pair.key;
    X509 *certificate = pv_profile_make(profile);
    if (certificate == NULL) {
        ERR_clear_error();
        return pv_refuse(error, &pv_error_reason_authority_unavailable, NULL);
    }
    pv_status status = encode(by, certificate, arena, ret_signed);
    X509_free(certificate);
    return status;
}

pv_status pv_authority_sign(pv_authority *authority, const pv_signing *signing, pv_arena *arena,
                            pv_signed *ret_signed, pv_error *error)
{
    char uri[URI_MAX + 1];
    int size = snprintf(uri, sizeof uri, "spiffe://%s/account/%s/user/%s", authority->trust_domain,
                        signing->account_id, signing->user_id);
    PV_ASSERT(size > 0);
    PV_ASSERT((size_t)size < sizeof uri);
    EVP_PKEY *key = NULL;
    PV_TRY(pv_csr_read(signing->csr, error, &key));
    pv_profile profile = {.kind = PV_PROFILE_CLIENT,
                          .common_name = signing->certificate_id,
                          .key = key,
                          .not_before = signing->not_before,
                          .not_after = signing->not_after,
                          .uri = uri};
    memcpy(profile.serial, signing->serial, sizeof profile.serial);
    PV_ASSERT(pthread_mutex_lock(&authority->lock) == 0);
    pv_status status = sign_by(authority->set, &profile, signing, arena, ret_signed, error);
    PV_ASSERT(pthread_mutex_unlock(&authority->lock) == 0);
    EVP_PKEY_free(key);
    return status;
}
