#include "base/utf8.h"

bool pv_utf8_next(pv_view text, size_t *position, uint32_t *ret_code_point)
{
    const uint8_t *at = text.data + *position;
    size_t left = text.size - *position;
    uint8_t lead = at[0];
    *position += 1;
    if (lead < 0x80) {
        *ret_code_point = lead;
        return true;
    }
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < size) { return false; }
    uint32_t code_point = lead & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) { return false; }
        code_point = code_point << 6 | (at[i] & 0x3Fu);
    }
    bool overlong = (size == 3 && code_point < 0x800) || (size == 4 && code_point < 0x10000);
    bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (overlong || surrogate || code_point > 0x10FFFF) { return false; }
    *position += size - 1;
    *ret_code_point = code_point;
    return true;
}

bool pv_utf8_check(pv_view text, size_t *ret_bad)
{
    static const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t position = 0;
    while (position < text.size) {
        /* Most text is ASCII: eight bytes at a time. */
        while (text.size - position >= sizeof(uint64_t)) {
            uint64_t word;
            memcpy(&word, text.data + position, sizeof word);
            if ((word & high_bits) != 0) { break; }
            position += sizeof word;
        }
        if (position == text.size) { break; }
        size_t start = position;
        uint32_t code_point;
        if (!pv_utf8_next(text, &position, &code_point)) {
            *ret_bad = start;
            return false;
        }
    }
    return true;
}

size_t pv_utf8_count(pv_view text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) { count += (text.data[i] & 0xC0) != 0x80; }
    return count;
}
