/* The order part of the chain: customers of the reseller, their purchases, the vendors' work. */
#include "client/demo/chain.h"
#include "purvey/order/v1/order_service.pv.h"
#include "purvey/order/v1/tier_account_service.pv.h"

enum { ITEMS_MAX = 400 }; /* of one order */

static bool make_tier_account(chain *of, pv_tier_account_kind kind, const char *name,
                              const char *external_id, const char **ret_id)
{
    const actor *who = &of->reseller;
    pv_create_tier_account_request request = PV_CREATE_TIER_ACCOUNT_REQUEST__INIT;
    pv_create_tier_account_response *response = NULL;
    request.kind = kind;
    request.name = text_of(name);
    request.external_id = text_of(external_id);
    if (kind == PV_TIER_ACCOUNT_KIND_CUSTOMER) {
        request.parent_id = text_of(of->reseller_tier_id);
    }
    request.request_id = actor_request_id(who);
    ASK(who, pv_tier_account_client_create_tier_account, &request, &response);
    *ret_id = response->tier_account->id;
    return true;
}

static bool make_customers(chain *of)
{
    if (!make_tier_account(of, PV_TIER_ACCOUNT_KIND_RESELLER, "Reseller", "reseller",
                           &of->reseller_tier_id)) {
        return false;
    }
    for (size_t i = 0; i < of->survey->customer_count; i++) {
        survey_customer *customer = &of->survey->customers[i];
        if (!make_tier_account(of, PV_TIER_ACCOUNT_KIND_CUSTOMER, customer->name,
                               customer->sub_account, &customer->tier_account_id)) {
            return false;
        }
    }
    chain_tell(of, "reseller registers %zu customers", of->survey->customer_count);
    return true;
}

/* Items are pay-as-you-go: their quantity is what will be used. */
static size_t fill_items(const chain *of, const survey_subscription *wanted,
                         pv_order_item_input *inputs, pv_order_item_input **list)
{
    size_t count = wanted->item_count < ITEMS_MAX ? wanted->item_count : ITEMS_MAX;
    for (size_t i = 0; i < count; i++) {
        inputs[i] = (pv_order_item_input)PV_ORDER_ITEM_INPUT__INIT;
        inputs[i].mpn = text_of(of->survey->items[wanted->items[i]].mpn);
        inputs[i].unlimited = 1;
        list[i] = &inputs[i];
    }
    return count;
}

static bool purchase(chain *of, survey_subscription *wanted, const char *given,
                     const pv_order **ret_order)
{
    const actor *who = &of->reseller;
    const survey_customer *customer = &of->survey->customers[wanted->customer];
    pv_order_item_input inputs[ITEMS_MAX];
    pv_order_item_input *list[ITEMS_MAX];
    pv_parameter_value sub_account = PV_PARAMETER_VALUE__INIT;
    sub_account.name = text_of("sub_account");
    sub_account.value = text_of(given);
    pv_parameter_value *params[] = {&sub_account};
    pv_create_order_request request = PV_CREATE_ORDER_REQUEST__INIT;
    pv_create_order_response *response = NULL;
    request.kind = PV_ORDER_KIND_PURCHASE;
    request.product_id = text_of(of->survey->vendors[wanted->vendor].product_id);
    request.marketplace_id = text_of(of->marketplace_id);
    request.customer_id = text_of(customer->tier_account_id);
    request.external_id = text_of(customer->sub_account);
    request.items = list;
    request.n_items = fill_items(of, wanted, inputs, list);
    request.params = params;
    request.n_params = 1;
    request.request_id = actor_request_id(who);
    ASK(who, pv_order_client_create_order, &request, &response);
    wanted->subscription_id = response->order->subscription_id;
    *ret_order = response->order;
    return true;
}

/* The vendor does not know the sub-account, the reseller corrects it. */
static bool inquire(chain *of, const survey_subscription *wanted, const pv_order **order)
{
    const actor *vendor = &of->vendors[wanted->vendor];
    pv_parameter_flag flag = PV_PARAMETER_FLAG__INIT;
    flag.name = text_of("sub_account");
    flag.error = text_of("There is no such sub-account.");
    pv_parameter_flag *flags[] = {&flag};
    pv_inquire_order_request ask = PV_INQUIRE_ORDER_REQUEST__INIT;
    pv_inquire_order_response *asked = NULL;
    ask.order_id = (*order)->id;
    ask.template_id = text_of(of->survey->vendors[wanted->vendor].inquiry_template_id);
    ask.flags = flags;
    ask.n_flags = 1;
    ask.request_id = actor_request_id(vendor);
    ASK(vendor, pv_order_client_inquire_order, &ask, &asked);

    const actor *reseller = &of->reseller;
    pv_parameter_value value = PV_PARAMETER_VALUE__INIT;
    value.name = text_of("sub_account");
    value.value = text_of(of->survey->customers[wanted->customer].sub_account);
    pv_parameter_value *params[] = {&value};
    pv_answer_inquiry_request answer = PV_ANSWER_INQUIRY_REQUEST__INIT;
    pv_answer_inquiry_response *answered = NULL;
    answer.order_id = (*order)->id;
    answer.params = params;
    answer.n_params = 1;
    answer.request_id = actor_request_id(reseller);
    ASK(reseller, pv_order_client_answer_inquiry, &answer, &answered);
    chain_tell(of, "%s inquires about order %s, the reseller answers", vendor->name, (*order)->id);
    *order = answered->order;
    return true;
}

static bool approve(chain *of, const survey_subscription *wanted, const pv_order *order)
{
    const actor *vendor = &of->vendors[wanted->vendor];
    pv_approve_order_request request = PV_APPROVE_ORDER_REQUEST__INIT;
    pv_approve_order_response *response = NULL;
    request.order_id = order->id;
    request.template_id = text_of(of->survey->vendors[wanted->vendor].template_id);
    request.etag = order->etag;
    request.request_id = actor_request_id(vendor);
    ASK(vendor, pv_order_client_approve_order, &request, &response);
    return true;
}

bool chain_subscriptions(chain *of)
{
    if (!make_customers(of)) { return false; }
    for (size_t i = 0; i < of->survey->subscription_count; i++) {
        survey_subscription *wanted = &of->survey->subscriptions[i];
        const pv_order *order = NULL;
        /* The first one is given wrongly, so that there is something to inquire about. */
        const char *given =
            i == 0 ? "unknown" : of->survey->customers[wanted->customer].sub_account;
        if (!purchase(of, wanted, given, &order)) { return false; }
        if (i == 0) {
            chain_tell(of, "reseller orders %s for customer %s: subscription %s", order->id,
                       of->survey->customers[wanted->customer].name, order->subscription_id);
            if (!inquire(of, wanted, &order)) { return false; }
        }
        if (!approve(of, wanted, order)) { return false; }
    }
    chain_tell(of, "vendors approve %zu orders; %zu subscriptions are active",
               of->survey->subscription_count, of->survey->subscription_count);
    return true;
}
