#include "base/time.h"

#include <time.h>

enum {
    SECONDS_PER_DAY = 86400,
    DAYS_PER_ERA = 146097,     /* 400 years: the Gregorian calendar repeats */
    DAYS_BEFORE_1970 = 719468, /* from 0000-03-01, where the counting of eras begins */
    YEAR_MIN = 1970,
    YEAR_MAX = 2261, /* the last whole year that 64 bits of nanoseconds can name */
    INSTANT_YEAR_MIN = 1,
    INSTANT_YEAR_MAX = 9999 /* the last one of four digits */
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    int result = clock_gettime(clock, &now);
    PV_ASSERT(result == 0);
    return (int64_t)now.tv_sec * PV_NS_PER_S + now.tv_nsec;
}

pv_time pv_time_now(void)
{
    pv_time now = {read_clock(CLOCK_REALTIME)};
    return now;
}

int64_t pv_time_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Quotient rounded down, for dividends below zero too. */
static int64_t floor_divide(int64_t dividend, int64_t divisor)
{
    int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/* Days from 1970-01-01. Years are counted from March, so that the leap day is the last of its
 * year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t march_year = month <= 2 ? year - 1 : year;
    int64_t era = floor_divide(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t march_month = month <= 2 ? month + 9 : month - 3;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

static void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t shifted = days + DAYS_BEFORE_1970;
    int64_t era = floor_divide(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t leap_days = day_of_era / 1460 - day_of_era / 36524 + day_of_era / 146096;
    int64_t year_of_era = (day_of_era - leap_days) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *ret_day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = month;
    *ret_year = (int)(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* What is left to read of a text. Every reader returns false without a result when it does not
 * match. */
typedef struct reader {
    pv_view text;
    size_t position;
} reader;

static bool at_end(const reader *in)
{
    return in->position == in->text.size;
}

static bool read_byte(reader *in, char expected)
{
    if (at_end(in) || in->text.data[in->position] != (uint8_t)expected) { return false; }
    in->position++;
    return true;
}

/* Exactly `count` digits. */
static bool read_number(reader *in, unsigned count, int *ret_number)
{
    if (in->text.size - in->position < count) { return false; }
    int number = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)in->text.data[in->position + i] - '0';
        if (digit > 9) { return false; }
        number = number * 10 + (int)digit;
    }
    in->position += count;
    *ret_number = number;
    return true;
}

static bool read_date(reader *in, int64_t *ret_days)
{
    int year, month, day;
    if (!read_number(in, 4, &year) || !read_byte(in, '-') || !read_number(in, 2, &month) ||
        !read_byte(in, '-') || !read_number(in, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) { return false; }
    *ret_days = days_from_civil(year, month, day);
    return true;
}

/* "20:00:00". A leap second (":60") is refused: no instant of this clock is meant by it. */
static bool read_clock_time(reader *in, int *ret_seconds)
{
    int hour, minute, second;
    if (!read_number(in, 2, &hour) || !read_byte(in, ':') || !read_number(in, 2, &minute) ||
        !read_byte(in, ':') || !read_number(in, 2, &second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 59) { return false; }
    *ret_seconds = (hour * 60 + minute) * 60 + second;
    return true;
}

/* An optional point with one to nine digits; more would be lost silently, so they are refused. */
static bool read_fraction(reader *in, int64_t *ret_ns)
{
    *ret_ns = 0;
    if (!read_byte(in, '.')) { return true; }
    int64_t scale = PV_NS_PER_S;
    int digit;
    while (scale > 1 && read_number(in, 1, &digit)) {
        scale /= 10;
        *ret_ns += digit * scale;
    }
    return scale < PV_NS_PER_S && !(scale == 1 && read_number(in, 1, &digit));
}

/* "Z" or "+02:00". */
static bool read_offset(reader *in, int *ret_seconds)
{
    *ret_seconds = 0;
    if (read_byte(in, 'Z') || read_byte(in, 'z')) { return true; }
    int sign = read_byte(in, '+') ? 1 : -1;
    if (sign < 0 && !read_byte(in, '-')) { return false; }
    int hour, minute;
    if (!read_number(in, 2, &hour) || !read_byte(in, ':') || !read_number(in, 2, &minute)) {
        return false;
    }
    if (hour > 23 || minute > 59) { return false; }
    *ret_seconds = sign * (hour * 60 + minute) * 60;
    return true;
}

/* True when the second lies in the years, both included. */
static bool in_years(int64_t seconds, int first, int last)
{
    return seconds >= days_from_civil(first, 1, 1) * SECONDS_PER_DAY &&
           seconds < days_from_civil(last + 1, 1, 1) * SECONDS_PER_DAY;
}

bool pv_instant_parse(pv_view text, int64_t *ret_seconds, int32_t *ret_nanos)
{
    reader in = {text, 0};
    int64_t days, fraction_ns = 0;
    int clock_seconds = 0, offset_seconds = 0;
    if (!read_date(&in, &days)) { return false; }
    if (read_byte(&in, 'T') || read_byte(&in, 't')) {
        if (!read_clock_time(&in, &clock_seconds) || !read_fraction(&in, &fraction_ns) ||
            !read_offset(&in, &offset_seconds)) {
            return false;
        }
    } else if (read_byte(&in, ' ') && !read_clock_time(&in, &clock_seconds)) {
        return false;
    }
    if (!at_end(&in)) { return false; }
    int64_t seconds = days * SECONDS_PER_DAY + clock_seconds - offset_seconds;
    if (!in_years(seconds, INSTANT_YEAR_MIN, INSTANT_YEAR_MAX)) { return false; }
    *ret_seconds = seconds;
    *ret_nanos = (int32_t)fraction_ns;
    return true;
}

bool pv_time_parse(pv_view text, pv_time *ret_time)
{
    int64_t seconds;
    int32_t nanos;
    if (!pv_instant_parse(text, &seconds, &nanos) || !in_years(seconds, YEAR_MIN, YEAR_MAX)) {
        return false;
    }
    ret_time->utc_ns = seconds * PV_NS_PER_S + nanos;
    return true;
}

static char *write_number(int64_t number, unsigned count, char *at)
{
    for (unsigned i = count; i > 0; i--) {
        at[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + count;
}

static size_t write_instant(int64_t seconds, int64_t ns, char *ret_text)
{
    int64_t days = floor_divide(seconds, SECONDS_PER_DAY);
    int64_t second_of_day = seconds - days * SECONDS_PER_DAY;
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    char *at = write_number(year, 4, ret_text);
    *at++ = '-';
    at = write_number(month, 2, at);
    *at++ = '-';
    at = write_number(day, 2, at);
    *at++ = 'T';
    at = write_number(second_of_day / 3600, 2, at);
    *at++ = ':';
    at = write_number(second_of_day / 60 % 60, 2, at);
    *at++ = ':';
    at = write_number(second_of_day % 60, 2, at);
    if (ns != 0) {
        *at++ = '.';
        unsigned decimals = 9;
        while (ns % 1000 == 0) {
            ns /= 1000;
            decimals -= 3;
        }
        at = write_number(ns, decimals, at);
    }
    *at++ = 'Z';
    *at = '\0';
    return (size_t)(at - ret_text);
}

size_t pv_time_format(pv_time time, char *ret_text)
{
    int64_t seconds = floor_divide(time.utc_ns, PV_NS_PER_S);
    /* Unsigned, because seconds * 10^9 leaves 64 bits in the first second that can be named. */
    uint64_t ns = (uint64_t)time.utc_ns - (uint64_t)seconds * (uint64_t)PV_NS_PER_S;
    return write_instant(seconds, (int64_t)ns, ret_text);
}

bool pv_instant_format(int64_t seconds, int64_t nanos, char *ret_text)
{
    if (!in_years(seconds, INSTANT_YEAR_MIN, INSTANT_YEAR_MAX)) { return false; }
    if (nanos < 0 || nanos >= PV_NS_PER_S) { return false; }
    write_instant(seconds, nanos, ret_text);
    return true;
}

void pv_time_civil(pv_time time, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t days = floor_divide(floor_divide(time.utc_ns, PV_NS_PER_S), SECONDS_PER_DAY);
    civil_from_days(days, ret_year, ret_month, ret_day);
}
