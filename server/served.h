/* served.h — every service with the functions that implement it: what purveyd serves. The tables alone are in the
 * generated catalog (purvey/catalog.pv.h); purveyd checks at its start that both name the same number. */
#ifndef PV_SERVER_SERVED_H
#define PV_SERVER_SERVED_H

#include "protos/runtime/call.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_service *const pv_served[];
extern const size_t pv_served_count;

/* The method of this path, which must be served, and what implements it. */
const pv_method_info *pv_served_method(const char *path, const pv_handler **ret_handler);

#ifdef __cplusplus
}
#endif
#endif
