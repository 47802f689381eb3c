/* call.h — runs the command of a method: request, connection, call, answer, for all four kinds of
 * methods.
 *   server stream  writes each message as it arrives
 *   client stream  sends the JSON messages of standard input; what the flags say is part of the
 *                  first one
 *   bidi stream    sends like a client stream, then writes the answers: the service must not want
 *                  them to be read before the input ends */
#ifndef PV_CLIENT_CLI_CALL_H
#define PV_CLIENT_CLI_CALL_H

#include "client/cli/options.h"
#include "protos/runtime/stub.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PV_CALL_ARENA_BYTES = 256 * 1024 * 1024, /* of one message, with what is needed to write it */
    PV_CALL_LINE_BYTES_MAX = 4 * 1024 * 1024 /* of one message on standard input */
};

/* A stream without --deadline ends after a day. */
#define PV_CALL_STREAM_DEADLINE_MS (INT64_C(24) * 60 * 60 * 1000)

/* Parses what stands behind noun and verb and runs the call. */
pv_exit pv_call_run(pv_cli *cli, const pv_command *command, const pv_options *options,
                    const pv_arguments *arguments);

/* Reads the next line that is not empty, without its line end; `ret_line` is NULL at the end of the
 * input. PV_EXIT_USAGE after a message when it is too long, PV_EXIT_OTHER when it cannot be
 * read. */
pv_exit pv_call_read_line(pv_cli *cli, pv_arena *arena, uint64_t *number, const char **ret_line);

#ifdef __cplusplus
}
#endif
#endif
