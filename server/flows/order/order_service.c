/* Orders: what each verb does. Who may call it from which state stands in order_service.proto. */
#include "purvey/order/v1/order_service.pv.h"

#include "server/flows/make.h"
#include "server/flows/order/create.h"
#include "server/flows/order/items.h"
#include "server/flows/order/kinds.h"
#include "server/flows/order/params.h"
#include "server/flows/order/text.h"

pv_status pv_order_service_create_order(pv_call *call, const pv_create_order_request *request,
                                        pv_create_order_response *response)
{
    PV_TRY(pv_order_check_input(call, request));
    if (request->kind == PV_ORDER_KIND_PURCHASE) {
        return pv_create_purchase(call, request, &response->order);
    }
    return pv_create_for_subscription(call, request, &response->order);
}

pv_status pv_order_service_get_order(pv_call *call, const pv_get_order_request *request,
                                     pv_get_order_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_order__object, request->order_id);
}

pv_status pv_order_service_list_orders(pv_call *call, const pv_list_orders_request *request,
                                       pv_list_orders_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_order__object, &request->base, NULL, 0);
}

/* Who first works on an order for the vendor becomes its assignee. */
static pv_status assign(pv_call *call, pv_order *order)
{
    if (!pv_is_empty(order->assignee_user_id)) { return pv_ok(); }
    return pv_text(call, pv_caller_of(call)->user_id, &order->assignee_user_id);
}

/* The order that a verb is about, with its product and the product's parameters. */
typedef struct work {
    pv_order *order;
    pv_product *product;
    pv_parameters parameters;
} work;

static pv_status begin(pv_call *call, const char *order_id, const char *etag, work *ret_work)
{
    PV_TRY(pv_begin(call, &pv_order__object, order_id, etag, &ret_work->order));
    PV_TRY(pv_fetch(call, &pv_product__object, ret_work->order->product_id, &ret_work->product));
    return pv_parameters_load(call, ret_work->product, &ret_work->parameters);
}

pv_status pv_order_service_inquire_order(pv_call *call, const pv_inquire_order_request *request,
                                         pv_inquire_order_response *response)
{
    work found = {0};
    PV_TRY(begin(call, request->order_id, request->etag, &found));
    pv_order *order = found.order;
    if (request->n_flags == 0) {
        return pv_refuse(&call->error, &pv_error_reason_inquiry_flags_nothing, NULL);
    }
    for (size_t i = 0; i < request->n_flags; i++) {
        PV_TRY(pv_params_flag(call, &found.parameters, order, request->flags[i]->name,
                              request->flags[i]->error));
    }
    PV_TRY(pv_order_text(call, found.product, order, request->template_id, PV_TEMPLATE_TYPE_INQUIRE,
                         &order->inquiry_text));
    order->inquiry_template_id = request->template_id;
    PV_TRY(assign(call, order));
    response->order = order;
    return pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_INQUIRING);
}

/* Every flagged parameter needs a new value; a repeated one keeps its flag. */
static pv_status demand_answers(pv_call *call, const pv_order *order)
{
    for (size_t i = 0; i < order->n_params; i++) {
        if (pv_is_empty(order->params[i]->error)) { continue; }
        pv_violate(call, "PARAMETER", order->params[i]->name, "needs a new value: %s",
                   order->params[i]->error);
    }
    if (call->error.violation_count == 0) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_parameter_missing,
                     "Parameter %s was asked for and is not answered.",
                     call->error.violations[0].subject);
}

pv_status pv_order_service_answer_inquiry(pv_call *call, const pv_answer_inquiry_request *request,
                                          pv_answer_inquiry_response *response)
{
    work found = {0};
    PV_TRY(begin(call, request->order_id, request->etag, &found));
    pv_order *order = found.order;
    pv_params_input input = {PV_PARAMETER_PHASE_ORDERING, request->params, request->n_params};
    PV_TRY(pv_params_merge(call, &found.parameters, order, input, NULL));
    PV_TRY(demand_answers(call, order));
    PV_TRY(pv_params_demand(call, &found.parameters, order, PV_PARAMETER_PHASE_ORDERING));
    PV_TRY(pv_params_claim(call, order));
    PV_TRY(pv_stamp(call, &order->answer_time));
    response->order = order;
    return pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_PENDING);
}

pv_status pv_order_service_pend_order(pv_call *call, const pv_pend_order_request *request,
                                      pv_pend_order_response *response)
{
    work found = {0};
    PV_TRY(begin(call, request->order_id, request->etag, &found));
    pv_order *order = found.order;
    PV_TRY(pv_params_demand(call, &found.parameters, order, PV_PARAMETER_PHASE_ORDERING));
    pv_params_clear_flags(order);
    response->order = order;
    return pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_PENDING);
}

pv_status
pv_order_service_update_order_parameters(pv_call *call,
                                         const pv_update_order_parameters_request *request,
                                         pv_update_order_parameters_response *response)
{
    work found = {0};
    PV_TRY(begin(call, request->order_id, request->etag, &found));
    pv_order *order = found.order;
    pv_params_input input = {PV_PARAMETER_PHASE_FULFILLMENT, request->params, request->n_params};
    PV_TRY(pv_params_merge(call, &found.parameters, order, input, NULL));
    PV_TRY(pv_params_claim(call, order));
    PV_TRY(assign(call, order));
    response->order = order;
    return pv_move_and_save(call, &pv_order__object, order, (int)order->state);
}

/* Where an approved order brings the subscription. */
static pv_subscription_state approved_state(pv_order_kind kind, pv_subscription_state state)
{
    switch ((int)kind) {
    case PV_ORDER_KIND_PURCHASE:
    case PV_ORDER_KIND_RESUME: return PV_SUBSCRIPTION_STATE_ACTIVE;
    case PV_ORDER_KIND_SUSPEND: return PV_SUBSCRIPTION_STATE_SUSPENDED;
    case PV_ORDER_KIND_CANCEL: return PV_SUBSCRIPTION_STATE_TERMINATED;
    default: return state;
    }
}

static pv_status apply(pv_call *call, const pv_order *order)
{
    pv_subscription *subscription = NULL;
    PV_TRY(pv_fetch(call, &pv_subscription__object, order->subscription_id, &subscription));
    PV_ASSERT(strcmp(subscription->open_order_id, order->id) == 0);
    int state = (int)approved_state(order->kind, subscription->state);
    PV_TRY(pv_move(call, &pv_subscription__object, subscription, state));
    subscription->open_order_id = (char *)(uintptr_t)protobuf_c_empty_string;
    subscription->product_version = order->product_version;
    subscription->activation_text = order->activation_text;
    subscription->params = order->params;
    subscription->n_params = order->n_params;
    PV_TRY(pv_items_apply(call, order, subscription));
    if (state == PV_SUBSCRIPTION_STATE_TERMINATED) {
        subscription->terminate_time = order->effective_time;
    }
    if (subscription->activate_time == NULL) {
        subscription->activate_time = order->effective_time;
    }
    return pv_save(call, &pv_subscription__object, subscription);
}

/* An order may count from a time in the past, never from one to come. */
static pv_status take_effective_time(pv_call *call, const pv_approve_order_request *request,
                                     pv_order *order)
{
    PV_TRY(pv_stamp(call, &order->effective_time));
    const Google__Protobuf__Timestamp *wanted = request->effective_time;
    if (wanted == NULL) { return pv_ok(); }
    const Google__Protobuf__Timestamp *now = order->effective_time;
    bool later = wanted->seconds > now->seconds ||
                 (wanted->seconds == now->seconds && wanted->nanos > now->nanos);
    if (later) { return pv_refuse_field(call, "effective_time", "must not lie in the future"); }
    order->effective_time = request->effective_time;
    return pv_ok();
}

pv_status pv_order_service_approve_order(pv_call *call, const pv_approve_order_request *request,
                                         pv_approve_order_response *response)
{
    work found = {0};
    PV_TRY(begin(call, request->order_id, request->etag, &found));
    pv_order *order = found.order;
    PV_TRY(take_effective_time(call, request, order));
    PV_TRY(pv_params_demand(call, &found.parameters, order, PV_PARAMETER_PHASE_FULFILLMENT));
    PV_TRY(pv_order_text(call, found.product, order, request->template_id,
                         PV_TEMPLATE_TYPE_FULFILLMENT, &order->activation_text));
    order->template_id = request->template_id;
    PV_TRY(pv_stamp(call, &order->close_time));
    PV_TRY(assign(call, order));
    pv_params_clear_flags(order);
    PV_TRY(pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_APPROVED));
    response->order = order;
    return apply(call, order);
}

/* Where a failed order leaves the subscription. */
static pv_subscription_state failed_state(const pv_order *order, pv_subscription_state state)
{
    switch ((int)order->kind) {
    case PV_ORDER_KIND_PURCHASE: return PV_SUBSCRIPTION_STATE_TERMINATED;
    case PV_ORDER_KIND_CANCEL: return order->previous_subscription_state;
    default: return state;
    }
}

pv_status pv_order_service_fail_order(pv_call *call, const pv_fail_order_request *request,
                                      pv_fail_order_response *response)
{
    pv_order *order = NULL;
    PV_TRY(pv_begin(call, &pv_order__object, request->order_id, request->etag, &order));
    order->reason = request->reason;
    PV_TRY(pv_stamp(call, &order->close_time));
    PV_TRY(assign(call, order));
    PV_TRY(pv_move_and_save(call, &pv_order__object, order, PV_ORDER_STATE_FAILED));
    response->order = order;
    pv_subscription *subscription = NULL;
    PV_TRY(pv_fetch(call, &pv_subscription__object, order->subscription_id, &subscription));
    PV_ASSERT(strcmp(subscription->open_order_id, order->id) == 0);
    int state = (int)failed_state(order, subscription->state);
    PV_TRY(pv_move(call, &pv_subscription__object, subscription, state));
    subscription->open_order_id = (char *)(uintptr_t)protobuf_c_empty_string;
    if (state == PV_SUBSCRIPTION_STATE_TERMINATED) {
        subscription->terminate_time = order->close_time;
    }
    return pv_save(call, &pv_subscription__object, subscription);
}
