/* purvey: the command line client. */
#include "client/cli/audit.h"
#include "client/cli/authority.h"
#include "client/cli/extra.h"
#include "client/cli/init.h"
#include "client/cli/services.h"
#include "client/cli/store.h"

#include <stdlib.h>
#include <unistd.h>

enum { ARENA_BYTES = 512 * 1024 * 1024 /* a bound, not a need: memory is taken as it is used */ };

/* All extra commands, those on the server's own machine before the others: they come first in the life of a
 * platform. */
static pv_extra_list all_extras(pv_arena *arena)
{
    static const pv_extra *const local[] = {
        &pv_extra_init,
        &pv_extra_store_backup,
        &pv_extra_store_restore,
        &pv_extra_store_check,
        &pv_extra_store_stat,
        &pv_extra_store_compact,
        &pv_extra_audit_verify,
        &pv_extra_authority_show,
        &pv_extra_authority_prepare,
        &pv_extra_authority_activate,
        &pv_extra_authority_retire,
        &pv_extra_authority_renew_server,
        &pv_extra_authority_readmit,
    };
    enum { LOCAL = sizeof local / sizeof *local };
    const pv_extra **list =
        pv_arena_zalloc(arena, pv_extra_count + LOCAL, sizeof(const pv_extra *));
    PV_ASSERT(list != NULL);
    memcpy(list, local, sizeof local);
    for (size_t i = 0; i < pv_extra_count; i++) { list[LOCAL + i] = pv_extras[i]; }
    return (pv_extra_list){.extras = list, .count = pv_extra_count + LOCAL};
}

int main(int argc, char **argv)
{
    /* What its library says of handshakes is told better by the command itself. */
    (void)setenv("GRPC_VERBOSITY", "NONE", 0);
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR");
    pv_arena *arena = pv_arena_create(ARENA_BYTES);
    pv_cli cli = {
        .arena = arena,
        .in = stdin,
        .out = stdout,
        .err = stderr,
        .in_is_terminal = isatty(STDIN_FILENO) == 1,
        .err_is_terminal = is_terminal,
        .err_has_colour = is_terminal && (no_colour == NULL || no_colour[0] == '\0'),
        .services = pv_services_all(),
        .extras = all_extras(arena),
    };
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    pv_exit exit = pv_cli_run(&cli, count, argv + (argc > 0 ? 1 : 0));
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && exit == PV_EXIT_OK) {
        exit = pv_cli_fail(&cli, "standard output cannot be written.");
    }
    pv_arena_destroy(arena);
    return (int)exit;
}
