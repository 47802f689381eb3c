#include "base/punycode.h"

/* RFC 3492, section 5. */
enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_N = 0x80,
    CODE_POINT_MAX = 0x10FFFF
};

/* Value of a digit; BASE: it is none. */
static uint32_t digit_of(uint8_t byte)
{
    if (byte >= 'a' && byte <= 'z') { return (uint32_t)(byte - 'a'); }
    return byte >= '0' && byte <= '9' ? (uint32_t)(byte - '0' + 26) : BASE;
}

/* Section 6.1. */
static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / count;
    uint32_t k = 0;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE) { delta /= BASE - T_MIN; }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* One generalised variable-length integer, added to `*i` (section 3.3). */
static bool read_delta(pv_view text, size_t *at, uint32_t bias, uint32_t *i)
{
    uint32_t weight = 1;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t digit = *at < text.size ? digit_of(text.data[*at]) : BASE;
        uint32_t product = 0;
        if (digit == BASE || __builtin_mul_overflow(digit, weight, &product) ||
            __builtin_add_overflow(*i, product, i)) {
            return false;
        }
        ++*at;
        uint32_t threshold = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (digit < threshold) { return true; }
        if (__builtin_mul_overflow(weight, BASE - threshold, &weight)) { return false; }
    }
}

bool pv_punycode_decode(pv_view text, uint32_t *ret_code_points, size_t capacity, size_t *ret_count)
{
    size_t basic = text.size; /* behind the last '-' stand the deltas */
    while (basic > 0 && text.data[basic - 1] != '-') { basic--; }
    size_t at = basic;
    size_t count = basic > 0 ? basic - 1 : 0;
    if (at == text.size || count > capacity) { return false; }
    for (size_t j = 0; j < count; j++) { ret_code_points[j] = text.data[j]; }
    uint32_t n = INITIAL_N, i = 0, bias = INITIAL_BIAS;
    while (at < text.size) {
        uint32_t before = i;
        if (count == capacity || !read_delta(text, &at, bias, &i)) { return false; }
        count++;
        bias = adapt(i - before, (uint32_t)count, before == 0);
        if (__builtin_add_overflow(n, i / (uint32_t)count, &n) || n > CODE_POINT_MAX) {
            return false;
        }
        i %= (uint32_t)count;
        memmove(ret_code_points + i + 1, ret_code_points + i,
                (count - 1 - i) * sizeof *ret_code_points);
        ret_code_points[i++] = n;
    }
    *ret_count = count;
    return true;
}
