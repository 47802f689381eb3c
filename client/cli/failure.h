/* failure.h — a refused call told to a person: code, reason, sentence, what is wrong where, the
 * values the server named, and what to do next. */
#ifndef PV_CLIENT_CLI_FAILURE_H
#define PV_CLIENT_CLI_FAILURE_H

#include "client/cli/cli.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the error to cli->err and gives the exit code of `status`. `request_id` is the one that
 * the call was made with; NULL: it changes nothing. */
pv_exit pv_failure_report(pv_cli *cli, const pv_method_info *method, pv_status status,
                          const pv_error *error, const char *request_id);

/* Writes a refusal of this machine's own (trouble.h) to cli->err, "purvey: ...", with what to do, and gives
 * the exit code of `status`. */
pv_exit pv_failure_tell(pv_cli *cli, pv_status status, const pv_error *error);

/* What to do about a reason, from the generated tables and the runtime's own; "" if it is
 * unknown. */
const char *pv_failure_next_step(const char *reason);

#ifdef __cplusplus
}
#endif
#endif
