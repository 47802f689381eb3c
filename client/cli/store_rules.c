#include "client/cli/store_rules.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/certificate.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "purvey/audit/v1/audit_entry.pv.h"
#include "purvey/catalog.pv.h"
#include "purvey/event/v1/event.pv.h"
#include "purvey/storage/v1/storage.pv.h"
#include "server/identity/identity.h"

static const pv_schema *schema(void)
{
    static pv_schema all;
    all.objects = pv_catalog__objects;
    all.object_count = pv_catalog__object_count;
    return &all;
}

pv_check_rules pv_store_rules(void)
{
    static const char *const settings[] = {PV_SETTING_OPERATOR, PV_SETTING_TRUST_DOMAIN,
                                           PV_SETTING_TOKEN_KEY, NULL};
    return (pv_check_rules){
        .schema = schema(),
        .account = &pv_account__object,
        .user = &pv_user__object,
        .certificate = &pv_certificate__object,
        .event = &pv_event__info,
        .audit_entry = &pv_audit_entry__info,
        .answer = &pv_stored_answer__info,
        .settings = settings,
    };
}
