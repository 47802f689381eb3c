/* import.h — what the steps of `purvey usage import` share. The file is read twice: once to find
 * the billing periods and the rows that are no usage, so that a broken file is refused before
 * anything is sent; then once for each report to send its rows. Used inside this folder only. */
#ifndef PV_CLIENT_CLI_IMPORT_H
#define PV_CLIENT_CLI_IMPORT_H

#include "client/cli/options.h"
#include "client/focus/focus.h"
#include "protos/runtime/stub.h"
#include "purvey/usage/v1/usage_report_service.pv.h"

#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_IMPORT_GROUPS_MAX = 120, /* billing periods times currencies: ten years of months */
    PV_IMPORT_ARENA_BYTES = 64 * 1024 * 1024, /* of one message or one reading of the file */
    PV_IMPORT_BATCH = 500,       /* records of one message: some 150 KiB, a fraction of the limit */
    PV_IMPORT_ATTEMPTS_MAX = 10, /* in a row without any progress: about a minute */
    PV_IMPORT_CURRENCY_SIZE = 4
};

/* The flags of the command. */
typedef struct pv_import_flags {
    const char *product;
    const char *contract;
    const char *provider;
    const char *name;
    const char *report;
    bool submit;
} pv_import_flags;

/* The rows of one billing period in one currency: they go into one report. */
typedef struct pv_import_group {
    pv_time billing_start;
    pv_time billing_end;
    char currency[PV_IMPORT_CURRENCY_SIZE];
    pv_time start; /* of the report: the billing period, widened to all charge periods in it */
    pv_time end;
    uint64_t rows;
    pv_decimal cost; /* sum of the rows */
    /* filled when it is sent */
    const char *report_id;
    const char *state;
    uint64_t valid;
    uint64_t invalid;
} pv_import_group;

typedef struct pv_import {
    pv_cli *cli;
    const char *path;
    pv_options options;
    pv_import_flags flags;
    pv_client *client;
    bool with_amounts; /* the product's usage is rated by cost or price */
    pv_import_group groups[PV_IMPORT_GROUPS_MAX];
    size_t group_count;
    uint64_t rows;    /* of the file */
    uint64_t skipped; /* of other providers */
    uint64_t refused; /* no usage, or records with problems */
    json_t *refusals; /* of -o json: {"row", "line", "column", "reason", ...} */
} pv_import;

/* Reads the whole file into the groups and tells the rows that are refused. */
pv_exit pv_import_plan(pv_import *import);

/* True when the row is accepted and belongs to the group. */
bool pv_import_takes(const pv_import *import, const pv_import_group *group,
                     const pv_focus_row *row);

/* Tells a refused row: as a line, or into `refusals`. `row` and `line` 0: not known. */
void pv_import_tell_refused(pv_import *import, uint64_t row, uint64_t line, const char *column,
                            const char *reason);

/* Sends the rows of the group to its report, across lost connections. */
pv_exit pv_import_upload(pv_import *import, pv_import_group *group);

/* Tells the rows of the records with problems that the report has. */
pv_exit pv_import_list_refused(pv_import *import, const pv_import_group *group);

#ifdef __cplusplus
}
#endif
#endif
