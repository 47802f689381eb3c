/* cert_renew.c — `purvey cert renew`: a new key and certificate for a profile, before the old one ends. The new pair is
 * tried with a call before it takes the old one's place; until then nothing of the profile has changed. What was begun
 * and broken off goes on with the same key, so that a lost answer costs nothing. */
#include "base/file.h"
#include "client/cli/connect.h"
#include "client/cli/credentials.h"
#include "client/cli/extra.h"
#include "client/cli/failure.h"
#include "client/cli/login.h"
#include "client/cli/trouble.h"
#include "purvey/account/v1/certificate_service.pv.h"

#include <stddef.h>

typedef struct renewal {
    pv_cli *cli;
    pv_options options;
    pv_error error;
    pv_profile profile;
    pv_credentials keys;
    pv_credential made;
    pv_keypair pair; /* the new one */
    bool if_due;
} renewal;

static pv_exit refused(renewal *self, pv_status status)
{
    return pv_failure_tell(self->cli, status, &self->error);
}

/* Opens the folder that the profile's pair is kept in. */
static pv_status open_keys(renewal *self)
{
    pv_config *config = NULL;
    PV_TRY(pv_config_read(self->cli->arena, &self->error, &config));
    PV_TRY(pv_profile_read(self->cli->arena, &self->options, &self->error, &self->profile));
    PV_TRY(pv_profile_check(&self->profile, true, &self->error));
    const char *name = self->profile.name;
    if (name == NULL || !pv_profile_name_is_good(name)) {
        return pv_refuse(&self->error, &pv_trouble_not_kept, NULL);
    }
    PV_TRY(pv_credentials_open(&self->keys, self->cli->arena, config, name, &self->error));
    if (pv_credentials_hold(&self->keys, &self->profile)) { return pv_ok(); }
    return pv_refuse(&self->error, &pv_trouble_not_kept,
                     "%s is not in the folder of a profile, where it could be renewed.",
                     self->profile.cert);
}

static pv_exit call(renewal *self, pv_client *client, pv_renew_certificate_response **ret_response)
{
    char request_id[PV_UUID_TEXT_SIZE];
    pv_credentials_request_id(&self->made, "renew", request_id);
    pv_renew_certificate_request request = PV_RENEW_CERTIFICATE_REQUEST__INIT;
    request.csr_pem = self->made.csr_pem;
    request.request_id = request_id;
    const pv_method_info *method = PV_CERTIFICATE_SERVICE_RENEW_CERTIFICATE__METHOD;
    pv_status status = pv_certificate_client_renew_certificate(
        client, self->cli->arena, pv_connect_options(self->cli->arena, self->options.deadline_ms),
        &request, ret_response, &self->error);
    if (pv_is_ok(status)) { return PV_EXIT_OK; }
    return pv_failure_report(self->cli, method, status, &self->error, NULL);
}

/* The new certificate, beside the old one. */
static pv_exit get(renewal *self)
{
    pv_client *client = NULL;
    pv_exit exit = pv_connect_with(self->cli, &self->profile, self->options.deadline_ms, &client);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_renew_certificate_response *response = NULL;
    exit = call(self, client, &response);
    pv_disconnect(client);
    if (exit != PV_EXIT_OK) { return exit; }
    const char *root = pv_file_read(self->cli->arena, self->profile.ca);
    pv_status status = pv_credentials_complete(&self->keys, &self->made, response->certificate_pem,
                                               response->chain_pem, &self->error, &self->pair);
    if (pv_is_ok(status)) {
        status = root == NULL ? pv_refuse(&self->error, &pv_trouble_root_invalid,
                                          "%s cannot be read.", self->profile.ca)
                              : pv_credentials_trust(&self->made, root, &self->error);
    }
    return pv_is_ok(status) ? PV_EXIT_OK : refused(self, status);
}

/* A call with the new pair, and only then the switch. */
static pv_exit try_and_switch(renewal *self)
{
    pv_profile renewed = self->profile;
    pv_credentials_show(&self->made, &renewed);
    pv_exit exit = pv_login_learn(self->cli, &self->options, &renewed);
    if (exit != PV_EXIT_OK) {
        fputs("  the old certificate stays in use; the same command again goes on from here\n",
              self->cli->err);
        return exit;
    }
    pv_status status = pv_credentials_use(&self->keys, &self->made, &self->error);
    if (pv_is_ok(status)) {
        status = pv_credentials_finish(&self->keys, &self->made, &self->error);
    }
    if (!pv_is_ok(status)) { return refused(self, status); }
    char end[PV_TIME_TEXT_SIZE];
    pv_time_format(self->pair.not_after, end);
    fprintf(self->cli->out, "renewed: %s, valid until %s\n", self->pair.id, end);
    return PV_EXIT_OK;
}

static pv_exit renew(renewal *self)
{
    pv_keypair old;
    pv_status status = open_keys(self);
    if (pv_is_ok(status)) {
        status = pv_keypair_read(self->profile.cert, self->profile.key, self->cli->arena,
                                 &self->error, &old);
    }
    if (!pv_is_ok(status)) { return refused(self, status); }
    if (self->if_due && !pv_keypair_is_due(&old, pv_time_now())) { return PV_EXIT_OK; }
    status = pv_keypair_check_time(&old, pv_time_now(), &self->error);
    /* An earlier renewal or login that died after its last step but one has done its work. */
    if (pv_is_ok(status)) { status = pv_credentials_settle(&self->keys, &self->error); }
    if (pv_is_ok(status)) { status = pv_credentials_begin(&self->keys, &self->error, &self->made); }
    if (!pv_is_ok(status)) { return refused(self, status); }
    pv_exit exit = get(self);
    return exit == PV_EXIT_OK ? try_and_switch(self) : exit;
}

static pv_exit run_renew(pv_cli *cli, size_t count, char *const *arguments)
{
    renewal self = {.cli = cli, .keys = {.lock = -1}};
    pv_error_init(&self.error, cli->arena);
    pv_arguments words = {0};
    bool done = false;
    pv_exit exit = pv_extra_parse(cli, &pv_extra_cert_renew, &self, &self.options, count, arguments,
                                  0, &words, &done);
    if (exit == PV_EXIT_OK && !done) { exit = renew(&self); }
    pv_credentials_close(&self.keys);
    return exit;
}

static const pv_flag flags[] = {
    {"if-due", 0, NULL, offsetof(renewal, if_due),
     "Only in the second half of the certificate's life; before, do and say nothing. For cron."},
};

const pv_extra pv_extra_cert_renew = {
    .noun = "cert",
    .verb = "renew",
    .words = "",
    .text = "Gets the profile a new key and certificate. The new one is tried with a call before "
            "it takes the "
            "old one's place; the old one stays valid until it ends or is revoked, and its files "
            "stay until the next renewal. A profile of purvey login or purvey profile add is "
            "needed.",
    .flags = flags,
    .flag_count = sizeof flags / sizeof *flags,
    .connects = true,
    .run = run_renew,
};
