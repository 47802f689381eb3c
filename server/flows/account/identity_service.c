/* The caller's own view of itself. */
#include "purvey/account/v1/identity_service.pv.h"

#include "base/version.h"
#include "protos/runtime/timestamp.h"
#include "server/flows/account/grants.h"
#include "server/flows/account/issuing.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"
#include "server/identity/access.h"

static pv_status add_rights(pv_call *call, pv_who_am_iresponse *response)
{
    pv_rights rights = account_rights_of_caller(call);
    pv_rights of_groups;
    account_grants list;
    PV_TRY(account_grants_of(call, &rights, &list));
    response->scopes = list.items;
    response->n_scopes = list.count;
    PV_TRY(pv_store_refused(call, pv_rights_of_member(call->context->txn, call->arena,
                                                      response->membership, &of_groups)));
    PV_TRY(account_grants_of(call, &of_groups, &list));
    response->group_grants = list.items;
    response->n_group_grants = list.count;
    return pv_ok();
}

static pv_status add_server(pv_call *call, pv_who_am_iresponse *response)
{
    response->server_time = pv_timestamp_new(call->arena, call->context->now);
    if (response->server_time == NULL) { return pv_out_of_memory(call); }
    return pv_text(call, PV_VERSION, &response->server_version);
}

static pv_status add_membership(pv_call *call, const pv_membership *membership,
                                pv_who_am_iresponse *response)
{
    pv_account *account = NULL;
    pv_joined_account *joined = NULL;
    PV_TRY(pv_fetch(call, &pv_account__object, membership->account_id, &account));
    PV_TRY(pv_make_part(call, &pv_joined_account__info, &joined));
    joined->membership_id = membership->id;
    joined->account_id = account->id;
    joined->account_name = account->name;
    joined->account_type = account->type;
    joined->account_state = account->state;
    response->memberships[response->n_memberships++] = joined;
    return pv_ok();
}

static pv_status add_memberships(pv_call *call, pv_who_am_iresponse *response)
{
    pv_membership **found = NULL;
    size_t count = 0;
    PV_TRY(member_of_all(call, pv_caller_of(call)->user_id, MEMBER_ACCOUNTS_MAX, &found, &count));
    response->memberships = pv_arena_zalloc(call->arena, count, sizeof *response->memberships);
    if (response->memberships == NULL) { return pv_out_of_memory(call); }
    for (size_t i = 0; i < count; i++) { PV_TRY(add_membership(call, found[i], response)); }
    return pv_ok();
}

static pv_status add_method(pv_call *call, const pv_method_info *info,
                            pv_who_am_iresponse *response)
{
    pv_callable_method *method = NULL;
    PV_TRY(pv_make_part(call, &pv_callable_method__info, &method));
    PV_TRY(pv_text(call, info->path + 1, &method->name));
    method->module = (pv_module)info->module;
    method->grant = (pv_grant)info->grant;
    method->writes = (info->flags & PV_METHOD_WRITES) != 0;
    response->methods[response->n_methods++] = method;
    return pv_ok();
}

static pv_status add_methods(pv_call *call, pv_who_am_iresponse *response)
{
    const struct pv_context *context = call->context;
    size_t most = 0;
    for (size_t s = 0; s < context->service_count; s++) {
        most += context->services[s]->method_count;
    }
    response->methods = pv_arena_zalloc(call->arena, most, sizeof *response->methods);
    if (response->methods == NULL) { return pv_out_of_memory(call); }
    for (size_t s = 0; s < context->service_count; s++) {
        for (size_t m = 0; m < context->services[s]->method_count; m++) {
            const pv_method_info *method = &context->services[s]->methods[m];
            if (pv_access_permits(method, pv_caller_of(call))) {
                PV_TRY(add_method(call, method, response));
            }
        }
    }
    return pv_ok();
}

pv_status pv_identity_service_who_am_i(pv_call *call, const pv_who_am_irequest *request,
                                       pv_who_am_iresponse *response)
{
    (void)request;
    const pv_caller *caller = pv_caller_of(call);
    PV_TRY(pv_fetch(call, &pv_account__object, caller->account_id, &response->account));
    PV_TRY(pv_fetch(call, &pv_user__object, caller->user_id, &response->user));
    PV_TRY(pv_fetch(call, &pv_membership__object, caller->membership_id, &response->membership));
    PV_TRY(pv_fetch(call, &pv_certificate__object, caller->certificate_id, &response->certificate));
    PV_TRY(issuing_show(call, call->arena, response->certificate));
    PV_TRY(add_rights(call, response));
    PV_TRY(add_server(call, response));
    PV_TRY(add_memberships(call, response));
    return add_methods(call, response);
}
