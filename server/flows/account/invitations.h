/* invitations.h — the open invitation that a membership may have: a secret of 256 bits, of which its SHA-256 alone is
 * kept, that counts once and for a time. Who has not joined accepts or enrols with it; a member enrols a further
 * certificate.
 *
 * The token that people are handed is "pvinv_" and the secret in hexadecimal, a point, and the first 32 hexadecimal
 * digits of the SHA-256 of the root that the server's certificate comes from. The server looks at the secret alone. */
#ifndef PV_SERVER_FLOWS_ACCOUNT_INVITATIONS_H
#define PV_SERVER_FLOWS_ACCOUNT_INVITATIONS_H

#include "purvey/account/v1/membership.pv.h"
#include "server/flows/account/grants.h"
#include "server/flows/flow.h"

/* What the certificate that is enrolled with it may be. */
typedef struct invitation_terms {
    account_grants scopes; /* none: all that the member may then */
    int32_t lifetime_days; /* 0: the default */
} invitation_terms;

/* Puts the terms into the membership. They may hold no more than `most`. GRANTS_INVALID, SCOPES_EXCEED_USER. */
PV_MUST_USE pv_status invitation_agree(pv_call *call, pv_membership *membership,
                                       const invitation_terms *terms, const pv_rights *most);

/* Gives the membership a fresh secret in place of an earlier one. The caller saves the membership. */
PV_MUST_USE pv_status invitation_open(pv_call *call, pv_membership *membership,
                                      int32_t lifetime_hours, char **ret_token);

/* The secret is worthless from now on; the terms stay for when the invitation is sent again. */
void invitation_withdraw(pv_membership *membership);

/* The membership has no invitation any more. */
void invitation_close(pv_membership *membership);

/* SHA-256 of the secret in a token, as a row holds it. */
PV_MUST_USE pv_status invitation_digest(pv_call *call, const char *token, char **ret_sha256);

/* The membership whose open invitation has this digest; INVITATION_INVALID, the same whatever is wrong. */
PV_MUST_USE pv_status invitation_find(pv_call *call, const char *sha256,
                                      pv_membership **ret_membership);

/* INVITATION_INVALID, whatever else was to be said. */
PV_MUST_USE pv_status invitation_refuse(pv_call *call);

#endif
