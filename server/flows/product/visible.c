/* Who sees products and marketplaces that are not its own. */
#include "server/flows/product/products.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/contract/contracts.h"
#include "server/flows/make.h"
#include "server/flows/reflect.h"

/* One of the reseller's distributors has the product on sale. */
static pv_status shown_to_reseller(pv_call *call, const char *product_id)
{
    const pv_object_info *object = &pv_listing__object;
    const pv_condition conditions[] = {
        pv_where(object, "product_id", product_id),
        pv_where_number(object, "state", PV_LISTING_STATE_LISTED),
    };
    pv_contract **contracts = NULL;
    size_t count = 0;
    PV_TRY(pv_contract_collect_active(call, PV_AGREEMENT_TYPE_SERVICE,
                                      pv_caller_of(call)->account_id, &contracts, &count));
    for (size_t i = 0; i < count; i++) {
        pv_listing *listing = NULL;
        pv_id distributor = pv_id_of(&pv_account__object, contracts[i]->distributor_id);
        pv_status status = pv_lookup(call, object, distributor, conditions, 2, &listing);
        if (status.code != PV_CODE_NOT_FOUND) { return status; }
    }
    return pv_status_of(PV_CODE_NOT_FOUND);
}

/* A listing names its distributor from the first submission on; before it the distributor has none. */
static pv_status shown_to_distributor(pv_call *call, const char *product_id)
{
    pv_listing *listing = NULL;
    pv_condition condition = pv_where(&pv_listing__object, "product_id", product_id);
    return pv_lookup(call, &pv_listing__object, pv_caller_of(call)->account, &condition, 1,
                     &listing);
}

static pv_status product_shown(pv_call *call, const char *product_id)
{
    switch (pv_caller_of(call)->role) {
    case PV_ACCOUNT_TYPE_DISTRIBUTOR: return shown_to_distributor(call, product_id);
    case PV_ACCOUNT_TYPE_RESELLER: return shown_to_reseller(call, product_id);
    default: return pv_status_of(PV_CODE_NOT_FOUND);
    }
}

pv_status pv_product_find(pv_call *call, const char *product_id, pv_product **ret_product)
{
    pv_product *product = NULL;
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, &pv_product__object, product_id, &product, &is_party)));
    if (!is_party) { PV_TRY(product_shown(call, product_id)); }
    if (product == NULL) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_product = product;
    return pv_ok();
}

pv_status pv_product_visible(pv_call *call, const char *product_id, pv_product **ret_product)
{
    return pv_or_not_found(call, &pv_product__object, product_id,
                           pv_product_find(call, product_id, ret_product));
}

pv_status pv_product_part_visible(pv_call *call, const pv_object_info *object, const char *id,
                                  void *ret_message, bool *ret_is_own)
{
    ProtobufCMessage *message = NULL;
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, object, id, &message, &is_party)));
    if (!is_party) {
        char none[PV_ID_TEXT_SIZE];
        pv_product *product = NULL;
        const char *product_id = message == NULL ? pv_no_id(&pv_product__object, none)
                                                 : pv_text_of(message, "product_id");
        PV_TRY(pv_or_not_found(call, object, id, pv_product_find(call, product_id, &product)));
    }
    memcpy(ret_message, &message, sizeof message);
    *ret_is_own = is_party;
    return pv_ok();
}

/* Whether a contract opens somebody else's marketplace to the caller. OK or NOT_FOUND, without words. */
static pv_status marketplace_shown(pv_call *call, const char *marketplace_id, const char *owner_id)
{
    const pv_caller *caller = pv_caller_of(call);
    pv_contract *contract = NULL;
    pv_status status = pv_contract_on_marketplace(call, marketplace_id, &contract);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    switch (caller->role) {
    case PV_ACCOUNT_TYPE_VENDOR:
        return pv_contract_find_active(call, PV_AGREEMENT_TYPE_PROGRAM, owner_id,
                                       caller->account_id, "", &contract);
    case PV_ACCOUNT_TYPE_RESELLER:
        return pv_contract_find_active(call, PV_AGREEMENT_TYPE_SERVICE, owner_id,
                                       caller->account_id, "", &contract);
    default: return status;
    }
}

pv_status pv_marketplace_visible(pv_call *call, const char *marketplace_id,
                                 pv_marketplace **ret_marketplace)
{
    pv_marketplace *marketplace = NULL;
    bool is_party = false;
    pv_status status = pv_ok();
    PV_TRY(
        pv_if_any(pv_peek(call, &pv_marketplace__object, marketplace_id, &marketplace, &is_party)));
    if (!is_party) {
        char none[PV_ID_TEXT_SIZE];
        const char *owner_id =
            marketplace == NULL ? pv_no_id(&pv_account__object, none) : marketplace->owner_id;
        status = marketplace_shown(call, marketplace_id, owner_id);
    }
    PV_TRY(pv_or_not_found(call, &pv_marketplace__object, marketplace_id, status));
    PV_ASSERT(marketplace != NULL);
    *ret_marketplace = marketplace;
    return pv_ok();
}
