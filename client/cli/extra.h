/* extra.h — the commands that are not one call of one method. One of them may take the place of a
 * method's own command ("event watch", which reconnects). */
#ifndef PV_CLIENT_CLI_EXTRA_H
#define PV_CLIENT_CLI_EXTRA_H

#include "client/cli/options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pv_extra {
    const char *noun;
    const char *verb;  /* NULL: the command is one word */
    const char *words; /* what it takes behind, "FILE"; "" for nothing */
    const char *text;  /* what it does, for the help; the first sentence stands in the overview */
    const pv_flag
        *flags; /* its own, beside those that every command has; offsets in its own struct */
    size_t flag_count;
    const char *repeated; /* a flag that may come several times, as assignments; NULL: none */
    bool connects;        /* takes the flags that every command has; else only its own and --help */
    bool answers;         /* one that does not connect takes -o table or json beside them */
    /* `count` arguments behind noun and verb. */
    pv_exit (*run)(pv_cli *cli, size_t count, char *const *arguments);
} pv_extra;

extern const pv_extra pv_extra_whoami;
extern const pv_extra pv_extra_health;
extern const pv_extra pv_extra_login;
extern const pv_extra pv_extra_doctor;
extern const pv_extra pv_extra_event_watch;
extern const pv_extra pv_extra_usage_import;
extern const pv_extra pv_extra_cert_renew;
extern const pv_extra pv_extra_cert_list;
extern const pv_extra pv_extra_cert_revoke;
extern const pv_extra pv_extra_cert_request;
extern const pv_extra pv_extra_profile_list;
extern const pv_extra pv_extra_profile_show;
extern const pv_extra pv_extra_profile_use;
extern const pv_extra pv_extra_profile_add;
extern const pv_extra pv_extra_profile_remove;
extern const pv_extra pv_extra_help;
extern const pv_extra pv_extra_completion;
extern const pv_extra pv_extra_version;

/* All of the above, in the order of the help. */
extern const pv_extra *const pv_extras[];
extern const size_t pv_extra_count;

/* The extra command of the words; `verb` may be NULL. NULL: there is none. */
const pv_extra *pv_extra_find(const pv_cli *cli, const char *noun, const char *verb);

/* True when some extra command begins with the noun. */
bool pv_extra_has_noun(const pv_cli *cli, const char *noun);

/* Parses what stands behind noun and verb: the command's own flags into `values`, those of every
 * command into `options`, which is checked. `words_max` words are permitted. PV_EXIT_USAGE after a
 * message; when --help was given, the help has been written and `ret_done` is true. */
pv_exit pv_extra_parse(pv_cli *cli, const pv_extra *extra, void *values, pv_options *options,
                       size_t count, char *const *arguments, size_t words_max,
                       pv_arguments *ret_arguments, bool *ret_done);

#ifdef __cplusplus
}
#endif
#endif
