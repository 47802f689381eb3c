/* issue.h — makes one client certificate with its row: fixes times and serial number, has it signed, and
 * fills in the Certificate. Who may ask and which scopes are permitted is decided before. Pure but for the
 * signer, which is handed in. */
#ifndef PV_SERVER_IDENTITY_ISSUE_H
#define PV_SERVER_IDENTITY_ISSUE_H

#include "base/id.h"
#include "purvey/account/v1/certificate.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/identity/signer.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_LIFETIME_DAYS_DEFAULT = 90,
    PV_LIFETIME_DAYS_MAX = 398,
    PV_BACKDATE_S = 300 /* a certificate begins before now, for clocks of peers that are behind */
};

/* What to issue. Everything is borrowed, and the row that is made borrows it too. */
typedef struct pv_issue {
    const pv_membership *membership;
    char *certificate_id; /* fresh */
    pv_view csr;
    pv_module_grant **scopes;
    size_t scope_count;
    uint32_t lifetime_days; /* 1 to PV_LIFETIME_DAYS_MAX */
    char *label;            /* "" if none */
    uint8_t random[PV_SERIAL_SIZE];
    pv_time now;
} pv_issue;

/* Signs, and makes the row in state 0: the caller moves it to ACTIVE. The certificate ends with the issuing
 * authority at the latest. Reasons: those of pv_signer.sign; RESOURCE_EXHAUSTED without a reason. */
PV_MUST_USE pv_status pv_issue_certificate(const pv_signer *signer, const pv_issue *issue,
                                           pv_arena *arena, pv_error *error,
                                           pv_certificate **ret_certificate, pv_signed *ret_signed);

#ifdef __cplusplus
}
#endif
#endif
