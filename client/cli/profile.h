/* profile.h — where the service is and with what to go there. Each value comes from its flag, else
 * from the environment (PURVEY_SERVER, PURVEY_CA, PURVEY_CERT, PURVEY_KEY, PURVEY_SERVER_NAME),
 * else from the section of the profile in $XDG_CONFIG_HOME/purvey/config or
 * ~/.config/purvey/config:
 *
 *     [default]
 *     server = purvey.example.com:443
 *     ca = server-ca.pem          # relative to the file's own folder
 *     cert = me.pem
 *     key = me.key
 *
 * The profile is --profile, else PURVEY_PROFILE, else "default", which need not be there. */
#ifndef PV_CLIENT_CLI_PROFILE_H
#define PV_CLIENT_CLI_PROFILE_H

#include "client/cli/options.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_PROFILE_FILE_BYTES_MAX = 64 * 1024 };

/* Texts live in the arena of the command; NULL: not given anywhere. */
typedef struct pv_profile {
    const char *server;
    const char *ca;
    const char *cert;
    const char *key;
    const char *server_name;
} pv_profile;

/* Puts the values together. PV_EXIT_USAGE after a message: the file has a line that is none, an
 * unknown setting, or not the section asked for. */
pv_exit pv_profile_read(pv_cli *cli, const pv_options *options, pv_profile *ret_profile);

#ifdef __cplusplus
}
#endif
#endif
