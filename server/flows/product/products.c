#include "server/flows/product/products.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"

static pv_id vendor_of(const pv_product *product)
{
    return pv_id_of(&pv_account__object, product->vendor_id);
}

pv_status pv_item_find(pv_call *call, const pv_product *product, const char *item_id,
                       pv_item **ret_item)
{
    pv_item *item = NULL;
    bool is_party = false;
    PV_TRY(pv_peek(call, &pv_item__object, item_id, &item, &is_party));
    if (strcmp(item->product_id, product->id) != 0 || item->state == PV_ITEM_STATE_DRAFT) {
        return pv_status_of(PV_CODE_NOT_FOUND);
    }
    *ret_item = item;
    return pv_ok();
}

pv_status pv_item_find_by_mpn(pv_call *call, const pv_product *product, const char *mpn,
                              pv_item **ret_item)
{
    const pv_condition conditions[] = {
        pv_where(&pv_item__object, "product_id", product->id),
        pv_where(&pv_item__object, "mpn", mpn),
    };
    pv_item *item = NULL;
    PV_TRY(pv_lookup(call, &pv_item__object, vendor_of(product), conditions, 2, &item));
    if (item->state == PV_ITEM_STATE_DRAFT) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_item = item;
    return pv_ok();
}

pv_status pv_product_items(pv_call *call, const pv_product *product, pv_item ***ret_items,
                           size_t *ret_count)
{
    pv_condition conditions[] = {
        pv_where(&pv_item__object, "product_id", product->id),
        pv_where_number(&pv_item__object, "published_version", 0),
    };
    conditions[1].comparison = PV_GREATER;
    return pv_collect(call, &pv_item__object, vendor_of(product), conditions, 2,
                      PV_PRODUCT_ITEMS_MAX, ret_items, ret_count);
}

pv_status pv_product_parameters(pv_call *call, const pv_product *product,
                                pv_parameter ***ret_parameters, size_t *ret_count)
{
    pv_condition condition = pv_where(&pv_parameter__object, "product_id", product->id);
    return pv_collect(call, &pv_parameter__object, vendor_of(product), &condition, 1,
                      PV_PRODUCT_PARAMETERS_MAX, ret_parameters, ret_count);
}

pv_status pv_parameter_find(pv_call *call, const pv_product *product, const char *name,
                            pv_parameter **ret_parameter)
{
    const pv_condition conditions[] = {
        pv_where(&pv_parameter__object, "product_id", product->id),
        pv_where(&pv_parameter__object, "name", name),
    };
    return pv_lookup(call, &pv_parameter__object, vendor_of(product), conditions, 2, ret_parameter);
}

pv_status pv_template_find(pv_call *call, const pv_product *product, const char *template_id,
                           pv_template **ret_template)
{
    pv_template *found = NULL;
    bool is_party = false;
    PV_TRY(pv_peek(call, &pv_template__object, template_id, &found, &is_party));
    if (strcmp(found->product_id, product->id) != 0) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_template = found;
    return pv_ok();
}

pv_status pv_template_find_by_type(pv_call *call, const pv_product *product, pv_template_type type,
                                   pv_template **ret_template)
{
    const pv_condition conditions[] = {
        pv_where(&pv_template__object, "product_id", product->id),
        pv_where_number(&pv_template__object, "type", (uint64_t)type),
    };
    return pv_lookup(call, &pv_template__object, vendor_of(product), conditions, 2, ret_template);
}

pv_status pv_listing_find(pv_call *call, const pv_product *product, const char *marketplace_id,
                          pv_listing **ret_listing)
{
    const pv_condition conditions[] = {
        pv_where(&pv_listing__object, "product_id", product->id),
        pv_where(&pv_listing__object, "marketplace_id", marketplace_id),
    };
    return pv_lookup(call, &pv_listing__object, vendor_of(product), conditions, 2, ret_listing);
}

pv_status pv_connection_find(pv_call *call, const pv_product *product,
                             const pv_marketplace *marketplace, pv_connection_type type,
                             pv_connection **ret_connection)
{
    const pv_object_info *object = &pv_connection__object;
    for (size_t i = 0; i < marketplace->n_hubs; i++) {
        const pv_condition conditions[] = {
            pv_where(object, "product_id", product->id),
            pv_where_number(object, "state", PV_CONNECTION_STATE_ACTIVE),
            pv_where(object, "hub_id", marketplace->hubs[i]->hub_id),
        };
        pv_connection *connection = NULL;
        pv_status status = pv_lookup(call, object, vendor_of(product), conditions, 3, &connection);
        if (status.code == PV_CODE_NOT_FOUND) { continue; }
        PV_TRY(status);
        if (type != PV_CONNECTION_TYPE_UNSPECIFIED && connection->type != type) { continue; }
        *ret_connection = connection;
        return pv_ok();
    }
    return pv_status_of(PV_CODE_NOT_FOUND);
}
