#include "client/demo/actor.h"

#include "base/digest.h"
#include "client/cli/keys.h"
#include "purvey/account/v1/account_service.pv.h"
#include "purvey/account/v1/certificate_service.pv.h"
#include "purvey/account/v1/membership_service.pv.h"
#include "purvey/account/v1/user_service.pv.h"

#include <stdio.h>

bool actor_refused(const actor *who, const char *what, pv_status status, const pv_error *error)
{
    fprintf(stderr, "demo: %s: %s: %s%s%s: %s\n", who->name, what, pv_code_name(status.code),
            error->reason != NULL ? " " : "", error->reason != NULL ? error->reason->name : "",
            error->message != NULL ? error->message : "");
    for (size_t i = 0; i < error->violation_count; i++) {
        fprintf(stderr, "demo:   %s: %s\n", error->violations[i].subject,
                error->violations[i].description);
    }
    return false;
}

char *actor_request_id(const actor *who)
{
    char *text = pv_arena_alloc(who->arena, PV_UUID_TEXT_SIZE);
    PV_ASSERT(text != NULL);
    pv_uuid_random(text);
    return text;
}

bool actor_connect(actor *who)
{
    pv_client_destroy(who->client);
    who->client = NULL;
    const pv_client_tls tls = {
        .ca =
            platform_read(who->arena, platform_path(who->platform, "data/authority/server-ca.pem")),
        .certificate = platform_read(who->arena, who->cert_path),
        .key = platform_read(who->arena, who->key_path),
    };
    if (tls.ca == NULL || tls.certificate == NULL || tls.key == NULL) { return false; }
    const pv_client_config config = {.target = who->platform->address, .tls = &tls};
    pv_error error;
    pv_error_init(&error, who->arena);
    pv_status status = pv_client_create(&config, &error, &who->client);
    return pv_is_ok(status) || actor_refused(who, "connect", status, &error);
}

void actor_leave(actor *who)
{
    pv_client_destroy(who->client);
    who->client = NULL;
}

bool actor_operator(actor *ret_actor, platform *on)
{
    *ret_actor = (actor){
        .name = "operator",
        .arena = on->arena,
        .platform = on,
        .cert_path = platform_path(on, "data/operator.pem"),
        .key_path = platform_path(on, "data/operator.key"),
    };
    return actor_connect(ret_actor);
}

static bool write_file(const char *path, const char *first, const char *second)
{
    FILE *file = fopen(path, "w");
    bool written = file != NULL && fputs(first, file) >= 0 && fputs(second, file) >= 0;
    if (file != NULL) { written = fclose(file) == 0 && written; }
    if (!written) { fprintf(stderr, "demo: %s cannot be written\n", path); }
    return written;
}

static bool make_account(actor *who, const actor *operator_, pv_account_type type,
                         const char **ret_group_id)
{
    pv_create_account_request request = PV_CREATE_ACCOUNT_REQUEST__INIT;
    pv_create_account_response *response = NULL;
    request.type = type;
    request.name = text_of(who->name);
    request.request_id = actor_request_id(who);
    ASK(operator_, pv_account_client_create_account, &request, &response);
    who->account_id = response->account->id;
    *ret_group_id = response->account->administrators_group_id;
    return true;
}

/* A program in the group Administrators. */
static bool make_user(const actor *who, const actor *operator_, const char *group_id,
                      const char **ret_membership_id)
{
    pv_create_user_request request = PV_CREATE_USER_REQUEST__INIT;
    pv_create_user_response *response = NULL;
    char *groups[] = {text_of(group_id)};
    request.account_id = text_of(who->account_id);
    request.name = text_of("Demonstration");
    request.kind = PV_USER_KIND_SERVICE;
    request.group_ids = groups;
    request.n_group_ids = 1;
    request.request_id = actor_request_id(who);
    ASK(operator_, pv_user_client_create_user, &request, &response);
    *ret_membership_id = response->membership->id;
    return true;
}

static bool get_certificate(const actor *who, const actor *operator_, const char *membership_id)
{
    pv_error error;
    pv_error_init(&error, who->arena);
    char *csr = NULL;
    pv_status status = pv_keys_create(who->key_path, &error);
    if (pv_is_ok(status)) { status = pv_keys_request(who->key_path, who->arena, &error, &csr); }
    if (!pv_is_ok(status)) { return actor_refused(who, "key", status, &error); }
    pv_issue_certificate_request request = PV_ISSUE_CERTIFICATE_REQUEST__INIT;
    pv_issue_certificate_response *response = NULL;
    request.membership_id = text_of(membership_id);
    request.csr_pem = csr;
    request.request_id = actor_request_id(who);
    ASK(operator_, pv_certificate_client_issue_certificate, &request, &response);
    return write_file(who->cert_path, response->certificate_pem, response->chain_pem);
}

/* The invitation is left in a file: what stands in a command's words, others on the machine can read. */
static bool invite(const actor *who, const actor *operator_, const char *group_id, const char *path)
{
    pv_invite_membership_request request = PV_INVITE_MEMBERSHIP_REQUEST__INIT;
    pv_invite_membership_response *response = NULL;
    char *groups[] = {text_of(group_id)};
    request.account_id = text_of(who->account_id);
    request.name = text_of("Demonstration");
    request.email = text_of("demonstration@example.com");
    request.kind = PV_USER_KIND_SERVICE;
    request.group_ids = groups;
    request.n_group_ids = 1;
    request.request_id = actor_request_id(who);
    ASK(operator_, pv_membership_client_invite_membership, &request, &response);
    return write_file(path, response->invitation_token, "\n");
}

static bool log_in(const actor *who, const char *invitation_path, const char *slug)
{
    const platform *on = who->platform;
    const char *const words[] = {
        "login",     "--invite",        pv_arena_printf(who->arena, "@%s", invitation_path),
        "--server",  on->enrol_address, "--partner",
        on->address, "--profile",       slug,
        NULL};
    return platform_purvey(on, words);
}

bool actor_enrol(actor *ret_actor, const actor *operator_, pv_account_type type, const char *name,
                 const char *slug)
{
    platform *on = operator_->platform;
    actor who = {.name = name, .arena = on->arena, .platform = on};
    const char *pair = pv_arena_printf(on->arena, "purvey/profiles/%s/current", slug);
    const char *invitation = platform_path(on, pv_arena_printf(on->arena, "%s.invitation", slug));
    who.cert_path = platform_path(on, pv_arena_printf(on->arena, "%s/certificate.pem", pair));
    who.key_path = platform_path(on, pv_arena_printf(on->arena, "%s/key.pem", pair));
    const char *group_id = NULL;
    if (!make_account(&who, operator_, type, &group_id) ||
        !invite(&who, operator_, group_id, invitation) || !log_in(&who, invitation, slug) ||
        !actor_connect(&who)) {
        return false;
    }
    *ret_actor = who;
    return true;
}

bool actor_join(actor *ret_actor, const actor *operator_, pv_account_type type, const char *name,
                const char *slug)
{
    platform *on = operator_->platform;
    actor who = {.name = name, .arena = on->arena, .platform = on};
    who.cert_path = platform_path(on, pv_arena_printf(on->arena, "%s.pem", slug));
    who.key_path = platform_path(on, pv_arena_printf(on->arena, "%s.key", slug));
    const char *group_id = NULL;
    const char *membership_id = NULL;
    if (!make_account(&who, operator_, type, &group_id) ||
        !make_user(&who, operator_, group_id, &membership_id) ||
        !get_certificate(&who, operator_, membership_id) || !actor_connect(&who)) {
        return false;
    }
    *ret_actor = who;
    return true;
}
