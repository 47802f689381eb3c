#include "client/cli/connect.h"

#include "base/version.h"
#include "client/cli/profile.h"
#include "client/rpc/client.h"

/* Says what is missing and how to give it. */
static pv_exit check(pv_cli *cli, const pv_profile *profile)
{
    const struct {
        const char *value, *what, *flag, *variable;
    } needed[] = {
        {profile->server, "where the service is", "--server HOST:PORT", "PURVEY_SERVER"},
        {profile->ca, "the roots to check the service against", "--ca FILE", "PURVEY_CA"},
        {profile->cert, "your client certificate", "--cert FILE", "PURVEY_CERT"},
        {profile->key, "the key of your certificate", "--key FILE", "PURVEY_KEY"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (needed[i].value == NULL) {
            return pv_cli_usage(
                cli, "missing is %s: give %s, set %s, or write it to ~/.config/purvey/config.",
                needed[i].what, needed[i].flag, needed[i].variable);
        }
    }
    return PV_EXIT_OK;
}

pv_exit pv_connect(pv_cli *cli, const pv_options *options, pv_client **ret_client)
{
    pv_profile profile;
    pv_exit exit = pv_profile_read(cli, options, &profile);
    if (exit == PV_EXIT_OK) { exit = check(cli, &profile); }
    if (exit != PV_EXIT_OK) { return exit; }
    pv_client_tls tls = {.server_name = profile.server_name};
    tls.ca = pv_cli_read_file(cli, profile.ca, PV_CONNECT_FILE_BYTES_MAX, "the roots");
    tls.certificate =
        pv_cli_read_file(cli, profile.cert, PV_CONNECT_FILE_BYTES_MAX, "the certificate");
    tls.key = pv_cli_read_file(cli, profile.key, PV_CONNECT_FILE_BYTES_MAX, "the key");
    if (tls.ca == NULL || tls.certificate == NULL || tls.key == NULL) { return PV_EXIT_USAGE; }
    pv_client_config config = {.target = profile.server,
                               .tls = &tls,
                               .deadline_ms = options->deadline_ms,
                               .user_agent = "purvey/" PV_VERSION};
    pv_error error;
    pv_error_init(&error, cli->arena);
    if (pv_is_ok(pv_client_create(&config, &error, ret_client))) { return PV_EXIT_OK; }
    return pv_cli_usage(cli, "%s", error.message != NULL ? error.message : error.reason->text);
}

void pv_disconnect(pv_client *client)
{
    pv_client_destroy(client);
}

const pv_client_options *pv_connect_options(pv_arena *arena, int64_t deadline_ms)
{
    pv_client_options *options = pv_arena_zalloc(arena, 1, sizeof *options);
    if (options != NULL) { options->deadline_ms = deadline_ms; }
    return options;
}
