/* keys.h — the caller's private key and the signing request made with it. The key is made here and never leaves this
 * machine: what travels is the request (PKCS #10), of which the service takes only the public key. Keys are ECDSA
 * P-256, in PEM files (PKCS #8, not encrypted) with mode 0600; one that others may read is not used.
 *
 * Threads: any. Reasons: FILE_UNWRITTEN, KEY_INVALID, KEY_EXPOSED. The message names the file and says what the system
 * or OpenSSL said. */
#ifndef PV_CLIENT_CLI_KEYS_H
#define PV_CLIENT_CLI_KEYS_H

#include "base/error.h"

#include <openssl/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a key in a new file; one that exists is never written over. */
PV_MUST_USE pv_status pv_keys_create(const char *key_path, pv_error *error);

/* Makes a signing request for the key in a file, as PEM in the arena, NUL-ended. A key file that others may
 * read is refused. Its subject is empty: the service decides what the certificate says. */
PV_MUST_USE pv_status pv_keys_request(const char *key_path, pv_arena *arena, pv_error *error,
                                      char **ret_csr_pem);

/* Reads a key; free it with EVP_PKEY_free. */
PV_MUST_USE pv_status pv_keys_read(const char *path, pv_error *error, EVP_PKEY **ret_key);

#ifdef __cplusplus
}
#endif
#endif
