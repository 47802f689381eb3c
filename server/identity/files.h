/* files.h — keys and certificates as PEM files. Internal to server/identity. Refusals name the file and
 * say what the system or OpenSSL said; the reason is AUTHORITY_FILES. */
#ifndef PV_SERVER_IDENTITY_FILES_H
#define PV_SERVER_IDENTITY_FILES_H

#include "base/error.h"

#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a file comes into being. */
typedef enum pv_file_mode {
    PV_FILE_NEW = 0, /* it must not be there */
    PV_FILE_REPLACE =
        1 /* written beside and renamed over the old one, so that a reader sees one of them whole */
} pv_file_mode;

/* Makes the folder with mode 0700 unless it is there. */
PV_MUST_USE pv_status pv_folder_make(const char *folder, pv_error *error);

/* FAILED_PRECONDITION if folder/name exists. */
PV_MUST_USE pv_status pv_file_absent(const char *folder, const char *name, pv_error *error);

/* Writes a private key (PKCS #8, not encrypted) with mode 0600, or a certificate with mode 0644; synced. */
PV_MUST_USE pv_status pv_file_write_key(const char *folder, const char *name, pv_file_mode mode,
                                        EVP_PKEY *key, pv_error *error);
PV_MUST_USE pv_status pv_file_write_certificate(const char *folder, const char *name,
                                                pv_file_mode mode, X509 *certificate,
                                                pv_error *error);

/* Reads a private key; one that group or others may read or write is refused. Free with EVP_PKEY_free. */
PV_MUST_USE pv_status pv_file_read_key(const char *folder, const char *name, pv_error *error,
                                       EVP_PKEY **ret_key);

/* Reads a certificate. Free with X509_free. */
PV_MUST_USE pv_status pv_file_read_certificate(const char *folder, const char *name,
                                               pv_error *error, X509 **ret_certificate);

#ifdef __cplusplus
}
#endif
#endif
