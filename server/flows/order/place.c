#include "server/flows/order/place.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"

static bool calls_as_reseller(const pv_call *call)
{
    return pv_caller_of(call)->role == PV_ACCOUNT_TYPE_RESELLER;
}

/* A reseller whose contract has ended is told so; to one that never had any the marketplace does
 * not exist. */
static pv_status refuse_reseller(pv_call *call, const char *marketplace_id, const char *owner_id)
{
    const char *reseller_id = pv_caller_of(call)->account_id;
    const pv_condition ended[] = {
        pv_where_number(&pv_contract__object, "type", PV_AGREEMENT_TYPE_SERVICE),
        pv_where_number(&pv_contract__object, "state", PV_CONTRACT_STATE_TERMINATED),
        pv_where(&pv_contract__object, "distributor_id", owner_id)};
    pv_contract *contract = NULL;
    PV_TRY(pv_or_not_found(call, &pv_marketplace__object, marketplace_id,
                           pv_lookup(call, &pv_contract__object, pv_caller_of(call)->account, ended,
                                     sizeof ended / sizeof ended[0], &contract)));
    return pv_contract_demand_service(call, owner_id, reseller_id, &contract);
}

static pv_status find_marketplace(pv_call *call, const char *id, pv_marketplace **ret_marketplace)
{
    pv_marketplace *marketplace = NULL;
    bool owned = false;
    PV_TRY(pv_if_any(pv_peek(call, &pv_marketplace__object, id, &marketplace, &owned)));
    *ret_marketplace = marketplace;
    if (!calls_as_reseller(call)) {
        return owned ? pv_ok() : pv_not_found(call, &pv_marketplace__object, id);
    }
    char none[PV_ID_TEXT_SIZE];
    const char *owner_id =
        marketplace == NULL ? pv_no_id(&pv_account__object, none) : marketplace->owner_id;
    pv_contract *service = NULL;
    pv_status status = pv_contract_find_active(call, PV_AGREEMENT_TYPE_SERVICE, owner_id,
                                               pv_caller_of(call)->account_id, "", &service);
    return status.code == PV_CODE_NOT_FOUND ? refuse_reseller(call, id, owner_id) : status;
}

static pv_status find_listing(pv_call *call, const pv_product *product,
                              const pv_marketplace *marketplace, pv_listing **ret_listing)
{
    PV_TRY(pv_if_any(pv_listing_find(call, product, marketplace->id, ret_listing)));
    const pv_listing *listing = *ret_listing;
    if (listing != NULL && listing->state == PV_LISTING_STATE_LISTED) { return pv_ok(); }
    pv_error_note(&call->error, "product", "%s", product->id);
    pv_error_note(&call->error, "marketplace", "%s", marketplace->id);
    return pv_refuse(&call->error, &pv_error_reason_product_not_listed,
                     "%s is not listed on marketplace %s.", product->id, marketplace->id);
}

static bool has_hub(const pv_marketplace *marketplace, const char *hub_id)
{
    for (size_t i = 0; i < marketplace->n_hubs; i++) {
        if (strcmp(marketplace->hubs[i]->hub_id, hub_id) == 0) { return true; }
    }
    return false;
}

static pv_status refuse_connection(pv_call *call, const char *product_id,
                                   const pv_marketplace *marketplace)
{
    pv_error_note(&call->error, "product", "%s", product_id);
    return pv_refuse(&call->error, &pv_error_reason_connection_missing,
                     "%s has no active connection on a hub of marketplace %s.", product_id,
                     marketplace->id);
}

static pv_status named_connection(pv_call *call, const char *id, const char *product_id,
                                  const pv_marketplace *marketplace, pv_connection **ret_connection)
{
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, &pv_connection__object, id, ret_connection, &is_party)));
    const pv_connection *connection = *ret_connection;
    if (connection == NULL || strcmp(connection->distributor_id, marketplace->owner_id) != 0) {
        return pv_not_found(call, &pv_connection__object, id);
    }
    bool usable = connection->state == PV_CONNECTION_STATE_ACTIVE &&
                  strcmp(connection->product_id, product_id) == 0 &&
                  has_hub(marketplace, connection->hub_id);
    return usable ? pv_ok() : refuse_connection(call, product_id, marketplace);
}

/* The active connection on a hub of the marketplace; one for business before one for rehearsal. */
static pv_status any_connection(pv_call *call, const pv_product *product,
                                const pv_marketplace *marketplace, pv_connection **ret_connection)
{
    pv_status status = pv_connection_find(call, product, marketplace, PV_CONNECTION_TYPE_PRODUCTION,
                                          ret_connection);
    if (status.code == PV_CODE_NOT_FOUND) {
        status = pv_connection_find(call, product, marketplace, PV_CONNECTION_TYPE_UNSPECIFIED,
                                    ret_connection);
    }
    return status.code == PV_CODE_NOT_FOUND ? refuse_connection(call, product->id, marketplace)
                                            : status;
}

pv_status pv_place_purchase(pv_call *call, const pv_create_order_request *request, pv_order *order,
                            pv_product **ret_product)
{
    pv_marketplace *marketplace = NULL;
    PV_TRY(find_marketplace(call, request->marketplace_id, &marketplace));
    pv_product *product = NULL;
    PV_TRY(pv_product_visible(call, request->product_id, &product));
    pv_listing *listing = NULL;
    PV_TRY(find_listing(call, product, marketplace, &listing));
    pv_contract *contract = NULL;
    PV_TRY(pv_contract_demand_distribution(call, marketplace->owner_id, product->vendor_id,
                                           marketplace->id, &contract));
    pv_connection *connection = NULL;
    if (pv_is_empty(request->connection_id)) {
        PV_TRY(any_connection(call, product, marketplace, &connection));
    } else {
        PV_TRY(
            named_connection(call, request->connection_id, product->id, marketplace, &connection));
    }
    order->vendor_id = listing->vendor_id;
    order->distributor_id = marketplace->owner_id;
    if (calls_as_reseller(call)) {
        PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &order->reseller_id));
    }
    order->product_id = listing->product_id;
    order->product_version = listing->product_version;
    order->marketplace_id = marketplace->id;
    order->contract_id = contract->id;
    order->connection_id = connection->id;
    *ret_product = product;
    return pv_ok();
}

pv_status pv_place_version(pv_call *call, const pv_subscription *subscription,
                           const pv_product *product, uint32_t *ret_version)
{
    *ret_version = subscription->product_version;
    pv_listing *listing = NULL;
    PV_TRY(pv_if_any(pv_listing_find(call, product, subscription->marketplace_id, &listing)));
    bool listed = listing != NULL && listing->state == PV_LISTING_STATE_LISTED;
    if (listed && listing->product_version > *ret_version) {
        *ret_version = listing->product_version;
    }
    return pv_ok();
}
