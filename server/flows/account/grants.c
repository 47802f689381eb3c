#include "server/flows/account/grants.h"

#include "server/identity/access.h"

static const char *module_name(pv_module module)
{
    return pv_access_word(&purvey__common__v1__module__descriptor, (int)module);
}

static const char *grant_name(pv_grant grant)
{
    return pv_access_word(&purvey__common__v1__grant__descriptor, (int)grant);
}

pv_status account_grants_check(pv_call *call, account_grants grants)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < grants.count; i++) {
        unsigned module = (unsigned)grants.items[i]->module;
        PV_ASSERT(module < 64);
        if ((seen >> module & 1) != 0) {
            pv_error_note(&call->error, "module", "%s", module_name(grants.items[i]->module));
            return pv_refuse(&call->error, &pv_error_reason_grants_invalid,
                             "The module %s is named more than once.",
                             module_name(grants.items[i]->module));
        }
        seen |= UINT64_C(1) << module;
    }
    return pv_ok();
}

pv_grant account_grant_in(account_grants grants, pv_module module)
{
    for (size_t i = 0; i < grants.count; i++) {
        if (grants.items[i]->module == module) { return grants.items[i]->grant; }
    }
    return PV_GRANT_UNSPECIFIED;
}

pv_status account_scopes_check(pv_call *call, account_grants scopes, const pv_user *user)
{
    account_grants held = {user->grants, user->n_grants};
    for (size_t i = 0; i < scopes.count; i++) {
        const pv_module_grant *scope = scopes.items[i];
        pv_grant most = account_grant_in(held, scope->module);
        if (scope->grant <= most) { continue; }
        pv_error_note(&call->error, "module", "%s", module_name(scope->module));
        return pv_refuse(&call->error, &pv_error_reason_scopes_exceed_user,
                         "The certificate would hold %s of the module %s; %s holds %s.",
                         grant_name(scope->grant), module_name(scope->module), user->id,
                         most == PV_GRANT_UNSPECIFIED ? "nothing there" : grant_name(most));
    }
    return pv_ok();
}

void account_set_administrator(pv_user *user)
{
    account_grants grants = {user->grants, user->n_grants};
    user->administrator = user->state == PV_USER_STATE_ACTIVE &&
                          account_grant_in(grants, PV_MODULE_ACCOUNT) == PV_GRANT_MANAGE;
}
