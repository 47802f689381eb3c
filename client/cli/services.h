/* services.h — every service that this program can call: all that the .proto files have. */
#ifndef PV_CLIENT_CLI_SERVICES_H
#define PV_CLIENT_CLI_SERVICES_H

#include "client/cli/command.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Static; in order of their full names. */
pv_service_list pv_services_all(void);

#ifdef __cplusplus
}
#endif
#endif
