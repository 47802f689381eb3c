#include "client/cli/connect.h"

#include "base/version.h"
#include "client/cli/failure.h"
#include "client/cli/keypair.h"
#include "client/cli/trouble.h"
#include "client/rpc/client.h"

#include <stdlib.h>

/* A pair that is being replaced is read from one folder: its name is looked up once for both files. */
static void settle(pv_arena *arena, pv_profile *profile)
{
    const char *slash = strrchr(profile->cert, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - profile->cert) + 1;
    if (size == 0 || strncmp(profile->cert, profile->key, size) != 0) { return; }
    char *folder = realpath(pv_arena_dup(arena, pv_view_of(profile->cert, size)), NULL);
    if (folder == NULL) { return; /* reading the files tells why */ }
    profile->cert = pv_arena_printf(arena, "%s/%s", folder, profile->cert + size);
    profile->key = pv_arena_printf(arena, "%s/%s", folder, profile->key + size);
    free(folder);
}

static pv_exit read_files(pv_cli *cli, const pv_profile *profile, pv_client_tls *tls)
{
    tls->ca = pv_cli_read_file(cli, profile->ca, PV_CONNECT_FILE_BYTES_MAX, "the roots");
    if (tls->ca == NULL) { return PV_EXIT_USAGE; }
    if (profile->cert == NULL) { return PV_EXIT_OK; }
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_keypair pair;
    pv_status status = pv_keypair_read(profile->cert, profile->key, cli->arena, &error, &pair);
    if (!pv_is_ok(status)) { return pv_failure_tell(cli, status, &error); }
    tls->certificate =
        pv_cli_read_file(cli, profile->cert, PV_CONNECT_FILE_BYTES_MAX, "the certificate");
    tls->key = pv_cli_read_file(cli, profile->key, PV_CONNECT_FILE_BYTES_MAX, "the key");
    return tls->certificate == NULL || tls->key == NULL ? PV_EXIT_USAGE : PV_EXIT_OK;
}

pv_exit pv_connect_with(pv_cli *cli, const pv_profile *profile, int64_t deadline_ms,
                        pv_client **ret_client)
{
    pv_profile settled = *profile;
    if (settled.cert != NULL) { settle(cli->arena, &settled); }
    pv_client_tls tls = {.server_name = settled.server_name};
    pv_exit exit = read_files(cli, &settled, &tls);
    if (exit != PV_EXIT_OK) { return exit; }
    pv_client_config config = {.target = settled.server,
                               .tls = &tls,
                               .deadline_ms = deadline_ms,
                               .user_agent = "purvey/" PV_VERSION};
    pv_error error;
    pv_error_init(&error, cli->arena);
    if (pv_is_ok(pv_client_create(&config, &error, ret_client))) { return PV_EXIT_OK; }
    return pv_cli_usage(cli, "%s", pv_trouble_text(&error));
}

pv_exit pv_connect(pv_cli *cli, const pv_options *options, pv_client **ret_client)
{
    pv_error error;
    pv_error_init(&error, cli->arena);
    pv_profile profile;
    pv_status status = pv_profile_read(cli->arena, options, &error, &profile);
    if (pv_is_ok(status)) { status = pv_profile_check(&profile, true, &error); }
    if (!pv_is_ok(status)) { return pv_failure_tell(cli, status, &error); }
    return pv_connect_with(cli, &profile, options->deadline_ms, ret_client);
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
