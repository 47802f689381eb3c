#include "server/served.h"

#include "purvey/account/v1/account_service.pv.h"
#include "purvey/account/v1/brand_service.pv.h"
#include "purvey/account/v1/certificate_service.pv.h"
#include "purvey/account/v1/domain_service.pv.h"
#include "purvey/account/v1/enrolment_service.pv.h"
#include "purvey/account/v1/group_service.pv.h"
#include "purvey/account/v1/identity_service.pv.h"
#include "purvey/account/v1/invitation_service.pv.h"
#include "purvey/account/v1/membership_service.pv.h"
#include "purvey/account/v1/partner_service.pv.h"
#include "purvey/account/v1/portal_service.pv.h"
#include "purvey/account/v1/user_service.pv.h"
#include "purvey/audit/v1/audit_service.pv.h"
#include "purvey/contract/v1/agreement_service.pv.h"
#include "purvey/contract/v1/contract_service.pv.h"
#include "purvey/event/v1/event_service.pv.h"
#include "purvey/order/v1/order_service.pv.h"
#include "purvey/order/v1/subscription_service.pv.h"
#include "purvey/order/v1/tier_account_service.pv.h"
#include "purvey/product/v1/connection_service.pv.h"
#include "purvey/product/v1/hub_service.pv.h"
#include "purvey/product/v1/item_service.pv.h"
#include "purvey/product/v1/listing_proposal_service.pv.h"
#include "purvey/product/v1/listing_service.pv.h"
#include "purvey/product/v1/marketplace_service.pv.h"
#include "purvey/product/v1/parameter_service.pv.h"
#include "purvey/product/v1/product_service.pv.h"
#include "purvey/product/v1/template_service.pv.h"
#include "purvey/usage/v1/charge_service.pv.h"
#include "purvey/usage/v1/usage_report_service.pv.h"

/* clang-format off */
#define SERVICES(X)                                                                        \
    X(account) X(user) X(group) X(membership) X(invitation) X(enrolment)                   \
    X(certificate) X(identity) X(partner)                                                  \
    X(brand) X(domain) X(portal)                                                           \
    X(agreement) X(contract)                                                               \
    X(product) X(item) X(parameter) X(template) X(marketplace) X(hub) X(connection)        \
    X(listing) X(listing_proposal)                                                         \
    X(tier_account) X(subscription) X(order)                                               \
    X(usage_report) X(charge) X(event) X(audit)
/* clang-format on */

#define SERVICE(name) &pv_##name##_service__service,

const pv_service *const pv_served[] = {SERVICES(SERVICE)};
const size_t pv_served_count = sizeof pv_served / sizeof *pv_served;

const pv_method_info *pv_served_method(const char *path, const pv_handler **ret_handler)
{
    for (size_t i = 0; i < pv_served_count; i++) {
        const pv_service_info *info = pv_served[i]->info;
        for (size_t j = 0; j < info->method_count; j++) {
            if (strcmp(info->methods[j].path, path) != 0) { continue; }
            *ret_handler = &pv_served[i]->handlers[j];
            return &info->methods[j];
        }
    }
    PV_ASSERT(false);
    return NULL;
}
