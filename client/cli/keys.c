#include "client/cli/keys.h"

#include "client/cli/save.h"
#include "client/cli/trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static pv_status refuse_openssl(pv_error *error, const pv_reason *reason, const char *verb,
                                const char *path)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    pv_status status = pv_refuse(error, reason, "Cannot %s %s: %s.", verb, path,
                                 text == NULL ? "it is not what it should be" : text);
    ERR_clear_error();
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
        status = refuse_openssl(error, &pv_trouble_file_unwritten, "make a key for", key_path);
    } else {
        long size = BIO_get_mem_data(bio, &data);
        status = pv_save_new(key_path, 0600, pv_view_of(data, (size_t)size), error);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return status;
}

pv_status pv_keys_read(const char *path, pv_error *error, EVP_PKEY **ret_key)
{
    FILE *file = fopen(path, "re");
    struct stat about;
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        const char *why = strerror(errno);
        if (file != NULL) { (void)fclose(file); /* it was only read */ }
        return pv_refuse(error, &pv_trouble_key_invalid, "The key %s cannot be read: %s.", path,
                         why);
    }
    pv_status status = pv_ok();
    /* The empty passphrase, so that nobody is asked for one in the middle of a call. */
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        status =
            pv_refuse(error, &pv_trouble_key_exposed,
                      "%s can be reached by others (mode %04o); a private key must have mode 0600: "
                      "chmod 600 %s",
                      path, (unsigned)(about.st_mode & 07777), path);
    } else if ((*ret_key = PEM_read_PrivateKey(file, NULL, NULL, (void *)(uintptr_t) "")) == NULL) {
        status = refuse_openssl(error, &pv_trouble_key_invalid, "read a private key from", path);
    }
    (void)fclose(file);
    return status;
}

pv_status pv_keys_request(const char *key_path, pv_arena *arena, pv_error *error,
                          char **ret_csr_pem)
{
    EVP_PKEY *key = NULL;
    PV_TRY(pv_keys_read(key_path, error, &key));
    /* Ed25519 keys, made elsewhere, bring their own digest. */
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    X509_REQ *request = X509_REQ_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *csr = NULL;
    pv_status status = pv_ok();
    if (request == NULL || bio == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, digest) <= 0 ||
        PEM_write_bio_X509_REQ(bio, request) != 1) {
        status =
            refuse_openssl(error, &pv_trouble_key_invalid, "make a signing request with", key_path);
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
