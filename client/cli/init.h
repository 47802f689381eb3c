/* init.h — `purvey init`: begins a platform on this machine, without a server and before any certificate exists. It
 * makes a folder with what purveyd needs (authority/, store/) and the operator's first key and certificate
 * (operator.key, operator.pem). It never writes over anything. */
#ifndef PV_CLIENT_CLI_INIT_H
#define PV_CLIENT_CLI_INIT_H

#include "client/cli/cli.h"

/* The words behind `init`. */
pv_exit pv_cli_init(pv_cli *cli, size_t count, char *const *arguments);

#endif
