/* help.h — what can be done and how, from the comments of the .proto files and the tables. */
#ifndef PV_CLIENT_CLI_HELP_H
#define PV_CLIENT_CLI_HELP_H

#include "client/cli/extra.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Nouns, extra commands, flags of every command. */
void pv_help_overview(pv_cli *cli);

/* The verbs of a noun, extra ones too; `service` is NULL when it has only those. */
void pv_help_noun(pv_cli *cli, const char *noun, const pv_service_info *service);

/* One command: what it does, which states it moves between, its fields with what they must hold,
 * why it may be refused. */
void pv_help_command(pv_cli *cli, const pv_command *command);

void pv_help_extra(pv_cli *cli, const pv_extra *extra);

/* Says that there is no such noun, or no such verb of the noun (NULL: none was given), with the
 * nearest that there is. Gives PV_EXIT_USAGE. */
pv_exit pv_help_refuse(pv_cli *cli, const char *noun, const char *verb);

#ifdef __cplusplus
}
#endif
#endif
