/* Invitations of members who have joined to enrol a further certificate. */
#include "purvey/account/v1/invitation_service.pv.h"

#include "server/flows/account/invitations.h"
#include "server/flows/account/issuing.h"
#include "server/flows/make.h"

pv_status pv_invitation_service_create_invitation(pv_call *call,
                                                  const pv_create_invitation_request *request,
                                                  pv_create_invitation_response *response)
{
    pv_membership *membership = NULL;
    pv_rights rights;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    PV_TRY(issuing_check_owner(call, membership));
    PV_TRY(account_rights_of_member(call, membership, &rights));
    const invitation_terms terms = {{request->scopes, request->n_scopes},
                                    request->certificate_lifetime_days};
    PV_TRY(invitation_agree(call, membership, &terms, &rights));
    if (request->n_scopes > 0) {
        rights = (pv_rights){{0}};
        pv_rights_add(&rights, request->scopes, request->n_scopes);
    }
    PV_TRY(account_demand_rights(call, &rights));
    PV_TRY(invitation_open(call, membership, request->lifetime_hours, &response->invitation_token));
    response->membership = membership;
    return pv_move_and_save(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_JOINED);
}

pv_status pv_invitation_service_revoke_invitation(pv_call *call,
                                                  const pv_revoke_invitation_request *request,
                                                  pv_revoke_invitation_response *response)
{
    pv_membership *membership = NULL;
    PV_TRY(
        pv_begin(call, &pv_membership__object, request->membership_id, request->etag, &membership));
    invitation_close(membership);
    response->membership = membership;
    return pv_move_and_save(call, &pv_membership__object, membership, PV_MEMBERSHIP_STATE_JOINED);
}
