#include "server/identity/files.h"

#include "server/identity/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const pv_reason pv_authority_reason_files = {
    "AUTHORITY_FILES",
    PV_CODE_FAILED_PRECONDITION,
    "The files of the certificate authority are not as they should be.",
    "Correct what the message names.",
};

/* What a file is called until it gets its name. */
#define BESIDE ".new"

typedef struct file_path {
    char text[PATH_MAX];
} file_path;

static pv_status path_of(const char *folder, const char *name, const char *suffix, pv_error *error,
                         file_path *ret_path)
{
    int size = snprintf(ret_path->text, sizeof ret_path->text, "%s/%s%s", folder, name, suffix);
    if (size < 0 || (size_t)size >= sizeof ret_path->text) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "The path of the folder is longer than the system allows.");
    }
    return pv_ok();
}

/* What the system said about a file. */
static pv_status refuse_errno(pv_error *error, const char *verb, const char *path)
{
    return pv_refuse(error, &pv_authority_reason_files, "Cannot %s %s: %s.", verb, path,
                     strerror(errno));
}

/* What OpenSSL said about a file. */
static pv_status refuse_openssl(pv_error *error, const char *verb, const char *path)
{
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return pv_refuse(error, &pv_authority_reason_files, "Cannot %s %s: %s.", verb, path, text);
}

pv_status pv_folder_make(const char *folder, pv_error *error)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return refuse_errno(error, "make the folder", folder);
    }
    return pv_ok();
}

pv_status pv_file_absent(const char *folder, const char *name, pv_error *error)
{
    file_path path;
    PV_TRY(path_of(folder, name, "", error, &path));
    struct stat about;
    if (lstat(path.text, &about) == 0) {
        return pv_refuse(error, &pv_authority_reason_files,
                         "%s exists already; nothing was written over it.", path.text);
    }
    return errno == ENOENT ? pv_ok() : refuse_errno(error, "look for", path.text);
}

bool pv_file_exists(const char *folder, const char *name)
{
    file_path path;
    struct stat about;
    int size = snprintf(path.text, sizeof path.text, "%s/%s", folder, name);
    return size > 0 && (size_t)size < sizeof path.text && lstat(path.text, &about) == 0;
}

pv_status pv_folder_lock(const char *folder, pv_error *error, int *ret_descriptor)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) { return refuse_errno(error, "open", folder); }
    if (flock(descriptor, LOCK_EX) != 0) {
        pv_status status = refuse_errno(error, "lock", folder);
        (void)close(descriptor);
        return status;
    }
    *ret_descriptor = descriptor;
    return pv_ok();
}

static pv_status sync_folder(const char *folder, pv_error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) { return refuse_errno(error, "open", folder); }
    bool synced = fsync(descriptor) == 0;
    pv_status status = synced ? pv_ok() : refuse_errno(error, "sync", folder);
    (void)close(descriptor); /* opened for reading: nothing is lost */
    return status;
}

pv_status pv_file_rename(const char *folder, const char *from, const char *to, pv_error *error)
{
    file_path source;
    file_path target;
    PV_TRY(path_of(folder, from, "", error, &source));
    PV_TRY(path_of(folder, to, "", error, &target));
    if (rename(source.text, target.text) != 0) {
        return refuse_errno(error, "rename to", target.text);
    }
    return sync_folder(folder, error);
}

pv_status pv_file_place(const char *folder, const char *name, pv_error *error)
{
    char beside[NAME_MAX];
    int size = snprintf(beside, sizeof beside, "%s" BESIDE, name);
    PV_ASSERT(size > 0 && (size_t)size < sizeof beside);
    return pv_file_rename(folder, beside, name, error);
}

pv_status pv_file_remove(const char *folder, const char *name, pv_error *error)
{
    file_path path;
    PV_TRY(path_of(folder, name, "", error, &path));
    if (unlink(path.text) != 0 && errno != ENOENT) {
        return refuse_errno(error, "remove", path.text);
    }
    return sync_folder(folder, error);
}

static pv_status write_all(int descriptor, const char *path, pv_view bytes, pv_error *error)
{
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t size = write(descriptor, bytes.data + done, bytes.size - done);
        if (size < 0 && errno == EINTR) { continue; }
        if (size < 0) { return refuse_errno(error, "write", path); }
        done += (size_t)size;
    }
    return fsync(descriptor) == 0 ? pv_ok() : refuse_errno(error, "sync", path);
}

static pv_status write_file(const char *folder, const char *name, pv_file_mode mode, mode_t rights,
                            pv_view bytes, pv_error *error)
{
    file_path path;
    PV_TRY(path_of(folder, name, mode == PV_FILE_NEW ? "" : BESIDE, error, &path));
    /* What an attempt that died left beside is no file of the authority. */
    if (mode != PV_FILE_NEW && unlink(path.text) != 0 && errno != ENOENT) {
        return refuse_errno(error, "remove", path.text);
    }
    int descriptor = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, rights);
    if (descriptor < 0) { return refuse_errno(error, "make", path.text); }
    pv_status status = write_all(descriptor, path.text, bytes, error);
    if (close(descriptor) != 0 && pv_is_ok(status)) {
        status = refuse_errno(error, "close", path.text);
    }
    PV_TRY(status);
    return mode == PV_FILE_REPLACE ? pv_file_place(folder, name, error)
                                   : sync_folder(folder, error);
}

/* Writes what a memory BIO holds, if `filled`, and frees the BIO. */
static pv_status write_bio(const char *folder, const char *name, pv_file_mode mode, mode_t rights,
                           BIO *bio, bool filled, pv_error *error)
{
    char *data = NULL;
    long size = filled ? BIO_get_mem_data(bio, &data) : 0;
    pv_status status =
        size > 0 ? write_file(folder, name, mode, rights, pv_view_of(data, (size_t)size), error)
                 : refuse_openssl(error, "encode", name);
    BIO_free(bio);
    return status;
}

pv_status pv_file_write_key(const char *folder, const char *name, pv_file_mode mode, EVP_PKEY *key,
                            pv_error *error)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    bool filled =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    return write_bio(folder, name, mode, 0600, bio, filled, error);
}

pv_status pv_file_write_certificate(const char *folder, const char *name, pv_file_mode mode,
                                    X509 *certificate, pv_error *error)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool filled = bio != NULL && PEM_write_bio_X509(bio, certificate) == 1;
    return write_bio(folder, name, mode, 0644, bio, filled, error);
}

pv_status pv_file_read_key(const char *folder, const char *name, pv_error *error,
                           EVP_PKEY **ret_key)
{
    file_path path;
    PV_TRY(path_of(folder, name, "", error, &path));
    BIO *bio = BIO_new_file(path.text, "r");
    if (bio == NULL) { return refuse_openssl(error, "open", path.text); }
    pv_status status = pv_ok();
    struct stat about;
    FILE *file = NULL;
    BIO_get_fp(bio, &file);
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        status = refuse_errno(error, "look at", path.text);
    } else if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status =
            pv_refuse(error, &pv_authority_reason_files,
                      "%s can be reached by others (mode %04o); a private key must have mode 0600.",
                      path.text, (unsigned)(about.st_mode & 07777));
    } else {
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        if (key == NULL) {
            status = refuse_openssl(error, "read a private key from", path.text);
        } else {
            *ret_key = key;
        }
    }
    BIO_free(bio);
    return status;
}

pv_status pv_file_read_certificate(const char *folder, const char *name, pv_error *error,
                                   X509 **ret_certificate)
{
    file_path path;
    PV_TRY(path_of(folder, name, "", error, &path));
    BIO *bio = BIO_new_file(path.text, "r");
    if (bio == NULL) { return refuse_openssl(error, "open", path.text); }
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (certificate == NULL) { return refuse_openssl(error, "read a certificate from", path.text); }
    *ret_certificate = certificate;
    return pv_ok();
}

pv_status pv_file_read_list(const char *folder, const char *name, pv_error *error,
                            STACK_OF(X509) * *ret_list)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    PV_ASSERT(list != NULL);
    *ret_list = list;
    if (!pv_file_exists(folder, name)) { return pv_ok(); }
    file_path path;
    PV_TRY(path_of(folder, name, "", error, &path));
    BIO *bio = BIO_new_file(path.text, "r");
    if (bio == NULL) { return refuse_openssl(error, "open", path.text); }
    for (X509 *next = NULL; (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
        PV_ASSERT(sk_X509_push(list, next) > 0);
    }
    BIO_free(bio);
    /* The one way to end well: nothing more that begins like PEM. */
    if (sk_X509_num(list) == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return refuse_openssl(error, "read a certificate from", path.text);
    }
    ERR_clear_error();
    return pv_ok();
}

pv_status pv_file_write_list(const char *folder, const char *name, STACK_OF(X509) * list,
                             pv_error *error)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool filled = bio != NULL;
    for (int i = 0; i < sk_X509_num(list) && filled; i++) {
        filled = PEM_write_bio_X509(bio, sk_X509_value(list, i)) == 1;
    }
    return write_bio(folder, name, PV_FILE_REPLACE, 0644, bio, filled, error);
}
