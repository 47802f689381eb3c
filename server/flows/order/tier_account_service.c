/* Customers and resellers of a distributor or reseller. */
#include "purvey/order/v1/tier_account_service.pv.h"

#include "protos/runtime/message.h"
#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"
#include "server/flows/order/tiers.h"

/* A reseller with resellers below it cannot get a parent: orders know two reseller tiers. */
static pv_status refuse_grandparent(pv_call *call, const pv_tier_account *account)
{
    const pv_condition below[] = {
        pv_where(&pv_tier_account__object, "parent_id", account->id),
        pv_where_number(&pv_tier_account__object, "kind", PV_TIER_ACCOUNT_KIND_RESELLER)};
    pv_tier_account *child = NULL;
    PV_TRY(pv_if_any(pv_lookup(call, &pv_tier_account__object, pv_caller_of(call)->account, below,
                               sizeof below / sizeof below[0], &child)));
    if (child == NULL) { return pv_ok(); }
    return pv_tier_unusable(call, account->id,
                            "%s is the parent of reseller %s and cannot have one.", account->id,
                            child->id);
}

/* A customer's parent is a reseller; a reseller's parent, if it has one, is a reseller
 * without one. */
static pv_status check_parent(pv_call *call, const pv_tier_account *account)
{
    bool customer = account->kind == PV_TIER_ACCOUNT_KIND_CUSTOMER;
    if (pv_is_empty(account->parent_id)) {
        if (!customer) { return pv_ok(); }
        return pv_tier_unusable(call, account->id,
                                "A customer needs a parent, which is a reseller.");
    }
    if (strcmp(account->parent_id, account->id) == 0) {
        return pv_tier_unusable(call, account->id, "%s cannot be its own parent.", account->id);
    }
    pv_tier_account *parent = NULL;
    PV_TRY(pv_tier_find(call, account->parent_id, PV_TIER_ACCOUNT_KIND_RESELLER, &parent));
    if (customer) { return pv_ok(); }
    if (!pv_is_empty(parent->parent_id)) {
        return pv_tier_unusable(call, parent->id,
                                "%s has a parent and cannot be that of a reseller.", parent->id);
    }
    return refuse_grandparent(call, account);
}

pv_status pv_tier_account_service_create_tier_account(pv_call *call,
                                                      const pv_create_tier_account_request *request,
                                                      pv_create_tier_account_response *response)
{
    pv_tier_account *account = NULL;
    PV_TRY(pv_make(call, &pv_tier_account__object, &account));
    PV_TRY(pv_text(call, pv_caller_of(call)->account_id, &account->owner_id));
    account->kind = request->kind;
    account->name = request->name;
    account->external_id = request->external_id;
    account->parent_id = request->parent_id;
    account->tax_id = request->tax_id;
    account->contact = request->contact;
    account->version = 1;
    PV_TRY(check_parent(call, account));
    response->tier_account = account;
    return pv_move_and_save(call, &pv_tier_account__object, account, PV_TIER_ACCOUNT_STATE_ACTIVE);
}

pv_status pv_tier_account_service_get_tier_account(pv_call *call,
                                                   const pv_get_tier_account_request *request,
                                                   pv_get_tier_account_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_tier_account__object, request->tier_account_id);
}

pv_status pv_tier_account_service_list_tier_accounts(pv_call *call,
                                                     const pv_list_tier_accounts_request *request,
                                                     pv_list_tier_accounts_response *response)
{
    (void)response;
    pv_condition active =
        pv_where_number(&pv_tier_account__object, "state", PV_TIER_ACCOUNT_STATE_ACTIVE);
    return pv_answer_list(call, &pv_tier_account__object, &request->base, &active,
                          request->show_decommissioned ? 0 : 1);
}

/* The object with the fields of the request, for the mask. */
static pv_tier_account wanted_of(const pv_update_tier_account_request *request)
{
    pv_tier_account wanted = PV_TIER_ACCOUNT__INIT;
    wanted.name = request->name;
    wanted.external_id = request->external_id;
    wanted.parent_id = request->parent_id;
    wanted.tax_id = request->tax_id;
    wanted.contact = request->contact;
    return wanted;
}

pv_status pv_tier_account_service_update_tier_account(pv_call *call,
                                                      const pv_update_tier_account_request *request,
                                                      pv_update_tier_account_response *response)
{
    pv_tier_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_tier_account__object, request->tier_account_id, request->etag,
                    &account));
    ProtobufCMessage *before = pv_message_copy(&account->base, call->arena);
    if (before == NULL) { return pv_out_of_memory(call); }
    pv_tier_account wanted = wanted_of(request);
    PV_TRY(pv_change(call, &pv_tier_account__object, request->update_mask, &wanted.base,
                     &account->base));
    PV_TRY(pv_demand_text(call, "name", account->name));
    PV_TRY(check_parent(call, account));
    response->tier_account = account;
    /* What changes nothing makes no version, no event and no new etag. */
    if (pv_message_equal(before, &account->base, call->arena)) { return pv_ok(); }
    account->version++;
    return pv_move_and_save(call, &pv_tier_account__object, account, PV_TIER_ACCOUNT_STATE_ACTIVE);
}

pv_status pv_tier_account_service_decommission_tier_account(
    pv_call *call, const pv_decommission_tier_account_request *request,
    pv_decommission_tier_account_response *response)
{
    pv_tier_account *account = NULL;
    PV_TRY(pv_begin(call, &pv_tier_account__object, request->tier_account_id, request->etag,
                    &account));
    response->tier_account = account;
    return pv_move_and_save(call, &pv_tier_account__object, account,
                            PV_TIER_ACCOUNT_STATE_DECOMMISSIONED);
}
