/* access.h — may this caller call this method at all? Decided from the generated access table alone, before
 * anything is read; what it may do to an object is decided later, by the flow library. Closed by default: a
 * row without roles, or with a module but no grant, refuses everybody. Pure; any thread.
 * Reasons, in this order: NO_CERTIFICATE, ROLE_MAY_NOT_CALL, GRANT_MISSING. */
#ifndef PV_SERVER_IDENTITY_ACCESS_H
#define PV_SERVER_IDENTITY_ACCESS_H

#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `caller` is NULL for a peer without identity: it may call PUBLIC methods only. */
PV_MUST_USE pv_status pv_access_check(const pv_method_info *method, const pv_caller *caller,
                                      pv_error *error);

/* The same question without an error to fill, for WhoAmI. */
bool pv_access_permits(const pv_method_info *method, const pv_caller *caller);

/* Name of an enum's value without the prefix of the enum: "MANAGE". The enum's value 0 must be named
 * ..._UNSPECIFIED; an unknown number is "UNSPECIFIED" too. Static. */
const char *pv_access_word(const ProtobufCEnumDescriptor *type, int value);

#ifdef __cplusplus
}
#endif
#endif
