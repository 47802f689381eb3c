/* partnership.h — keeps the directory of partners in step with their contracts. */
#ifndef PV_SERVER_FLOWS_CONTRACT_PARTNERSHIP_H
#define PV_SERVER_FLOWS_CONTRACT_PARTNERSHIP_H

#include "purvey/contract/v1/contract.pv.h"
#include "server/flows/flow.h"

/* Brings the partnership of the contract's parties to the state that all their contracts together give it, and makes
 * it with the first one. Call it after the contract was stored or removed. */
PV_MUST_USE pv_status contract_follow(pv_call *call, const pv_contract *contract);

/* Whether the calling distributor has, or had, a contract with the account. */
PV_MUST_USE pv_status contract_is_partner(pv_call *call, const char *account_id, bool *ret_is);

#endif
