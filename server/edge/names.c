/* names.c — which certificate for which name: the folder of pairs, the names in their certificates, and whether any of
 * the files has changed. */
#include "base/status.h"
#include "server/edge/tls.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, NAME_MAX_SIZE = 255 };

/* --- names --- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const edge_name *)left)->text, ((const edge_name *)right)->text);
}

static void add_name(edge_tls *tls, SSL_CTX *context, const ASN1_STRING *name)
{
    int size = ASN1_STRING_length(name);
    if (size <= 0 || size > NAME_MAX_SIZE) { return; }
    if (tls->name_count == tls->name_capacity) {
        tls->name_capacity = tls->name_capacity == 0 ? 16 : 2 * tls->name_capacity;
        tls->names = (edge_name *)realloc(tls->names, tls->name_capacity * sizeof *tls->names);
        PV_ASSERT(tls->names != NULL);
    }
    char *text = (char *)calloc(1, (size_t)size + 1);
    PV_ASSERT(text != NULL);
    for (int i = 0; i < size; i++) {
        text[i] = (char)tolower((unsigned char)ASN1_STRING_get0_data(name)[i]);
    }
    tls->names[tls->name_count].text = text;
    tls->names[tls->name_count++].context = context;
}

static void add_names(edge_tls *tls, SSL_CTX *context)
{
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(SSL_CTX_get0_certificate(context),
                                                             NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int kind = 0;
        const ASN1_STRING *name =
            (const ASN1_STRING *)GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        if (kind == GEN_DNS) { add_name(tls, context, name); }
    }
    GENERAL_NAMES_free(names);
}

static SSL_CTX *find(const edge_tls *tls, char *text)
{
    edge_name key;
    key.text = text;
    key.context = NULL;
    const edge_name *found = (const edge_name *)bsearch(&key, tls->names, tls->name_count,
                                                        sizeof *tls->names, compare_names);
    return found == NULL ? NULL : found->context;
}

/* RFC 6125: exact, or a wildcard for the whole first label. */
SSL_CTX *edge_tls_named(const edge_tls *tls, const char *name)
{
    char text[NAME_MAX_SIZE + 2];
    size_t size = strlen(name);
    if (size == 0 || size > NAME_MAX_SIZE || tls->name_count == 0) { return NULL; }
    for (size_t i = 0; i <= size; i++) { text[i] = (char)tolower((unsigned char)name[i]); }
    SSL_CTX *exact = find(tls, text);
    char *dot = strchr(text, '.');
    if (exact != NULL || dot == NULL || dot == text) { return exact; }
    *--dot = '*';
    return find(tls, dot);
}

void edge_tls_free_names(edge_tls *tls)
{
    for (size_t i = 0; i < tls->name_count; i++) { free(tls->names[i].text); }
    free(tls->names);
}

/* --- the folder --- */

/* NAME.pem that has a NAME.key beside it. */
static bool pair_of(const char *folder, const char *entry, char certificate[PATH_SIZE],
                    char key[PATH_SIZE])
{
    size_t size = strlen(entry);
    if (entry[0] == '.' || size < 5 || strcmp(entry + size - 4, ".pem") != 0) { return false; }
    int written = snprintf(certificate, PATH_SIZE, "%s/%s", folder, entry);
    if (written < 0 || written >= PATH_SIZE) { return false; }
    (void)snprintf(key, PATH_SIZE, "%.*s.key", written - 4, certificate);
    return true;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The entries of a folder in order, so that the same files always give the same answer. */
static size_t list_folder(const char *folder, char ***ret_entries)
{
    *ret_entries = NULL;
    DIR *open = folder == NULL || *folder == '\0' ? NULL : opendir(folder);
    if (open == NULL) { return 0; }
    size_t count = 0;
    char **entries = (char **)calloc(4 * PV_EDGE_PAIRS_MAX, sizeof *entries);
    PV_ASSERT(entries != NULL);
    for (struct dirent *entry; (entry = readdir(open)) != NULL && count < 4 * PV_EDGE_PAIRS_MAX;) {
        entries[count] = strdup(entry->d_name);
        PV_ASSERT(entries[count] != NULL);
        count++;
    }
    closedir(open);
    qsort(entries, count, sizeof *entries, by_name);
    *ret_entries = entries;
    return count;
}

static void free_list(char **entries, size_t count)
{
    for (size_t i = 0; i < count; i++) { free(entries[i]); }
    free(entries);
}

pv_status edge_tls_add_folder(edge_tls *tls, const pv_edge_tls *files, pv_error *error)
{
    char **entries;
    size_t count = list_folder(files->folder, &entries);
    pv_status status = pv_ok();
    for (size_t i = 0; i < count && pv_is_ok(status); i++) {
        char certificate[PATH_SIZE];
        char key[PATH_SIZE];
        if (!pair_of(files->folder, entries[i], certificate, key)) { continue; }
        status = edge_tls_add_pair(tls, files, certificate, key, error);
    }
    free_list(entries, count);
    PV_TRY(status);
    for (size_t i = 1; i < tls->context_count; i++) { add_names(tls, tls->contexts[i]); }
    if (tls->name_count > 0) {
        qsort(tls->names, tls->name_count, sizeof *tls->names, compare_names);
    }
    return pv_ok();
}

/* --- change --- */

static void mix(uint64_t *signature, uint64_t value)
{
    *signature = (*signature ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *signature ^= *signature >> 29;
}

/* Following links: some renewers change a link, others the file. */
static void mix_file(uint64_t *signature, const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        mix(signature, 1);
        return;
    }
    mix(signature, (uint64_t)facts.st_dev);
    mix(signature, (uint64_t)facts.st_ino);
    mix(signature, (uint64_t)facts.st_size);
    mix(signature, (uint64_t)facts.st_mode);
    mix(signature, (uint64_t)facts.st_mtim.tv_sec);
    mix(signature, (uint64_t)facts.st_mtim.tv_nsec);
}

uint64_t edge_tls_signature(const pv_edge_tls *files)
{
    uint64_t signature = 1;
    mix_file(&signature, files->client_roots);
    if (files->client_refused != NULL) { mix_file(&signature, files->client_refused); }
    mix_file(&signature, files->certificate);
    mix_file(&signature, files->key);
    char **entries;
    size_t count = list_folder(files->folder, &entries);
    for (size_t i = 0; i < count; i++) {
        char certificate[PATH_SIZE];
        char key[PATH_SIZE];
        if (!pair_of(files->folder, entries[i], certificate, key)) { continue; }
        mix_file(&signature, certificate);
        mix_file(&signature, key);
    }
    free_list(entries, count);
    return signature;
}
