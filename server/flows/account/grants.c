#include "server/flows/account/grants.h"

#include "server/flows/make.h"
#include "server/identity/access.h"

static const char *module_name(unsigned module)
{
    return pv_access_word(&purvey__common__v1__module__descriptor, (int)module);
}

static const char *grant_name(unsigned grant)
{
    if (grant == PV_GRANT_UNSPECIFIED) { return "nothing"; }
    return pv_access_word(&purvey__common__v1__grant__descriptor, (int)grant);
}

pv_status account_grants_check(pv_call *call, account_grants grants)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < grants.count; i++) {
        unsigned module = (unsigned)grants.items[i]->module;
        PV_ASSERT(module < 64);
        if ((seen >> module & 1) != 0) {
            pv_error_note(&call->error, "module", "%s", module_name(module));
            return pv_refuse(&call->error, &pv_error_reason_grants_invalid,
                             "The module %s is named more than once.", module_name(module));
        }
        seen |= UINT64_C(1) << module;
    }
    return pv_ok();
}

pv_status account_grants_of(pv_call *call, const pv_rights *rights, account_grants *ret_grants)
{
    ret_grants->count = 0;
    ret_grants->items = pv_arena_zalloc(call->arena, PV_MODULES_MAX, sizeof *ret_grants->items);
    if (ret_grants->items == NULL) { return pv_out_of_memory(call); }
    for (unsigned module = 1; module < PV_MODULES_MAX; module++) {
        if (rights->grants[module] == PV_GRANT_UNSPECIFIED) { continue; }
        pv_module_grant *grant = NULL;
        PV_TRY(pv_make_part(call, &pv_module_grant__info, &grant));
        grant->module = (pv_module)module;
        grant->grant = (pv_grant)rights->grants[module];
        ret_grants->items[ret_grants->count++] = grant;
    }
    return pv_ok();
}

pv_status account_rights_of_member(pv_call *call, const pv_membership *membership,
                                   pv_rights *ret_rights)
{
    return pv_store_refused(
        call, pv_rights_of_member(call->context->txn, call->arena, membership, ret_rights));
}

pv_rights account_rights_of_caller(const pv_call *call)
{
    pv_rights rights;
    memcpy(rights.grants, pv_caller_of(call)->grants, sizeof rights.grants);
    return rights;
}

/* The first module in which there is more than there may be; 0 if there is none. */
static unsigned first_beyond(const pv_rights *wanted, const pv_rights *most)
{
    for (unsigned module = 1; module < PV_MODULES_MAX; module++) {
        if (wanted->grants[module] > most->grants[module]) { return module; }
    }
    return 0;
}

pv_status account_demand_rights(pv_call *call, const pv_rights *rights)
{
    pv_rights held = account_rights_of_caller(call);
    unsigned module = first_beyond(rights, &held);
    if (module == 0) { return pv_ok(); }
    pv_error_note(&call->error, "module", "%s", module_name(module));
    return pv_refuse(&call->error, &pv_error_reason_grants_exceed_caller,
                     "This would give %s of the module %s; you hold %s there.",
                     grant_name(rights->grants[module]), module_name(module),
                     grant_name(held.grants[module]));
}

pv_status account_scopes_check(pv_call *call, const pv_rights *scopes, const pv_rights *rights,
                               const pv_membership *membership)
{
    unsigned module = first_beyond(scopes, rights);
    if (module == 0) { return pv_ok(); }
    pv_error_note(&call->error, "module", "%s", module_name(module));
    return pv_refuse(&call->error, &pv_error_reason_scopes_exceed_user,
                     "The certificate would hold %s of the module %s; %s holds %s there.",
                     grant_name(scopes->grants[module]), module_name(module), membership->id,
                     grant_name(rights->grants[module]));
}
