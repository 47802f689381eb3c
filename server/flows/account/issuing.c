#include "server/flows/account/issuing.h"

#include "base/digest.h"
#include "protos/runtime/timestamp.h"
#include "purvey/account/v1/account.pv.h"
#include "purvey/account/v1/user.pv.h"
#include "server/flows/make.h"
#include "server/identity/issue.h"
#include "storage/record.h"

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

pv_status issuing_request(pv_call *call, ProtobufCBinaryData der, const char *pem, pv_view *ret_csr)
{
    if (pv_is_empty(pem) == (der.len == 0)) {
        return pv_refuse(&call->error, &pv_error_reason_certificate_request_invalid,
                         "Exactly one of csr_der and csr_pem must be given.");
    }
    *ret_csr = der.len > 0 ? pv_view_of(der.data, der.len) : pv_view_text(pem);
    return pv_ok();
}

pv_status issuing_check_owner(pv_call *call, const pv_membership *membership)
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

pv_status issuing_cut(pv_call *call, const pv_membership *membership, account_grants scopes,
                      account_grants *ret_scopes)
{
    pv_rights rights;
    PV_TRY(account_rights_of_member(call, membership, &rights));
    if (scopes.count > 0) {
        pv_rights most = {{0}};
        pv_rights_add(&most, scopes.items, scopes.count);
        pv_rights_limit(&rights, &most);
    }
    PV_TRY(account_grants_of(call, &rights, ret_scopes));
    if (ret_scopes->count > 0) { return pv_ok(); }
    pv_error_note(&call->error, "membership", "%s", membership->id);
    return pv_refuse(&call->error, &pv_error_reason_certificate_without_rights, NULL);
}

static pv_status signer_of(pv_call *call, const pv_signer **ret_signer)
{
    *ret_signer = call->context->authority;
    if (*ret_signer != NULL) { return pv_ok(); }
    return pv_refuse(&call->error, &pv_error_reason_authority_unavailable,
                     "This server holds no certificate authority.");
}

/* What the signer leaves without a reason is a full arena. */
static pv_status worded(pv_call *call, pv_status status)
{
    return pv_is_ok(status) || call->error.reason != NULL ? status : pv_out_of_memory(call);
}

pv_status issuing_key(pv_call *call, pv_view csr, char **ret_key_sha256)
{
    const pv_signer *signer = NULL;
    uint8_t sha256[PV_SHA256_SIZE];
    char hex[2 * PV_SHA256_SIZE + 1];
    PV_TRY(signer_of(call, &signer));
    PV_TRY(worded(call, signer->read_key(signer, csr, sha256, &call->error)));
    pv_hex_format(pv_view_of(sha256, sizeof sha256), hex);
    return pv_text(call, hex, ret_key_sha256);
}

pv_status issuing_resume(pv_call *call, pv_certificate **ret_certificate)
{
    *ret_certificate = NULL;
    if (call->context->note == NULL) { return pv_ok(); }
    return pv_fetch(call, &pv_certificate__object, call->context->note, ret_certificate);
}

pv_status issuing_plan(pv_call *call, const issuing *what, pv_certificate **ret_certificate)
{
    const pv_signer *signer = NULL;
    PV_TRY(signer_of(call, &signer));
    int32_t days = what->lifetime_days == 0 ? PV_LIFETIME_DAYS_DEFAULT : what->lifetime_days;
    pv_issue issue = {.membership = what->membership,
                      .csr = what->csr,
                      .scopes = what->scopes.items,
                      .scope_count = what->scopes.count,
                      .lifetime_days = (uint32_t)days,
                      .label = what->label,
                      .now = call->context->now};
    pv_id_source *ids = call->context->ids;
    ids->random(ids->context, issue.random, sizeof issue.random);
    PV_TRY(pv_new_id(call, &pv_certificate__object, &issue.certificate_id));
    PV_TRY(worded(call, pv_issue_plan(signer, &issue, call->arena, &call->error, ret_certificate)));
    pv_certificate *certificate = *ret_certificate;
    certificate->lifetime_days = days;
    if (what->invitation_sha256 != NULL) {
        certificate->invitation_sha256 = what->invitation_sha256;
    }
    if (what->renews_id != NULL) { certificate->renews_id = what->renews_id; }
    return pv_move_and_save(call, &pv_certificate__object, certificate,
                            PV_CERTIFICATE_STATE_PENDING);
}

pv_status issuing_sign(pv_call *call, pv_certificate *certificate, pv_view csr)
{
    if (!call->context->durable) { return pv_run_again(call, certificate->id); }
    const pv_signer *signer = NULL;
    PV_TRY(pv_move(call, &pv_certificate__object, certificate, PV_CERTIFICATE_STATE_ACTIVE));
    PV_TRY(signer_of(call, &signer));
    PV_TRY(worded(call, pv_issue_sign(signer, certificate, csr, call->arena, &call->error)));
    return pv_save(call, &pv_certificate__object, certificate);
}

pv_status issuing_followed(pv_call *call, const pv_certificate *certificate, bool *ret_used,
                           pv_time *ret_time)
{
    *ret_used = false;
    if (pv_is_empty(certificate->renewed_by_id)) { return pv_ok(); }
    pv_use use;
    pv_status status = pv_use_get(
        call->context->txn, pv_id_of(&pv_certificate__object, certificate->renewed_by_id), &use);
    if (status.code == PV_CODE_NOT_FOUND) { return pv_ok(); }
    PV_TRY(pv_store_refused(call, status));
    *ret_used = true;
    *ret_time = use.first;
    return pv_ok();
}

/* When it makes way for the one that follows it, if that is known. */
static pv_status show_supersede_time(pv_call *call, pv_arena *arena, pv_certificate *certificate)
{
    bool followed = false;
    pv_time time;
    PV_TRY(issuing_followed(call, certificate, &followed, &time));
    if (!followed) { return pv_ok(); }
    time.utc_ns += PV_OVERLAP_S * PV_NS_PER_S;
    certificate->supersede_time = pv_timestamp_new(arena, time);
    return certificate->supersede_time == NULL ? pv_out_of_memory(call) : pv_ok();
}

pv_status issuing_show(pv_call *call, pv_arena *arena, pv_certificate *certificate)
{
    pv_time end;
    if (!pv_time_of(certificate->not_after, &end)) {
        return pv_store_refused(call, pv_status_of(PV_CODE_DATA_LOSS));
    }
    int64_t left_ns = end.utc_ns - call->context->now.utc_ns;
    bool active = certificate->state == PV_CERTIFICATE_STATE_ACTIVE;
    PV_TRY(show_supersede_time(call, arena, certificate));
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
