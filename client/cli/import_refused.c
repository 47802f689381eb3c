/* import_refused.c — which rows the records with problems were: the service lists them by their
 * number in the report, the file is read once more beside the list, so that both pass by in the
 * same order. */
#include "client/cli/connect.h"
#include "client/cli/failure.h"
#include "client/cli/import.h"

enum { PAGE_SIZE = 1000 };

/* The list of the service, page by page. */
typedef struct cursor {
    pv_import *import;
    const pv_import_group *group;
    pv_arena *arena; /* of one page */
    pv_list_usage_records_response *page;
    size_t next; /* of the page */
} cursor;

/* Gets pages until one has records. `self->page` is NULL at the end. */
static pv_exit turn_page(cursor *self, uint64_t after)
{
    do {
        pv_list_usage_records_request request = PV_LIST_USAGE_RECORDS_REQUEST__INIT;
        pv_error error;
        pv_arena_reset(self->arena);
        pv_error_init(&error, self->arena);
        self->page = NULL;
        self->next = 0;
        request.report_id = pv_arena_dup(self->arena, pv_view_text(self->group->report_id));
        request.after_number = after;
        request.page_size = PAGE_SIZE;
        request.only_invalid = true;
        PV_ASSERT(request.report_id != NULL);
        pv_status status = pv_usage_report_client_list_usage_records(
            self->import->client, self->arena,
            pv_connect_options(self->arena, self->import->options.deadline_ms), &request,
            &self->page, &error);
        if (!pv_is_ok(status)) {
            return pv_failure_report(self->import->cli,
                                     PV_USAGE_REPORT_SERVICE_LIST_USAGE_RECORDS__METHOD, status,
                                     &error, NULL);
        }
        after = self->page->next_after_number;
    } while (self->page->n_records == 0 && after != 0);
    if (self->page->n_records == 0) { self->page = NULL; }
    return PV_EXIT_OK;
}

static pv_exit step(cursor *self)
{
    self->next++;
    if (self->next < self->page->n_records) { return PV_EXIT_OK; }
    uint64_t after = self->page->next_after_number;
    self->page = NULL;
    return after == 0 ? PV_EXIT_OK : turn_page(self, after);
}

/* The column of the file that a field of a record was made of. */
static const char *column_of(const char *field)
{
    static const struct {
        const char *field;
        pv_focus_column column;
    } made_of[] = {
        {"record_id", PV_FOCUS_ID},
        {"mpn", PV_FOCUS_SKU_ID},
        {"item_id", PV_FOCUS_SKU_ID},
        {"subscription_id", PV_FOCUS_SUB_ACCOUNT_ID},
        {"subscription_external_id", PV_FOCUS_SUB_ACCOUNT_ID},
        {"quantity", PV_FOCUS_CONSUMED_QUANTITY},
        {"amount", PV_FOCUS_BILLED_COST},
        {"currency", PV_FOCUS_BILLING_CURRENCY},
        {"start_time", PV_FOCUS_CHARGE_PERIOD_START},
        {"end_time", PV_FOCUS_CHARGE_PERIOD_END},
    };
    for (size_t i = 0; i < sizeof made_of / sizeof *made_of; i++) {
        if (strcmp(made_of[i].field, field) == 0) {
            return pv_focus_column_name(made_of[i].column);
        }
    }
    return field;
}

static void tell(pv_import *import, const pv_focus_row *row, const pv_usage_record *record)
{
    const char *field = record->n_problems == 0 ? "" : record->problems[0]->column;
    const char *reason =
        record->n_problems == 0 ? "The service does not say why." : record->problems[0]->message;
    pv_import_tell_refused(import, row->number, row->line, column_of(field), reason);
}

static pv_exit walk(cursor *self, pv_focus *focus)
{
    pv_focus_row row;
    bool found = false;
    uint64_t number = 0;
    while (self->page != NULL) {
        if (!pv_is_ok(pv_focus_next(focus, &found, &row)) || !found) {
            return pv_cli_fail(self->import->cli, "%s has changed while it was sent.",
                               self->import->path);
        }
        if (!pv_import_takes(self->import, self->group, &row)) { continue; }
        number++;
        const pv_usage_record *record = self->page->records[self->next];
        if (record->number != number) { continue; }
        tell(self->import, &row, record);
        pv_exit exit = step(self);
        if (exit != PV_EXIT_OK) { return exit; }
    }
    return PV_EXIT_OK;
}

pv_exit pv_import_list_refused(pv_import *import, const pv_import_group *group)
{
    if (group->invalid == 0) { return PV_EXIT_OK; }
    cursor self = {
        .import = import, .group = group, .arena = pv_arena_create(PV_IMPORT_ARENA_BYTES)};
    pv_arena *reading = pv_arena_create(PV_IMPORT_ARENA_BYTES);
    pv_focus *focus = NULL;
    pv_exit exit = turn_page(&self, 0);
    if (exit == PV_EXIT_OK && !pv_is_ok(pv_focus_open(reading, import->path, &focus))) {
        exit =
            pv_cli_fail(import->cli, "%s has changed: %s", import->path, pv_focus_fault_of(focus));
    }
    if (exit == PV_EXIT_OK) { exit = walk(&self, focus); }
    pv_focus_close(focus);
    pv_arena_destroy(reading);
    pv_arena_destroy(self.arena);
    return exit;
}
