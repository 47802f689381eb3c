/* flags.h — command lines of the interoperability programs: "--name=value", with one dash or two.
 * Of a flag given twice the last value counts, so that a build may put defaults in front. */
#ifndef PV_TESTS_INTEROP_GRPC_FLAGS_H
#define PV_TESTS_INTEROP_GRPC_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct interop_flag {
    const char *name;
    const char *value; /* the default before parsing; NULL: none */
} interop_flag;

/* Reads the command line into `flags`. False, with a line on stderr: a word that is no flag, or a
 * flag that is not in the list. Values point into `words`. */
bool interop_flags_parse(int count, char **words, interop_flag *flags, size_t flag_count);

/* A value as "true" or "false" ("1", "0"), or as a port. False, with a line on stderr: it is none. */
bool interop_flag_truth(const interop_flag *flag, bool *ret_truth);
bool interop_flag_port(const interop_flag *flag, int *ret_port);

/* A whole text file, NUL-ended, to be freed; NULL, with a line on stderr, if it cannot be read. */
char *interop_read_file(const char *path);

#ifdef __cplusplus
}
#endif
#endif
