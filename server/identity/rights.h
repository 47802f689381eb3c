/* rights.h — what a member of an account may do: for each module the strongest grant that one of its groups gives.
 * Read in the transaction it is handed, so that rights and data are of one moment. Pure but for the store; any
 * thread. */
#ifndef PV_SERVER_IDENTITY_RIGHTS_H
#define PV_SERVER_IDENTITY_RIGHTS_H

#include "purvey/account/v1/group.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Name of the group that every account has from its start. */
#define PV_ADMINISTRATORS "Administrators"

/* Strongest pv_grant per pv_module, 0: none. */
typedef struct pv_rights {
    uint8_t grants[PV_MODULES_MAX];
} pv_rights;

/* Raises the rights to what a list says. What is no module or no grant opens nothing. */
void pv_rights_add(pv_rights *rights, pv_module_grant *const *grants, size_t count);

/* Raises the rights to what a group gives: a deleted one nothing, Administrators everything. */
void pv_rights_add_group(pv_rights *rights, const pv_group *group);

/* Lowers the rights to these limits. */
void pv_rights_limit(pv_rights *rights, const pv_rights *limits);

/* The rights of all groups of a member together, whatever the state of its membership. DATA_LOSS: a group is not
 * there. RESOURCE_EXHAUSTED: the arena is. */
PV_MUST_USE pv_status pv_rights_of_member(pv_txn *txn, pv_arena *arena,
                                          const pv_membership *membership, pv_rights *ret_rights);

#ifdef __cplusplus
}
#endif
#endif
