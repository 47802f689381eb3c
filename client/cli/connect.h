/* connect.h — the connection of a command: made from the profile at the first use. The one place of
 * the command line that knows client/rpc; everything else sees protos/runtime/stub.h, so that tests
 * put their own server behind it. */
#ifndef PV_CLIENT_CLI_CONNECT_H
#define PV_CLIENT_CLI_CONNECT_H

#include "client/cli/profile.h"
#include "protos/runtime/stub.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_CONNECT_FILE_BYTES_MAX = 1024 * 1024 };

/* Reads the profile and its files and makes a client; the network is touched by the first call. A
 * message and an exit code when a value is missing or a file cannot be read. */
pv_exit pv_connect(pv_cli *cli, const pv_options *options, pv_client **ret_client);

/* The same with these values. Without a certificate none is shown, and only PUBLIC methods can be
 * called. `deadline_ms` is the default of calls; 0: client/rpc's own. */
pv_exit pv_connect_with(pv_cli *cli, const pv_profile *profile, int64_t deadline_ms,
                        pv_client **ret_client);

/* NULL is permitted. */
void pv_disconnect(pv_client *client);

/* Options of a call in the arena: `deadline_ms` from now. */
const pv_client_options *pv_connect_options(pv_arena *arena, int64_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
