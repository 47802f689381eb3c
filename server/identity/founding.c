/* What is made with keys that are kept offline: a new authority, and purveyd's own certificate. */
#include "server/identity/key_pair.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

enum { ROOT_DAYS = 3652, SERVER_DAYS = 397, HOST_MAX = 253 };

static const char *const always_hosts[] = {"localhost", "127.0.0.1", "::1"};
enum {
    ALWAYS_HOSTS = sizeof always_hosts / sizeof always_hosts[0],
    ALL_HOSTS = ALWAYS_HOSTS + PV_HOSTS_MAX
};

/* IPv6 addresses are told from names by their colon; inet_pton decides what they are. */
static bool is_host(const char *text)
{
    bool colon = strchr(text, ':') != NULL;
    return colon ? pv_profile_is_address(text) : pv_profile_is_name(text, HOST_MAX);
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

static pv_status make_clients_side(const pv_authority_options *options, pv_error *error)
{
    char name[PV_COMMON_NAME_MAX + 1];
    pv_key_pair root = {NULL, NULL};
    pv_key_pair issuing = {NULL, NULL};
    pv_profile profile = {.kind = PV_PROFILE_ROOT, .common_name = name};
    (void)snprintf(name, sizeof name, "Purvey client root %s", options->trust_domain);
    pv_status status = pv_key_pair_make(&profile, NULL, options->now, ROOT_DAYS, error, &root);
    if (pv_is_ok(status)) {
        status = pv_key_pair_write(&root, options->folder, PV_AUTHORITY_ROOT, PV_AUTHORITY_ROOT_KEY,
                                   PV_FILE_NEW, error);
    }
    if (pv_is_ok(status)) {
        status =
            pv_key_pair_make_issuing(options->trust_domain, &root, options->now, error, &issuing);
    }
    if (pv_is_ok(status)) {
        status = pv_key_pair_write(&issuing, options->folder, PV_AUTHORITY_ISSUING,
                                   PV_AUTHORITY_ISSUING_KEY, PV_FILE_NEW, error);
    }
    pv_key_pair_free(&root);
    pv_key_pair_free(&issuing);
    return status;
}

/* The certificate of purveyd, by the server root, beside the one that is there if `mode` says so. */
static pv_status make_server(const pv_authority_options *options, const char *const *hosts,
                             size_t count, const pv_key_pair *root, pv_file_mode mode,
                             pv_error *error)
{
    pv_key_pair server = {NULL, NULL};
    pv_profile profile = {
        .kind = PV_PROFILE_SERVER, .common_name = "purveyd", .hosts = hosts, .host_count = count};
    pv_status status = pv_key_pair_make(&profile, root, options->now, SERVER_DAYS, error, &server);
    if (pv_is_ok(status)) {
        status = pv_key_pair_write(&server, options->folder, PV_AUTHORITY_SERVER,
                                   PV_AUTHORITY_SERVER_KEY, mode, error);
    }
    pv_key_pair_free(&server);
    return status;
}

/* The names that were asked for, behind those that every server has. */
static size_t all_hosts(const pv_authority_options *options, const char *ret_hosts[ALL_HOSTS])
{
    memcpy(ret_hosts, always_hosts, sizeof always_hosts);
    for (size_t i = 0; i < options->host_count; i++) {
        ret_hosts[ALWAYS_HOSTS + i] = options->hosts[i];
    }
    return ALWAYS_HOSTS + options->host_count;
}

static pv_status make_servers_side(const pv_authority_options *options, pv_error *error)
{
    char name[PV_COMMON_NAME_MAX + 1];
    const char *hosts[ALL_HOSTS];
    pv_key_pair root = {NULL, NULL};
    pv_profile profile = {.kind = PV_PROFILE_SERVER_ROOT, .common_name = name};
    (void)snprintf(name, sizeof name, "Purvey server root %s", options->trust_domain);
    pv_status status = pv_key_pair_make(&profile, NULL, options->now, ROOT_DAYS, error, &root);
    if (pv_is_ok(status)) {
        status = pv_key_pair_write(&root, options->folder, PV_AUTHORITY_SERVER_ROOT,
                                   PV_AUTHORITY_SERVER_ROOT_KEY, PV_FILE_NEW, error);
    }
    if (pv_is_ok(status)) {
        size_t count = all_hosts(options, hosts);
        status = make_server(options, hosts, count, &root, PV_FILE_NEW, error);
    }
    pv_key_pair_free(&root);
    return status;
}

pv_status pv_authority_init(const pv_authority_options *options, pv_error *error)
{
    static const char *const names[] = {PV_AUTHORITY_ROOT,        PV_AUTHORITY_ROOT_KEY,
                                        PV_AUTHORITY_ISSUING,     PV_AUTHORITY_ISSUING_KEY,
                                        PV_AUTHORITY_SERVER_ROOT, PV_AUTHORITY_SERVER_ROOT_KEY,
                                        PV_AUTHORITY_SERVER,      PV_AUTHORITY_SERVER_KEY};
    if (!pv_profile_is_name(options->trust_domain, PV_TRUST_DOMAIN_MAX)) {
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

pv_status pv_authority_certificate(const char *folder, const char *name, pv_error *error,
                                   pv_issuer *ret_certificate)
{
    X509 *certificate = NULL;
    PV_TRY(pv_file_read_certificate(folder, name, error, &certificate));
    *ret_certificate = pv_certificate_summary(certificate);
    X509_free(certificate);
    return pv_ok();
}

/* --- a new certificate for purveyd --- */

/* One name as text; false: it is neither a DNS name nor an address. */
static bool host_text(const GENERAL_NAME *name, char ret_text[HOST_MAX + 1])
{
    int kind = 0;
    const ASN1_STRING *value = (const ASN1_STRING *)GENERAL_NAME_get0_value(name, &kind);
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    int size = ASN1_STRING_length(value);
    if (kind == GEN_IPADD && (size == 4 || size == 16)) {
        return inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, ret_text, HOST_MAX + 1) != NULL;
    }
    if (kind != GEN_DNS || size > HOST_MAX) { return false; }
    memcpy(ret_text, bytes, (size_t)size);
    ret_text[size] = '\0';
    return true;
}

/* The names that the present certificate is for. */
static pv_status present_hosts(const char *folder, pv_error *error,
                               char ret_texts[ALL_HOSTS][HOST_MAX + 1], size_t *ret_count)
{
    X509 *present = NULL;
    PV_TRY(pv_file_read_certificate(folder, PV_AUTHORITY_SERVER, error, &present));
    GENERAL_NAMES *names = X509_get_ext_d2i(present, NID_subject_alt_name, NULL, NULL);
    size_t count = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && count < ALL_HOSTS; i++) {
        if (host_text(sk_GENERAL_NAME_value(names, i), ret_texts[count])) { count++; }
    }
    GENERAL_NAMES_free(names);
    X509_free(present);
    *ret_count = count;
    return pv_ok();
}

/* Both files get their names one after the other: if the process dies in between, pv_authority_settle goes on. */
static pv_status renew(const pv_authority_options *options, const char *const *hosts, size_t count,
                       pv_error *error)
{
    pv_key_pair root = {NULL, NULL};
    pv_status status =
        pv_key_pair_read(options->folder, PV_AUTHORITY_SERVER_ROOT, PV_AUTHORITY_SERVER_ROOT_KEY,
                         options->key_file, error, &root);
    if (pv_is_ok(status)) {
        status = make_server(options, hosts, count, &root, PV_FILE_BESIDE, error);
    }
    pv_key_pair_free(&root);
    PV_TRY(status);
    PV_TRY(pv_file_place(options->folder, PV_AUTHORITY_SERVER_KEY, error));
    return pv_file_place(options->folder, PV_AUTHORITY_SERVER, error);
}

pv_status pv_authority_settle(const char *folder, pv_error *error)
{
    pv_key_pair beside = {NULL, NULL};
    if (!pv_file_exists(folder, PV_AUTHORITY_SERVER ".new")) { return pv_ok(); }
    pv_error ignored; /* what cannot be read was left by an attempt that died earlier */
    pv_error_init(&ignored, error->arena);
    bool half = pv_is_ok(pv_key_pair_read(folder, PV_AUTHORITY_SERVER ".new",
                                          PV_AUTHORITY_SERVER_KEY, NULL, &ignored, &beside));
    pv_key_pair_free(&beside);
    return half ? pv_file_place(folder, PV_AUTHORITY_SERVER, error) : pv_ok();
}

pv_status pv_authority_renew_server(const pv_authority_options *options, pv_error *error)
{
    PV_TRY(check_hosts(options, error));
    int lock = -1;
    char texts[ALL_HOSTS][HOST_MAX + 1];
    const char *hosts[ALL_HOSTS];
    size_t count = 0;
    PV_TRY(pv_folder_lock(options->folder, error, &lock));
    pv_status status = pv_authority_settle(options->folder, error);
    if (options->host_count > 0) {
        count = all_hosts(options, hosts);
    } else if (pv_is_ok(status)) {
        status = present_hosts(options->folder, error, texts, &count);
        for (size_t i = 0; i < count; i++) { hosts[i] = texts[i]; }
    }
    if (pv_is_ok(status)) { status = renew(options, hosts, count, error); }
    (void)close(lock);
    return status;
}
