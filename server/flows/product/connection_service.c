/* Connections of products with hubs. */
#include "purvey/product/v1/connection_service.pv.h"

#include "purvey/order/v1/subscription.pv.h"
#include "purvey/product/v1/hub.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"
#include "server/flows/product/products.h"

enum { SUBSCRIPTIONS_MAX = 1000 };

static pv_status check_unconnected(pv_call *call, const char *product_id, const char *hub_id)
{
    const pv_object_info *object = &pv_connection__object;
    const pv_condition conditions[] = {
        pv_where(object, "product_id", product_id),
        pv_where_number(object, "state", PV_CONNECTION_STATE_ACTIVE),
        pv_where(object, "hub_id", hub_id),
    };
    pv_connection *existing = NULL;
    pv_status status =
        pv_lookup(call, object, pv_caller_of(call)->account, conditions, 3, &existing);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(status);
    pv_error_note(&call->error, "existing_id", "%s", existing->id);
    pv_error_resource(&call->error, object->name, existing->id);
    return pv_refuse(&call->error, &pv_error_reason_connection_exists, NULL);
}

pv_status pv_connection_service_create_connection(pv_call *call,
                                                  const pv_create_connection_request *request,
                                                  pv_create_connection_response *response)
{
    const pv_caller *caller = pv_caller_of(call);
    pv_product *product = NULL;
    PV_TRY(pv_product_visible(call, request->product_id, &product));
    pv_row hub;
    PV_TRY(pv_see(call, &pv_hub__object, request->hub_id, &hub));
    pv_contract *contract = NULL;
    PV_TRY(pv_contract_demand_distribution(call, caller->account_id, product->vendor_id, "",
                                           &contract));
    PV_TRY(check_unconnected(call, request->product_id, request->hub_id));
    pv_connection *connection = NULL;
    PV_TRY(pv_make(call, &pv_connection__object, &connection));
    connection->vendor_id = product->vendor_id;
    PV_TRY(pv_text(call, caller->account_id, &connection->distributor_id));
    connection->product_id = request->product_id;
    connection->hub_id = request->hub_id;
    connection->type = request->type;
    response->connection = connection;
    return pv_move_and_save(call, &pv_connection__object, connection, PV_CONNECTION_STATE_ACTIVE);
}

pv_status pv_connection_service_get_connection(pv_call *call,
                                               const pv_get_connection_request *request,
                                               pv_get_connection_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_connection__object, request->connection_id);
}

pv_status pv_connection_service_list_connections(pv_call *call,
                                                 const pv_list_connections_request *request,
                                                 pv_list_connections_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_connection__object, &request->base, NULL, 0);
}

typedef struct use {
    pv_call *call;
    const pv_connection *connection;
} use;

static pv_status refuse_used(void *context, ProtobufCMessage *message)
{
    const use *looked = context;
    const pv_subscription *subscription = (const pv_subscription *)message;
    if (strcmp(subscription->connection_id, looked->connection->id) != 0) { return pv_ok(); }
    pv_error_note(&looked->call->error, "subscription", "%s", subscription->id);
    return pv_refuse(&looked->call->error, &pv_error_reason_connection_in_use,
                     "Subscription %s uses the connection.", subscription->id);
}

static pv_status check_unused(pv_call *call, const pv_connection *connection)
{
    static const pv_subscription_state live[] = {
        PV_SUBSCRIPTION_STATE_PROCESSING, PV_SUBSCRIPTION_STATE_ACTIVE,
        PV_SUBSCRIPTION_STATE_SUSPENDED, PV_SUBSCRIPTION_STATE_TERMINATING};
    const pv_object_info *object = &pv_subscription__object;
    use looked = {.call = call, .connection = connection};
    for (size_t i = 0; i < sizeof live / sizeof *live; i++) {
        const pv_condition conditions[] = {
            pv_where(object, "product_id", connection->product_id),
            pv_where_number(object, "state", (uint64_t)live[i]),
        };
        PV_TRY(pv_each(call, object, pv_caller_of(call)->account, conditions, 2, SUBSCRIPTIONS_MAX,
                       refuse_used, &looked));
    }
    return pv_ok();
}

pv_status pv_connection_service_archive_connection(pv_call *call,
                                                   const pv_archive_connection_request *request,
                                                   pv_archive_connection_response *response)
{
    pv_connection *connection = NULL;
    PV_TRY(
        pv_begin(call, &pv_connection__object, request->connection_id, request->etag, &connection));
    PV_TRY(check_unused(call, connection));
    response->connection = connection;
    return pv_move_and_save(call, &pv_connection__object, connection, PV_CONNECTION_STATE_ARCHIVED);
}
