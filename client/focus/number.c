#include "client/focus/number.h"

enum {
    DIGITS_MAX = PV_DECIMAL_INTEGER_DIGITS + PV_DECIMAL_SCALE,
    EXPONENT_MAX =
        9999 /* beyond it the number cannot fit whatever its digits are, and sums cannot overflow */
};

/* A number as its digits without leading and trailing zeros, d1 d2 ... dn, times ten to the power
 * of `exponent` behind dn. */
typedef struct digits {
    uint8_t digit[DIGITS_MAX];
    size_t count; /* may run above DIGITS_MAX: those behind it are not kept */
    int64_t exponent;
    bool negative;
} digits;

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static void add_digit(digits *number, uint8_t digit)
{
    if (number->count == 0 && digit == 0) { return; }
    if (number->count < DIGITS_MAX) { number->digit[number->count] = digit; }
    number->count++;
}

/* Digits and point; false unless there is a digit. Zeros at the end are held back until another
 * digit follows, so that they never count. */
static bool read_mantissa(pv_view text, size_t *position, digits *number)
{
    size_t at = *position;
    size_t seen = 0;
    size_t zeros = 0;
    bool point = false;
    for (; at < text.size && (is_digit(text.data[at]) || (text.data[at] == '.' && !point)); at++) {
        if (text.data[at] == '.') {
            point = true;
            continue;
        }
        seen++;
        if (point) { number->exponent--; }
        if (text.data[at] == '0') {
            zeros++;
            continue;
        }
        for (; zeros > 0; zeros--) { add_digit(number, 0); }
        add_digit(number, (uint8_t)(text.data[at] - '0'));
    }
    number->exponent += (int64_t)zeros;
    bool ends_in_point = point && text.data[at - 1] == '.';
    *position = at;
    return seen > 0 && !ends_in_point;
}

static bool read_exponent(pv_view text, size_t *position, digits *number)
{
    size_t at = *position;
    if (at == text.size || (text.data[at] != 'E' && text.data[at] != 'e')) { return true; }
    at++;
    bool negative = at < text.size && text.data[at] == '-';
    if (negative || (at < text.size && text.data[at] == '+')) { at++; }
    int64_t exponent = 0;
    size_t first = at;
    for (; at < text.size && is_digit(text.data[at]); at++) {
        if (exponent <= EXPONENT_MAX) { exponent = exponent * 10 + (text.data[at] - '0'); }
    }
    number->exponent += negative ? -exponent : exponent;
    *position = at;
    return at > first;
}

pv_focus_number_fault pv_focus_number_parse(pv_view text, pv_decimal *ret_value)
{
    digits number = {0};
    size_t at = 0;
    if (text.size > 0 && text.data[0] == '-') {
        number.negative = true;
        at = 1;
    }
    if (!read_mantissa(text, &at, &number) || !read_exponent(text, &at, &number) ||
        at != text.size) {
        return PV_FOCUS_NUMBER_MALFORMED;
    }
    if (number.count == 0) {
        ret_value->units = 0;
        return PV_FOCUS_NUMBER_OK;
    }
    if ((int64_t)number.count + number.exponent > PV_DECIMAL_INTEGER_DIGITS) {
        return PV_FOCUS_NUMBER_TOO_LARGE;
    }
    if (number.exponent < -PV_DECIMAL_SCALE) { return PV_FOCUS_NUMBER_TOO_MANY_DECIMALS; }
    PV_ASSERT(number.count <= DIGITS_MAX);
    __int128 units = 0;
    for (size_t i = 0; i < number.count; i++) { units = units * 10 + number.digit[i]; }
    for (int64_t i = -PV_DECIMAL_SCALE; i < number.exponent; i++) { units *= 10; }
    ret_value->units = number.negative ? -units : units;
    return PV_FOCUS_NUMBER_OK;
}
