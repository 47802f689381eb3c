#include "server/flows/account/domains.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/account/members.h"

pv_status domain_verified(pv_call *call, const char *name, pv_domain **ret_domain)
{
    const pv_object_info *object = &pv_domain__object;
    const pv_condition conditions[] = {
        pv_where(object, "name", name),
        pv_where_number(object, "state", PV_DOMAIN_STATE_VERIFIED),
    };
    pv_id platform;
    PV_TRY(account_operator(call, &platform));
    return pv_if_any(pv_lookup(call, object, platform, conditions, 2, ret_domain));
}
