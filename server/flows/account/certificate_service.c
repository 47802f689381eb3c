/* Client certificates. What is signed, and how, is the signer's business (server/identity/signer.h); here it
 * is decided for whom and with which rights. */
#include "purvey/account/v1/certificate_service.pv.h"

#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/flows/account/grants.h"
#include "server/flows/make.h"
#include "server/identity/issue.h"

/* The member, its user and its account must all be able to call. */
static pv_status check_owner(pv_call *call, const pv_membership *membership)
{
    pv_account *account = NULL;
    pv_user *user = NULL;
    PV_TRY(pv_fetch(call, &pv_account__object, membership->account_id, &account));
    if (!pv_is_empty(membership->user_id)) {
        PV_TRY(pv_fetch(call, &pv_user__object, membership->user_id, &user));
    }
    const char *idle = NULL;
    if (account->state != PV_ACCOUNT_STATE_ACTIVE) { idle = account->id; }
    if (membership->state != PV_MEMBERSHIP_STATE_JOINED) { idle = membership->id; }
    if (user != NULL && user->state != PV_USER_STATE_ACTIVE) { idle = user->id; }
    if (idle == NULL) { return pv_ok(); }
    pv_error_note(&call->error, "account", "%s", account->id);
    pv_error_note(&call->error, "user", "%s", membership->user_id);
    pv_violate(call, "STATE", idle, "It must be ACTIVE, or JOINED.");
    return pv_refuse(&call->error, &pv_error_reason_certificate_owner_inactive,
                     "%s takes no part now.", idle);
}

/* What the certificate is to carry: what was asked for, or all that the member may. */
static pv_status choose_scopes(pv_call *call, const pv_issue_certificate_request *request,
                               const pv_membership *membership, account_grants *ret_scopes)
{
    pv_rights rights;
    pv_rights scopes = {{0}};
    *ret_scopes = (account_grants){request->scopes, request->n_scopes};
    PV_TRY(account_grants_check(call, *ret_scopes));
    PV_TRY(pv_store_refused(
        call, pv_rights_of_member(call->context->txn, call->arena, membership, &rights)));
    if (ret_scopes->count == 0) { PV_TRY(account_grants_of(call, &rights, ret_scopes)); }
    pv_rights_add(&scopes, ret_scopes->items, ret_scopes->count);
    PV_TRY(account_scopes_check(call, &scopes, &rights, membership));
    return account_demand_rights(call, &scopes);
}

/* The one signing request that was given. */
static pv_status csr_of(pv_call *call, const pv_issue_certificate_request *request,
                        pv_view *ret_csr)
{
    pv_view pem = pv_view_text(request->csr_pem);
    pv_view der = pv_view_of(request->csr_der.data, request->csr_der.len);
    if ((pem.size == 0) == (der.size == 0)) {
        return pv_refuse(&call->error, &pv_error_reason_certificate_request_invalid,
                         "Exactly one of csr_der and csr_pem must be given.");
    }
    *ret_csr = pem.size == 0 ? der : pem;
    return pv_ok();
}

static pv_status sign(pv_call *call, pv_issue *issue, pv_issue_certificate_response *response)
{
    const pv_signer *signer = call->context->authority;
    if (signer == NULL) {
        return pv_refuse(&call->error, &pv_error_reason_authority_unavailable,
                         "This server holds no certificate authority.");
    }
    pv_id_source *ids = call->context->ids;
    ids->random(ids->context, issue->random, sizeof issue->random);
    pv_certificate *certificate = NULL;
    pv_signed made;
    pv_status status =
        pv_issue_certificate(signer, issue, call->arena, &call->error, &certificate, &made);
    if (!pv_is_ok(status)) { return call->error.reason == NULL ? pv_out_of_memory(call) : status; }
    PV_TRY(pv_move(call, &pv_certificate__object, certificate, PV_CERTIFICATE_STATE_ACTIVE));
    PV_TRY(pv_save(call, &pv_certificate__object, certificate));
    response->certificate = certificate;
    PV_TRY(pv_text(call, made.pem, &response->certificate_pem));
    return pv_text(call, made.chain_pem, &response->chain_pem);
}

pv_status pv_certificate_service_issue_certificate(pv_call *call,
                                                   const pv_issue_certificate_request *request,
                                                   pv_issue_certificate_response *response)
{
    pv_membership *membership = NULL;
    account_grants scopes;
    PV_TRY(pv_find(call, &pv_membership__object, request->membership_id, &membership));
    PV_TRY(check_owner(call, membership));
    PV_TRY(choose_scopes(call, request, membership, &scopes));
    pv_issue issue = {.membership = membership,
                      .scopes = scopes.items,
                      .scope_count = scopes.count,
                      .lifetime_days = request->lifetime_days == 0
                                           ? (uint32_t)PV_LIFETIME_DAYS_DEFAULT
                                           : (uint32_t)request->lifetime_days,
                      .label = request->label,
                      .now = call->context->now};
    PV_TRY(csr_of(call, request, &issue.csr));
    PV_TRY(pv_new_id(call, &pv_certificate__object, &issue.certificate_id));
    return sign(call, &issue, response);
}

pv_status pv_certificate_service_get_certificate(pv_call *call,
                                                 const pv_get_certificate_request *request,
                                                 pv_get_certificate_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_certificate__object, request->certificate_id);
}

pv_status pv_certificate_service_list_certificates(pv_call *call,
                                                   const pv_list_certificates_request *request,
                                                   pv_list_certificates_response *response)
{
    (void)response;
    pv_condition conditions[2];
    size_t count = 0;
    if (!pv_is_empty(request->user_id)) {
        conditions[count++] = pv_where(&pv_certificate__object, "user_id", request->user_id);
    }
    if (!pv_is_empty(request->account_id)) {
        conditions[count++] = pv_where(&pv_certificate__object, "account_id", request->account_id);
    }
    return pv_answer_list(call, &pv_certificate__object, &request->base, conditions, count);
}

pv_status pv_certificate_service_revoke_certificate(pv_call *call,
                                                    const pv_revoke_certificate_request *request,
                                                    pv_revoke_certificate_response *response)
{
    pv_certificate *certificate = NULL;
    PV_TRY(pv_begin(call, &pv_certificate__object, request->certificate_id, request->etag,
                    &certificate));
    PV_TRY(pv_stamp(call, &certificate->revoke_time));
    certificate->revoke_reason = request->reason;
    response->certificate = certificate;
    return pv_move_and_save(call, &pv_certificate__object, certificate,
                            PV_CERTIFICATE_STATE_REVOKED);
}
