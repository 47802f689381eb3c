/* products.h — what other areas ask of products: may the caller see this one? Which items, parameters and templates
 * has it? Is it listed and connected here? Objects found live in call->arena. Ids given must be canonical
 * (from a checked request or a stored object).
 *
 * Functions called `find` return NOT_FOUND without filling call->error, so that the caller words the refusal. */
#ifndef PV_SERVER_FLOWS_PRODUCT_PRODUCTS_H
#define PV_SERVER_FLOWS_PRODUCT_PRODUCTS_H

#include "purvey/product/v1/connection.pv.h"
#include "purvey/product/v1/item.pv.h"
#include "purvey/product/v1/listing.pv.h"
#include "purvey/product/v1/marketplace.pv.h"
#include "purvey/product/v1/parameter.pv.h"
#include "purvey/product/v1/product.pv.h"
#include "purvey/product/v1/template.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_PRODUCT_ITEMS_MAX = 10000,     /* items of a product that one call looks at */
    PV_PRODUCT_PARAMETERS_MAX = 1000, /* parameters, and templates, likewise */
    PV_PRODUCT_LISTINGS_MAX = 1000,   /* listings of a product that are told of a change */
    PV_PUBLISH_ITEMS_MAX = 1000       /* drafts that one version can bring */
};

/* A product that the caller may see: its own; as distributor one with a submitted proposal or listing on a
 * marketplace of its own; as reseller one that is LISTED with a distributor it has an active service contract
 * with. It is the working copy: never show its texts to others than its vendor. NOT_FOUND. */
PV_MUST_USE pv_status pv_product_visible(pv_call *call, const char *product_id,
                                         pv_product **ret_product);

/* The same without filling call->error. */
PV_MUST_USE pv_status pv_product_find(pv_call *call, const char *product_id,
                                      pv_product **ret_product);

/* An object with a product_id (version, item, parameter, template) of a product that the caller may see.
 * `ret_message` is a pointer to a typed message pointer; ret_is_own: the caller is the vendor. Drafts of items
 * are given too. NOT_FOUND. */
PV_MUST_USE pv_status pv_product_part_visible(pv_call *call, const pv_object_info *object,
                                              const char *id, void *ret_message, bool *ret_is_own);

/* A marketplace that the caller may see: its own, one it has a contract on, or one of a distributor with whom
 * it has an active program or service contract. Its hubs are the owner's business alone. NOT_FOUND. */
PV_MUST_USE pv_status pv_marketplace_visible(pv_call *call, const char *marketplace_id,
                                             pv_marketplace **ret_marketplace);

/* An item of the product that is no draft, by id or by mpn. */
PV_MUST_USE pv_status pv_item_find(pv_call *call, const pv_product *product, const char *item_id,
                                   pv_item **ret_item);
PV_MUST_USE pv_status pv_item_find_by_mpn(pv_call *call, const pv_product *product, const char *mpn,
                                          pv_item **ret_item);

/* Whether the item belongs to the product version with this number. */
static inline bool pv_item_in_version(const pv_item *item, uint32_t number)
{
    return item->published_version != 0 && item->published_version <= number;
}

/* All items of the product that are no drafts. STORE_FULL beyond PV_PRODUCT_ITEMS_MAX. */
PV_MUST_USE pv_status pv_product_items(pv_call *call, const pv_product *product,
                                       pv_item ***ret_items, size_t *ret_count);

/* All parameters of the product, in no particular order. STORE_FULL beyond PV_PRODUCT_PARAMETERS_MAX. */
PV_MUST_USE pv_status pv_product_parameters(pv_call *call, const pv_product *product,
                                            pv_parameter ***ret_parameters, size_t *ret_count);

/* The parameter of the product with this name. */
PV_MUST_USE pv_status pv_parameter_find(pv_call *call, const pv_product *product, const char *name,
                                        pv_parameter **ret_parameter);

/* The template of the product with this id. */
PV_MUST_USE pv_status pv_template_find(pv_call *call, const pv_product *product,
                                       const char *template_id, pv_template **ret_template);

/* The first template of this type that was made for the product. */
PV_MUST_USE pv_status pv_template_find_by_type(pv_call *call, const pv_product *product,
                                               pv_template_type type, pv_template **ret_template);

/* The listing of the product on the marketplace, in whatever state. */
PV_MUST_USE pv_status pv_listing_find(pv_call *call, const pv_product *product,
                                      const char *marketplace_id, pv_listing **ret_listing);

/* An active connection of the product with a hub of the marketplace. UNSPECIFIED: of whatever type. */
PV_MUST_USE pv_status pv_connection_find(pv_call *call, const pv_product *product,
                                         const pv_marketplace *marketplace, pv_connection_type type,
                                         pv_connection **ret_connection);

#ifdef __cplusplus
}
#endif
#endif
