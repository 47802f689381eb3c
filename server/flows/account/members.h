/* members.h — what the services of users and of memberships do alike: groups that are given, the rule that an account
 * keeps an administrator, memberships found by user or address. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_MEMBERS_H
#define PV_SERVER_FLOWS_ACCOUNT_MEMBERS_H

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/flows/flow.h"

/* An account of the caller's, or any for the operator; "" is the caller's own. NOT_FOUND. */
PV_MUST_USE pv_status account_find(pv_call *call, const char *account_id, pv_account **ret_account);

/* Account of the platform's operator. */
PV_MUST_USE pv_status account_operator(pv_call *call, pv_id *ret_account);

/* Gives the member these groups. Every one must be an active group of the account, and may give, as far as the member
 * did not have it before, no right that the caller does not hold. NOT_FOUND, GROUPS_INVALID,
 * GRANTS_EXCEED_CALLER. */
PV_MUST_USE pv_status member_give_groups(pv_call *call, pv_membership *membership, char **group_ids,
                                         size_t count);

/* Stores the membership, with `administrator` as user (NULL: nobody joined yet) and account make it. LAST_MANAGER
 * when the account had an administrator in this member and is left without any. */
PV_MUST_USE pv_status member_save(pv_call *call, pv_membership *membership, const pv_user *user);

/* Makes the user a member: JOINED, and stored. */
PV_MUST_USE pv_status member_join(pv_call *call, pv_membership *membership, const pv_user *user);

/* The JOINED membership of a user in an account. NOT_FOUND without filling call->error. */
PV_MUST_USE pv_status member_of(pv_call *call, const char *account_id, const char *user_id,
                                pv_membership **ret_membership);

/* Accounts that one user may be a member of, so that switching it off and telling it who it is stay one short walk. */
enum { MEMBER_ACCOUNTS_MAX = 1000 };

/* The JOINED memberships of a user in whatever account, at most `limit`; STORE_FULL beyond. */
PV_MUST_USE pv_status member_of_all(pv_call *call, const char *user_id, size_t limit,
                                    pv_membership ***ret_memberships, size_t *ret_count);

/* MEMBERSHIP_EXISTS unless the member's address is in no other membership of the account that has not ended. */
PV_MUST_USE pv_status member_check_email(pv_call *call, const pv_membership *membership);

PV_MUST_USE pv_status member_refuse_existing(pv_call *call, const pv_membership *existing);

#endif
