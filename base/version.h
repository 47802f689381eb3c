/* version.h — the release that client and server are of: what `purvey version` and WhoAmI say. */
#ifndef PV_BASE_VERSION_H
#define PV_BASE_VERSION_H

#define PV_VERSION "0.1.0"

#endif
