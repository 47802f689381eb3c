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
    PV_TRY(
        pv_if_any(pv_lookup(call, object, pv_caller_of(call)->account, conditions, 3, &existing)));
    if (existing == NULL) { return pv_ok(); }
    pv_note_existing(call, object, existing->id);
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

/* No index leads from a connection to its subscriptions: those of the product are looked at. */
static pv_status check_unused_in(pv_call *call, const pv_connection *connection,
                                 pv_subscription_state state)
{
    const pv_object_info *object = &pv_subscription__object;
    const pv_condition conditions[] = {
        pv_where(object, "product_id", connection->product_id),
        pv_where_number(object, "state", (uint64_t)state),
    };
    pv_subscription **found = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, object, pv_caller_of(call)->account, conditions, 2, SUBSCRIPTIONS_MAX,
                      &found, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(found[i]->connection_id, connection->id) != 0) { continue; }
        pv_error_note(&call->error, "subscription", "%s", found[i]->id);
        return pv_refuse(&call->error, &pv_error_reason_connection_in_use,
                         "Subscription %s uses the connection.", found[i]->id);
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
    PV_TRY(check_unused_in(call, connection, PV_SUBSCRIPTION_STATE_PROCESSING));
    PV_TRY(check_unused_in(call, connection, PV_SUBSCRIPTION_STATE_ACTIVE));
    PV_TRY(check_unused_in(call, connection, PV_SUBSCRIPTION_STATE_SUSPENDED));
    PV_TRY(check_unused_in(call, connection, PV_SUBSCRIPTION_STATE_TERMINATING));
    response->connection = connection;
    return pv_move_and_save(call, &pv_connection__object, connection, PV_CONNECTION_STATE_ARCHIVED);
}
