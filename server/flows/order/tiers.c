#include "server/flows/order/tiers.h"

#include "protos/runtime/message.h"
#include "server/flows/make.h"

pv_status pv_tier_unusable(pv_call *call, const char *tier_account_id, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = pv_arena_vprintf(call->arena, format, arguments);
    va_end(arguments);
    pv_error_note(&call->error, "tier_account", "%s", tier_account_id);
    return pv_refuse(&call->error, &pv_error_reason_tier_account_unusable, "%s",
                     text == NULL ? "" : text);
}

static const char *kind_name(pv_tier_account_kind kind)
{
    return kind == PV_TIER_ACCOUNT_KIND_CUSTOMER ? "customer" : "reseller";
}

pv_status pv_tier_find(pv_call *call, const char *id, pv_tier_account_kind kind,
                       pv_tier_account **ret_account)
{
    pv_tier_account *account = NULL;
    PV_TRY(pv_find(call, &pv_tier_account__object, id, &account));
    if (account->kind != kind) {
        return pv_tier_unusable(call, id, "%s is a %s where a %s is needed.", id,
                                kind_name(account->kind), kind_name(kind));
    }
    if (account->state != PV_TIER_ACCOUNT_STATE_ACTIVE) {
        return pv_tier_unusable(call, id, "%s %s is decommissioned.", kind_name(kind), id);
    }
    *ret_account = account;
    return pv_ok();
}

static pv_status tier_of(pv_call *call, const pv_tier_account *account, pv_tier **ret_tier)
{
    pv_tier *tier = NULL;
    PV_TRY(pv_make_part(call, &pv_tier__info, &tier));
    tier->tier_account_id = account->id;
    tier->version = account->version;
    tier->name = account->name;
    tier->external_id = account->external_id;
    tier->contact = account->contact;
    *ret_tier = tier;
    return pv_ok();
}

pv_status pv_tiers_of_customer(pv_call *call, const char *customer_id, pv_tiers **ret_tiers)
{
    pv_tiers *tiers = NULL;
    PV_TRY(pv_make_part(call, &pv_tiers__info, &tiers));
    pv_tier_account *customer = NULL;
    pv_tier_account *tier1 = NULL;
    pv_tier_account *tier2 = NULL;
    PV_TRY(pv_tier_find(call, customer_id, PV_TIER_ACCOUNT_KIND_CUSTOMER, &customer));
    PV_TRY(pv_tier_find(call, customer->parent_id, PV_TIER_ACCOUNT_KIND_RESELLER, &tier1));
    PV_TRY(tier_of(call, customer, &tiers->customer));
    PV_TRY(tier_of(call, tier1, &tiers->tier1));
    if (!pv_is_empty(tier1->parent_id)) {
        PV_TRY(pv_tier_find(call, tier1->parent_id, PV_TIER_ACCOUNT_KIND_RESELLER, &tier2));
        PV_TRY(tier_of(call, tier2, &tiers->tier2));
    }
    *ret_tiers = tiers;
    return pv_ok();
}

pv_status pv_tiers_without_contacts(pv_call *call, const pv_tiers *tiers, pv_tiers **ret_tiers)
{
    pv_tiers *copy = (pv_tiers *)pv_message_copy(&tiers->base, call->arena);
    if (copy == NULL) { return pv_out_of_memory(call); }
    pv_tier *levels[] = {copy->customer, copy->tier1, copy->tier2};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (levels[i] != NULL) { levels[i]->contact = NULL; }
    }
    *ret_tiers = copy;
    return pv_ok();
}
