/* focus.h — reads usage out of a file of cost and usage data in the columns of FOCUS 1.0 (FinOps
 * Open Cost and Usage Specification, focus.finops.org): row by row, each either accepted with typed
 * values or refused with the column and a sentence. It knows no server and no proto.
 *
 * Accepted is plain usage: ChargeCategory is Usage, the quantity is there, nothing is negative,
 * periods end after they start, numbers are exact. The charge period may lie outside the billing
 * period: FOCUS bills usage that arrives late in a later period. A value that is empty or NULL is
 * missing.
 *
 *     pv_focus *focus = NULL;
 *     pv_focus_row row;
 *     bool found = false;
 *     pv_status status = pv_focus_open(arena, path, &focus);
 *     while (pv_is_ok(status) && pv_is_ok(status = pv_focus_next(focus, &found, &row)) && found) {
 *         ...
 *     }
 *     if (!pv_is_ok(status)) { puts(pv_focus_fault_of(focus)); }
 *     pv_focus_close(focus);
 *
 * Memory: everything lives in the arena (about 1.1 MiB at once, nothing per row); the texts of a
 * row are NUL-ended and die with the next call of pv_focus_next. Threads: one user at a time. */
#ifndef PV_CLIENT_FOCUS_FOCUS_H
#define PV_CLIENT_FOCUS_FOCUS_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/time.h"
#include "client/csv/csv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_FOCUS_FAULT_TEXT_SIZE = 640, PV_FOCUS_REASON_TEXT_SIZE = 256 };

/* Characters of a name or id that identifies something: longer ones have no place to go to. */
enum { PV_FOCUS_NAME_MAX = 100 };

/* The columns that are read. Those up to CHARGE_PERIOD_END must be in the file, with a value in
 * every row. */
typedef enum pv_focus_column {
    PV_FOCUS_CHARGE_CATEGORY = 0,
    PV_FOCUS_BILLED_COST,
    PV_FOCUS_CONSUMED_QUANTITY,
    PV_FOCUS_PROVIDER_NAME,
    PV_FOCUS_SUB_ACCOUNT_ID,
    PV_FOCUS_SKU_ID,
    PV_FOCUS_CONSUMED_UNIT,
    PV_FOCUS_BILLING_CURRENCY,
    PV_FOCUS_BILLING_PERIOD_START,
    PV_FOCUS_BILLING_PERIOD_END,
    PV_FOCUS_CHARGE_PERIOD_START,
    PV_FOCUS_CHARGE_PERIOD_END,
    PV_FOCUS_SUB_ACCOUNT_NAME,
    PV_FOCUS_SERVICE_NAME,
    PV_FOCUS_ID,
    PV_FOCUS_COLUMN_COUNT
} pv_focus_column;

/* Header of a column: "ChargeCategory". Static. */
const char *pv_focus_column_name(pv_focus_column column);

typedef enum pv_focus_refusal_kind {
    PV_FOCUS_ACCEPTED = 0,
    PV_FOCUS_REFUSED_NOT_USAGE, /* ChargeCategory is not Usage */
    PV_FOCUS_REFUSED_MISSING,   /* the column has no value in this row */
    PV_FOCUS_REFUSED_TOO_LONG,  /* more than PV_FOCUS_NAME_MAX characters */
    PV_FOCUS_REFUSED_NOT_A_NUMBER,
    PV_FOCUS_REFUSED_TOO_MANY_DECIMALS, /* more than 18 that count */
    PV_FOCUS_REFUSED_TOO_LARGE,         /* more than 18 digits before the point */
    PV_FOCUS_REFUSED_NEGATIVE,
    PV_FOCUS_REFUSED_NOT_A_CURRENCY,
    PV_FOCUS_REFUSED_NOT_A_TIME,
    PV_FOCUS_REFUSED_END_BEFORE_START
} pv_focus_refusal_kind;

/* Why a row was refused: the first fault in order of pv_focus_column, so that equal files give
 * equal reports. */
typedef struct pv_focus_refusal {
    pv_focus_refusal_kind kind; /* ACCEPTED: the row is accepted and nothing else here counts */
    pv_focus_column column;
    unsigned field;     /* number of that column in the file, from 1 */
    const char *reason; /* one sentence; does not name row, line or column */
} pv_focus_refusal;

/* One row. Of a refused row the texts are given too; numbers and times only up to the fault. */
typedef struct pv_focus_row {
    uint64_t number; /* of the row, from 1; the header is not counted */
    uint64_t line;   /* of the file, from 1, on which the row begins */
    pv_focus_refusal refusal;
    const char *charge_category;
    const char *provider_name;
    const char *sub_account_id;
    const char *sub_account_name; /* "" if missing */
    const char *sku_id;
    const char *consumed_unit;
    const char *service_name; /* "" if missing */
    const char *record_id;    /* the column Id, else the row number as text */
    const char *billing_currency;
    pv_decimal consumed_quantity;
    pv_decimal billed_cost;
    pv_time billing_period_start;
    pv_time billing_period_end;
    pv_time charge_period_start;
    pv_time charge_period_end;
} pv_focus_row;

typedef struct pv_focus pv_focus;

/* Opens the file ("-": standard input) and reads its header. INVALID_ARGUMENT: the file is no CSV,
 * or columns are missing or occur twice; UNAVAILABLE: it cannot be opened or read;
 * RESOURCE_EXHAUSTED: the arena is too small. `ret_focus` is given whatever happens, for
 * pv_focus_fault_of; close it. */
PV_MUST_USE pv_status pv_focus_open(pv_arena *arena, const char *path, pv_focus **ret_focus);

/* Gives the next row, accepted or refused; `ret_found` false is the end of the file. A failure
 * (codes as above) is one of the file, not of a row, and ends the reading. */
PV_MUST_USE pv_status pv_focus_next(pv_focus *focus, bool *ret_found, pv_focus_row *ret_row);

/* After a failure: what is wrong with the file and where, as one sentence ("Line 3, column 14:
 * ..."). Borrowed; NULL is permitted (the arena had no room even for the reader). */
const char *pv_focus_fault_of(const pv_focus *focus);

/* Bytes of the file that have been read as rows, for progress. */
uint64_t pv_focus_offset(const pv_focus *focus);

/* Closes the file; the memory goes with the arena. NULL is permitted. */
void pv_focus_close(pv_focus *focus);

#ifdef __cplusplus
}
#endif
#endif
