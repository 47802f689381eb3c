#include "server/flows/account/invitations.h"

#include "base/digest.h"
#include "protos/runtime/timestamp.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"

enum {
    SECRET_SIZE = 32,
    ROOT_SIZE = 16, /* of the root's SHA-256: nobody makes a root that begins alike */
    HEX_SIZE = 2 * PV_SHA256_SIZE + 1,
    LIFETIME_HOURS_DEFAULT = 24
};

/* So that whoever finds one, a person or a scanner for secrets, sees what it is. */
#define TOKEN_PREFIX "pvinv_"

pv_status invitation_agree(pv_call *call, pv_membership *membership, const invitation_terms *terms,
                           const pv_rights *most)
{
    pv_rights scopes = {{0}};
    PV_TRY(account_grants_check(call, terms->scopes));
    pv_rights_add(&scopes, terms->scopes.items, terms->scopes.count);
    PV_TRY(account_scopes_check(call, &scopes, most, membership));
    membership->certificate_scopes = terms->scopes.items;
    membership->n_certificate_scopes = terms->scopes.count;
    membership->certificate_lifetime_days = terms->lifetime_days;
    return pv_ok();
}

static pv_status make_token(pv_call *call, char **ret_token)
{
    uint8_t secret[SECRET_SIZE];
    char hex[2 * SECRET_SIZE + 1];
    char root[2 * ROOT_SIZE + 1] = "";
    pv_id_source *ids = call->context->ids;
    ids->random(ids->context, secret, sizeof secret);
    pv_hex_format(pv_view_of(secret, sizeof secret), hex);
    pv_view known = call->context->server_root_sha256;
    if (known.size >= ROOT_SIZE) { pv_hex_format(pv_view_of(known.data, ROOT_SIZE), root); }
    *ret_token =
        pv_arena_printf(call->arena, TOKEN_PREFIX "%s%s%s", hex, *root == '\0' ? "" : ".", root);
    return *ret_token == NULL ? pv_out_of_memory(call) : pv_ok();
}

pv_status invitation_open(pv_call *call, pv_membership *membership, int32_t lifetime_hours,
                          char **ret_token)
{
    int64_t hours = lifetime_hours == 0 ? LIFETIME_HOURS_DEFAULT : lifetime_hours;
    pv_time end = {call->context->now.utc_ns + hours * 3600 * PV_NS_PER_S};
    membership->invitation_expire_time = pv_timestamp_new(call->arena, end);
    if (membership->invitation_expire_time == NULL) { return pv_out_of_memory(call); }
    PV_TRY(make_token(call, ret_token));
    return invitation_digest(call, *ret_token, &membership->invitation_sha256);
}

void invitation_withdraw(pv_membership *membership)
{
    static char none[] = "";
    membership->invitation_sha256 = none;
    membership->invitation_expire_time = NULL;
}

void invitation_close(pv_membership *membership)
{
    invitation_withdraw(membership);
    membership->n_certificate_scopes = 0;
    membership->certificate_lifetime_days = 0;
}

pv_status invitation_digest(pv_call *call, const char *token, char **ret_sha256)
{
    uint8_t sha256[PV_SHA256_SIZE];
    char hex[HEX_SIZE];
    pv_sha256(pv_view_of(token, strcspn(token, ".")), sha256);
    pv_hex_format(pv_view_of(sha256, sizeof sha256), hex);
    return pv_text(call, hex, ret_sha256);
}

pv_status invitation_refuse(pv_call *call)
{
    pv_error_init(&call->error, call->arena);
    return pv_refuse(&call->error, &pv_error_reason_invitation_invalid, NULL);
}

pv_status invitation_find(pv_call *call, const char *sha256, pv_membership **ret_membership)
{
    const pv_object_info *object = &pv_membership__object;
    pv_condition condition = pv_where(object, "invitation_sha256", sha256);
    pv_membership *membership = NULL;
    pv_id platform;
    PV_TRY(account_operator(call, &platform));
    PV_TRY(pv_if_any(pv_lookup(call, object, platform, &condition, 1, &membership)));
    pv_time end = {0};
    if (membership == NULL || !pv_time_of(membership->invitation_expire_time, &end) ||
        end.utc_ns <= call->context->now.utc_ns) {
        return invitation_refuse(call);
    }
    *ret_membership = membership;
    return pv_ok();
}
