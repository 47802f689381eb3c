#include "base/siphash.h"

#include <endian.h>

typedef struct sip_state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
} sip_state;

static uint64_t load(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void round_once(sip_state *v)
{
    v->v0 += v->v1;
    v->v1 = rotate(v->v1, 13) ^ v->v0;
    v->v0 = rotate(v->v0, 32);
    v->v2 += v->v3;
    v->v3 = rotate(v->v3, 16) ^ v->v2;
    v->v0 += v->v3;
    v->v3 = rotate(v->v3, 21) ^ v->v0;
    v->v2 += v->v1;
    v->v1 = rotate(v->v1, 17) ^ v->v2;
    v->v2 = rotate(v->v2, 32);
}

static void compress(sip_state *v, uint64_t word)
{
    v->v3 ^= word;
    round_once(v);
    round_once(v);
    v->v0 ^= word;
}

uint64_t pv_siphash(const uint8_t key[PV_SIPHASH_KEY_SIZE], pv_view bytes)
{
    uint64_t k0 = load(key);
    uint64_t k1 = load(key + 8);
    /* "somepseudorandomlygeneratedbytes" */
    sip_state v = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                   k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t whole = bytes.size & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) { compress(&v, load(bytes.data + i)); }
    uint64_t last = (uint64_t)bytes.size << 56;
    for (size_t i = whole; i < bytes.size; i++) {
        last |= (uint64_t)bytes.data[i] << (8 * (i - whole));
    }
    compress(&v, last);
    v.v2 ^= 0xff;
    for (int i = 0; i < 4; i++) { round_once(&v); }
    return v.v0 ^ v.v1 ^ v.v2 ^ v.v3;
}
