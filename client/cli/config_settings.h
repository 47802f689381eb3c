/* config_settings.h — the settings of a profile by name. Internal to config.c, config_edit.c and profile.c. */
#ifndef PV_CLIENT_CLI_CONFIG_SETTINGS_H
#define PV_CLIENT_CLI_CONFIG_SETTINGS_H

#include "client/cli/config.h"

/* In the order in which they are written. */
typedef struct pv_setting_of_profile {
    const char *name;
    const char *variable; /* of the environment, which wins; NULL: none */
    size_t offset;        /* in pv_profile */
    bool is_path;         /* relative to the folder of the file */
} pv_setting_of_profile;

enum { PV_PROFILE_SETTINGS = 9 };
extern const pv_setting_of_profile pv_profile_settings[PV_PROFILE_SETTINGS];

static inline const char *pv_profile_value(const pv_profile *profile,
                                           const pv_setting_of_profile *setting)
{
    const char *value;
    memcpy(&value, (const char *)profile + setting->offset, sizeof value);
    return value;
}

static inline void pv_profile_set(pv_profile *profile, const pv_setting_of_profile *setting,
                                  const char *value)
{
    memcpy((char *)profile + setting->offset, &value, sizeof value);
}

#endif
