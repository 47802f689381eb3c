/* services.h — every service that this program can call: the one list that a new service joins. */
#ifndef PV_CLIENT_CLI_SERVICES_H
#define PV_CLIENT_CLI_SERVICES_H

#include "client/cli/command.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Static, in the order of the help text. A test compares it with the rules of all areas. */
pv_service_list pv_services_all(void);

#ifdef __cplusplus
}
#endif
#endif
