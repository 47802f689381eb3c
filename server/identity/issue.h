/* issue.h — makes one client certificate in two steps, so that nothing is ever signed that is not known: the plan fixes
 * times, serial number and key in the certificate's row, which is stored and durable before the second step has it
 * signed. Who may ask and which scopes are permitted is decided before. Pure but for the signer, which is handed in.
 *
 * A server that stops in between leaves a PENDING row; the same request then signs what the row says. A certificate
 * that was signed and not stored was never given out. */
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
    PV_OVERLAP_S =
        7 * 86400, /* a renewed certificate is accepted for, from the first use of the new one */
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

/* Makes the row in state 0: the caller moves it to PENDING and stores it. The certificate ends with the issuing
 * authority at the latest. Reasons: those of pv_signer.read_key; RESOURCE_EXHAUSTED without a reason. */
PV_MUST_USE pv_status pv_issue_plan(const pv_signer *signer, const pv_issue *issue, pv_arena *arena,
                                    pv_error *error, pv_certificate **ret_certificate);

/* Signs what the row says and adds to it what was signed; the caller moves it to ACTIVE. The request must hold the key
 * of the plan: CERTIFICATE_REQUEST_INVALID. Reasons: those of pv_signer.sign; RESOURCE_EXHAUSTED without a reason. */
PV_MUST_USE pv_status pv_issue_sign(const pv_signer *signer, pv_certificate *planned, pv_view csr,
                                    pv_arena *arena, pv_error *error);

#ifdef __cplusplus
}
#endif
#endif
