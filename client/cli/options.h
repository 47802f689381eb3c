/* options.h — the flags that every command has, and their values. */
#ifndef PV_CLIENT_CLI_OPTIONS_H
#define PV_CLIENT_CLI_OPTIONS_H

#include "client/cli/flags.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How answers are written. */
typedef enum pv_output {
    PV_OUTPUT_TABLE = 0, /* columns for people */
    PV_OUTPUT_JSON,      /* one indented JSON value */
    PV_OUTPUT_JSONL,     /* one object per line */
    PV_OUTPUT_ID         /* one id per line, for scripts */
} pv_output;

/* Values as given; NULL: not given. */
typedef struct pv_options {
    /* connection */
    const char *profile;
    const char *server;
    const char *ca;
    const char *cert;
    const char *key;
    const char *server_name;
    const char *deadline_text;
    /* the call */
    const char *json;
    bool all;
    bool dry_run;
    /* the answer */
    const char *output_text;
    bool help;
    /* read from the texts by pv_options_check */
    int64_t deadline_ms; /* 0: not given */
    pv_output output;
} pv_options;

/* The table of flags for values in `options`. */
pv_flag_table pv_options_flags(pv_options *options);

/* Those of a command that does not connect: --help, and -o if it answers. */
pv_flag_table pv_options_local_flags(pv_options *options, bool answers);

/* Reads --deadline and --output. PV_EXIT_USAGE after a message. */
pv_exit pv_options_check(pv_cli *cli, pv_options *options);

/* Reads "10s", "500ms", "2m" or "1h". False: no such length of time, or none above zero. */
PV_MUST_USE bool pv_options_duration(const char *text, int64_t *ret_ms);

#ifdef __cplusplus
}
#endif
#endif
