/* digest.h — SHA-256, HMAC-SHA-256, random bytes and text encodings, on OpenSSL's libcrypto. */
#ifndef PV_BASE_DIGEST_H
#define PV_BASE_DIGEST_H

#include "base/status.h"
#include "base/view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_SHA256_SIZE = 32, PV_UUID_TEXT_SIZE = 37 };

void pv_sha256(pv_view bytes, uint8_t ret_digest[PV_SHA256_SIZE]);

/* Of one text behind the other. */
void pv_sha256_pair(pv_view first, pv_view second, uint8_t ret_digest[PV_SHA256_SIZE]);

void pv_hmac_sha256(pv_view key, pv_view bytes, uint8_t ret_mac[PV_SHA256_SIZE]);

/* Compares in constant time. */
bool pv_secret_equal(pv_view a, pv_view b);

/* Fills from the operating system's generator; aborts if it fails. `context` is ignored: the
 * signature is that of pv_id_source.random. */
void pv_random_bytes(void *context, uint8_t *bytes, size_t size);

/* A random UUID (RFC 9562, version 4) in canonical text, NUL-ended: what a request_id is. */
void pv_uuid_random(char ret_text[PV_UUID_TEXT_SIZE]);

/* Lower case hexadecimal, NUL-ended: 2 * size + 1 bytes. */
void pv_hex_format(pv_view bytes, char *ret_text);

/* Reads what pv_hex_format writes: exactly `size` bytes. False: the text is not that. */
PV_MUST_USE bool pv_hex_parse(const char *text, uint8_t *ret_bytes, size_t size);

/* base64url without padding (RFC 4648 section 5), NUL-ended: (size * 4 + 2) / 3 + 1 bytes.
 * Returns the length. */
size_t pv_base64url_format(pv_view bytes, char *ret_text);

/* Reads base64url without padding; `ret_bytes` has capacity for size * 3 / 4. False: not
 * canonical. */
PV_MUST_USE bool pv_base64url_parse(pv_view text, uint8_t *ret_bytes, size_t *ret_size);

#ifdef __cplusplus
}
#endif
#endif
