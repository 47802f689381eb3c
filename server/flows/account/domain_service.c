/* Domains: claimed by whoever wants, led to a brand for the one account that proves its claim. */
#include "purvey/account/v1/domain_service.pv.h"

#include "base/digest.h"
#include "protos/runtime/timestamp.h"
#include "server/flows/account/domain_name.h"
#include "server/flows/account/domains.h"
#include "server/flows/account/members.h"
#include "server/flows/make.h"
#include "server/identity/identity.h"
#include "storage/record.h"

enum {
    DOMAINS_MAX = 20, /* of an account */
    CHALLENGE_BYTES = 32,
    CHECK_INTERVAL_S = 10, /* a record that is new takes longer to spread */
    RESOLVER_RETRY_MS = 5000
};

/* So that whoever finds the record knows what it is for. */
#define CHALLENGE_VALUE_PREFIX "purvey-challenge="

/* --- claims --- */

static pv_status refuse_forbidden(pv_call *call, const char *name)
{
    pv_error_note(&call->error, "domain", "%s", name);
    return pv_refuse(&call->error, &pv_error_reason_domain_forbidden, "%s cannot be claimed.",
                     name);
}

/* The trust domain and what is below it are the platform's: who has them could be taken for it. */
static pv_status check_not_of_platform(pv_call *call, const char *name)
{
    if (pv_caller_of(call)->role == PV_ACCOUNT_TYPE_OPERATOR) { return pv_ok(); }
    pv_view trust_domain;
    PV_TRY(pv_store_refused(
        call, pv_setting_get(call->context->txn, PV_SETTING_TRUST_DOMAIN, &trust_domain)));
    const char *parent = pv_arena_dup(call->arena, trust_domain);
    if (parent == NULL) { return pv_out_of_memory(call); }
    return domain_name_is_in(name, parent) ? refuse_forbidden(call, name) : pv_ok();
}

static pv_status check_name(pv_call *call, const char *given, char **ret_name)
{
    char name[DOMAIN_NAME_SIZE];
    if (!domain_name_read(pv_view_text(given), name)) {
        return pv_refuse_field(call, "name", "must be the name of a domain");
    }
    const char *fault = domain_name_fault(name);
    if (fault != NULL) { return pv_refuse_field(call, "name", fault); }
    if (domain_name_is_special(name)) { return refuse_forbidden(call, name); }
    PV_TRY(check_not_of_platform(call, name));
    return pv_text(call, name, ret_name);
}

/* One more claim of the account, and the first to this name? */
static pv_status check_claims(pv_call *call, const char *account_id, const char *name)
{
    pv_condition own = pv_where(&pv_domain__object, "account_id", account_id);
    pv_domain **claims = NULL;
    size_t count = 0;
    PV_TRY(pv_collect(call, &pv_domain__object, pv_caller_of(call)->account, &own, 1, DOMAINS_MAX,
                      &claims, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(claims[i]->name, name) != 0) { continue; }
        pv_note_existing(call, &pv_domain__object, claims[i]->id);
        return pv_refuse(&call->error, &pv_error_reason_domain_exists, NULL);
    }
    if (count < DOMAINS_MAX) { return pv_ok(); }
    pv_error_note(&call->error, "domains_max", "%d", DOMAINS_MAX);
    return pv_refuse(&call->error, &pv_error_reason_domain_limit, NULL);
}

static pv_status challenge(pv_call *call, pv_domain *domain)
{
    uint8_t random[CHALLENGE_BYTES];
    char hex[2 * CHALLENGE_BYTES + 1];
    pv_id_source *ids = call->context->ids;
    ids->random(ids->context, random, sizeof random);
    pv_hex_format(pv_view_of(random, sizeof random), hex);
    domain->challenge_name =
        pv_arena_printf(call->arena, DOMAIN_CHALLENGE_PREFIX "%s", domain->name);
    domain->challenge_value = pv_arena_printf(call->arena, CHALLENGE_VALUE_PREFIX "%s", hex);
    bool made = domain->challenge_name != NULL && domain->challenge_value != NULL;
    return made ? pv_ok() : pv_out_of_memory(call);
}

pv_status pv_domain_service_create_domain(pv_call *call, const pv_create_domain_request *request,
                                          pv_create_domain_response *response)
{
    pv_account *account = NULL;
    pv_domain *domain = NULL;
    PV_TRY(account_find(call, "", &account));
    PV_TRY(pv_make(call, &pv_domain__object, &domain));
    pv_take(&request->base, &pv_domain__info, &domain->base);
    domain->account_id = account->id;
    domain->operator_id = account->operator_id;
    PV_TRY(check_name(call, request->name, &domain->name));
    PV_TRY(check_claims(call, account->id, domain->name));
    PV_TRY(challenge(call, domain));
    response->domain = domain;
    return pv_move_and_save(call, &pv_domain__object, domain, PV_DOMAIN_STATE_PENDING);
}

pv_status pv_domain_service_get_domain(pv_call *call, const pv_get_domain_request *request,
                                       pv_get_domain_response *response)
{
    (void)response;
    return pv_answer_get(call, &pv_domain__object, request->domain_id);
}

pv_status pv_domain_service_list_domains(pv_call *call, const pv_list_domains_request *request,
                                         pv_list_domains_response *response)
{
    (void)response;
    return pv_answer_list(call, &pv_domain__object, &request->base, NULL, 0);
}

pv_status pv_domain_service_update_domain(pv_call *call, const pv_update_domain_request *request,
                                          pv_update_domain_response *response)
{
    pv_domain *domain = NULL;
    PV_TRY(pv_begin(call, &pv_domain__object, request->domain_id, request->etag, &domain));
    pv_domain source = PV_DOMAIN__INIT;
    pv_take(&request->base, &pv_domain__info, &source.base);
    PV_TRY(pv_change(call, &pv_domain__object, request->update_mask, &source.base, &domain->base));
    response->domain = domain;
    return pv_save(call, &pv_domain__object, domain);
}

pv_status pv_domain_service_delete_domain(pv_call *call, const pv_delete_domain_request *request,
                                          pv_delete_domain_response *response)
{
    PV_TRY(
        pv_begin(call, &pv_domain__object, request->domain_id, request->etag, &response->domain));
    return pv_remove(call, &pv_domain__object, response->domain);
}

/* --- proof --- */

static pv_status check_interval(pv_call *call, const pv_domain *domain)
{
    pv_time checked;
    if (!pv_time_of(domain->check_time, &checked)) { return pv_ok(); }
    int64_t passed_ns = call->context->now.utc_ns - checked.utc_ns;
    if (passed_ns >= CHECK_INTERVAL_S * PV_NS_PER_S) { return pv_ok(); }
    char text[PV_TIME_TEXT_SIZE];
    (void)pv_time_format(checked, text);
    pv_error_note(&call->error, "check_time", "%s", text);
    call->error.retry_after_ms = (CHECK_INTERVAL_S * PV_NS_PER_S - passed_ns) / PV_NS_PER_MS + 1;
    return pv_refuse(&call->error, &pv_error_reason_domain_checked_recently, NULL);
}

static pv_status refuse_unresolved(pv_call *call, pv_status status)
{
    if (status.code == PV_CODE_UNIMPLEMENTED) {
        return pv_refuse(&call->error, &pv_error_reason_resolver_off, NULL);
    }
    bool busy = status.code == PV_CODE_RESOURCE_EXHAUSTED;
    call->error.retry_after_ms = RESOLVER_RETRY_MS;
    return pv_refuse(&call->error,
                     busy ? &pv_error_reason_resolver_busy : &pv_error_reason_resolver_unavailable,
                     NULL);
}

static bool holds(const pv_resolved *found, const char *value)
{
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->texts[i], value) == 0) { return true; }
    }
    return false;
}

static pv_status fail(pv_call *call, pv_domain *domain, pv_domain_failure failure)
{
    domain->failure = failure;
    return pv_move_and_save(call, &pv_domain__object, domain, PV_DOMAIN_STATE_FAILED);
}

/* Makes room for another's proof: whoever holds the domain keeps it while its own record stands. */
static pv_status displace(pv_call *call, const pv_domain *domain, const pv_resolved *found)
{
    pv_domain *holder = NULL;
    PV_TRY(domain_verified(call, domain->name, &holder));
    if (holder == NULL || strcmp(holder->id, domain->id) == 0) { return pv_ok(); }
    if (!holds(found, holder->challenge_value)) {
        return fail(call, holder, PV_DOMAIN_FAILURE_TAKEN_OVER);
    }
    pv_error_note(&call->error, "domain", "%s", domain->name);
    return pv_refuse(&call->error, &pv_error_reason_domain_taken, NULL);
}

static pv_status judge(pv_call *call, pv_domain *domain, const pv_resolved *found)
{
    PV_TRY(pv_stamp(call, &domain->check_time));
    if (!holds(found, domain->challenge_value)) {
        return fail(call, domain,
                    found->count == 0 ? PV_DOMAIN_FAILURE_RECORD_MISSING
                                      : PV_DOMAIN_FAILURE_RECORD_DIFFERS);
    }
    PV_TRY(displace(call, domain, found));
    PV_TRY(pv_stamp(call, &domain->verify_time));
    domain->failure = PV_DOMAIN_FAILURE_UNSPECIFIED;
    return pv_move_and_save(call, &pv_domain__object, domain, PV_DOMAIN_STATE_VERIFIED);
}

pv_status pv_domain_service_verify_domain(pv_call *call, const pv_verify_domain_request *request,
                                          pv_verify_domain_response *response)
{
    pv_domain *domain = NULL;
    pv_resolved found;
    PV_TRY(pv_begin(call, &pv_domain__object, request->domain_id, request->etag, &domain));
    PV_TRY(check_interval(call, domain));
    PV_TRY(pv_resolve(call, domain->challenge_name, &found));
    if (!pv_is_ok(found.status)) { return refuse_unresolved(call, found.status); }
    response->domain = domain;
    return judge(call, domain, &found);
}
