#include "base/decimal.h"

typedef unsigned __int128 uint128;

static const uint64_t one = UINT64_C(1000000000000000000); /* units in the number 1: 10^18 */

/* 10^36: the first magnitude that needs a nineteenth integer digit. */
static __int128 range_end(void)
{
    return (__int128)one * one;
}

static bool in_range(__int128 units)
{
    return units > -range_end() && units < range_end();
}

/* Reads one to eighteen digits from `text` at `*position`; the count is 0 when there are none or
 * too many. */
static unsigned read_digits(pv_view text, size_t *position, uint64_t *ret_number)
{
    uint64_t number = 0;
    unsigned count = 0;
    while (*position < text.size) {
        unsigned digit = (unsigned)text.data[*position] - '0';
        if (digit > 9) { break; }
        if (count == PV_DECIMAL_SCALE) { return 0; }
        number = number * 10 + digit;
        count++;
        (*position)++;
    }
    *ret_number = number;
    return count;
}

_Static_assert((int)PV_DECIMAL_INTEGER_DIGITS == (int)PV_DECIMAL_SCALE,
               "read_digits serves both sides of the point");

bool pv_decimal_parse(pv_view text, pv_decimal *ret_value)
{
    size_t position = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    if (negative) { position = 1; }
    uint64_t integer;
    if (read_digits(text, &position, &integer) == 0) { return false; }
    uint64_t fraction = 0;
    if (position < text.size) {
        if (text.data[position] != '.') { return false; }
        position++;
        unsigned digits = read_digits(text, &position, &fraction);
        if (digits == 0 || position != text.size) { return false; }
        for (; digits < PV_DECIMAL_SCALE; digits++) { fraction *= 10; }
    }
    __int128 units = (__int128)integer * one + fraction;
    ret_value->units = negative ? -units : units;
    return true;
}

/* Writes exactly `count` digits. */
static void write_digits(uint64_t number, unsigned count, char *ret_text)
{
    for (unsigned i = count; i > 0; i--) {
        ret_text[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
}

static unsigned count_digits(uint64_t number)
{
    unsigned count = 1;
    while (number >= 10) {
        number /= 10;
        count++;
    }
    return count;
}

size_t pv_decimal_format(pv_decimal value, char *ret_text)
{
    PV_ASSERT(in_range(value.units));
    uint128 magnitude = (uint128)(value.units < 0 ? -value.units : value.units);
    uint64_t integer = (uint64_t)(magnitude / one);
    uint64_t fraction = (uint64_t)(magnitude % one);
    char *end = ret_text;
    if (value.units < 0) { *end++ = '-'; }
    unsigned integer_digits = count_digits(integer);
    write_digits(integer, integer_digits, end);
    end += integer_digits;
    if (fraction != 0) {
        *end++ = '.';
        write_digits(fraction, PV_DECIMAL_SCALE, end);
        end += PV_DECIMAL_SCALE;
        while (end[-1] == '0') { end--; }
    }
    *end = '\0';
    return (size_t)(end - ret_text);
}

unsigned pv_decimal_scale(pv_decimal value)
{
    PV_ASSERT(in_range(value.units));
    uint128 magnitude = (uint128)(value.units < 0 ? -value.units : value.units);
    uint64_t fraction = (uint64_t)(magnitude % one);
    if (fraction == 0) { return 0; }
    unsigned scale = PV_DECIMAL_SCALE;
    while (fraction % 10 == 0) {
        fraction /= 10;
        scale--;
    }
    return scale;
}

bool pv_decimal_add(pv_decimal a, pv_decimal b, pv_decimal *ret_sum)
{
    PV_ASSERT(in_range(a.units));
    PV_ASSERT(in_range(b.units));
    __int128 sum = a.units + b.units; /* below 2 * 10^36, far from 2^127 */
    if (!in_range(sum)) { return false; }
    ret_sum->units = sum;
    return true;
}

/* The 256-bit product of two magnitudes, least limb first. */
static void multiply_wide(uint128 a, uint128 b, uint64_t ret_limbs[4])
{
    uint64_t a_low = (uint64_t)a, a_high = (uint64_t)(a >> 64);
    uint64_t b_low = (uint64_t)b, b_high = (uint64_t)(b >> 64);
    uint128 low = (uint128)a_low * b_low;
    uint128 cross = (uint128)a_low * b_high;
    uint128 cross_other = (uint128)a_high * b_low;
    uint128 high = (uint128)a_high * b_high;
    uint128 middle = (low >> 64) + (uint64_t)cross + (uint64_t)cross_other;
    high += (cross >> 64) + (cross_other >> 64) + (middle >> 64);
    ret_limbs[0] = (uint64_t)low;
    ret_limbs[1] = (uint64_t)middle;
    ret_limbs[2] = (uint64_t)high;
    ret_limbs[3] = (uint64_t)(high >> 64);
}

/* Divides in place by 10^18 and returns the remainder. */
static uint64_t divide_by_one(uint64_t limbs[4])
{
    uint64_t remainder = 0;
    for (int i = 3; i >= 0; i--) {
        uint128 part = ((uint128)remainder << 64) | limbs[i];
        limbs[i] = (uint64_t)(part / one);
        remainder = (uint64_t)(part % one);
    }
    return remainder;
}

bool pv_decimal_multiply(pv_decimal a, pv_decimal b, pv_decimal *ret_product)
{
    PV_ASSERT(in_range(a.units));
    PV_ASSERT(in_range(b.units));
    bool negative = (a.units < 0) != (b.units < 0);
    uint64_t limbs[4];
    multiply_wide((uint128)(a.units < 0 ? -a.units : a.units),
                  (uint128)(b.units < 0 ? -b.units : b.units), limbs);
    uint64_t remainder = divide_by_one(limbs);
    if (limbs[3] != 0 || limbs[2] != 0 || (limbs[1] >> 63) != 0) { return false; }
    __int128 product = (__int128)(((uint128)limbs[1] << 64) | limbs[0]);
    uint64_t half = one / 2;
    if (remainder > half || (remainder == half && (product & 1) != 0)) { product++; }
    if (!in_range(product)) { return false; }
    ret_product->units = negative ? -product : product;
    return true;
}
