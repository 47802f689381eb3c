#include "client/cli/terminal.h"

#include "base/utf8.h"

/* True when the character may be shown: no C0 or C1 control, no mark that turns the writing
 * around. */
static bool is_printable(uint32_t code_point)
{
    if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) { return false; }
    return !(code_point >= 0x202A && code_point <= 0x202E) &&
           !(code_point >= 0x2066 && code_point <= 0x2069);
}

const char *pv_terminal_text(pv_arena *arena, const char *text, size_t columns_max,
                             size_t *ret_columns)
{
    pv_view view = pv_view_text(text);
    pv_buffer result = pv_buffer_of(arena);
    size_t columns = 0;
    size_t at = 0;
    while (at < view.size) {
        size_t begin = at;
        uint32_t code_point = 0xFFFD;
        bool good = pv_utf8_next(view, &at, &code_point) && is_printable(code_point);
        if (columns_max > 0 && columns + 1 >= columns_max && at < view.size) {
            pv_buffer_append(&result, pv_view_text("\xE2\x80\xA6")); /* an ellipsis */
            columns++;
            break;
        }
        if (good) {
            pv_buffer_append(&result, pv_view_of(view.data + begin, at - begin));
            columns++;
        } else {
            pv_buffer_printf(&result, "\\x%02X", (unsigned)view.data[begin]);
            for (size_t i = begin + 1; i < at; i++) {
                pv_buffer_printf(&result, "\\x%02X", (unsigned)view.data[i]);
            }
            columns += 4 * (at - begin);
        }
    }
    pv_buffer_append(&result, pv_view_of("", 1));
    if (ret_columns != NULL) { *ret_columns = columns; }
    return result.overflow ? "" : (const char *)result.data;
}
