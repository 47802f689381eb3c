/* Signing requests of strangers: whatever the bytes are, they are refused with a reason or give a key of an accepted
 * kind, the same key whichever way it is asked for, and leave nothing behind in OpenSSL's queue. */
#include "server/identity/csr.h"

#include "tests/fuzz/fuzz.h"

#include <openssl/err.h>

static bool is_accepted(const EVP_PKEY *key)
{
    int kind = EVP_PKEY_get_base_id(key);
    int bits = EVP_PKEY_get_bits(key);
    return kind == EVP_PKEY_ED25519 || (kind == EVP_PKEY_EC && (bits == 256 || bits == 384)) ||
           (kind == EVP_PKEY_RSA && bits >= 2048 && bits <= 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    pv_error error;
    EVP_PKEY *key = NULL;
    uint8_t digest[PV_SHA256_SIZE];
    pv_error_init(&error, arena);
    pv_status read = pv_csr_read(pv_view_of(data, size), &error, &key);
    pv_fuzz_check_told(read, &error);
    PV_ASSERT(pv_is_ok(read) == (key != NULL));
    PV_ASSERT(key == NULL || is_accepted(key));
    PV_ASSERT(ERR_peek_error() == 0);
    pv_error_init(&error, arena);
    pv_status digested = pv_csr_digest(pv_view_of(data, size), &error, digest);
    PV_ASSERT(digested.code == read.code);
    EVP_PKEY_free(key);
    pv_arena_destroy(arena);
    return 0;
}
