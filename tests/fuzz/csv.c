/* The CSV reader: however the bytes arrive in pieces, the records and the fault are the same; and records
 * written with every field in quotes read again to the same. */
#include "client/csv/csv.h"
#include "tests/fuzz/fuzz.h"

typedef struct source {
    pv_view left;
    size_t piece; /* bytes given at a time */
} source;

static int64_t give(void *context, uint8_t *bytes, size_t size)
{
    source *from = context;
    size_t count = from->left.size < size ? from->left.size : size;
    if (count > from->piece) { count = from->piece; }
    if (count > 0) { memcpy(bytes, from->left.data, count); }
    from->left = pv_view_of(from->left.data + count, from->left.size - count);
    return (int64_t)count;
}

/* A line for each field, quoted; then the fault. */
typedef struct outcome {
    pv_buffer quoted;
    uint64_t records, fields, lines;
    pv_csv_fault fault;
} outcome;

static void quote(pv_buffer *out, pv_view field)
{
    pv_buffer_printf(out, "\"");
    for (size_t i = 0; i < field.size; i++) {
        if (field.data[i] == '"') { pv_buffer_printf(out, "\""); }
        pv_buffer_append(out, pv_view_of(field.data + i, 1));
    }
    pv_buffer_printf(out, "\"");
}

static void read_all(pv_view text, size_t piece, pv_arena *arena, outcome *ret_outcome)
{
    source from = {text, piece};
    pv_csv_source bytes = {give, &from};
    pv_csv *csv = NULL;
    pv_csv_record record;
    bool found = false;
    memset(ret_outcome, 0, sizeof *ret_outcome);
    ret_outcome->quoted = pv_buffer_of(arena);
    PV_ASSERT(pv_is_ok(pv_csv_open(arena, bytes, &csv)));
    pv_status status;
    while (pv_is_ok(status = pv_csv_next(csv, &found, &record)) && found) {
        ret_outcome->records++;
        ret_outcome->lines += record.line;
        for (size_t i = 0; i < record.field_count; i++) {
            PV_ASSERT(record.fields[i].data[record.fields[i].size] == '\0');
            if (i > 0) { pv_buffer_printf(&ret_outcome->quoted, ","); }
            quote(&ret_outcome->quoted, record.fields[i]);
            ret_outcome->fields++;
        }
        pv_buffer_printf(&ret_outcome->quoted, "\n");
    }
    ret_outcome->fault = *pv_csv_fault_of(csv);
    PV_ASSERT(pv_is_ok(status) == (ret_outcome->fault.kind == PV_CSV_FAULT_NONE));
    PV_ASSERT(pv_csv_offset(csv) <= text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pv_view input = pv_view_of(data, size);
    size_t piece = 1 + (pv_fuzz_byte(&input) & 15U);
    pv_arena *arena = pv_arena_create(PV_FUZZ_ARENA_BYTES);
    outcome whole, pieces, again;
    read_all(input, PV_CSV_READ_BYTES, arena, &whole);
    read_all(input, piece, arena, &pieces);
    PV_ASSERT(pv_view_equal(pv_buffer_view(&whole.quoted), pv_buffer_view(&pieces.quoted)));
    PV_ASSERT(whole.records == pieces.records && whole.fields == pieces.fields);
    PV_ASSERT(whole.lines == pieces.lines && whole.fault.kind == pieces.fault.kind);
    PV_ASSERT(whole.fault.line == pieces.fault.line && whole.fault.column == pieces.fault.column);
    if (whole.records > 0) {
        read_all(pv_buffer_view(&whole.quoted), piece, arena, &again);
        PV_ASSERT(again.fault.kind == PV_CSV_FAULT_NONE && again.records == whole.records);
        PV_ASSERT(pv_view_equal(pv_buffer_view(&again.quoted), pv_buffer_view(&whole.quoted)));
    }
    pv_arena_destroy(arena);
    return 0;
}
