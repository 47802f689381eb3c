#include "server/identity/issue.h"

#include "protos/runtime/timestamp.h"

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

static pv_signing signing_of(const pv_issuer *issuer, const pv_issue *issue)
{
    pv_signing signing;
    memset(&signing, 0, sizeof signing);
    signing.csr = issue->csr;
    signing.account_id = issue->membership->account_id;
    signing.user_id = issue->membership->user_id;
    signing.certificate_id = issue->certificate_id;
    signing.not_before = whole_seconds(issue->now.utc_ns - PV_BACKDATE_S * PV_NS_PER_S);
    signing.not_after = whole_seconds(issue->now.utc_ns + issue->lifetime_days * NS_PER_DAY);
    if (signing.not_after.utc_ns > issuer->not_after.utc_ns) {
        signing.not_after = issuer->not_after;
    }
    memcpy(signing.issuer_sha256, issuer->sha256, PV_SHA256_SIZE);
    memcpy(signing.serial, issue->random, PV_SERIAL_SIZE);
    /* Positive, and always of sixteen bytes. */
    signing.serial[0] = (uint8_t)((signing.serial[0] & 0x7f) | 0x40);
    return signing;
}

pv_status pv_issue_certificate(const pv_signer *signer, const pv_issue *issue, pv_arena *arena,
                               pv_error *error, pv_certificate **ret_certificate,
                               pv_signed *ret_signed)
{
    PV_ASSERT(issue->lifetime_days >= 1);
    PV_ASSERT(issue->lifetime_days <= PV_LIFETIME_DAYS_MAX);
    pv_issuer issuer;
    PV_TRY(signer->issuer(signer, &issuer, error));
    pv_signing signing = signing_of(&issuer, issue);
    pv_signed made;
    PV_TRY(signer->sign(signer, &signing, arena, &made, error));
    pv_certificate *certificate = pv_arena_alloc(arena, sizeof *certificate);
    if (certificate == NULL) { return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED); }
    *certificate = (pv_certificate)PV_CERTIFICATE__INIT;
    certificate->id = issue->certificate_id;
    certificate->account_id = issue->membership->account_id;
    certificate->operator_id = issue->membership->operator_id;
    certificate->membership_id = issue->membership->id;
    certificate->user_id = issue->membership->user_id;
    certificate->sha256 = hex(arena, made.sha256, sizeof made.sha256);
    certificate->scopes = issue->scopes;
    certificate->n_scopes = issue->scope_count;
    certificate->not_before = pv_timestamp_new(arena, signing.not_before);
    certificate->not_after = pv_timestamp_new(arena, signing.not_after);
    certificate->serial = hex(arena, signing.serial, sizeof signing.serial);
    certificate->label = issue->label;
    certificate->issuer_sha256 = hex(arena, made.issuer_sha256, sizeof made.issuer_sha256);
    if (certificate->sha256 == NULL || certificate->issuer_sha256 == NULL ||
        certificate->not_before == NULL || certificate->not_after == NULL ||
        certificate->serial == NULL) {
        return pv_status_of(PV_CODE_RESOURCE_EXHAUSTED);
    }
    *ret_certificate = certificate;
    *ret_signed = made;
    return pv_ok();
}
