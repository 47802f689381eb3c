/* profile.h — where the service is and with what to go there. Each value comes from its flag, else
 * from the environment (PURVEY_SERVER, PURVEY_CA, PURVEY_CERT, PURVEY_KEY, PURVEY_SERVER_NAME),
 * else from the profile in the file of config.h.
 *
 * The profile is --profile, else PURVEY_PROFILE, else what the file says, else "default", which
 * need not be there.
 *
 * Memory: texts live in the arena of the command. */
#ifndef PV_CLIENT_CLI_PROFILE_H
#define PV_CLIENT_CLI_PROFILE_H

#include "client/cli/config.h"
#include "client/cli/options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name that was asked for by flag or environment; NULL: none was. */
const char *pv_profile_asked(const pv_options *options);

/* A variable of the environment that takes the place of a profile's value; NULL: none does. */
const char *pv_profile_variable(void);

/* Puts the values together. PROFILE_MISSING: one was asked for and is not there; PROFILE_INVALID. */
PV_MUST_USE pv_status pv_profile_read(pv_arena *arena, const pv_options *options, pv_error *error,
                                      pv_profile *ret_profile);

/* SETTING_MISSING when a call needs more than there is; of certificate and key only when
 * `proves_itself`. */
PV_MUST_USE pv_status pv_profile_check(const pv_profile *profile, bool proves_itself,
                                       pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
