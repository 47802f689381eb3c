/* served.h — every service purveyd serves, in the order of the areas. The one list: the server, WhoAmI and the
 * tests read it. */
#ifndef PV_SERVER_SERVED_H
#define PV_SERVER_SERVED_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_service *const pv_served[];
extern const pv_service_info *const pv_served_info[];
extern const size_t pv_served_count;

#ifdef __cplusplus
}
#endif
#endif
