/* whoami.h — the answer to "who am I?" on a screen: who calls, as whose member, for how long, what it may, and which
 * other accounts there are. */
#ifndef PV_CLIENT_CLI_WHOAMI_H
#define PV_CLIENT_CLI_WHOAMI_H

#include "client/cli/cli.h"
#include "purvey/account/v1/identity_service.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes it to cli->out; `now` tells how many days the certificate has left. */
void pv_whoami_write(pv_cli *cli, const pv_who_am_iresponse *who, pv_time now);

#ifdef __cplusplus
}
#endif
#endif
