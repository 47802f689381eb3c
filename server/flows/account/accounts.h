/* accounts.h — how an account comes onto the platform, whoever brings it: with its group Administrators, and with an
 * invitation for the first of them. No right of the caller is looked at here: its method decides who may. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_ACCOUNTS_H
#define PV_SERVER_FLOWS_ACCOUNT_ACCOUNTS_H

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stores a new account as ACTIVE, with its group Administrators, which may do everything. What the account says about
 * itself is filled in already. */
PV_MUST_USE pv_status pv_account_found(pv_call *call, pv_account *account);

/* Invites somebody into the account's group Administrators; the membership's invitation ends after `lifetime_hours`
 * (0: the default). */
PV_MUST_USE pv_status pv_account_invite(pv_call *call, const pv_account *account, char *name,
                                        char *email, int32_t lifetime_hours,
                                        pv_membership **ret_membership, char **ret_token);

/* Opens the invitation of an account that nobody has joined anew, with another token. PARTNER_MANAGES_ITSELF. */
PV_MUST_USE pv_status pv_account_invite_again(pv_call *call, const pv_account *account,
                                              int32_t lifetime_hours,
                                              pv_membership **ret_membership, char **ret_token);

#ifdef __cplusplus
}
#endif
#endif
