#include "base/id.h"

enum {
    ID_DIGITS = 26, /* 26 * 5 = 130 bits: the first digit holds only three */
    ID_TIME_BYTES = 6,
    ID_RANDOM_BYTES = PV_ID_SIZE - ID_TIME_BYTES
};

static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's: no i, l, o, u */

/* Value of a digit plus one; 0 for every byte that is none. */
static const uint8_t digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['g'] = 17, ['h'] = 18, ['j'] = 19, ['k'] = 20, ['m'] = 21, ['n'] = 22, ['p'] = 23, ['q'] = 24,
    ['r'] = 25, ['s'] = 26, ['t'] = 27, ['v'] = 28, ['w'] = 29, ['x'] = 30, ['y'] = 31, ['z'] = 32,
};

static uint64_t milliseconds_of(pv_id id)
{
    uint64_t milliseconds = 0;
    for (int i = 0; i < ID_TIME_BYTES; i++) { milliseconds = milliseconds << 8 | id.bytes[i]; }
    return milliseconds;
}

static void increment(pv_id *id)
{
    int i = PV_ID_SIZE - 1;
    while (++id->bytes[i] == 0) {
        PV_ASSERT(i > 0); /* 2^128 ids */
        i--;
    }
}

pv_id pv_id_next(pv_id_source *source, pv_time now)
{
    uint64_t milliseconds = now.utc_ns < 0 ? 0 : (uint64_t)(now.utc_ns / PV_NS_PER_MS);
    if (!pv_id_is_zero(source->last) && milliseconds <= milliseconds_of(source->last)) {
        increment(&source->last);
        return source->last;
    }
    for (int i = 0; i < ID_TIME_BYTES; i++) {
        source->last.bytes[i] = (uint8_t)(milliseconds >> (8 * (ID_TIME_BYTES - 1 - i)));
    }
    source->random(source->context, source->last.bytes + ID_TIME_BYTES, ID_RANDOM_BYTES);
    return source->last;
}

void pv_id_format(const char *prefix, pv_id id, char *ret_text)
{
    size_t prefix_size = strlen(prefix);
    PV_ASSERT(prefix_size > 0 && prefix_size <= PV_ID_PREFIX_MAX);
    memcpy(ret_text, prefix, prefix_size);
    char *text = ret_text + prefix_size;
    *text++ = '_';
    uint32_t held = 0; /* bits not yet written; two zero bits stand in front of the 128 */
    unsigned held_bits = 2;
    for (int i = 0; i < PV_ID_SIZE; i++) {
        held = held << 8 | id.bytes[i];
        held_bits += 8;
        while (held_bits >= 5) {
            held_bits -= 5;
            *text++ = digits[held >> held_bits & 31];
        }
    }
    *text = '\0';
}

bool pv_id_parse(const char *prefix, pv_view text, pv_id *ret_id)
{
    size_t prefix_size = strlen(prefix);
    if (text.size != prefix_size + 1 + ID_DIGITS || memcmp(text.data, prefix, prefix_size) != 0 ||
        text.data[prefix_size] != '_') {
        return false;
    }
    const uint8_t *digit = text.data + prefix_size + 1;
    if (digit[0] > '7') { return false; }
    pv_id id;
    uint32_t held = 0;
    unsigned held_bits = 0;
    int size = 0;
    for (int i = 0; i < ID_DIGITS; i++) {
        uint8_t value = digit_values[digit[i]];
        if (value == 0) { return false; }
        held = held << 5 | (uint32_t)(value - 1);
        held_bits += i == 0 ? 3 : 5;
        if (held_bits >= 8) {
            held_bits -= 8;
            id.bytes[size++] = (uint8_t)(held >> held_bits);
        }
    }
    PV_ASSERT(size == PV_ID_SIZE);
    *ret_id = id;
    return true;
}
