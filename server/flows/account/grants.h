/* grants.h — lists of {module, grant}, as groups and certificates hold them, and the rights behind them. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_GRANTS_H
#define PV_SERVER_FLOWS_ACCOUNT_GRANTS_H

#include "server/identity/rights.h"

/* A list as in a message. */
typedef struct account_grants {
    pv_module_grant **items;
    size_t count;
} account_grants;

/* GRANTS_INVALID when a module is named twice. */
PV_MUST_USE pv_status account_grants_check(pv_call *call, account_grants grants);

/* The rights as a list in order of module. */
PV_MUST_USE pv_status account_grants_of(pv_call *call, const pv_rights *rights,
                                        account_grants *ret_grants);

/* The rights of a member. */
PV_MUST_USE pv_status account_rights_of_member(pv_call *call, const pv_membership *membership,
                                               pv_rights *ret_rights);

/* The rights that the caller has with its certificate. */
pv_rights account_rights_of_caller(const pv_call *call);

/* GRANTS_EXCEED_CALLER when these are more rights than the caller has. */
PV_MUST_USE pv_status account_demand_rights(pv_call *call, const pv_rights *rights);

/* SCOPES_EXCEED_USER when these scopes are more than the rights of the member. */
PV_MUST_USE pv_status account_scopes_check(pv_call *call, const pv_rights *scopes,
                                           const pv_rights *rights,
                                           const pv_membership *membership);

#endif
