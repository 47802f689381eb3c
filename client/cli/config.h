/* config.h — the file of the profiles, $XDG_CONFIG_HOME/purvey/config or ~/.config/purvey/config. A person may write
 * it, and so do `purvey login` and `purvey profile`, which leave alone what they do not change:
 *
 *     profile = acme                # the one that is used when none is named; else "default"
 *
 *     [acme]
 *     server = purvey.example.com:20443
 *     ca = profiles/acme/current/server-ca.pem    # paths are relative to the file's own folder
 *     cert = profiles/acme/current/certificate.pem
 *     key = profiles/acme/current/key.pem
 *     server_name = purvey.internal               # expected in the server's certificate instead of the host
 *     account = acc_...                           # this and what follows is for people, and for purvey profile
 *     account_name = Acme
 *     user = usr_...
 *     user_name = Ada
 *
 * A comment begins with '#' at the beginning of a line or behind a blank.
 *
 * Memory: everything lives in the arena. Threads: one. Writers keep each other away by a lock on the folder; a reader
 * sees the file before or after a change.
 * Reasons: PROFILE_MISSING, PROFILE_INVALID, FILE_UNWRITTEN. */
#ifndef PV_CLIENT_CLI_CONFIG_H
#define PV_CLIENT_CLI_CONFIG_H

#include "base/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_CONFIG_BYTES_MAX = 64 * 1024, PV_CONFIG_PROFILES_MAX = 256, PV_PROFILE_NAME_MAX = 64 };

/* NULL: not said. */
typedef struct pv_profile {
    const char *name;
    const char *server; /* "host:port" */
    const char *ca;     /* paths, as they can be opened */
    const char *cert;
    const char *key;
    const char *server_name;
    const char *account;
    const char *account_name;
    const char *user;
    const char *user_name;
} pv_profile;

/* A part of the file's text. */
typedef struct pv_config_part {
    size_t begin, end;
} pv_config_part;

typedef struct pv_config {
    const char *folder; /* ~/.config/purvey; NULL: the environment names no home */
    const char *path;
    const char *text;    /* "" if there is no file */
    const char *current; /* of the first line; NULL: not said */
    pv_config_part head; /* that line */
    size_t count;
    pv_profile profiles[PV_CONFIG_PROFILES_MAX];
    pv_config_part parts[PV_CONFIG_PROFILES_MAX]; /* from the name to the last setting */
} pv_config;

/* Reads the file; one that is not there has no profiles. PROFILE_INVALID. */
PV_MUST_USE pv_status pv_config_read(pv_arena *arena, pv_error *error, pv_config **ret_config);

/* NULL: there is none. */
const pv_profile *pv_config_find(const pv_config *config, const char *name);

/* The profile that is used when none is named: what the file says, else "default". */
const char *pv_config_current(const pv_config *config);

/* A name that can be a folder's: letters, digits, '.', '_', '-', not the last three first, at most
 * PV_PROFILE_NAME_MAX. */
PV_MUST_USE bool pv_profile_name_is_good(const char *name);

/* Puts the profile in place of the one of its name, or behind all others; the first one becomes the current one. Paths
 * are written as given. */
PV_MUST_USE pv_status pv_config_put(pv_arena *arena, const pv_profile *profile, pv_error *error);

/* PROFILE_MISSING. When it was the current one, "default" is the current one again. */
PV_MUST_USE pv_status pv_config_remove(pv_arena *arena, const char *name, pv_error *error);

/* Makes it the current one. PROFILE_MISSING. */
PV_MUST_USE pv_status pv_config_use(pv_arena *arena, const char *name, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
