/* flags.h — the command line taken apart: "--name value", "--name=value", "-o value", switches, and
 * what is no flag. What a flag is for is told by tables; flags that no table knows are asked of the
 * command, because every field of a request is one.
 *
 * Memory: values are borrowed from the command line. */
#ifndef PV_CLIENT_CLI_FLAGS_H
#define PV_CLIENT_CLI_FLAGS_H

#include "client/cli/cli.h"
#include "client/cli/suggest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One flag of a table. `offset` is where in the values' struct its `const char *` (or, of a switch,
 * its bool) stands. */
typedef struct pv_flag {
    const char *name;
    char letter;       /* of the short form; 0: none */
    const char *value; /* what the value is called in the help; NULL: a switch */
    size_t offset;
    const char *help;
} pv_flag;

typedef struct pv_flag_table {
    const pv_flag *flags;
    size_t count;
    void *values;
} pv_flag_table;

typedef enum pv_field_flag {
    PV_FIELD_FLAG_UNKNOWN = 0,
    PV_FIELD_FLAG_VALUE, /* needs a value */
    PV_FIELD_FLAG_SWITCH /* true without a value; `--name=false` works too */
} pv_field_flag;

/* What else is a flag. */
typedef struct pv_field_flags {
    pv_field_flag (*find)(const void *context, const char *name);
    void (*offer)(const void *context, pv_suggestion *suggestion); /* for "did you mean" */
    const void *context;
} pv_field_flags;

enum { PV_WORDS_MAX = 8, PV_ASSIGNMENTS_MAX = 512, PV_FLAG_TABLES_MAX = 3 };

/* A flag of `fields` and its value, in the order given. */
typedef struct pv_assignment {
    const char *name;
    const char *value;
} pv_assignment;

/* The result. Zero-initialise. */
typedef struct pv_arguments {
    const char *words[PV_WORDS_MAX]; /* what is no flag */
    size_t word_count;
    pv_assignment assignments[PV_ASSIGNMENTS_MAX];
    size_t assignment_count;
} pv_arguments;

/* Takes the arguments apart. "--" ends the flags. A flag of a table given twice keeps its last
 * value. PV_EXIT_USAGE after a message. `fields` may be NULL. */
pv_exit pv_flags_parse(pv_cli *cli, const pv_flag_table *tables, size_t table_count,
                       const pv_field_flags *fields, size_t count, char *const *arguments,
                       pv_arguments *ret_arguments);

/* Writes the flags of a table as help, one a line or more, aligned. */
void pv_flags_help(FILE *out, const pv_flag *flags, size_t count);

#ifdef __cplusplus
}
#endif
#endif
