/* init.h — `purvey init`: begins a platform on this machine, without a server and before any
 * certificate exists. It makes a folder with what purveyd needs (authority/, store/) and the
 * operator's first key and certificate (operator.key, operator.pem). It never writes over anything.
 * Apart from the other commands because it stands on the server's authority and store, which they
 * know nothing of. */
#ifndef PV_CLIENT_CLI_INIT_H
#define PV_CLIENT_CLI_INIT_H

#include "client/cli/extra.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_extra pv_extra_init;

#ifdef __cplusplus
}
#endif
#endif
