#include "server/identity/issue.h"

#include "protos/runtime/timestamp.h"
#include "purvey/common/v1/error_reason.pv.h"

#define NS_PER_DAY (INT64_C(86400) * PV_NS_PER_S)

/* X.509 counts whole seconds; the row says the same. */
static pv_time whole_seconds(int64_t utc_ns)
{
    pv_time time;
    time.utc_ns = utc_ns - utc_ns % PV_NS_PER_S;
    return time;
}

static char *hex(pv_arena *arena, const uint8_t *bytes, size_t size)
{
    char *text = pv_arena_alloc(arena, 2 * size + 1);
    if (text != NULL) { pv_hex_format(pv_view_of(bytes, size), text); }
    return text;
}

static char *serial_of(const pv_issue *issue, pv_arena *arena)
{
    uint8_t serial[PV_SERIAL_SIZE];
    memcpy(serial, issue->random, sizeof serial);
    /* Positive, and always of sixteen bytes. */
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    return hex(arena, serial, sizeof serial);
}

static pv_time end_of(const pv_issuer *issuer, const pv_issue *issue)
{
    pv_time end = whole_seconds(issue->now.utc_ns + issue->lifetime_days * NS_PER_DAY);
    return end.utc_ns > issuer->not_after.utc_ns ? issuer->not_after : end;
}

pv_status pv_issue_plan(const pv_signer *signer, const pv_issue *issue, pv_arena *arena,
                        pv_error *error, pv_certificate **ret_certificate)
{
    PV_ASSERT(issue->lifetime_days >= 1);
    PV_ASSERT(issue->lifetime_days <= PV_LIFETIME_DAYS_MAX);
    uint8_t key_sha256[PV_SHA256_SIZE];
    pv_issuer issuer;
    PV_TRY(signer->read_key(signer, issue->csr, key_sha256, error));
    PV_TRY(signer->issuer(signer, &issuer, error));
    pv_certificate *certificate = pv_arena_alloc(arena, sizeof *certificate);
    if (certificate == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    pv_time begin = whole_seconds(issue->now.utc_ns - PV_BACKDATE_S * PV_NS_PER_S);
    *certificate = (pv_certificate)PV_CERTIFICATE__INIT;
    certificate->id = issue->certificate_id;
    certificate->account_id = issue->membership->account_id;
    certificate->operator_id = issue->membership->operator_id;
    certificate->membership_id = issue->membership->id;
    certificate->user_id = issue->membership->user_id;
    certificate->scopes = issue->scopes;
    certificate->n_scopes = issue->scope_count;
    certificate->label = issue->label;
    certificate->serial = serial_of(issue, arena);
    certificate->key_sha256 = hex(arena, key_sha256, sizeof key_sha256);
    certificate->issuer_sha256 = hex(arena, issuer.sha256, sizeof issuer.sha256);
    certificate->not_before = pv_timestamp_new(arena, begin);
    certificate->not_after = pv_timestamp_new(arena, end_of(&issuer, issue));
    if (certificate->serial == NULL || certificate->key_sha256 == NULL ||
        certificate->issuer_sha256 == NULL || certificate->not_before == NULL ||
        certificate->not_after == NULL) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    *ret_certificate = certificate;
    return pv_ok();
}

static pv_status check_key(const pv_signer *signer, const pv_certificate *planned, pv_view csr,
                           pv_error *error)
{
    uint8_t presented[PV_SHA256_SIZE];
    uint8_t intended[PV_SHA256_SIZE];
    PV_TRY(signer->read_key(signer, csr, presented, error));
    PV_ASSERT(pv_hex_parse(planned->key_sha256, intended, sizeof intended));
    if (memcmp(presented, intended, sizeof presented) == 0) { return pv_ok(); }
    return pv_refuse(error, &pv_error_reason_certificate_request_invalid,
                     "The signing request holds another key than the one that %s is for.",
                     planned->id);
}

pv_status pv_issue_sign(const pv_signer *signer, pv_certificate *planned, pv_view csr,
                        pv_arena *arena, pv_error *error)
{
    pv_signing signing = {.csr = csr,
                          .account_id = planned->account_id,
                          .user_id = planned->user_id,
                          .certificate_id = planned->id};
    PV_ASSERT(pv_hex_parse(planned->serial, signing.serial, sizeof signing.serial));
    PV_ASSERT(
        pv_hex_parse(planned->issuer_sha256, signing.issuer_sha256, sizeof signing.issuer_sha256));
    PV_ASSERT(pv_time_of(planned->not_before, &signing.not_before));
    PV_ASSERT(pv_time_of(planned->not_after, &signing.not_after));
    PV_TRY(check_key(signer, planned, csr, error));
    pv_signed made;
    PV_TRY(signer->sign(signer, &signing, arena, &made, error));
    planned->sha256 = hex(arena, made.sha256, sizeof made.sha256);
    planned->certificate_pem = pv_arena_dup(arena, pv_view_text(made.pem));
    planned->chain_pem = pv_arena_dup(arena, pv_view_text(made.chain_pem));
    if (planned->sha256 == NULL || planned->certificate_pem == NULL || planned->chain_pem == NULL) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    return pv_ok();
}
