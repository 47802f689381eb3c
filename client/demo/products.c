/* The product part of the chain: defined by its vendor, listed by the distributor. */
#include "client/demo/chain.h"
#include "purvey/product/v1/connection_service.pv.h"
#include "purvey/product/v1/item_service.pv.h"
#include "purvey/product/v1/listing_proposal_service.pv.h"
#include "purvey/product/v1/parameter_service.pv.h"
#include "purvey/product/v1/product_service.pv.h"
#include "purvey/product/v1/template_service.pv.h"

static bool make_product(chain *of, size_t vendor)
{
    const actor *who = &of->vendors[vendor];
    pv_product_capabilities capabilities = PV_PRODUCT_CAPABILITIES__INIT;
    capabilities.usage_schema = PV_USAGE_SCHEMA_CR;
    capabilities.administrative_hold = 1;
    pv_create_product_request request = PV_CREATE_PRODUCT_REQUEST__INIT;
    pv_create_product_response *response = NULL;
    request.name = pv_arena_printf(who->arena, "%s Cloud", who->name);
    request.short_description = text_of("Cloud services, billed as used.");
    request.category = text_of("Cloud");
    request.capabilities = &capabilities;
    request.request_id = actor_request_id(who);
    ASK(who, pv_product_client_create_product, &request, &response);
    of->survey->vendors[vendor].product_id = response->product->id;
    return true;
}

static bool make_item(const actor *who, const char *product_id, const survey_item *item)
{
    pv_create_item_request request = PV_CREATE_ITEM_REQUEST__INIT;
    pv_create_item_response *response = NULL;
    request.product_id = text_of(product_id);
    request.mpn = text_of(item->mpn);
    request.name = text_of(item->service);
    request.type = PV_ITEM_TYPE_PAY_AS_YOU_GO;
    request.period = PV_ITEM_PERIOD_MONTHLY;
    request.unit = text_of(item->unit);
    request.quantity_scale = item->scale;
    request.request_id = actor_request_id(who);
    ASK(who, pv_item_client_create_item, &request, &response);
    return true;
}

static bool make_items(chain *of, size_t vendor, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < of->survey->item_count; i++) {
        const survey_item *item = &of->survey->items[i];
        if (item->vendor != vendor) { continue; }
        if (!make_item(&of->vendors[vendor], of->survey->vendors[vendor].product_id, item)) {
            return false;
        }
        (*ret_count)++;
    }
    return true;
}

static bool make_parameter(const actor *who, const char *product_id)
{
    pv_parameter_constraints constraints = PV_PARAMETER_CONSTRAINTS__INIT;
    constraints.required = 1;
    pv_create_parameter_request request = PV_CREATE_PARAMETER_REQUEST__INIT;
    pv_create_parameter_response *response = NULL;
    request.product_id = text_of(product_id);
    request.name = text_of("sub_account");
    request.title = text_of("Sub-account of the customer");
    request.phase = PV_PARAMETER_PHASE_ORDERING;
    request.scope = PV_PARAMETER_SCOPE_SUBSCRIPTION;
    request.type = PV_PARAMETER_TYPE_TEXT;
    request.constraints = &constraints;
    request.request_id = actor_request_id(who);
    ASK(who, pv_parameter_client_create_parameter, &request, &response);
    return true;
}

static bool make_template(const actor *who, const char *product_id, pv_template_type type,
                          const char *body, const char **ret_id)
{
    pv_create_template_request request = PV_CREATE_TEMPLATE_REQUEST__INIT;
    pv_create_template_response *response = NULL;
    request.product_id = text_of(product_id);
    request.name = text_of(type == PV_TEMPLATE_TYPE_INQUIRE ? "Inquiry" : "Activation");
    request.type = type;
    request.body = text_of(body);
    request.request_id = actor_request_id(who);
    ASK(who, pv_template_client_create_template, &request, &response);
    *ret_id = response->template_->id;
    return true;
}

static bool publish(const actor *who, const char *product_id)
{
    pv_publish_product_request request = PV_PUBLISH_PRODUCT_REQUEST__INIT;
    pv_publish_product_response *response = NULL;
    request.product_id = text_of(product_id);
    request.change_note = text_of("First version.");
    request.request_id = actor_request_id(who);
    ASK(who, pv_product_client_publish_product, &request, &response);
    return true;
}

/* The vendor proposes, the distributor deploys, connects its hub, and completes. */
static bool list(chain *of, size_t vendor, const char **ret_proposal)
{
    const actor *who = &of->vendors[vendor];
    const actor *distributor = &of->distributor;
    const char *product_id = of->survey->vendors[vendor].product_id;
    pv_create_listing_proposal_request create = PV_CREATE_LISTING_PROPOSAL_REQUEST__INIT;
    pv_create_listing_proposal_response *created = NULL;
    create.kind = PV_LISTING_PROPOSAL_KIND_NEW;
    create.product_id = text_of(product_id);
    create.marketplace_id = text_of(of->marketplace_id);
    create.request_id = actor_request_id(who);
    ASK(who, pv_listing_proposal_client_create_listing_proposal, &create, &created);
    char *proposal_id = created->listing_proposal->id;

    pv_submit_listing_proposal_request submit = PV_SUBMIT_LISTING_PROPOSAL_REQUEST__INIT;
    pv_submit_listing_proposal_response *submitted = NULL;
    submit.listing_proposal_id = proposal_id;
    submit.request_id = actor_request_id(who);
    ASK(who, pv_listing_proposal_client_submit_listing_proposal, &submit, &submitted);

    pv_deploy_listing_proposal_request deploy = PV_DEPLOY_LISTING_PROPOSAL_REQUEST__INIT;
    pv_deploy_listing_proposal_response *deployed = NULL;
    deploy.listing_proposal_id = proposal_id;
    deploy.request_id = actor_request_id(distributor);
    ASK(distributor, pv_listing_proposal_client_deploy_listing_proposal, &deploy, &deployed);

    pv_create_connection_request connect = PV_CREATE_CONNECTION_REQUEST__INIT;
    pv_create_connection_response *connected = NULL;
    connect.product_id = text_of(product_id);
    connect.hub_id = text_of(of->hub_id);
    connect.type = PV_CONNECTION_TYPE_PRODUCTION;
    connect.request_id = actor_request_id(distributor);
    ASK(distributor, pv_connection_client_create_connection, &connect, &connected);

    pv_complete_listing_proposal_request complete = PV_COMPLETE_LISTING_PROPOSAL_REQUEST__INIT;
    pv_complete_listing_proposal_response *completed = NULL;
    complete.listing_proposal_id = proposal_id;
    complete.request_id = actor_request_id(distributor);
    ASK(distributor, pv_listing_proposal_client_complete_listing_proposal, &complete, &completed);
    *ret_proposal = proposal_id;
    return true;
}

static bool sell(chain *of, size_t vendor)
{
    const actor *who = &of->vendors[vendor];
    survey_vendor *entry = &of->survey->vendors[vendor];
    size_t items = 0;
    if (!make_product(of, vendor) || !make_items(of, vendor, &items)) { return false; }
    const char *proposal = NULL;
    if (!make_parameter(who, entry->product_id) ||
        !make_template(who, entry->product_id, PV_TEMPLATE_TYPE_FULFILLMENT,
                       "Your sub-account {{ sub_account }} is ready.", &entry->template_id) ||
        !make_template(who, entry->product_id, PV_TEMPLATE_TYPE_INQUIRE,
                       "Please check the sub-account.", &entry->inquiry_template_id) ||
        !publish(who, entry->product_id)) {
        return false;
    }
    chain_tell(of, "%s publishes product %s with %zu items", who->name, entry->product_id, items);
    if (!list(of, vendor, &proposal)) { return false; }
    chain_tell(of, "%s proposes %s, the distributor deploys, connects and completes it", who->name,
               proposal);
    return true;
}

bool chain_products(chain *of)
{
    for (size_t i = 0; i < of->survey->vendor_count; i++) {
        if (!sell(of, i)) { return false; }
    }
    return true;
}
