#include "client/csv/csv.h"

#include "base/utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* The record being read is buffer[start, ...); all offsets of the scan are relative to `start`, so
 * that they survive when the record is moved to the front to make room. The scan changes no byte:
 * only when the record is complete and its text checked are doubled quotes collapsed in place, so a
 * fault can always be located by walking the record as it stands in the file. */
enum { BUFFER_BYTES = PV_CSV_RECORD_BYTES_MAX + PV_CSV_READ_BYTES };

typedef enum scan_state {
    SCAN_FIELD_START,
    SCAN_PLAIN,
    SCAN_QUOTED,
    SCAN_QUOTE_SEEN, /* a quote inside a quoted field: its end, or the first half of a doubled one
                      */
    SCAN_CR_SEEN,    /* a carriage return outside quotes: only a line feed may follow */
    SCAN_DONE        /* the record is complete; `position` is behind its line end */
} scan_state;

typedef struct field_span {
    uint32_t begin;
    uint32_t end;
    bool doubled; /* holds doubled quotes */
} field_span;

struct pv_csv {
    pv_csv_source source;
    uint8_t *buffer;
    size_t start;
    size_t filled; /* end of the bytes read */
    bool source_ended;
    bool begun; /* the byte order mark has been looked for */
    uint64_t offset;
    uint64_t line;      /* of the record's first byte */
    uint64_t row_count; /* records given */
    size_t field_count; /* of the first record; 0 before it */
    scan_state state;
    size_t position;
    field_span field; /* the one being read */
    size_t spans_count;
    pv_csv_fault fault;
    field_span spans[PV_CSV_FIELDS_MAX];
    pv_view fields[PV_CSV_FIELDS_MAX];
};

static int64_t read_descriptor(void *context, uint8_t *bytes, size_t size)
{
    const int *descriptor = context;
    ssize_t count = 0;
    do {
        count = read(*descriptor, bytes, size);
    } while (count < 0 && errno == EINTR);
    return count;
}

pv_csv_source pv_csv_source_of(int *descriptor)
{
    return (pv_csv_source){.read = read_descriptor, .context = descriptor};
}

pv_status pv_csv_open(pv_arena *arena, pv_csv_source source, pv_csv **ret_csv)
{
    PV_ASSERT(source.read != NULL);
    pv_csv *csv = pv_arena_zalloc(arena, 1, sizeof *csv);
    uint8_t *buffer = pv_arena_alloc(arena, BUFFER_BYTES + 1);
    if (csv == NULL || buffer == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    csv->source = source;
    csv->buffer = buffer;
    csv->line = 1;
    *ret_csv = csv;
    return pv_ok();
}

const pv_csv_fault *pv_csv_fault_of(const pv_csv *csv)
{
    return &csv->fault;
}

uint64_t pv_csv_offset(const pv_csv *csv)
{
    return csv->offset;
}

static const uint8_t *record_bytes(const pv_csv *csv)
{
    return csv->buffer + csv->start;
}

/* Line breaks and characters between the start of the record and `where`. */
static void locate(const pv_csv *csv, size_t where, uint64_t *ret_line, uint64_t *ret_column)
{
    const uint8_t *bytes = record_bytes(csv);
    uint64_t line = csv->line;
    uint64_t column = 1;
    for (size_t i = 0; i < where; i++) {
        if (bytes[i] == '\n') {
            line++;
            column = 1;
        } else if ((bytes[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

__attribute__((format(printf, 4, 5))) static pv_status fail(pv_csv *csv, pv_csv_fault_kind kind,
                                                            size_t where, const char *format, ...)
{
    PV_ASSERT(csv->fault.kind == PV_CSV_FAULT_NONE);
    csv->fault.kind = kind;
    locate(csv, where, &csv->fault.line, &csv->fault.column);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(csv->fault.text, sizeof csv->fault.text, format, arguments);
    va_end(arguments);
    PV_ASSERT(length > 0 && (size_t)length < sizeof csv->fault.text);
    return pv_status_of(kind == PV_CSV_FAULT_READ ? PV_CODE_UNAVAILABLE : PV_CODE_INVALID_ARGUMENT);
}

/* A row without end is nearly always a quote without its second half, so that is what is told. */
static pv_status fail_too_long(pv_csv *csv)
{
    if (csv->state == SCAN_QUOTED) {
        return fail(csv, PV_CSV_FAULT_UNCLOSED_QUOTE, csv->field.begin - 1,
                    "The quote that opens here is not closed within %d bytes.",
                    PV_CSV_RECORD_BYTES_MAX);
    }
    return fail(csv, PV_CSV_FAULT_RECORD_TOO_LONG, 0, "The row is longer than %d bytes.",
                PV_CSV_RECORD_BYTES_MAX);
}

/* Reads more bytes behind those there are; at the end of the source sets `source_ended`. */
static pv_status fill(pv_csv *csv)
{
    PV_ASSERT(!csv->source_ended);
    if (BUFFER_BYTES - csv->filled < PV_CSV_READ_BYTES && csv->start > 0) {
        memmove(csv->buffer, csv->buffer + csv->start, csv->filled - csv->start);
        csv->filled -= csv->start;
        csv->start = 0;
    }
    size_t room = BUFFER_BYTES - csv->filled;
    if (room > PV_CSV_READ_BYTES) { room = PV_CSV_READ_BYTES; }
    if (room == 0 || csv->filled - csv->start > PV_CSV_RECORD_BYTES_MAX) {
        return fail_too_long(csv);
    }
    int64_t count = csv->source.read(csv->source.context, csv->buffer + csv->filled, room);
    if (count < 0) {
        return fail(csv, PV_CSV_FAULT_READ, 0, "The file cannot be read: %s.", strerror(errno));
    }
    PV_ASSERT((size_t)count <= room);
    csv->filled += (size_t)count;
    csv->source_ended = count == 0;
    return pv_ok();
}

static pv_status skip_byte_order_mark(pv_csv *csv)
{
    while (csv->filled < 3 && !csv->source_ended) { PV_TRY(fill(csv)); }
    if (csv->filled >= 3 && memcmp(csv->buffer, "\xEF\xBB\xBF", 3) == 0) {
        csv->start = 3;
        csv->offset = 3;
    } else if (csv->filled >= 2 && (memcmp(csv->buffer, "\xFF\xFE", 2) == 0 ||
                                    memcmp(csv->buffer, "\xFE\xFF", 2) == 0)) {
        return fail(csv, PV_CSV_FAULT_NOT_UTF8, 0, "The file is UTF-16; convert it to UTF-8.");
    }
    csv->begun = true;
    return pv_ok();
}

static pv_status end_field(pv_csv *csv, size_t end)
{
    size_t expected = csv->field_count;
    if (csv->spans_count == PV_CSV_FIELDS_MAX || (expected > 0 && csv->spans_count == expected)) {
        return fail(csv, PV_CSV_FAULT_TOO_MANY_FIELDS, csv->field.begin,
                    "The row has more than %zu fields.",
                    expected > 0 ? expected : (size_t)PV_CSV_FIELDS_MAX);
    }
    csv->field.end = (uint32_t)end;
    csv->spans[csv->spans_count++] = csv->field;
    csv->field.doubled = false;
    return pv_ok();
}

/* What follows a field outside quotes: `byte` at csv->position, which is moved behind it. */
static pv_status after_field(pv_csv *csv, uint8_t byte)
{
    csv->position++;
    switch (byte) {
    case ',': csv->state = SCAN_FIELD_START; break;
    case '\n': csv->state = SCAN_DONE; break;
    case '\r': csv->state = SCAN_CR_SEEN; break;
    default:
        return fail(csv, PV_CSV_FAULT_TEXT_AFTER_QUOTE, csv->position - 1,
                    "A comma or a line end must follow the closing quote.");
    }
    return pv_ok();
}

static pv_status scan_plain(pv_csv *csv, const uint8_t *bytes, size_t size)
{
    size_t at = csv->position;
    while (at < size && bytes[at] != ',' && bytes[at] != '\n' && bytes[at] != '\r' &&
           bytes[at] != '"') {
        at++;
    }
    csv->position = at;
    if (at == size) { return pv_ok(); }
    if (bytes[at] == '"') {
        return fail(csv, PV_CSV_FAULT_QUOTE_IN_FIELD, at,
                    "A field that holds a quote must stand in quotes.");
    }
    PV_TRY(end_field(csv, at));
    return after_field(csv, bytes[at]);
}

static void scan_quoted(pv_csv *csv, const uint8_t *bytes, size_t size)
{
    const uint8_t *quote = memchr(bytes + csv->position, '"', size - csv->position);
    if (quote == NULL) {
        csv->position = size;
        return;
    }
    csv->position = (size_t)(quote - bytes) + 1;
    csv->state = SCAN_QUOTE_SEEN;
}

/* Takes the scan one step further on what is in the buffer. */
static pv_status scan_step(pv_csv *csv)
{
    const uint8_t *bytes = record_bytes(csv);
    size_t size = csv->filled - csv->start;
    switch (csv->state) {
    case SCAN_FIELD_START:
        csv->field.begin = (uint32_t)csv->position;
        csv->state = SCAN_PLAIN;
        if (bytes[csv->position] == '"') {
            csv->position++;
            csv->field.begin++;
            csv->state = SCAN_QUOTED;
        }
        return pv_ok();
    case SCAN_PLAIN: return scan_plain(csv, bytes, size);
    case SCAN_QUOTED: scan_quoted(csv, bytes, size); return pv_ok();
    case SCAN_QUOTE_SEEN:
        if (bytes[csv->position] == '"') {
            csv->position++;
            csv->field.doubled = true;
            csv->state = SCAN_QUOTED;
            return pv_ok();
        }
        PV_TRY(end_field(csv, csv->position - 1));
        return after_field(csv, bytes[csv->position]);
    case SCAN_CR_SEEN:
        if (bytes[csv->position] != '\n') {
            return fail(csv, PV_CSV_FAULT_CARRIAGE_RETURN, csv->position - 1,
                        "A line feed must follow a carriage return outside quotes.");
        }
        csv->position++;
        csv->state = SCAN_DONE;
        return pv_ok();
    case SCAN_DONE: break;
    }
    PV_ASSERT(csv->state == SCAN_DONE);
    return pv_ok();
}

/* The file ends inside the record. */
static pv_status scan_end(pv_csv *csv)
{
    switch (csv->state) {
    case SCAN_FIELD_START:
        csv->field.begin = (uint32_t)csv->position;
        PV_TRY(end_field(csv, csv->position));
        break;
    case SCAN_PLAIN: PV_TRY(end_field(csv, csv->position)); break;
    case SCAN_QUOTED:
        return fail(csv, PV_CSV_FAULT_UNCLOSED_QUOTE, csv->field.begin - 1,
                    "The quote that opens here is not closed before the file ends.");
    case SCAN_QUOTE_SEEN: PV_TRY(end_field(csv, csv->position - 1)); break;
    case SCAN_CR_SEEN:
        return fail(csv, PV_CSV_FAULT_CARRIAGE_RETURN, csv->position - 1,
                    "A line feed must follow a carriage return outside quotes.");
    case SCAN_DONE: break;
    }
    csv->state = SCAN_DONE;
    return pv_ok();
}

/* Scans one record; false in `ret_found` when the file ends before one begins. */
static pv_status scan_record(pv_csv *csv, bool *ret_found)
{
    csv->state = SCAN_FIELD_START;
    csv->position = 0;
    csv->spans_count = 0;
    csv->field = (field_span){0};
    while (csv->state != SCAN_DONE) {
        if (csv->position < csv->filled - csv->start) {
            PV_TRY(scan_step(csv));
        } else if (!csv->source_ended) {
            PV_TRY(fill(csv));
        } else if (csv->position == 0) {
            *ret_found = false;
            return pv_ok();
        } else {
            PV_TRY(scan_end(csv));
        }
    }
    *ret_found = true;
    return pv_ok();
}

static bool is_ascii_without_nul(pv_view bytes)
{
    uint8_t high = 0;
    for (size_t i = 0; i < bytes.size; i++) { high |= bytes.data[i]; }
    return high < 0x80 && memchr(bytes.data, 0, bytes.size) == NULL;
}

static pv_status check_text(pv_csv *csv, pv_view bytes)
{
    if (is_ascii_without_nul(bytes)) { return pv_ok(); }
    const uint8_t *nul = memchr(bytes.data, 0, bytes.size);
    if (nul != NULL) {
        return fail(csv, PV_CSV_FAULT_NUL, (size_t)(nul - bytes.data), "A NUL byte is not text.");
    }
    size_t bad = 0;
    if (!pv_utf8_check(bytes, &bad)) {
        return fail(csv, PV_CSV_FAULT_NOT_UTF8, bad, "The byte 0x%02X is not UTF-8 here.",
                    bytes.data[bad]);
    }
    return pv_ok();
}

static pv_status check_field_count(pv_csv *csv)
{
    if (csv->field_count == 0) { csv->field_count = csv->spans_count; }
    if (csv->spans_count == csv->field_count) { return pv_ok(); }
    PV_ASSERT(csv->spans_count < csv->field_count);
    return fail(csv, PV_CSV_FAULT_TOO_FEW_FIELDS, csv->spans[csv->spans_count - 1].end,
                "The row ends after %zu of %zu fields.", csv->spans_count, csv->field_count);
}

/* Collapses doubled quotes where they stand and ends the field with a NUL. That overwrites the
 * comma, quote or line end behind it, which is done with; behind an unended last line there is the
 * buffer's spare byte. */
static pv_view unquote(uint8_t *bytes, field_span span)
{
    uint8_t *from = bytes + span.begin;
    size_t size = span.end - span.begin;
    size_t out = 0;
    if (!span.doubled) { out = size; }
    for (size_t in = 0; span.doubled && in < size; in++) {
        from[out++] = from[in];
        if (from[in] == '"') { in++; }
    }
    from[out] = 0;
    return pv_view_of(from, out);
}

static uint64_t count_lines(pv_view bytes)
{
    uint64_t count = 0;
    const uint8_t *at = bytes.data;
    const uint8_t *end = bytes.data + bytes.size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

/* Leaves the record behind: the next begins where it ends. */
static void advance(pv_csv *csv)
{
    csv->start += csv->position;
    csv->offset += csv->position;
    csv->position = 0;
}

static bool is_empty_line(const pv_csv *csv)
{
    const uint8_t *bytes = record_bytes(csv);
    return csv->spans_count == 1 && (bytes[0] == '\n' || bytes[0] == '\r');
}

pv_status pv_csv_next(pv_csv *csv, bool *ret_found, pv_csv_record *ret_record)
{
    if (csv->fault.kind != PV_CSV_FAULT_NONE) {
        return pv_status_of(csv->fault.kind == PV_CSV_FAULT_READ ? PV_CODE_UNAVAILABLE
                                                                 : PV_CODE_INVALID_ARGUMENT);
    }
    if (!csv->begun) { PV_TRY(skip_byte_order_mark(csv)); }
    bool found = false;
    for (;;) {
        PV_TRY(scan_record(csv, &found));
        if (!found) { break; }
        if (!is_empty_line(csv)) { break; }
        csv->line++;
        advance(csv);
    }
    if (!found) {
        if (csv->row_count == 0) {
            return fail(csv, PV_CSV_FAULT_EMPTY, 0, "The file has no rows.");
        }
        *ret_found = false;
        return pv_ok();
    }
    pv_view bytes = pv_view_of(record_bytes(csv), csv->position);
    if (bytes.size > PV_CSV_RECORD_BYTES_MAX) { return fail_too_long(csv); }
    PV_TRY(check_text(csv, bytes));
    PV_TRY(check_field_count(csv));
    uint64_t line = csv->line;
    csv->line += count_lines(bytes);
    for (size_t i = 0; i < csv->spans_count; i++) {
        csv->fields[i] = unquote(csv->buffer + csv->start, csv->spans[i]);
    }
    csv->row_count++;
    advance(csv);
    *ret_record =
        (pv_csv_record){.fields = csv->fields, .field_count = csv->spans_count, .line = line};
    *ret_found = true;
    return pv_ok();
}
