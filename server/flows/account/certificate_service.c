/* Client certificates: for whom they are issued, with which rights, and when they are refused. */
#include "purvey/account/v1/certificate_service.pv.h"

#include "protos/runtime/message.h"
#include "server/flows/account/issuing.h"
#include "server/flows/make.h"

enum { SHOWN_BYTES = 1024 * 1024, SECONDS_PER_DAY = 86400 };

/* What the certificate is to carry: what was asked for, or all that the member may. */
static pv_status choose_scopes(pv_call *call, const pv_issue_certificate_request *request,
                               const pv_membership *membership, account_grants *ret_scopes)
{
    pv_rights rights;
    pv_rights scopes = {{0}};
    *ret_scopes = (account_grants){request->scopes, request->n_scopes};
    PV_TRY(account_grants_check(call, *ret_scopes));
    PV_TRY(account_rights_of_member(call, membership, &rights));
    if (ret_scopes->count == 0) { PV_TRY(account_grants_of(call, &rights, ret_scopes)); }
    pv_rights_add(&scopes, ret_scopes->items, ret_scopes->count);
    PV_TRY(account_scopes_check(call, &scopes, &rights, membership));
    return account_demand_rights(call, &scopes);
}

static pv_status plan(pv_call *call, const pv_issue_certificate_request *request, pv_view csr,
                      pv_certificate **ret_certificate)
{
    pv_membership *membership = NULL;
    account_grants scopes;
    PV_TRY(pv_find(call, &pv_membership__object, request->membership_id, &membership));
    PV_TRY(issuing_check_owner(call, membership));
    PV_TRY(choose_scopes(call, request, membership, &scopes));
    const issuing what = {.membership = membership,
                          .scopes = scopes,
                          .lifetime_days = request->lifetime_days,
                          .label = request->label,
                          .csr = csr};
    return issuing_plan(call, &what, ret_certificate);
}

pv_status pv_certificate_service_issue_certificate(pv_call *call,
                                                   const pv_issue_certificate_request *request,
                                                   pv_issue_certificate_response *response)
{
    pv_certificate *certificate = NULL;
    pv_view csr;
    PV_TRY(issuing_request(call, request->csr_der, request->csr_pem, &csr));
    PV_TRY(issuing_resume(call, &certificate));
    if (certificate == NULL) { PV_TRY(plan(call, request, csr, &certificate)); }
    if (!request->validate_only) { PV_TRY(issuing_sign(call, certificate, csr)); }
    response->certificate = certificate;
    response->certificate_pem = certificate->certificate_pem;
    response->chain_pem = certificate->chain_pem;
    return issuing_show(call, call->arena, certificate);
}

/* Makes the certificate the last of its line but one: what was before it ends, and so does what was to follow it and
 * was never used. */
static pv_status make_room(pv_call *call, const pv_certificate *present)
{
    bool used = false;
    pv_time time;
    PV_TRY(issuing_followed(call, present, &used, &time));
    const char *others[] = {present->renews_id, present->renewed_by_id};
    for (size_t i = 0; i < 2; i++) {
        pv_certificate *other = NULL;
        if (pv_is_empty(others[i])) { continue; }
        PV_TRY(pv_fetch(call, &pv_certificate__object, others[i], &other));
        if (other->state != PV_CERTIFICATE_STATE_PENDING &&
            other->state != PV_CERTIFICATE_STATE_ACTIVE) {
            continue;
        }
        if (i == 1 && used) {
            pv_note_existing(call, &pv_certificate__object, other->id);
            return pv_refuse(&call->error, &pv_error_reason_certificate_renewed,
                             "%s follows %s and is in use.", other->id, present->id);
        }
        PV_TRY(pv_move_and_save(call, &pv_certificate__object, other,
                                PV_CERTIFICATE_STATE_SUPERSEDED));
    }
    return pv_ok();
}

/* As many days as the present one was asked for; of an old row its times tell. */
static int32_t days_of(const pv_certificate *certificate)
{
    if (certificate->lifetime_days != 0) { return certificate->lifetime_days; }
    int64_t seconds = certificate->not_after->seconds - certificate->not_before->seconds;
    return seconds < SECONDS_PER_DAY ? 1 : (int32_t)(seconds / SECONDS_PER_DAY);
}

static pv_status plan_renewal(pv_call *call, pv_view csr, pv_certificate **ret_certificate)
{
    pv_certificate *present = NULL;
    pv_membership *membership = NULL;
    char *key = NULL;
    PV_TRY(pv_fetch(call, &pv_certificate__object, pv_caller_of(call)->certificate_id, &present));
    PV_TRY(pv_fetch(call, &pv_membership__object, present->membership_id, &membership));
    PV_TRY(issuing_key(call, csr, &key));
    if (strcmp(key, present->key_sha256) == 0) {
        return pv_refuse(&call->error, &pv_error_reason_key_not_new, NULL);
    }
    PV_TRY(make_room(call, present));
    issuing what = {.membership = membership,
                    .lifetime_days = days_of(present),
                    .label = present->label,
                    .renews_id = present->id,
                    .csr = csr};
    const account_grants scopes = {present->scopes, present->n_scopes};
    PV_TRY(issuing_cut(call, membership, scopes, &what.scopes));
    PV_TRY(issuing_plan(call, &what, ret_certificate));
    present->renewed_by_id = (*ret_certificate)->id;
    return pv_move_and_save(call, &pv_certificate__object, present, PV_CERTIFICATE_STATE_ACTIVE);
}

pv_status pv_certificate_service_renew_certificate(pv_call *call,
                                                   const pv_renew_certificate_request *request,
                                                   pv_renew_certificate_response *response)
{
    pv_certificate *certificate = NULL;
    pv_view csr;
    PV_TRY(issuing_request(call, request->csr_der, request->csr_pem, &csr));
    PV_TRY(issuing_resume(call, &certificate));
    if (certificate == NULL) { PV_TRY(plan_renewal(call, csr, &certificate)); }
    if (!request->validate_only) { PV_TRY(issuing_sign(call, certificate, csr)); }
    response->certificate = certificate;
    response->certificate_pem = certificate->certificate_pem;
    response->chain_pem = certificate->chain_pem;
    return issuing_show(call, call->arena, certificate);
}

pv_status pv_certificate_service_get_certificate(pv_call *call,
                                                 const pv_get_certificate_request *request,
                                                 pv_get_certificate_response *response)
{
    PV_TRY(pv_find(call, &pv_certificate__object, request->certificate_id, &response->certificate));
    return issuing_show(call, call->arena, response->certificate);
}

static pv_status show_stored(pv_call *call, void *context, pv_view *ret_shown)
{
    pv_arena *arena = context; /* for one at a time */
    ProtobufCMessage *message = NULL;
    pv_arena_reset(arena);
    if (!pv_message_unpack(&pv_certificate__info, *ret_shown, arena, &message)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    PV_TRY(issuing_show(call, arena, (pv_certificate *)(void *)message));
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

static pv_status revoke(pv_call *call, pv_certificate *certificate, char *reason)
{
    PV_TRY(pv_stamp(call, &certificate->revoke_time));
    certificate->revoke_reason = reason;
    return pv_move_and_save(call, &pv_certificate__object, certificate,
                            PV_CERTIFICATE_STATE_REVOKED);
}

/* What the certificate was renewed with, to the end of the line. */
static pv_status revoke_following(pv_call *call, const pv_certificate *certificate, char *reason)
{
    while (!pv_is_empty(certificate->renewed_by_id)) {
        pv_certificate *next = NULL;
        PV_TRY(pv_fetch(call, &pv_certificate__object, certificate->renewed_by_id, &next));
        if (next->state == PV_CERTIFICATE_STATE_PENDING ||
            next->state == PV_CERTIFICATE_STATE_ACTIVE) {
            PV_TRY(revoke(call, next, reason));
        }
        certificate = next;
    }
    return pv_ok();
}

pv_status pv_certificate_service_revoke_certificate(pv_call *call,
                                                    const pv_revoke_certificate_request *request,
                                                    pv_revoke_certificate_response *response)
{
    pv_certificate *certificate = NULL;
    PV_TRY(pv_begin(call, &pv_certificate__object, request->certificate_id, request->etag,
                    &certificate));
    PV_TRY(revoke(call, certificate, request->reason));
    if (request->following) { PV_TRY(revoke_following(call, certificate, request->reason)); }
    response->certificate = certificate;
    return issuing_show(call, call->arena, certificate);
}
