/* settings.h — the table of purveyd's settings: name, default, meaning, and what a text must be to be a value.
 * Where the texts come from is config.c's business, and nothing else includes this. */
#ifndef PV_SERVER_SETTINGS_H
#define PV_SERVER_SETTINGS_H

#include "server/config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PV_SETTING_COUNT = 19 };

typedef struct pv_setting {
    const char *name;     /* as in --name */
    const char *fallback; /* the value if none is given */
    const char *help;     /* what it is, and which values are good */
    /* Puts the value into its field; false: it is none. The text is borrowed for as long as `config` lasts. */
    bool (*parse)(const char *value, pv_config *config);
} pv_setting;

extern const pv_setting pv_settings[PV_SETTING_COUNT];

#ifdef __cplusplus
}
#endif
#endif
