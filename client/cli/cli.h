/* cli.h — what every part of the command shares: where it writes, how it ends, what it can call.
 * Data goes to `out`, everything else to `err`; a person is asked nothing but what --yes answers.
 *
 * Memory: `arena` lives as long as the process; texts given to these functions are borrowed.
 * Threads: one. */
#ifndef PV_CLIENT_CLI_CLI_H
#define PV_CLIENT_CLI_CLI_H

#include "base/arena.h"
#include "client/cli/command.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How the program ends. The numbers are part of its interface and never change. */
typedef enum pv_exit {
    PV_EXIT_OK = 0,
    PV_EXIT_OTHER = 1,
    PV_EXIT_USAGE = 2, /* the command line, or a request that is wrong in itself */
    PV_EXIT_NOT_FOUND = 3,
    PV_EXIT_PRECONDITION = 4, /* state, etag, or something that exists already */
    PV_EXIT_AUTH = 5,         /* no certificate, or one that may not */
    PV_EXIT_UNAVAILABLE = 6,  /* the same command may succeed later */
    PV_EXIT_PARTIAL = 7       /* done, but some rows or records were refused */
} pv_exit;

/* The commands that are not one call of one method: client/cli/extra.h. */
typedef struct pv_extra_list {
    const struct pv_extra *const *extras;
    size_t count;
} pv_extra_list;

typedef struct pv_cli {
    pv_arena *arena;
    FILE *in;
    FILE *out;
    FILE *err;
    bool in_is_terminal;  /* somebody can be asked */
    bool err_is_terminal; /* progress may be drawn over itself */
    bool err_has_colour;
    pv_service_list services;
    pv_extra_list extras;
} pv_cli;

/* How a call that failed with this code ends the program. */
pv_exit pv_exit_of(pv_code code);

/* Writes "purvey: ..." to err and gives PV_EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) pv_exit pv_cli_usage(pv_cli *cli, const char *format, ...);

/* Writes "purvey: ..." to err and gives PV_EXIT_OTHER. */
__attribute__((format(printf, 2, 3))) pv_exit pv_cli_fail(pv_cli *cli, const char *format, ...);

/* Asks whether to do what the question says, unless `yes`. PV_EXIT_USAGE after a message when nobody
 * can be asked, or the answer is no. */
__attribute__((format(printf, 3, 4))) pv_exit pv_cli_confirm(pv_cli *cli, bool yes,
                                                             const char *format, ...);

/* The whole command line: `arguments` without the program's name. */
pv_exit pv_cli_run(pv_cli *cli, size_t count, char *const *arguments);

/* Reads a whole file ("-": cli->in), at most `size_max` bytes, into the arena; a NUL stands behind
 * them. False after a message if it cannot be read; `what` says in the message what the file is ("the request"). */
PV_MUST_USE bool pv_cli_read_bytes(pv_cli *cli, const char *path, size_t size_max, const char *what,
                                   pv_view *ret_bytes);

/* The same for text without NUL, as a C string; NULL after a message. */
const char *pv_cli_read_file(pv_cli *cli, const char *path, size_t size_max, const char *what);

#ifdef __cplusplus
}
#endif
#endif
