#include "client/cli/failure.h"

#include "client/cli/terminal.h"
#include "client/cli/trouble.h"
#include "protos/runtime/reasons.h"
#include "purvey/common/v1/error_reason.pv.h"

#include <inttypes.h>

static const char *safe(pv_cli *cli, const char *text)
{
    return pv_terminal_text(cli->arena, text, 0, NULL);
}

const char *pv_failure_next_step(const char *reason)
{
    for (size_t i = 0; i < pv_error_reason__count; i++) {
        if (strcmp(pv_error_reason__all[i]->name, reason) == 0) {
            return pv_error_reason__all[i]->next_step;
        }
    }
    for (size_t i = 0; i < pv_runtime_reason_count; i++) {
        if (strcmp(pv_runtime_reasons[i]->name, reason) == 0) {
            return pv_runtime_reasons[i]->next_step;
        }
    }
    return "";
}

pv_exit pv_failure_tell(pv_cli *cli, pv_status status, const pv_error *error)
{
    if (error->reason == NULL) { return pv_cli_fail(cli, "there is no memory left."); }
    (void)pv_cli_fail(cli, "%s", safe(cli, pv_trouble_text(error)));
    fprintf(cli->err, "  next: %s\n", error->reason->next_step);
    return pv_exit_of(status.code);
}

/* What to do about a failure that has no reason of its own: the network's. */
static const char *step_of_code(pv_code code)
{
    if (code == PV_CODE_UNAVAILABLE) {
        return "purvey doctor says whether it is the way there, a certificate or the service.";
    }
    if (code == PV_CODE_DEADLINE_EXCEEDED) {
        return "Repeat, with a longer --deadline if the service is slow.";
    }
    return "";
}

static void put_violations(pv_cli *cli, const pv_error *error)
{
    FILE *out = cli->err;
    static const char *const kinds[] = {
        [PV_VIOLATION_FIELD] = "field",
        [PV_VIOLATION_PRECONDITION] = "condition",
        [PV_VIOLATION_QUOTA] = "limit",
    };
    for (size_t i = 0; i < error->violation_count; i++) {
        const pv_error_violation *one = &error->violations[i];
        fprintf(out, "  %s %s: %s\n", kinds[error->violation_kind], safe(cli, one->subject),
                safe(cli, one->description));
    }
    if (error->dropped > 0) { fprintf(out, "  and %zu more\n", error->dropped); }
}

static void put_context(pv_cli *cli, const pv_error *error)
{
    FILE *out = cli->err;
    for (size_t i = 0; i < error->metadata_count; i++) {
        fprintf(out, "  %s = %s\n", safe(cli, error->metadata[i].key),
                safe(cli, error->metadata[i].value));
    }
    if (error->resource_type != NULL && error->resource_name != NULL) {
        fprintf(out, "  about: %s %s\n", safe(cli, error->resource_type),
                safe(cli, error->resource_name));
    }
    if (error->retry_after_ms > 0) {
        fprintf(out, "  retry after: %" PRId64 ".%03" PRId64 "s\n", error->retry_after_ms / 1000,
                error->retry_after_ms % 1000);
    }
}

pv_exit pv_failure_report(pv_cli *cli, const pv_method_info *method, pv_status status,
                          const pv_error *error, const char *request_id)
{
    FILE *out = cli->err;
    const char *code = pv_code_name(status.code);
    const char *reason = error->reason == NULL ? "" : error->reason->name;
    const char *text = error->message;
    if ((text == NULL || text[0] == '\0') && error->reason != NULL) { text = error->reason->text; }
    bool told = reason[0] != '\0' && strcmp(reason, code) != 0;
    fprintf(out, "%serror%s: %s%s%s%s: %s\n", cli->err_has_colour ? "\033[1;31m" : "",
            cli->err_has_colour ? "\033[0m" : "", code, told ? " (" : "",
            told ? safe(cli, reason) : "", told ? ")" : "", text == NULL ? "" : safe(cli, text));
    put_violations(cli, error);
    put_context(cli, error);
    const char *next_step = pv_failure_next_step(reason);
    if (next_step[0] == '\0' && error->reason != NULL && error->reason->next_step != NULL) {
        next_step = error->reason->next_step;
    }
    if (next_step[0] == '\0') { next_step = step_of_code(status.code); }
    if (next_step[0] != '\0') { fprintf(out, "  next: %s\n", next_step); }
    if (request_id != NULL && pv_exit_of(status.code) == PV_EXIT_UNAVAILABLE) {
        fprintf(out, "  to repeat %s safely: --request-id %s\n", method->name, request_id);
    }
    return pv_exit_of(status.code);
}
