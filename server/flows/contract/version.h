/* version.h — adding versions to agreements. Inside the contract area only. */
#ifndef PV_SERVER_FLOWS_CONTRACT_VERSION_H
#define PV_SERVER_FLOWS_CONTRACT_VERSION_H

#include "purvey/contract/v1/agreement.pv.h"
#include "server/flows/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The terms of a version, borrowed from the request. */
typedef struct pv_terms {
    char *description;
    char *link;
    char **questions;
    size_t question_count;
} pv_terms;

/* Refuses an empty question, and questions on an agreement in which nobody enrols. AGREEMENT_FIELDS_INVALID. */
PV_MUST_USE pv_status pv_terms_check(pv_call *call, pv_agreement_type type, const pv_terms *terms);

/* Makes the next version of the agreement, activates it if asked, and stores both. STORE_FULL. */
PV_MUST_USE pv_status pv_version_add(pv_call *call, pv_agreement *agreement, const pv_terms *terms,
                                     bool activate, pv_agreement_version **ret_version);

#ifdef __cplusplus
}
#endif
#endif
