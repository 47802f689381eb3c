/* answer.h — what a method answered, written in the form that --output asks for. Data goes to
 * cli->out; what is said about it (the token of the next page) to cli->err.
 *
 * A response whose first field is repeated is a list: its elements are the rows of the table, the
 * lines of jsonl, the ids of id. Messages of a stream are written at once, one line each. */
#ifndef PV_CLIENT_CLI_ANSWER_H
#define PV_CLIENT_CLI_ANSWER_H

#include "client/cli/options.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The list of a response: its first field if that is a repeated message; NULL if it is no list. */
const ProtobufCFieldDescriptor *pv_answer_list(const pv_message_info *response);

/* Writes the answer of a unary or client-stream method. `arena` is for what the writing needs. */
pv_exit pv_answer_write(pv_cli *cli, pv_arena *arena, pv_output output, const pv_message_info *info,
                        const ProtobufCMessage *response);

/* Writes one message of a stream: JSON on one line, also for -o table; the elements of a list each
 * on theirs; or ids. */
pv_exit pv_answer_write_streamed(pv_cli *cli, pv_arena *arena, pv_output output,
                                 const pv_message_info *info, const ProtobufCMessage *response);

#ifdef __cplusplus
}
#endif
#endif
