#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <sys/random.h>

_Static_assert((int)PV_SHA256_SIZE == 32, "the digest's size is fixed by FIPS 180-4");

void pv_sha256(pv_view bytes, uint8_t ret_digest[PV_SHA256_SIZE])
{
    unsigned size = 0;
    int done = EVP_Digest(bytes.data, bytes.size, ret_digest, &size, EVP_sha256(), NULL);
    PV_ASSERT(done == 1);
    PV_ASSERT(size == PV_SHA256_SIZE);
}

void pv_sha256_pair(pv_view first, pv_view second, uint8_t ret_digest[PV_SHA256_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned size = 0;
    PV_ASSERT(context != NULL);
    PV_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    PV_ASSERT(EVP_DigestUpdate(context, first.data, first.size) == 1);
    PV_ASSERT(EVP_DigestUpdate(context, second.data, second.size) == 1);
    PV_ASSERT(EVP_DigestFinal_ex(context, ret_digest, &size) == 1);
    PV_ASSERT(size == PV_SHA256_SIZE);
    EVP_MD_CTX_free(context);
}

void pv_hmac_sha256(pv_view key, pv_view bytes, uint8_t ret_mac[PV_SHA256_SIZE])
{
    PV_ASSERT(key.size <= INT32_MAX);
    /* HMAC takes no key that is NULL, not even an empty one. */
    const uint8_t *key_data = key.size == 0 ? (const uint8_t *)"" : key.data;
    const uint8_t *data = bytes.size == 0 ? (const uint8_t *)"" : bytes.data;
    unsigned size = 0;
    const uint8_t *done =
        HMAC(EVP_sha256(), key_data, (int)key.size, data, bytes.size, ret_mac, &size);
    PV_ASSERT(done != NULL);
    PV_ASSERT(size == PV_SHA256_SIZE);
}

bool pv_secret_equal(pv_view a, pv_view b)
{
    return a.size == b.size && (a.size == 0 || CRYPTO_memcmp(a.data, b.data, a.size) == 0);
}

void pv_random_bytes(void *context, uint8_t *bytes, size_t size)
{
    (void)context;
    size_t done = 0;
    while (done < size) {
        ssize_t more = getrandom(bytes + done, size - done, 0);
        PV_ASSERT(more > 0 || errno == EINTR);
        if (more > 0) { done += (size_t)more; }
    }
}

static const char hex_digits[] = "0123456789abcdef";

void pv_hex_format(pv_view bytes, char *ret_text)
{
    for (size_t i = 0; i < bytes.size; i++) {
        ret_text[2 * i] = hex_digits[bytes.data[i] >> 4];
        ret_text[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    ret_text[2 * bytes.size] = '\0';
}

bool pv_hex_parse(const char *text, uint8_t *ret_bytes, size_t size)
{
    if (strlen(text) != 2 * size) { return false; }
    for (size_t i = 0; i < 2 * size; i++) {
        const char *digit = strchr(hex_digits, text[i]);
        if (digit == NULL) { return false; }
        ret_bytes[i / 2] = (uint8_t)(ret_bytes[i / 2] << 4 | (digit - hex_digits));
    }
    return true;
}

size_t pv_base64url_format(pv_view bytes, char *ret_text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *text = ret_text;
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        held = held << 8 | bytes.data[i];
        held_bits += 8;
        while (held_bits >= 6) {
            held_bits -= 6;
            *text++ = alphabet[held >> held_bits & 63];
        }
    }
    if (held_bits > 0) { *text++ = alphabet[held << (6 - held_bits) & 63]; }
    *text = '\0';
    return (size_t)(text - ret_text);
}

/* Value of a character of the alphabet; 64 for every other byte. */
static uint32_t base64url_value(uint8_t character)
{
    if (character >= 'A' && character <= 'Z') { return (uint32_t)(character - 'A'); }
    if (character >= 'a' && character <= 'z') { return (uint32_t)(character - 'a') + 26; }
    if (character >= '0' && character <= '9') { return (uint32_t)(character - '0') + 52; }
    if (character == '-') { return 62; }
    return character == '_' ? 63 : 64;
}

bool pv_base64url_parse(pv_view text, uint8_t *ret_bytes, size_t *ret_size)
{
    if (text.size % 4 == 1) { return false; }
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint32_t value = base64url_value(text.data[i]);
        if (value == 64) { return false; }
        held = held << 6 | value;
        held_bits += 6;
        if (held_bits >= 8) {
            held_bits -= 8;
            ret_bytes[size++] = (uint8_t)(held >> held_bits);
        }
    }
    /* The bits left over must be zero, or two texts would mean the same bytes. */
    if ((held & ((1u << held_bits) - 1)) != 0) { return false; }
    *ret_size = size;
    return true;
}

void pv_uuid_random(char ret_text[PV_UUID_TEXT_SIZE])
{
    uint8_t bytes[16];
    char hex[33];
    pv_random_bytes(NULL, bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    pv_hex_format(pv_view_of(bytes, sizeof bytes), hex);
    int length = snprintf(ret_text, PV_UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                          hex + 12, hex + 16, hex + 20);
    PV_ASSERT(length == PV_UUID_TEXT_SIZE - 1);
}
