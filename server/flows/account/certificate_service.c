/* Client certificates. What is signed, and how, is the signer's business (server/identity/signer.h); here it
 * is decided for whom and with which rights. */
#include "purvey/account/v1/certificate_service.pv.h"

#include "protos/runtime/message.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/flows/account/grants.h"
#include "server/flows/make.h"
#include "server/identity/issue.h"
#include "storage/record.h"

enum { SHOWN_BYTES = 1024 * 1024 };

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

/* Fills in what the stored row does not say: how long it lasts, and when it was used. */
static pv_status show(pv_call *call, pv_arena *arena, pv_certificate *certificate)
{
    pv_time end;
    if (!pv_time_of(certificate->not_after, &end)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    int64_t left_ns = end.utc_ns - call->context->now.utc_ns;
    bool active = certificate->state == PV_CERTIFICATE_STATE_ACTIVE;
    certificate->days_left = active && left_ns > 0 ? (int32_t)(left_ns / NS_PER_DAY) : 0;
    pv_use use;
    pv_status status =
        pv_use_get(call->context->txn, pv_id_of(&pv_certificate__object, certificate->id), &use);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    certificate->first_use_time = pv_timestamp_new(arena, use.first);
    certificate->last_use_time = pv_timestamp_new(arena, use.last);
    certificate->last_peer_address = pv_arena_dup(arena, use.peer_address);
    if (certificate->first_use_time == NULL || certificate->last_use_time == NULL ||
        certificate->last_peer_address == NULL) {
        return pv_out_of_memory(call);
    }
    return pv_ok();
}

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
    PV_TRY(show(call, call->arena, certificate));
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
    PV_TRY(pv_find(call, &pv_certificate__object, request->certificate_id, &response->certificate));
    return show(call, call->arena, response->certificate);
}

static pv_status show_stored(pv_call *call, void *context, pv_view *ret_shown)
{
    pv_arena *arena = context; /* for one at a time */
    ProtobufCMessage *message = NULL;
    pv_arena_reset(arena);
    if (!pv_message_unpack(&pv_certificate__info, *ret_shown, arena, &message)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    PV_TRY(show(call, arena, (pv_certificate *)(void *)message));
    return pv_message_encode(message, arena, ret_shown) ? pv_ok() : pv_out_of_memory(call);
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
    pv_arena *arena = pv_arena_create(SHOWN_BYTES);
    pv_status status = pv_answer_list_as(call, &pv_certificate__object, &request->base, conditions,
                                         count, show_stored, arena);
    pv_arena_destroy(arena);
    return status;
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
    PV_TRY(
        pv_move_and_save(call, &pv_certificate__object, certificate, PV_CERTIFICATE_STATE_REVOKED));
    response->certificate = certificate;
    return show(call, call->arena, certificate);
}
