/* Users, kept by the account in which they are at home. */
#include "purvey/account/v1/user_service.pv.h"

#include "server/flows/account/members.h"
#include "server/flows/make.h"

/* The membership that a user has of its home account from its start. */
static pv_status make_membership(pv_call *call, const pv_create_user_request *request,
                                 const pv_user *user, pv_membership **ret_membership)
{
    pv_membership *membership = NULL;
    PV_TRY(pv_make(call, &pv_membership__object, &membership));
    membership->account_id = user->account_id;
    membership->operator_id = user->operator_id;
    membership->user_id = user->id;
    membership->name = user->name;
    membership->email = user->email;
    membership->kind = user->kind;
    PV_TRY(pv_stamp(call, &membership->join_time));
    PV_TRY(member_give_groups(call, membership, request->group_ids, request->n_group_ids));
    *ret_membership = membership;
    return pv_move(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_JOINED);
}

pv_status pv_user_service_create_user(pv_call *call, const pv_create_user_request *request,
                                      pv_create_user_response *response)
{
    pv_account *account = NULL;
    PV_TRY(account_find(call, request->account_id, &account));
    pv_user *user = NULL;
    PV_TRY(pv_make(call, &pv_user__object, &user));
    pv_take(&request->base, &pv_user__info, &user->base);
    user->account_id = account->id;
    user->operator_id = account->operator_id;
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_ACTIVE));
    PV_TRY(make_membership(call, request, user, &response->membership));
    response->user = user;
    PV_TRY(pv_save(call, &pv_user__object, user));
    PV_TRY(member_check_email(call, response->membership));
    return member_save(call, response->membership, user);
}

pv_status pv_user_service_get_user(pv_call *call, const pv_get_user_request *request,
                                   pv_get_user_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_user__object, request->user_id);
}

pv_status pv_user_service_list_users(pv_call *call, const pv_list_users_request *request,
                                     pv_list_users_response *response)
{
    (void)response;
    pv_condition of_account = pv_where(&pv_user__object, "account_id", request->account_id);
    return pv_answer_list(call, &pv_user__object, &request->base, &of_account,
                          pv_is_empty(request->account_id) ? 0 : 1);
}

pv_status pv_user_service_update_user(pv_call *call, const pv_update_user_request *request,
                                      pv_update_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    pv_user source = PV_USER__INIT;
    pv_take(&request->base, &pv_user__info, &source.base);
    PV_TRY(pv_change(call, &pv_user__object, request->update_mask, &source.base, &user->base));
    PV_TRY(pv_demand_text(call, "name", user->name));
    response->user = user;
    return pv_save(call, &pv_user__object, user);
}

/* In other accounts too the user may have streams open that end now. */
static pv_status touch_accounts(pv_call *call, const pv_user *user)
{
    pv_membership **found = NULL;
    size_t count = 0;
    PV_TRY(member_of_all(call, user->id, MEMBER_ACCOUNTS_MAX, &found, &count));
    for (size_t i = 0; i < count; i++) {
        pv_touch(call, pv_id_of(&pv_account__object, found[i]->account_id));
    }
    return pv_ok();
}

/* Stores a user that was switched on or off. Only the membership of its home account can make it an
 * administrator, so that no account depends on people whom others switch off. */
static pv_status save_switched(pv_call *call, pv_user *user)
{
    PV_TRY(pv_save(call, &pv_user__object, user));
    PV_TRY(touch_accounts(call, user));
    pv_membership *membership = NULL;
    PV_TRY(pv_if_any(member_of(call, user->account_id, user->id, &membership)));
    return membership == NULL ? pv_ok() : member_save(call, membership, user);
}

pv_status pv_user_service_activate_user(pv_call *call, const pv_activate_user_request *request,
                                        pv_activate_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_ACTIVE));
    response->user = user;
    return save_switched(call, user);
}

pv_status pv_user_service_deactivate_user(pv_call *call, const pv_deactivate_user_request *request,
                                          pv_deactivate_user_response *response)
{
    pv_user *user = NULL;
    PV_TRY(pv_begin(call, &pv_user__object, request->user_id, request->etag, &user));
    PV_TRY(pv_move(call, &pv_user__object, user, PV_USER_STATE_INACTIVE));
    response->user = user;
    return save_switched(call, user);
}
