#include "client/cli/import.h"
#include "client/cli/terminal.h"

#include <inttypes.h>

/* The first pass over the file. */
typedef struct plan {
    pv_import *import;
    pv_arena *arena;
    const char *provider; /* of the first row: without --provider all must have it */
} plan;

void pv_import_tell_refused(pv_import *import, uint64_t row, uint64_t line, const char *column,
                            const char *reason)
{
    import->refused++;
    if (import->refusals != NULL) {
        json_t *one = json_pack("{s:I, s:I, s:s, s:s}", "row", (json_int_t)row, "line",
                                (json_int_t)line, "column", column, "reason", reason);
        PV_ASSERT(one != NULL && json_array_append_new(import->refusals, one) == 0);
        return;
    }
    fprintf(import->options.output == PV_OUTPUT_TABLE ? import->cli->out : import->cli->err,
            "refused: row %" PRIu64 ", line %" PRIu64 ", column %s: %s\n", row, line, column,
            pv_terminal_text(import->cli->arena, reason, 0, NULL));
}

static bool is_same_period(const pv_import_group *group, const pv_focus_row *row)
{
    return group->billing_start.utc_ns == row->billing_period_start.utc_ns &&
           group->billing_end.utc_ns == row->billing_period_end.utc_ns &&
           strcmp(group->currency, row->billing_currency) == 0;
}

static bool is_wanted_provider(const pv_import *import, const pv_focus_row *row)
{
    return import->flags.provider == NULL ||
           strcmp(import->flags.provider, row->provider_name) == 0;
}

bool pv_import_takes(const pv_import *import, const pv_import_group *group, const pv_focus_row *row)
{
    return row->refusal.kind == PV_FOCUS_ACCEPTED && is_wanted_provider(import, row) &&
           is_same_period(group, row);
}

static pv_import_group *find_group(pv_import *import, const pv_focus_row *row)
{
    for (size_t i = 0; i < import->group_count; i++) {
        if (is_same_period(&import->groups[i], row)) { return &import->groups[i]; }
    }
    if (import->group_count == PV_IMPORT_GROUPS_MAX) { return NULL; }
    pv_import_group *group = &import->groups[import->group_count++];
    *group = (pv_import_group){.billing_start = row->billing_period_start,
                               .billing_end = row->billing_period_end,
                               .start = row->billing_period_start,
                               .end = row->billing_period_end};
    PV_ASSERT(strlen(row->billing_currency) + 1 == sizeof group->currency);
    memcpy(group->currency, row->billing_currency, sizeof group->currency);
    return group;
}

static pv_exit add_row(plan *self, const pv_focus_row *row)
{
    pv_import *import = self->import;
    pv_import_group *group = find_group(import, row);
    if (group == NULL) {
        return pv_cli_usage(import->cli, "%s has more than %d billing periods; import it in parts.",
                            import->path, PV_IMPORT_GROUPS_MAX);
    }
    if (row->charge_period_start.utc_ns < group->start.utc_ns) {
        group->start = row->charge_period_start;
    }
    if (row->charge_period_end.utc_ns > group->end.utc_ns) { group->end = row->charge_period_end; }
    group->rows++;
    if (!pv_decimal_add(group->cost, row->billed_cost, &group->cost)) {
        return pv_cli_usage(
            import->cli, "line %" PRIu64 ": the sum of the costs has too many digits.", row->line);
    }
    return PV_EXIT_OK;
}

/* A product belongs to one vendor: usage of two in one report is a mistake, not a wish. */
static pv_exit check_provider(plan *self, const pv_focus_row *row)
{
    if (self->provider == NULL) {
        self->provider = pv_arena_dup(self->arena, pv_view_text(row->provider_name));
    }
    if (self->provider != NULL && strcmp(self->provider, row->provider_name) == 0) {
        return PV_EXIT_OK;
    }
    return pv_cli_usage(
        self->import->cli,
        "line %" PRIu64 ": the file holds usage of several providers (%s, %s); say which one the "
        "product is of: --provider NAME.",
        row->line, self->provider == NULL ? "" : self->provider, row->provider_name);
}

static pv_exit take_row(plan *self, const pv_focus_row *row)
{
    pv_import *import = self->import;
    import->rows++;
    if (!is_wanted_provider(import, row)) {
        import->skipped++;
        return PV_EXIT_OK;
    }
    if (row->refusal.kind != PV_FOCUS_ACCEPTED) {
        pv_import_tell_refused(import, row->number, row->line,
                               pv_focus_column_name(row->refusal.column), row->refusal.reason);
        return PV_EXIT_OK;
    }
    pv_exit exit = import->flags.provider == NULL ? check_provider(self, row) : PV_EXIT_OK;
    return exit == PV_EXIT_OK ? add_row(self, row) : exit;
}

static pv_exit read_rows(plan *self, pv_focus *focus)
{
    for (;;) {
        pv_focus_row row;
        bool found = false;
        if (!pv_is_ok(pv_focus_next(focus, &found, &row))) {
            return pv_cli_usage(self->import->cli, "%s: %s", self->import->path,
                                pv_focus_fault_of(focus));
        }
        if (!found) { return PV_EXIT_OK; }
        pv_exit exit = take_row(self, &row);
        if (exit != PV_EXIT_OK) { return exit; }
    }
}

pv_exit pv_import_plan(pv_import *import)
{
    plan self = {.import = import, .arena = pv_arena_create(PV_IMPORT_ARENA_BYTES)};
    pv_focus *focus = NULL;
    pv_exit exit = PV_EXIT_OK;
    if (!pv_is_ok(pv_focus_open(self.arena, import->path, &focus))) {
        exit = pv_cli_usage(import->cli, "%s: %s", import->path, pv_focus_fault_of(focus));
    } else {
        exit = read_rows(&self, focus);
    }
    pv_focus_close(focus);
    pv_arena_destroy(self.arena);
    return exit;
}
