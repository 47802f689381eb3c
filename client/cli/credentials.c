#include "client/cli/credentials.h"

#include "base/file.h"
#include "client/cli/keys.h"
#include "client/cli/save.h"
#include "client/cli/trouble.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>

#define CERTIFICATE "certificate.pem"
#define KEY "key.pem"
#define REQUEST "request.pem"
#define CURRENT "current"
#define ROOT "server-ca.pem"

enum { NUMBER_DIGITS_MAX = 9 };

static const char *path_of(const pv_credentials *self, const char *name)
{
    const char *path = pv_arena_printf(self->arena, "%s/%s", self->folder, name);
    PV_ASSERT(path != NULL); /* names are short */
    return path;
}

static const char *path_in(const pv_credentials *self, unsigned number, const char *name)
{
    const char *path = pv_arena_printf(self->arena, "%s/%u/%s", self->folder, number, name);
    PV_ASSERT(path != NULL);
    return path;
}

static pv_status refuse(const char *verb, const char *path, pv_error *error)
{
    return pv_refuse(error, &pv_trouble_file_unwritten, "Cannot %s %s: %s.", verb, path,
                     strerror(errno));
}

pv_status pv_credentials_open(pv_credentials *self, pv_arena *arena, const pv_config *config,
                              const char *name, pv_error *error)
{
    *self = (pv_credentials){.arena = arena, .name = name, .lock = -1};
    if (config->folder == NULL) {
        return pv_refuse(error, &pv_trouble_file_unwritten,
                         "Neither XDG_CONFIG_HOME nor HOME says where profiles are kept.");
    }
    self->folder = pv_arena_printf(arena, "%s/profiles/%s", config->folder, name);
    PV_ASSERT(self->folder != NULL);
    PV_TRY(pv_save_folder(self->folder, error));
    self->lock = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (self->lock < 0 || flock(self->lock, LOCK_EX) != 0) {
        return refuse("lock", self->folder, error);
    }
    return pv_ok();
}

void pv_credentials_close(pv_credentials *self)
{
    if (self->lock >= 0) { (void)close(self->lock); /* it was only read */ }
    self->lock = -1;
}

/* --- the pairs --- */

/* The number that a folder is named by; 0: it is none of a pair. */
static unsigned number_of(const char *name)
{
    unsigned number = 0;
    size_t size = strlen(name);
    if (size > NUMBER_DIGITS_MAX || strspn(name, "0123456789") != size) { return 0; }
    for (size_t i = 0; i < size; i++) { number = number * 10 + (unsigned)(name[i] - '0'); }
    return number;
}

/* The largest number of a pair that is below `below`; 0: there is none. */
static pv_status newest_number(const pv_credentials *self, unsigned below, pv_error *error,
                               unsigned *ret_number)
{
    DIR *folder = opendir(self->folder);
    if (folder == NULL) { return refuse("read", self->folder, error); }
    *ret_number = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        unsigned number = number_of(entry->d_name);
        if (number < below && number > *ret_number) { *ret_number = number; }
    }
    (void)closedir(folder); /* it was only read */
    return pv_ok();
}

/* Removes what is ours below a pair's folder, and then it. What is not there is gone already. */
static pv_status remove_pair(const pv_credentials *self, unsigned number, pv_error *error)
{
    static const char *const names[] = {KEY,  REQUEST,    CERTIFICATE, CERTIFICATE ".new",
                                        ROOT, ROOT ".new"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = path_in(self, number, names[i]);
        if (unlink(path) != 0 && errno != ENOENT) { return refuse("remove", path, error); }
    }
    const char *folder = path_in(self, number, "");
    return rmdir(folder) == 0 || errno == ENOENT ? pv_ok() : refuse("remove", folder, error);
}

static pv_credential describe(const pv_credentials *self, unsigned number)
{
    return (pv_credential){.number = number,
                           .certificate_path = path_in(self, number, CERTIFICATE),
                           .key_path = path_in(self, number, KEY),
                           .ca_path = path_in(self, number, ROOT)};
}

static pv_status make_pair(const pv_credentials *self, unsigned number, pv_error *error,
                           pv_credential *ret_made)
{
    pv_credential made = describe(self, number);
    PV_TRY(pv_save_folder(path_in(self, number, ""), error));
    PV_TRY(pv_keys_create(made.key_path, error));
    PV_TRY(pv_keys_request(made.key_path, self->arena, error, &made.csr_pem));
    PV_TRY(pv_save_new(path_in(self, number, REQUEST), 0600, pv_view_text(made.csr_pem), error));
    *ret_made = made;
    return pv_ok();
}

pv_status pv_credentials_begin(const pv_credentials *self, pv_error *error, pv_credential *ret_made)
{
    unsigned newest = 0;
    PV_TRY(newest_number(self, UINT_MAX, error, &newest));
    if (newest == 0) { return make_pair(self, 1, error, ret_made); }
    pv_credential made = describe(self, newest);
    made.csr_pem = pv_file_read(self->arena, path_in(self, newest, REQUEST));
    if (made.csr_pem != NULL && strstr(made.csr_pem, "-----END") != NULL) {
        *ret_made = made;
        return pv_ok();
    }
    if (access(made.certificate_path, F_OK) == 0) {
        return make_pair(self, newest + 1, error, ret_made);
    }
    /* A key without its whole request was never shown to anybody. */
    PV_TRY(remove_pair(self, newest, error));
    return make_pair(self, newest, error, ret_made);
}

bool pv_credentials_are_unfinished(const pv_credentials *self)
{
    return access(path_of(self, CURRENT "/" REQUEST), F_OK) == 0;
}

pv_status pv_credentials_settle(const pv_credentials *self, pv_error *error)
{
    const char *request = path_of(self, CURRENT "/" REQUEST);
    return unlink(request) == 0 || errno == ENOENT ? pv_ok() : refuse("remove", request, error);
}

pv_status pv_credentials_trust(const pv_credential *made, const char *pem, pv_error *error)
{
    return pv_save_over(made->ca_path, 0644, pv_view_text(pem), error);
}

void pv_credentials_request_id(const pv_credential *made, const char *text,
                               char ret_id[PV_UUID_TEXT_SIZE])
{
    /* RFC 9562, version 8: 16 bytes of our own making, of which six bits are fixed. */
    uint8_t digest[PV_SHA256_SIZE];
    char hex[2 * 16 + 1];
    pv_hmac_sha256(pv_view_text(text), pv_view_text(made->csr_pem), digest);
    digest[6] = (uint8_t)((digest[6] & 0x0F) | 0x80);
    digest[8] = (uint8_t)((digest[8] & 0x3F) | 0x80);
    pv_hex_format(pv_view_of(digest, 16), hex);
    int size = snprintf(ret_id, PV_UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                        hex + 12, hex + 16, hex + 20);
    PV_ASSERT(size == PV_UUID_TEXT_SIZE - 1);
}

pv_status pv_credentials_complete(const pv_credentials *self, const pv_credential *made,
                                  const char *certificate_pem, const char *chain_pem,
                                  pv_error *error, pv_keypair *ret_pair)
{
    const char *both = pv_arena_printf(self->arena, "%s%s", certificate_pem, chain_pem);
    if (both == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    PV_TRY(pv_save_over(made->certificate_path, 0644, pv_view_text(both), error));
    return pv_keypair_read(made->certificate_path, made->key_path, self->arena, error, ret_pair);
}

pv_status pv_credentials_take(const pv_credentials *self, const char *key_pem,
                              const char *certificate_pem, pv_error *error, pv_credential *ret_made)
{
    unsigned newest = 0;
    PV_TRY(newest_number(self, UINT_MAX, error, &newest));
    pv_credential made = describe(self, newest + 1);
    PV_TRY(pv_save_folder(path_in(self, made.number, ""), error));
    PV_TRY(pv_save_new(made.key_path, 0600, pv_view_text(key_pem), error));
    PV_TRY(pv_save_new(made.certificate_path, 0644, pv_view_text(certificate_pem), error));
    *ret_made = made;
    return pv_ok();
}

pv_status pv_credentials_use(const pv_credentials *self, const pv_credential *made, pv_error *error)
{
    char target[NUMBER_DIGITS_MAX + 2];
    int size = snprintf(target, sizeof target, "%u", made->number);
    PV_ASSERT(size > 0 && (size_t)size < sizeof target);
    return pv_save_link(path_of(self, CURRENT), target, error);
}

pv_status pv_credentials_finish(const pv_credentials *self, const pv_credential *made,
                                pv_error *error)
{
    const char *request = path_in(self, made->number, REQUEST);
    if (unlink(request) != 0 && errno != ENOENT) { return refuse("remove", request, error); }
    unsigned before = 0;
    PV_TRY(newest_number(self, made->number, error, &before));
    for (unsigned old = before; old > 0;) {
        PV_TRY(newest_number(self, old, error, &old));
        if (old > 0) { PV_TRY(remove_pair(self, old, error)); }
    }
    return pv_ok();
}

pv_status pv_credentials_drop(const pv_credentials *self, const pv_credential *made,
                              pv_error *error)
{
    return remove_pair(self, made->number, error);
}

pv_status pv_credentials_erase(pv_credentials *self, pv_error *error)
{
    static const char *const names[] = {CURRENT, CURRENT ".new"};
    unsigned number = UINT_MAX;
    do {
        PV_TRY(newest_number(self, number, error, &number));
        if (number > 0) { PV_TRY(remove_pair(self, number, error)); }
    } while (number > 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = path_of(self, names[i]);
        if (unlink(path) != 0 && errno != ENOENT) { return refuse("remove", path, error); }
    }
    return rmdir(self->folder) == 0 ? pv_ok() : refuse("remove", self->folder, error);
}

/* --- and the profile --- */

void pv_credentials_fill(const pv_credentials *self, pv_profile *profile)
{
    profile->name = self->name;
    profile->ca = pv_arena_printf(self->arena, "profiles/%s/" CURRENT "/" ROOT, self->name);
    profile->cert =
        pv_arena_printf(self->arena, "profiles/%s/" CURRENT "/" CERTIFICATE, self->name);
    profile->key = pv_arena_printf(self->arena, "profiles/%s/" CURRENT "/" KEY, self->name);
    PV_ASSERT(profile->ca != NULL && profile->cert != NULL && profile->key != NULL);
}

void pv_credentials_show(const pv_credential *made, pv_profile *profile)
{
    profile->ca = made->ca_path;
    profile->cert = made->certificate_path;
    profile->key = made->key_path;
}

bool pv_credentials_hold(const pv_credentials *self, const pv_profile *profile)
{
    return profile->cert != NULL && profile->key != NULL &&
           strcmp(profile->cert, path_of(self, CURRENT "/" CERTIFICATE)) == 0 &&
           strcmp(profile->key, path_of(self, CURRENT "/" KEY)) == 0;
}
