/* login.h — `purvey login`, and what other commands need of it. */
#ifndef PV_CLIENT_CLI_LOGIN_H
#define PV_CLIENT_CLI_LOGIN_H

#include "client/cli/profile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Calls the service with this profile and notes in it which account and user it is for.
 * An exit code after a message. */
pv_exit pv_login_learn(pv_cli *cli, const pv_options *options, pv_profile *profile);

#ifdef __cplusplus
}
#endif
#endif
