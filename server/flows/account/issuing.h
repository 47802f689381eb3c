/* issuing.h — how a member gets a certificate, whoever asks for it: what it will say is stored first (PENDING) and
 * durable before it is signed (ACTIVE). What is signed, and how, is the signer's business (server/identity/signer.h).
 * */
#ifndef PV_SERVER_FLOWS_ACCOUNT_ISSUING_H
#define PV_SERVER_FLOWS_ACCOUNT_ISSUING_H

#include "purvey/account/v1/certificate.pv.h"
#include "purvey/account/v1/membership.pv.h"
#include "server/flows/account/grants.h"
#include "server/flows/flow.h"

/* What to issue. Everything is borrowed, also by the row that is made. */
typedef struct issuing {
    const pv_membership *membership;
    account_grants scopes;
    int32_t lifetime_days; /* 0: the default */
    char *label;
    char *invitation_sha256; /* NULL: not enrolled */
    char *renews_id;         /* NULL: it follows none */
    pv_view csr;
} issuing;

/* The one signing request of two that must be given. CERTIFICATE_REQUEST_INVALID. */
PV_MUST_USE pv_status issuing_request(pv_call *call, ProtobufCBinaryData der, const char *pem,
                                      pv_view *ret_csr);

/* The member, its user and its account must all be able to call. CERTIFICATE_OWNER_INACTIVE. */
PV_MUST_USE pv_status issuing_check_owner(pv_call *call, const pv_membership *membership);

/* These scopes (none: all) as far as the member holds them now. CERTIFICATE_WITHOUT_RIGHTS. */
PV_MUST_USE pv_status issuing_cut(pv_call *call, const pv_membership *membership,
                                  account_grants scopes, account_grants *ret_scopes);

/* SHA-256 of the key in a signing request, as a row holds it. CERTIFICATE_REQUEST_INVALID, AUTHORITY_UNAVAILABLE. */
PV_MUST_USE pv_status issuing_key(pv_call *call, pv_view csr, char **ret_key_sha256);

/* The row of an earlier run, or of an earlier call with the same request_id; NULL if there was none. */
PV_MUST_USE pv_status issuing_resume(pv_call *call, pv_certificate **ret_certificate);

/* Makes and stores the row. CERTIFICATE_REQUEST_INVALID, AUTHORITY_UNAVAILABLE. */
PV_MUST_USE pv_status issuing_plan(pv_call *call, const issuing *what,
                                   pv_certificate **ret_certificate);

/* Goes on with a PENDING row: runs the call again, or, when the row is durable, signs what it says and stores it.
 * CERTIFICATE_REQUEST_INVALID, AUTHORITY_UNAVAILABLE, STATE_FORBIDS. */
PV_MUST_USE pv_status issuing_sign(pv_call *call, pv_certificate *certificate, pv_view csr);

/* When the certificate that follows this one was first used; false: never, or there is none. */
PV_MUST_USE pv_status issuing_followed(pv_call *call, const pv_certificate *certificate,
                                       bool *ret_used, pv_time *ret_time);

/* Fills in what the stored row does not say, in the arena: how long it lasts, and when it was used. */
PV_MUST_USE pv_status issuing_show(pv_call *call, pv_arena *arena, pv_certificate *certificate);

#endif
