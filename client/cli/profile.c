#include "client/cli/profile.h"

#include "client/cli/config_settings.h"
#include "client/cli/trouble.h"

#include <stdlib.h>

static const char *first(const char *a, const char *b)
{
    return a != NULL && a[0] != '\0' ? a : b;
}

const char *pv_profile_asked(const pv_options *options)
{
    return first(options->profile, first(getenv("PURVEY_PROFILE"), NULL));
}

const char *pv_profile_variable(void)
{
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const char *variable = pv_profile_settings[i].variable;
        if (variable != NULL && first(getenv(variable), NULL) != NULL) { return variable; }
    }
    return NULL;
}

static pv_status refuse_missing(const pv_config *config, const char *name, pv_error *error)
{
    if (config->text[0] == '\0') {
        return pv_refuse(error, &pv_trouble_profile_missing,
                         "There is no file %s to hold the profile %s.",
                         config->path == NULL ? "~/.config/purvey/config" : config->path, name);
    }
    return pv_refuse(error, &pv_trouble_profile_missing, "%s has no profile [%s].", config->path,
                     name);
}

pv_status pv_profile_read(pv_arena *arena, const pv_options *options, pv_error *error,
                          pv_profile *ret_profile)
{
    pv_config *config = NULL;
    PV_TRY(pv_config_read(arena, error, &config));
    const char *asked = pv_profile_asked(options);
    if (asked == NULL) { asked = config->current; }
    const pv_profile *found = pv_config_find(config, first(asked, "default"));
    if (found == NULL && asked != NULL) { return refuse_missing(config, asked, error); }
    pv_profile profile = {0};
    if (found != NULL) { profile = *found; }
    for (size_t i = 0; i < PV_PROFILE_SETTINGS; i++) {
        const char *variable = pv_profile_settings[i].variable;
        const char *value = variable == NULL ? NULL : first(getenv(variable), NULL);
        if (value != NULL) { pv_profile_set(&profile, &pv_profile_settings[i], value); }
    }
    profile.server = first(options->server, profile.server);
    profile.ca = first(options->ca, profile.ca);
    profile.cert = first(options->cert, profile.cert);
    profile.key = first(options->key, profile.key);
    profile.server_name = first(options->server_name, profile.server_name);
    *ret_profile = profile;
    return pv_ok();
}

pv_status pv_profile_check(const pv_profile *profile, bool proves_itself, pv_error *error)
{
    const struct {
        const char *value, *what, *flag, *variable;
    } needed[] = {
        {profile->server, "where the service is", "--server HOST:PORT", "PURVEY_SERVER"},
        {profile->ca, "the roots to check the service against", "--ca FILE", "PURVEY_CA"},
        {profile->cert, "your client certificate", "--cert FILE", "PURVEY_CERT"},
        {profile->key, "the key of your certificate", "--key FILE", "PURVEY_KEY"},
    };
    size_t count = proves_itself ? 4 : 2;
    for (size_t i = 0; i < count; i++) {
        if (needed[i].value == NULL) {
            return pv_refuse(
                error, &pv_trouble_setting_missing,
                "Missing is %s: give %s, set %s, or write it to ~/.config/purvey/config.",
                needed[i].what, needed[i].flag, needed[i].variable);
        }
    }
    return pv_ok();
}
