#include "client/cli/services.h"

#include "purvey/account/v1/account_service.pv.h"
#include "purvey/account/v1/certificate_service.pv.h"
#include "purvey/account/v1/identity_service.pv.h"
#include "purvey/account/v1/user_service.pv.h"
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

static const pv_service_info *const services[] = {
    &pv_identity_service__info,
    &pv_account_service__info,
    &pv_user_service__info,
    &pv_certificate_service__info,
    &pv_agreement_service__info,
    &pv_contract_service__info,
    &pv_product_service__info,
    &pv_item_service__info,
    &pv_parameter_service__info,
    &pv_template_service__info,
    &pv_marketplace_service__info,
    &pv_hub_service__info,
    &pv_connection_service__info,
    &pv_listing_proposal_service__info,
    &pv_listing_service__info,
    &pv_tier_account_service__info,
    &pv_order_service__info,
    &pv_subscription_service__info,
    &pv_usage_report_service__info,
    &pv_charge_service__info,
    &pv_event_service__info,
};

pv_service_list pv_services_all(void)
{
    return (pv_service_list){.services = services, .count = sizeof services / sizeof *services};
}
