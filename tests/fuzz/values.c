/* Times, decimals, ids and encodings: what is read is written as text that reads to the same. */
#include "base/decimal.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/time.h"
#include "base/utf8.h"
#include "client/focus/number.h"
#include "protos/runtime/fields.h"
#include "tests/fuzz/fuzz.h"

static void check_time(pv_view text)
{
    pv_time time, again;
    if (!pv_time_parse(text, &time)) { return; }
    char written[PV_TIME_TEXT_SIZE];
    size_t size = pv_time_format(time, written);
    PV_ASSERT(size == strlen(written) && size < sizeof written);
    PV_ASSERT(pv_time_parse(pv_view_of(written, size), &again));
    PV_ASSERT(time.utc_ns == again.utc_ns);
    int year = 0, month = 0, day = 0;
    pv_time_civil(time, &year, &month, &day);
    PV_ASSERT(year >= 1970 && year <= 2262 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
}

static void check_decimal(pv_view text, bool focus)
{
    pv_decimal value, again, sum, negative;
    bool read = focus ? pv_focus_number_parse(text, &value) == PV_FOCUS_NUMBER_OK
                      : pv_decimal_parse(text, &value);
    if (!read) { return; }
    char written[PV_DECIMAL_TEXT_SIZE];
    size_t size = pv_decimal_format(value, written);
    PV_ASSERT(size == strlen(written) && size < sizeof written);
    PV_ASSERT(pv_decimal_parse(pv_view_of(written, size), &again) && again.units == value.units);
    PV_ASSERT(pv_decimal_scale(value) <= PV_DECIMAL_SCALE);
    negative.units = -value.units;
    PV_ASSERT(pv_decimal_add(value, negative, &sum) && sum.units == 0);
    if (pv_decimal_multiply(value, value, &sum)) { PV_ASSERT(sum.units >= 0); }
    if (pv_decimal_add(value, value, &sum)) { PV_ASSERT(sum.units == value.units * 2); }
}

static void check_id(pv_view text)
{
    pv_id id;
    if (!pv_id_parse("ord", text, &id)) { return; }
    char written[PV_ID_TEXT_SIZE];
    pv_id_format("ord", id, written);
    PV_ASSERT(pv_view_equal(text, pv_view_text(written)));
}

static void check_encodings(pv_view text)
{
    uint8_t bytes[3 * 256];
    char written[4 * 256 + 2];
    size_t size = 0;
    if (text.size <= 1024 && pv_base64url_parse(text, bytes, &size)) {
        size_t length = pv_base64url_format(pv_view_of(bytes, size), written);
        PV_ASSERT(pv_view_equal(text, pv_view_of(written, length)));
    }
    size_t bad = 0, position = 0, count = 0;
    uint32_t character = 0;
    bool good = true;
    for (; position < text.size; count++) {
        good = pv_utf8_next(text, &position, &character) && good;
    }
    PV_ASSERT(position == text.size && good == pv_utf8_check(text, &bad));
    PV_ASSERT(good ? pv_utf8_count(text) == count : bad < text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    uint8_t choice = pv_fuzz_byte(&input);
    switch (choice & 7) {
    case 0: check_time(input); break;
    case 1: check_decimal(input, false); break;
    case 2: check_decimal(input, true); break;
    case 3: check_id(input); break;
    case 4: check_encodings(input); break;
    default:
        for (unsigned i = PV_PATTERN_NONE; i <= PV_PATTERN_HTTPS; i++) {
            PV_ASSERT(pv_pattern_text((pv_pattern)i) != NULL);
            bool matches = pv_pattern_matches((pv_pattern)i, input);
            PV_ASSERT(!matches || input.size > 0 || i == PV_PATTERN_NONE);
        }
    }
    return 0;
}
