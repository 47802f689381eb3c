/* version.h — what `purvey version` says. */
#ifndef PV_CLIENT_CLI_VERSION_H
#define PV_CLIENT_CLI_VERSION_H

#define PV_VERSION "0.1.0"

#endif
