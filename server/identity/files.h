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
        1, /* written beside and renamed, so that a reader sees the old one or the new one whole */
    PV_FILE_BESIDE = 2 /* written beside, as NAME.new: pv_file_place gives it its name */
} pv_file_mode;

/* Makes the folder with mode 0700 unless it is there. */
PV_MUST_USE pv_status pv_folder_make(const char *folder, pv_error *error);

/* FAILED_PRECONDITION if folder/name exists. */
PV_MUST_USE pv_status pv_file_absent(const char *folder, const char *name, pv_error *error);

/* Whether folder/name is there. */
bool pv_file_exists(const char *folder, const char *name);

/* Gives folder/from the name `to`, in place of what had it: in one step, and synced. */
PV_MUST_USE pv_status pv_file_rename(const char *folder, const char *from, const char *to,
                                     pv_error *error);

/* As pv_file_rename, of what PV_FILE_BESIDE wrote. */
PV_MUST_USE pv_status pv_file_place(const char *folder, const char *name, pv_error *error);

/* Removes folder/name; one that is not there is none. */
PV_MUST_USE pv_status pv_file_remove(const char *folder, const char *name, pv_error *error);

/* Takes the folder for one process at a time, waiting for another; gives a descriptor to be closed. */
PV_MUST_USE pv_status pv_folder_lock(const char *folder, pv_error *error, int *ret_descriptor);

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

/* Reads all certificates of a file that may not be there, and writes a file of them in place of it. One that is there
 * and holds none is refused. The list is freed with sk_X509_pop_free(list, X509_free), also after a refusal. */
PV_MUST_USE pv_status pv_file_read_list(const char *folder, const char *name, pv_error *error,
                                        STACK_OF(X509) * *ret_list);
PV_MUST_USE pv_status pv_file_write_list(const char *folder, const char *name,
                                         STACK_OF(X509) * list, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
