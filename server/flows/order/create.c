#include "server/flows/order/create.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/product/v1/product.pv.h"
#include "server/flows/make.h"
#include "server/flows/order/items.h"
#include "server/flows/order/kinds.h"
#include "server/flows/order/params.h"
#include "server/flows/order/place.h"
#include "server/flows/order/tiers.h"
#include "server/flows/state.h"

/* Terminated subscriptions with the same external_id that are looked at: each is a purchase that
 * failed or a subscription that ended. */
enum { SAME_EXTERNAL_ID_MAX = 1000 };

static pv_status start(pv_call *call, const pv_create_order_request *request, pv_order **ret_order)
{
    pv_order *order = NULL;
    PV_TRY(pv_make(call, &pv_order__object, &order));
    order->kind = request->kind;
    order->note = request->note;
    *ret_order = order;
    return pv_ok();
}

/* A repeated purchase is told what came of the first; after a failed or ended one the
 * external_id is free again. */
static pv_status refuse_existing(pv_call *call, const pv_order *order)
{
    if (pv_is_empty(order->external_id)) { return pv_ok(); }
    const pv_condition same[] = {
        pv_where(&pv_subscription__object, "contract_id", order->contract_id),
        pv_where(&pv_subscription__object, "product_id", order->product_id),
        pv_where(&pv_subscription__object, "external_id", order->external_id)};
    pv_subscription **found = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, &pv_subscription__object,
                      pv_id_of(&pv_account__object, order->distributor_id), same,
                      sizeof same / sizeof same[0], SAME_EXTERNAL_ID_MAX, &found, &count));
    const pv_subscription *live = NULL;
    for (size_t i = 0; i < count; i++) {
        if (found[i]->state != PV_SUBSCRIPTION_STATE_TERMINATED) { live = found[i]; }
    }
    if (live == NULL) { return pv_ok(); }
    /* The distributor sees all of them; a reseller is told of its own only. */
    bool mine = pv_caller_of(call)->role == PV_ACCOUNT_TYPE_DISTRIBUTOR ||
                strcmp(live->reseller_id, pv_caller_of(call)->account_id) == 0;
    const char *state = pv_state_name(&pv_subscription__object, (int)live->state);
    pv_error_note(&call->error, "existing_id", "%s", mine ? live->id : "");
    pv_error_note(&call->error, "subscription_state", "%s", mine ? state : "");
    pv_error_note(&call->error, "order", "%s", mine ? live->open_order_id : "");
    if (mine) { pv_error_resource(&call->error, pv_subscription__object.name, live->id); }
    return pv_refuse(&call->error, &pv_error_reason_subscription_exists,
                     "A subscription of the product with external_id \"%s\" exists%s%s.",
                     order->external_id, mine ? ": " : "", mine ? live->id : "");
}

/* The subscription as its purchase makes it. */
static pv_status make_subscription(pv_call *call, const pv_order *order,
                                   pv_subscription **ret_subscription)
{
    pv_subscription *subscription = NULL;
    PV_TRY(pv_make_part(call, &pv_subscription__info, &subscription));
    subscription->id = order->subscription_id;
    subscription->vendor_id = order->vendor_id;
    subscription->distributor_id = order->distributor_id;
    subscription->reseller_id = order->reseller_id;
    subscription->product_id = order->product_id;
    subscription->product_version = order->product_version;
    subscription->marketplace_id = order->marketplace_id;
    subscription->contract_id = order->contract_id;
    subscription->connection_id = order->connection_id;
    subscription->external_id = order->external_id;
    subscription->customer_id = order->customer_id;
    subscription->open_order_id = order->id;
    PV_TRY(pv_tiers_without_contacts(call, order->tiers, &subscription->tiers));
    PV_TRY(pv_items_apply(call, order, subscription));
    *ret_subscription = subscription;
    return pv_ok();
}

/* PENDING, or INQUIRING when required ordering parameters have no value. */
static pv_status open(pv_call *call, const pv_parameters *parameters, pv_order *order)
{
    size_t missing = 0;
    PV_TRY(pv_params_flag_missing(call, parameters, order, PV_PARAMETER_PHASE_ORDERING, &missing));
    return pv_move(call, &pv_order__object, order,
                   missing == 0 ? PV_ORDER_STATE_PENDING : PV_ORDER_STATE_INQUIRING);
}

static pv_params_input ordering_values(const pv_create_order_request *request)
{
    pv_params_input input = {PV_PARAMETER_PHASE_ORDERING, request->params, request->n_params};
    return input;
}

pv_status pv_create_purchase(pv_call *call, const pv_create_order_request *request,
                             pv_order **ret_order)
{
    pv_order *order = NULL;
    PV_TRY(start(call, request, &order));
    order->external_id = request->external_id;
    pv_product *product = NULL;
    PV_TRY(pv_place_purchase(call, request, order, &product));
    PV_TRY(refuse_existing(call, order));
    PV_TRY(pv_tiers_of_customer(call, request->customer_id, &order->tiers));
    order->customer_id = request->customer_id;
    bool changed = false;
    PV_TRY(pv_items_merge(call, product, request, order, &changed));
    PV_TRY(pv_new_id(call, &pv_subscription__object, &order->subscription_id));
    pv_parameters parameters = {0};
    PV_TRY(pv_parameters_load(call, product, &parameters));
    PV_TRY(pv_params_merge(call, &parameters, order, ordering_values(request), &changed));
    PV_TRY(pv_params_default(call, &parameters, order));
    PV_TRY(open(call, &parameters, order));
    pv_subscription *subscription = NULL;
    PV_TRY(make_subscription(call, order, &subscription));
    PV_TRY(pv_move(call, &pv_subscription__object, subscription, PV_SUBSCRIPTION_STATE_PROCESSING));
    PV_TRY(pv_params_claim(call, order));
    PV_TRY(pv_save(call, &pv_order__object, order));
    PV_TRY(pv_save(call, &pv_subscription__object, subscription));
    *ret_order = order;
    return pv_ok();
}

/* One open order per subscription. */
static pv_status refuse_open(pv_call *call, const pv_subscription *subscription)
{
    if (pv_is_empty(subscription->open_order_id)) { return pv_ok(); }
    pv_order *open_order = NULL;
    PV_TRY(pv_fetch(call, &pv_order__object, subscription->open_order_id, &open_order));
    const char *state = pv_state_name(&pv_order__object, (int)open_order->state);
    pv_error_note(&call->error, "order", "%s", open_order->id);
    pv_error_note(&call->error, "state", "%s", state);
    pv_violate(call, "ORDER_OPEN", open_order->id,
               "is %s; a subscription has one open order at a time", state);
    return pv_refuse(&call->error, &pv_error_reason_order_open, "%s has the open order %s.",
                     subscription->id, open_order->id);
}

static pv_status copy_params(pv_call *call, const pv_subscription *subscription, pv_order *order)
{
    order->params =
        pv_arena_zalloc(call->arena, subscription->n_params, sizeof(pv_parameter_value *));
    if (order->params == NULL) { return pv_out_of_memory(call); }
    for (size_t i = 0; i < subscription->n_params; i++) {
        PV_TRY(pv_make_part(call, &pv_parameter_value__info, &order->params[i]));
        order->params[i]->name = subscription->params[i]->name;
        order->params[i]->value = subscription->params[i]->value;
    }
    order->n_params = subscription->n_params;
    return pv_ok();
}

/* What the order takes over from the subscription. Tiers are as the subscription names them: its
 * tier accounts may be decommissioned by now, and whoever orders need not own them. */
static pv_status describe(pv_call *call, const pv_subscription *subscription, pv_order *order)
{
    order->subscription_id = subscription->id;
    order->vendor_id = subscription->vendor_id;
    order->distributor_id = subscription->distributor_id;
    order->reseller_id = subscription->reseller_id;
    order->product_id = subscription->product_id;
    order->product_version = subscription->product_version;
    order->marketplace_id = subscription->marketplace_id;
    order->contract_id = subscription->contract_id;
    order->connection_id = subscription->connection_id;
    order->external_id = subscription->external_id;
    order->customer_id = subscription->customer_id;
    order->tiers = subscription->tiers;
    order->previous_subscription_state = subscription->state;
    PV_TRY(pv_items_start(call, subscription, order));
    return copy_params(call, subscription, order);
}

static pv_status merge_change(pv_call *call, const pv_create_order_request *request,
                              pv_subscription *subscription, pv_order *order)
{
    pv_product *product = NULL;
    PV_TRY(pv_fetch(call, &pv_product__object, order->product_id, &product));
    PV_TRY(pv_place_version(call, subscription, product, &order->product_version));
    pv_parameters parameters = {0};
    PV_TRY(pv_parameters_load(call, product, &parameters));
    bool items_changed = false;
    bool params_changed = false;
    PV_TRY(pv_items_merge(call, product, request, order, &items_changed));
    PV_TRY(pv_params_merge(call, &parameters, order, ordering_values(request), &params_changed));
    if (!items_changed && !params_changed) {
        return pv_refuse(&call->error, &pv_error_reason_order_changes_nothing, NULL);
    }
    PV_TRY(pv_params_claim(call, order));
    return open(call, &parameters, order);
}

/* Suspending or resuming what cannot be held is recorded and over at once. */
static pv_status fail_without_hold(pv_call *call, pv_order *order, bool *ret_failed)
{
    bool holds = order->kind == PV_ORDER_KIND_SUSPEND || order->kind == PV_ORDER_KIND_RESUME;
    *ret_failed = false;
    if (!holds) { return pv_ok(); }
    pv_product *product = NULL;
    PV_TRY(pv_fetch(call, &pv_product__object, order->product_id, &product));
    if (product->capabilities != NULL && product->capabilities->administrative_hold) {
        return pv_ok();
    }
    PV_TRY(pv_text(call, "The product cannot be suspended or resumed.", &order->reason));
    PV_TRY(pv_stamp(call, &order->close_time));
    *ret_failed = true;
    return pv_move(call, &pv_order__object, order, PV_ORDER_STATE_FAILED);
}

pv_status pv_create_for_subscription(pv_call *call, const pv_create_order_request *request,
                                     pv_order **ret_order)
{
    pv_subscription *subscription = NULL;
    PV_TRY(pv_find(call, &pv_subscription__object, request->subscription_id, &subscription));
    PV_TRY(pv_order_check_kind(call, subscription, request->kind));
    PV_TRY(refuse_open(call, subscription));
    pv_order *order = NULL;
    PV_TRY(start(call, request, &order));
    PV_TRY(describe(call, subscription, order));
    *ret_order = order;
    bool failed = false;
    PV_TRY(fail_without_hold(call, order, &failed));
    if (failed) { return pv_save(call, &pv_order__object, order); }
    if (request->kind == PV_ORDER_KIND_CHANGE) {
        PV_TRY(merge_change(call, request, subscription, order));
    } else {
        PV_TRY(pv_move(call, &pv_order__object, order, PV_ORDER_STATE_PENDING));
    }
    int state = request->kind == PV_ORDER_KIND_CANCEL ? PV_SUBSCRIPTION_STATE_TERMINATING
                                                      : (int)subscription->state;
    PV_TRY(pv_move(call, &pv_subscription__object, subscription, state));
    subscription->open_order_id = order->id;
    PV_TRY(pv_save(call, &pv_order__object, order));
    return pv_save(call, &pv_subscription__object, subscription);
}
