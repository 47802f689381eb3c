#include "base/log.h"

#include "base/time.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LOG_VALUE_MAX = 256,    /* bytes of a value that are kept */
    LOG_RECORD_SIZE = 8192, /* five values in which every byte is escaped */
    LOG_TAIL_SIZE = 64      /* room kept for the end of the record */
};

/* The one setting of the process that is not handed around: a log call must work from anywhere. */
static atomic_int least_level = PV_LOG_INFO;

/* A record being written. Past the end nothing more is written and `full` is set. */
typedef struct record {
    char text[LOG_RECORD_SIZE];
    size_t size;
    size_t limit;
    bool full;
} record;

void pv_log_set_level(pv_log_level level)
{
    atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

__attribute__((format(printf, 2, 3))) static void put(record *out, const char *format, ...)
{
    if (out->full) { return; }
    va_list arguments;
    va_start(arguments, format);
    size_t room = out->limit - out->size;
    int length = vsnprintf(out->text + out->size, room, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= room) {
        out->full = true;
        return;
    }
    out->size += (size_t)length;
}

/* Characters that could end a line, move a cursor or end the string for some reader of the log. */
static bool needs_escape(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0) || code_point == 0x2028 ||
           code_point == 0x2029;
}

static void put_character(record *out, pv_view text, size_t start, size_t end, uint32_t code_point)
{
    if (code_point == '"' || code_point == '\\') {
        put(out, "\\%c", (char)code_point);
    } else if (code_point == '\n') {
        put(out, "\\n");
    } else if (code_point == '\r') {
        put(out, "\\r");
    } else if (code_point == '\t') {
        put(out, "\\t");
    } else if (needs_escape(code_point)) {
        put(out, "\\u%04x", (unsigned)code_point);
    } else {
        put(out, "%.*s", (int)(end - start), (const char *)text.data + start);
    }
}

/* A JSON string. Bytes that are not UTF-8 become U+FFFD; what is cut off ends in an ellipsis. */
static void put_string(record *out, pv_view text)
{
    put(out, "\"");
    size_t position = 0;
    while (position < text.size) {
        size_t start = position;
        uint32_t code_point;
        bool valid = pv_utf8_next(text, &position, &code_point);
        if (position > LOG_VALUE_MAX) {
            put(out, "\xE2\x80\xA6");
            break;
        }
        if (valid) {
            put_character(out, text, start, position, code_point);
        } else {
            put(out, "\\ufffd");
        }
    }
    put(out, "\"");
}

/* A field that does not fit is taken back whole, so that the record stays JSON. */
static bool put_field(record *out, const pv_log_field *field)
{
    size_t before = out->size;
    put(out, ",");
    put_string(out, pv_view_text(field->key));
    put(out, ":");
    if (field->text.data != NULL) {
        put_string(out, field->text);
    } else {
        put(out, "%lld", (long long)field->number);
    }
    if (!out->full) { return true; }
    out->size = before;
    out->full = false;
    return false;
}

/* One write for the whole record. A log that cannot be written has nowhere to say so. */
static void write_record(const record *out)
{
    size_t done = 0;
    while (done < out->size) {
        ssize_t more = write(STDERR_FILENO, out->text + done, out->size - done);
        if (more == 0 || (more < 0 && errno != EINTR)) { return; }
        if (more > 0) { done += (size_t)more; }
    }
}

void pv_log(pv_log_level level, const char *event, const pv_log_field *fields, size_t count)
{
    static const char *const level_names[] = {"debug", "info", "warn", "error"};
    PV_ASSERT((unsigned)level < sizeof level_names / sizeof level_names[0]);
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed)) { return; }
    record out;
    out.size = 0;
    out.limit = sizeof out.text - LOG_TAIL_SIZE;
    out.full = false;
    char time[PV_TIME_TEXT_SIZE];
    pv_time_format(pv_time_now(), time);
    put(&out, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", time, level_names[level]);
    put_string(&out, pv_view_text(event));
    size_t dropped = 0;
    for (size_t i = 0; i < count; i++) { dropped += put_field(&out, &fields[i]) ? 0 : 1; }
    out.limit = sizeof out.text;
    if (dropped > 0) { put(&out, ",\"fields_dropped\":%zu", dropped); }
    put(&out, "}\n");
    write_record(&out);
}
