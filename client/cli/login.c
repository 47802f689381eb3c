/* login.c — `purvey login`: from an invitation to a profile that works. In this order, so that nothing secret is told
 * to somebody else and nothing is lost:
 *   1. a key and a signing request, kept until they are certified;
 *   2. the server is looked at without telling it anything: a certificate that it shows must have the fingerprint that
 *      the invitation ends with, and the server's own must come from that one, for the host's name, at this time;
 *   3. the invitation's secret and the request are sent to a server of that root alone;
 *   4. the certificate is kept, and the profile written;
 *   5. a call is made with it. Only then is the login finished: the same command after a crash, a lost answer or a
 *      wrong --partner goes on, because the service gives the same certificate for the same secret and key. */
#include "client/cli/login.h"

#include "client/cli/connect.h"
#include "client/cli/credentials.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/probe.h"
#include "client/cli/terminal.h"
#include "client/cli/trouble.h"
#include "purvey/account/v1/enrolment_service.pv.h"
#include "purvey/account/v1/identity_service.pv.h"
#include "purvey/account/v1/portal_service.pv.h"

#define DEFAULT_PORT "20443"

typedef struct login {
    pv_cli *cli;
    pv_options options;
    pv_error error;
    pv_config *config;
    pv_credentials keys;
    pv_credential made;
    pv_invitation invitation;
    const char *name;   /* of the profile */
    const char *portal; /* "host:port" where programs call, if the portal says it */
    /* flags */
    const char *invite, *partner, *label;
    bool replace;
} login;

/* --- the invitation --- */

/* As an argument, in a file, or on standard input. */
static pv_exit read_invitation(login *self)
{
    const char *text = self->invite;
    if (text == NULL) {
        return pv_cli_usage(self->cli, "which invitation? Give --invite TEXT, @FILE or @-.");
    }
    if (text[0] == '@') {
        text = pv_cli_read_file(self->cli, text + 1, PV_INVITATION_BYTES_MAX, "the invitation");
        if (text == NULL) { return PV_EXIT_USAGE; }
    }
    if (pv_invitation_parse(self->cli->arena, text, &self->invitation)) { return PV_EXIT_OK; }
    return pv_cli_usage(self->cli,
                        "that is no whole invitation: it ends with a point and %d hexadecimal "
                        "digits. Ask for all of its text.",
                        2 * PV_FINGERPRINT_SIZE);
}

/* --- the profile's name --- */

static pv_exit choose_name(login *self)
{
    const char *asked = pv_profile_asked(&self->options);
    self->name = asked == NULL ? "default" : asked;
    if (!pv_profile_name_is_good(self->name)) {
        return pv_cli_usage(self->cli,
                            "%s is no name for a profile: letters, digits, '.', '_' and '-', at "
                            "most %d, not the last three first.",
                            self->name, PV_PROFILE_NAME_MAX);
    }
    return PV_EXIT_OK;
}

/* A profile that is there may only be gone on with, or replaced. */
static pv_exit check_there(const login *self)
{
    const pv_profile *there = pv_config_find(self->config, self->name);
    if (there == NULL || self->replace || pv_credentials_are_unfinished(&self->keys)) {
        return PV_EXIT_OK;
    }
    return pv_cli_usage(
        self->cli,
        "there is a profile %s already%s%s. Give --profile NAME for another one, or "
        "--replace.",
        self->name, there->account_name == NULL ? "" : ", for ",
        there->account_name == NULL ? "" : there->account_name);
}

/* Where calls go: what was said, else what the portal says, else the usual port of the same host. */
static const char *partner_address(const login *self)
{
    if (self->partner != NULL) { return self->partner; }
    if (self->portal != NULL) { return self->portal; }
    const char *colon = strrchr(self->options.server, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - self->options.server);
    const char *address =
        pv_arena_printf(self->cli->arena, "%.*s:" DEFAULT_PORT, (int)size, self->options.server);
    PV_ASSERT(address != NULL);
    return address;
}

/* --- the server --- */

static pv_status check_shown(login *self, const pv_probe *probe)
{
    const char *pem = NULL;
    pv_time end;
    PV_TRY(
        pv_probe_find(probe, self->invitation.fingerprint, self->cli->arena, &self->error, &pem));
    PV_TRY(pv_credentials_trust(&self->made, pem, &self->error));
    return pv_probe_check(probe, self->made.ca_path, pv_time_now(), self->cli->arena, &self->error,
                          &end);
}

/* Nothing is told to the server yet. */
static pv_status trust(login *self)
{
    const pv_probe_options options = {.target = self->options.server,
                                      .server_name = self->options.server_name,
                                      .wait_ms = self->options.deadline_ms};
    pv_error error;
    pv_error_init(&error, self->cli->arena);
    pv_probe probe = {0};
    pv_status looked = pv_probe_run(&options, self->cli->arena, &error, &probe);
    pv_status status = probe.chain == NULL ? pv_ok() : check_shown(self, &probe);
    pv_probe_close(&probe);
    if (error.reason == &pv_trouble_certificate_rejected) {
        pv_error_init(&self->error, self->cli->arena);
        return pv_refuse(&self->error, &pv_trouble_enrolment_elsewhere, NULL);
    }
    PV_TRY(status);
    self->error = error;
    return looked;
}

/* --- the certificate --- */

/* "host:port" of "https://host:port/path"; NULL: it is none. */
static const char *authority_of(pv_arena *arena, const char *url)
{
    static const char scheme[] = "https://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0) { return NULL; }
    const char *host = url + sizeof scheme - 1;
    size_t size = strcspn(host, "/?#");
    const char *bracket = memchr(host, ']', size); /* an IPv6 address has colons of its own */
    const char *behind = bracket == NULL ? host : bracket;
    bool has_port = memchr(behind, ':', size - (size_t)(behind - host)) != NULL;
    return pv_arena_printf(arena, "%.*s%s", (int)size, host, has_port ? "" : ":443");
}

/* Where programs call, as the portal under the server's name says. A portal that says nothing, or a service without
 * portals, leaves it open. */
static void ask_portal(login *self, pv_client *client)
{
    pv_get_portal_request request = PV_GET_PORTAL_REQUEST__INIT;
    pv_get_portal_response *response = NULL;
    pv_status status = pv_portal_client_get_portal(
        client, self->cli->arena, pv_connect_options(self->cli->arena, self->options.deadline_ms),
        &request, &response, NULL);
    if (pv_is_ok(status) && response->portal != NULL) {
        self->portal = authority_of(self->cli->arena, response->portal->api_address);
    }
}

static pv_exit enrol(login *self, pv_enroll_response **ret_response)
{
    const pv_profile server = {.server = self->options.server,
                               .ca = self->made.ca_path,
                               .server_name = self->options.server_name};
    char request_id[PV_UUID_TEXT_SIZE];
    pv_credentials_request_id(&self->made, self->invitation.secret, request_id);
    pv_enroll_request request = PV_ENROLL_REQUEST__INIT;
    request.invitation_token =
        pv_arena_dup(self->cli->arena, pv_view_text(self->invitation.secret));
    request.csr_pem = self->made.csr_pem;
    request.request_id = request_id;
    if (self->label != NULL) {
        request.label = pv_arena_dup(self->cli->arena, pv_view_text(self->label));
    }
    PV_ASSERT(request.invitation_token != NULL && request.label != NULL);
    pv_client *client = NULL;
    pv_exit exit = pv_connect_with(self->cli, &server, self->options.deadline_ms, &client);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_status status = pv_enrolment_client_enroll(
        client, self->cli->arena, pv_connect_options(self->cli->arena, self->options.deadline_ms),
        &request, ret_response, &self->error);
    if (!pv_is_ok(status)) {
        exit = pv_failure_report(self->cli, PV_ENROLMENT_SERVICE_ENROLL__METHOD, status,
                                 &self->error, NULL);
        if (exit == PV_EXIT_UNAVAILABLE) {
            fputs("  the same command again goes on from here\n", self->cli->err);
        }
    }
    if (exit == PV_EXIT_OK) { ask_portal(self, client); }
    pv_disconnect(client);
    return exit;
}

static pv_status keep(login *self, const pv_enroll_response *response, pv_profile *profile)
{
    pv_keypair pair;
    PV_TRY(pv_credentials_complete(&self->keys, &self->made, response->certificate_pem,
                                   response->chain_pem, &self->error, &pair));
    PV_TRY(pv_credentials_use(&self->keys, &self->made, &self->error));
    pv_credentials_fill(&self->keys, profile);
    return pv_config_put(self->cli->arena, profile, &self->error);
}

/* Who it is now, as the answer to the invitation says. */
static pv_profile describe(const login *self, const pv_enroll_response *response)
{
    pv_profile profile = {.server = partner_address(self),
                          .server_name = self->options.server_name,
                          .account_name = response->account_name};
    if (response->membership != NULL) {
        profile.account = response->membership->account_id;
        profile.user = response->membership->user_id;
        profile.user_name = response->membership->name;
    }
    return profile;
}

static pv_exit finish(login *self, const pv_enroll_response *response)
{
    pv_profile profile = describe(self, response);
    pv_status status = keep(self, response, &profile);
    if (!pv_is_ok(status)) { return pv_failure_tell(self->cli, status, &self->error); }
    pv_credentials_show(&self->made, &profile);
    pv_exit exit = pv_login_learn(self->cli, &self->options, &profile);
    if (exit != PV_EXIT_OK) {
        fprintf(
            self->cli->err,
            "  the certificate is here and the profile %s is written, but calls to %s fail; the "
            "same command again, with another --partner, goes on from here\n",
            self->name, profile.server);
        return exit;
    }
    status = pv_credentials_finish(&self->keys, &self->made, &self->error);
    if (!pv_is_ok(status)) { return pv_failure_tell(self->cli, status, &self->error); }
    fprintf(self->cli->out, "you are %s of %s: profile %s, %s\n",
            pv_terminal_text(self->cli->arena, profile.user_name, 0, NULL),
            pv_terminal_text(self->cli->arena, profile.account_name, 0, NULL), self->name,
            response->certificate == NULL ? "" : response->certificate->id);
    if (pv_profile_variable() != NULL) {
        fprintf(self->cli->err, "%s is set, and takes the place of what the profile says\n",
                pv_profile_variable());
    }
    return PV_EXIT_OK;
}

static pv_exit log_in(login *self)
{
    pv_status status =
        pv_credentials_open(&self->keys, self->cli->arena, self->config, self->name, &self->error);
    /* Another login may have ended while this one waited for the folder. */
    if (pv_is_ok(status)) {
        status = pv_config_read(self->cli->arena, &self->error, &self->config);
    }
    if (!pv_is_ok(status)) { return pv_failure_tell(self->cli, status, &self->error); }
    pv_exit exit = check_there(self);
    if (exit != PV_EXIT_OK) { return exit; }
    status = pv_credentials_begin(&self->keys, &self->error, &self->made);
    if (pv_is_ok(status)) { status = trust(self); }
    if (!pv_is_ok(status)) { return pv_failure_tell(self->cli, status, &self->error); }
    pv_enroll_response *response = NULL;
    exit = enrol(self, &response);
    return exit == PV_EXIT_OK ? finish(self, response) : exit;
}

pv_exit pv_login_learn(pv_cli *cli, const pv_options *options, pv_profile *profile)
{
    pv_client *client = NULL;
    pv_exit exit = pv_connect_with(cli, profile, options->deadline_ms, &client);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_who_am_irequest request = PV_WHO_AM_IREQUEST__INIT;
    pv_who_am_iresponse *who = NULL;
    pv_status status = pv_identity_client_who_am_i(
        client, cli->arena, pv_connect_options(cli->arena, options->deadline_ms), &request, &who,
        &error);
    pv_disconnect(client);
    if (!pv_is_ok(status)) {
        return pv_failure_report(cli, PV_IDENTITY_SERVICE_WHO_AM_I__METHOD, status, &error, NULL);
    }
    if (who->account != NULL && who->user != NULL) {
        profile->account = who->account->id;
        profile->account_name = who->account->name;
        profile->user = who->user->id;
        profile->user_name = who->user->name;
    }
    return PV_EXIT_OK;
}

static pv_exit run_login(pv_cli *cli, size_t count, char *const *arguments)
{
    login self = {.cli = cli, .keys = {.lock = -1}};
    pv_error_init(&self.error, cli->arena);
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_login, &self, &self.options, count, arguments, 0,
                                  &words, &done);
    if (exit != PV_EXIT_OK || done) { return exit; }
    exit = read_invitation(&self);
    if (exit == PV_EXIT_OK && self.options.server == NULL) {
        exit = pv_cli_usage(cli, "where is the service? Give --server HOST:PORT, where it enrols.");
    }
    if (exit != PV_EXIT_OK) { return exit; }
    pv_status status = pv_config_read(cli->arena, &self.error, &self.config);
    if (!pv_is_ok(status)) { return pv_failure_tell(cli, status, &self.error); }
    exit = choose_name(&self);
    if (exit == PV_EXIT_OK) { exit = log_in(&self); }
    pv_credentials_close(&self.keys);
    return exit;
}

static const pv_flag flags[] = {
    {"invite", 0, "TEXT", offsetof(login, invite),
     "The invitation, whole; @FILE or @- reads it, so that it stands in no list of commands. "
     "(required)"},
    {"partner", 0, "HOST:PORT", offsetof(login, partner),
     "Where calls go. Default: what the portal of --server says, else the same host, "
     "port " DEFAULT_PORT "."},
    {"label", 0, "TEXT", offsetof(login, label),
     "What the certificate is for, for those who list certificates: notebook."},
    {"replace", 0, NULL, offsetof(login, replace),
     "Take the place of the profile of this name, when its certificate has expired or was lost."},
};

const pv_extra pv_extra_login = {
    .noun = "login",
    .words = "",
    .text = "Turns an invitation into a profile. Makes a private key, which never leaves this "
            "machine, has it "
            "certified by the service at --server (where it enrols), and writes the profile of "
            "--profile. The "
            "server is held against the fingerprint at the invitation's end before anything is "
            "sent to it. The same command again goes on where a failed one has stopped.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_login,
};
