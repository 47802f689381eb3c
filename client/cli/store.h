/* store.h — `purvey store ...`: what an operator does with the store of a server, on its machine. Internal to the
 * store's commands.
 *
 * A damaged file can end the process that reads it, so everything that reads one runs in a child: if the child
 * dies, the parent says so in a sentence. */
#ifndef PV_CLIENT_CLI_STORE_H
#define PV_CLIENT_CLI_STORE_H

#include "client/cli/extra.h"
#include "client/cli/store_rules.h"
#include "storage/lmdb/admin.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const pv_extra pv_extra_store_backup;
extern const pv_extra pv_extra_store_check;
extern const pv_extra pv_extra_store_compact;
extern const pv_extra pv_extra_store_restore;
extern const pv_extra pv_extra_store_stat;

/* One run of one of them. */
typedef struct pv_store_command {
    pv_cli *cli;
    const char *data; /* the folder of --data */
    bool json;
    bool force;
    const char *word;             /* the file that was named; NULL: none */
    const char *path;             /* the store of --data, or the file that is worked on */
    const char *copy;             /* the copy under its first name */
    struct pv_store_trace *trace; /* of the guard */
    void *context;                /* of whoever else works in the guard */
} pv_store_command;

/* The flag that the commands share, for values in a pv_store_command. */
#define PV_STORE_FLAG_DATA                                             \
    {                                                                  \
        "data", 0, "DIR", offsetof(pv_store_command, data),            \
            "The server's folder, as in purveyd --data. PURVEYD_DATA." \
    }

/* Parses a command of `extra`; `wants` says what its word is called, NULL: it may be missing. With ret_done there
 * is nothing left to do. */
pv_exit pv_store_parse(pv_cli *cli, const pv_extra *extra, const char *wants, size_t count,
                       char *const *arguments, pv_store_command *ret_command, bool *ret_done);

/* Runs the work in a child process, which may die of a damaged file. */
pv_exit pv_store_guard(pv_store_command *command, pv_exit (*work)(pv_store_command *command));

/* In the guarded child: which row is read now. */
void pv_store_at(pv_store_command *command, pv_view key);

/* Opens `command->path` to look at it; NULL after a message, and ret_exit says how to end. */
pv_store *pv_store_look(pv_store_command *command, pv_exit *ret_exit);

/* Work for the guard: checks `command->path` and tells the findings; silently when all is well, but with `check`
 * itself. */
pv_exit pv_store_verify(pv_store_command *command);

/* A sentence that refuses, ended as its code says. */
pv_exit pv_store_end(pv_store_command *command, pv_status status, const char *sentence);

#ifdef __cplusplus
}
#endif
#endif
