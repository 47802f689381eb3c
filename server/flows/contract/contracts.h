/* contracts.h — what other areas ask of contracts: is there one that permits this? Is this agreement visible?
 * Contracts found live in call->arena. Ids given must be canonical (from a checked request or a stored
 * object). */
#ifndef PV_SERVER_FLOWS_CONTRACT_CONTRACTS_H
#define PV_SERVER_FLOWS_CONTRACT_CONTRACTS_H

#include "purvey/contract/v1/agreement.pv.h"
#include "purvey/contract/v1/contract.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More contracts of one kind than this are not looked at in one call. */
enum { PV_CONTRACTS_MAX = 1000 };

/* An active contract of this type between the distributor and the partner (a reseller for SERVICE, else a
 * vendor). `marketplace_id` "" means any; it matters for DISTRIBUTION alone. NOT_FOUND is returned without
 * filling call->error. */
PV_MUST_USE pv_status pv_contract_find_active(pv_call *call, pv_agreement_type type,
                                              const char *distributor_id, const char *partner_id,
                                              const char *marketplace_id,
                                              pv_contract **ret_contract);

/* An active contract of this type with whatever distributor. NOT_FOUND without filling call->error. */
PV_MUST_USE pv_status pv_contract_find_any(pv_call *call, pv_agreement_type type,
                                           const char *partner_id, pv_contract **ret_contract);

/* Refuses unless a program contract is active between the two. PROGRAM_CONTRACT_MISSING. */
PV_MUST_USE pv_status pv_contract_demand_program(pv_call *call, const char *distributor_id,
                                                 const char *vendor_id);

/* Refuses unless a distribution contract is active between the two for the marketplace ("": any).
 * DISTRIBUTION_CONTRACT_MISSING. */
PV_MUST_USE pv_status pv_contract_demand_distribution(pv_call *call, const char *distributor_id,
                                                      const char *vendor_id,
                                                      const char *marketplace_id,
                                                      pv_contract **ret_contract);

/* Refuses unless a service contract is active between the two. SERVICE_CONTRACT_MISSING. */
PV_MUST_USE pv_status pv_contract_demand_service(pv_call *call, const char *distributor_id,
                                                 const char *reseller_id,
                                                 pv_contract **ret_contract);

/* The active contracts of this type that the partner has, at most PV_CONTRACTS_MAX; STORE_FULL beyond. */
PV_MUST_USE pv_status pv_contract_collect_active(pv_call *call, pv_agreement_type type,
                                                 const char *partner_id,
                                                 pv_contract ***ret_contracts, size_t *ret_count);

/* A contract on the marketplace, of whatever state, of which the caller is a party. NOT_FOUND without filling
 * call->error. */
PV_MUST_USE pv_status pv_contract_on_marketplace(pv_call *call, const char *marketplace_id,
                                                 pv_contract **ret_contract);

/* An agreement that the caller owns, has a contract on, or is offered (see Agreement in the .proto).
 * NOT_FOUND. */
PV_MUST_USE pv_status pv_agreement_visible(pv_call *call, const char *agreement_id,
                                           pv_agreement **ret_agreement);

/* The same; NOT_FOUND is returned without filling call->error. */
PV_MUST_USE pv_status pv_agreement_find_shown(pv_call *call, const char *agreement_id,
                                              pv_agreement **ret_agreement);

/* The active version of an agreement. AGREEMENT_WITHOUT_ACTIVE_VERSION. */
PV_MUST_USE pv_status pv_agreement_active_version(pv_call *call, const pv_agreement *agreement,
                                                  pv_agreement_version **ret_version);

#ifdef __cplusplus
}
#endif
#endif
