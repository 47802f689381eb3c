/* cert_list.c — `purvey cert list|revoke`: the certificates of whoever asks. `purvey certificate` has all methods of
 * the service, for those who manage others'. */
#include "base/digest.h"
#include "client/cli/answer.h"
#include "client/cli/connect.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "purvey/account/v1/certificate_service.pv.h"
#include "purvey/account/v1/identity_service.pv.h"

enum { PAGE_SIZE = 1000 };

typedef struct command {
    pv_cli *cli;
    pv_options options;
    pv_arguments words;
    pv_client *client;
    pv_error error;
    pv_who_am_iresponse *who; /* with user and certificate */
    /* flags */
    const char *reason;
    bool everybody, yes;
} command;

static const pv_client_options *call_options(const command *self)
{
    return pv_connect_options(self->cli->arena, self->options.deadline_ms);
}

static pv_exit refused(command *self, const pv_method_info *method, pv_status status,
                       const char *request_id)
{
    return pv_failure_report(self->cli, method, status, &self->error, request_id);
}

/* Parses, connects, asks who that is. With ret_done there is nothing left to do. */
static pv_exit begin(command *self, pv_cli *cli, const pv_extra *extra, size_t count,
                     char *const *arguments, bool *ret_done)
{
    *self = (command){.cli = cli, .reason = "revoked by its holder"};
    pv_error_init(&self->error, cli->arena);
    pv_exit exit = pv_extra_parse(cli, extra, self, &self->options, count, arguments, 1,
                                  &self->words, ret_done);
    if (exit != PV_EXIT_OK || *ret_done) { return exit; }
    exit = pv_connect(cli, &self->options, &self->client);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_who_am_irequest request = PV_WHO_AM_IREQUEST__INIT;
    pv_status status = pv_identity_client_who_am_i(self->client, cli->arena, call_options(self),
                                                   &request, &self->who, &self->error);
    if (!pv_is_ok(status)) {
        return refused(self, PV_IDENTITY_SERVICE_WHO_AM_I__METHOD, status, NULL);
    }
    if (self->who->user == NULL || self->who->certificate == NULL) {
        return pv_cli_fail(cli, "the service does not say who you are.");
    }
    return PV_EXIT_OK;
}

static pv_exit list_pages(command *self)
{
    pv_list_certificates_request request = PV_LIST_CERTIFICATES_REQUEST__INIT;
    pv_list_certificates_response *response = NULL;
    const pv_method_info *method = PV_CERTIFICATE_SERVICE_LIST_CERTIFICATES__METHOD;
    request.page_size = PAGE_SIZE;
    request.account_id = self->who->account->id;
    if (!self->everybody) { request.user_id = self->who->user->id; }
    do {
        pv_status status = pv_certificate_client_list_certificates(
            self->client, self->cli->arena, call_options(self), &request, &response, &self->error);
        if (!pv_is_ok(status)) { return refused(self, method, status, NULL); }
        request.page_token = response->next_page_token;
        char none[] = "";
        response->next_page_token = none; /* it is followed here */
        pv_exit exit = pv_answer_write(self->cli, self->cli->arena, self->options.output,
                                       method->response, &response->base);
        if (exit != PV_EXIT_OK) { return exit; }
    } while (request.page_token[0] != '\0');
    return PV_EXIT_OK;
}

static pv_exit run_list(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_cert_list, count, arguments, &done);
    if (exit == PV_EXIT_OK && !done) {
        exit = list_pages(&self);
        fprintf(cli->err, "in use here: %s\n", self.who->certificate->id);
    }
    pv_disconnect(self.client);
    return exit;
}

static pv_exit revoke(command *self, const char *certificate_id)
{
    char request_id[PV_UUID_TEXT_SIZE];
    pv_uuid_random(request_id);
    pv_revoke_certificate_request request = PV_REVOKE_CERTIFICATE_REQUEST__INIT;
    pv_revoke_certificate_response *response = NULL;
    const pv_method_info *method = PV_CERTIFICATE_SERVICE_REVOKE_CERTIFICATE__METHOD;
    request.certificate_id = pv_arena_dup(self->cli->arena, pv_view_text(certificate_id));
    request.reason = pv_arena_dup(self->cli->arena, pv_view_text(self->reason));
    request.request_id = request_id;
    request.validate_only = self->options.dry_run;
    PV_ASSERT(request.certificate_id != NULL && request.reason != NULL);
    pv_status status = pv_certificate_client_revoke_certificate(
        self->client, self->cli->arena, call_options(self), &request, &response, &self->error);
    if (!pv_is_ok(status)) { return refused(self, method, status, request_id); }
    return pv_answer_write(self->cli, self->cli->arena, self->options.output, method->response,
                           &response->base);
}

static pv_exit run_revoke(pv_cli *cli, size_t count, char *const *arguments)
{
    command self;
    bool done = false;
    pv_exit exit = begin(&self, cli, &pv_extra_cert_revoke, count, arguments, &done);
    const char *id = self.words.words[0];
    if (exit == PV_EXIT_OK && !done) {
        bool in_use = id != NULL && strcmp(id, self.who->certificate->id) == 0;
        if (id == NULL) {
            exit = pv_cli_usage(cli, "which certificate? purvey cert list names them.");
        } else if (in_use && !self.options.dry_run) {
            exit = pv_cli_confirm(cli, self.yes,
                                  "%s is the certificate that you call with: after this you are "
                                  "locked out here. Revoke it?",
                                  id);
        }
        if (exit == PV_EXIT_OK) { exit = revoke(&self, id); }
    }
    pv_disconnect(self.client);
    return exit;
}

static const pv_flag list_flags[] = {
    {"everybody", 0, NULL, offsetof(command, everybody), "Those of all members of the account."},
};

const pv_extra pv_extra_cert_list = {
    .noun = "cert",
    .verb = "list",
    .words = "",
    .text = "Lists your certificates in this account, with state, label, last use and days left, "
            "and says which one is in use here.",
    .flags = list_flags,
    .flag_count = sizeof list_flags / sizeof *list_flags,
    .connects = true,
    .run = run_list,
};

static const pv_flag revoke_flags[] = {
    {"reason", 0, "TEXT", offsetof(command, reason),
     "Why; kept with the certificate. Default: revoked by its holder."},
    {"yes", 0, NULL, offsetof(command, yes), "Do not ask, even for the one in use."},
};

const pv_extra pv_extra_cert_revoke = {
    .noun = "cert",
    .verb = "revoke",
    .words = "ID",
    .text = "Makes a certificate worthless from the next call on, for ever. The one in use is "
            "revoked only after asking, or with --yes.",
    .flags = revoke_flags,
    .flag_count = sizeof revoke_flags / sizeof *revoke_flags,
    .connects = true,
    .run = run_revoke,
};
