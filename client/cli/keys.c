#include "client/cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const pv_reason pv_keys_reason_file = {
    "KEY_FILE",
    PV_CODE_FAILED_PRECONDITION,
    "The file of the private key is not as it should be.",
    "Correct what the message names.",
};

static pv_status refuse_errno(pv_error *error, const char *verb, const char *path)
{
    return pv_refuse(error, &pv_keys_reason_file, "Cannot %s %s: %s.", verb, path, strerror(errno));
}

static pv_status refuse_openssl(pv_error *error, const char *verb, const char *path)
{
    char text[256];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof text);
    ERR_clear_error();
    return pv_refuse(error, &pv_keys_reason_file, "Cannot %s %s: %s.", verb, path, text);
}

/* Writes to a new file of mode 0600 and syncs it: a key that was certified must not be lost. */
static pv_status write_new(const char *path, const char *data, size_t size, pv_error *error)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) { return refuse_errno(error, "make the key file", path); }
    pv_status status = pv_ok();
    for (size_t done = 0; done < size && pv_is_ok(status);) {
        ssize_t written = write(descriptor, data + done, size - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            status = refuse_errno(error, "write", path);
        }
    }
    if (pv_is_ok(status) && fsync(descriptor) != 0) { status = refuse_errno(error, "sync", path); }
    if (close(descriptor) != 0 && pv_is_ok(status)) { status = refuse_errno(error, "close", path); }
    return status;
}

pv_status pv_keys_create(const char *key_path, pv_error *error)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_secmem());
    char *data = NULL;
    pv_status status;
    if (key == NULL || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        status = refuse_openssl(error, "make a key for", key_path);
    } else {
        long size = BIO_get_mem_data(bio, &data);
        status = write_new(key_path, data, (size_t)size, error);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return status;
}

static pv_status read_key(const char *path, pv_error *error, EVP_PKEY **ret_key)
{
    BIO *bio = BIO_new_file(path, "r");
    if (bio == NULL) { return refuse_openssl(error, "open", path); }
    pv_status status = pv_ok();
    FILE *file = NULL;
    struct stat about;
    BIO_get_fp(bio, &file);
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        status = refuse_errno(error, "look at", path);
    } else if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status =
            pv_refuse(error, &pv_keys_reason_file,
                      "%s can be reached by others (mode %04o); a private key must have mode 0600.",
                      path, (unsigned)(about.st_mode & 07777));
    } else {
        *ret_key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        if (*ret_key == NULL) { status = refuse_openssl(error, "read a private key from", path); }
    }
    BIO_free(bio);
    return status;
}

pv_status pv_keys_request(const char *key_path, pv_arena *arena, pv_error *error,
                          char **ret_csr_pem)
{
    EVP_PKEY *key = NULL;
    PV_TRY(read_key(key_path, error, &key));
    /* Ed25519 keys, made elsewhere, bring their own digest. */
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *csr = NULL;
    pv_status status = pv_ok();
    if (request == NULL || bio == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, digest) <= 0 ||
        PEM_write_bio_X509_REQ(bio, request) != 1) {
        status = refuse_openssl(error, "make a signing request with", key_path);
    } else {
        char *data = NULL;
        long size = BIO_get_mem_data(bio, &data);
        csr = pv_arena_dup(arena, pv_view_of(data, (size_t)size));
        if (csr == NULL) { status = pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    }
    BIO_free(bio);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    PV_TRY(status);
    *ret_csr_pem = csr;
    return pv_ok();
}
