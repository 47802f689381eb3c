/* grants.h — lists of {module, grant}, as users and certificates hold them. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_GRANTS_H
#define PV_SERVER_FLOWS_ACCOUNT_GRANTS_H

#include "purvey/account/v1/user.pv.h"
#include "server/flows/flow.h"

/* A list as in a message. */
typedef struct account_grants {
    pv_module_grant **items;
    size_t count;
} account_grants;

/* GRANTS_INVALID when a module is named twice. */
PV_MUST_USE pv_status account_grants_check(pv_call *call, account_grants grants);

/* The grant in a module; GRANT_UNSPECIFIED if the module is not named. */
pv_grant account_grant_in(account_grants grants, pv_module module);

/* SCOPES_EXCEED_USER when a scope is stronger than the user's grant in its module. */
PV_MUST_USE pv_status account_scopes_check(pv_call *call, account_grants scopes,
                                           const pv_user *user);

/* Sets whether the user, in its present state and with its present grants, is an administrator. */
void account_set_administrator(pv_user *user);

#endif
