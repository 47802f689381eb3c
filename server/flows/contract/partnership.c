#include "server/flows/contract/partnership.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/partner.pv.h"
#include "server/flows/make.h"

/* The field that names the distributor's partner, in contracts and partnerships alike. */
static const char *partner_field(const pv_contract *contract)
{
    return pv_is_empty(contract->vendor_id) ? "reseller_id" : "vendor_id";
}

static const char *partner_of(const pv_contract *contract)
{
    return pv_is_empty(contract->vendor_id) ? contract->reseller_id : contract->vendor_id;
}

static pv_id distributor_of(const pv_contract *contract)
{
    return pv_id_of(&pv_account__object, contract->distributor_id);
}

static pv_status has_contract(pv_call *call, const pv_contract *of, pv_contract_state state,
                              bool *ret_has)
{
    const pv_object_info *object = &pv_contract__object;
    const pv_condition conditions[] = {pv_where(object, partner_field(of), partner_of(of)),
                                       pv_where_number(object, "state", (uint64_t)state)};
    pv_contract *found = NULL;
    PV_TRY(pv_if_any(pv_lookup(call, object, distributor_of(of), conditions, 2, &found)));
    *ret_has = found != NULL;
    return pv_ok();
}

/* What all contracts of the two come to. */
static pv_status state_of(pv_call *call, const pv_contract *contract,
                          pv_partnership_state *ret_state)
{
    static const struct {
        pv_contract_state contract;
        pv_partnership_state partnership;
    } strongest_first[] = {
        {PV_CONTRACT_STATE_ACTIVE, PV_PARTNERSHIP_STATE_ACTIVE},
        {PV_CONTRACT_STATE_PENDING, PV_PARTNERSHIP_STATE_INVITED},
        {PV_CONTRACT_STATE_ENROLLING, PV_PARTNERSHIP_STATE_INVITED},
    };
    *ret_state = PV_PARTNERSHIP_STATE_ENDED;
    for (size_t i = 0; i < sizeof strongest_first / sizeof *strongest_first; i++) {
        bool has = false;
        PV_TRY(has_contract(call, contract, strongest_first[i].contract, &has));
        if (!has) { continue; }
        *ret_state = strongest_first[i].partnership;
        return pv_ok();
    }
    return pv_ok();
}

static pv_status make(pv_call *call, const pv_contract *contract, pv_partnership **ret_partnership)
{
    pv_partnership *partnership = NULL;
    PV_TRY(pv_make(call, &pv_partnership__object, &partnership));
    partnership->distributor_id = contract->distributor_id;
    partnership->vendor_id = contract->vendor_id;
    partnership->reseller_id = contract->reseller_id;
    partnership->partner_type =
        pv_is_empty(contract->vendor_id) ? PV_ACCOUNT_TYPE_RESELLER : PV_ACCOUNT_TYPE_VENDOR;
    *ret_partnership = partnership;
    return pv_ok();
}

pv_status contract_follow(pv_call *call, const pv_contract *contract)
{
    const pv_object_info *object = &pv_partnership__object;
    pv_partnership *partnership = NULL;
    pv_partnership_state state;
    const pv_condition of_partner = pv_where(object, partner_field(contract), partner_of(contract));
    PV_TRY(
        pv_if_any(pv_lookup(call, object, distributor_of(contract), &of_partner, 1, &partnership)));
    if (partnership == NULL) { PV_TRY(make(call, contract, &partnership)); }
    PV_TRY(state_of(call, contract, &state));
    if (partnership->state == state) { return pv_ok(); }
    return pv_move_and_save(call, object, partnership, (int)state);
}

pv_status contract_is_partner(pv_call *call, const char *account_id, bool *ret_is)
{
    static const char *const fields[] = {"vendor_id", "reseller_id"};
    pv_partnership *partnership = NULL;
    for (size_t i = 0; partnership == NULL && i < sizeof fields / sizeof *fields; i++) {
        pv_condition condition = pv_where(&pv_partnership__object, fields[i], account_id);
        PV_TRY(pv_if_any(pv_lookup(call, &pv_partnership__object, pv_caller_of(call)->account,
                                   &condition, 1, &partnership)));
    }
    *ret_is = partnership != NULL;
    return pv_ok();
}
