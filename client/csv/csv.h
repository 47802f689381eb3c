/* csv.h — reads comma separated values (RFC 4180) record by record from any source of bytes, in
 * memory that does not grow with the file. It is strict where leniency would change data, and
 * lenient where it cannot:
 *   - lines end with CRLF or LF, the last one may be unended; empty lines and a byte order mark of
 *     UTF-8 are skipped.
 *   - a field in double quotes may hold commas, line breaks and doubled quotes. A quote inside a
 *     field without quotes, or text behind a closing quote, is a fault.
 *   - the text is UTF-8 without NUL; every record has as many fields as the first one.
 * A fault ends the reading: what follows it cannot be trusted. Its line and column are told.
 *
 * Memory: reader and buffer live in the arena (about 1.1 MiB at once). Fields are views into the
 * buffer, each followed by a NUL so that it also serves as a C string, and die with the next call
 * of pv_csv_next. Threads: one user at a time. */
#ifndef PV_CLIENT_CSV_CSV_H
#define PV_CLIENT_CSV_CSV_H

#include "base/arena.h"
#include "base/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of one record: a file without line breaks must not fill the memory; FOCUS has some fifty
 * columns, spreadsheets hundreds. */
enum { PV_CSV_RECORD_BYTES_MAX = 1 << 20, PV_CSV_FIELDS_MAX = 1024 };

/* PV_CSV_READ_BYTES are asked of the source at a time. */
enum { PV_CSV_READ_BYTES = 1 << 16, PV_CSV_FAULT_TEXT_SIZE = 256 };

/* Where the bytes come from. Returns how many were read, 0 at the end, -1 with errno on failure. */
typedef struct pv_csv_source {
    int64_t (*read)(void *context, uint8_t *bytes, size_t size);
    void *context;
} pv_csv_source;

/* A source of a file descriptor; `descriptor` is borrowed for the life of the reader. */
pv_csv_source pv_csv_source_of(int *descriptor);

typedef enum pv_csv_fault_kind {
    PV_CSV_FAULT_NONE = 0,
    PV_CSV_FAULT_EMPTY,            /* not even a first record */
    PV_CSV_FAULT_UNCLOSED_QUOTE,   /* at the opening quote */
    PV_CSV_FAULT_QUOTE_IN_FIELD,   /* at the quote */
    PV_CSV_FAULT_TEXT_AFTER_QUOTE, /* at the text */
    PV_CSV_FAULT_CARRIAGE_RETURN,  /* at a CR that no LF follows */
    PV_CSV_FAULT_TOO_FEW_FIELDS,   /* behind the last field: the row is truncated */
    PV_CSV_FAULT_TOO_MANY_FIELDS,  /* at the first field too many */
    PV_CSV_FAULT_NUL,              /* at the byte */
    PV_CSV_FAULT_NOT_UTF8,         /* at the byte */
    PV_CSV_FAULT_RECORD_TOO_LONG,  /* at the start of the record */
    PV_CSV_FAULT_READ              /* the source failed */
} pv_csv_fault_kind;

/* What is wrong with the file, and where: line and column count from 1, columns in characters. */
typedef struct pv_csv_fault {
    pv_csv_fault_kind kind;
    uint64_t line;
    uint64_t column;
    char text[PV_CSV_FAULT_TEXT_SIZE]; /* one sentence that does not repeat line and column */
} pv_csv_fault;

typedef struct pv_csv_record {
    const pv_view *fields; /* unquoted */
    size_t field_count;
    uint64_t line; /* on which the record begins */
} pv_csv_record;

typedef struct pv_csv pv_csv;

/* Makes a reader. RESOURCE_EXHAUSTED when the arena is too small. */
PV_MUST_USE pv_status pv_csv_open(pv_arena *arena, pv_csv_source source, pv_csv **ret_csv);

/* Gives the next record; `ret_found` false is the end of the file. INVALID_ARGUMENT when the file
 * has a fault, UNAVAILABLE when it cannot be read; pv_csv_fault_of tells which, and every further
 * call fails the same. */
PV_MUST_USE pv_status pv_csv_next(pv_csv *csv, bool *ret_found, pv_csv_record *ret_record);

/* The fault that ended the reading; kind NONE before one. Borrowed. */
const pv_csv_fault *pv_csv_fault_of(const pv_csv *csv);

/* Bytes of the file that have been turned into records, for progress. */
uint64_t pv_csv_offset(const pv_csv *csv);

#ifdef __cplusplus
}
#endif
#endif
