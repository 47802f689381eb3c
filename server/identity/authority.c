#include "server/identity/authority.h"

#include "purvey/common/v1/error_reason.pv.h"
#include "server/identity/csr.h"
#include "server/identity/files.h"
#include "server/identity/profile.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum {
    ROOT_DAYS = 3652,
    ISSUING_DAYS = 1826,
    SERVER_DAYS = 397,
    NAME_MAX_SIZE = 64,
    URI_MAX = 255,
    HOST_MAX = 253
};

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)
#define BACKDATE_NS (INT64_C(3600) * PV_NS_PER_S)

struct pv_authority {
    pv_signer signer; /* first: the signer handed out is the authority */
    X509 *issuing;
    EVP_PKEY *issuing_key;
    const char *issuing_pem;
    pv_issuer issuer;
    const char *trust_domain;
};

static const char *const always_hosts[] = {"localhost", "127.0.0.1", "::1"};
enum { ALWAYS_HOSTS = sizeof always_hosts / sizeof always_hosts[0] };

static pv_status refuse(pv_error *error, const char *what)
{
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return pv_refuse(error, &pv_authority_reason_files, "%s: %s.", what, text);
}

/* A name that can stand in a certificate: of a host, or the trust domain. */
static bool is_name(const char *text, size_t size_max)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        bool inner = i > 0 && i + 1 < size && text[i - 1] != '.' && text[i + 1] != '.';
        bool plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        if (!plain && !(inner && (text[i] == '-' || text[i] == '.'))) { return false; }
    }
    return size > 0 && size <= size_max;
}

/* IPv6 addresses are told from names by their colon; inet_pton decides what they are. */
static bool is_host(const char *text)
{
    bool colon = strchr(text, ':') != NULL;
    return colon ? pv_profile_is_address(text) : is_name(text, HOST_MAX);
}

static pv_status check_hosts(const pv_authority_options *options, pv_error *error)
{
    if (options->host_count > PV_HOSTS_MAX) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "%zu host names were given; at most %d are possible.", options->host_count,
                         PV_HOSTS_MAX);
    }
    for (size_t i = 0; i < options->host_count; i++) {
        if (!is_host(options->hosts[i])) {
            return pv_refuse(error, &pv_authority_reason_files,
                             "\"%.80s\" is neither a DNS name in lower case nor an IP address.",
                             options->hosts[i]);
        }
    }
    return pv_ok();
}

static void fill_serial(uint8_t serial[PV_SERIAL_SIZE])
{
    pv_random_bytes(NULL, serial, PV_SERIAL_SIZE);
    /* Positive, and always of sixteen bytes. */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
}

static pv_time whole_seconds(int64_t utc_ns)
{
    pv_time time;
    time.utc_ns = utc_ns - utc_ns % PV_NS_PER_S;
    return time;
}

/* One key and its certificate, being made. */
typedef struct pair {
    EVP_PKEY *key;
    X509 *certificate;
} pair;

static void pair_free(pair *made)
{
    EVP_PKEY_free(made->key);
    X509_free(made->certificate);
}

/* Makes a P-256 key, its certificate by `issuer` (NULL: by itself), and writes both. */
static pv_status make_pair(const pv_authority_options *options, pv_profile *profile,
                           const pair *issuer, int days, const char *certificate_name,
                           const char *key_name, pv_file_mode mode, pv_error *error, pair *ret_pair)
{
    ret_pair->key = EVP_EC_gen("P-256");
    if (ret_pair->key == NULL) { return refuse(error, "Cannot make a key"); }
    profile->key = ret_pair->key;
    profile->issuer = issuer == NULL ? NULL : issuer->certificate;
    profile->issuer_key = issuer == NULL ? NULL : issuer->key;
    profile->not_before = whole_seconds(options->now.utc_ns - BACKDATE_NS);
    profile->not_after = whole_seconds(options->now.utc_ns + days * NS_PER_DAY);
    fill_serial(profile->serial);
    ret_pair->certificate = pv_profile_make(profile);
    if (ret_pair->certificate == NULL) { return refuse(error, "Cannot make a certificate"); }
    PV_TRY(pv_file_write_key(options->folder, key_name, mode, ret_pair->key, error));
    return pv_file_write_certificate(options->folder, certificate_name, mode, ret_pair->certificate,
                                     error);
}

static pv_status make_clients_side(const pv_authority_options *options, pv_error *error)
{
    char name[NAME_MAX_SIZE + 1];
    pair root = {NULL, NULL};
    pair issuing = {NULL, NULL};
    pv_profile profile = {
        .kind = PV_PROFILE_ROOT, .common_name = name, .trust_domain = options->trust_domain};
    /* A common name has at most 64 characters; the trust domain stands whole in the name constraint. */
    (void)snprintf(name, sizeof name, "Purvey client root %s", options->trust_domain);
    pv_status status = make_pair(options, &profile, NULL, ROOT_DAYS, PV_AUTHORITY_ROOT,
                                 PV_AUTHORITY_ROOT_KEY, PV_FILE_NEW, error, &root);
    if (pv_is_ok(status)) {
        profile.kind = PV_PROFILE_ISSUING;
        (void)snprintf(name, sizeof name, "Purvey client issuing %s", options->trust_domain);
        status = make_pair(options, &profile, &root, ISSUING_DAYS, PV_AUTHORITY_ISSUING,
                           PV_AUTHORITY_ISSUING_KEY, PV_FILE_NEW, error, &issuing);
    }
    pair_free(&root);
    pair_free(&issuing);
    return status;
}

/* The certificate of purveyd, by the server root. */
static pv_status make_server(const pv_authority_options *options, const pair *root,
                             pv_file_mode mode, pv_error *error)
{
    const char *hosts[ALWAYS_HOSTS + PV_HOSTS_MAX];
    memcpy(hosts, always_hosts, sizeof always_hosts);
    size_t count = ALWAYS_HOSTS;
    for (size_t i = 0; i < options->host_count; i++) { hosts[count++] = options->hosts[i]; }
    pair server = {NULL, NULL};
    pv_profile profile = {
        .kind = PV_PROFILE_SERVER, .common_name = "purveyd", .hosts = hosts, .host_count = count};
    pv_status status = make_pair(options, &profile, root, SERVER_DAYS, PV_AUTHORITY_SERVER,
                                 PV_AUTHORITY_SERVER_KEY, mode, error, &server);
    pair_free(&server);
    return status;
}

static pv_status make_servers_side(const pv_authority_options *options, pv_error *error)
{
    char name[NAME_MAX_SIZE + 1];
    pair root = {NULL, NULL};
    pv_profile profile = {.kind = PV_PROFILE_SERVER_ROOT, .common_name = name};
    (void)snprintf(name, sizeof name, "Purvey server root %s", options->trust_domain);
    pv_status status = make_pair(options, &profile, NULL, ROOT_DAYS, PV_AUTHORITY_SERVER_ROOT,
                                 PV_AUTHORITY_SERVER_ROOT_KEY, PV_FILE_NEW, error, &root);
    if (pv_is_ok(status)) { status = make_server(options, &root, PV_FILE_NEW, error); }
    pair_free(&root);
    return status;
}

pv_status pv_authority_init(const pv_authority_options *options, pv_error *error)
{
    static const char *const names[] = {PV_AUTHORITY_ROOT,        PV_AUTHORITY_ROOT_KEY,
                                        PV_AUTHORITY_ISSUING,     PV_AUTHORITY_ISSUING_KEY,
                                        PV_AUTHORITY_SERVER_ROOT, PV_AUTHORITY_SERVER_ROOT_KEY,
                                        PV_AUTHORITY_SERVER,      PV_AUTHORITY_SERVER_KEY};
    if (!is_name(options->trust_domain, PV_TRUST_DOMAIN_MAX)) {
        return pv_refuse(
            error, &pv_authority_reason_files,
            "\"%.80s\" is no trust domain: 1 to %d lower case letters, digits, '.' and '-'.",
            options->trust_domain, PV_TRUST_DOMAIN_MAX);
    }
    PV_TRY(check_hosts(options, error));
    PV_TRY(pv_folder_make(options->folder, error));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        PV_TRY(pv_file_absent(options->folder, names[i], error));
    }
    PV_TRY(make_clients_side(options, error));
    return make_servers_side(options, error);
}

pv_status pv_authority_renew_server(const pv_authority_options *options, pv_error *error)
{
    PV_TRY(check_hosts(options, error));
    pair root = {NULL, NULL};
    pv_status status =
        pv_file_read_key(options->folder, PV_AUTHORITY_SERVER_ROOT_KEY, error, &root.key);
    if (pv_is_ok(status)) {
        status = pv_file_read_certificate(options->folder, PV_AUTHORITY_SERVER_ROOT, error,
                                          &root.certificate);
    }
    if (pv_is_ok(status) && X509_check_private_key(root.certificate, root.key) != 1) {
        status = pv_refuse(error, &pv_authority_reason_files, "%s does not belong to %s in %s.",
                           PV_AUTHORITY_SERVER_ROOT_KEY, PV_AUTHORITY_SERVER_ROOT, options->folder);
    }
    if (pv_is_ok(status)) { status = make_server(options, &root, PV_FILE_REPLACE, error); }
    pair_free(&root);
    return status;
}

/* The one URI host that the issuing certificate may name; NULL if it is not bound to exactly one. */
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
    return domain != NULL && is_name(domain, PV_TRUST_DOMAIN_MAX) ? domain : NULL;
}

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

static pv_status sign(const pv_signer *signer, const pv_signing *signing, pv_arena *arena,
                      pv_signed *ret_signed, pv_error *error)
{
    return pv_authority_sign((const pv_authority *)(const void *)signer, signing, arena, ret_signed,
                             error);
}

static pv_status issuer(const pv_signer *signer, pv_issuer *ret_issuer, pv_error *error)
{
    (void)error;
    *ret_issuer = ((const pv_authority *)(const void *)signer)->issuer;
    return pv_ok();
}

/* Checks that key, issuing certificate and root belong together, and fills in what follows from them. */
static pv_status complete(pv_authority *authority, X509 *root, const char *folder, pv_arena *arena,
                          pv_error *error)
{
    if (X509_check_private_key(authority->issuing, authority->issuing_key) != 1) {
        ERR_clear_error();
        return pv_refuse(error, &pv_authority_reason_files, "%s does not belong to %s in %s.",
                         PV_AUTHORITY_ISSUING_KEY, PV_AUTHORITY_ISSUING, folder);
    }
    if (X509_verify(authority->issuing, X509_get0_pubkey(root)) != 1) {
        ERR_clear_error();
        return pv_refuse(error, &pv_authority_reason_files, "%s in %s is not signed by %s.",
                         PV_AUTHORITY_ISSUING, folder, PV_AUTHORITY_ROOT);
    }
    authority->trust_domain = bound_domain(authority->issuing, arena);
    if (authority->trust_domain == NULL) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "%s in %s is not bound to one trust domain.", PV_AUTHORITY_ISSUING,
                         folder);
    }
    struct tm end;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(authority->issuing), &end) != 1) {
        return refuse(error, "The end of " PV_AUTHORITY_ISSUING " cannot be read");
    }
    authority->issuer.not_after.utc_ns = (int64_t)timegm(&end) * PV_NS_PER_S;
    PV_ASSERT(X509_digest(authority->issuing, EVP_sha256(), authority->issuer.sha256, NULL) == 1);
    authority->signer.sign = sign;
    authority->signer.issuer = issuer;
    return to_pem(authority->issuing, arena, &authority->issuing_pem);
}

pv_status pv_authority_load(const char *folder, pv_arena *arena, pv_error *error,
                            pv_authority **ret_authority)
{
    pv_authority *authority = pv_arena_zalloc(arena, 1, sizeof *authority);
    if (authority == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    X509 *root = NULL;
    pv_status status = pv_file_read_certificate(folder, PV_AUTHORITY_ROOT, error, &root);
    if (pv_is_ok(status)) {
        status = pv_file_read_certificate(folder, PV_AUTHORITY_ISSUING, error, &authority->issuing);
    }
    if (pv_is_ok(status)) {
        status = pv_file_read_key(folder, PV_AUTHORITY_ISSUING_KEY, error, &authority->issuing_key);
    }
    if (pv_is_ok(status)) { status = complete(authority, root, folder, arena, error); }
    X509_free(root);
    if (!pv_is_ok(status)) {
        pv_authority_close(authority);
        return status;
    }
    *ret_authority = authority;
    return pv_ok();
}

void pv_authority_close(pv_authority *authority)
{
    if (authority == NULL) { return; }
    X509_free(authority->issuing);
    EVP_PKEY_free(authority->issuing_key);
    authority->issuing = NULL;
    authority->issuing_key = NULL;
}

const char *pv_authority_trust_domain(const pv_authority *authority)
{
    return authority->trust_domain;
}

const pv_signer *pv_authority_signer(const pv_authority *authority)
{
    return &authority->signer;
}

static pv_status encode(const pv_authority *authority, X509 *certificate, pv_arena *arena,
                        pv_signed *ret_signed)
{
    int size = i2d_X509(certificate, NULL);
    PV_ASSERT(size > 0);
    uint8_t *der = pv_arena_alloc(arena, (size_t)size);
    if (der == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    unsigned char *position = der;
    PV_ASSERT(i2d_X509(certificate, &position) == size);
    const char *pem = NULL;
    PV_TRY(to_pem(certificate, arena, &pem));
    ret_signed->der = pv_view_of(der, (size_t)size);
    pv_sha256(ret_signed->der, ret_signed->sha256);
    ret_signed->pem = pem;
    ret_signed->chain_pem = authority->issuing_pem;
    memcpy(ret_signed->issuer_sha256, authority->issuer.sha256, PV_SHA256_SIZE);
    return pv_ok();
}

pv_status pv_authority_sign(const pv_authority *authority, const pv_signing *signing,
                            pv_arena *arena, pv_signed *ret_signed, pv_error *error)
{
    char uri[URI_MAX + 1];
    int size = snprintf(uri, sizeof uri, "spiffe://%s/account/%s/user/%s", authority->trust_domain,
                        signing->account_id, signing->user_id);
    PV_ASSERT(size > 0);
    PV_ASSERT((size_t)size < sizeof uri);
    if (signing->not_after.utc_ns <= signing->not_before.utc_ns ||
        signing->not_after.utc_ns > authority->issuer.not_after.utc_ns) {
        char end[PV_TIME_TEXT_SIZE];
        (void)pv_time_format(authority->issuer.not_after, end);
        return pv_refuse(error, &pv_error_reason_authority_unavailable,
                         "The issuing authority ends at %s; no certificate can outlive it.", end);
    }
    EVP_PKEY *key = NULL;
    PV_TRY(pv_csr_read(signing->csr, error, &key));
    pv_profile profile = {.kind = PV_PROFILE_CLIENT,
                          .common_name = signing->certificate_id,
                          .key = key,
                          .issuer = authority->issuing,
                          .issuer_key = authority->issuing_key,
                          .not_before = signing->not_before,
                          .not_after = signing->not_after,
                          .uri = uri};
    memcpy(profile.serial, signing->serial, sizeof profile.serial);
    X509 *certificate = pv_profile_make(&profile);
    EVP_PKEY_free(key);
    if (certificate == NULL) {
        ERR_clear_error();
        return pv_refuse(error, &pv_error_reason_authority_unavailable, NULL);
    }
    pv_status status = encode(authority, certificate, arena, ret_signed);
    X509_free(certificate);
    return status;
}
