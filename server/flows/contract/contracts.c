#include "server/flows/contract/contracts.h"

#include "purvey/account/v1/account.pv.h"
#include "server/flows/make.h"

enum { CONDITIONS_MAX = 4 };

/* Conditions in the order of the index that serves them: type, state, distributor_id, marketplace_id. */
static size_t active_of_type(pv_agreement_type type, pv_condition *conditions)
{
    conditions[0] = pv_where_number(&pv_contract__object, "type", (uint64_t)type);
    conditions[1] = pv_where_number(&pv_contract__object, "state", PV_CONTRACT_STATE_ACTIVE);
    return 2;
}

pv_status pv_contract_find_active(pv_call *call, pv_agreement_type type, const char *distributor_id,
                                  const char *partner_id, const char *marketplace_id,
                                  pv_contract **ret_contract)
{
    pv_condition conditions[CONDITIONS_MAX];
    size_t count = active_of_type(type, conditions);
    conditions[count++] = pv_where(&pv_contract__object, "distributor_id", distributor_id);
    if (!pv_is_empty(marketplace_id)) {
        conditions[count++] = pv_where(&pv_contract__object, "marketplace_id", marketplace_id);
    }
    pv_id partner = pv_id_of(&pv_account__object, partner_id);
    return pv_lookup(call, &pv_contract__object, partner, conditions, count, ret_contract);
}

pv_status pv_contract_find_any(pv_call *call, pv_agreement_type type, const char *partner_id,
                               pv_contract **ret_contract)
{
    pv_condition conditions[CONDITIONS_MAX];
    size_t count = active_of_type(type, conditions);
    pv_id partner = pv_id_of(&pv_account__object, partner_id);
    return pv_lookup(call, &pv_contract__object, partner, conditions, count, ret_contract);
}

pv_status pv_contract_demand_program(pv_call *call, const char *distributor_id,
                                     const char *vendor_id)
{
    pv_contract *contract = NULL;
    pv_status status = pv_contract_find_active(call, PV_AGREEMENT_TYPE_PROGRAM, distributor_id,
                                               vendor_id, "", &contract);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    pv_error_note(&call->error, "distributor", "%s", distributor_id);
    return pv_refuse(&call->error, &pv_error_reason_program_contract_missing,
                     "No program contract is active between distributor %s and vendor %s.",
                     distributor_id, vendor_id);
}

pv_status pv_contract_demand_distribution(pv_call *call, const char *distributor_id,
                                          const char *vendor_id, const char *marketplace_id,
                                          pv_contract **ret_contract)
{
    pv_status status = pv_contract_find_active(call, PV_AGREEMENT_TYPE_DISTRIBUTION, distributor_id,
                                               vendor_id, marketplace_id, ret_contract);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    return pv_refuse(&call->error, &pv_error_reason_distribution_contract_missing,
                     "No distribution contract is active between distributor %s and vendor %s%s%s.",
                     distributor_id, vendor_id,
                     pv_is_empty(marketplace_id) ? "" : " for marketplace ", marketplace_id);
}

pv_status pv_contract_demand_service(pv_call *call, const char *distributor_id,
                                     const char *reseller_id, pv_contract **ret_contract)
{
    pv_status status = pv_contract_find_active(call, PV_AGREEMENT_TYPE_SERVICE, distributor_id,
                                               reseller_id, "", ret_contract);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    pv_error_note(&call->error, "distributor", "%s", distributor_id);
    return pv_refuse(&call->error, &pv_error_reason_service_contract_missing,
                     "No service contract is active between distributor %s and reseller %s.",
                     distributor_id, reseller_id);
}

pv_status pv_contract_collect_active(pv_call *call, pv_agreement_type type, const char *partner_id,
                                     pv_contract ***ret_contracts, size_t *ret_count)
{
    pv_condition conditions[CONDITIONS_MAX];
    size_t count = active_of_type(type, conditions);
    pv_id partner = pv_id_of(&pv_account__object, partner_id);
    return pv_collect(call, &pv_contract__object, partner, conditions, count, PV_CONTRACTS_MAX,
                      ret_contracts, ret_count);
}

pv_status pv_contract_on_marketplace(pv_call *call, const char *marketplace_id,
                                     pv_contract **ret_contract)
{
    pv_condition condition = pv_where(&pv_contract__object, "marketplace_id", marketplace_id);
    return pv_lookup(call, &pv_contract__object, pv_caller_of(call)->account, &condition, 1,
                     ret_contract);
}

/* Whether the caller, who is not its owner, may see the agreement (NULL: there is none). OK or NOT_FOUND, no words. */
static pv_status agreement_shown(pv_call *call, const char *agreement_id,
                                 const pv_agreement *agreement)
{
    const pv_caller *caller = pv_caller_of(call);
    char none[PV_ID_TEXT_SIZE];
    const char *distributor_id =
        agreement == NULL ? pv_no_id(&pv_account__object, none) : agreement->distributor_id;
    pv_contract *on_it = NULL;
    pv_contract *program = NULL;
    pv_condition condition = pv_where(&pv_contract__object, "agreement_id", agreement_id);
    PV_TRY(
        pv_if_any(pv_lookup(call, &pv_contract__object, caller->account, &condition, 1, &on_it)));
    if (caller->role == PV_ACCOUNT_TYPE_VENDOR) {
        PV_TRY(pv_if_any(pv_contract_find_active(call, PV_AGREEMENT_TYPE_PROGRAM, distributor_id,
                                                 caller->account_id, "", &program)));
    }
    bool offered = agreement != NULL && program != NULL &&
                   agreement->type == PV_AGREEMENT_TYPE_DISTRIBUTION &&
                   agreement->active_version != 0;
    return on_it != NULL || offered ? pv_ok() : pv_status_of(PV_CODE_NOT_FOUND);
}

pv_status pv_agreement_find_shown(pv_call *call, const char *agreement_id,
                                  pv_agreement **ret_agreement)
{
    pv_agreement *agreement = NULL;
    bool is_party = false;
    PV_TRY(pv_if_any(pv_peek(call, &pv_agreement__object, agreement_id, &agreement, &is_party)));
    if (!is_party) { PV_TRY(agreement_shown(call, agreement_id, agreement)); }
    if (agreement == NULL) { return pv_status_of(PV_CODE_NOT_FOUND); }
    *ret_agreement = agreement;
    return pv_ok();
}

pv_status pv_agreement_visible(pv_call *call, const char *agreement_id,
                               pv_agreement **ret_agreement)
{
    return pv_or_not_found(call, &pv_agreement__object, agreement_id,
                           pv_agreement_find_shown(call, agreement_id, ret_agreement));
}

pv_status pv_agreement_active_version(pv_call *call, const pv_agreement *agreement,
                                      pv_agreement_version **ret_version)
{
    const pv_object_info *object = &pv_agreement_version__object;
    const pv_condition conditions[] = {
        pv_where(object, "agreement_id", agreement->id),
        pv_where_number(object, "state", PV_AGREEMENT_VERSION_STATE_ACTIVE),
    };
    pv_id distributor = pv_id_of(&pv_account__object, agreement->distributor_id);
    pv_status status = pv_lookup(call, object, distributor, conditions, 2, ret_version);
    if (status.code != PV_CODE_NOT_FOUND) { return status; }
    pv_error_note(&call->error, "agreement", "%s", agreement->id);
    return pv_refuse(&call->error, &pv_error_reason_agreement_without_active_version,
                     "Agreement %s has no active version.", agreement->id);
}
