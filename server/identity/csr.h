/* csr.h — reads a certificate signing request (PKCS #10) that a stranger made, and takes its public key and
 * nothing else: subject, attributes and asked-for extensions are ignored. Internal to server/identity.
 *
 * Order of checks: size, form (one request, nothing behind it), version, kind and strength of the key, algorithm of the
 * signature, and only then the key is used, to check the signature.
 * Accepted keys: ECDSA P-256 and P-384 as named curves with uncompressed points, Ed25519, RSA of 2048 to 4096 bits with
 * exponent 65537. Accepted signatures: ECDSA and RSA PKCS #1 v1.5 with SHA-256, -384 or -512, and Ed25519. */
#ifndef PV_SERVER_IDENTITY_CSR_H
#define PV_SERVER_IDENTITY_CSR_H

#include "base/digest.h"
#include "base/error.h"

#include <openssl/evp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads DER or one PEM block "CERTIFICATE REQUEST". The key is the caller's, to be freed with EVP_PKEY_free.
 * CERTIFICATE_REQUEST_INVALID, and the message says what is wrong. */
PV_MUST_USE pv_status pv_csr_read(pv_view csr, pv_error *error, EVP_PKEY **ret_key);

/* The same, and of the key only the SHA-256 of its SubjectPublicKeyInfo in DER. */
PV_MUST_USE pv_status pv_csr_digest(pv_view csr, pv_error *error,
                                    uint8_t ret_key_sha256[PV_SHA256_SIZE]);

#ifdef __cplusplus
}
#endif
#endif
