#include "server/identity/issuers.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { FILE_DIGITS = 16, HEX_SIZE = 2 * PV_SHA256_SIZE + 1 };

void pv_issuer_file(const pv_issuer *issuer, const char *suffix, char ret_name[PV_ISSUER_FILE_SIZE])
{
    char hex[HEX_SIZE];
    pv_hex_format(pv_view_of(issuer->sha256, PV_SHA256_SIZE), hex);
    int size = snprintf(ret_name, PV_ISSUER_FILE_SIZE, "issuing-%.*s%s", FILE_DIGITS, hex, suffix);
    PV_ASSERT(size > 0 && size < PV_ISSUER_FILE_SIZE);
}

const pv_issuing *pv_issuers_in(const pv_issuers *issuers, pv_issuing_state state)
{
    for (size_t i = 0; i < issuers->count; i++) {
        if (issuers->list[i].info.state == state) { return &issuers->list[i]; }
    }
    return NULL;
}

const pv_issuing *pv_issuers_find(const pv_issuers *issuers, const uint8_t sha256[PV_SHA256_SIZE])
{
    for (size_t i = 0; i < issuers->count; i++) {
        const pv_issuing *one = &issuers->list[i];
        if (memcmp(one->info.issuer.sha256, sha256, PV_SHA256_SIZE) == 0) { return one; }
    }
    return NULL;
}

void pv_issuers_free(pv_issuers *issuers)
{
    X509_free(issuers->root);
    for (size_t i = 0; i < issuers->count; i++) { pv_key_pair_free(&issuers->list[i].pair); }
    sk_X509_pop_free(issuers->retired, X509_free);
    memset(issuers, 0, sizeof *issuers);
}

/* The one URI host that an issuing certificate may name; NULL if it is not bound to exactly one. */
static const char *bound_domain(X509 *issuing, pv_arena *arena)
{
    int critical = 0;
    NAME_CONSTRAINTS *constraints =
        X509_get_ext_d2i(issuing, NID_name_constraints, &critical, NULL);
    const char *domain = NULL;
    if (constraints != NULL && critical == 1 &&
        sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees) == 1) {
        const GENERAL_NAME *base =
            sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, 0)->base;
        if (base->type == GEN_URI) {
            const ASN1_IA5STRING *host = base->d.uniformResourceIdentifier;
            domain = pv_arena_dup(
                arena, pv_view_of(ASN1_STRING_get0_data(host), (size_t)ASN1_STRING_length(host)));
        }
    }
    NAME_CONSTRAINTS_free(constraints);
    return domain != NULL && pv_profile_is_name(domain, PV_TRUST_DOMAIN_MAX) ? domain : NULL;
}

/* Checks an issuing certificate against the root and the trust domain of those before it. */
static pv_status check_certificate(pv_issuers *issuers, X509 *certificate, const char *name,
                                   const char *folder, pv_arena *arena, pv_error *error)
{
    if (X509_verify(certificate, X509_get0_pubkey(issuers->root)) != 1) {
        ERR_clear_error();
        return pv_refuse(error, &pv_authority_reason_files, "%s in %s is not signed by %s.", name,
                         folder, PV_AUTHORITY_ROOT);
    }
    const char *domain = bound_domain(certificate, arena);
    if (domain == NULL) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "%s in %s is not bound to one trust domain.", name, folder);
    }
    if (issuers->trust_domain == NULL) { issuers->trust_domain = domain; }
    if (strcmp(domain, issuers->trust_domain) != 0) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "%s in %s is bound to the trust domain %s and not to %s.", name, folder,
                         domain, issuers->trust_domain);
    }
    return pv_ok();
}

static bool is_retired(const pv_issuers *issuers, const X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(issuers->retired); i++) {
        if (X509_cmp(sk_X509_value(issuers->retired, i), certificate) == 0) { return true; }
    }
    return false;
}

/* Takes a certificate over into the list; it must have room. */
static pv_issuing *add(pv_issuers *issuers, X509 *certificate, pv_issuing_state state)
{
    pv_issuing *one = &issuers->list[issuers->count++];
    memset(one, 0, sizeof *one);
    one->pair.certificate = certificate;
    one->info.state = state;
    one->info.issuer = pv_certificate_summary(certificate);
    return one;
}

/* Finds the key: in the file of its own, or issuing.key. Who signs must have it. */
static pv_status read_key(pv_issuing *one, const char *name, const char *folder, pv_error *error)
{
    char own[PV_ISSUER_FILE_SIZE];
    pv_issuer_file(&one->info.issuer, ".key", own);
    bool has_own = pv_file_exists(folder, own);
    const char *file = has_own ? own : PV_AUTHORITY_ISSUING_KEY;
    bool must = has_own || one->info.state == PV_ISSUING_ACTIVE;
    if (!must && !pv_file_exists(folder, file)) { return pv_ok(); }
    PV_TRY(pv_file_read_key(folder, file, error, &one->pair.key));
    one->info.has_key = X509_check_private_key(one->pair.certificate, one->pair.key) == 1;
    if (one->info.has_key) { return pv_ok(); }
    ERR_clear_error();
    if (must) {
        return pv_refuse(error, &pv_authority_reason_files, "%s does not belong to %s in %s.", file,
                         name, folder);
    }
    EVP_PKEY_free(one->pair.key); /* of the first */
    one->pair.key = NULL;
    return pv_ok();
}

/* Reads one that stands in a file of its own. The same one may stand in two: when a process died in the middle of an
 * activation, or when it was retired. */
static pv_status read_one(pv_issuers *issuers, const char *name, pv_issuing_state state,
                          const char *folder, pv_arena *arena, pv_error *error)
{
    X509 *certificate = NULL;
    PV_TRY(pv_file_read_certificate(folder, name, error, &certificate));
    pv_issuer summary = pv_certificate_summary(certificate);
    bool known = pv_issuers_find(issuers, summary.sha256) != NULL;
    pv_status status = pv_ok();
    if (!known && issuers->count == PV_ISSUERS_MAX) {
        status =
            pv_refuse(error, &pv_authority_reason_files,
                      "There are more than %d issuing authorities in %s.", PV_ISSUERS_MAX, folder);
    }
    if (pv_is_ok(status)) {
        status = check_certificate(issuers, certificate, name, folder, arena, error);
    }
    if (known || !pv_is_ok(status)) {
        X509_free(certificate);
        return status;
    }
    bool retired = is_retired(issuers, certificate);
    return read_key(add(issuers, certificate, retired ? PV_ISSUING_RETIRED : state), name, folder,
                    error);
}

/* Whether a file's name is that of an authority which signed before. */
static bool is_former(const char *name)
{
    static const char prefix[] = "issuing-";
    enum { PREFIX = sizeof prefix - 1 };
    return strncmp(name, prefix, PREFIX) == 0 &&
           strspn(name + PREFIX, "0123456789abcdef") == FILE_DIGITS &&
           strcmp(name + PREFIX + FILE_DIGITS, ".pem") == 0;
}

static pv_status read_former(pv_issuers *issuers, const char *folder, pv_arena *arena,
                             pv_error *error)
{
    DIR *open = opendir(folder);
    if (open == NULL) {
        return pv_refuse(error, &pv_authority_reason_files, "Cannot list %s.", folder);
    }
    pv_status status = pv_ok();
    for (struct dirent *entry; pv_is_ok(status) && (entry = readdir(open)) != NULL;) {
        if (!is_former(entry->d_name)) { continue; }
        status = read_one(issuers, entry->d_name, PV_ISSUING_RETIRING, folder, arena, error);
    }
    (void)closedir(open);
    return status;
}

/* Those of which nothing but their name on the list is left. */
static pv_status add_retired(pv_issuers *issuers, pv_error *error)
{
    if (sk_X509_num(issuers->retired) > PV_ISSUERS_REFUSED_MAX) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "There are more than %d certificates in %s.", PV_ISSUERS_REFUSED_MAX,
                         PV_AUTHORITY_RETIRED);
    }
    for (int i = 0; i < sk_X509_num(issuers->retired); i++) {
        X509 *certificate = sk_X509_value(issuers->retired, i);
        pv_issuer summary = pv_certificate_summary(certificate);
        if (pv_issuers_find(issuers, summary.sha256) != NULL) { continue; }
        if (issuers->count == PV_ISSUERS_MAX) { break; }
        PV_ASSERT(X509_up_ref(certificate) == 1);
        (void)add(issuers, certificate, PV_ISSUING_RETIRED);
    }
    return pv_ok();
}

pv_status pv_issuers_read(const char *folder, pv_arena *arena, pv_error *error,
                          pv_issuers *ret_issuers)
{
    pv_issuers *issuers = ret_issuers;
    memset(issuers, 0, sizeof *issuers);
    PV_TRY(pv_file_read_certificate(folder, PV_AUTHORITY_ROOT, error, &issuers->root));
    PV_TRY(pv_file_read_list(folder, PV_AUTHORITY_RETIRED, error, &issuers->retired));
    PV_TRY(read_one(issuers, PV_AUTHORITY_ISSUING, PV_ISSUING_ACTIVE, folder, arena, error));
    if (pv_file_exists(folder, PV_ISSUERS_NEXT)) {
        PV_TRY(read_one(issuers, PV_ISSUERS_NEXT, PV_ISSUING_PREPARED, folder, arena, error));
    }
    PV_TRY(read_former(issuers, folder, arena, error));
    return add_retired(issuers, error);
}
