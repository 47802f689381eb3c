/* `purvey authority readmit`: the operator's way back in when no certificate of its own is accepted any more. */
#include "base/digest.h"
#include "client/cli/authority.h"
#include "client/cli/keys.h"
#include "server/identity/bootstrap.h"
#include "storage/lmdb/lmdb.h"

#include <errno.h>

enum { OPERATOR_DAYS = 398 };

static const char *path_in(const pv_authority_command *self, const char *name)
{
    const char *path = pv_arena_printf(self->store.cli->arena, "%s/%s", self->out, name);
    PV_ASSERT(path != NULL);
    return path;
}

/* Signs for a fresh key, straight into the store. */
static pv_exit admit(pv_authority_command *self, pv_store *store, const pv_signer *signer,
                     pv_bootstrapped *ret_made)
{
    pv_cli *cli = self->store.cli;
    const char *key = path_in(self, "operator.key");
    char *csr = NULL;
    pv_status status = pv_keys_create(key, &self->error);
    if (pv_is_ok(status)) { status = pv_keys_request(key, cli->arena, &self->error, &csr); }
    if (!pv_is_ok(status)) { return pv_authority_tell(self); }
    pv_id_source ids = {.random = pv_random_bytes};
    const pv_bootstrap_options what = {.csr = pv_view_text(csr),
                                       .lifetime_days = OPERATOR_DAYS,
                                       .now = pv_time_now(),
                                       .ids = &ids};
    status = pv_bootstrap_admit(store, signer, &what, cli->arena, &self->error, ret_made);
    return pv_is_ok(status) ? PV_EXIT_OK : pv_authority_tell(self);
}

static pv_exit write_certificate(pv_authority_command *self, const pv_bootstrapped *made)
{
    pv_cli *cli = self->store.cli;
    const char *path = path_in(self, "operator.pem");
    FILE *file = fopen(path, "wx");
    bool written = file != NULL && fputs(made->certificate_pem, file) >= 0 &&
                   fputs(made->chain_pem, file) >= 0;
    if (file != NULL) { written = fclose(file) == 0 && written; }
    if (!written) { return pv_cli_fail(cli, "%s: %s", path, strerror(errno)); }
    if (self->store.json) {
        fprintf(cli->out, "{\"certificate_id\": \"%s\", \"user_id\": \"%s\"}\n",
                made->certificate_id, made->user_id);
    } else {
        fprintf(cli->out, "%s may call again, with %s and %s\n", made->user_id, path,
                path_in(self, "operator.key"));
    }
    return PV_EXIT_OK;
}

pv_exit pv_authority_readmit(pv_store_command *command)
{
    pv_authority_command *self = (pv_authority_command *)(void *)command;
    char why[PV_LMDB_ERROR_SIZE];
    const pv_lmdb_options serve = {0};
    pv_store *store = NULL;
    pv_authority *authority = NULL;
    pv_bootstrapped made;
    if (self->out == NULL) {
        return pv_cli_usage(command->cli, "where are key and certificate to lie? Give --out DIR.");
    }
    if (!pv_is_ok(pv_authority_load(self->folder, command->cli->arena, &self->error, &authority))) {
        return pv_authority_tell(self);
    }
    pv_status status = pv_lmdb_open(command->path, &serve, &store, why);
    pv_exit exit = pv_is_ok(status) ? admit(self, store, pv_authority_signer(authority), &made)
                                    : pv_store_end(command, status, why);
    if (exit == PV_EXIT_OK) { exit = write_certificate(self, &made); }
    pv_store_close(store);
    pv_authority_close(authority);
    return exit;
}
